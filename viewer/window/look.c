/* look.c - the picture, what is said of it, and the controls of what moves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"
#include "viewer/shrink.h"
#include "viewer/uilog.h"

void view_picture_free(struct view *v) {
    SDL_DestroyTexture(v->picture.texture);
    v->picture = (struct screen_picture){0};
}

/* A texture of this kind, the one there is if it fits. */
static SDL_Texture *texture_for(struct view *v, uint32_t format, int access, int w, int h) {
    struct screen_picture *p = &v->picture;
    if (p->texture && p->format == format && p->width == w && p->height == h) return p->texture;
    view_picture_free(v);
    p->texture = SDL_CreateTexture(v->renderer, format, access, w, h);
    p->format = format;
    p->width = w;
    p->height = h;
    return p->texture;
}

/* What is shown; false: nothing. */
static bool shown_size(const struct view *v, int *width, int *height) {
    const struct app *a = &v->app;
    const bool moves = a->source && a->frame;
    if (!moves && !a->shot) return false;
    *width = moves ? a->frame->width : a->shot->width;
    *height = moves ? a->frame->height : a->shot->height;
    return true;
}

void view_zoom_picture(struct view *v, double factor, double right, double down) {
    int w, h;
    if (!shown_size(v, &w, &h)) return;
    struct ui_view *part = &v->part;
    part->x += right / part->zoom;
    part->y += down / part->zoom;
    ui_zoom_by(v->picture_box, part, w, h, factor);
    v->app.dirty = true;
    uilog("zoom", "{s:f,s:f,s:f}", "zoom", part->zoom, "x", part->x, "y", part->y);
}

/* A picture of another size or name is seen whole first. */
static void zoom(struct view *v, struct ui_box b) {
    int w = 0, h = 0;
    const bool is_there = shown_size(v, &w, &h);
    const uint64_t shot = v->app.source || !v->app.shot ? 0 : v->app.shot->id;
    if (!is_there || v->part.zoom < 1 || v->part_of != shot || v->part_width != w)
        v->part = (struct ui_view){.zoom = 1, .x = 0.5, .y = 0.5};
    v->part_of = shot;
    v->part_width = w;
    v->picture_box = b;
    if (is_there && ui_zoom(v->ui, "picture", b, &v->part, w, h)) {
        v->app.dirty = true;
        uilog("zoom", "{s:f,s:f,s:f}", "zoom", v->part.zoom, "x", v->part.x, "y", v->part.y);
    }
}

/* ---- a still picture ------------------------------------------------------------------------- */

static void fill_still(struct view *v, const uint8_t *rgb, int w, int h) {
    SDL_Texture *t = texture_for(v, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STATIC, w, h);
    if (t) SDL_UpdateTexture(t, NULL, rgb, w * 3);
}

/* Small and smooth for the whole picture; all its pixels where a part is looked at. */
static void make_still(struct view *v, const struct shot *s, struct ui_box b) {
    enum { LARGEST = 8192 };
    SDL_RendererInfo info = {0};
    SDL_GetRendererInfo(v->renderer, &info);
    const int most = info.max_texture_width > 0 && info.max_texture_width < LARGEST
                         ? info.max_texture_width
                         : LARGEST;
    if (v->part.zoom > 1 && s->width <= most && s->height <= most) {
        fill_still(v, s->rgb, s->width, s->height);
        return;
    }
    if (v->part.zoom > 1) {
        fill_still(v, s->preview, s->preview_width, s->preview_height);
        return;
    }
    int w, h;
    shrink_fit(s->preview_width, s->preview_height, b.w, b.h, &w, &h);
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3);
    if (rgb) {
        shrink(s->preview, s->preview_width, s->preview_height, rgb, w, h);
        fill_still(v, rgb, w, h);
    }
    free(rgb);
}

