/* owl2.c - mPLUG-Owl2 (arXiv 2311.04257, from the hub's folders).
 *
 *   picture [3][448][448] -> CLIP -> post_ln -> [1 + 32*32][1024], with the class row
 *     -> 64 learned queries ask it and themselves, six layers -> linear, and a learned row behind:
 *     [65][4096]
 *   row: w = attn_norm(x) of a word, attn_norm_picture(x) of a picture; q as Llama's, k and v by
 *     matrices of words or of pictures; x += out(attention(q, k, v)); likewise two ffn_norms
 *   query: a = ln_latents(l), c = ln_context(rows)
 *     l = a + out(attention(q(a + places), k([a; c] + places), v([a; c])))
 *     l += down(sub_norm(silu(gate(ln_ffn(l))) * up(ln_ffn(l))))
 * Easy to get wrong: what a query is told is added to its normalised row, and queries stand before
 * the picture; values have no places; norms of the abstractor are of 1e-5 but the one inside its
 * feed-forward part; the learned row counts as a picture's; a picture is stretched to a square
 * before it is made smaller. */
#include <stdio.h>

#include "models/decoder.h"
#include "models/vit.h"
#include "models/waves.h"

static void config(void *out, struct meta *m) {
    struct decoder *d = out;
    decoder_config(d, m);
    d->neox = true;
}

static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }

/* Each row by the norm of what it is. */
static tensor norm_of_each(graph *g, tensor x, const char *word, const char *picture, float eps) {
    const tensor words = g_rmsnorm(g, x, word, eps);
    return g_pictures_over(g, words, g_rmsnorm(g, x, picture, eps));
}

/* A layer of rows that may be a picture's. */
static tensor mixed_layer(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    const uint32_t q = d->heads[i] * d->head_dim, kv = d->kv_heads[i] * d->head_dim;
    tensor h = norm_of_each(g, x, "attn_norm", "attn_norm_picture", d->eps);
    const tensor seen =
        linear(g, h, .w = "attn_k_picture|attn_v_picture", .out = 2 * kv, .name = "kv_picture");
    h = linear(g, h, .w = "attn_q|attn_k|attn_v", .out = q + 2 * kv, .name = "qkv");
    g_pictures_over(g, g_columns(g, h, q, 2 * kv), seen);
    h = attend_cached(g, h, .layer = i, .heads = d->heads[i], .kv_heads = d->kv_heads[i],
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .neox = d->neox,
                      .mode = ATTEND_CAUSAL);
    x = linear(g, h, .w = "attn_output", .out = d->dim, .add = x);
    h = norm_of_each(g, x, "ffn_norm", "ffn_norm_picture", d->eps);
    h = linear(g, h, .w = "ffn_gate|ffn_up", .out = d->ffn[i], .glu = true, .act = d->act,
               .name = "ffn_glu");
    return linear(g, h, .w = "ffn_down", .out = d->dim, .add = x);
}

static tensor decode(graph *g, const void *cfg) {
    const struct decoder *d = cfg;
    const bool mixed = graph_reads_pictures(g);
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, d->embed_scale);
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = mixed ? mixed_layer(g, d, i, x) : decoder_block(g, d, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_owl2 = {
    .arch = "owl2",
    .what = "text decoder (mPLUG-Owl2)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};

/* --- the eyes --------------------------------------------------------------------------------- */

static const float norm_eps = 1e-5f;

struct eyes {
    struct vit vit;
    uint32_t queries, depth, heads, ffn;
    float eps; /* of the norm inside the feed-forward part */
};

static void eyes_config(void *out, struct meta *m) {
    struct eyes *e = out;
    vit_config(&e->vit, m);
    e->vit.layer.act = ACT_QUICK_GELU;
    e->vit.layer.fused = true;
    e->queries = meta_int(m, "perceiver.latents", 1, 4096);
    e->depth = meta_int(m, "perceiver.block_count", 1, FAMILY_LAYERS);
    e->heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS);
    e->ffn = meta_int(m, "perceiver.feed_forward_length", 1, 1u << 20);
    e->eps = meta_float(m, "perceiver.attention.layer_norm_epsilon", 0, 1);
    if (e->vit.layer.dim % e->heads || e->vit.layer.dim % 4)
        meta_fail(m, "vision.embedding_length %u is no multiple of 4 and of %u heads",
                  e->vit.layer.dim, e->heads);
}

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct eyes *e = cfg;
    vit_shape(&e->vit, e->queries + 1, s);
    s->picture.fit = FIT_SQUARE;
    s->picture.bicubic = true;
    s->form = "vicuna";
}

