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

static void refuse(struct asked *a, const char *path, float scale, vidi_status wanted,
                   const char *words) {
    const vidi_status got = vidi_model_adapt(a->m, &(vidi_adapter){path, scale}, 1);
    if (got != wanted || !strstr(vidi_error(a->v), words))
        fail_msg("%s: %s: %s", path, vidi_status_name(got), vidi_error(a->v));
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mistral), cmocka_unit_test(test_qwen2),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_misfits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
