/* Texts that are edited on the screen: keys in their order, the clipboard, the mouse, lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "ui/edit.h"

#include <cmocka.h>

enum { CTRL = KMOD_LCTRL, SHIFT = KMOD_LSHIFT };

struct form {
    struct ui_edit *first, *second;
    int sent;
    char said[1024]; /* the first one's text when Enter was pressed */
};

static const struct ui_box first_box = {20, 20, 300, 100}, second_box = {20, 140, 300, 40};

static void say(struct ui *ui, void *user) {
    struct form *f = user;
    if (ui_text_field(ui, "first", first_box, f->first,
                      &(struct ui_field){.hint = "Ask", .lines = true})) {
        f->sent++;
        SDL_snprintf(f->said, sizeof f->said, "%s", ui_edit_text(f->first));
        ui_edit_set(f->first, "");
    }
    ui_text_field(ui, "second", second_box, f->second, &(struct ui_field){.hint = "More"});
}

static struct stage s;
static struct form form;

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    form = (struct form){.first = ui_edit_open(), .second = ui_edit_open()};
    ui_focus(s.ui, "first");
    stage_frame(&s, say, &form);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ui_edit_close(form.first);
    ui_edit_close(form.second);
    stage_close(&s);
    return 0;
}

static void frames(int n) {
    while (n-- > 0) stage_frame(&s, say, &form);
}

static void assert_first(const char *text) {
    frames(1);
    assert_string_equal(ui_edit_text(form.first), text);
}

static void test_typing(void **state) {
    (void)state;
    stage_type(&s, "gr\u00fc\u00df \U0001f34e");
    assert_first("gr\u00fc\u00df \U0001f34e");
    assert_string_equal(stage_seen(&s, "first")->text, "gr\u00fc\u00df \U0001f34e");
    assert_true(stage_seen(&s, "first")->focused);
    stage_key(&s, SDLK_BACKSPACE, KMOD_NONE);
    assert_first("gr\u00fc\u00df ");
    stage_key(&s, SDLK_BACKSPACE, CTRL);
    assert_first("");
    assert_string_equal(stage_seen(&s, "first")->text, "Ask");
    stage_key(&s, SDLK_z, CTRL);
    assert_first("gr\u00fc\u00df ");
    stage_key(&s, SDLK_y, CTRL);
    assert_first("");
    stage_key(&s, SDLK_z, CTRL);
    stage_key(&s, SDLK_z, CTRL | SHIFT);
    assert_first("");
    stage_key(&s, SDLK_b, CTRL); /* a shortcut's letter is no text */
    stage_letters(&s, "b");
    assert_first("");
}

/* All of these in one frame, and each finds what the one before left. */
static void test_order(void **state) {
    (void)state;
    stage_type(&s, "hi");
    stage_key(&s, SDLK_LEFT, KMOD_NONE);
    stage_type(&s, "X");
    stage_key(&s, SDLK_HOME, KMOD_NONE);
    stage_type(&s, "<");
    stage_key(&s, SDLK_END, KMOD_NONE);
    stage_key(&s, SDLK_BACKSPACE, KMOD_NONE);
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    stage_type(&s, "next");
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    stage_type(&s, "last");
    frames(1);
    assert_int_equal(form.sent, 1);
    assert_string_equal(form.said, "<hX");
    assert_int_equal(ui_wait(s.ui, s.now), 0); /* more waits: a frame is wanted now */
    frames(1);
    assert_int_equal(form.sent, 2);
    assert_string_equal(form.said, "next");
    assert_first("last");
}

static void test_tab_in_between(void **state) {
    (void)state;
    stage_type(&s, "one");
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    stage_type(&s, "two");
    stage_key(&s, SDLK_TAB, SHIFT);
    stage_type(&s, "!");
    frames(4);
    assert_string_equal(ui_edit_text(form.first), "one!");
    assert_string_equal(ui_edit_text(form.second), "two");
}

/* A program that types, or a frame that took long: nothing is lost. */
static void test_many(void **state) {
    char text[301] = "";
    (void)state;
    for (int i = 0; i < 300; i++) text[i] = (char)('a' + i % 26);
    stage_type(&s, text);
    assert_first(text);
}

static void test_clipboard(void **state) {
    (void)state;
    stage_type(&s, "one two");
    stage_key(&s, SDLK_LEFT, CTRL | SHIFT);
    stage_key(&s, SDLK_x, CTRL);
    assert_first("one ");
    char *text = SDL_GetClipboardText();
    assert_string_equal(text, "two");
    SDL_free(text);
    stage_key(&s, SDLK_v, CTRL);
    stage_key(&s, SDLK_v, CTRL);
    assert_first("one twotwo");
    stage_key(&s, SDLK_c, CTRL); /* nothing is selected: nothing changes */
    stage_key(&s, SDLK_a, CTRL);
    stage_key(&s, SDLK_v, CTRL);
    assert_first("two");
    SDL_SetClipboardText("a\r\nb\x1b");
    stage_key(&s, SDLK_a, CTRL);
    stage_key(&s, SDLK_v, CTRL);
    assert_first("a\nb");
}

