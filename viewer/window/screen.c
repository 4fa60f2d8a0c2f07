/* screen.c - a frame of the window: where its parts are. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "view.h"
#include "viewer/uilog.h"

enum { WIDE = 820 }; /* from here on the halves are side by side */

/* ---- the line at the bottom ------------------------------------------------------------------ */

static void status(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const struct app *a = &v->app;
    const struct ui_text dim = {.font = UI_SMALL, .rgb = ui_look_of(ui)->dim};
    char left[200] = "", right[200] = "";
    if (a->context)
        snprintf(right, sizeof right, "context %d of %d tokens", a->context_used, a->context);
    const int w = ui_text_width(ui, right, UI_SMALL) + 1;
    struct ui_text to_right = dim;
    to_right.right = true;
    ui_label(ui, "context", ui_cut_right(&b, w), right, &to_right);
    ui_cut_right(&b, ui_px(ui, 16));
    if (!a->phase[0]) {
        snprintf(left, sizeof left, "%s", a->model == MODEL_READY ? "Ready" : "No model is loaded");
        ui_label(ui, "phase", b, left, &dim);
        return;
    }
    char part[48] = "";
    if (a->phase_total > 1 && strstr(a->phase, "weights"))
        snprintf(part, sizeof part, " %.0f of %.0f MB", (double)a->phase_done / 1e6,
                 (double)a->phase_total / 1e6);
    else if (a->phase_total > 1)
        snprintf(part, sizeof part, " %llu of %llu", (unsigned long long)a->phase_done,
                 (unsigned long long)a->phase_total);
    snprintf(left, sizeof left, "%c%s%s · %.1f s",
             a->phase[0] >= 'a' ? a->phase[0] - 32 : a->phase[0], a->phase + 1, part,
             (clock_ms() - a->phase_since) / 1000);
    struct ui_box bar = ui_cut_left(&b, ui_px(ui, 96));
    bar.y += (bar.h - ui_px(ui, 6)) / 2;
    bar.h = ui_px(ui, 6);
    ui_progress(ui, "progress", bar,
                a->phase_total > 1 ? (double)a->phase_done / (double)a->phase_total : -1);
    ui_cut_left(&b, ui_px(ui, 10));
    ui_label(ui, "phase", b, left, &dim);
}

/* ---- banners --------------------------------------------------------------------------------- */

static const char *const remedies[] = {
    [REMEDY_RETRY_LOAD] = "Try again",   [REMEDY_PICK_MODEL] = "Built-in model",
    [REMEDY_ASK_AGAIN] = "Ask again",    [REMEDY_CLEAR] = "New conversation",
    [REMEDY_RETRY_SOURCE] = "Try again", [REMEDY_OPEN] = "Open …",
    [REMEDY_PLAY_AGAIN] = "Play again",  [REMEDY_DEVICES] = "Devices …",
};

static void remedy(struct view *v, enum remedy what) {
    struct app *a = &v->app;
    app_dismiss(a);
    switch (what) {
    case REMEDY_RETRY_LOAD:
        app_reload(a);
        break;
    case REMEDY_PICK_MODEL:
        app_set_model(a, NULL, NULL);
        break;
    case REMEDY_ASK_AGAIN:
        app_ask_again(a);
        break;
    case REMEDY_CLEAR:
        app_clear(a);
        break;
    case REMEDY_DEVICES:
        view_devices(v);
        break;
    case REMEDY_PLAY_AGAIN:
    case REMEDY_RETRY_SOURCE:
        app_retry_source(a);
        break;
    case REMEDY_OPEN:
        view_open(v);
        break;
    case REMEDY_NONE:
        break;
    }
}

static void banner(struct view *v, struct ui_box *b) {
    struct app *a = &v->app;
    if (!a->banner.words[0]) return;
    const char *action = remedies[a->banner.remedy];
    const int h = ui_banner_height(v->ui, b->w, a->banner.words, action);
    const enum remedy what = a->banner.remedy;
    const int used = ui_banner(v->ui, "banner", ui_cut_top(b, h),
                               a->banner.good ? UI_GOOD : UI_ERROR, a->banner.words, action);
    ui_cut_top(b, ui_px(v->ui, 8));
    if (used == 1) remedy(v, what);
    if (used == 2) app_dismiss(a);
}

/* ---- what tests read ------------------------------------------------------------------------- */

void view_log_boxes(struct view *v) {
    const struct ui_seen *seen;
    v->boxes_logged = clock_ms();
    v->boxes_due = 0;
    const int n = ui_seen(v->ui, &seen);
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        const struct ui_seen *s = &seen[i];
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:s,s:[i,i,i,i],s:[i,i,i,i],s:b,s:b,s:s}", "id",
                                        s->id, "kind", s->kind, "text", s->text, "box", s->box.x,
                                        s->box.y, s->box.w, s->box.h, "clip", s->clip.x, s->clip.y,
                                        s->clip.w, s->clip.h, "enabled", s->enabled, "focused",
                                        s->focused, "why_not", s->why_not ? s->why_not : ""));
    }
    uilog("boxes", "{s:I,s:o}", "frames", (json_int_t)v->gaps.drawn, "boxes", list);
}

/* Four times a second at most, and the last one in any case. */
static void maybe_log_boxes(struct view *v) {
    enum { BETWEEN_MS = 250 };
    if (!uilog_is_open()) return;
    if (clock_ms() >= v->boxes_logged + BETWEEN_MS)
        view_log_boxes(v);
    else if (v->boxes_due <= 0)
        v->boxes_due = v->boxes_logged + BETWEEN_MS;
}

/* ---- all ------------------------------------------------------------------------------------- */

static void halves(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int gap = ui_px(ui, 14);
    struct ui_box left;
    if (b.w >= ui_px(ui, WIDE)) {
        left = ui_cut_left(&b, b.w * 56 / 100);
        ui_cut_left(&b, gap);
    } else {
        left = ui_cut_top(&b, b.h * 54 / 100);
        ui_cut_top(&b, gap);
    }
    view_picture(v, left);
    view_talk(v, b);
}

void view_draw(struct view *v) {
    struct ui *ui = v->ui;
    const struct ui_theme *theme = ui_theme_find(v->app.settings.theme);
    ui_look(ui, theme ? theme : ui_theme_at(0), v->app.settings.scale * v->scale);
    ui_begin(ui, clock_ms());
    view_keys_first(v);
    struct ui_box b = ui_inset(ui_window(ui), ui_px(ui, 14), ui_px(ui, 10));
    view_bar(v, ui_cut_top(&b, ui_px(ui, 36)));
    ui_cut_top(&b, ui_px(ui, 10));
    status(v, ui_cut_bottom(&b, ui_px(ui, 22)));
    ui_cut_bottom(&b, ui_px(ui, 6));
    banner(v, &b);
    halves(v, b);
    view_sheet(v);
    view_keys(v);
    if (v->wanted_screenshot) {
        ui_finish(ui);
        view_screenshot(v);
    }
    v->wanted_screenshot = false;
    ui_end(ui);
    maybe_log_boxes(v);
}
