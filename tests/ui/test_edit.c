/* A text with a cursor, a selection and what can be undone, without a window. */
#include "ui/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>

static struct ui_edit *edit_of(const char *text) {
    struct ui_edit *e = ui_edit_open();
    assert_non_null(e);
    ui_edit_insert(e, text);
    return e;
}

static void test_selection(void **state) {
    struct ui_edit *e = edit_of("one two");
    (void)state;
    assert_int_equal(e->cursor, 7);
    assert_null(edit_selected(e));
    edit_go(e, 4, true);
    char *selected = edit_selected(e);
    assert_string_equal(selected, "two");
    free(selected);
    ui_edit_insert(e, "three"); /* in place of what is selected */
    assert_string_equal(ui_edit_text(e), "one three");
    assert_int_equal(e->cursor, 9);
    edit_go(e, 3, false);
    edit_go(e, 0, true); /* backwards, too */
    edit_delete(e, EDIT_GRAPHEME, true);
    assert_string_equal(ui_edit_text(e), " three");
    assert_int_equal(e->cursor, 0);
    edit_go(e, 3, true);
    ui_edit_insert(e, "");
    assert_string_equal(ui_edit_text(e), "ree");
    ui_edit_set(e, "all new");
    assert_string_equal(ui_edit_text(e), "all new");
    assert_int_equal(e->cursor, 7);
    ui_edit_close(e);
    ui_edit_close(NULL);
}

/* A run of letters is one step; a space, a move and a deletion begin another. */
static void test_undo(void **state) {
    struct ui_edit *e = ui_edit_open();
    (void)state;
    assert_false(edit_undo(e));
    assert_false(edit_redo(e));
    for (const char *c = "hello you"; *c; c++) edit_type(e, (const char[2]){*c});
    assert_true(edit_undo(e));
    assert_string_equal(ui_edit_text(e), "hello ");
    assert_true(edit_undo(e));
    assert_string_equal(ui_edit_text(e), "");
    assert_false(edit_undo(e));
    assert_true(edit_redo(e));
    assert_true(edit_redo(e));
    assert_string_equal(ui_edit_text(e), "hello you");
    assert_int_equal(e->cursor, 9);
    assert_false(edit_redo(e));
    edit_delete(e, EDIT_WORD, false);
    assert_string_equal(ui_edit_text(e), "hello ");
    assert_true(edit_undo(e));
    edit_type(e, "!"); /* what was undone is gone now */
    assert_false(edit_redo(e));
    assert_string_equal(ui_edit_text(e), "hello you!");
    ui_edit_close(e);
}

static void test_undo_is_bounded(void **state) {
    struct ui_edit *e = ui_edit_open();
    int undone = 0;
    (void)state;
    for (int i = 0; i < 3 * EDIT_UNDO; i++) ui_edit_insert(e, "x");
    while (edit_undo(e)) undone++;
    assert_int_equal(undone, EDIT_UNDO);
    assert_int_equal(strlen(ui_edit_text(e)), 2 * EDIT_UNDO);
    while (edit_redo(e)) undone--;
    assert_int_equal(undone, 0);
    assert_int_equal(strlen(ui_edit_text(e)), 3 * EDIT_UNDO);
    ui_edit_close(e);
}

/* What people see as one character. */
static const char *const graphemes[] = {
    "a",
    "\u00e9",
    "e\u0301",                                    /* e and an acute accent */
    "o\u0302\u0323",                              /* two marks */
    "\U0001f34e",                                 /* an apple */
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", /* a family, with joiners */
    "\U0001f3f3\ufe0f\u200d\U0001f308",           /* a flag, a selector, a rainbow */
    "\U0001f44d\U0001f3fd",                       /* a thumb and its skin */
    "\U0001f1e9\U0001f1ea",                       /* a flag of two letters */
    "\u1112\u1161\u11ab",                         /* Hangul in its parts */
    "1\ufe0f\u20e3",                              /* a key cap */
    "\u0ba8\u0bbf",                               /* Tamil ni */
};

