/* The cache of keys and values in q8_0, through a model: near the f32 cache, not the same, and
 * refused in words where heads do not allow it. */
#include "family.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "remake.h"

static const char model[] = "tests/families/decoders/qwen3/tiny.gguf"; /* heads of 32 */
static const char text[] = "The quick brown fox";

static void dump_of(const char *device, vidi_cache cache, char folder[512], const char *name,
                    const vidi_model_config *cfg, const char *picture) {
    struct asked a;
    int32_t ids[1];
    int n;
    snprintf(folder, 512, "%s", family_folder(name));
    ask_open_with(&a, device, "", cfg, &(vidi_chat_config){.raw = 1, .cache = cache});
    ask(&a, picture, text, "logits", folder, ids, 1, &n);
    assert_int_equal(n, 1);
    ask_close(&a);
}

static void dump_logits(const char *device, vidi_cache cache, char folder[512], const char *name) {
    dump_of(device, cache, folder, name, &(vidi_model_config){.path = model}, NULL);
}

static double nmse(const char *a, const char *b) {
    vidi *v;
    char *words;
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    if (vidi_compare(v, a, b, 1, &words) != VIDI_OK) fail_msg("%s", vidi_error(v));
    json_t *doc = json_loads(words, 0, NULL);
    const json_t *tensors = json_object_get(doc, "tensors");
    assert_int_equal(json_array_size(tensors), 1);
    const double found = json_number_value(json_object_get(json_array_get(tensors, 0), "nmse"));
    json_decref(doc);
    vidi_text_free(v, words);
    vidi_close(v);
    return found;
}

/* A code is off by up to half of max/127, evenly: an error of (max/127)^2/12 a number, which for a
 * block of 32 normal numbers (max about 2.2 deviations) is 2.5e-5 of their square. V brings that to
 * attention, K about as much again through the scores; two layers add up to 1e-4. In f16 a number
 * is off by 2^-12 of itself at most, below 6e-8: what is beyond 1e-6 was not f16 and not f32. */
static void near(const char *device) {
    char f32[512], f16[512], q8_0[512];
    dump_logits(device, VIDI_CACHE_F32, f32, "cache_f32");
    dump_logits(device, VIDI_CACHE_F16, f16, "cache_f16");
    dump_logits(device, VIDI_CACHE_Q8_0, q8_0, "cache_q8_0");
    assert_true(nmse(f32, f16) > 0 && nmse(f32, f16) < 1e-6);
    assert_true(nmse(f32, q8_0) > 1e-6 && nmse(f32, q8_0) < 1e-4);
}

static void test_near(void **state) {
    (void)state;
    on_devices(near);
}

/* Random models answer sharply, so that what is lost is larger than above; a wrong row, head or
 * window would be of the order of 1. A picture whose rows see each other; rows that turn by their
 * places; layers with a window. The last two are tiny models with half as many heads of twice the
 * width. */
static void elsewhere(const char *device) {
    static const char heads[] = "qwen2vl.attention.head_count",
                      kv[] = "qwen2vl.attention.head_count_kv",
                      places[] = "qwen2vl.rope.dimension_sections",
                      heads2[] = "gemma2.attention.head_count",
                      kv2[] = "gemma2.attention.head_count_kv",
                      key[] = "gemma2.attention.key_length",
                      value[] = "gemma2.attention.value_length";
    static const int32_t pairs[] = {4, 6, 6, 0};
    static const struct rekey native[] = {{heads, heads, GGUF_U32, 2, NULL},
                                          {kv, kv, GGUF_U32, 1, NULL},
                                          {places, places, GGUF_ARRAY, 4, pairs}};
    static const struct rekey window[] = {{heads2, heads2, GGUF_U32, 2, NULL},
                                          {kv2, kv2, GGUF_U32, 1, NULL},
                                          {key, key, GGUF_U32, 32, NULL},
                                          {value, value, GGUF_U32, 32, NULL}};
    char qwen[600], gemma[600];
    snprintf(qwen, sizeof qwen, "%s/qwen2vl.gguf", family_folder("cache"));
    snprintf(gemma, sizeof gemma, "%s/gemma2.gguf", family_folder("cache"));
    remake_keys("tests/families/mmproj/qwen2vl/tiny.gguf", qwen, native, 3, NULL);
    remake_keys("tests/families/decoders/gemma2/tiny.gguf", gemma, window, 4, NULL);
    const struct {
        vidi_model_config cfg;
        const char *picture;
    } cases[] = {
        {{.path = "tests/families/mmproj/paligemma"}, "tests/families/mmproj/paligemma/wide.png"},
        {{.path = qwen, .mmproj = "tests/families/mmproj/qwen2vl/mmproj-tiny.gguf"},
         "tests/families/mmproj/qwen2vl/wide.png"},
        {{.path = gemma}, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char f32[512], q8_0[512];
        dump_of(device, VIDI_CACHE_F32, f32, "cache_f32", &cases[i].cfg, cases[i].picture);
        dump_of(device, VIDI_CACHE_Q8_0, q8_0, "cache_q8_0", &cases[i].cfg, cases[i].picture);
        const double found = nmse(f32, q8_0);
        print_message("%s: %g\n", cases[i].cfg.path, found);
        assert_true(found > 1e-6 && found < 5e-3);
    }
}

static void test_elsewhere(void **state) {
    (void)state;
    on_devices(elsewhere);
}

static vidi_status opened(const char *path, int cache, char error[256]) {
    struct asked a = {0};
    assert_int_equal(vidi_open(NULL, &a.v), VIDI_OK);
    assert_int_equal(vidi_model_open(a.v, path, &a.m), VIDI_OK);
    const vidi_chat_config cfg = {.cache = (vidi_cache)cache};
    const vidi_status status = vidi_chat_open(a.m, &cfg, &a.c);
    snprintf(error, 256, "%s", vidi_error(a.v));
    ask_close(&a);
    return status;
}

static void test_refused(void **state) {
    (void)state;
    char error[256];
    const char *small = "tests/families/llama/tiny.gguf"; /* heads of 16 */
    assert_int_equal(opened(small, VIDI_CACHE_Q8_0, error), VIDI_E_UNSUPPORTED);
    assert_non_null(strstr(error, "this model's have 16"));
    assert_int_equal(opened(small, VIDI_CACHE_F16, error), VIDI_OK);
    assert_int_equal(opened(small, VIDI_CACHE_Q8_0 + 1, error), VIDI_E_ARGUMENT);
}

/* What a token takes, as said before anything is loaded: 8.5 bits a number beside 16, and up to 7
 * bytes a row so that each starts on whole 8 bytes. */
static void test_said(void **state) {
    (void)state;
    vidi *v;
    char *words;
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    if (vidi_describe(v, model, &words) != VIDI_OK) fail_msg("%s", vidi_error(v));
    json_t *doc = json_loads(words, 0, NULL);
    const double f16 = json_number_value(json_object_get(doc, "kv_bytes_per_token"));
    const double q8_0 = json_number_value(json_object_get(doc, "kv_bytes_per_token_q8_0"));
    const int rows = 2 * 2; /* K and V of two layers */
    assert_true(f16 > 0 && q8_0 >= f16 * 8.5 / 16 && q8_0 < f16 * 8.5 / 16 + 8 * rows);
    json_decref(doc);
    vidi_text_free(v, words);
    vidi_close(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_near),
                                       cmocka_unit_test(test_elsewhere),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
