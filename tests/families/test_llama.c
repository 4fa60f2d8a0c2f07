/* A tiny random llama of mixed formats against transformers in f32. */
#include "family.h"

#include <string.h>

static const char golden[] = "tests/families/llama";
static const char text[] = "The quick brown fox";
enum { ANSWER = 16 };

/* Rounding of f32 sums over three layers; measured at 4e-13. */
static const double limit = 1e-10;

static void exact(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", "tests/families/llama/tiny.gguf",
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    const char *folder = family_folder("llama");
    ask(&a, NULL, text, "*", folder, ids, ANSWER, &n);
    expect_alike(a.v, golden, folder, limit, 4);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void half_cache(const char *device) {
    struct asked a;
    int32_t ids[1];
    int n;
    ask_open(&a, device, "", "tests/families/llama/tiny.gguf", &(vidi_chat_config){.raw = 1});
    const char *folder = family_folder("llama_half");
    ask(&a, NULL, text, "*", folder, ids, 1, &n);
    expect_alike(a.v, golden, folder, 1e-5, 4);
    ask_close(&a);
}

/* The comparison can fail: another text gives other numbers. */
static void other_text(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", "tests/families/llama/tiny.gguf",
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    const char *folder = family_folder("llama_other");
    ask(&a, NULL, "The quick brown dog", "logits", folder, ids, 1, &n);
    char *json;
    assert_int_equal(vidi_compare(a.v, golden, folder, limit, &json), VIDI_OK);
    assert_non_null(strstr(json, "\"first_difference\": \"logits\""));
    vidi_text_free(a.v, json);
    ask_close(&a);
}

static void test_exact(void **state) {
    (void)state;
    on_devices(exact);
}
static void test_half_cache(void **state) {
    (void)state;
    on_devices(half_cache);
}
static void test_other_text(void **state) {
    (void)state;
    on_devices(other_text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact),
                                       cmocka_unit_test(test_half_cache),
                                       cmocka_unit_test(test_other_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
