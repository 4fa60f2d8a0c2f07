#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "chat/fit.h"

/* The grid in which most of the picture's pixels survive, and of those the smallest. */
static struct grid best_grid(const struct shape *s, uint32_t width, uint32_t height) {
    const uint64_t all = (uint64_t)width * height;
    struct grid best = s->picture.grids[0];
    uint64_t most = 0, least_waste = UINT64_MAX;
    for (uint32_t i = 0; i < s->picture.n_grids; i++) {
        const struct grid g = s->picture.grids[i];
        const double across = (double)g.width / width, down = (double)g.height / height;
        const double scale = across < down ? across : down;
        const uint64_t fit = (uint64_t)(width * scale) * (uint64_t)(height * scale);
        const uint64_t kept = fit < all ? fit : all;
        const uint64_t waste = (uint64_t)g.width * g.height - kept;
        if (kept < most || (kept == most && waste >= least_waste)) continue;
        most = kept;
        least_waste = waste;
        best = g;
    }
    return best;
}

static uint32_t at_most(double n, uint32_t limit) { return n < limit ? (uint32_t)n : limit; }

/* The picture as large as the grid allows, in its middle, black around it. */
static vidi_status padded(struct vd_ctx *ctx, const struct said_picture *in, struct grid grid,
                          struct said_picture *out) {
    const double across = (double)grid.width / in->width, down = (double)grid.height / in->height;
    uint32_t width = grid.width, height = grid.height;
    if (across < down)
        height = at_most(ceil(in->height * across), grid.height);
    else
        width = at_most(ceil(in->width * down), grid.width);
    struct said_picture small;
    TRY(fit_resized(ctx, in, width, height, RESIZE_BICUBIC, &small));
    *out = (struct said_picture){.width = grid.width,
                                 .height = grid.height,
                                 .stride = (uint32_t)align_up(grid.width * 3ull, 4)};
    out->rgb = vd_alloc(ctx, (uint64_t)out->stride * grid.height);
    const uint32_t left = (grid.width - width) / 2, top = (grid.height - height) / 2;
    for (uint32_t y = 0; out->rgb && y < height; y++)
        memcpy(out->rgb + (uint64_t)(top + y) * out->stride + left * 3ull,
               small.rgb + (uint64_t)y * small.stride, width * 3ull);
    vd_free(ctx, small.rgb);
    return out->rgb ? VIDI_OK : VIDI_E_MEMORY;
}

/* Each tile is encoded and kept behind slot 0, row by row of the grid. */
static vidi_status add_tiles(vidi_chat *c, const struct said_picture *in, struct grid grid) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const uint32_t side = c->model->shape.picture.width;
    struct said_picture canvas, *tile;
    TRY(padded(ctx, in, grid, &canvas));
    vidi_status status = VIDI_OK;
    for (uint32_t y = 0; y < grid.height && status == VIDI_OK; y += side)
        for (uint32_t x = 0; x < grid.width && status == VIDI_OK; x += side) {
            status = fit_part(c, &canvas, x, y, side, side, &tile);
            if (status != VIDI_OK) break;
            tile->rows = 0;
            tile->slot = 1 + y / side * (grid.width / side) + x / side;
        }
    vd_free(ctx, canvas.rgb);
    return status;
}

/* What of `cells` is left when black on both sides is dropped; the reference's own arithmetic. */
static uint32_t black(uint32_t cells, double wanted) {
    const uint32_t left = (uint32_t)(rint(wanted * 1e7) / 1e7);
    return left < cells ? (cells - left) / 2 : 0;
}

/* Rows of the whole picture, then of the grid line by line without its black, each line ended by
 * the last of the kept rows, which breaks lines. */
static vidi_status lay_out(vidi_chat *c, const struct said_picture *in, struct grid grid,
                           struct said_picture *whole) {
    const struct shape *s = &c->model->shape;
    const uint32_t kept = s->picture.rows, cells = kept - 1;
    const uint32_t side = (uint32_t)lround(sqrt(cells)), tiles = grid.width / s->picture.width;
    const uint32_t wide = tiles * side, high = grid.height / s->picture.height * side;
    uint32_t left = 0, top = 0;
    if ((double)in->width / in->height > (double)wide / high)
        top = black(high, in->height * ((double)wide / in->width));
    else
        left = black(wide, in->width * ((double)high / in->height));
    const uint64_t n = cells + (uint64_t)(high - 2 * top) * (wide - 2 * left + 1);
    whole->layout = vd_alloc(&c->model->v->ctx, n * sizeof *whole->layout);
    if (!whole->layout) return VIDI_E_MEMORY;
    uint32_t *at = whole->layout;
    for (uint32_t i = 0; i < cells; i++) *at++ = i;
    for (uint32_t y = top; y < high - top; y++) {
        for (uint32_t x = left; x < wide - left; x++)
            *at++ = (1 + y / side * tiles + x / side) * kept + y % side * side + x % side;
        *at++ = cells;
    }
    whole->rows = (uint32_t)n;
    return VIDI_OK;
}

vidi_status fit_anyres(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    const uint32_t side = s->picture.width;
    const struct grid grid = best_grid(s, in->width, in->height);
    struct said_picture small, *whole;
    TRY(add_tiles(c, in, grid));
    TRY(fit_resized(ctx, in, side, side, RESIZE_BICUBIC, &small));
    const vidi_status status = fit_part(c, &small, 0, 0, side, side, &whole);
    vd_free(ctx, small.rgb);
    TRY(status);
    snprintf(whole->after, sizeof whole->after, "\n");
    c->stats.used_width = (int)grid.width;
    c->stats.used_height = (int)grid.height;
    return lay_out(c, in, grid, whole);
}
