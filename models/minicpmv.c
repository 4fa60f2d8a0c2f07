/* minicpmv.c - the eyes of MiniCPM-V 2.6, 4.0 and 4.5 (mmproj, projector type resampler).
 *
 *   slice [3][h][w], about 448 x 448 pixels of any shape -> SigLIP -> post_ln -> [h/14 *
 * w/14][1152]
 *     -> one matrix -> layer_norm: values; + waves of column and row: keys
 *     -> 64 learned queries ask them once -> layer_norm -> one matrix -> [64][3584]
 * Easy to get wrong: positions are looked up in the table by the part of the side they lie at; the
 * waves of columns stand before those of rows, all sines of each before its cosines; heads are 128
 * wide whatever the width; there is no way around the one attention; files of the first months say
 * 26 layers and hold 27, all of which the published model runs. */
#include <math.h>

#include "models/vit.h"
#include "models/waves.h"

enum { OLDEST = 3, NEWEST = 6, QUERIES = 64 };

struct cfg {
    struct vit vit;
    uint32_t queries;
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    meta_int(m, "minicpmv_version", OLDEST, NEWEST);
    vit_all_layers(&c->vit, m);
    c->queries = meta_int_or(m, "minicpmv_query_num", 0, 4096, 0);
    if (!c->queries) c->queries = QUERIES;
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    vit_shape(&c->vit, c->queries, s);
    s->picture.fit = FIT_SLICES;
    s->picture.area = 2 * c->vit.size * c->vit.size;
    s->picture.multiple = c->vit.patch;
}

/* Where of the table's `side` the i-th of n patches lies, in the reference's own arithmetic: single
 * precision, and what lies on a boundary belongs behind it. */
static uint32_t bucket(uint32_t i, uint32_t n, uint32_t side) {
    const float at = (float)(i * (1.0 / n));
    uint32_t b = 0;
    while (b + 1 < side && (float)(1.0 / side + b * (1.0 / side)) <= at) b++;
    return b;
}

static tensor positions(graph *g, const struct cfg *c, uint32_t wide, uint32_t high) {
    const uint32_t all = graph_height(g, "v.position_embd.weight");
    const uint32_t side = (uint32_t)lround(sqrt(all));
    uint32_t *index = graph_memory(g, (uint64_t)wide * high, sizeof *index);
    uint32_t *column = graph_memory(g, wide, sizeof *column);
    if (!index || !column) return T_NONE;
    for (uint32_t x = 0; x < wide; x++) column[x] = bucket(x, wide, side);
    for (uint32_t y = 0; y < high; y++) {
        const uint32_t row = bucket(y, high, side);
        for (uint32_t x = 0; x < wide; x++) index[y * wide + x] = row * side + column[x];
    }
    return g_gather(g, g_weight(g, "position_embd", side * side, c->vit.layer.dim), index,
                    wide * high);
}

static tensor grid_waves(graph *g, uint32_t wide, uint32_t high, uint32_t dim) {
    float *rows = graph_memory(g, (uint64_t)wide * high * dim, sizeof *rows);
    if (!rows) return T_NONE;
    waves_grid(rows, dim, wide, high);
    return g_table(g, "waves", wide * high, dim, rows);
}

static tensor resampler(graph *g, const struct cfg *c, tensor x, uint32_t wide, uint32_t high) {
    const uint32_t dim = resampler_dim(g);
    graph_scope(g, "resampler");
    return block_resampler(g, x,
                           &(struct resampler){.queries = c->queries,
                                               .dim = dim,
                                               .eps = c->vit.layer.eps,
                                               .row_places = grid_waves(g, wide, high, dim)});
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const uint32_t width = tensor_cols(g, pixels), height = tensor_rows(g, pixels) / 3;
    const uint32_t wide = width / c->vit.patch, high = height / c->vit.patch;
    graph_scope(g, "v");
    tensor x = conv(g, pixels, .w = "patch_embd", .width = width, .height = height, .in = 3,
                    .out = c->vit.layer.dim, .kernel = c->vit.patch, .stride = c->vit.patch,
                    .planar = true);
    x = g_add(g, x, positions(g, c, wide, high));
    return resampler(g, c, vit_layers(g, &c->vit, x, c->vit.layers), wide, high);
}

const struct vision vision_minicpmv = {
    .projector = "resampler",
    .decoders = " qwen2 llama qwen3 ",
    .mark = "<slice>",
    .own_mark = true,
    .what = "SigLIP in slices, queries that ask once (MiniCPM-V 2.6, 4.0, 4.5)",
    .last = "resampler.proj.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
