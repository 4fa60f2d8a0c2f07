/* Tiny random text decoders in f32 against transformers in f32. */
#include "family.h"

#include <stdio.h>

static const char text[] = "The quick brown fox";
enum { ANSWER = 32 };

/* Rounding of f32 sums over two layers; measured below 1e-12. */
static const double limit = 1e-10;

static void one(const char *device, const char *name) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char golden[128], model[160];
    snprintf(golden, sizeof golden, "tests/families/decoders/%s", name);
    snprintf(model, sizeof model, "%s/tiny.gguf", golden);
    ask_open(&a, device, "kv_f32", model, &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    const char *folder = family_folder(name);
    ask(&a, NULL, text, "*", folder, ids, ANSWER, &n);
    expect_alike(a.v, golden, folder, limit, 3);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void qwen2(const char *device) { one(device, "qwen2"); }
static void qwen3(const char *device) { one(device, "qwen3"); }
static void mistral(const char *device) { one(device, "mistral"); }

static void test_qwen2(void **state) {
    (void)state;
    on_devices(qwen2);
}
static void test_qwen3(void **state) {
    (void)state;
    on_devices(qwen3);
}
static void test_mistral(void **state) {
    (void)state;
    on_devices(mistral);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_qwen2), cmocka_unit_test(test_qwen3),
                                       cmocka_unit_test(test_mistral)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
