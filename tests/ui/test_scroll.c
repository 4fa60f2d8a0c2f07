/* A column that is longer than its box: never beyond its ends, whatever pushes it. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "stage.h"

#include <cmocka.h>

struct column {
    struct ui_scroll scroll;
    struct ui_box box, in;
    int content;
    bool stick;
};

static void say(struct ui *ui, void *user) {
    struct column *c = user;
    c->in = ui_scroll_begin(ui, "talk", c->box, &c->scroll, c->content, c->stick);
    ui_scroll_end(ui);
}

static struct stage s;
static struct column c;

static void frames(int n) {
    while (n-- > 0) stage_frame(&s, say, &c);
}

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    c = (struct column){.box = {20, 20, 300, 200}, .content = 1000};
    frames(1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    stage_close(&s);
    return 0;
}

static void assert_clamped(void) {
    const int most = c.content > c.box.h ? c.content - c.box.h : 0;
    assert_in_range(c.scroll.at, 0, most);
    assert_int_equal(c.in.y, c.box.y - c.scroll.at);
    assert_int_equal(c.in.h, c.content);
    assert_true(c.in.w > 0 && c.in.w <= c.box.w);
}

static void test_wheel(void **state) {
    (void)state;
    stage_wheel(&s, -1);
    frames(1);
    assert_int_equal(c.scroll.at, 0); /* the mouse is elsewhere */
    stage_move(&s, 100, 100);
    stage_wheel(&s, -1);
    frames(1);
    assert_int_equal(c.scroll.at, 56);
    stage_wheel(&s, -1000);
    frames(1);
    assert_int_equal(c.scroll.at, 800);
    assert_clamped();
    stage_wheel(&s, 100000);
    frames(1);
    assert_int_equal(c.scroll.at, 0);
    assert_clamped();
}

static void key_to(SDL_Keycode key, int n, int at) {
    while (n-- > 0) stage_key(&s, key, KMOD_NONE);
    frames(1);
    assert_int_equal(c.scroll.at, at);
    assert_clamped();
}

static void test_keys(void **state) {
    (void)state;
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    frames(1);
    key_to(SDLK_PAGEDOWN, 1, 180);
    key_to(SDLK_PAGEDOWN, 2, 540); /* in one frame */
    key_to(SDLK_UP, 3, 540 - 3 * 56);
    key_to(SDLK_END, 1, 800);
    key_to(SDLK_DOWN, 5, 800);
    key_to(SDLK_HOME, 1, 0);
    key_to(SDLK_PAGEUP, 1, 0);
    stage_key(&s, SDLK_END, KMOD_NONE); /* in their order */
    stage_key(&s, SDLK_HOME, KMOD_NONE);
    key_to(SDLK_DOWN, 1, 56);
}

/* On a screen as high as they come, of a talk as long as it gets. */
static void test_large(void **state) {
    (void)state;
    c.box.h = 4320;
    c.content = INT_MAX / 2;
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    frames(1);
    key_to(SDLK_END, 1, c.content - 4320);
    key_to(SDLK_PAGEUP, 1, c.content - 4320 - 3888);
    key_to(SDLK_HOME, 1, 0);
}

static void test_shrinks(void **state) {
    (void)state;
    c.scroll.at = 700;
    static const int contents[] = {1000, 500, 201, 200, 199, 1, 0, 900};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        c.content = contents[i];
        frames(1);
        assert_clamped();
    }
    c.scroll.at = -5000;
    frames(1);
    assert_clamped();
    c.scroll.at = INT_MAX;
    frames(1);
    assert_clamped();
}

/* It stays at the end while it grows, until somebody looks further up; and again from the end. */
static void test_stick(void **state) {
    (void)state;
    c.stick = true;
    frames(1);
    assert_int_equal(c.scroll.at, 800);
    c.content = 1200;
    frames(1);
    assert_int_equal(c.scroll.at, 1000);
    stage_move(&s, 100, 100);
    stage_wheel(&s, 2);
    frames(1);
    assert_true(c.scroll.loose);
    c.content = 1300;
    frames(1);
    assert_int_equal(c.scroll.at, 1000 - 112);
    stage_wheel(&s, -20);
    frames(1);
    assert_false(c.scroll.loose);
    c.content = 1400;
    frames(1);
    assert_int_equal(c.scroll.at, 1200);
    c.content = 100; /* shorter than the box */
    frames(1);
    assert_int_equal(c.scroll.at, 0);
}

static void test_bar(void **state) {
    (void)state;
    const int x = c.box.x + c.box.w - 4;
    stage_press(&s, x, 22, 1);
    frames(1);
    assert_int_equal(c.scroll.at, 0); /* held where it is */
    for (int y = -300; y < 800; y += 7) {
        stage_move(&s, x + 200, y);
        frames(1);
        assert_clamped();
    }
    assert_int_equal(c.scroll.at, 800);
    stage_release(&s, x, 800);
    frames(1);
    stage_move(&s, x, 25);
    frames(1);
    assert_int_equal(c.scroll.at, 800); /* let go */
    stage_press(&s, x, 120, 1);         /* beside the thumb: there, at once */
    stage_release(&s, x, 120);
    frames(1);
    assert_clamped();
}

static void test_short(void **state) {
    (void)state;
    c.content = 150; /* all is seen: neither keys nor bar */
    stage_key(&s, SDLK_TAB, KMOD_NONE);
    stage_key(&s, SDLK_END, KMOD_NONE);
    stage_move(&s, 100, 100);
    stage_wheel(&s, -9);
    frames(3);
    assert_int_equal(c.scroll.at, 0);
    assert_null(stage_focused(&s));
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_wheel), EACH(test_keys), EACH(test_large), EACH(test_shrinks),
        EACH(test_stick), EACH(test_bar),  EACH(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
