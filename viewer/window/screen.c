/* screen.c - a frame of the window: where its parts are. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "view.h"
#include "viewer/uilog.h"

/* In pixels at 100 %: from this width on the halves are side by side, if they are not higher than
 * wide; and below these heights all but the prompt is one column that scrolls. */
enum { WIDE = 560, LEAST_WIDE = 330, LEAST_HIGH = 520 };
enum { TALK_LEAST = 240, TALK_MOST = 760 }; /* widths */
enum { BAR = 36, STATUS = 20, GAP = 8 };

/* ---- the line at the bottom ------------------------------------------------------------------ */

static const char *upper_first(const char *words, char *out, size_t cap) {
    snprintf(out, cap, "%s", words);
    if (out[0] >= 'a' && out[0] <= 'z') out[0] = (char)(out[0] - 32);
    return out;
}

/* What goes on, in words that become fewer. */
static void phase_words(const struct view *v, char out[3][200]) {
    const struct app *a = &v->app;
    char phase[80], part[48] = "";
    const double seconds = (clock_ms() - a->phase_since) / 1000;
    upper_first(a->phase, phase, sizeof phase);
    if (a->phase_total > 1 && strstr(a->phase, "weights"))
        snprintf(part, sizeof part, " %.0f of %.0f MB", (double)a->phase_done / 1e6,
                 (double)a->phase_total / 1e6);
    else if (a->phase_total > 1)
        snprintf(part, sizeof part, " %llu of %llu", (unsigned long long)a->phase_done,
                 (unsigned long long)a->phase_total);
    snprintf(out[0], 200, "%s%s · %.1f s", phase, part, seconds);
    snprintf(out[1], 200, "%s%s", phase, part);
    snprintf(out[2], 200, "%s", phase);
}

static void resting_words(const struct view *v, char out[3][200]) {
    enum { NOTABLE_MS = 700 }; /* what takes less would flicker */
    const struct app *a = &v->app;
    const char *words = a->model == MODEL_READY ? "Ready" : "No model is loaded";
    snprintf(out[0], 200, "%s", words);
    snprintf(out[1], 200, "%s", words);
    snprintf(out[2], 200, "%s", words);
    if (!a->live) return;
    snprintf(out[0], 200, "Live, %s", view_live_pace(v));
    if (a->phase[0] && clock_ms() - a->phase_since > NOTABLE_MS)
        snprintf(out[0], 200, "Live, %s · %s %.1f s", view_live_pace(v), a->phase,
                 (clock_ms() - a->phase_since) / 1000);
    snprintf(out[1], 200, "Live, %s", view_live_pace(v));
    snprintf(out[2], 200, "Live");
}

static void status(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const struct app *a = &v->app;
    const struct ui_text dim = {.font = UI_SMALL, .rgb = ui_look_of(ui)->dim};
    const bool works = a->phase[0] && !a->live;
    char words[3][200], right[60] = "";
    if (works)
        phase_words(v, words);
    else
        resting_words(v, words);
    if (works) {
        struct ui_box bar = ui_cut_left(&b, b.w / 4 < ui_px(ui, 96) ? b.w / 4 : ui_px(ui, 96));
        bar.y += (bar.h - ui_px(ui, 6)) / 2;
        bar.h = ui_px(ui, 6);
        ui_progress(ui, "progress", bar,
                    a->phase_total > 1 ? (double)a->phase_done / (double)a->phase_total : -1);
        ui_cut_left(&b, ui_px(ui, 10));
    }
    int n = 0;
    while (n < 2 && ui_text_width(ui, words[n], UI_SMALL) + 1 > b.w) n++;
    const int w = ui_text_width(ui, words[n], UI_SMALL) + 1;
    ui_label(ui, "phase", ui_cut_left(&b, w), words[n], &dim);
    ui_cut_left(&b, ui_px(ui, 16));
    if (!a->context) return;
    struct ui_text to_right = dim;
    to_right.right = true;
    snprintf(right, sizeof right, "context %d of %d tokens", a->context_used, a->context);
    if (ui_text_width(ui, right, UI_SMALL) + 1 > b.w)
        snprintf(right, sizeof right, "%d of %d", a->context_used, a->context);
    if (ui_text_width(ui, right, UI_SMALL) + 1 <= b.w) ui_label(ui, "context", b, right, &to_right);
}

/* ---- banners --------------------------------------------------------------------------------- */

static const char *const remedies[] = {
    [REMEDY_RETRY_LOAD] = "Try again",   [REMEDY_PICK_MODEL] = "Built-in model",
    [REMEDY_ASK_AGAIN] = "Ask again",    [REMEDY_CLEAR] = "New conversation",
    [REMEDY_RETRY_SOURCE] = "Try again", [REMEDY_OPEN] = "Open another",
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

static int banner_height(struct view *v, int width) {
    const struct banner *b = &v->app.banner;
    if (!b->words[0]) return 0;
    return ui_banner_height(v->ui, width, b->words, remedies[b->remedy]) + ui_px(v->ui, GAP);
}

static void banner(struct view *v, struct ui_box *b) {
    struct app *a = &v->app;
    const enum remedy what = a->banner.remedy;
    if (!a->banner.words[0]) return;
    struct ui_box at = ui_cut_top(b, banner_height(v, b->w));
    ui_cut_bottom(&at, ui_px(v->ui, GAP));
    const int used = ui_banner(v->ui, "banner", at, a->banner.good ? UI_GOOD : UI_ERROR,
                               a->banner.words, remedies[what]);
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
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:[i,i,i,i],s:[i,i,i,i],s:b,s:b,s:s,s:b,s:i}", "id",
                            s->id, "kind", s->kind, "text", s->text, "box", s->box.x, s->box.y,
                            s->box.w, s->box.h, "clip", s->clip.x, s->clip.y, s->clip.w, s->clip.h,
                            "enabled", s->enabled, "focused", s->focused, "why_not",
                            s->why_not ? s->why_not : "", "cut", s->cut, "layer", s->layer));
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

