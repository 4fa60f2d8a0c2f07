#include <math.h>
#include <stdio.h>

#include "chat/fit.h"

enum { SLICES = 9 };

/* Sizes may be fractions of pixels on the way; the arithmetic is the reference's own. */
struct size {
    double width, height;
};

/* To the nearest multiple, halves to the even one, at least one. */
static double whole(double length, double of) {
    const double n = rint(length / of);
    return n >= 1 ? n * of : of;
}

/* The same shape with the encoder's area; a smaller one is left when it may not grow. */
static struct size suited(struct size in, double side, double multiple, bool grow) {
    if (in.width * in.height > side * side || grow) {
        const double ratio = in.width / in.height;
        in.height = floor(side / sqrt(ratio));
        in.width = floor(in.height * ratio);
    }
    return (struct size){whole(in.width, multiple), whole(in.height, multiple)};
}

struct cut {
    uint32_t across, down; /* 0: not cut */
};

/* Of all grids with one slice less than the area asks for, as many, or one more: the one whose
 * shape is most like the picture's. */
static struct cut best_cut(uint32_t width, uint32_t height, double side) {
    const double shape = log((double)width / height);
    const double wanted = ceil((double)width * height / (side * side));
    const uint32_t n = wanted < SLICES ? (uint32_t)wanted : SLICES;
    struct cut best = {1, 1};
    double least = INFINITY;
    if (n <= 1) return (struct cut){0, 0};
    for (uint32_t all = n - 1; all <= n + 1; all++) {
        if (all == 1 || all > SLICES) continue;
        for (uint32_t across = 1; across <= all; across++) {
            if (all % across) continue;
            const double error = fabs(shape - log((double)across / (all / across)));
            if (error >= least) continue;
            least = error;
            best = (struct cut){across, all / across};
        }
    }
    return best;
}

static vidi_status resize_to(vidi_chat *c, const struct said_picture *in, struct size to,
                             uint32_t slices, struct said_picture *out) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    if (to.width * to.height > (double)s->picture.area * slices)
        return vd_fail(ctx, VIDI_E_IMAGE, "a picture of %u x %u is too narrow for this model",
                       in->width, in->height);
    return fit_resized(ctx, in, (uint32_t)to.width, (uint32_t)to.height, RESIZE_BICUBIC, out);
}

static vidi_status add_whole(vidi_chat *c, const struct said_picture *in, bool cut) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    struct said_picture small, *p;
    const struct size size = {in->width, in->height};
    const struct size to = suited(size, s->picture.width, s->picture.multiple, !cut);
    TRY(resize_to(c, in, to, 1, &small));
    const vidi_status status = fit_part(c, &small, 0, 0, small.width, small.height, &p);
    vd_free(ctx, small.rgb);
    TRY(status);
    snprintf(p->before, sizeof p->before, "<image_id>%u</image_id><image>", c->shown);
    snprintf(p->after, sizeof p->after, "</image>%s", cut ? "" : "\n");
    c->stats.used_width = (int)to.width;
    c->stats.used_height = (int)to.height;
    return VIDI_OK;
}

static vidi_status add_slices(vidi_chat *c, const struct said_picture *in, struct cut cut) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    const struct size one = {whole(in->width, cut.across) / cut.across,
                             whole(in->height, cut.down) / cut.down};
    const struct size to = suited(one, s->picture.width, s->picture.multiple, true);
    const struct size all = {to.width * cut.across, to.height * cut.down};
    const uint32_t width = (uint32_t)to.width, height = (uint32_t)to.height;
    struct said_picture canvas, *p;
    TRY(resize_to(c, in, all, cut.across * cut.down, &canvas));
    vidi_status status = VIDI_OK;
    for (uint32_t y = 0; y < cut.down && status == VIDI_OK; y++)
        for (uint32_t x = 0; x < cut.across && status == VIDI_OK; x++) {
            status = fit_part(c, &canvas, x * width, y * height, width, height, &p);
            if (status != VIDI_OK) break;
            snprintf(p->before, sizeof p->before, "<slice>");
            snprintf(p->after, sizeof p->after, "</slice>%s", x + 1 == cut.across ? "\n" : "");
        }
    vd_free(ctx, canvas.rgb);
    c->stats.used_width = (int)all.width;
    c->stats.used_height = (int)all.height;
    return status;
}

vidi_status fit_slices(vidi_chat *c, const struct said_picture *in) {
    const struct cut cut = best_cut(in->width, in->height, c->model->shape.picture.width);
    TRY(add_whole(c, in, cut.across != 0));
    return cut.across ? add_slices(c, in, cut) : VIDI_OK;
}
