/* qwen25vl_eyes.c - the eyes of Qwen2.5-VL (mmproj, projector type qwen2.5vl_merger).
 *
 *   picture [3][h][w] -> patches of 14 -> 32 layers -> post_ln -> [h/14 * w/14][1280]
 *     -> each 2 x 2 neighbours become one row [h/28 * w/28][5120] -> linear, gelu, linear
 * All norms are by the root mean square, the feed-forward is gated. Each n_wa_pattern-th layer sees
 * the whole picture, the others windows of 112 x 112 pixels.
 * Easy to get wrong: windows hold whole groups of neighbours and start at the picture's corner, so
 * those of its far sides may be smaller; the layers run window by window, what comes behind them in
 * reading order. */
#include <stddef.h>

#include "models/native.h"

enum { LEAST_ROWS = 4 };

struct cfg {
    struct native native;
    uint32_t period, window; /* window: groups of neighbours on a side */
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    struct native *n = &c->native;
    native_config(n, m, LEAST_ROWS);
    n->vit.layer.rms = n->vit.layer.gated = true;
    n->vit.layer.act = ACT_SILU;
    c->period = meta_int(m, "vision.n_wa_pattern", 1, FAMILY_LAYERS);
    const uint32_t pixels = meta_int_or(m, "vision.window_size", 1, 8192, 112);
    c->window = pixels / n->merge / n->vit.patch;
    if (!c->window) meta_fail(m, "vision.window_size %u is less than %u patches", pixels, n->merge);
}
static void shape(const void *cfg, struct shape *s) {
    native_shape(&((const struct cfg *)cfg)->native, s);
}

struct windows {
    uint32_t *order, *places; /* [rows] place of a row, row of a place */
    uint32_t *spans;          /* [rows][2] of its window */
};

struct block {
    uint32_t x, y, wide, high;
};

/* The patches of a window from row `at` on, group by group; gives the row behind them. */
static uint32_t add_window(const struct windows *w, struct native_grid grid, uint32_t merge,
                           struct block b, uint32_t at) {
    const uint32_t first = at, behind = at + b.wide * b.high, group = merge * merge;
    for (uint32_t i = 0; i < b.wide * b.high; i++, at++) {
        const uint32_t of = i / group, x = b.x + of % (b.wide / merge) * merge + i % merge;
        const uint32_t y = b.y + of / (b.wide / merge) * merge + i % group / merge;
        w->order[at] = y * grid.wide + x;
        w->places[w->order[at]] = at;
        w->spans[2 * at] = first;
        w->spans[2 * at + 1] = behind;
    }
    return behind;
}

static bool make_windows(graph *g, const struct cfg *c, struct native_grid grid,
                         struct windows *w) {
    const uint32_t rows = grid.wide * grid.high, side = c->window * c->native.merge;
    w->order = graph_memory(g, rows, sizeof *w->order);
    w->places = graph_memory(g, rows, sizeof *w->places);
    w->spans = graph_memory(g, rows, 2 * sizeof *w->spans);
    if (!w->order || !w->places || !w->spans) return false;
    uint32_t at = 0;
    for (uint32_t y = 0; y < grid.high; y += side)
        for (uint32_t x = 0; x < grid.wide; x += side) {
            const uint32_t wide = grid.wide - x < side ? grid.wide - x : side;
            const uint32_t high = grid.high - y < side ? grid.high - y : side;
            at = add_window(w, grid, c->native.merge, (struct block){x, y, wide, high}, at);
        }
    return true;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const struct native *n = &c->native;
    const struct native_grid grid = native_grid(n, g, pixels);
    const uint32_t rows = grid.wide * grid.high;
    struct windows w;
    tensor x = native_patches(g, n, pixels);
    if (!make_windows(g, c, grid, &w)) return T_NONE;
    const tensor angles = native_angles(g, n, grid, w.order);
    const tensor spans = g_counts(g, "windows", rows, 2, w.spans);
    x = g_gather(g, x, w.order, rows);
    x = native_layers(
        g, n, x,
        &(struct native_layers){
            .behind = n->vit.layers, .period = c->period, .angles = angles, .spans = spans});
    x = native_norm(g, n, g_gather(g, x, w.places, rows));
    return native_project(g, g_shuffle(g, x, grid.wide, grid.high, n->merge));
}

const struct vision vision_qwen25vl = {
    .projector = "qwen2.5vl_merger",
    .decoders = " qwen2vl ",
    .mark = "<|vision_start|>",
    .what = "a tower for any size with windows, neighbours merged, two matrices (Qwen2.5-VL)",
    .last = "mm.2.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
