/* Places that answers name, in every form that models write. */
#include "text/boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 8 };

static const struct answer {
    const char *text;
    uint32_t width, height;
    int n;
    vidi_box boxes[3];
} answers[] = {
    {"no box at all (see 1, 2, 3)", 100, 100, 0, {{0, 0, 0, 0, ""}}},
    {"", 100, 100, 0, {{0, 0, 0, 0, ""}}},
    /* y0 x0 y1 x1 of 1024 */
    {"<loc0256><loc0128><loc0512><loc1023> cat ; <loc0000><loc0000><loc0512><loc0512> big dog",
     448,
     448,
     2,
     {{0.125f, 0.25f, 1023 / 1024.0f, 0.5f, "cat"}, {0, 0, 0.5f, 0.5f, "big dog"}}},
    /* the middles of cells 44 (row 1, column 12) and 863 (row 26, column 31) */
    {"<grounding> An image of<phrase> a snowman</phrase><object><patch_index_0044>"
     "<patch_index_0863></object> warming itself",
     224,
     224,
     1,
     {{12.5f / 32, 1.5f / 32, 31.5f / 32, 26.5f / 32, "a snowman"}}},
    /* two of one phrase, the first one cell: all of it */
    {"<phrase>fires</phrase><object><patch_index_0033><patch_index_0033>"
     "</delimiter_of_multi_objects/><patch_index_0000><patch_index_0066></object>",
     224,
     224,
     2,
     {{1 / 32.0f, 1 / 32.0f, 2 / 32.0f, 2 / 32.0f, "fires"},
      {0.5f / 32, 0.5f / 32, 2.5f / 32, 2.5f / 32, "fires"}}},
    {"<ref>the cat</ref><box>[[100, 200, 300, 400]]</box>",
     448,
     448,
     1,
     {{0.1f, 0.2f, 0.3f, 0.4f, "the cat"}}},
    {"<ref>cat</ref><box>(100,200),(300,400)</box>",
     448,
     448,
     1,
     {{0.1f, 0.2f, 0.3f, 0.4f, "cat"}}},
    {"the cat(100,200),(300,400)", 448, 448, 1, {{0.1f, 0.2f, 0.3f, 0.4f, "the cat"}}},
    /* pixels of what the model saw; wholly or partly outside; turned round; names in any script */
    {"```json\n[\n {\"bbox_2d\": [20, 30, 40.5, 60], \"label\": \"\\u753b {x}\"},\n"
     " {\"label\": \"b\", \"bbox_2d\": [150, 10, 900, 90]}]\n```",
     200,
     100,
     2,
     {{0.1f, 0.3f, 0.2025f, 0.6f, "\xe7\x94\xbb {x}"}, {0.75f, 0.1f, 1, 0.9f, "b"}}},
    {"{\"bbox_2d\": [20, 30, 40.5, 60], \"label\": \"\xe7\x94\xbb\"}",
     200,
     100,
     1,
     {{0.1f, 0.3f, 0.2025f, 0.6f, "\xe7\x94\xbb"}}},
    {"{\"bbox_2d\": [40, 30, 20, 60], \"label\": \"turned\"} {\"bbox_2d\": [1, 2, 3]}"
     " {\"bbox_2d\": \"no\"} {\"bbox_2d\": [500, 500, 600, 600]}",
     200,
     100,
     0,
     {{0, 0, 0, 0, ""}}},
    {"<patch_index_9999><patch_index_0001>", 224, 224, 0, {{0, 0, 0, 0, ""}}},
};

static void test_forms(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answer *a = &answers[i];
        vidi_box found[CAP];
        const int n = text_boxes(a->text, strlen(a->text), a->width, a->height, found, CAP);
        if (n != a->n) fail_msg("%d boxes instead of %d in %s", n, a->n, a->text);
        for (int b = 0; b < n; b++) {
            assert_float_equal(found[b].x0, a->boxes[b].x0, 1e-6);
            assert_float_equal(found[b].y0, a->boxes[b].y0, 1e-6);
            assert_float_equal(found[b].x1, a->boxes[b].x1, 1e-6);
            assert_float_equal(found[b].y1, a->boxes[b].y1, 1e-6);
            assert_string_equal(found[b].label, a->boxes[b].label);
        }
    }
}

/* No more than there is room for, and labels of whole characters. */
static void test_limits(void **state) {
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < 20; i++) strcat(text, "a(1,2),(3,4) ");
    vidi_box found[CAP];
    assert_int_equal(text_boxes(text, strlen(text), 10, 10, found, CAP), CAP);
    assert_int_equal(text_boxes(text, strlen(text), 0, 10, found, CAP), 0);
    strcpy(text, "x");
    for (int i = 0; i < 40; i++) strcat(text, "\xe7\x94\xbb");
    strcat(text, "(1,2),(3,4)");
    assert_int_equal(text_boxes(text, strlen(text), 10, 10, found, CAP), 1);
    assert_int_equal(strlen(found[0].label), 1 + 20 * 3);
}

/* Text that begins a form a thousand times must not take long, nor must bytes that are no text. */
static void test_hostile(void **state) {
    (void)state;
    static char text[60000];
    static const char *const starts[] = {"{\"bbox_2d\"", "<phrase>",  "(1,2),(3,",
                                         "[[1,2,3,4",    "<loc0001>", "\xff\xfe("};
    vidi_box found[CAP];
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const size_t len = strlen(starts[i]);
        size_t n = 0;
        for (; n + len < sizeof text; n += len) memcpy(text + n, starts[i], len);
        assert_int_equal(text_boxes(text, n, 10, 10, found, CAP), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
