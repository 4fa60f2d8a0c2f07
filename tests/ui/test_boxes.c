/* At every size of letters all has a place: nothing of no size, nothing outside what it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#include <cmocka.h>

#define LONG                                                                            \
    "The model that was chosen needs 12 GB of memory, of which this machine has 8 GB; " \
    "choose a smaller one, or free some."

static struct stage s;

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    stage_close(&s);
    return 0;
}

static bool within(struct ui_box in, struct ui_box out) {
    return in.x >= out.x && in.y >= out.y && in.x + in.w <= out.x + out.w &&
           in.y + in.h <= out.y + out.h;
}

static void assert_within(const struct ui_seen *in, struct ui_box out, double scale) {
    const struct ui_box b = in->box;
    if (b.w <= 0 || b.h <= 0) fail_msg("%.2f: %s is %dx%d", scale, in->id, b.w, b.h);
    if (!within(b, out))
        fail_msg("%.2f: %s at %d,%d of %dx%d is outside %d,%d of %dx%d", scale, in->id, b.x, b.y,
                 b.w, b.h, out.x, out.y, out.w, out.h);
}

static void assert_all_within(struct ui_box out, double scale) {
    const struct ui_seen *list;
    const int n = ui_seen(s.ui, &list);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) assert_within(&list[i], out, scale);
}

/* All frames of a test at all sizes. */
static void at_all_sizes(stage_say *say, void (*check)(double scale)) {
    for (double scale = 0.5; scale <= 3.01; scale += 0.25) {
        ui_look(s.ui, ui_theme_at(0), scale);
        for (int i = 0; i < 3; i++) stage_frame(&s, say, NULL);
        check(scale);
    }
}

static void test_sizes(void **state) {
    (void)state;
    ui_look(s.ui, ui_theme_at(0), 0.1);
    assert_int_equal(ui_px(s.ui, 100), 50);
    assert_int_equal(ui_px(s.ui, 0.5), 1); /* a line stays a line */
    assert_int_equal(ui_px(s.ui, 0), 0);
    ui_look(s.ui, ui_theme_at(0), 9);
    assert_int_equal(ui_px(s.ui, 100), 300);
}

static void test_cuts(void **state) {
    struct ui_box b = {10, 20, 100, 50};
    (void)state;
    struct ui_box cut = ui_cut_top(&b, 60); /* more than there is */
    assert_true(cut.h == 50 && b.h == 0 && b.y == 70);
    b = (struct ui_box){10, 20, 100, 50};
    cut = ui_cut_right(&b, -5);
    assert_true(cut.w == 0 && b.w == 100);
    cut = ui_cut_left(&b, 30);
    assert_true(cut.x == 10 && cut.w == 30 && b.x == 40 && b.w == 70);
    cut = ui_cut_bottom(&b, 20);
    assert_true(cut.y == 50 && cut.h == 20 && b.h == 30);
    cut = ui_inset(b, 50, 50);
    assert_true(cut.w == 0 && cut.h == 0);
}

static void say_banner(struct ui *ui, void *user) {
    struct ui_box b = ui_window(ui);
    (void)user;
    const int short_one = ui_banner_height(ui, b.w, "Ready.", "Again");
    ui_banner(ui, "short", ui_cut_top(&b, short_one), UI_GOOD, "Ready.", "Again");
    const int h = ui_banner_height(ui, b.w, LONG, NULL);
    ui_banner(ui, "long", ui_cut_top(&b, h), UI_ERROR, LONG, NULL);
}

static void check_banner(double scale) {
    static const char *const parts[][2] = {
        {"short.close", "short"}, {"short.action", "short"}, {"long.close", "long"}};
    for (int i = 0; i < 3; i++) {
        const struct ui_seen *part = stage_seen(&s, parts[i][0]);
        assert_non_null(part);
        assert_within(part, stage_seen(&s, parts[i][1])->box, scale);
    }
    const struct ui_box action = stage_seen(&s, "short.action")->box,
                        close = stage_seen(&s, "short.close")->box;
    /* Side by side, or one above the other. */
    assert_true(action.x + action.w <= close.x || action.y >= close.y + close.h);
    assert_true(action.w >= ui_button_width(s.ui, &(struct ui_button){.text = "Again"}));
    if (scale <= 2) assert_all_within((struct ui_box){0, 0, 640, 480}, scale);
}

static void test_banner(void **state) {
    (void)state;
    at_all_sizes(say_banner, check_banner);
}

static struct ui_box sheet_in;

static void say_sheet(struct ui *ui, void *user) {
    bool close;
    (void)user;
    struct ui_box in = ui_sheet_begin(ui, "sheet", ui_px(ui, 520), ui_px(ui, 600), LONG, &close);
    sheet_in = in;
    ui_button(ui, "inside", ui_cut_bottom(&in, ui_px(ui, 34)), &(struct ui_button){.text = "Well"});
    ui_sheet_end(ui);
}

static void check_sheet(double scale) {
    const struct ui_seen *sheet = stage_seen(&s, "sheet");
    assert_within(sheet, (struct ui_box){0, 0, 640, 480}, scale);
    assert_true(within(sheet_in, sheet->box));
    assert_within(stage_seen(&s, "inside"), sheet_in, scale);
    assert_within(stage_seen(&s, "sheet.close"), sheet->box, scale);
}

static void test_sheet(void **state) {
    (void)state;
    at_all_sizes(say_sheet, check_sheet);
}

static int list_y; /* where its control is */

