#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void set_color(struct ui *ui, uint32_t rgb) {
    SDL_SetRenderDrawColor(ui->renderer, (Uint8)(rgb >> 16), (Uint8)(rgb >> 8), (Uint8)rgb, 255);
}

uint32_t mix(uint32_t a, uint32_t b, double part) {
    uint32_t out = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const double x = a >> shift & 255, y = b >> shift & 255;
        out |= (uint32_t)(x + (y - x) * part + 0.5) << shift;
    }
    return out;
}

/* Cairo's colours are multiplied by their alpha; SDL's are not. */
SDL_Texture *texture_of(struct ui *ui, cairo_surface_t *surface) {
    cairo_surface_flush(surface);
    const int w = cairo_image_surface_get_width(surface);
    const int h = cairo_image_surface_get_height(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    for (int y = 0; data && y < h; y++)
        for (int x = 0; x < w; x++) {
            uint32_t *pixel = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride) + x;
            const uint32_t p = *pixel, a = p >> 24;
            if (a == 0 || a == 255) continue;
            const uint32_t r = (p >> 16 & 255) * 255 / a, g = (p >> 8 & 255) * 255 / a,
                           b = (p & 255) * 255 / a;
            *pixel = a << 24 | (r > 255 ? 255 : r) << 16 | (g > 255 ? 255 : g) << 8 |
                     (b > 255 ? 255 : b);
        }
    SDL_Texture *t = data ? SDL_CreateTexture(ui->renderer, SDL_PIXELFORMAT_ARGB8888,
                                              SDL_TEXTUREACCESS_STATIC, w, h)
                          : NULL;
    if (!t) return NULL;
    SDL_UpdateTexture(t, NULL, data, stride);
    SDL_SetTextureBlendMode(t, SDL_BLENDMODE_BLEND);
    return t;
}

void ui_fill(struct ui *ui, struct ui_box b, uint32_t rgb) {
    set_color(ui, rgb);
    SDL_RenderFillRect(ui->renderer, &(SDL_Rect){b.x, b.y, b.w, b.h});
}

/* ---- rounded corners ------------------------------------------------------------------------- */

/* The upper left quarter of a white disc, or of a ring. */
static SDL_Texture *make_quarter(struct ui *ui, int radius, int ring) {
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, radius, radius);
    cairo_t *c = cairo_create(s);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_arc(c, radius, radius, radius, G_PI, 1.5 * G_PI);
    if (ring && ring < radius)
        cairo_arc_negative(c, radius, radius, radius - ring, 1.5 * G_PI, G_PI);
    else
        cairo_line_to(c, radius, radius);
    cairo_close_path(c);
    cairo_fill(c);
    cairo_destroy(c);
    SDL_Texture *t = texture_of(ui, s);
    cairo_surface_destroy(s);
    return t;
}

static SDL_Texture *quarter(struct ui *ui, int radius, int ring) {
    for (int i = 0; i < CORNERS; i++) {
        const struct corner *c = &ui->corners[i];
        if (c->texture && c->radius == radius && c->ring == ring) return c->texture;
    }
    struct corner *c = &ui->corners[ui->next_corner];
    ui->next_corner = (ui->next_corner + 1) % CORNERS; /* the oldest one goes */
    SDL_DestroyTexture(c->texture);
    *c = (struct corner){make_quarter(ui, radius, ring), radius, ring};
    return c->texture;
}

static void corner(struct ui *ui, SDL_Texture *t, int x, int y, int radius, SDL_RendererFlip flip) {
    SDL_RenderCopyEx(ui->renderer, t, NULL, &(SDL_Rect){x, y, radius, radius}, 0, NULL, flip);
}

static void four_corners(struct ui *ui, SDL_Texture *t, struct ui_box b, uint32_t rgb, Uint8 alpha,
                         int radius) {
    SDL_SetTextureColorMod(t, (Uint8)(rgb >> 16), (Uint8)(rgb >> 8), (Uint8)rgb);
    SDL_SetTextureAlphaMod(t, alpha);
    const int right = b.x + b.w - radius, bottom = b.y + b.h - radius;
    corner(ui, t, b.x, b.y, radius, SDL_FLIP_NONE);
    corner(ui, t, right, b.y, radius, SDL_FLIP_HORIZONTAL);
    corner(ui, t, b.x, bottom, radius, SDL_FLIP_VERTICAL);
    corner(ui, t, right, bottom, radius,
           (SDL_RendererFlip)(SDL_FLIP_HORIZONTAL | SDL_FLIP_VERTICAL));
}

