/* qwen3vl_eyes.c - the eyes of Qwen3-VL (mmproj, projector type qwen3vl_merger).
 *
 *   picture [3][h][w] -> patches of 16 + positions -> 24 layers -> post_ln -> [h/16 * w/16][1024]
 *     -> each 2 x 2 neighbours become one row [h/32 * w/32][4096] -> linear, gelu, linear
 *   behind some layers: rows -> neighbours merged -> layer_norm -> linear, gelu, linear (DeepStack)
 *   -> [h/32 * w/32][dim * (1 + such layers)], the deep rows beside the last ones
 * Easy to get wrong: learned positions are a square stretched over the picture, corners on corners,
 * and rows are turned in attention, too; deep rows are normalised after the merge, the last ones
 * before; the layers' gelu is by tanh, that of the matrices is not. */
#include <math.h>
#include <stddef.h>

#include "models/native.h"

enum { LEAST_ROWS = 64, LEVELS_MOST = 16 };

struct cfg {
    struct native native;
    uint32_t levels, deep[LEVELS_MOST]; /* layers whose rows go deep */
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    bool flags[FAMILY_LAYERS] = {false};
    native_config(&c->native, m, LEAST_ROWS);
    const uint32_t layers = c->native.vit.layers;
    if (meta_has(m, "vision.is_deepstack_layers"))
        meta_flags(m, "vision.is_deepstack_layers", layers, flags);
    for (uint32_t i = 0; i < layers; i++) {
        if (!flags[i]) continue;
        if (c->levels == LEVELS_MOST) {
            meta_fail(m, "vision.is_deepstack_layers has more than %d of them", LEVELS_MOST);
            return;
        }
        c->deep[c->levels++] = i;
    }
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    native_shape(&c->native, s);
    s->picture.levels = c->levels;
    s->picture.box_parts = 1000;
}

/* Between which two places of a line of `side` the i-th of n lies, and how far on. */
struct between {
    uint32_t low, high;
    float on;
};
static struct between between(uint32_t i, uint32_t n, uint32_t side) {
    const float step = n > 1 ? (float)(side - 1) / (float)(n - 1) : 0;
    const float at = i < n / 2 ? step * (float)i : (float)(side - 1) - step * (float)(n - 1 - i);
    const float place = n > 1 ? at : 0;
    const uint32_t low = (uint32_t)place;
    return (struct between){low, low + 1 < side ? low + 1 : side - 1, place - (float)low};
}

static void mix(float *to, const float *table, uint32_t dim, uint32_t side, struct between y,
                struct between x) {
    const float *corners[] = {table + (uint64_t)(y.low * side + x.low) * dim,
                              table + (uint64_t)(y.low * side + x.high) * dim,
                              table + (uint64_t)(y.high * side + x.low) * dim,
                              table + (uint64_t)(y.high * side + x.high) * dim};
    const float share[] = {(1 - y.on) * (1 - x.on), (1 - y.on) * x.on, y.on * (1 - x.on),
                           y.on * x.on};
    for (uint32_t i = 0; i < dim; i++) {
        to[i] = 0;
        for (int k = 0; k < 4; k++) to[i] += share[k] * corners[k][i];
    }
}

static tensor positions(graph *g, const struct native *n, struct native_grid grid) {
    const uint32_t dim = n->vit.layer.dim, all = graph_height(g, "v.position_embd.weight");
    const uint32_t side = all ? (uint32_t)lround(sqrt(all)) : n->vit.side;
    graph_scope(g, "v");
    const float *table = graph_numbers(g, "position_embd", (uint64_t)side * side * dim);
    float *rows = graph_memory(g, (uint64_t)grid.wide * grid.high * dim, sizeof *rows);
    if (!rows) return T_NONE;
    for (uint32_t i = 0; table && i < grid.wide * grid.high; i++)
        mix(rows + (uint64_t)i * dim, table, dim, side, between(i / grid.wide, grid.high, side),
            between(i % grid.wide, grid.wide, side));
    return g_table(g, "positions", grid.wide * grid.high, dim, rows);
}

static tensor deep_rows(graph *g, const struct native *n, tensor x, struct native_grid grid,
                        uint32_t layer) {
    graph_scope(g, "v.deepstack.%u", layer);
    tensor h = g_shuffle(g, x, grid.wide, grid.high, n->merge);
    h = g_layernorm(g, h, "norm", n->vit.layer.eps);
    h = linear(g, h, .w = "fc1", .out = tensor_cols(g, h), .bias = true, .act = ACT_GELU);
    return linear(g, h, .w = "fc2", .bias = true);
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const struct native *n = &c->native;
    const struct native_grid grid = native_grid(n, g, pixels);
    tensor rows[1 + LEVELS_MOST], x = native_patches(g, n, pixels);
    struct native_layers layers = {.angles = native_angles(g, n, grid, NULL)};
    x = g_add(g, x, positions(g, n, grid));
    for (uint32_t i = 0; i <= c->levels; i++) {
        layers.behind = i < c->levels ? c->deep[i] + 1 : n->vit.layers;
        x = native_layers(g, n, x, &layers);
        layers.first = layers.behind;
        if (i < c->levels) rows[1 + i] = deep_rows(g, n, x, grid, c->deep[i]);
    }
    x = native_norm(g, n, x);
    rows[0] = native_project(g, g_shuffle(g, x, grid.wide, grid.high, n->merge));
    return g_beside(g, rows, 1 + c->levels);
}

const struct vision vision_qwen3vl = {
    .projector = "qwen3vl_merger",
    .decoders = " qwen3vl ",
    .mark = "<|vision_start|>",
    .what = "a tower for any size with rows of lower layers, two matrices (Qwen3-VL)",
    .last = "mm.2.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
