/* What stands before, between and behind pictures, as words of a SentencePiece vocabulary, and the
 * word that a processor writes itself: ids are those of the package `tokenizers`, less the words
 * that stand for a picture. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"
#include "family.h"

#define FOLDERS "tests/families/folders/"
enum { PICTURE = -1, MOST = 64 };

/* Of `from`, with `file` from elsewhere or with this text. */
static const char *twin(const char *name, const char *from, const char *file, const char *other,
                        const char *text) {
    static const char *const files[] = {"config.json",       "generation_config.json",
                                        "tokenizer.json",    "tokenizer_config.json",
                                        "model.safetensors", "preprocessor_config.json"};
    static char folder[512];
    char root[512], target[1400], path[1400];
    snprintf(folder, sizeof folder, "%s", family_folder(name));
    assert_non_null(getcwd(root, sizeof root));
    for (int i = 0; i < 6; i++) {
        const int own = strcmp(files[i], file) == 0;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
        if (own && text) {
            FILE *out = fopen(path, "wb");
            assert_non_null(out);
            fputs(text, out);
            fclose(out);
            continue;
        }
        snprintf(target, sizeof target, "%s/%s/%s", root, own ? other : from, files[i]);
        assert_int_equal(symlink(target, path), 0);
    }
    return folder;
}

/* Said: the pictures, then the text; pictures behind the first words come from `parts`. */
static void expect_ids(const char *folder, int raw, int pictures, const char *text,
                       const int32_t *wanted) {
    struct asked a;
    ask_open(&a, NULL, "", folder, &(vidi_chat_config){.raw = raw, .max_tokens = 1});
    for (int i = 0; i < pictures; i++) show_pattern(&a, 20, 30);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, text), VIDI_OK);
    const struct tokens *said = &a.c->pending;
    uint32_t n = 0;
    for (; wanted[n]; n++) {
        assert_true(n < said->n);
        const int32_t id = said->ids[n] < 0 ? PICTURE : said->ids[n];
        if (id != wanted[n]) fail_msg("word %u is %d, not %d", n, id, wanted[n]);
    }
    assert_int_equal(n, said->n);
    ask_close(&a);
}

#define LLAVA FOLDERS "llava"
static const char *llava_twin(void) {
    return twin("pieces_llava", LLAVA, "tokenizer.json", LLAVA "/pieces", NULL);
}

static void test_llava(void **state) {
    (void)state;
    static const int32_t two[] = {1, 4,       5, 6, 7, 8,  18, 4,  PICTURE, 4,
                                  3, PICTURE, 4, 3, 9, 10, 11, 12, 13,      0},
                         raw_one[] = {1, PICTURE, 4, 3, 9, 10, 11, 12, 13, 0},
                         raw_two[] = {1, PICTURE, 4, 3, PICTURE, 4, 3, 9, 10, 11, 12, 13, 0};
    expect_ids(llava_twin(), 0, 2, "What?", two);
    expect_ids(llava_twin(), 1, 1, "What?", raw_one);
    expect_ids(llava_twin(), 1, 2, "What?", raw_two);
}

/* PaliGemma's processor writes <bos> before and a new line behind what is asked. */
static void test_paligemma(void **state) {
    (void)state;
    static const int32_t ids[] = {PICTURE, 256, 87, 10, 0}; /* W and the new line */
    static const char settings[] =
        "{\"add_bos_token\": false, \"bos_token\": \"<bos>\", \"eos_token\": \"<eos>\"}";
    const char *folder =
        twin("pieces_paligemma", FOLDERS "paligemma", "tokenizer_config.json", "", settings);
    expect_ids(folder, 0, 1, "W", ids);
    expect_ids(folder, 1, 1, "W", ids);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_llava),
                                       cmocka_unit_test(test_paligemma),
                                       cmocka_unit_test(test_words_before_a_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