/* Its pieces do not overlap, so that they may be seen through. */
static void round_glass(struct ui *ui, struct ui_box b, uint32_t rgb, Uint8 alpha, int radius) {
    if (b.w <= 0 || b.h <= 0) return;
    if (radius > b.w / 2) radius = b.w / 2;
    if (radius > b.h / 2) radius = b.h / 2;
    SDL_Texture *t = radius > 0 ? quarter(ui, radius, 0) : NULL;
    if (!t) radius = 0;
    if (t) four_corners(ui, t, b, rgb, alpha, radius);
    const SDL_Rect rows[] = {{b.x + radius, b.y, b.w - 2 * radius, radius},
                             {b.x, b.y + radius, b.w, b.h - 2 * radius},
                             {b.x + radius, b.y + b.h - radius, b.w - 2 * radius, radius}};
    SDL_SetRenderDrawColor(ui->renderer, (Uint8)(rgb >> 16), (Uint8)(rgb >> 8), (Uint8)rgb, alpha);
    for (int i = 0; i < 3; i++)
        if (rows[i].w > 0 && rows[i].h > 0) SDL_RenderFillRect(ui->renderer, &rows[i]);
}

void draw_round(struct ui *ui, struct ui_box b, uint32_t rgb, int radius) {
    round_glass(ui, b, rgb, 255, radius);
}

void ui_shade(struct ui *ui, struct ui_box b, int radius) {
    round_glass(ui, b, 0x0b0d11, 200, radius);
}

void ui_panel(struct ui *ui, struct ui_box b, uint32_t rgb, uint32_t border, int radius) {
    const int line = ui_px(ui, ui->theme->line);
    if (border == rgb) {
        draw_round(ui, b, rgb, radius);
        return;
    }
    draw_round(ui, b, border, radius);
    draw_round(ui, ui_inset(b, line, line), rgb, radius - line);
}

/* Around a box, a little outside of it, as round as it is. */
void draw_ring(struct ui *ui, struct ui_box b, int radius) {
    const int w = ui_px(ui, 2);
    const struct ui_box r = ui_inset(b, -2 * w, -2 * w);
    radius += 2 * w;
    if (radius > r.w / 2) radius = r.w / 2;
    if (radius > r.h / 2) radius = r.h / 2;
    SDL_Texture *t = radius > 0 ? quarter(ui, radius, w) : NULL;
    if (t) four_corners(ui, t, r, ui->theme->ring, 255, radius);
    set_color(ui, ui->theme->ring);
    SDL_RenderFillRects(ui->renderer,
                        (SDL_Rect[]){{r.x + radius, r.y, r.w - 2 * radius, w},
                                     {r.x + radius, r.y + r.h - w, r.w - 2 * radius, w},
                                     {r.x, r.y + radius, w, r.h - 2 * radius},
                                     {r.x + r.w - w, r.y + radius, w, r.h - 2 * radius}},
                        4);
}

/* ---- icons ----------------------------------------------------------------------------------- */

/* Lines in a square of 16: m and l with two numbers, o: a circle of centre and radius, g: the same
 * with teeth, z: closed and filled. */
static const char *const shapes[UI_ICONS] = {
    [UI_ICON_OPEN] = "m 2 13 l 2 3 l 6 3 l 8 5 l 14 5 l 14 13 l 2 13",
    [UI_ICON_SEND] = "m 8 13.5 l 8 3 m 3.5 7.5 l 8 3 l 12.5 7.5",
    [UI_ICON_STOP] = "m 4 4 l 12 4 l 12 12 l 4 12 z",
    [UI_ICON_AGAIN] = "m 12.5 4.5 l 12.5 7.5 l 9.5 7.5 a 8 8 5",
    [UI_ICON_COPY] = "m 5.5 5.5 l 13 5.5 l 13 13.5 l 5.5 13.5 l 5.5 5.5 m 10.5 3 l 3 3 l 3 10.5",
    [UI_ICON_CLEAR] = "m 3 4.5 l 13 4.5 m 6.5 4.5 l 6.5 2.5 l 9.5 2.5 l 9.5 4.5 m 4.5 4.5 l 5 13.5 "
                      "l 11 13.5 l 11.5 4.5",
    [UI_ICON_CLOSE] = "m 4 4 l 12 12 m 12 4 l 4 12",
    [UI_ICON_DOWN] = "m 4 6 l 8 10 l 12 6",
    [UI_ICON_CAMERA] = "m 2 5 l 5 5 l 6.5 3 l 9.5 3 l 11 5 l 14 5 l 14 13 l 2 13 l 2 5 o 8 9 2.3",
    [UI_ICON_FREEZE] = "m 5.5 3.5 l 5.5 12.5 m 10.5 3.5 l 10.5 12.5",
    [UI_ICON_PLAY] = "m 5 3 l 13 8 l 5 13 z",
    [UI_ICON_GEAR] = "g 8 8 6.4 o 8 8 2.2",
    [UI_ICON_HELP] = "o 8 8 6.2 m 6 6.4 l 6.4 5.1 l 8 4.6 l 9.7 5.2 l 9.9 6.7 l 8 8.3 l 8 9.4 m 8 "
                     "11.2 l 8 11.6",
    [UI_ICON_SAVE] = "m 8 2.5 l 8 10 m 4.5 6.8 l 8 10.2 l 11.5 6.8 m 2.5 13.5 l 13.5 13.5",
    [UI_ICON_LIST] = "m 2.5 4 l 13.5 4 m 2.5 8 l 13.5 8 m 2.5 12 l 9.5 12",
};

