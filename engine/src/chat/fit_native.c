#include <math.h>
#include <stdio.h>

#include "chat/fit.h"

enum { THINNEST = 200 };

struct size {
    double width, height;
};

static double down(double n, double to) { return floor(n / to) * to; }
static double at_least(double n, double least) { return n > least ? n : least; }

/* The nearest size of whole rows that has no more and no less pixels than the model takes, in the
 * reference's own arithmetic. */
static struct size suited(struct size in, double multiple, double least, double most) {
    const struct size near = {rint(in.width / multiple) * multiple,
                              rint(in.height / multiple) * multiple};
    if (near.width * near.height > most) {
        const double shrink = sqrt(in.width * in.height / most);
        return (struct size){at_least(down(in.width / shrink, multiple), multiple),
                             at_least(down(in.height / shrink, multiple), multiple)};
    }
    if (near.width * near.height >= least) return near;
    const double grow = sqrt(least / (in.width * in.height));
    return (struct size){ceil(in.width * grow / multiple) * multiple,
                         ceil(in.height * grow / multiple) * multiple};
}

vidi_status fit_native(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    const uint32_t multiple = s->picture.multiple;
    const uint32_t low = in->width < in->height ? in->width : in->height;
    const uint32_t high = in->width < in->height ? in->height : in->width;
    const struct size to =
        suited((struct size){in->width, in->height}, multiple, s->picture.least_area, c->area);
    if (high > (uint64_t)THINNEST * low || to.width * to.height > c->area)
        return vd_fail(ctx, VIDI_E_IMAGE, "a picture of %u x %u is too narrow for this model",
                       in->width, in->height);
    struct said_picture sized, *p;
    TRY(fit_resized(ctx, in, (uint32_t)to.width, (uint32_t)to.height, RESIZE_BICUBIC, &sized));
    const vidi_status status = fit_part(c, &sized, 0, 0, sized.width, sized.height, &p);
    vd_free(ctx, sized.rgb);
    TRY(status);
    p->wide = p->width / multiple;
    p->high = p->height / multiple;
    p->rows = p->wide * p->high;
    if (s->picture.before) snprintf(p->before, sizeof p->before, "%s", s->picture.before);
    if (s->picture.after) snprintf(p->after, sizeof p->after, "%s", s->picture.after);
    c->stats.used_width = (int)p->width;
    c->stats.used_height = (int)p->height;
    return VIDI_OK;
}
