/* Prompts without a picture, with three in order, and a second turn with one more picture: tiny
 * random models against transformers in f32. */
#include "family.h"

#include <stdbool.h>
#include <stdio.h>

enum { ANSWER = 32, TAKEN = 4, END = 257 };

/* As test_mmproj.c has it. */
static const double limit = 1e-9;
#define MMPROJ "tests/families/mmproj/"

/* The last words of a first answer are not what the form ends answers with: a person went on. */
static const struct family {
    const char *name;
    bool turns; /* was made for more than one */
} families[] = {
    {"llava_siglip", true}, {"smolvlm", true},  {"llava", true},      {"llava_next", true},
    {"qwen2vl", true},      {"qwen25vl", true}, {"qwen3vl", true},    {"internvl", true},
    {"gemma3", true},       {"minicpmv", true}, {"paligemma", false}, {"moondream", false},
};
enum { N_FAMILIES = sizeof families / sizeof *families };

static void say_picture(struct asked *a, const struct family *f, const char *name) {
    vidi_image image;
    char path[256];
    snprintf(path, sizeof path, MMPROJ "%s/%s", f->name, name);
    if (vidi_image_read(a->v, path, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    if (vidi_say_image(a->c, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    vidi_image_free(a->v, &image);
}

/* Asks about what was said so far; logits of the first word and the answer are the golden's. */
static void expect(struct asked *a, const struct family *f, const char *golden_name) {
    int32_t ids[ANSWER];
    int n;
    char golden[256];
    snprintf(golden, sizeof golden, MMPROJ "%s/%s", f->name, golden_name);
    const char *folder = family_folder("turns");
    print_message("%s\n", golden);
    ask(a, NULL, "What?", "logits", folder, ids, ANSWER, &n);
    expect_alike(a->v, golden, folder, limit, 1);
    assert_int_equal(n, answer_length(golden, END));
    expect_answer(golden, ids, n);
}

static void open_family(struct asked *a, const char *device, const struct family *f) {
    char path[256];
    snprintf(path, sizeof path, MMPROJ "%s", f->name);
    ask_open(a, device, "kv_f32", path, &(vidi_chat_config){.max_tokens = ANSWER});
}

/* Three pictures in order, and after going back none at all. */
static void counts(const char *device, const struct family *f) {
    static const char *const three[] = {"wide.png", "high.png", "wide.png"};
    struct asked a;
    int mark;
    open_family(&a, device, f);
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    for (int i = 0; i < 3; i++) say_picture(&a, f, three[i]);
    expect(&a, f, "three");
    assert_int_equal(vidi_chat_rewind(a.c, mark), VIDI_OK);
    expect(&a, f, "none");
    ask_close(&a);
}

/* The first answer is left in the middle; the next turn shows a picture of another shape. */
static void turns(const char *device, const struct family *f) {
    struct asked a;
    int32_t ids[TAKEN];
    int n;
    char golden[256];
    open_family(&a, device, f);
    say_picture(&a, f, "wide.png");
    ask(&a, NULL, "What?", NULL, NULL, ids, TAKEN, &n);
    assert_int_equal(n, TAKEN);
    snprintf(golden, sizeof golden, MMPROJ "%s/one", f->name);
    expect_answer(golden, ids, n);
    say_picture(&a, f, "high.png");
    expect(&a, f, "turns");
    ask_close(&a);
}

static void all_counts(const char *device) {
    for (int i = 0; i < N_FAMILIES; i++) counts(device, &families[i]);
}

static void all_turns(const char *device) {
    for (int i = 0; i < N_FAMILIES; i++)
        if (families[i].turns) turns(device, &families[i]);
}

static void test_counts(void **state) {
    (void)state;
    on_devices(all_counts);
}

static void test_turns(void **state) {
    (void)state;
    on_devices(all_turns);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
