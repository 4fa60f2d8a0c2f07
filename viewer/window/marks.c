/* marks.c - what the newest answer names of the picture, framed where it is. */
#include "view.h"

static void frame(struct view *v, struct ui_box b, int line) {
    const uint32_t rgb = ui_look_of(v->ui)->accent;
    const SDL_Rect sides[] = {{b.x, b.y, b.w, line},
                              {b.x, b.y + b.h - line, b.w, line},
                              {b.x, b.y, line, b.h},
                              {b.x + b.w - line, b.y, line, b.h}};
    SDL_SetRenderDrawColor(v->renderer, rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff, 255);
    SDL_RenderFillRects(v->renderer, sides, 4);
}

/* Above the frame, or inside it where there is no room above. */
static void label(struct view *v, struct ui_box b, struct ui_box within, const char *text) {
    struct ui *ui = v->ui;
    const struct ui_theme *t = ui_look_of(ui);
    const int pad = ui_px(ui, 6), h = ui_px(ui, 22);
    int w = ui_text_width(ui, text, UI_SMALL) + 2 * pad + 1;
    if (w > within.w) w = within.w;
    struct ui_box at = {b.x, b.y - h < within.y ? b.y : b.y - h, w, h};
    if (at.x + w > within.x + within.w) at.x = within.x + within.w - w;
    ui_panel(ui, at, t->accent, t->accent, 0);
    ui_label(ui, "mark", ui_inset(at, pad, 0), text,
             &(struct ui_text){.font = UI_SMALL, .rgb = t->on_accent});
}

void view_marks(struct view *v, struct ui_box b, const struct ui_shown *shown) {
    const struct app *a = &v->app;
    const int line = ui_px(v->ui, 2);
    ui_clip(v->ui, b);
    for (int pass = 0; pass < 2; pass++) /* no frame crosses a label */
        for (int i = 0; i < a->n_boxes; i++) {
            const vidi_box *box = &a->boxes[i];
            const double part[] = {box->x0, box->y0, box->x1, box->y1};
            const struct ui_box at = ui_picture_part(b, &v->part, shown, part);
            if (at.w && !pass) frame(v, at, line);
            if (at.w && pass && box->label[0]) label(v, at, b, box->label);
        }
    ui_unclip(v->ui);
}