static void test_graphemes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof graphemes / sizeof *graphemes; i++) {
        char text[64];
        const int n = (int)strlen(graphemes[i]);
        struct ui_edit *e = edit_of("[");
        ui_edit_insert(e, graphemes[i]);
        ui_edit_insert(e, "]");
        if (edit_step(e, 1, EDIT_GRAPHEME, true) != 1 + n ||
            edit_step(e, 1 + n, EDIT_GRAPHEME, false) != 1)
            fail_msg("%s is stepped into", graphemes[i]);
        edit_go(e, 1 + n, false);
        edit_delete(e, EDIT_GRAPHEME, false); /* Backspace */
        if (strcmp(ui_edit_text(e), "[]") != 0) fail_msg("%s left %s", graphemes[i], e->text);
        assert_true(edit_undo(e));
        edit_go(e, 1, false);
        edit_delete(e, EDIT_GRAPHEME, true); /* Delete */
        if (strcmp(ui_edit_text(e), "[]") != 0) fail_msg("%s left %s", graphemes[i], e->text);
        edit_undo(e);
        snprintf(text, sizeof text, "[%s]", graphemes[i]);
        assert_string_equal(ui_edit_text(e), text);
        ui_edit_close(e);
    }
}

static void test_words_and_lines(void **state) {
    /*                                0123456789012345678901 */
    struct ui_edit *e = edit_of("one two,  drei\nf\u00fcnf");
    static const int ends[] = {3, 7, 14, 20}, begins[] = {15, 10, 4, 0};
    int at = 0;
    (void)state;
    for (int i = 0; i < 4; i++) {
        at = edit_step(e, at, EDIT_WORD, true);
        assert_int_equal(at, ends[i]);
    }
    assert_int_equal(edit_step(e, at, EDIT_WORD, true), 20);
    for (int i = 0; i < 4; i++) {
        at = edit_step(e, at, EDIT_WORD, false);
        assert_int_equal(at, begins[i]);
    }
    assert_int_equal(edit_step(e, 0, EDIT_WORD, false), 0);
    assert_int_equal(edit_step(e, 5, EDIT_LINE, true), 14);
    assert_int_equal(edit_step(e, 5, EDIT_LINE, false), 0);
    assert_int_equal(edit_step(e, 17, EDIT_LINE, false), 15);
    assert_int_equal(edit_step(e, 15, EDIT_LINE, false), 15);
    assert_int_equal(edit_step(e, 5, EDIT_ALL, true), 20);
    edit_select_word(e, 5);
    char *word = edit_selected(e);
    assert_string_equal(word, "two");
    free(word);
    edit_go(e, 20, false);
    edit_delete(e, EDIT_WORD, false);
    assert_string_equal(ui_edit_text(e), "one two,  drei\n");
    ui_edit_close(e);
    e = ui_edit_open(); /* an empty one */
    for (int by = EDIT_GRAPHEME; by <= EDIT_ALL; by++) {
        assert_int_equal(edit_step(e, 0, (enum edit_by)by, true), 0);
        assert_int_equal(edit_step(e, 0, (enum edit_by)by, false), 0);
        edit_delete(e, (enum edit_by)by, true);
    }
    edit_select_word(e, 0);
    assert_null(edit_selected(e));
    assert_false(edit_undo(e)); /* nothing happened */
    ui_edit_close(e);
}

static void test_limit(void **state) {
    struct ui_edit *e = ui_edit_open();
    char *much = malloc(100001);
    (void)state;
    for (int i = 0; i < 100000; i++) much[i] = i % 2 ? '\xa9' : '\xc3'; /* letters of two bytes */
    much[100000] = '\0';
    ui_edit_insert(e, "x");
    ui_edit_insert(e, much);
    assert_int_equal(e->len, EDIT_MOST - 1); /* a letter is in it or is not */
    assert_true(g_utf8_validate(e->text, e->len, NULL));
    ui_edit_insert(e, "\u20ac");
    assert_int_equal(e->len, EDIT_MOST - 1);
    edit_type(e, "y");
    assert_int_equal(e->len, EDIT_MOST);
    edit_type(e, "z");
    assert_int_equal(e->len, EDIT_MOST);
    edit_go(e, 0, false);
    edit_go(e, 1, true);
    ui_edit_insert(e, "zz"); /* there is room for one */
    assert_int_equal(e->len, EDIT_MOST);
    assert_int_equal(e->text[0], 'z');
    ui_edit_set(e, much);
    assert_int_equal(e->len, EDIT_MOST);
    ui_edit_set(e, "small again");
    assert_string_equal(ui_edit_text(e), "small again");
    free(much);
    ui_edit_close(e);
}

