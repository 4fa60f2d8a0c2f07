/* live.c - the controls of what moves. */
#include "view.h"

enum { ROW = 34, BETWEEN = 6 };

/* Controls in rows, as many as fit each; or only how many rows they would take. */
struct rows {
    struct ui *ui;
    struct ui_box b;
    int x, y;
    bool only_measures;
};

static struct ui_box place(struct rows *r, int w) {
    const int between = ui_px(r->ui, BETWEEN);
    if (w > r->b.w) w = r->b.w;
    if (r->x > 0 && r->x + w > r->b.w) {
        r->x = 0;
        r->y += ui_px(r->ui, ROW) + between;
    }
    const struct ui_box at = {r->b.x + r->x, r->b.y + r->y, w, ui_px(r->ui, ROW)};
    r->x += w + between;
    return at;
}

static bool toggle(struct rows *r, const char *id, const struct ui_button *p) {
    const struct ui_box at = place(r, ui_button_width(r->ui, p));
    return !r->only_measures && ui_button(r->ui, id, at, p);
}

static const struct {
    double seconds;
    struct ui_item item;
} every[] = {{0, {.text = "all the time"}}, {0.25, {.text = "every ¼ s"}},
             {0.5, {.text = "every ½ s"}},  {1, {.text = "every second"}},
             {2, {.text = "every 2 s"}},    {5, {.text = "every 5 s"}},
             {10, {.text = "every 10 s"}}};
enum { N_EVERY = sizeof every / sizeof *every };
_Static_assert(N_EVERY <= 8, "view.every_items has room");

static int chosen_pace(const struct view *v) {
    for (int i = 0; i < N_EVERY; i++)
        if (v->app.settings.every_s == every[i].seconds) return i;
    return -1;
}

const char *view_live_pace(const struct view *v) {
    const int i = chosen_pace(v);
    return i < 0 ? "now and then" : every[i].item.text;
}

static void pick_every(struct view *v, struct rows *r) {
    struct ui_item *items = v->every_items;
    for (int i = 0; i < N_EVERY; i++) items[i] = every[i].item;
    const struct ui_picker p = {.text = view_live_pace(v),
                                .tip = "How often live mode asks",
                                .items = items,
                                .n = N_EVERY,
                                .chosen = chosen_pace(v)};
    const struct ui_box at = place(r, ui_picker_width(r->ui, &p));
    const int picked = r->only_measures ? -1 : ui_pick(r->ui, "live.every", at, &p);
    if (picked >= 0) v->app.settings.every_s = every[picked].seconds;
}

static void controls(struct view *v, struct rows *r) {
    struct app *a = &v->app;
    struct settings *s = &a->settings;
    if (toggle(r, "live",
               &(struct ui_button){.text = a->live ? "Stop live" : "Live",
                                   .icon = a->live ? UI_ICON_STOP : UI_ICON_PLAY,
                                   .on = a->live,
                                   .why_not = a->live ? NULL : app_why_not_live(a),
                                   .tip = "Ask about the newest frame again and again (Ctrl+L)"})) {
        app_live_question(a, ui_edit_text(v->prompt));
        app_live(a, !a->live);
    }
    pick_every(v, r);
    if (toggle(r, "freeze",
               &(struct ui_button){.text = a->frozen ? "Go on" : "Freeze",
                                   .icon = a->frozen ? UI_ICON_PLAY : UI_ICON_FREEZE,
                                   .on = a->frozen,
                                   .why_not = a->frame ? NULL : "There is no frame yet.",
                                   .tip = "Keep this frame (Space, while nothing is typed)"}))
        app_freeze(a, !a->frozen);
    if (toggle(r, "mirror",
               &(struct ui_button){.text = "Mirror", .on = s->mirror, .tip = "Left is right"}))
        s->mirror = !s->mirror;
    if (toggle(r, "caption",
               &(struct ui_button){.text = "Caption",
                                   .on = s->caption,
                                   .tip = "Write the answer over the picture"}))
        s->caption = !s->caption;
    if (toggle(r, "same",
               &(struct ui_button){.text = "Skip alike",
                                   .on = s->skip_same,
                                   .tip = "Ask only when the picture has changed"}))
        s->skip_same = !s->skip_same;
}

void view_live(struct view *v, struct ui_box b) {
    controls(v, &(struct rows){.ui = v->ui, .b = b});
}

int view_live_height(struct view *v, int width) {
    struct rows r = {.ui = v->ui, .b = {0, 0, width, 0}, .only_measures = true};
    controls(v, &r);
    return r.y + ui_px(v->ui, ROW);
}
