/* Low-rank adapters on tiny random decoders, against transformers with the changes added to the
 * weights; changed while the model stays loaded. */
#include "family.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char text[] = "The quick brown fox";
enum { ANSWER = 32 };

/* As of the decoders alone; the stacked pairs add sums of 7 numbers. */
static const double limit = 1e-10;

static void open_model(struct asked *a, const char *device, const char *name) {
    char model[160];
    snprintf(model, sizeof model, "tests/families/decoders/%s/tiny.gguf", name);
    ask_open(a, device, "kv_f32", model, &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
}

static vidi_status adapt(struct asked *a, const char *name) {
    char all[160], some[160];
    snprintf(all, sizeof all, "tests/families/lora/%s/all.gguf", name);
    snprintf(some, sizeof some, "tests/families/lora/%s/some.gguf", name);
    return vidi_model_adapt(a->m, (const vidi_adapter[]){{all, 0.5f}, {some, -1.25f}}, 2);
}

/* The conversation afresh, its answer and last logits against a folder's. */
static void expect(struct asked *a, const char *folder_of, const char *name, int mark) {
    const int goldens = strcmp(folder_of, "lora") == 0 ? 1 : 3;
    int32_t ids[ANSWER];
    int n;
    char golden[160];
    snprintf(golden, sizeof golden, "tests/families/%s/%s", folder_of, name);
    const char *folder = family_folder(name);
    ask(a, NULL, text, "*", folder, ids, ANSWER, &n);
    expect_alike(a->v, golden, folder, limit, goldens);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    assert_int_equal(vidi_chat_rewind(a->c, mark), VIDI_OK);
}

static void swapped(const char *device, const char *name) {
    struct asked a;
    int mark;
    open_model(&a, device, name);
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    expect(&a, "decoders", name, mark);
    for (int i = 0; i < 2; i++) {
        if (adapt(&a, name) != VIDI_OK) fail_msg("%s", vidi_error(a.v));
        expect(&a, "lora", name, mark);
        assert_int_equal(vidi_model_adapt(a.m, NULL, 0), VIDI_OK);
        expect(&a, "decoders", name, mark);
    }
    ask_close(&a);
}

static void mistral(const char *device) { swapped(device, "mistral"); }
static void qwen2(const char *device) { swapped(device, "qwen2"); }

static void test_mistral(void **state) {
    (void)state;
    on_devices(mistral);
}
static void test_qwen2(void **state) {
    (void)state;
    on_devices(qwen2);
}

/* The table of words and the head, by one adapter used twice. */
static void words(const char *device) {
    static const char path[] = "tests/families/lora/words/words.gguf";
    struct asked a;
    int mark;
    open_model(&a, device, "qwen2");
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    for (int i = 0; i < 2; i++) {
        if (vidi_model_adapt(a.m, (const vidi_adapter[]){{path, 0.5f}, {path, 0.25f}}, 2) !=
            VIDI_OK)
            fail_msg("%s", vidi_error(a.v));
        expect(&a, "lora", "words", mark);
        assert_int_equal(vidi_model_adapt(a.m, NULL, 0), VIDI_OK);
        expect(&a, "decoders", "qwen2", mark);
    }
    ask_close(&a);
}

static void test_words(void **state) {
    (void)state;
    on_devices(words);
}

static void refuse(struct asked *a, const char *path, float scale, vidi_status wanted,
                   const char *words) {
    const vidi_status got = vidi_model_adapt(a->m, &(vidi_adapter){path, scale}, 1);
    if (got != wanted || !strstr(vidi_error(a->v), words))
        fail_msg("%s: %s: %s", path, vidi_status_name(got), vidi_error(a->v));
}

/* A copy of a file with some text of it, everywhere, in place of another of its length. */
static const char *copied(const char *from, const char *to, const char *old, const char *new) {
    static char path[600];
    static char bytes[1 << 20];
    snprintf(path, sizeof path, "%s/%s", family_folder("lora"), to);
    FILE *in = fopen(from, "rb"), *out = fopen(path, "wb");
    assert_true(in && out);
    const size_t n = fread(bytes, 1, sizeof bytes, in), len = strlen(old);
    assert_true(n < sizeof bytes && len == strlen(new));
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(bytes + i, old, len) == 0) memcpy(bytes + i, new, len);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
    return path;
}

static void pairs(const char *device) {
    static const char all[] = "tests/families/lora/qwen2/all.gguf";
    struct asked a;
    open_model(&a, device, "qwen2");
    refuse(&a, copied(all, "suffix.gguf", "output.weight.lora_a", "output.weight.lora_c"), 1,
           VIDI_E_FORMAT, "output.weight.lora_c is neither a lora_a nor a lora_b");
    refuse(&a,
           copied(all, "alone.gguf", "blk.0.attn_k.weight.lora_b", "blk.9.attn_k.weight.lora_b"), 1,
           VIDI_E_FORMAT, "blk.0.attn_k.weight has lora_a but no lora_b");
    refuse(&a, copied(all, "table.gguf", "output.weight.lora_", "outputs.weigh.lora_"), 1,
           VIDI_E_FORMAT, "changes outputs.weigh, which");
    ask_close(&a);
}

static void test_pairs(void **state) {
    (void)state;
    on_devices(pairs);
}

