#include <stdio.h>

#include "chat/fit.h"

static const char edge[] = "<fake_token_around_image>";

struct size {
    uint32_t width, height;
};

static uint32_t least(uint32_t n, uint32_t low) { return n > low ? n : low; }

/* The longer side at most `longest`, both at least `shortest`, in the reference's own arithmetic.
 */
static struct size suited(struct size in, uint32_t longest, uint32_t shortest) {
    const double shape = (double)in.width / in.height;
    struct size out = in;
    if (in.width >= in.height && in.width > longest)
        out = (struct size){longest, (uint32_t)(longest / shape)};
    else if (in.height > in.width && in.height > longest)
        out = (struct size){(uint32_t)(longest * shape), longest};
    return (struct size){least(out.width, shortest), least(out.height, shortest)};
}

/* What is left of a side behind its last whole patch is not seen. */
static vidi_status add(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    const uint32_t patch = s->picture.multiple;
    const struct size to =
        suited((struct size){in->width, in->height}, s->picture.longest, s->picture.shortest);
    struct said_picture sized, *p;
    TRY(fit_resized(ctx, in, to.width, to.height, RESIZE_BILINEAR, &sized));
    const vidi_status status =
        fit_part(c, &sized, 0, 0, to.width / patch * patch, to.height / patch * patch, &p);
    vd_free(ctx, sized.rgb);
    TRY(status);
    /* Pictures in a row share the word between them. */
    if (c->n_waiting > 1) p[-1].after[0] = 0;
    snprintf(p->before, sizeof p->before, "%s", edge);
    snprintf(p->after, sizeof p->after, "%s", edge);
    c->stats.used_width = (int)p->width;
    c->stats.used_height = (int)p->height;
    return VIDI_OK;
}

/* A quarter of the picture, as a view. */
static struct said_picture quarter(const struct said_picture *in, bool right, bool low) {
    struct said_picture part = *in;
    const uint32_t x = right ? in->width / 2 : 0, y = low ? in->height / 2 : 0;
    part.rgb = in->rgb + (uint64_t)y * in->stride + x * 3ull;
    part.width = right ? in->width - x : in->width / 2;
    part.height = low ? in->height - y : in->height / 2;
    return part;
}

vidi_status fit_bounded(vidi_chat *c, const struct said_picture *in) {
    const bool split = c->model->shape.picture.split && in->width > 1 && in->height > 1;
    for (int i = 0; split && i < 4; i++) {
        const struct said_picture part = quarter(in, i % 2, i / 2);
        TRY(add(c, &part));
    }
    return add(c, in);
}