static void test_lines(void **state) {
    (void)state;
    stage_type(&s, "first line");
    stage_key(&s, SDLK_RETURN, SHIFT);
    stage_type(&s, "2nd");
    assert_first("first line\n2nd");
    assert_int_equal(form.sent, 0);
    stage_key(&s, SDLK_UP, KMOD_NONE);
    stage_type(&s, "^");
    frames(1);
    const char *mark = strchr(ui_edit_text(form.first), '^');
    assert_non_null(mark);
    assert_true(mark < strchr(ui_edit_text(form.first), '\n'));
    stage_key(&s, SDLK_UP, KMOD_NONE); /* from the first line to its beginning */
    frames(1);
    assert_int_equal(form.first->cursor, 0);
    stage_key(&s, SDLK_DOWN, KMOD_NONE);
    stage_key(&s, SDLK_DOWN, KMOD_NONE);
    frames(1);
    assert_int_equal(form.first->cursor, form.first->len);
    stage_key(&s, SDLK_HOME, SHIFT);
    stage_key(&s, SDLK_DELETE, KMOD_NONE);
    frames(1);
    assert_int_equal(form.first->len, 12);
    const int one = ui_text_field_height(s.ui, form.second, 300, 6);
    const int two = ui_text_field_height(s.ui, form.first, 300, 6);
    assert_true(two > one);
    for (int i = 0; i < 20; i++) ui_edit_insert(form.first, "\n");
    const int six = ui_text_field_height(s.ui, form.first, 300, 6);
    assert_int_equal(six, one + 5 * (two - one)); /* and no more */
}

static void test_mouse(void **state) {
    (void)state;
    stage_type(&s, "alpha beta");
    frames(1);
    const int y = first_box.y + 18;
    stage_press(&s, first_box.x + 2, y, 1);
    stage_release(&s, first_box.x + 2, y);
    frames(1);
    assert_int_equal(form.first->cursor, 0);
    stage_press(&s, first_box.x + 20, y, 1); /* drags beyond the end */
    frames(1);
    stage_move(&s, first_box.x + 280, y);
    frames(1);
    stage_release(&s, first_box.x + 280, y);
    frames(1);
    assert_int_equal(form.first->cursor, 10);
    assert_true(form.first->anchor < 4);
    stage_press(&s, first_box.x + 20, y, 2); /* twice: the word */
    stage_release(&s, first_box.x + 20, y);
    frames(1);
    char *word = edit_selected(form.first);
    assert_string_equal(word, "alpha");
    free(word);
    stage_click(&s, second_box); /* and the keyboard goes along */
    frames(1);
    stage_type(&s, "x");
    frames(1);
    assert_string_equal(ui_edit_text(form.second), "x");
}

/* What an input method composes is shown and is no text yet; Enter is the method's then. */
static void test_composing(void **state) {
    (void)state;
    SDL_Event e = {.type = SDL_TEXTEDITING};
    SDL_snprintf(e.edit.text, sizeof e.edit.text, "ni");
    ui_event(s.ui, &e);
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    assert_first("");
    assert_int_equal(form.sent, 0);
    stage_letters(&s, "\u4f60");
    assert_first("\u4f60");
}

static void compose(const char *text) {
#if SDL_VERSION_ATLEAST(2, 0, 22)
    SDL_Event e = {.type = SDL_TEXTEDITING_EXT};
    e.editExt.text = SDL_strdup(text);
#else
    SDL_Event e = {.type = SDL_TEXTEDITING};
    SDL_snprintf(e.edit.text, sizeof e.edit.text, "%s", text);
#endif
    ui_event(s.ui, &e);
}

/* Keys that shorten or leave what is composed do nothing to the text before it. */
static void test_composing_keys(void **state) {
    static const SDL_Keycode keys[] = {SDLK_BACKSPACE, SDLK_DELETE, SDLK_LEFT, SDLK_HOME,
                                       SDLK_RETURN};
    (void)state;
    stage_type(&s, "ab");
    assert_first("ab");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        compose("more than thirty-one bytes of what is being composed");
        stage_key(&s, keys[i], KMOD_NONE);
        assert_first("ab");
    }
    assert_int_equal(form.sent, 0);
    compose("");
    stage_key(&s, SDLK_BACKSPACE, KMOD_NONE);
    assert_first("a");
    stage_letters(&s, "c"); /* at the end, where the cursor stayed */
    assert_first("ac");
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_typing),    EACH(test_order), EACH(test_tab_in_between),
        EACH(test_many),      EACH(test_lines), EACH(test_clipboard),
        EACH(test_composing), EACH(test_mouse), EACH(test_composing_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
