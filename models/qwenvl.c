/* qwenvl.c - the eyes of Qwen-VL and Qwen-VL-Chat (the first ones; arXiv 2308.12966, from the
 * hub's folders): OpenCLIP, and one layer whose queries ask it. The decoder is Qwen2's.
 *
 *   picture [3][448][448] -> patches of 14 + positions -> pre_ln -> 48 layers -> [32*32][1664]
 *     -> one matrix -> layer_norm: values; + places: keys
 *     -> 256 learned queries + places ask them once -> layer_norm -> one matrix -> [256][4096]
 * Easy to get wrong: both tables of places are of 16 x 16, stretched to the patches by a bicubic
 * filter (a = -3/4) that looks at the middles of places and is never widened; there is no class
 * row, and no norm behind the tower; the layers' gelu is the exact one. */
#include <math.h>

#include "models/vit.h"

struct cfg {
    struct vit vit;
    uint32_t queries;
    bool raw; /* prompts without turns */
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->vit.layer.act = ACT_GELU;
    c->vit.layer.fused = true;
    c->queries = meta_int(m, "perceiver.latents", 1, 4096);
    c->raw = meta_flag(m, "raw_prompts");
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    vit_shape(&c->vit, c->queries, s);
    s->picture.fit = FIT_STRETCH;
    s->picture.bicubic = true;
    s->picture.numbered = true;
    s->picture.before = "<img>";
    s->picture.after = "</img>\n";
    s->picture.box_parts = 1000;
    if (c->raw) s->form = "bare";
}

/* The four places of a line of `side` around the i-th of n, and what each counts. */
struct around {
    uint32_t at[4];
    float share[4];
};

static float near(float t) { return (1.25f * t - 2.25f) * t * t + 1; }
static float far(float t) { return ((-0.75f * t + 3.75f) * t - 6) * t + 3; }

static struct around around(uint32_t i, uint32_t n, uint32_t side) {
    const float place = (float)side / (float)n * ((float)i + 0.5f) - 0.5f;
    const float on = place - floorf(place);
    struct around a = {.share = {far(on + 1), near(on), near(1 - on), far(2 - on)}};
    for (int k = 0; k < 4; k++) {
        const int at = (int)floorf(place) + k - 1;
        a.at[k] = at < 0 ? 0 : at < (int)side ? (uint32_t)at : side - 1;
    }
    return a;
}

static void mix(float *to, const float *table, uint32_t dim, uint32_t side, const struct around *y,
                const struct around *x) {
    for (uint32_t c = 0; c < dim; c++) {
        float sum = 0;
        for (int k = 0; k < 4; k++) {
            const float *row = table + (uint64_t)y->at[k] * side * dim + c;
            float line = 0;
            for (int l = 0; l < 4; l++) line += x->share[l] * row[(uint64_t)x->at[l] * dim];
            sum += y->share[k] * line;
        }
        to[c] = sum;
    }
}

/* A square of rows of the scope's weight w, as a square of n x n. */
static tensor stretched(graph *g, const char *w, const char *name, uint32_t rows, uint32_t dim,
                        uint32_t n) {
    const uint32_t side = (uint32_t)lround(sqrt(rows));
    if (side == n) return g_weight(g, w, rows, dim);
    const float *table = graph_numbers(g, w, (uint64_t)rows * dim);
    float *to = graph_memory(g, (uint64_t)n * n * dim, sizeof *to);
    if (!to) return T_NONE;
    for (uint32_t i = 0; table && i < n * n; i++) {
        const struct around y = around(i / n, n, side), x = around(i % n, n, side);
        mix(to + (uint64_t)i * dim, table, dim, side, &y, &x);
    }
    return g_table(g, name, n * n, dim, to);
}

/* Rows of a table of places; a square, or noted as a failure. */
static uint32_t square(graph *g, const char *name) {
    const uint32_t rows = graph_height(g, name), side = (uint32_t)lround(sqrt(rows));
    if (rows != side * side) graph_fail(g, "%s has %u rows, which is no square", name, rows);
    return rows ? rows : 1;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const struct vit *v = &c->vit;
    const uint32_t dim = v->layer.dim, rows = square(g, "v.position_embd.weight");
    graph_scope(g, "v");
    tensor x =
        conv(g, pixels, .w = "patch_embd", .width = v->size, .height = v->size, .in = 3, .out = dim,
             .kernel = v->patch, .stride = v->patch, .planar = true, .plain = true);
    x = g_add(g, x, stretched(g, "position_embd", "positions", rows, dim, v->side));
    x = vit_layers(g, v, g_layernorm(g, x, "pre_ln", v->layer.eps), v->layers);
    const uint32_t wide = resampler_dim(g);
    square(g, "resampler.places.weight");
    graph_scope(g, "resampler");
    const tensor places = g_weight(g, "places", c->queries, wide);
    const tensor seen = stretched(g, "places", "row_places", c->queries, wide, v->side);
    return block_resampler(g, x,
                           &(struct resampler){.queries = c->queries,
                                               .dim = wide,
                                               .eps = v->layer.eps,
                                               .query_places = places,
                                               .row_places = seen});
}

const struct vision vision_qwenvl = {
    .projector = "qwenvl",
    .decoder = "qwen2",
    .what = "OpenCLIP, queries that ask once (Qwen-VL)",
    .last = "resampler.proj.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
