/* mllama.c - Llama 3.2 Vision (from the hub's folders): a decoder of which every few layers ask the
 * pictures instead of the words, and its eyes.
 *
 *   layer that asks: x += tanh(attn_gate) out(attention(q_norm(q(rms_norm(x))), kept k and v))
 *                    x += tanh(mlp_gate) down(silu(gate) * up), for rows that have a picture
 *   kept: k = k_norm(k(rows)), v = v(rows), once a picture
 *   picture on a canvas of 1 to 4 tiles of 560 x 560 -> [4 * 1601][1280], always four tiles
 *     -> 32 layers -> post_ln -> 8 gated layers -> beside the rows of five lower layers
 *     -> linear -> [4 * 1601][4096]
 * Easy to get wrong: tiles that a picture has not are computed all the same, of no pixels, and its
 * own rows see them, but they do not see each other; each tile is filled up to whole 8 rows;
 * pictures side by side are asked together; rows before the first picture ask all rows of all
 * pictures, those of missing tiles too, but go past the second half of the layer; the head has
 * fewer words than the table. */
#include "models/decoder.h"

#include <math.h>
#include <string.h>

#include "models/vit.h"

struct cfg {
    struct decoder d;
    uint32_t logits; /* words of the head */
    bool asks[FAMILY_LAYERS];
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    uint32_t layers[FAMILY_LAYERS] = {0};
    decoder_config(&c->d, m);
    c->d.neox = true;
    c->logits = meta_int(m, "logit_count", 1, c->d.vocab);
    const uint32_t n = meta_length(m, "cross_attention_layers", FAMILY_LAYERS);
    meta_ints(m, "cross_attention_layers", n, 0, c->d.layers - 1, layers);
    for (uint32_t i = 0; i < n; i++) c->asks[layers[i]] = true;
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    decoder_shape(&c->d, s);
    s->vocab = c->logits;
    s->seen_cols = c->d.dim;
    for (uint32_t i = 0; i < c->d.layers; i++)
        if (c->asks[i]) {
            s->seen_dim[i] = s->kv_dim[i];
            s->kv_dim[i] = 0;
        }
}

static tensor asking_layer(graph *g, const struct cfg *c, uint32_t i, tensor x) {
    const struct decoder *d = &c->d;
    tensor h = linear(g, x, .w = "attn_q", .out = d->heads[i] * d->head_dim, .norm = "attn_norm",
                      .eps = d->eps);
    h = g_norm_heads(g, h, "attn_q_norm", d->head_dim, d->eps);
    h = g_attend_seen(g, h, &(struct attend_seen){i, d->heads[i], d->kv_heads[i], d->head_dim, 0});
    h = linear(g, h, .w = "attn_output", .out = d->dim);
    x = g_add_gated(g, x, h, "attn_gate");
    h = linear(g, x, .w = "ffn_gate|ffn_up", .out = d->ffn[i], .glu = true, .act = d->act,
               .norm = "ffn_norm", .eps = d->eps, .name = "ffn_glu");
    h = linear(g, h, .w = "ffn_down", .out = d->dim);
    return g_asking_over(g, x, g_add_gated(g, x, h, "mlp_gate"));
}

static tensor decode(graph *g, const void *cfg) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", c->d.vocab, c->d.dim, 1);
    for (uint32_t i = 0; i < c->d.layers; i++) {
        graph_scope(g, "blk.%u", i);
        if (!c->asks[i])
            x = decoder_block(g, &c->d, i, x);
        else if (graph_asks(g))
            x = asking_layer(g, c, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    return linear(g, row, .w = "output", .out = c->logits, .norm = "output_norm", .eps = c->d.eps,
                  .name = "logits");
}

static void see(graph *g, const void *cfg, tensor rows) {
    const struct cfg *c = cfg;
    const struct decoder *d = &c->d;
    for (uint32_t i = 0; i < d->layers; i++) {
        if (!c->asks[i]) continue;
        graph_scope(g, "blk.%u", i);
        const uint32_t dim = d->kv_heads[i] * d->head_dim;
        const tensor k = linear(g, rows, .w = "attn_k", .out = dim);
        const tensor v = linear(g, rows, .w = "attn_v", .out = dim);
        g_keep_seen(g, i, g_norm_heads(g, k, "attn_k_norm", d->head_dim, d->eps), v);
    }
}

const struct family family_mllama = {
    .arch = "mllama",
    .what = "text decoder whose layers ask pictures (Llama 3.2 Vision)",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
    .see = see,
};

/* --- the eyes --------------------------------------------------------------------------------- */

enum { FEATURES = 16 };
static const float eps_around = 1e-5f; /* of the norms before and behind the layers */

struct eyes {
    struct vit vit;
    uint32_t global_layers, tiles, n_features, features[FEATURES];
};

static void eyes_config(void *out, struct meta *m) {
    struct eyes *e = out;
    vit_config(&e->vit, m);
    e->vit.layer.act = ACT_GELU;
    e->global_layers = meta_int(m, "vision.global_block_count", 1, FAMILY_LAYERS);
    e->tiles = meta_int(m, "vision.most_tiles", 1, 16);
    e->n_features = meta_length(m, "vision.feature_layers", FEATURES);
    meta_ints(m, "vision.feature_layers", e->n_features, 0, e->vit.layers - 1, e->features);
}

static uint32_t tile_rows(const struct eyes *e) { return e->vit.side * e->vit.side + 1; }

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct eyes *e = cfg;
    vit_shape(&e->vit, e->tiles * tile_rows(e), s);
    s->picture.fit = FIT_CANVAS;
    s->picture.multiple = e->vit.size;
    s->picture.area = e->tiles * e->vit.size * e->vit.size;
    s->picture.most_tiles = e->tiles;
    s->picture.kept = 4;
    s->picture.together = true;
    s->picture.unasked_see_all = true;
    s->picture.after = "<|image|>";
}