static void still(struct view *v, struct ui_box b) {
    struct screen_picture *p = &v->picture;
    const struct shot *s = v->app.shot;
    const bool large = v->part.zoom > 1;
    const bool same_box = large || (p->box_width == b.w && p->box_height == b.h);
    if (!p->texture || p->shot != s->id || p->large != large || !same_box) {
        make_still(v, s, b);
        p->shot = s->id;
        p->frame = 0;
        p->large = large;
        p->box_width = b.w;
        p->box_height = b.h;
    }
    if (p->texture)
        ui_picture(v->ui, "picture", b, p->texture,
                   &(struct ui_shown){.width = s->width, .height = s->height}, &v->part);
}

/* ---- a moving one ---------------------------------------------------------------------------- */

static const uint32_t formats[] = {[FRAME_IYUV] = SDL_PIXELFORMAT_IYUV,
                                   [FRAME_NV12] = SDL_PIXELFORMAT_NV12,
                                   [FRAME_YUY2] = SDL_PIXELFORMAT_YUY2,
                                   [FRAME_BGRA] = SDL_PIXELFORMAT_BGRA32,
                                   [FRAME_RGB24] = SDL_PIXELFORMAT_RGB24};

static void fill(SDL_Texture *t, const struct frame_view *f) {
    SDL_SetYUVConversionMode(f->full_range              ? SDL_YUV_CONVERSION_JPEG
                             : f->matrix == FRAME_BT601 ? SDL_YUV_CONVERSION_BT601
                                                        : SDL_YUV_CONVERSION_BT709);
    SDL_SetTextureBlendMode(t, SDL_BLENDMODE_NONE);
    if (f->format == FRAME_IYUV)
        SDL_UpdateYUVTexture(t, NULL, f->planes[0], f->strides[0], f->planes[1], f->strides[1],
                             f->planes[2], f->strides[2]);
    else if (f->format == FRAME_NV12)
        SDL_UpdateNVTexture(t, NULL, f->planes[0], f->strides[0], f->planes[1], f->strides[1]);
    else
        SDL_UpdateTexture(t, NULL, f->planes[0], f->strides[0]);
}

static void moving(struct view *v, struct ui_box b) {
    struct screen_picture *p = &v->picture;
    struct frame *f = v->app.frame;
    struct frame_view seen;
    if (!frame_view(f, &seen)) return;
    SDL_Texture *t = p->texture;
    if (!t || p->frame != f->id) {
        t = texture_for(v, formats[seen.format], SDL_TEXTUREACCESS_STREAMING, seen.width,
                        seen.height);
        if (t) fill(t, &seen);
        p->frame = f->id;
        p->shot = 0;
    }
    if (t)
        ui_picture(v->ui, "picture", b, t,
                   &(struct ui_shown){.width = f->width,
                                      .height = f->height,
                                      .turn = seen.turn,
                                      .mirror = v->app.settings.mirror},
                   &v->part);
}

/* ---- what lies over it ----------------------------------------------------------------------- */

static void caption(struct view *v, struct ui_box b) {
    const struct app *a = &v->app;
    const char *text = NULL;
    for (size_t i = a->talk.n; !text && i-- > 0;)
        if (a->talk.items[i].live && a->talk.items[i].answer[0]) text = a->talk.items[i].answer;
    if (!a->settings.caption || !text || (!a->live && !a->frame)) return;
    struct ui *ui = v->ui;
    const int pad = ui_px(ui, 12), width = b.w - 2 * pad;
    int h = ui_text_height(ui, text, UI_STRONG, width) + 2 * ui_px(ui, 8);
    if (h > b.h / 2) h = b.h / 2;
    struct ui_box strip = ui_cut_bottom(&b, h);
    SDL_SetRenderDrawColor(v->renderer, 0, 0, 0, 170);
    SDL_RenderFillRect(v->renderer, &(SDL_Rect){strip.x, strip.y, strip.w, strip.h});
    ui_clip(ui, strip);
    ui_label(ui, "caption", ui_inset(strip, pad, ui_px(ui, 8)), text,
             &(struct ui_text){.font = UI_STRONG, .rgb = 0xffffff, .wrap = true, .middle = true});
    ui_unclip(ui);
}

/* Why there is no picture, and what to do about it. */
static const char *empty_words(const struct app *a, const char **more) {
    if (a->opening) return "Opening the picture…";
    if (a->source) return a->status.words;
    *more = a->blind ? "Ask it without a picture, or choose a model that sees."
                     : "or paste one with Ctrl+V, or open a file, a video or a camera.";
    return a->blind ? "This model reads text only" : "Drop a picture here";
}

