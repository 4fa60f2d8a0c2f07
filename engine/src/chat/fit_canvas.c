#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "chat/fit.h"

/* mllama: a canvas of whole tiles, at most so many, on which the picture lies at the top left,
 * black beside it. The arithmetic is the reference's own, in double. */

struct canvas {
    uint32_t across, down; /* tiles */
    double scale;
};

/* Of the canvases that hold the whole picture the one that enlarges it least, or else the one that
 * shrinks it least; of equals the smaller one, and the first of those in the reference's order. */
static struct canvas best(uint32_t width, uint32_t height, uint32_t side, uint32_t most) {
    struct canvas chosen = {0};
    for (uint32_t down = 1; down <= most; down++)
        for (uint32_t across = 1; across * down <= most; across++) {
            const double tall = (double)(down * side) / height;
            const double wide = (double)(across * side) / width;
            const struct canvas c = {across, down, wide > tall ? tall : wide};
            const bool holds = c.scale >= 1, held = chosen.scale >= 1;
            bool better = chosen.across == 0 || (holds && !held);
            if (holds == held && c.scale != chosen.scale)
                better = better || (holds ? c.scale < chosen.scale : c.scale > chosen.scale);
            else if (holds == held)
                better = better || across * down < chosen.across * chosen.down;
            if (better) chosen = c;
        }
    return chosen;
}

static uint32_t within(uint32_t n, uint32_t lo, uint32_t hi) {
    return n < lo ? lo : n > hi ? hi : n;
}

/* The picture's size on its canvas: enlarged to a tile at most, or shrunk to the canvas. */
static void size_on(struct canvas c, uint32_t side, const struct said_picture *in, uint32_t *width,
                    uint32_t *height) {
    const uint32_t wide = within(in->width, side, c.across * side);
    const uint32_t tall = within(in->height, side, c.down * side);
    const double across = (double)wide / in->width, down = (double)tall / in->height;
    *width = wide;
    *height = tall;
    if (across < down)
        *height = within((uint32_t)floor(in->height * across), 1, tall);
    else
        *width = within((uint32_t)floor(in->width * down), 1, wide);
}

vidi_status fit_canvas(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    const uint32_t side = s->picture.multiple;
    const struct canvas canvas = best(in->width, in->height, side, s->picture.most_tiles);
    uint32_t width, height;
    size_on(canvas, side, in, &width, &height);
    struct said_picture small,
        whole = {.width = canvas.across * side, .height = canvas.down * side};
    whole.stride = (uint32_t)align_up(whole.width * 3ull, 4);
    TRY(fit_resized(ctx, in, width, height, s->picture.bicubic ? RESIZE_BICUBIC : RESIZE_BILINEAR,
                    &small));
    whole.rgb = vd_alloc(ctx, (uint64_t)whole.stride * whole.height);
    for (uint32_t y = 0; whole.rgb && y < height; y++)
        memcpy(whole.rgb + (uint64_t)y * whole.stride, small.rgb + (uint64_t)y * small.stride,
               width * 3ull);
    vd_free(ctx, small.rgb);
    if (!whole.rgb) return VIDI_E_MEMORY;
    struct said_picture *part;
    const vidi_status status = fit_part(c, &whole, 0, 0, whole.width, whole.height, &part);
    vd_free(ctx, whole.rgb);
    if (status == VIDI_OK) fit_words(c, part);
    c->stats.used_width = (int)whole.width;
    c->stats.used_height = (int)whole.height;
    return status;
}