/* Adapters come and go while the base's file is rubbish: its weights stay where they are. */
static void kept(const char *device) {
    struct asked a;
    int mark;
    static const char zeros[1024];
    const char *path = copied("tests/families/decoders/qwen2/tiny.gguf", "base.gguf", "", "");
    ask_open(&a, device, "kv_f32", path, &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    const long bytes = ftell(f);
    for (long at = bytes / 8; at + (long)sizeof zeros < bytes; at += sizeof zeros) {
        assert_int_equal(fseek(f, at, SEEK_SET), 0);
        assert_int_equal(fwrite(zeros, 1, sizeof zeros, f), sizeof zeros);
    }
    fclose(f);
    if (adapt(&a, "qwen2") != VIDI_OK) fail_msg("%s", vidi_error(a.v));
    expect(&a, "lora", "qwen2", mark);
    assert_int_equal(vidi_model_adapt(a.m, NULL, 0), VIDI_OK);
    expect(&a, "decoders", "qwen2", mark);
    ask_close(&a);
}

static void test_kept(void **state) {
    (void)state;
    on_devices(kept);
}

/* On a base that is quantised: near what the f32 base gives, and far from what it gives alone. */
static void quantised(const char *device) {
    struct asked a;
    int32_t ids[1];
    int n;
    const vidi_model_config cfg = {.path = "tests/families/decoders/qwen2/tiny.gguf",
                                   .weights = VIDI_WEIGHTS_Q8_0};
    ask_open_with(&a, device, "kv_f32", &cfg, &(vidi_chat_config){.raw = 1, .max_tokens = 1});
    if (adapt(&a, "qwen2") != VIDI_OK) fail_msg("%s", vidi_error(a.v));
    const char *folder = family_folder("lora_q8_0");
    ask(&a, NULL, text, "logits", folder, ids, 1, &n);
    expect_alike(a.v, "tests/families/lora/qwen2", folder, 5e-3, 1);
    ask_close(&a);
}

static void test_quantised(void **state) {
    (void)state;
    on_devices(quantised);
}

/* Of a model with eyes the decoder is changed: what two adapters add and take away is nothing. */
static void seeing(const char *device) {
    static const char some[] = "tests/families/lora/mistral/some.gguf",
                      folder[] = "tests/families/mmproj/llava",
                      picture[] = "tests/families/mmproj/llava/wide.png";
    const char *golden = "tests/families/mmproj/llava/one";
    struct asked a;
    int32_t ids[ANSWER], other[ANSWER];
    int n, mark;
    ask_open_with(&a, device, "kv_f32", &(vidi_model_config){.path = folder},
                  &(vidi_chat_config){.max_tokens = ANSWER});
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    if (vidi_model_adapt(a.m, &(vidi_adapter){some, 1}, 1) != VIDI_OK)
        fail_msg("%s", vidi_error(a.v));
    ask(&a, picture, "What?", NULL, NULL, other, ANSWER, &n);
    assert_int_equal(vidi_chat_rewind(a.c, mark), VIDI_OK);
    assert_int_equal(vidi_model_adapt(a.m, (const vidi_adapter[]){{some, 1.5f}, {some, -1.5f}}, 2),
                     VIDI_OK);
    const char *dump = family_folder("lora_seeing");
    ask(&a, picture, "What?", "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, golden, dump, 1e-9, 4);
    expect_answer(golden, ids, n);
    assert_memory_not_equal(ids, other, sizeof ids);
    ask_close(&a);
}

static void test_seeing(void **state) {
    (void)state;
    on_devices(seeing);
}

/* What does not fit is refused with words, and what was in use stays. */
static void refused(const char *device) {
    static const vidi_adapter many[9] = {{"a", 1}, {"a", 1}, {"a", 1}, {"a", 1}, {"a", 1},
                                         {"a", 1}, {"a", 1}, {"a", 1}, {"a", 1}};
    struct asked a;
    int mark;
    vidi_piece piece;
    open_model(&a, device, "mistral");
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    assert_int_equal(adapt(&a, "mistral"), VIDI_OK);
    refuse(&a, "tests/families/lora/qwen2/all.gguf", 1, VIDI_E_FORMAT, "belongs to another model");
    refuse(&a, "tests/families/decoders/mistral/tiny.gguf", 1, VIDI_E_FORMAT, "general.type");
    refuse(&a, "no/such.gguf", 1, VIDI_E_IO, "no/such.gguf");
    refuse(&a, "tests/families/lora/mistral/all.gguf", NAN, VIDI_E_ARGUMENT, "scale");
    assert_int_equal(vidi_model_adapt(a.m, many, 9), VIDI_E_ARGUMENT);
    expect(&a, "lora", "mistral", mark);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, text), VIDI_OK);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_OK);
    assert_int_equal(vidi_model_adapt(a.m, NULL, 0), VIDI_E_ARGUMENT); /* during an answer */
    ask_close(&a);
}

static void test_refused(void **state) {
    (void)state;
    on_devices(refused);
}

/* A model of other sizes, and one that lacks the matrix. */
static void misfits(const char *device) {
    struct asked a;
    ask_open(&a, device, "", NULL, &(vidi_chat_config){0});
    refuse(&a, "tests/families/lora/mistral/all.gguf", 1, VIDI_E_FORMAT, "another model");
    ask_close(&a);
    ask_open(&a, device, "", "tests/families/llama/tiny.gguf", &(vidi_chat_config){0});
    const vidi_status got =
        vidi_model_adapt(a.m, &(vidi_adapter){"tests/families/lora/mistral/all.gguf", 1}, 1);
    assert_int_equal(got, VIDI_E_FORMAT);
    if (!strstr(vidi_error(a.v), "does not fit") && !strstr(vidi_error(a.v), "does not have"))
        fail_msg("%s", vidi_error(a.v));
    ask_close(&a);
}

static void test_misfits(void **state) {
    (void)state;
    on_devices(misfits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistral), cmocka_unit_test(test_qwen2),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_kept),    cmocka_unit_test(test_quantised),
        cmocka_unit_test(test_seeing),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_misfits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