static const char *number(const char *at, double *out) {
    char *end;
    *out = strtod(at, &end);
    return end;
}

static void gear(cairo_t *c, double x, double y, double r) {
    enum { TEETH = 8 };
    const double step = 2 * G_PI / TEETH, inner = r * 0.76;
    cairo_new_sub_path(c);
    for (int i = 0; i < TEETH; i++) {
        const double at = i * step;
        const double corners[][2] = {
            {inner, -0.30}, {r, -0.17}, {r, 0.17}, {inner, 0.30}}; /* parts of a step */
        for (int k = 0; k < 4; k++) {
            const double a = at + corners[k][1] * step;
            cairo_line_to(c, x + corners[k][0] * cos(a), y + corners[k][0] * sin(a));
        }
    }
    cairo_close_path(c);
}

static void trace(cairo_t *c, const char *shape) {
    double x, y, r;
    for (const char *at = shape; *at; at += *at ? strspn(at, " ") : 0) {
        const char what = *at++;
        if (what == 'z') {
            cairo_close_path(c);
            cairo_fill(c);
            continue;
        }
        at = number(number(at, &x), &y);
        if (what == 'm') cairo_move_to(c, x, y);
        if (what == 'l') cairo_line_to(c, x, y);
        if (what != 'o' && what != 'a' && what != 'g') continue;
        at = number(at, &r);
        if (what == 'g') gear(c, x, y, r);
        if (what == 'g') continue;
        cairo_new_sub_path(c);
        if (what == 'o') cairo_arc(c, x, y, r, 0, 2 * G_PI);
        if (what == 'a') cairo_arc(c, x, y, r, 0.1 * G_PI, 1.85 * G_PI);
    }
    cairo_stroke(c);
}

static SDL_Texture *make_icon(struct ui *ui, enum ui_icon icon, int size) {
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size, size);
    cairo_t *c = cairo_create(s);
    cairo_scale(c, size / 16.0, size / 16.0);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_set_line_width(c, 1.5);
    cairo_set_line_cap(c, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(c, CAIRO_LINE_JOIN_ROUND);
    trace(c, shapes[icon]);
    cairo_destroy(c);
    SDL_Texture *t = texture_of(ui, s);
    cairo_surface_destroy(s);
    return t;
}

static void drop_icons(struct ui *ui) {
    for (int i = 0; i < UI_ICONS; i++) {
        SDL_DestroyTexture(ui->icons[i]);
        ui->icons[i] = NULL;
    }
}

void draw_icon(struct ui *ui, enum ui_icon icon, struct ui_box b, uint32_t rgb) {
    const int size = ui_px(ui, 16);
    if (!shapes[icon]) return;
    if (ui->icon_size != size) drop_icons(ui);
    ui->icon_size = size;
    if (!ui->icons[icon]) ui->icons[icon] = make_icon(ui, icon, size);
    SDL_Texture *t = ui->icons[icon];
    if (!t) return;
    SDL_SetTextureColorMod(t, (Uint8)(rgb >> 16), (Uint8)(rgb >> 8), (Uint8)rgb);
    SDL_RenderCopy(ui->renderer, t, NULL,
                   &(SDL_Rect){b.x + (b.w - size) / 2, b.y + (b.h - size) / 2, size, size});
}

void draw_free(struct ui *ui) {
    drop_icons(ui);
    for (int i = 0; i < CORNERS; i++) SDL_DestroyTexture(ui->corners[i].texture);
}

/* ---- what is on the screen ------------------------------------------------------------------- */

bool ui_screenshot(struct ui *ui, const char *path) {
    const int w = ui->width, h = ui->height;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    const bool read = cairo_surface_status(s) == CAIRO_STATUS_SUCCESS &&
                      SDL_RenderReadPixels(ui->renderer, NULL, SDL_PIXELFORMAT_ARGB8888,
                                           cairo_image_surface_get_data(s),
                                           cairo_image_surface_get_stride(s)) == 0;
    cairo_surface_mark_dirty(s);
    const bool written = read && cairo_surface_write_to_png(s, path) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(s);
    return written;
}
