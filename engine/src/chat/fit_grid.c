#include <math.h>
#include <stdio.h>

#include "chat/fit.h"

struct cut {
    uint32_t across, down;
};

/* Of all grids of so many tiles the one whose shape is most like the picture's; of equally like
 * ones a larger one while the picture fills more than half of it. */
static struct cut best_cut(const struct shape *s, double width, double height) {
    const double side = s->picture.width;
    struct cut best = {1, 1};
    double least = INFINITY;
    for (uint32_t n = s->picture.least_tiles; n <= s->picture.most_tiles; n++)
        for (uint32_t across = 1; across <= n; across++) {
            if (n % across) continue;
            const double error = fabs(width / height - (double)across / (n / across));
            const bool filled = width * height > 0.5 * side * side * n;
            if (error > least || (error == least && !filled)) continue;
            least = error;
            best = (struct cut){across, n / across};
        }
    return best;
}

static vidi_status add_tiles(vidi_chat *c, const struct said_picture *in, struct cut cut) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const uint32_t side = c->model->shape.picture.width;
    struct said_picture canvas, *tile;
    TRY(fit_resized(ctx, in, cut.across * side, cut.down * side, RESIZE_BICUBIC, &canvas));
    vidi_status status = VIDI_OK;
    for (uint32_t i = 0; i < cut.across * cut.down && status == VIDI_OK; i++)
        status =
            fit_part(c, &canvas, i % cut.across * side, i / cut.across * side, side, side, &tile);
    vd_free(ctx, canvas.rgb);
    return status;
}

vidi_status fit_grid(vidi_chat *c, const struct said_picture *in) {
    const struct shape *s = &c->model->shape;
    const uint32_t first = c->n_pictures;
    const struct cut cut = best_cut(s, in->width, in->height);
    TRY(add_tiles(c, in, cut));
    if (cut.across * cut.down > 1) TRY(add_tiles(c, in, (struct cut){1, 1}));
    struct said_picture *p = &c->pictures[first], *last = &c->pictures[c->n_pictures - 1];
    if (s->picture.before) snprintf(p->before, sizeof p->before, "%s", s->picture.before);
    if (s->picture.after) snprintf(last->after, sizeof last->after, "%s", s->picture.after);
    c->stats.used_width = (int)(cut.across * s->picture.width);
    c->stats.used_height = (int)(cut.down * s->picture.width);
    return VIDI_OK;
}
