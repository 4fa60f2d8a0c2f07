/* Tiny random text decoders in f32 against transformers in f32. */
#include "family.h"

#include <stdio.h>

static const char text[] = "The quick brown fox";
enum { ANSWER = 32 };

/* Rounding of f32 sums over two layers; measured below 1e-12. */
static const double limit = 1e-10;

static void one(const char *device, const char *name, int activations) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char golden[128], model[160];
    snprintf(golden, sizeof golden, "tests/families/decoders/%s", name);
    snprintf(model, sizeof model, "%s/tiny.gguf", golden);
    ask_open(&a, device, "kv_f32", model,
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER, .context = 64});
    const char *folder = family_folder(name);
    ask(&a, NULL, text, "*", folder, ids, ANSWER, &n);
    expect_alike(a.v, golden, folder, limit, activations);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

/* Rows behind some layers, and the logits. */
#define DECODER(name, activations)                                            \
    static void name(const char *device) { one(device, #name, activations); } \
    static void test_##name(void **state) {                                   \
        (void)state;                                                          \
        on_devices(name);                                                     \
    }
DECODER(qwen2, 3)
DECODER(qwen3, 3)
DECODER(mistral, 3)
DECODER(gemma, 3)
DECODER(gemma2, 3)
DECODER(gemma3, 7)
DECODER(phi2, 3)
DECODER(phi3, 2)
DECODER(phi3_long, 2)
DECODER(llama3, 2)
DECODER(yarn, 2)
DECODER(mistral3, 2)
/* Every matrix of a layer has a bias. */
DECODER(biased, 2)
/* Every layer has its own heads and its own width of the feed-forward part. */
DECODER(pruned, 4)
/* Heads that are no whole loads of 16 bytes, one beside the other. */
DECODER(heads18, 2)
DECODER(heads100, 2)

/* Files of llama-quantize against llama.cpp, which rounds activations to 8 bits; measured below
 * 3e-4.
 */
static void quantised(const char *device) {
    static const char *const kinds[] = {"q8_0", "q4_K"};
    for (int i = 0; i < 2; i++) {
        struct asked a;
        int32_t ids[1];
        int n;
        char golden[128], model[160];
        snprintf(golden, sizeof golden, "tests/families/quantised/%s", kinds[i]);
        snprintf(model, sizeof model, "%s/tiny.gguf", golden);
        ask_open(&a, device, "kv_f32", model, &(vidi_chat_config){.raw = 1, .context = 64});
        const char *folder = family_folder("quantised");
        ask(&a, NULL, text, "logits", folder, ids, 1, &n);
        expect_alike(a.v, golden, folder, 5e-3, 1);
        ask_close(&a);
    }
}

/* A file whose matrices are of twelve types against the f32 weights that they hold; scales of two
 * levels are rounded to f16 on the device. */
static void types(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    const char *golden = "tests/families/quantised/types", *folder = family_folder("types");
    ask_open(&a, device, "kv_f32", "tests/families/quantised/types/tiny.gguf",
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER, .context = 64});
    ask(&a, NULL, text, "logits", folder, ids, ANSWER, &n);
    expect_alike(a.v, golden, folder, 1e-5, 1);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void test_types(void **state) {
    (void)state;
    on_devices(types);
}

/* A picture for a q8_0 decoder, against llama.cpp likewise; measured below 1e-3. */
static void quantised_picture(const char *device) {
    static const char golden[] = "tests/families/quantised/picture";
    struct asked a;
    int32_t ids[1];
    int n;
    const vidi_model_config cfg = {.path = "tests/families/quantised/picture/tiny.gguf",
                                   .mmproj = "tests/families/mmproj/qwen2vl/mmproj-tiny.gguf"};
    ask_open_with(&a, device, "kv_f32", &cfg, &(vidi_chat_config){.max_tokens = 1});
    const char *folder = family_folder("quantised_picture");
    ask(&a, "tests/families/quantised/picture/own.png", "What?", "logits", folder, ids, 1, &n);
    expect_alike(a.v, golden, folder, 5e-3, 1);
    ask_close(&a);
}

static void test_quantised_picture(void **state) {
    (void)state;
    on_devices(quantised_picture);
}

static void test_quantised(void **state) {
    (void)state;
    on_devices(quantised);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qwen2),     cmocka_unit_test(test_qwen3),
        cmocka_unit_test(test_mistral),   cmocka_unit_test(test_gemma),
        cmocka_unit_test(test_gemma2),    cmocka_unit_test(test_gemma3),
        cmocka_unit_test(test_phi2),      cmocka_unit_test(test_phi3),
        cmocka_unit_test(test_phi3_long), cmocka_unit_test(test_llama3),
        cmocka_unit_test(test_yarn),      cmocka_unit_test(test_mistral3),
        cmocka_unit_test(test_biased),    cmocka_unit_test(test_pruned),
        cmocka_unit_test(test_quantised), cmocka_unit_test(test_quantised_picture),
        cmocka_unit_test(test_types),     cmocka_unit_test(test_heads18),
        cmocka_unit_test(test_heads100)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
