/* Fields of configs that are honoured: the small models' folders with one of them changed, their
 * weights as they are, have the logits that transformers computes of the same. keys/make_golden.py
 * made the cases. */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "family.h"
#include "io/hf_folder.h"
#include "io/npy.h"

#define FOLDERS "tests/families/folders/"
enum { STEP = 4 }; /* of the logits each STEP-th is kept */

/* --- a folder with one file changed -------------------------------------------------------------
 */

/* Writes the key, or takes it away; path: with dots between objects. */
static void change(json_t *object, const char *path, json_t *value) {
    const char *dot = strchr(path, '.');
    char key[128];
    if (!dot) {
        if (value) assert_int_equal(json_object_set(object, path, value), 0);
        if (!value) json_object_del(object, path);
        return;
    }
    snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
    json_t *inner = json_object_get(object, key);
    if (!inner) {
        inner = json_object();
        json_object_set_new(object, key, inner);
    }
    change(inner, dot + 1, value);
}

static const char *word_of(const json_t *c, const char *key) {
    const char *word = json_string_value(json_object_get(c, key));
    return word ? word : "";
}

static const char *changed(const json_t *c) {
    char from[256], path[1024];
    json_error_t error;
    const char *file = word_of(c, "file"), *key;
    size_t i;
    json_t *value;
    snprintf(from, sizeof from, FOLDERS "%s", word_of(c, "folder"));
    snprintf(path, sizeof path, "%s/%s", from, file);
    json_t *config = json_load_file(path, 0, &error);
    if (!config) fail_msg("%s: %s", path, error.text);
    json_object_foreach(json_object_get(c, "set"), key, value) change(config, key, value);
    json_array_foreach(json_object_get(c, "gone"), i, value)
        change(config, json_string_value(value), NULL);
    const char *folder = family_twin("keys", from, file);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_int_equal(json_dump_file(config, path, 0), 0);
    json_decref(config);
    return folder;
}

/* --- logits -------------------------------------------------------------------------------------
 */

/* Mean squared error over what the wanted ones vary. */
static double error_of(const json_t *c, const char *dump) {
    struct vd_ctx ctx = {0};
    struct arena arena;
    struct npy got;
    char path[1024];
    const json_t *wanted = json_object_get(c, "logits");
    const size_t n = json_array_size(wanted);
    double mean = 0, spread = 0, wrong = 0;
    arena_open(&arena, &ctx);
    snprintf(path, sizeof path, "%s/logits.npy", dump);
    if (npy_read(&arena, path, &got) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_true(n > 0 && got.f);
    assert_int_equal(n, (got.count + STEP - 1) / STEP);
    for (size_t i = 0; i < n; i++) mean += json_number_value(json_array_get(wanted, i)) / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double want = json_number_value(json_array_get(wanted, i));
        spread += (want - mean) * (want - mean);
        wrong += (got.f[i * STEP] - want) * (got.f[i * STEP] - want);
    }
    arena_close(&arena);
    return wrong / spread;
}

/* Whether it is read at all; says why not. */
static bool opens(const char *folder, bool sees) {
    bool good = true;
    for (int part = HF_TEXT; part <= (sees ? HF_EYES : HF_TEXT) && good; part++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        good = hf_folder_open(&ctx, folder, (enum hf_part)part, &g) == VIDI_OK;
        if (good) gguf_close(&g);
        if (!good) print_message("%s\n", ctx.error);
    }
    return good;
}

static int one(vidi *v, const json_t *c, const char *what) {
    static const double text_limit = 1e-10, seeing_limit = 1e-9; /* as test_folders.c has them */
    const char *picture = word_of(c, "picture"), *folder = changed(c);
    const bool sees = picture[0] != 0;
    const vidi_chat_config cfg = {
        .raw = !sees, .max_tokens = 1, .context = sees ? 0 : 128, .cache = VIDI_CACHE_F32};
    struct asked a = {.v = v};
    int32_t id;
    int n;
    char dump[600];
    if (!opens(folder, sees)) return 1;
    if (vidi_model_open(v, folder, &a.m) != VIDI_OK || vidi_chat_open(a.m, &cfg, &a.c) != VIDI_OK)
        fail_msg("%s: %s", what, vidi_error(v));
    snprintf(dump, sizeof dump, "%s", family_folder("keys_dump"));
    ask(&a, sees ? picture : NULL, word_of(c, "words"), "logits", dump, &id, 1, &n);
    vidi_model_close(a.m);
    const double error = error_of(c, dump);
    if (error <= (sees ? seeing_limit : text_limit)) return 0;
    print_message("%s: the logits differ by %.3g\n", what, error);
    return 1;
}

static void test_keys(void **state) {
    (void)state;
    json_error_t error;
    size_t i;
    int n_wrong = 0;
    json_t *cases = json_load_file("tests/families/keys/cases.json", 0, &error), *c;
    vidi *v;
    if (!cases) fail_msg("%s", error.text);
    if (vidi_open(NULL, &v) != VIDI_OK) fail_msg("%s", vidi_error(v));
    json_array_foreach(cases, i, c) {
        char *set = json_dumps(json_object_get(c, "set"), JSON_COMPACT);
        char *gone = json_dumps(json_object_get(c, "gone"), JSON_COMPACT);
        char what[700];
        snprintf(what, sizeof what, "%s/%s with %s without %s", word_of(c, "folder"),
                 word_of(c, "file"), set, gone);
        free(set);
        free(gone);
        n_wrong += one(v, c, what);
    }
    print_message("%zu changed configs, %d without the reference's logits\n",
                  json_array_size(cases), n_wrong);
    assert_int_equal(n_wrong, 0);
    assert_true(json_array_size(cases) > 250);
    json_decref(cases);
    vidi_close(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
