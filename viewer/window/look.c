/* look.c - the picture and what is said of it. */
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

enum { LARGER_MOST = 4 }; /* beyond that a small picture would be a blur */

/* A picture of another size or name is seen whole first. */
static void zoom(struct view *v, struct ui_box b) {
    int w = 0, h = 0;
    const bool is_there = shown_size(v, &w, &h);
    const uint64_t shot = v->app.source || !v->app.shot ? 0 : v->app.shot->id;
    if (!is_there || v->part.zoom < 1 || v->part_of != shot || v->part_width != w)
        v->part = (struct ui_view){.zoom = 1, .x = 0.5, .y = 0.5, .larger_most = LARGER_MOST};
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

/* On the picture itself, not beside it, and no higher than a third of it. */
static void caption(struct view *v, struct ui_box picture) {
    const struct app *a = &v->app;
    const char *text = NULL;
    char words[400];
    for (size_t i = a->talk.n; !text && i-- > 0;)
        if (a->talk.items[i].live && a->talk.items[i].answer[0]) text = a->talk.items[i].answer;
    if (!a->settings.caption || !text || (!a->live && !a->frame)) return;
    snprintf(words, sizeof words, "%.390s", text);
    for (char *c = words; *c; c++)
        if (*c == '\n') *c = ' ';
    struct ui *ui = v->ui;
    const int edge = ui_px(ui, 10), pad_x = ui_px(ui, 12), pad_y = ui_px(ui, 6);
    const int most = picture.w - 2 * edge - 2 * pad_x, line = ui_text_height(ui, "X", UI_STRONG, 0);
    int lines = picture.h / 3 / line, w = ui_text_width(ui, words, UI_STRONG) + 1;
    if (most < ui_px(ui, 40)) return;
    if (w > most) w = most;
    if (lines < 1) lines = 1;
    int h = ui_text_height(ui, words, UI_STRONG, w);
    if (h > lines * line) h = lines * line;
    const struct ui_box b = {picture.x + (picture.w - w) / 2 - pad_x,
                             picture.y + picture.h - edge - h - 2 * pad_y, w + 2 * pad_x,
                             h + 2 * pad_y};
    ui_shade(ui, b, ui_px(ui, 8));
    ui_label(ui, "caption", ui_inset(b, pad_x, pad_y), words,
             &(struct ui_text){.font = UI_STRONG,
                               .rgb = 0xffffff,
                               .wrap = true,
                               .middle = true,
                               .may_cut = true,
                               .lines = lines});
}

/* ---- where nothing is shown ------------------------------------------------------------------ */

struct empty {
    const char *head, *more, *last;
    bool open; /* with a button */
};

/* Why there is no picture, and what to do about it. What failed is said by the banner. */
static struct empty empty_words(const struct app *a) {
    if (a->opening) return (struct empty){.head = "Opening the picture…"};
    if (a->source && a->status.state == SOURCE_OPENING)
        return (struct empty){.head = "Opening…", .more = a->status.words};
    if (a->source && a->status.state == SOURCE_RETRYING)
        return (struct empty){
            .head = "No picture comes", .more = "It is tried again and again.", .open = true};
    if (a->source && a->status.state != SOURCE_RUNNING)
        return (struct empty){.head = "No picture",
                              .more = "Drop another one here, or choose a live source.",
                              .open = true};
    if (a->source) return (struct empty){.head = "The first frame is on its way…"};
    if (a->blind)
        return (struct empty){.head = "This model reads text only",
                              .more = "Ask it without a picture, or choose a model that sees."};
    return (struct empty){.head = "Drop a picture here",
                          .more = "or paste one with Ctrl+V",
                          .last = "Cameras and the screen are behind “Live source”.",
                          .open = true};
}

enum { EMPTY_EDGE = 16, EMPTY_BUTTON = 40 };

static int empty_height(struct view *v, const struct empty *e, int width) {
    struct ui *ui = v->ui;
    width -= 2 * ui_px(ui, EMPTY_EDGE);
    int h = ui_text_height(ui, e->head, UI_TITLE, width);
    if (e->more) h += ui_px(ui, 6) + ui_text_height(ui, e->more, UI_BODY, width);
    if (e->open) h += ui_px(ui, 20 + EMPTY_BUTTON);
    if (e->last) h += ui_px(ui, 16) + ui_text_height(ui, e->last, UI_SMALL, width);
    return h;
}

static void empty_line(struct view *v, struct ui_box *in, const char *id, const char *text,
                       enum ui_font font, int gap) {
    struct ui *ui = v->ui;
    ui_cut_top(in, gap);
    const struct ui_theme *t = ui_look_of(ui);
    ui_label(ui, id, ui_cut_top(in, ui_text_height(ui, text, font, in->w)), text,
             &(struct ui_text){.font = font,
                               .rgb = font == UI_TITLE ? t->text : t->dim,
                               .wrap = true,
                               .middle = true});
}

static void nothing_yet(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    struct empty e = empty_words(&v->app);
    const struct ui_button open = {
        .text = "Open a picture", .icon = UI_ICON_OPEN, .primary = true, .tip = "Ctrl+O"};
    if (empty_height(v, &e, b.w) > b.h) e.last = NULL;
    const int all = empty_height(v, &e, b.w);
    struct ui_box in = ui_inset(b, ui_px(ui, EMPTY_EDGE), 0);
    if (all < b.h) ui_cut_top(&in, (b.h - all) / 2);
    empty_line(v, &in, "empty", e.head, UI_TITLE, 0);
    if (e.more) empty_line(v, &in, "empty.more", e.more, UI_BODY, ui_px(ui, 6));
    if (e.open) {
        const int w = ui_button_width(ui, &open);
        ui_cut_top(&in, ui_px(ui, 20));
        struct ui_box row = ui_cut_top(&in, ui_px(ui, EMPTY_BUTTON));
        row = (struct ui_box){row.x + (row.w - w) / 2, row.y, w, row.h};
        if (ui_button(ui, "empty.open", row, &open)) view_open(v);
    }
    if (e.last) empty_line(v, &in, "empty.last", e.last, UI_SMALL, ui_px(ui, 16));
}

/* ---- below it -------------------------------------------------------------------------------- */

enum { FACTS = 20, FACTS_GAP = 6, FRAME = 8 };

static bool has_facts(const struct app *a) {
    return a->source ? a->frame != NULL : a->shot != NULL;
}

struct line {
    char words[3][700]; /* shorter and shorter */
    int n;
};

static void left_facts(const struct view *v, struct line *l) {
    const struct app *a = &v->app;
    l->n = 1;
    if (!a->source) {
        snprintf(l->words[0], sizeof l->words[0], "%s", a->shot->name);
        return;
    }
    snprintf(l->words[0], sizeof l->words[0], "%.500s · %s", a->source_spec, a->status.format);
    snprintf(l->words[1], sizeof l->words[1], "%.600s", a->source_spec);
    l->n = 2;
}

static void right_facts(const struct view *v, struct line *l) {
    const struct app *a = &v->app;
    char zoom[40] = "";
    if (v->part.zoom > 1) snprintf(zoom, sizeof zoom, " · shown %.1f × larger", v->part.zoom);
    l->n = 2;
    if (a->source) {
        char more[48] = "";
        if (a->live && (a->settings.skip_same || a->live_skipped))
            snprintf(more, sizeof more, " · %llu alike skipped",
                     (unsigned long long)a->live_skipped);
        else
            snprintf(more, sizeof more, " · %.0f frames/s", a->status.fps);
        snprintf(l->words[0], sizeof l->words[0], "frame %.1f s old%s%s", app_frame_age(a) / 1000,
                 more, zoom);
        snprintf(l->words[1], sizeof l->words[1], "frame %.1f s old", app_frame_age(a) / 1000);
        return;
    }
    if (a->facts[0])
        snprintf(l->words[0], sizeof l->words[0], "%s%s", a->facts, zoom);
    else
        snprintf(l->words[0], sizeof l->words[0], "%d × %d%s", a->shot->width, a->shot->height,
                 zoom);
    snprintf(l->words[1], sizeof l->words[1], "%.*s", (int)strcspn(l->words[0], ","), l->words[0]);
}

/* The name and the numbers in a line, as much of both as has room. */
static void facts(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    struct line left, right;
    const uint32_t dim = ui_look_of(ui)->dim;
    const int gap = ui_px(ui, 12), least = ui_px(ui, 60);
    left_facts(v, &left);
    right_facts(v, &right);
    int l = 0, r = 0, right_w, left_w;
    for (;;) {
        right_w = ui_text_width(ui, right.words[r], UI_SMALL) + 1;
        left_w = ui_text_width(ui, left.words[l], UI_SMALL) + 1;
        if (left_w + gap + right_w <= b.w) break;
        if (l + 1 < left.n)
            l++;
        else if (r + 1 < right.n)
            r++;
        else
            break;
    }
    ui_label(ui, "facts.right", ui_cut_right(&b, right_w), right.words[r],
             &(struct ui_text){.font = UI_SMALL, .rgb = dim, .right = true});
    ui_cut_right(&b, gap);
    if (b.w < left_w && b.w < least) return;
    ui_label(ui, "facts.left", b, left.words[l],
             &(struct ui_text){.font = UI_SMALL, .rgb = dim, .may_cut = true});
}

/* ---- all ------------------------------------------------------------------------------------- */

/* Of a source from which something may come. */
static bool has_controls(const struct app *a) {
    return a->source && (a->frame || a->status.state != SOURCE_FAILED);
}

static int below_height(struct view *v, int width) {
    struct ui *ui = v->ui;
    int h = 0;
    if (has_facts(&v->app)) h += ui_px(ui, FACTS_GAP) + ui_px(ui, FACTS);
    if (has_controls(&v->app)) h += ui_px(ui, 8) + view_live_height(v, width);
    return h;
}

int view_picture_least(struct view *v, int width) {
    struct ui *ui = v->ui;
    int w, h;
    int panel = ui_px(ui, 150);
    if (!shown_size(v, &w, &h)) {
        const struct empty e = empty_words(&v->app);
        const int want = empty_height(v, &e, width - 2 * ui_px(ui, FRAME));
        panel = want + 2 * ui_px(ui, 8 + FRAME);
    }
    return panel + below_height(v, width);
}

static void framed(struct view *v, struct ui_box in) {
    struct app *a = &v->app;
    zoom(v, in);
    if (a->source && a->frame)
        moving(v, in);
    else if (a->shot)
        still(v, in);
    else
        nothing_yet(v, in);
    struct ui_shown shown = {.mirror = a->source && a->settings.mirror};
    if (!shown_size(v, &shown.width, &shown.height)) return;
    view_marks(v, in, &shown);
    const double whole[] = {0, 0, 1, 1};
    const struct ui_box seen = ui_picture_part(in, &v->part, &shown, whole);
    if (seen.w) caption(v, seen);
}

void view_picture(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    struct app *a = &v->app;
    if (has_controls(a)) {
        view_live(v, ui_cut_bottom(&b, view_live_height(v, b.w)));
        ui_cut_bottom(&b, ui_px(ui, 8));
    }
    if (has_facts(a)) {
        facts(v, ui_cut_bottom(&b, ui_px(ui, FACTS)));
        ui_cut_bottom(&b, ui_px(ui, FACTS_GAP));
    }
    const struct ui_theme *t = ui_look_of(ui);
    ui_panel(ui, b, t->panel, v->drop_over ? t->accent : t->border, ui_px(ui, 10));
    ui_toasts_in(ui, b);
    const struct ui_box in = ui_inset(b, ui_px(ui, FRAME), ui_px(ui, FRAME));
    if (in.w >= 8 && in.h >= 8) framed(v, in);
}
