/* Buttons and lists: what a click, a key and a reason not to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stage.h"

#include <cmocka.h>

static const struct ui_box send_box = {20, 20, 100, 30}, off_box = {140, 20, 100, 30},
                           list_box = {20, 80, 200, 30}, clipped_box = {20, 200, 100, 60};
static const struct ui_item items[] = {{.text = "apple"},
                                       {.text = "banana", .why_not = "It is too large."},
                                       {.text = "cherry", .detail = "2 GB"},
                                       {.text = "date"},
                                       {.text = "cranberry"}};

struct form {
    int sent, off, clipped, picked, chosen, progress;
    bool without_list;
    char typed[64]; /* that nobody took */
};

static void say(struct ui *ui, void *user) {
    struct form *f = user;
    f->sent += ui_button(ui, "send", send_box, &(struct ui_button){.text = "Send", .tip = "Go"});
    f->off += ui_button(
        ui, "off", off_box,
        &(struct ui_button){.text = "Off", .tip = "Tip", .why_not = "There is no picture yet."});
    ui_clip(ui, (struct ui_box){20, 200, 100, 20});
    f->clipped += ui_button(ui, "clipped", clipped_box, &(struct ui_button){.text = "Clipped"});
    ui_unclip(ui);
    if (!f->without_list) {
        const int picked = ui_pick(
            ui, "list", list_box,
            &(struct ui_picker){.text = "Fruit", .items = items, .n = 5, .chosen = f->chosen});
        if (picked >= 0) f->picked = picked;
    }
    SDL_snprintf(f->typed, sizeof f->typed, "%s", ui_typed(ui));
    ui_progress(ui, "progress", (struct ui_box){20, 300, 200, 8}, f->progress / 100.0);
}

static struct stage s;
static struct form form;

static void frames(int n) {
    while (n-- > 0) stage_frame(&s, say, &form);
}

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    form = (struct form){.picked = -1, .chosen = -1, .progress = 50};
    frames(1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    stage_close(&s);
    return 0;
}

static void test_clicks(void **state) {
    (void)state;
    stage_click(&s, send_box); /* both in one frame */
    frames(1);
    assert_int_equal(form.sent, 1);
    stage_press(&s, 40, 30, 1);
    frames(3);
    assert_int_equal(form.sent, 1); /* not before it is let go */
    stage_release(&s, 40, 30);
    frames(3);
    assert_int_equal(form.sent, 2);
    stage_press(&s, 40, 30, 1); /* let go beside it */
    frames(1);
    stage_release(&s, 400, 400);
    frames(1);
    stage_press(&s, 400, 400, 1); /* pressed beside it */
    frames(1);
    stage_release(&s, 40, 30);
    frames(1);
    assert_int_equal(form.sent, 2);
    stage_press(&s, send_box.x + send_box.w, 30, 1); /* one pixel too far */
    stage_release(&s, send_box.x + send_box.w, 30);
    frames(1);
    SDL_Event e = {.type = SDL_MOUSEBUTTONDOWN};
    e.button.button = SDL_BUTTON_RIGHT;
    e.button.x = e.button.y = 30;
    ui_event(s.ui, &e);
    e.type = SDL_MOUSEBUTTONUP;
    ui_event(s.ui, &e);
    frames(1);
    assert_int_equal(form.sent, 2);
}

static void test_off(void **state) {
    (void)state;
    stage_click(&s, off_box);
    frames(1);
    assert_int_equal(form.off, 0);
    const struct ui_seen *seen = stage_seen(&s, "off");
    assert_false(seen->enabled);
    assert_string_equal(seen->why_not, "There is no picture yet.");
    assert_null(stage_seen(&s, "send")->why_not);
    assert_true(stage_seen(&s, "send")->enabled);
    stage_move(&s, off_box.x + 5, off_box.y + 5);
    frames(1);
    assert_null(stage_seen(&s, "tip")); /* not at once */
    assert_true(ui_wait(s.ui, s.now) > 0);
    s.now += 600;
    frames(1);
    assert_string_equal(stage_seen(&s, "tip")->text, "There is no picture yet.");
    stage_move(&s, 600, 400);
    frames(1);
    assert_null(stage_seen(&s, "tip"));
}