/* The window as a whole. */
struct layout {
    bool wide;  /* side by side */
    bool pages; /* too small: what lies above the prompt scrolls */
    int edge;
};

static struct layout layout_of(struct view *v) {
    struct ui *ui = v->ui;
    const struct ui_box w = ui_window(ui);
    struct layout l = {.wide = w.w >= ui_px(ui, WIDE) && w.w * 10 > w.h * 11};
    l.edge = ui_px(ui, w.w < ui_px(ui, 420) ? 10 : 14);
    const int left = w.h - banner_height(v, w.w - 2 * l.edge);
    l.pages = left < ui_px(ui, l.wide ? LEAST_WIDE : LEAST_HIGH);
    return l;
}

static void halves(struct view *v, struct ui_box b, bool wide) {
    struct ui *ui = v->ui;
    const int gap = ui_px(ui, 14);
    struct ui_box left;
    if (wide) {
        int talk = b.w * 44 / 100;
        if (talk < ui_px(ui, TALK_LEAST)) talk = ui_px(ui, TALK_LEAST);
        if (talk > ui_px(ui, TALK_MOST)) talk = ui_px(ui, TALK_MOST);
        left = ui_cut_left(&b, b.w - talk - gap);
        ui_cut_left(&b, gap);
    } else {
        const int least = view_picture_least(v, b.w), share = b.h * 48 / 100;
        left = ui_cut_top(&b, least > share ? least : share);
        ui_cut_top(&b, gap);
    }
    view_picture(v, left);
    view_talk(v, b);
}

/* One column, which stays at the newest answer. */
static void page(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int gap = ui_px(ui, GAP), room = b.w - ui_px(ui, 4), tools = ui_px(ui, 34);
    const int picture = view_picture_least(v, room);
    const int content = ui_px(ui, BAR) + gap + banner_height(v, room) + picture + gap + tools +
                        gap + view_talk_height(v, room) + gap;
    b.w = room + ui_px(ui, 14);
    if (b.x + b.w > ui_window(ui).w) b.w = ui_window(ui).w - b.x;
    if (!v->app.talk.n && v->page_talked) v->page_scroll = (struct ui_scroll){0};
    v->page_talked = v->app.talk.n > 0;
    struct ui_box in = ui_scroll_begin(ui, "page", b, &v->page_scroll, content, v->app.talk.n > 0);
    view_bar(v, ui_cut_top(&in, ui_px(ui, BAR)));
    ui_cut_top(&in, gap);
    banner(v, &in);
    view_picture(v, ui_cut_top(&in, picture));
    ui_cut_top(&in, gap);
    view_talk_head(v, ui_cut_top(&in, tools));
    ui_cut_top(&in, gap);
    ui_cut_bottom(&in, gap);
    view_talk_entries(v, in);
    ui_scroll_end(ui);
}

/* Larger letters for a screen of many points, as far as the window is large, too. */
static double letters(const struct view *v) {
    int w, h;
    SDL_GetWindowSize(v->window, &w, &h);
    double room = w / 1200.0 < h / 760.0 ? w / 1200.0 : h / 760.0;
    room = (int)(room * 20) / 20.0; /* in steps: each size has to be drawn anew */
    if (room > v->display_scale) room = v->display_scale;
    return room < 1 ? 1 : room;
}

void view_draw(struct view *v) {
    struct ui *ui = v->ui;
    const struct ui_theme *theme = ui_theme_find(v->app.settings.theme);
    ui_look(ui, theme ? theme : ui_theme_at(0), v->app.settings.scale * v->scale * letters(v));
    ui_begin(ui, clock_ms());
    view_keys_first(v);
    const struct layout l = layout_of(v);
    const int gap = ui_px(ui, GAP);
    struct ui_box b = ui_inset(ui_window(ui), l.edge, ui_px(ui, l.pages ? 6 : 10));
    const struct ui_box line = ui_cut_bottom(&b, ui_px(ui, STATUS));
    ui_cut_bottom(&b, ui_px(ui, 6));
    if (l.pages) {
        const struct ui_box prompt = ui_cut_bottom(&b, view_prompt_height(v, b.w));
        ui_cut_bottom(&b, ui_px(ui, 6));
        page(v, b);
        view_prompt(v, prompt);
    } else {
        view_bar(v, ui_cut_top(&b, ui_px(ui, BAR)));
        ui_cut_top(&b, gap);
        banner(v, &b);
        halves(v, b, l.wide);
    }
    status(v, line);
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
