/* A picture in its box: each turn and mirroring, whole and in part, against the same made by hand;
 * and what wheel, hand and keys do to the view. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "stage.h"

#include <cmocka.h>

enum { TW = 5, TH = 3, CELLS = TW * TH };

static struct stage s;
static SDL_Texture *texture;
static struct ui_view view;
static struct ui_shown shown;
static const struct ui_box box = {40, 30, 331, 257};
static bool changed;

/* Colours far from each other, none like the ground. */
static uint32_t colour(int cell) {
    return (uint32_t)(40 + cell % 5 * 50) << 16 | (uint32_t)(40 + cell / 5 * 90) << 8 |
           (uint32_t)(cell * 17);
}

static void say(struct ui *ui, void *user) {
    (void)user;
    changed = ui_zoom(ui, "picture", box, &view, shown.width, shown.height);
    ui_picture(ui, "picture", box, texture, &shown, &view);
}

static void frame(void) { stage_frame(&s, say, NULL); }

static int set_up(void **state) {
    (void)state;
    uint32_t cells[CELLS];
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
    stage_open(&s, 640, 480);
    texture =
        SDL_CreateTexture(s.renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STATIC, TW, TH);
    assert_non_null(texture);
    for (int i = 0; i < CELLS; i++) cells[i] = colour(i);
    SDL_UpdateTexture(texture, NULL, cells, TW * 4);
    view = (struct ui_view){.zoom = 1, .x = 0.5, .y = 0.5};
    shown = (struct ui_shown){.width = TW, .height = TH};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    SDL_DestroyTexture(texture);
    stage_close(&s);
    return 0;
}

/* The cell that a picture shows at column c of row r. */
static int cell_at(int c, int r) {
    if (shown.mirror) c = shown.width - 1 - c;
    switch (shown.turn) {
    case 90:
        return (TH - 1 - c) * TW + r;
    case 180:
        return (TH - 1 - r) * TW + TW - 1 - c;
    case 270:
        return c * TW + TW - 1 - r;
    default:
        return r * TW + c;
    }
}

static double scale(void) {
    return fmin((double)box.w / shown.width, (double)box.h / shown.height) * view.zoom;
}

/* Every third pixel of the window: the right cell, or the ground; within a pixel of an edge either
 * may be. Returns how many showed the picture. */
static int expect_picture(void) {
    int width, height, seen = 0;
    uint32_t *pixels = stage_pixels(&s, &width, &height);
    assert_non_null(pixels);
    const uint32_t ground = pixels[0];
    const double k = scale();
    const double left = box.x + box.w / 2.0 - view.x * shown.width * k;
    const double top = box.y + box.h / 2.0 - view.y * shown.height * k;
    for (int y = 0; y < height; y += 3)
        for (int x = 0; x < width; x += 3) {
            const double u = (x + 0.5 - left) / k, v = (y + 0.5 - top) / k, edge = 1.5 / k;
            if (fabs(u - round(u)) < edge || fabs(v - round(v)) < edge) continue;
            const bool in_box = x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h;
            const bool in = in_box && u > 0 && v > 0 && u < shown.width && v < shown.height;
            const uint32_t want = in ? colour(cell_at((int)u, (int)v)) : ground;
            if (pixels[y * width + x] != want)
                fail_msg("turn %d, mirror %d, zoom %g at %d,%d: %06x, not %06x", shown.turn,
                         shown.mirror, view.zoom, x, y, pixels[y * width + x], want);
            seen += in;
        }
    free(pixels);
    return seen;
}

static void test_turns(void **state) {
    (void)state;
    static const double places[][3] = {{1, 0.5, 0.5}, {2, 0, 0},        {3.3, 1, 0.2},
                                       {16, 0.5, 1},  {1.2, 0.7, 0.46}, {7, 0.31, 0.77}};
    for (int turn = 0; turn < 360; turn += 90)
        for (int mirror = 0; mirror < 2; mirror++)
            for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                const bool sideways = turn % 180 != 0;
                shown = (struct ui_shown){.width = sideways ? TH : TW,
                                          .height = sideways ? TW : TH,
                                          .turn = turn,
                                          .mirror = mirror};
                view = (struct ui_view){.zoom = places[i][0], .x = places[i][1], .y = places[i][2]};
                frame();
                assert_true(expect_picture() > 400);
            }
}

