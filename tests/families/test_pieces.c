/* What stands before, between and behind pictures, as words of vocabularies of SentencePiece, and
 * the words that processors write themselves: the ids are those of transformers' processors. */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"
#include "family.h"

#define FOLDERS "tests/families/folders/"
enum { PICTURE = -1 };

/* --- what processors of published models make of it ---------------------------------------------
 */

/* The model's folder, with the case's tokenizer in place of its own. */
static const char *folder_of(const json_t *c) {
    char root[512], from[256], path[1024], target[1024];
    const char *words = json_string_value(json_object_get(c, "tokenizer"));
    snprintf(from, sizeof from, FOLDERS "%s", json_string_value(json_object_get(c, "folder")));
    const json_t *settings = json_object_get(c, "settings");
    const char *folder = family_twin("pieces", from, words[0] ? "tokenizer.json" : "");
    if (json_is_object(settings)) {
        snprintf(path, sizeof path, "%s/tokenizer_config.json", folder);
        unlink(path);
        assert_int_equal(json_dump_file(settings, path, 0), 0);
    }
    if (!words[0]) return folder;
    assert_non_null(getcwd(root, sizeof root));
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    snprintf(target, sizeof target, "%s/tests/families/pieces/%s.json", root, words);
    assert_int_equal(symlink(target, path), 0);
    return folder;
}

static void say(struct asked *a, const json_t *one) {
    const char *what = json_string_value(json_array_get(one, 0));
    const char *text = json_string_value(json_array_get(one, 1));
    vidi_status status = VIDI_OK;
    if (strcmp(what, "picture") == 0) {
        show_pattern(a, 20, 30);
        return;
    }
    if (strcmp(what, "part") == 0) status = vidi_say_part(a->c, text);
    if (strcmp(what, "user") == 0) status = vidi_say_text(a->c, VIDI_USER, text);
    if (strcmp(what, "assistant") == 0) status = vidi_say_text(a->c, VIDI_ASSISTANT, text);
    if (status != VIDI_OK) fail_msg("%s", vidi_error(a->v));
}

/* Runs of rows of one picture stand once; pictures that layers ask have none. */
static uint32_t words_of(const struct asked *a, int32_t *ids, uint32_t cap) {
    const struct tokens *said = &a->c->pending;
    const bool asked = a->m->shape.seen_cols != 0;
    const bool tiles =
        a->m->shape.picture.fit == FIT_ANYRES; /* no two side by side without words */
    uint32_t n = 0;
    for (uint32_t i = 0; i < said->n && n < cap; i++) {
        if (said->ids[i] >= 0)
            ids[n++] = said->ids[i];
        else if (!asked && !(tiles && n && ids[n - 1] == PICTURE))
            ids[n++] = PICTURE;
    }
    return n;
}

static int one_case(vidi *v, const json_t *c) {
    struct asked a = {.v = v};
    int32_t ids[256];
    size_t i;
    json_t *one;
    const json_t *say_all = json_object_get(c, "say"), *wanted = json_object_get(c, "ids");
    const vidi_chat_config cfg = {.raw = json_is_true(json_object_get(c, "raw")), .max_tokens = 1};
    if (vidi_model_open(v, folder_of(c), &a.m) != VIDI_OK ||
        vidi_chat_open(a.m, &cfg, &a.c) != VIDI_OK)
        fail_msg("%s", vidi_error(v));
    json_array_foreach(say_all, i, one) say(&a, one);
    assert_int_equal(prompt_open_answer(a.c), VIDI_OK);
    const uint32_t n = words_of(&a, ids, 256);
    uint32_t same = 0;
    while (same < n && ids[same] == json_integer_value(json_array_get(wanted, same))) same++;
    const int wrong = n != json_array_size(wanted) || same < n;
    if (wrong) {
        char *said = json_dumps(say_all, JSON_COMPACT);
        print_message("%s %s%s %s: word %u of %u is %d, not %d of %zu\n",
                      json_string_value(json_object_get(c, "folder")),
                      json_string_value(json_object_get(c, "tokenizer")), cfg.raw ? " raw" : "",
                      said, same, n, same < n ? ids[same] : 0,
                      (int)json_integer_value(json_array_get(wanted, same)),
                      json_array_size(wanted));
        free(said);
    }
    vidi_model_close(a.m);
    return wrong;
}

static void test_processors(void **state) {
    (void)state;
    json_error_t error;
    size_t i;
    int n_wrong = 0;
    vidi *v;
    json_t *cases = json_load_file("tests/families/pieces/cases.json", 0, &error), *c;
    if (!cases) fail_msg("%s", error.text);
    if (vidi_open(NULL, &v) != VIDI_OK) fail_msg("%s", vidi_error(v));
    json_array_foreach(cases, i, c) n_wrong += one_case(v, c);
    print_message("%zu prompts, %d without the ids of the processor\n", json_array_size(cases),
                  n_wrong);
    assert_int_equal(n_wrong, 0);
    assert_true(json_array_size(cases) > 80);
    json_decref(cases);
    vidi_close(v);
}

static void test_words_before_a_picture(void **state) {
    (void)state;
    struct asked a;
    vidi_piece piece;
    ask_open(&a, NULL, "", FOLDERS "paligemma", &(vidi_chat_config){.max_tokens = 1});
    show_pattern(&a, 20, 30);
    assert_int_equal(vidi_say_part(a.c, "W"), VIDI_OK);
    show_pattern(&a, 20, 30);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, "W"), VIDI_OK);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_E_ARGUMENT);
    assert_non_null(strstr(vidi_error(a.v), "takes pictures before all words only"));
    ask_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_processors),
                                       cmocka_unit_test(test_words_before_a_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
