/* qwen2vl_eyes.c - the eyes of Qwen2-VL (mmproj, projector type qwen2vl_merger).
 *
 *   picture [3][h][w] -> patches of 14 -> 32 layers -> post_ln -> [h/14 * w/14][1280]
 *     -> each 2 x 2 neighbours become one row [h/28 * w/28][5120] -> linear, gelu, linear
 * Easy to get wrong: there are no learned positions; the first half of a head's pairs turns by the
 * row, the second by the column; vision.feed_forward_length is not the width of the layers. */
#include <stddef.h>

#include "models/native.h"

enum { LEAST_ROWS = 4 };

static void config(void *cfg, struct meta *m) {
    struct native *n = cfg;
    native_config(n, m, LEAST_ROWS);
    n->vit.layer.act = meta_flag(m, "use_gelu") ? ACT_GELU : ACT_QUICK_GELU;
    n->vit.layer.ffn = 0;
}
static void shape(const void *cfg, struct shape *s) { native_shape(cfg, s); }

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct native *n = cfg;
    const struct native_grid grid = native_grid(n, g, pixels);
    tensor x = native_patches(g, n, pixels);
    const tensor angles = native_angles(g, n, grid, NULL);
    x = native_layers(g, n, x, &(struct native_layers){.behind = n->vit.layers, .angles = angles});
    x = native_norm(g, n, x);
    return native_project(g, g_shuffle(g, x, grid.wide, grid.high, n->merge));
}

const struct vision vision_qwen2vl = {
    .projector = "qwen2vl_merger",
    .decoders = " qwen2vl ",
    .mark = "<|vision_start|>",
    .what = "a tower for any size, neighbours merged, two matrices (Qwen2-VL)",
    .last = "mm.2.weight",
    .config_bytes = sizeof(struct native),
    .config = config,
    .shape = shape,
    .encode = encode,
};
