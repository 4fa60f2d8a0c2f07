/* Every text can be read: contrasts by WCAG 2.1, of the tables and of what is drawn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#include <cmocka.h>

static double linear(unsigned v) {
    const double c = v / 255.0;
    return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb) {
    return 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) +
           0.0722 * linear(rgb & 255);
}

static double contrast(uint32_t a, uint32_t b) {
    const double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

static double least_of(const struct ui_theme *t) {
    return strcmp(t->name, "contrast") == 0 ? 7 : 4.5;
}

static void test_formula(void **state) {
    (void)state;
    assert_true(fabs(contrast(0x000000, 0xffffff) - 21) < 1e-9);
    assert_true(fabs(contrast(0x777777, 0xffffff) - 4.478) < 0.01);
}

static void test_tables(void **state) {
    const struct ui_theme *t;
    int n = 0;
    (void)state;
    for (; (t = ui_theme_at(n)); n++) {
        const struct {
            const char *what;
            uint32_t text, ground;
            double least;
        } pairs[] = {
            {"text on ground", t->text, t->ground, least_of(t)},
            {"text on panel", t->text, t->panel, least_of(t)},
            {"text on raised", t->text, t->raised, least_of(t)},
            {"dim on ground", t->dim, t->ground, least_of(t)},
            {"dim on panel", t->dim, t->panel, least_of(t)},
            {"dim on raised", t->dim, t->raised, least_of(t)},
            {"on accent", t->on_accent, t->accent, least_of(t)},
            {"on good", t->on_banner, t->good, least_of(t)},
            {"on warning", t->on_banner, t->warning, least_of(t)},
            {"on error", t->on_banner, t->error, least_of(t)},
            /* What is no text needs 3 (1.4.11). */
            {"ring on ground", t->ring, t->ground, 3},
            {"ring on panel", t->ring, t->panel, 3},
            {"ring on raised", t->ring, t->raised, 3},
            {"accent on panel", t->accent, t->panel, 3},
        };
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
            const double is = contrast(pairs[i].text, pairs[i].ground);
            if (is < pairs[i].least) fail_msg("%s: %s: %.2f", t->name, pairs[i].what, is);
        }
        assert_ptr_equal(ui_theme_find(t->name), t);
    }
    assert_true(n >= 3);
    assert_null(ui_theme_at(-1));
    assert_null(ui_theme_find("none"));
}

/* ---- what is drawn --------------------------------------------------------------------------- */

struct shown {
    struct ui_edit *edit;
    int what;
    bool panel; /* on this ground */
};

static const struct ui_box box = {60, 60, 480, 120};

enum { BUTTONS = 6, BANNERS = 3, FIELDS = 2 };

static void say_button(struct ui *ui, int what) {
    static const struct ui_button buttons[BUTTONS] = {
        {.text = "Send"},
        {.text = "Send", .primary = true},
        {.text = "Send", .on = true},
        {.text = "Send", .quiet = true},
        {.text = "Send", .quiet = true, .on = true},
        {.icon = UI_ICON_GEAR, .quiet = true},
    };
    ui_button(ui, "it", box, &buttons[what]);
}

static void say(struct ui *ui, void *user) {
    struct shown *shown = user;
    const struct ui_theme *t = ui_look_of(ui);
    int what = shown->what;
    ui_fill(ui, ui_window(ui), shown->panel ? t->panel : t->ground);
    if (what < BUTTONS) say_button(ui, what);
    what -= BUTTONS;
    if (what >= 0 && what < BANNERS) ui_banner(ui, "it", box, (enum ui_tone)what, "WWW", NULL);
    what -= BANNERS;
    if (what >= 0) ui_text_field(ui, "it", box, shown->edit, &(struct ui_field){.hint = "WWW"});
}

/* Of the most frequent colour in a box and the one that stands out of it most. */
static double drawn_contrast(struct stage *s, struct ui_box b) {
    int width, height;
    uint32_t *pixels = stage_pixels(s, &width, &height);
    static unsigned counts[1 << 24];
    uint32_t ground = pixels[b.y * width + b.x];
    double most = 1;
    memset(counts, 0, sizeof counts);
    for (int y = b.y; y < b.y + b.h; y++)
        for (int x = b.x; x < b.x + b.w; x++) {
            const uint32_t rgb = pixels[y * width + x];
            if (++counts[rgb] > counts[ground]) ground = rgb;
        }
    for (int y = b.y; y < b.y + b.h; y++)
        for (int x = b.x; x < b.x + b.w; x++) {
            const double is = contrast(pixels[y * width + x], ground);
            if (is > most) most = is;
        }
    free(pixels);
    return most;
}

