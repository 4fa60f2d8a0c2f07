/* What is said to models of folders beside one question: a second turn, pictures between words,
 * more pictures than a model takes. The script of each golden set stands beside it. */
#include "family.h"

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

static void two_turns(const char *device, const struct turn *t) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", t->folder, &(vidi_chat_config){.max_tokens = ANSWER});
    const char *dump = family_folder("folders_seeing");
    assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
    show_picture(&a, t->folder, "wide.png");
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, "What is it?"), VIDI_OK);
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
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) two_turns(device, &all[i]);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
