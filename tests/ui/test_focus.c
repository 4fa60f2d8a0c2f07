/* Where the keyboard is: Tab and Shift+Tab reach every control, once a round, in its order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stage.h"

#include <cmocka.h>

static const char *const order[] = {"open", "camera", "list", "prompt",
                                    "send", "off",    "talk", "copy"};
enum { N = sizeof order / sizeof *order };

struct form {
    struct ui_edit *prompt;
    struct ui_scroll talk;
    bool sheet, without_list, close;
    int used;
};

static void say_sheet(struct ui *ui, struct form *f) {
    struct ui_box in = ui_sheet_begin(ui, "sheet", 300, 200, "Sheet", &f->close);
    if (ui_button(ui, "in.sheet", ui_cut_top(&in, 30), &(struct ui_button){.text = "Inside"}))
        f->used += 100;
    ui_sheet_end(ui);
}

static void say(struct ui *ui, void *user) {
    static const struct ui_item items[] = {{.text = "a"}, {.text = "b"}};
    struct form *f = user;
    struct ui_box b = ui_window(ui);
    if (ui_button(ui, "open", ui_cut_top(&b, 30), &(struct ui_button){.text = "Open"})) f->used++;
    ui_button(ui, "camera", ui_cut_top(&b, 30), &(struct ui_button){.icon = UI_ICON_CAMERA});
    if (!f->without_list)
        ui_pick(ui, "list", ui_cut_top(&b, 30),
                &(struct ui_picker){.text = "List", .items = items, .n = 2});
    ui_label(ui, "label", ui_cut_top(&b, 30), "no control",
             &(struct ui_text){.rgb = ui_look_of(ui)->text});
    ui_text_field(ui, "prompt", ui_cut_top(&b, 40), f->prompt, &(struct ui_field){.hint = "Ask"});
    ui_button(ui, "send", ui_cut_top(&b, 30), &(struct ui_button){.text = "Send"});
    ui_button(ui, "off", ui_cut_top(&b, 30),
              &(struct ui_button){.text = "Off", .why_not = "There is no picture yet."});
    struct ui_box in = ui_scroll_begin(ui, "talk", ui_cut_top(&b, 80), &f->talk, 500, false);
    ui_button(ui, "copy", ui_cut_top(&in, 30), &(struct ui_button){.text = "Copy"});
    ui_scroll_end(ui);
    if (f->sheet) say_sheet(ui, f);
}

static struct stage s;
static struct form form;

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    form = (struct form){.prompt = ui_edit_open()};
    stage_frame(&s, say, &form);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ui_edit_close(form.prompt);
    stage_close(&s);
    return 0;
}

static const char *after(SDL_Keycode key, int mod) {
    stage_key(&s, key, mod);
    stage_frame(&s, say, &form);
    stage_frame(&s, say, &form);
    const struct ui_seen *seen = stage_focused(&s);
    return seen ? seen->id : "nothing";
}

static void test_round(void **state) {
    (void)state;
    assert_null(stage_focused(&s));
    for (int i = 0; i < 2 * N; i++) assert_string_equal(after(SDLK_TAB, KMOD_NONE), order[i % N]);
    for (int i = 2 * N - 2; i >= 0; i--)
        assert_string_equal(after(SDLK_TAB, KMOD_LSHIFT), order[i % N]);
    assert_string_equal(after(SDLK_TAB, KMOD_RSHIFT), order[N - 1]);
}

static void test_from_the_end(void **state) {
    (void)state;
    assert_string_equal(after(SDLK_TAB, KMOD_LSHIFT), order[N - 1]);
}

/* As many as come in one frame, in their order. */
static void test_many_tabs(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) stage_key(&s, SDLK_TAB, KMOD_NONE);
    for (int i = 0; i < 8; i++) stage_frame(&s, say, &form);
    assert_string_equal(stage_focused(&s)->id, order[4]);
    stage_key(&s, SDLK_TAB, KMOD_LSHIFT);
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    stage_key(&s, SDLK_TAB, KMOD_LSHIFT);
    for (int i = 0; i < 5; i++) stage_frame(&s, say, &form);
    assert_string_equal(stage_focused(&s)->id, order[3]);
}

/* A Tab and what is meant for where it leads. */
static void test_tab_then_space(void **state) {
    (void)state;
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    stage_key(&s, SDLK_SPACE, KMOD_NONE);
    for (int i = 0; i < 4; i++) stage_frame(&s, say, &form);
    assert_int_equal(form.used, 1);
}

static void test_control_that_went(void **state) {
    (void)state;
    ui_focus(s.ui, "list");
    stage_frame(&s, say, &form);
    assert_string_equal(stage_focused(&s)->id, "list");
    form.without_list = true;
    stage_frame(&s, say, &form);
    assert_string_equal(after(SDLK_TAB, KMOD_NONE), order[0]);
}

/* A sheet keeps the keyboard and the mouse to itself. */
static void test_sheet(void **state) {
    (void)state;
    const struct ui_box open = stage_seen(&s, "open")->box;
    form.sheet = true;
    stage_frame(&s, say, &form);
    stage_frame(&s, say, &form);
    assert_false(stage_seen(&s, "open")->enabled);
    assert_string_equal(after(SDLK_TAB, KMOD_NONE), "sheet.close");
    assert_string_equal(after(SDLK_TAB, KMOD_NONE), "in.sheet");
    assert_string_equal(after(SDLK_TAB, KMOD_NONE), "sheet.close");
    assert_string_equal(after(SDLK_TAB, KMOD_LSHIFT), "in.sheet");
    after(SDLK_SPACE, KMOD_NONE);
    assert_int_equal(form.used, 100);
    assert_false(form.close);
    stage_click(&s, open);
    stage_frame(&s, say, &form);
    assert_int_equal(form.used, 100); /* what is behind it is not used, */
    assert_true(form.close);          /* but it closes */
    stage_frame(&s, say, &form);
    assert_false(form.close);
    stage_key(&s, SDLK_ESCAPE, KMOD_NONE);
    stage_frame(&s, say, &form);
    assert_true(form.close);
    form.sheet = false;
    stage_frame(&s, say, &form);
    stage_frame(&s, say, &form);
    assert_string_equal(after(SDLK_TAB, KMOD_NONE), "open");
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_round), EACH(test_from_the_end),   EACH(test_many_tabs),
        EACH(test_sheet), EACH(test_tab_then_space), EACH(test_control_that_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
