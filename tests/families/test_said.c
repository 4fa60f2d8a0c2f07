/* What is said to models of folders beside one question: a second turn, pictures between words,
 * more pictures than a model takes. The script of each golden set stands beside it. */
#include "family.h"

#include <stdio.h>
#include <string.h>

#include "chat/internal.h"

enum { ANSWER = 32 };

#define MMPROJ  "tests/families/mmproj/"
#define FOLDERS "tests/families/folders/"
static const double seeing_limit = 1e-9; /* as test_mmproj.c has it */

/* A second turn, when the first one was read: with another picture, where the family takes one. */
struct turn {
    const char *folder, *golden;
    int second, activations; /* whether there is a second picture */
    const char *said;
};

/* part: the first turn is said as one that may go on, and ends where another speaks. */
static void two_turns(const char *device, const struct turn *t, bool part) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", t->folder, &(vidi_chat_config){.max_tokens = ANSWER});
    const char *dump = family_folder("folders_seeing");
    assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
    show_picture(&a, t->folder, "wide.png");
    assert_int_equal(part ? vidi_say_part(a.c, "What is it?")
                          : vidi_say_text(a.c, VIDI_USER, "What is it?"),
                     VIDI_OK);
    assert_int_equal(vidi_prefill(a.c), VIDI_OK);
    assert_int_equal(vidi_say_text(a.c, VIDI_ASSISTANT, t->said), VIDI_OK);
    assert_int_equal(vidi_prefill(a.c), VIDI_OK);
    if (t->second) show_picture(&a, t->folder, "high.png");
    ask(&a, NULL, "What is it?", NULL, NULL, ids, ANSWER, &n);
    expect_alike(a.v, t->golden, dump, seeing_limit, t->activations);
    assert_int_equal(n, ANSWER);
    expect_answer(t->golden, ids, n);
    ask_close(&a);
}

static void turns(const char *device) {
    static const char dog[] = "It is a dog.";
    const struct turn all[] = {
        {FOLDERS "idefics", FOLDERS "idefics/turns", 1, 3, dog},
        {FOLDERS "mllama", FOLDERS "mllama/turns", 1, 3, dog},
        {FOLDERS "idefics2", FOLDERS "idefics2/whole/turns", 1, 3, dog},
        {FOLDERS "flamingo", FOLDERS "flamingo/turns", 1, 3, dog},
        {FOLDERS "blip2", FOLDERS "blip2/turns", 0, 4, "It is a dog"}, /* the form has the point */
        {FOLDERS "instructblip", FOLDERS "instructblip/turns", 0, 4, dog},
        {FOLDERS "kosmos2", FOLDERS "kosmos2/turns", 0, 3, dog},
        {FOLDERS "owl2", FOLDERS "owl2/turns", 1, 3, dog},
        {FOLDERS "qwenvl", FOLDERS "qwenvl/turns", 1, 3, dog},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) two_turns(device, &all[i], false);
    two_turns(device, &all[2], true);
}

static void test_turns(void **state) {
    (void)state;
    on_devices(turns);
}

/* Pictures between the words of one turn. */
static void few_shot(const char *device) {
    static const struct {
        const char *folder, *pictures, *golden, *question;
        int activations;
    } all[] = {
        {FOLDERS "idefics2", FOLDERS "idefics2", FOLDERS "idefics2/whole/mixed", "What is it?", 3},
        {FOLDERS "smolvlm", MMPROJ "smolvlm", FOLDERS "smolvlm/mixed", "What?", 1},
        {FOLDERS "llava", MMPROJ "llava", FOLDERS "llava/mixed", "What?", 1},
        {FOLDERS "qwen2vl", MMPROJ "qwen2vl", FOLDERS "qwen2vl/mixed", "What?", 1},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct asked a;
        int32_t ids[ANSWER];
        int n;
        ask_open(&a, device, "kv_f32", all[i].folder, &(vidi_chat_config){.max_tokens = ANSWER});
        const char *dump = family_folder("folders_seeing");
        assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
        show_picture(&a, all[i].pictures, "wide.png");
        assert_int_equal(vidi_say_part(a.c, "The dog and the fox. "), VIDI_OK);
        assert_int_equal(vidi_prefill(a.c), VIDI_OK); /* nothing is read before the turn ends */
        show_picture(&a, all[i].pictures, "high.png");
        ask(&a, NULL, all[i].question, NULL, NULL, ids, ANSWER, &n);
        expect_alike(a.v, all[i].golden, dump, seeing_limit, all[i].activations);
        assert_int_equal(n, ANSWER);
        expect_answer(all[i].golden, ids, n);
        ask_close(&a);
    }
}

static void test_few_shot(void **state) {
    (void)state;
    on_devices(few_shot);
}

/* One pixel, odd sides, very wide, very tall: what comes of them, not only their pixels. */
static void sizes(const char *device) {
    static const struct {
        const char *name, *question;
        int first, end, activations; /* of the sizes */
    } all[] = {
        {"idefics2", "What is it?", 0, 4, 2}, {"mllama", "What is it?", 0, 4, 2},
        {"smolvlm", "What?", 0, 4, 1},        {"internvl", "What?", 0, 4, 1},
        {"llava_next", "What?", 1, 3, 1},     {"gemma3", "What?", 1, 3, 1},
        {"qwen2vl", "What?", 1, 3, 1},        {"qwen25vl", "What?", 1, 3, 1},
        {"qwen3vl", "What?", 1, 3, 1},
    };
    static const int sides[][2] = {{1, 1}, {333, 517}, {4000, 300}, {8, 2000}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct asked a;
        char folder[96], golden[160];
        int mark;
        snprintf(folder, sizeof folder, FOLDERS "%s", all[i].name);
        ask_open(&a, device, "kv_f32", folder, &(vidi_chat_config){.max_tokens = ANSWER});
        const char *dump = family_folder("folders_sizes");
        assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
        assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
        for (int k = all[i].first; k < all[i].end; k++) {
            int32_t ids[ANSWER];
            int n;
            snprintf(golden, sizeof golden, "%s/sizes/%dx%d", folder, sides[k][0], sides[k][1]);
            show_pattern(&a, sides[k][0], sides[k][1]);
            ask(&a, NULL, all[i].question, NULL, NULL, ids, ANSWER, &n);
            expect_alike(a.v, golden, dump, seeing_limit, all[i].activations);
            expect_answer(golden, ids, n);
            assert_int_equal(vidi_chat_rewind(a.c, mark), VIDI_OK);
        }
        ask_close(&a);
    }
}

static void test_sizes(void **state) {
    (void)state;
    on_devices(sizes);
}

/* Captioners, whose processors give them one. */
static void single(const char *device) {
    static const char *const folders[] = {FOLDERS "blip", FOLDERS "git", FOLDERS "kosmos2"};
    for (int i = 0; i < 3; i++) {
        struct asked a;
        vidi_image image;
        ask_open(&a, device, "", folders[i], NULL);
        show_picture(&a, folders[i], "wide.png");
        assert_int_equal(vidi_image_read(a.v, MMPROJ "smolvlm/high.png", &image), VIDI_OK);
        assert_int_equal(vidi_say_image(a.c, &image), VIDI_E_ARGUMENT);
        if (!strstr(vidi_error(a.v), "this model takes one picture in a turn"))
            fail_msg("%s", vidi_error(a.v));
        vidi_image_free(a.v, &image);
        ask_close(&a);
    }
}

static void test_single(void **state) {
    (void)state;
    on_devices(single);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_few_shot),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