static void say_list(struct ui *ui, void *user) {
    static struct ui_item items[30];
    (void)user;
    for (int i = 0; i < 30; i++)
        items[i] = (struct ui_item){.text = LONG, .detail = i % 2 ? LONG : NULL};
    ui_pick(ui, "pick", (struct ui_box){400, list_y, 230, ui_px(ui, 34)},
            &(struct ui_picker){.text = LONG, .items = items, .n = 30, .chosen = 29});
}

static void check_list(double scale) {
    (void)scale;
    stage_click(&s, stage_seen(&s, "pick")->box);
    for (int i = 0; i < 3; i++) stage_frame(&s, say_list, NULL);
    const struct ui_seen *list = stage_seen(&s, "popup"), *seen;
    assert_non_null(list);
    assert_non_null(stage_seen(&s, "popup.29")); /* the chosen one is shown */
    assert_all_within((struct ui_box){0, 0, 640, 480}, scale);
    const int n = ui_seen(s.ui, &seen);
    for (int i = 0; i < n; i++)
        if (strncmp(seen[i].id, "popup.", 6) == 0) assert_within(&seen[i], list->box, scale);
    stage_key(&s, SDLK_ESCAPE, KMOD_NONE);
    for (int i = 0; i < 3; i++) stage_frame(&s, say_list, NULL);
    assert_null(stage_seen(&s, "popup"));
}

static void test_list(void **state) {
    (void)state;
    for (list_y = 0; list_y < 380; list_y += 90) at_all_sizes(say_list, check_list);
}

static struct ui_box button_box;

static void say_tips(struct ui *ui, void *user) {
    (void)user;
    ui_toast(ui, LONG);
    ui_button(ui, "button", button_box, &(struct ui_button){.text = "x", .why_not = LONG});
}

static void check_tips(double scale) {
    stage_move(&s, button_box.x + 2, button_box.y + 2);
    stage_frame(&s, say_tips, NULL);
    s.now += 600;
    stage_frame(&s, say_tips, NULL);
    assert_within(stage_seen(&s, "tip"), (struct ui_box){0, 0, 640, 480}, scale);
    if (scale <= 1.5) assert_all_within((struct ui_box){0, 0, 640, 480}, scale);
    stage_move(&s, 320, 5);
    stage_frame(&s, say_tips, NULL);
}

/* In each corner of the window. */
static void test_tips(void **state) {
    (void)state;
    for (int corner = 0; corner < 4; corner++) {
        button_box = (struct ui_box){corner % 2 ? 600 : 0, corner / 2 ? 440 : 0, 40, 40};
        at_all_sizes(say_tips, check_tips);
    }
}

static SDL_Texture *texture;

static void say_picture(struct ui *ui, void *user) {
    const int *size = user;
    for (int i = 0; i < 4; i++) {
        char id[8];
        SDL_snprintf(id, sizeof id, "p%d", i);
        struct ui_view whole = {.zoom = 1, .x = 0.5, .y = 0.5};
        ui_picture(ui, id, (struct ui_box){100, 50, 300, 200}, texture,
                   &(struct ui_shown){size[0], size[1], 90 * i, i % 2}, &whole);
    }
}

static void test_picture(void **state) {
    static const int sizes[][2] = {{1, 1}, {640, 480}, {480, 640}, {8000, 10}, {3, 9000}};
    (void)state;
    texture = SDL_CreateTexture(s.renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STATIC, 4, 4);
    assert_non_null(texture);
    for (int i = 0; i < 5; i++) {
        stage_frame(&s, say_picture, (void *)sizes[i]);
        for (int turn = 0; turn < 4; turn++) {
            char id[8];
            SDL_snprintf(id, sizeof id, "p%d", turn);
            const struct ui_box b = stage_seen(&s, id)->box;
            const double w = sizes[i][0], h = sizes[i][1]; /* as it is seen */
            assert_within(stage_seen(&s, id), (struct ui_box){100, 50, 300, 200}, 1);
            /* Its proportions stay, and it fills the box in one direction. */
            assert_true(b.w == 300 || b.h == 200);
            if (b.w > 1 && b.h > 1)
                assert_true(abs((int)(b.w * h / w + 0.5) - b.h) <= 1 + (int)(h / w));
        }
    }
    SDL_DestroyTexture(texture);
}

static void say_texts(struct ui *ui, void *user) {
    const int w = ui_text_width(ui, "Longest answer", UI_BODY), h = ui_px(ui, 30);
    (void)user;
    ui_label(ui, "room", (struct ui_box){0, 0, w + 1, h}, "Longest answer", &(struct ui_text){0});
    ui_label(ui, "none", (struct ui_box){0, h, w / 2, h}, "Longest answer", &(struct ui_text){0});
    ui_label(ui, "name", (struct ui_box){0, 2 * h, w / 2, h}, "Longest answer",
             &(struct ui_text){.may_cut = true});
    ui_label(ui, "low", (struct ui_box){0, 3 * h, w / 2, h / 2}, LONG,
             &(struct ui_text){.wrap = true});
    ui_button(ui, "button", (struct ui_box){0, 5 * h, w / 2, h},
              &(struct ui_button){.text = "Longest answer"});
}

static void check_texts(double scale) {
    static const struct {
        const char *id;
        bool cut;
    } all[] = {{"room", false}, {"none", true}, {"name", false}, {"low", true}, {"button", true}};
    for (int i = 0; i < 5; i++)
        if (stage_seen(&s, all[i].id)->cut != all[i].cut) fail_msg("%.2f: %s", scale, all[i].id);
}

/* What has no room for its text says so. */
static void test_texts(void **state) {
    (void)state;
    at_all_sizes(say_texts, check_texts);
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_sizes),   cmocka_unit_test(test_cuts),
        EACH(test_banner),  EACH(test_sheet),
        EACH(test_list),    EACH(test_tips),
        EACH(test_picture), EACH(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