/* A picture of so many tiles; `kind` is the row of the learned tables. */
struct canvas {
    uint32_t across, down, kind;
};

static struct canvas canvas_of(graph *g, const struct eyes *e, tensor pixels) {
    struct canvas c = {tensor_cols(g, pixels) / e->vit.size,
                       tensor_rows(g, pixels) / 3 / e->vit.size, 0};
    for (uint32_t down = 1; down <= e->tiles; down++)
        for (uint32_t across = 1; across * down <= e->tiles; across++)
            if (down < c.down || (down == c.down && across <= c.across)) c.kind++;
    return c;
}

/* Which patch of the canvas each row is; rows of no patch have no such row. */
static const uint32_t *order(graph *g, const struct eyes *e, struct canvas c) {
    const uint32_t side = e->vit.side, each = tile_rows(e);
    uint32_t *index = graph_memory(g, (uint64_t)e->tiles * each, sizeof *index);
    for (uint32_t t = 0; index && t < e->tiles; t++)
        for (uint32_t r = 0; r < each; r++) {
            const uint32_t y = t / c.across * side + (r - 1) / side;
            const uint32_t x = t % c.across * side + (r - 1) % side;
            const bool patch = r > 0 && t < c.across * c.down;
            index[t * each + r] = patch ? y * c.across * side + x : UINT32_MAX;
        }
    return index;
}

/* tanh of a gate of one number. */
static float gate_of(graph *g, const char *name) {
    const float *gate = graph_numbers(g, name, 1);
    return gate ? tanhf(gate[0]) : 0;
}

/* A row of a table for this kind of canvas, gated. */
static const float *gated_row(graph *g, const struct eyes *e, struct canvas c, const char *table,
                              float gate, uint64_t count) {
    uint32_t kinds = 1;
    for (uint32_t down = 1; down <= e->tiles; down++) kinds += e->tiles / down;
    const float *row = graph_row(g, table, kinds, count, c.kind);
    float *out = graph_memory(g, count, sizeof *out);
    for (uint64_t i = 0; row && out && i < count; i++) out[i] = gate * row[i];
    return row ? out : NULL;
}

/* What is added to the patches: the class row, where each stands in its tile, and its tile. */
static tensor places(graph *g, const struct eyes *e, struct canvas c) {
    const uint32_t each = tile_rows(e), dim = e->vit.layer.dim;
    const uint64_t count = (uint64_t)e->tiles * each * dim;
    const float gate = gate_of(g, "position_gate");
    const float *place = graph_numbers(g, "position_embd", (uint64_t)each * dim);
    const float *tiled = gated_row(g, e, c, "tile_position_embd", gate, count);
    const float *tile = gated_row(g, e, c, "pre_tile_position_embd", gate_of(g, "pre_tile_gate"),
                                  (uint64_t)e->tiles * dim);
    const float *first = graph_numbers(g, "class_embd", dim);
    float *sum = graph_memory(g, count, sizeof *sum);
    if (!place || !tiled || !tile || !first || !sum) return T_NONE;
    for (uint32_t t = 0; t < e->tiles; t++)
        for (uint32_t r = 0; r < each; r++)
            for (uint32_t i = 0; i < dim; i++) {
                const uint64_t at = ((uint64_t)t * each + r) * dim + i;
                const float own = r ? tile[(uint64_t)t * dim + i] : first[i];
                sum[at] = own + (1 - gate) * place[(uint64_t)r * dim + i] + tiled[at];
            }
    return g_table(g, "places", e->tiles * each, dim, sum);
}