static void nothing_yet(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    struct app *a = &v->app;
    const char *more = "", *head = empty_words(a, &more);
    const int head_h = ui_text_height(ui, head, UI_TITLE, b.w - ui_px(ui, 32));
    const int more_h = ui_text_height(ui, more, UI_BODY, b.w - ui_px(ui, 32));
    const int button_h = ui_px(ui, 40);
    struct ui_box in = ui_inset(b, ui_px(ui, 16), 0);
    const int all = head_h + more_h + button_h + ui_px(ui, 28);
    if (all < b.h) ui_cut_top(&in, (b.h - all) / 2);
    ui_clip(ui, b);
    ui_label(ui, "empty", ui_cut_top(&in, head_h), head,
             &(struct ui_text){
                 .font = UI_TITLE, .rgb = ui_look_of(ui)->text, .wrap = true, .middle = true});
    ui_cut_top(&in, ui_px(ui, 8));
    ui_label(ui, NULL, ui_cut_top(&in, more_h), more,
             &(struct ui_text){.rgb = ui_look_of(ui)->dim, .wrap = true, .middle = true});
    ui_cut_top(&in, ui_px(ui, 20));
    ui_unclip(ui);
    if (a->source || a->opening || a->blind || in.h < button_h) return;
    const struct ui_button open = {.text = "Open a picture", .icon = UI_ICON_OPEN, .tip = "Ctrl+O"};
    const int w = ui_button_width(ui, &open);
    struct ui_box row = ui_cut_top(&in, button_h);
    row.x += (row.w - w) / 2;
    row.w = w;
    if (ui_button(ui, "empty.open", row, &open)) view_open(v);
}

/* ---- below it -------------------------------------------------------------------------------- */