static void test_clipped(void **state) {
    (void)state;
    stage_press(&s, 30, 240, 1); /* in its box, but not where it is seen */
    stage_release(&s, 30, 240);
    frames(1);
    assert_int_equal(form.clipped, 0);
    stage_press(&s, 30, 210, 1);
    stage_release(&s, 30, 210);
    frames(1);
    assert_int_equal(form.clipped, 1);
}

static void space(void) {
    stage_key(&s, SDLK_SPACE, KMOD_NONE);
    stage_letters(&s, " "); /* keyboards send both */
}

static void test_keys(void **state) {
    (void)state;
    stage_click(&s, send_box); /* clicked, the keyboard is there but no ring: Enter is others' */
    frames(1);
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    frames(1);
    assert_int_equal(form.sent, 1);
    stage_key(&s, SDLK_TAB, KMOD_LSHIFT);
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    frames(3);
    assert_string_equal(stage_focused(&s)->id, "send");
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    frames(1);
    assert_int_equal(form.sent, 2);
    space();
    frames(1);
    assert_int_equal(form.sent, 3);
    assert_string_equal(form.typed, ""); /* the space was the button's */
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    frames(3);
    assert_int_equal(form.off, 0);
}

static void open_list(void) {
    stage_click(&s, list_box);
    frames(2);
    assert_non_null(stage_seen(&s, "popup"));
}

static void test_list_by_mouse(void **state) {
    (void)state;
    open_list();
    assert_false(stage_seen(&s, "send")->enabled);
    assert_string_equal(stage_seen(&s, "popup.1")->why_not, "It is too large.");
    stage_click(&s, stage_seen(&s, "popup.1")->box); /* cannot be chosen */
    frames(2);
    assert_int_equal(form.picked, -1);
    assert_non_null(stage_seen(&s, "popup"));
    stage_click(&s, stage_seen(&s, "popup.2")->box);
    frames(2);
    assert_int_equal(form.picked, 2);
    assert_null(stage_seen(&s, "popup"));
    open_list();
    stage_click(&s, send_box); /* beside it: closes, and nothing else */
    frames(2);
    assert_null(stage_seen(&s, "popup"));
    assert_int_equal(form.sent, 0);
    assert_int_equal(form.picked, 2);
}

static void test_list_by_keys(void **state) {
    static const struct {
        const char *keys; /* d own, u p, h ome, e nd; others are letters */
        int picked;
    } rows[] = {{"d", 0},  {"dd", 2},  {"ddd", 3}, {"dddddddd", 4}, {"ddu", 0},
                {"u", 4},  {"e", 4},   {"eh", 0},  {"euu", 2},      {"C", 2},
                {"CC", 4}, {"CCC", 2}, {"B", -1},  {"dB", 0},       {"Cd", 3}};
    (void)state;
    for (int apart = 0; apart < 2; apart++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            form.picked = -1;
            open_list();
            for (const char *k = rows[i].keys; *k; k++) {
                static const SDL_Keycode codes[] = {SDLK_DOWN, SDLK_UP, SDLK_HOME, SDLK_END};
                const char *which = strchr("duhe", *k);
                if (which)
                    stage_key(&s, codes[which - "duhe"], KMOD_NONE);
                else
                    stage_type(&s, (const char[2]){*k});
                if (apart) frames(1);
            }
            stage_key(&s, SDLK_RETURN, KMOD_NONE);
            if (rows[i].picked < 0) stage_key(&s, SDLK_ESCAPE, KMOD_NONE);
            frames(2);
            if (form.picked != rows[i].picked)
                fail_msg("\"%s\", %s: %d", rows[i].keys, apart ? "apart" : "at once", form.picked);
            assert_null(stage_seen(&s, "popup"));
        }
}