static struct stage s;
static struct shown shown;

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    shown = (struct shown){.edit = ui_edit_open()};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ui_edit_close(shown.edit);
    stage_close(&s);
    return 0;
}

static struct ui_box inside(struct ui_box b) { return ui_inset(b, 16, 16); }

static void check(const struct ui_theme *t, const char *how, double least) {
    stage_frame(&s, say, &shown);
    stage_frame(&s, say, &shown);
    const double is = drawn_contrast(&s, inside(box));
    if (is < least) fail_msg("%s: the control %d, %s: %.2f", t->name, shown.what, how, is);
}

static void test_buttons(void **state) {
    (void)state;
    for (int i = 0; ui_theme_at(i); i++)
        for (shown.what = 0; shown.what < BUTTONS + BANNERS; shown.what++)
            for (int panel = 0; panel < 2; panel++) {
                const struct ui_theme *t = ui_theme_at(i);
                shown.panel = panel;
                ui_look(s.ui, t, 3);
                stage_move(&s, 1, 1);
                check(t, "as it is", least_of(t));
                if (shown.what >= BUTTONS) continue;
                stage_move(&s, box.x + 5, box.y + 5);
                check(t, "under the mouse", least_of(t));
                stage_press(&s, box.x + 5, box.y + 5, 1);
                check(t, "held down", least_of(t));
                stage_release(&s, 1, 1);
                stage_frame(&s, say, &shown);
            }
}

static void test_fields(void **state) {
    (void)state;
    shown.what = BUTTONS + BANNERS;
    for (int i = 0; ui_theme_at(i); i++) {
        const struct ui_theme *t = ui_theme_at(i);
        ui_look(s.ui, t, 3);
        ui_edit_set(shown.edit, "");
        check(t, "a hint", least_of(t));
        ui_edit_set(shown.edit, "WWWW");
        check(t, "a text", least_of(t));
        ui_focus(s.ui, "it");
        stage_frame(&s, say, &shown);
        stage_key(&s, SDLK_a, KMOD_LCTRL);
        stage_frame(&s, say, &shown);
        const struct ui_box text = {box.x + 44, box.y + 40, 120, 40};
        const double is = drawn_contrast(&s, text);
        if (is < least_of(t)) fail_msg("%s: selected text: %.2f", t->name, is);
    }
}

/* ---- a list ---------------------------------------------------------------------------------- */

static void say_list(struct ui *ui, void *user) {
    static const struct ui_item items[] = {{.text = "WWW", .detail = "MMM"},
                                           {.text = "WWW", .detail = "MMM"}};
    (void)user;
    ui_pick(ui, "it", (struct ui_box){20, 20, 560, 90},
            &(struct ui_picker){.text = "WWW", .items = items, .n = 2, .chosen = 0});
}

static void check_row(const struct ui_theme *t, const char *id) {
    const struct ui_box row = stage_seen(&s, id)->box;
    const struct ui_box left = {row.x + 24, row.y + 8, row.w / 2 - 40, row.h - 16};
    const struct ui_box right = {row.x + row.w / 2, row.y + 8, row.w / 2 - 24, row.h - 16};
    const double text = drawn_contrast(&s, left), detail = drawn_contrast(&s, right);
    if (text < least_of(t)) fail_msg("%s: %s: %.2f", t->name, id, text);
    if (detail < least_of(t)) fail_msg("%s: detail of %s: %.2f", t->name, id, detail);
}

static void test_list(void **state) {
    (void)state;
    for (int i = 0; ui_theme_at(i); i++) {
        const struct ui_theme *t = ui_theme_at(i);
        ui_look(s.ui, t, 3);
        stage_frame(&s, say_list, NULL);
        stage_click(&s, (struct ui_box){20, 20, 300, 90});
        for (int n = 0; n < 3; n++) stage_frame(&s, say_list, NULL);
        check_row(t, "popup.0"); /* the one the keyboard is at */
        check_row(t, "popup.1");
        stage_key(&s, SDLK_ESCAPE, KMOD_NONE);
        for (int n = 0; n < 3; n++) stage_frame(&s, say_list, NULL);
    }
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formula),
        cmocka_unit_test(test_tables),
        EACH(test_buttons),
        EACH(test_fields),
        EACH(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