static void facts(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const struct app *a = &v->app;
    char left[700] = "", right[200] = "";
    if (a->source && a->frame) {
        snprintf(left, sizeof left, "%s · %s", a->source_spec, a->status.format);
        snprintf(right, sizeof right, "%.0f frames/s · frame %.1f s old", a->status.fps,
                 app_frame_age(a) / 1000);
    } else if (a->shot) {
        snprintf(left, sizeof left, "%s", a->shot->name);
    }
    if (a->shot && a->facts[0])
        snprintf(right, sizeof right, "%s", a->facts);
    else if (a->shot && !a->source)
        snprintf(right, sizeof right, "%d × %d", a->shot->width, a->shot->height);
    if (a->live && a->frame)
        snprintf(right, sizeof right, "frame %.1f s old · %llu alike skipped",
                 app_frame_age(a) / 1000, (unsigned long long)a->live_skipped);
    if (v->part.zoom > 1) {
        const size_t n = strlen(right);
        snprintf(right + n, sizeof right - n, " · shown %.1f × larger", v->part.zoom);
    }
    int w = ui_text_width(ui, right, UI_SMALL) + 1;
    if (w > b.w * 2 / 3) w = b.w * 2 / 3;
    const uint32_t dim = ui_look_of(ui)->dim;
    ui_label(ui, "facts.right", ui_cut_right(&b, w), right,
             &(struct ui_text){.font = UI_SMALL, .rgb = dim, .right = true});
    ui_cut_right(&b, ui_px(ui, 12));
    ui_label(ui, "facts.left", b, left, &(struct ui_text){.font = UI_SMALL, .rgb = dim});
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

static void pick_every(struct view *v, struct ui_box b) {
    struct settings *s = &v->app.settings;
    int chosen = -1;
    for (int i = 0; i < N_EVERY; i++)
        if (s->every_s == every[i].seconds) chosen = i;
    struct ui_item *items = v->every_items;
    for (int i = 0; i < N_EVERY; i++) items[i] = every[i].item;
    const int picked =
        ui_pick(v->ui, "live.every", b,
                &(struct ui_picker){.text = chosen < 0 ? "…" : every[chosen].item.text,
                                    .tip = "How often live mode asks",
                                    .items = items,
                                    .n = N_EVERY,
                                    .chosen = chosen});
    if (picked >= 0) s->every_s = every[picked].seconds;
}

/* Buttons in rows, as many as fit each. */
struct rows {
    struct ui *ui;
    struct ui_box at; /* what is left */
    struct ui_box row;
    int h;
};

static struct ui_box place(struct rows *r, int w) {
    if (r->row.w < w || r->row.h == 0) {
        if (r->row.h) ui_cut_top(&r->at, ui_px(r->ui, 6));
        r->row = ui_cut_top(&r->at, r->h);
    }
    const struct ui_box b = ui_cut_left(&r->row, w);
    ui_cut_left(&r->row, ui_px(r->ui, 6));
    return b;
}

static bool toggle(struct rows *r, const char *id, const struct ui_button *p) {
    return ui_button(r->ui, id, place(r, ui_button_width(r->ui, p)), p);
}

static void live_controls(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    struct settings *s = &a->settings;
    struct rows r = {.ui = v->ui, .at = b, .h = ui_px(v->ui, 34)};
    if (toggle(&r, "live",
               &(struct ui_button){.text = a->live ? "Stop live" : "Live",
                                   .icon = a->live ? UI_ICON_STOP : UI_ICON_PLAY,
                                   .on = a->live,
                                   .why_not = a->live ? NULL : app_why_not_live(a),
                                   .tip = "Ask about the newest frame again and again (Ctrl+L)"})) {
        app_live_question(a, ui_edit_text(v->prompt));
        app_live(a, !a->live);
    }
    pick_every(v, place(&r, ui_px(v->ui, 156)));
    if (toggle(&r, "freeze",
               &(struct ui_button){.text = a->frozen ? "Go on" : "Freeze",
                                   .icon = a->frozen ? UI_ICON_PLAY : UI_ICON_FREEZE,
                                   .on = a->frozen,
                                   .why_not = a->frame ? NULL : "There is no frame yet.",
                                   .tip = "Keep this frame (Space, while nothing is typed)"}))
        app_freeze(a, !a->frozen);
    if (toggle(&r, "mirror",
               &(struct ui_button){.text = "Mirror", .on = s->mirror, .tip = "Left is right"}))
        s->mirror = !s->mirror;
    if (toggle(&r, "caption",
               &(struct ui_button){.text = "Caption",
                                   .on = s->caption,
                                   .tip = "Write the answer over the picture"}))
        s->caption = !s->caption;
    if (toggle(&r, "same",
               &(struct ui_button){.text = "Skip alike",
                                   .on = s->skip_same,
                                   .tip = "Ask only when the picture has changed"}))
        s->skip_same = !s->skip_same;
}

static int live_rows(struct view *v, int width) {
    const int one = ui_px(v->ui, 608); /* all of them in one row */
    return width >= one ? 1 : width >= one / 2 ? 2 : 3;
}

void view_picture(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    struct app *a = &v->app;
    if (a->source) {
        const int n = live_rows(v, b.w);
        const int h = n * ui_px(ui, 34) + (n - 1) * ui_px(ui, 6);
        live_controls(v, ui_cut_bottom(&b, h));
        ui_cut_bottom(&b, ui_px(ui, 8));
    }
    facts(v, ui_cut_bottom(&b, ui_px(ui, 22)));
    ui_cut_bottom(&b, ui_px(ui, 4));
    const struct ui_theme *t = ui_look_of(ui);
    ui_panel(ui, b, t->panel, v->drop_over ? t->accent : t->border, ui_px(ui, 10));
    const struct ui_box in = ui_inset(b, ui_px(ui, 8), ui_px(ui, 8));
    if (in.w < 8 || in.h < 8) return;
    zoom(v, in);
    if (a->source && a->frame)
        moving(v, in);
    else if (a->shot)
        still(v, in);
    else
        nothing_yet(v, in);
    struct ui_shown shown = {.mirror = a->source && a->settings.mirror};
    if (shown_size(v, &shown.width, &shown.height)) view_marks(v, in, &shown);
    caption(v, in);
}