/* Behind the local layers, the tile once more; rows that fill a tile up come last. */
static tensor tiles_again(graph *g, const struct eyes *e, struct canvas c, uint32_t fill) {
    const uint32_t each = tile_rows(e), dim = e->vit.layer.dim, n = e->tiles * (each + fill);
    const float *tile = gated_row(g, e, c, "post_tile_position_embd", gate_of(g, "post_tile_gate"),
                                  (uint64_t)e->tiles * dim);
    float *rows = graph_memory(g, (uint64_t)n * dim, sizeof *rows);
    if (!tile || !rows) return T_NONE;
    for (uint32_t r = 0; r < n; r++) {
        const uint32_t t = r < e->tiles * each ? r / each : (r - e->tiles * each) / fill;
        memcpy(rows + (uint64_t)r * dim, tile + (uint64_t)t * dim, dim * sizeof *rows);
    }
    return g_table(g, "tiles", n, dim, rows);
}

/* The picture's own rows, which come first, see all; the others see those. */
static tensor sights(graph *g, uint32_t own, uint32_t n) {
    uint32_t *spans = graph_memory(g, 2ull * n, sizeof *spans);
    for (uint32_t r = 0; spans && r < n; r++) {
        spans[2 * r] = 0;
        spans[2 * r + 1] = r < own ? n : own;
    }
    return spans ? g_counts(g, "sights", n, 2, spans) : T_NONE;
}

static tensor added(graph *g, tensor x, tensor h, const char *w, bool bias, const char *gate) {
    const uint32_t dim = tensor_cols(g, x);
    if (!gate) return linear(g, h, .w = w, .out = dim, .bias = bias, .add = x);
    return g_add_gated(g, x, linear(g, h, .w = w, .out = dim, .bias = bias), gate);
}

static tensor layer(graph *g, const struct vision_layer *p, tensor x, bool gated) {
    tensor h = g_layernorm(g, x, "ln1", p->eps);
    h = linear(g, h, .w = "attn_q|attn_k|attn_v", .out = 3 * p->dim, .name = "qkv");
    h = attend(g, .q = g_columns(g, h, 0, p->dim), .k = g_columns(g, h, p->dim, p->dim),
               .v = g_columns(g, h, 2 * p->dim, p->dim), .spans = p->spans, .heads = p->heads,
               .kv_heads = p->heads, .head_dim = p->dim / p->heads);
    x = added(g, x, h, "attn_out", false, gated ? "attn_gate" : NULL);
    h = g_layernorm(g, x, "ln2", p->eps);
    h = linear(g, h, .w = "ffn_up", .out = p->ffn, .bias = true, .act = p->act);
    return added(g, x, h, "ffn_down", true, gated ? "mlp_gate" : NULL);
}

/* Local layers, then global ones; the rows of the features beside what comes out. */
static tensor layers(graph *g, const struct eyes *e, struct canvas c, tensor x, uint32_t fill) {
    struct vision_layer local = e->vit.layer;
    tensor parts[1 + FEATURES];
    const uint32_t rows = e->tiles * tile_rows(e);
    local.spans = sights(g, c.across * c.down * tile_rows(e), tensor_rows(g, x));
    for (uint32_t i = 0; i < e->vit.layers; i++) {
        graph_scope(g, "v.blk.%u", i);
        x = layer(g, &local, x, false);
        for (uint32_t k = 0; k < e->n_features; k++)
            if (e->features[k] == i) parts[1 + k] = g_rows(g, x, 0, rows);
    }
    graph_scope(g, "v");
    x = g_add(g, g_layernorm(g, x, "post_ln", eps_around), tiles_again(g, e, c, fill));
    for (uint32_t i = 0; i < e->global_layers; i++) {
        graph_scope(g, "v.global.%u", i);
        x = layer(g, &local, x, true);
    }
    parts[0] = g_rows(g, x, 0, rows);
    return g_beside(g, parts, 1 + e->n_features);
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct eyes *e = cfg;
    const uint32_t dim = e->vit.layer.dim, each = tile_rows(e), fill = (8 - each % 8) % 8;
    const struct canvas c = canvas_of(g, e, pixels);
    graph_scope(g, "v");
    tensor x = conv(g, pixels, .w = "patch_embd", .width = tensor_cols(g, pixels),
                    .height = tensor_rows(g, pixels) / 3, .in = 3, .out = dim,
                    .kernel = e->vit.patch, .stride = e->vit.patch, .planar = true, .plain = true);
    const uint32_t *index = order(g, e, c);
    if (!index) return T_NONE;
    x = g_add(g, g_gather(g, x, index, e->tiles * each), places(g, e, c));
    x = g_layernorm(g, x, "pre_ln", eps_around);
    if (fill) {
        const float *none = graph_memory(g, (uint64_t)e->tiles * fill * dim, sizeof *none);
        if (!none) return T_NONE;
        x = g_concat(g, x, g_table(g, "fill", e->tiles * fill, dim, none));
    }
    x = layers(g, e, c, x, fill);
    graph_scope(g, "mm");
    return linear(g, x, .w = "0", .bias = true);
}

const struct vision vision_mllama = {
    .projector = "mllama",
    .decoder = "mllama",
    .what = "tiles on a canvas, gated layers, rows of several layers (Llama 3.2 Vision)",
    .last = "mm.0.weight",
    .config_bytes = sizeof(struct eyes),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
