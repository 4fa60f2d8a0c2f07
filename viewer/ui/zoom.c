/* zoom.c - a picture in its box: whole, or a part of it made larger. */
#include <math.h>

#include "internal.h"

enum { ZOOM_MOST = 16 };

/* Where the picture lies, its hidden parts too. */
struct place {
    double x, y, w, h;
};

static double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

/* Of the whole picture. */
static double fit(struct ui_box b, const struct ui_view *view, int width, int height) {
    const double across = (double)b.w / width, down = (double)b.h / height;
    const double all = across < down ? across : down;
    return view->larger_most > 0 && all > view->larger_most ? view->larger_most : all;
}

/* The middle along one side: no bare margin where the picture is larger than its box. */
static double middle(double at, double size, int box) {
    const double half = box / 2.0 / size;
    return half >= 0.5 ? 0.5 : clamp(at, half, 1 - half);
}

static struct place place(struct ui_box b, struct ui_view *view, int width, int height) {
    view->zoom = clamp(view->zoom, 1, ZOOM_MOST);
    const double scale = fit(b, view, width, height) * view->zoom;
    struct place p = {0, 0, width * scale, height * scale};
    view->x = middle(view->x, p.w, b.w);
    view->y = middle(view->y, p.h, b.h);
    p.x = b.x + b.w / 2.0 - view->x * p.w;
    p.y = b.y + b.h / 2.0 - view->y * p.h;
    return p;
}

/* What is at this place of the screen stays there. */
static void zoom_about(struct ui_box b, struct ui_view *view, int width, int height, double zoom,
                       double x, double y) {
    const struct place p = place(b, view, width, height);
    const double u = (x - p.x) / p.w, v = (y - p.y) / p.h;
    view->zoom = clamp(zoom, 1, ZOOM_MOST);
    const double scale = fit(b, view, width, height) * view->zoom;
    view->x = u + (b.x + b.w / 2.0 - x) / (width * scale);
    view->y = v + (b.y + b.h / 2.0 - y) / (height * scale);
    place(b, view, width, height);
}

static void drag(struct ui *ui, struct ui_box b, struct ui_view *view, int width, int height) {
    const struct place p = place(b, view, width, height);
    view->x -= (ui->mouse_x - view->held_x) / p.w;
    view->y -= (ui->mouse_y - view->held_y) / p.h;
    place(b, view, width, height);
}

bool ui_zoom(struct ui *ui, const char *id, struct ui_box b, struct ui_view *view, int width,
             int height) {
    const struct ui_view before = *view;
    const uint32_t self = ui_id(id);
    const bool over = ui_over(ui, b);
    if (width < 1 || height < 1 || b.w < 1 || b.h < 1) return false;
    if (over && ui->wheel)
        zoom_about(b, view, width, height, view->zoom * pow(1.25, ui->wheel), ui->mouse_x,
                   ui->mouse_y);
    if (ui->pressed && over) {
        ui->active = self;
        view->held_x = ui->press_x;
        view->held_y = ui->press_y;
    }
    if (over && ui->pressed && ui->clicks == 2) { /* pixel for pixel, and back */
        const double real = 1 / fit(b, view, width, height);
        zoom_about(b, view, width, height,
                   view->zoom > 1 ? 1
                   : real > 2     ? real
                                  : 2,
                   ui->mouse_x, ui->mouse_y);
    }
    if (ui->active == self && ui->held) drag(ui, b, view, width, height);
    view->held_x = ui->mouse_x;
    view->held_y = ui->mouse_y;
    return view->zoom != before.zoom || view->x != before.x || view->y != before.y;
}

void ui_zoom_by(struct ui_box b, struct ui_view *view, int width, int height, double factor) {
    if (width < 1 || height < 1 || b.w < 1 || b.h < 1) return;
    zoom_about(b, view, width, height, view->zoom * factor, b.x + b.w / 2.0, b.y + b.h / 2.0);
}

/* ---- drawing --------------------------------------------------------------------------------- */

struct part {
    double u0, v0, u1, v1;
};

/* A part of what is seen as the part of the texture before it was mirrored and turned. */
static struct part part_of_texture(struct part p, int turn, bool mirror) {
    if (mirror) p = (struct part){1 - p.u1, p.v0, 1 - p.u0, p.v1};
    if (turn == 90) return (struct part){p.v0, 1 - p.u1, p.v1, 1 - p.u0};
    if (turn == 180) return (struct part){1 - p.u1, 1 - p.v1, 1 - p.u0, 1 - p.v0};
    if (turn == 270) return (struct part){1 - p.v1, p.u0, 1 - p.v0, p.u1};
    return p;
}

/* The other way round. */
static struct part part_of_screen(struct part p, int turn, bool mirror) {
    p = part_of_texture(p, (360 - turn) % 360, false);
    return mirror ? (struct part){1 - p.u1, p.v0, 1 - p.u0, p.v1} : p;
}