/* Of queries by their number, then of the class row, which has none, and of patches. */
static tensor waves(graph *g, const struct eyes *e) {
    const uint32_t dim = e->vit.layer.dim, side = e->vit.side, n = e->queries + 1 + side * side;
    float *rows = graph_memory(g, (uint64_t)n * dim, sizeof *rows);
    if (!rows) return T_NONE;
    for (uint32_t i = 0; i < e->queries; i++) waves_row(rows + (uint64_t)i * dim, dim, i);
    for (uint32_t k = 0; k < dim; k++) rows[(uint64_t)e->queries * dim + k] = 0;
    waves_grid(rows + (uint64_t)(e->queries + 1) * dim, dim, side, side);
    return g_table(g, "waves", n, dim, rows);
}

/* A layer's own places, where the file holds them; else waves. */
static tensor places_of(graph *g, const struct eyes *e, uint32_t layer, tensor usual) {
    char name[64];
    const uint32_t patches = e->vit.side * e->vit.side, dim = e->vit.layer.dim;
    snprintf(name, sizeof name, "perceiver.%u.q_position_embd.weight", layer);
    if (!graph_has(g, name)) return usual;
    return g_concat(g, g_weight(g, "q_position_embd", e->queries, dim),
                    g_weight(g, "k_position_embd", 1 + patches, dim));
}

static tensor ask(graph *g, const struct eyes *e, tensor latents, tensor rows, tensor places) {
    const uint32_t dim = e->vit.layer.dim;
    const tensor asking = g_layernorm(g, latents, "ln_latents", norm_eps);
    const tensor all = g_concat(g, asking, g_layernorm(g, rows, "ln_context", norm_eps));
    const tensor placed = g_add(g, all, places);
    const tensor q =
        linear(g, g_rows(g, placed, 0, e->queries), .w = "attn_q", .out = dim, .bias = true);
    const tensor k = linear(g, placed, .w = "attn_k", .out = dim, .bias = true);
    const tensor v = linear(g, all, .w = "attn_v", .out = dim, .bias = true);
    tensor h = attend(g, .q = q, .k = k, .v = v, .heads = e->heads, .kv_heads = e->heads,
                      .head_dim = dim / e->heads);
    latents = linear(g, h, .w = "attn_out", .out = dim, .bias = true, .add = asking);
    h = g_layernorm(g, latents, "ln_ffn", norm_eps);
    h = linear(g, h, .w = "ffn_gate|ffn_up", .out = e->ffn, .bias = true, .glu = true,
               .act = ACT_SILU, .name = "ffn_glu");
    h = g_layernorm(g, h, "ffn_sub_norm", e->eps);
    return linear(g, h, .w = "ffn_down", .out = dim, .bias = true, .add = latents);
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct eyes *e = cfg;
    const tensor rows = vit_rows(g, &e->vit, pixels, e->vit.layers);
    graph_scope(g, "perceiver");
    const tensor usual = waves(g, e);
    tensor latents = g_weight(g, "latents", e->queries, e->vit.layer.dim);
    for (uint32_t i = 0; i < e->depth; i++) {
        graph_scope(g, "perceiver.%u", i);
        latents = ask(g, e, latents, rows, places_of(g, e, i, usual));
    }
    graph_scope(g, "mm");
    const tensor y = linear(g, latents, .w = "fc", .bias = true);
    return g_concat(g, y, g_weight(g, "end", 1, tensor_cols(g, y)));
}

const struct vision vision_owl2 = {
    .projector = "owl2",
    .decoder = "owl2",
    .what = "CLIP, queries that ask in several layers (mPLUG-Owl2)",
    .last = "mm.fc.weight",
    .config_bytes = sizeof(struct eyes),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