static void test_no_margin(void **state) {
    (void)state;
    view = (struct ui_view){.zoom = 4, .x = -3, .y = 9};
    frame();
    const double half_w = box.w / 2.0 / (TW * scale()), half_h = box.h / 2.0 / (TH * scale());
    assert_float_equal(view.x, half_w, 1e-9);
    assert_float_equal(view.y, 1 - half_h, 1e-9);
    view = (struct ui_view){.zoom = 0.01, .x = 0, .y = 1};
    frame();
    assert_true(view.zoom == 1 && view.x == 0.5 && view.y == 0.5);
    view.zoom = 1e9;
    frame();
    assert_true(view.zoom == 16);
}

/* What part of the picture is at this place of the screen. */
static double u_at(double x) { return view.x + (x - box.x - box.w / 2.0) / (TW * scale()); }

static void test_wheel_and_hand(void **state) {
    (void)state;
    const int x = box.x + 100, y = box.y + 120;
    stage_move(&s, x, y);
    frame();
    assert_false(changed);
    const double under = u_at(x);
    stage_wheel(&s, 3);
    frame();
    assert_true(changed);
    assert_float_equal(view.zoom, pow(1.25, 3), 1e-9);
    assert_float_equal(u_at(x), under, 1e-9); /* what was under the mouse still is */
    stage_press(&s, x, y, 1);
    stage_move(&s, x + 20, y); /* within the frame that it was pressed in */
    frame();
    assert_float_equal(u_at(x + 20), under, 1e-9);
    stage_move(&s, x - 15, y);
    frame();
    assert_float_equal(u_at(x - 15), under, 1e-9);
    stage_release(&s, x - 15, y);
    frame();
    stage_move(&s, x + 50, y);
    frame();
    assert_false(changed); /* let go */
    stage_press(&s, x, y, 2);
    frame();
    assert_true(view.zoom == 1);
    stage_move(&s, 5, 5);
    stage_release(&s, 5, 5);
    stage_wheel(&s, 2);
    frame();
    assert_false(changed); /* beside the picture */
}

static void test_by_keys(void **state) {
    (void)state;
    ui_zoom_by(box, &view, TW, TH, 2);
    assert_true(view.zoom == 2 && view.x == 0.5 && view.y == 0.5);
    ui_zoom_by(box, &view, TW, TH, 0);
    assert_true(view.zoom == 1);
    ui_zoom_by(box, &view, 0, TH, 2); /* nothing is there */
    assert_true(view.zoom == 1);
}

/* A part of the picture is found where its cells are drawn, whatever is seen of it. */
static void check_part(void) {
    const double second[] = {1.0 / TW, 1.0 / TH, 2.0 / TW, 2.0 / TH};
    int width, height;
    frame();
    const struct ui_box at = ui_picture_part(box, &view, &shown, second);
    uint32_t *pixels = stage_pixels(&s, &width, &height);
    assert_true(at.w > 4 && at.h > 4);
    const int xs[] = {at.x + 1, at.x + at.w / 2, at.x + at.w - 2},
              ys[] = {at.y + 1, at.y + at.h / 2, at.y + at.h - 2};
    for (int i = 0; i < 9; i++)
        assert_int_equal(pixels[ys[i / 3] * width + xs[i % 3]] & 0xffffff, colour(TW + 1));
    free(pixels);
}

static void test_part(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        shown.mirror = i % 2 != 0;
        view = (struct ui_view){.zoom = i / 2 ? 2 : 1, .x = 0.5, .y = 0.5};
        check_part();
    }
    view = (struct ui_view){.zoom = 8, .x = 0.9, .y = 0.9};
    frame();
    assert_int_equal(ui_picture_part(box, &view, &shown, (double[]){0.7, 0, 0.9, 0.2}).w, 0);
}

/* A small picture is not blown up to its box unless it is looked at closer. */
static void test_larger_most(void **state) {
    (void)state;
    view.larger_most = 4;
    frame();
    struct ui_box b = stage_seen(&s, "picture")->box;
    assert_true(b.w == 4 * TW && b.h == 4 * TH);
    assert_true(abs(b.x + b.w / 2 - box.x - box.w / 2) <= 1);
    view.zoom = 16;
    frame();
    b = stage_seen(&s, "picture")->box;
    assert_true(b.w >= box.w - 16 && b.h > 4 * TH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_margin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wheel_and_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_by_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_larger_most, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