static SDL_Rect whole_pixels(double x0, double y0, double x1, double y1) {
    const int x = (int)floor(x0 + 0.5), y = (int)floor(y0 + 0.5);
    const int w = (int)floor(x1 + 0.5) - x, h = (int)floor(y1 + 0.5) - y;
    return (SDL_Rect){x, y, w < 1 ? 1 : w, h < 1 ? 1 : h};
}

/* `to` is where the part is seen. The copy is given as it lies before it is turned about its first
 * corner: about its middle, half pixels would be rounded. */
static void copy(struct ui *ui, SDL_Texture *texture, const SDL_Rect *from, SDL_Rect to, int turn,
                 bool mirror) {
    const bool sideways = turn % 180 != 0;
    const SDL_RendererFlip flip = !mirror    ? SDL_FLIP_NONE
                                  : sideways ? SDL_FLIP_VERTICAL
                                             : SDL_FLIP_HORIZONTAL;
    const SDL_Point corner = {0, 0};
    const SDL_Rect before = {to.x + (turn == 90 || turn == 180 ? to.w : 0),
                             to.y + (turn == 270 || turn == 180 ? to.h : 0), sideways ? to.h : to.w,
                             sideways ? to.w : to.h};
    SDL_RenderCopyEx(ui->renderer, texture, from, &before, turn, &corner, flip);
}

/* What is seen of a texture along one side, cut where a texel is seen in part: a renderer that
 * clips a scaled copy rounds to whole texels. Returns how many pieces. */
struct piece {
    int from, to;  /* texels */
    double lo, hi; /* what is seen of them */
};

static int cut(double lo, double hi, struct piece out[3]) {
    const int cuts[] = {(int)floor(lo), (int)ceil(lo), (int)floor(hi), (int)ceil(hi)};
    int n = 0;
    if (cuts[1] > cuts[2]) { /* all of it in one texel */
        out[n++] = (struct piece){cuts[0], cuts[3], lo, hi};
        return n;
    }
    for (int i = 0; i < 3; i++)
        if (cuts[i + 1] > cuts[i])
            out[n++] =
                (struct piece){cuts[i], cuts[i + 1], fmax(cuts[i], lo), fmin(cuts[i + 1], hi)};
    return n;
}

void ui_picture(struct ui *ui, const char *id, struct ui_box b, SDL_Texture *texture,
                const struct ui_shown *shown, struct ui_view *view) {
    int tw, th;
    if (shown->width < 1 || shown->height < 1 || b.w < 1 || b.h < 1) return;
    if (SDL_QueryTexture(texture, NULL, NULL, &tw, &th) != 0) return;
    const struct place p = place(b, view, shown->width, shown->height);
    const struct part seen = {clamp((b.x - p.x) / p.w, 0, 1), clamp((b.y - p.y) / p.h, 0, 1),
                              clamp((b.x + b.w - p.x) / p.w, 0, 1),
                              clamp((b.y + b.h - p.y) / p.h, 0, 1)};
    const struct part part = part_of_texture(seen, shown->turn, shown->mirror);
    struct piece across[3], down[3];
    const int n = cut(part.u0 * tw, part.u1 * tw, across),
              m = cut(part.v0 * th, part.v1 * th, down);
    for (int i = 0; i < n * m; i++) {
        const struct piece u = across[i % n], v = down[i / n];
        const struct part q = part_of_screen(
            (struct part){u.lo / tw, v.lo / th, u.hi / tw, v.hi / th}, shown->turn, shown->mirror);
        copy(ui, texture, &(SDL_Rect){u.from, v.from, u.to - u.from, v.to - v.from},
             whole_pixels(p.x + q.u0 * p.w, p.y + q.v0 * p.h, p.x + q.u1 * p.w, p.y + q.v1 * p.h),
             shown->turn, shown->mirror);
    }
    const SDL_Rect r = whole_pixels(p.x + seen.u0 * p.w, p.y + seen.v0 * p.h, p.x + seen.u1 * p.w,
                                    p.y + seen.v1 * p.h);
    ui_note(ui, id, "picture", (struct ui_box){r.x, r.y, r.w, r.h}, "", NULL);
}

struct ui_box ui_picture_part(struct ui_box b, const struct ui_view *view,
                              const struct ui_shown *shown, const double part[4]) {
    struct ui_view same = *view;
    if (shown->width < 1 || shown->height < 1 || b.w < 1 || b.h < 1) return (struct ui_box){0};
    const struct place p = place(b, &same, shown->width, shown->height);
    const double left = shown->mirror ? 1 - part[2] : part[0],
                 right = shown->mirror ? 1 - part[0] : part[2];
    const double x0 = clamp(p.x + left * p.w, b.x, b.x + b.w),
                 x1 = clamp(p.x + right * p.w, b.x, b.x + b.w),
                 y0 = clamp(p.y + part[1] * p.h, b.y, b.y + b.h),
                 y1 = clamp(p.y + part[3] * p.h, b.y, b.y + b.h);
    if (x1 <= x0 || y1 <= y0) return (struct ui_box){0};
    const SDL_Rect r = whole_pixels(x0, y0, x1, y1);
    return (struct ui_box){r.x, r.y, r.w, r.h};
}