/* Opened, gone through and chosen from, in one frame. */
static void test_list_at_once(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) stage_key(&s, SDLK_TAB, KMOD_NONE);
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    frames(6);
    assert_string_equal(stage_focused(&s)->id, "list");
    space();
    stage_key(&s, SDLK_DOWN, KMOD_NONE);
    stage_key(&s, SDLK_DOWN, KMOD_NONE);
    space();
    stage_type(&s, "x"); /* comes after it, and is the window's */
    bool typed = false;
    for (int i = 0; i < 5; i++) {
        frames(1);
        assert_null(strchr(form.typed, ' '));
        typed |= strcmp(form.typed, "x") == 0;
    }
    assert_int_equal(form.picked, 2);
    assert_true(typed);
}

/* While the list is open, keys are its: also those the window would use. */
static void steal(struct ui *ui, void *user) {
    int *stolen = user;
    say(ui, &form);
    *stolen += ui_key(ui, SDLK_ESCAPE, KMOD_NONE) + ui_key(ui, SDLK_DOWN, KMOD_NONE);
    *stolen += ui_typed(ui)[0] != '\0';
    *stolen += ui_take_typed(ui, "c");
    *stolen += 100 * ui_key(ui, SDLK_q, KMOD_CTRL);
}

static void test_list_keeps_keys(void **state) {
    int stolen = 0;
    (void)state;
    open_list();
    stage_key(&s, SDLK_DOWN, KMOD_NONE);
    stage_type(&s, "c");
    stage_key(&s, SDLK_q, KMOD_LCTRL); /* but shortcuts still work */
    stage_frame(&s, steal, &stolen);
    assert_int_equal(stolen, 100);
    stage_key(&s, SDLK_ESCAPE, KMOD_NONE);
    stage_frame(&s, steal, &stolen);
    stage_frame(&s, steal, &stolen);
    assert_int_equal(stolen, 100);
    assert_null(stage_seen(&s, "popup"));
    stage_key(&s, SDLK_ESCAPE, KMOD_NONE);
    stage_frame(&s, steal, &stolen);
    assert_int_equal(stolen, 101);
}

/* The chosen one may be one that cannot be chosen any more. */
static void test_list_at_off(void **state) {
    (void)state;
    form.chosen = 1;
    open_list();
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    frames(2);
    assert_int_equal(form.picked, -1);
    assert_non_null(stage_seen(&s, "popup"));
}

/* A mouse that rests on a row does not keep the keyboard from others. */
static void test_list_under_mouse(void **state) {
    (void)state;
    open_list();
    const struct ui_box row = stage_seen(&s, "popup.3")->box;
    stage_move(&s, row.x + 9, row.y + 9);
    frames(1);
    stage_key(&s, SDLK_DOWN, KMOD_NONE);
    frames(2);
    stage_key(&s, SDLK_RETURN, KMOD_NONE);
    frames(2);
    assert_int_equal(form.picked, 4);
}

static void test_list_that_went(void **state) {
    (void)state;
    open_list();
    form.without_list = true;
    frames(3);
    assert_null(stage_seen(&s, "popup"));
    stage_click(&s, send_box);
    frames(1);
    assert_int_equal(form.sent, 1);
}

static void test_toast(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) ui_toast(s.ui, "Written");
    frames(1);
    assert_non_null(stage_seen(&s, "toast"));
    assert_true(ui_wait(s.ui, s.now) >= 0);
    s.now += 5000;
    frames(1);
    assert_null(stage_seen(&s, "toast"));
    assert_int_equal(ui_wait(s.ui, s.now), -1); /* nothing moves: it sleeps */
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_clicks),           EACH(test_off),
        EACH(test_clipped),          EACH(test_keys),
        EACH(test_list_by_keys),     EACH(test_list_by_mouse),
        EACH(test_list_at_once),     EACH(test_toast),
        EACH(test_list_keeps_keys),  EACH(test_list_that_went),
        EACH(test_list_under_mouse), EACH(test_list_at_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