static void test_dirt(void **state) {
    static const char *const rows[][2] = {
        {"a\r\nb\rc", "a\nb\nc"},
        {"a\xc2\x9bz\u00e9", "az\u00e9"},
        {"bell\a, escape\x1b[31m, delete\x7f.", "bell, escape[31m, delete."},
        {"tab\tand line\n", "tab\tand line\n"},
        {"\xff", "\ufffd"},
        {"caf\xe9!", "caf\ufffd!"},
        {"\xe2\x82", "\ufffd"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ui_edit *e = edit_of(rows[i][0]);
        assert_true(g_utf8_validate(e->text, e->len, NULL));
        if (!strstr(rows[i][1], "\ufffd")) assert_string_equal(ui_edit_text(e), rows[i][1]);
        assert_int_equal(e->cursor, e->len);
        ui_edit_close(e);
    }
}

static void test_paste(void **state) {
    static const char clean[] = "\xef\xbb\xbfone\rtwo\r\nthree\n",
                      latin[] = "Gr\xf6\xdf"
                                "e",
                      zero[] = "a\0b";
    struct ui_edit *e = edit_of("[]");
    char words[160], *much = malloc(EDIT_MOST);
    (void)state;
    edit_go(e, 1, false);
    assert_null(ui_edit_paste(e, clean, sizeof clean - 1, words));
    assert_string_equal(ui_edit_text(e), "[one\ntwo\nthree]");
    assert_string_equal(ui_edit_paste(e, latin, sizeof latin - 1, words),
                        "This is no text: byte 3 (f6) is not UTF-8.");
    assert_string_equal(ui_edit_paste(e, zero, sizeof zero - 1, words),
                        "This is no text: byte 2 is NUL.");
    memset(much, 'x', EDIT_MOST);
    assert_string_equal(ui_edit_paste(e, much, EDIT_MOST, words),
                        "The text has 65536 bytes, and there is room for 65521.");
    assert_string_equal(ui_edit_text(e), "[one\ntwo\nthree]");
    edit_go(e, 0, false);
    edit_go(e, e->len, true);
    assert_null(ui_edit_paste(e, much, EDIT_MOST, words));
    assert_int_equal(e->len, EDIT_MOST);
    free(much);
    ui_edit_close(e);
}

static bool is_place(const struct ui_edit *e, int at) {
    int place = 0;
    while (place < at && place < e->len) place = edit_step(e, place, EDIT_GRAPHEME, true);
    return place == at;
}

static void act_at_random(struct ui_edit *e) {
    static const char *const pieces[] = {"x", "e",  "\u0301",     "\U0001f468", "\u200d",
                                         " ", "\n", "\U0001f1e9", "\u1161",     "\U0001f3fd"};
    const enum edit_by by = (enum edit_by)(rand() % 3);
    const bool on = rand() % 2;
    switch (rand() % 6) {
    case 0:
    case 1:
        edit_type(e, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
        break;
    case 2:
        edit_go(e, edit_step(e, e->cursor, by, on), rand() % 3 == 0);
        break;
    case 3:
        edit_delete(e, by == EDIT_LINE ? EDIT_GRAPHEME : by, on);
        break;
    case 4:
        ui_edit_insert(e, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
        break;
    default:
        if (rand() % 2)
            edit_undo(e);
        else
            edit_redo(e);
    }
}

/* Whatever is done, positions stand between graphemes, and the text stays sound. */
static void test_places(void **state) {
    struct ui_edit *e = edit_of("a\n\u0301");
    (void)state;
    edit_go(e, 2, false);
    edit_delete(e, EDIT_GRAPHEME, false); /* the mark is the a's from now on */
    assert_true(is_place(e, e->cursor));
    srand(17);
    for (int i = 0; i < 6000; i++) {
        act_at_random(e);
        if (e->len > 60) ui_edit_set(e, "");
        assert_int_equal(e->len, strlen(e->text));
        assert_true(g_utf8_validate(e->text, e->len, NULL));
        if (!is_place(e, e->cursor) || !is_place(e, e->anchor))
            fail_msg("step %d: %d and %d of \"%s\"", i, e->cursor, e->anchor, e->text);
    }
    ui_edit_close(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_undo_is_bounded),
        cmocka_unit_test(test_graphemes),
        cmocka_unit_test(test_words_and_lines),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_dirt),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
