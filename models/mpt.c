/* mpt.c - MPT, alone or with the layers of OpenFlamingo (arXiv 2308.01390) before some of its own;
 * from the hub's folders, and what examples/openflamingo_folder.py makes of OpenFlamingo's parts.
 *
 *   x += out(attention(qkv(layer_norm(x)))); x += down(gelu(up(layer_norm(x)))); no biases
 *   layer that asks: x += tanh(attn_gate) out(attention(q(layer_norm(x)), kept k and v))
 *                    x += tanh(mlp_gate) down(gelu(up(layer_norm(x))))
 *   picture [3][224][224] -> CLIP -> [16*16][1024], without the class row and the last norm
 *     -> 64 latents ask it and themselves, six layers -> layer_norm
 * Easy to get wrong: nothing turns, scores fall by what is between (ALiBi); a layer that asks
 * stands before each period's last layer, not its first; a row asks the newest picture alone; what
 * asks has heads of its own count and width. */
#include <stdio.h>

#include "models/decoder.h"
#include "models/vit.h"

struct cfg {
    struct decoder d;
    float alibi;
    uint32_t period, seen_cols, heads, head_dim; /* of what asks; period 0: nothing does */
};

/* The table of angles turns each position by none. */
static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    decoder_config(&c->d, m);
    c->d.rope_scale = 0;
    c->alibi = meta_float(m, "attention.max_alibi_bias", 1e-3f, 1e3f);
    c->period = meta_int_or(m, "cross_attention.period", 0, FAMILY_LAYERS, 0);
    if (!c->period) return;
    c->seen_cols = meta_int(m, "cross_attention.embedding_length", 1, FAMILY_DIM);
    c->heads = meta_int(m, "cross_attention.head_count", 1, FAMILY_HEADS);
    c->head_dim = meta_int(m, "cross_attention.key_length", 8, 1024);
}

static bool asks(const struct cfg *c, uint32_t layer) {
    return c->period && (layer + 1) % c->period == 0;
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    decoder_shape(&c->d, s);
    s->seen_cols = c->seen_cols;
    for (uint32_t i = 0; i < c->d.layers; i++)
        if (asks(c, i)) s->seen_dim[i] = c->heads * c->head_dim;
}

static tensor asking_layer(graph *g, const struct cfg *c, uint32_t i, tensor x) {
    const uint32_t inner = c->heads * c->head_dim, dim = c->d.dim;
    graph_scope(g, "ask.%u", i);
    tensor h = g_layernorm(g, x, "attn_norm", c->d.eps);
    h = linear(g, h, .w = "attn_q", .out = inner);
    h = g_attend_seen(g, h, &(struct attend_seen){i, c->heads, c->heads, c->head_dim, 0});
    x = g_add_gated(g, x, linear(g, h, .w = "attn_output", .out = dim), "attn_gate");
    h = g_layernorm(g, x, "ffn_norm", c->d.eps);
    h = linear(g, h, .w = "ffn_up", .out = 4 * dim, .act = ACT_GELU);
    return g_add_gated(g, x, linear(g, h, .w = "ffn_down", .out = dim), "mlp_gate");
}

static tensor layer(graph *g, const struct cfg *c, uint32_t i, tensor x) {
    const struct decoder *d = &c->d;
    char norm[64];
    snprintf(norm, sizeof norm, "blk.%u.attn_q_norm.weight", i);
    const bool normed = graph_has(g, norm);
    graph_scope(g, "blk.%u", i);
    tensor h = g_layernorm_free(g, x, "attn_norm", d->eps);
    h = linear(g, h, .w = "attn_qkv", .out = 3 * d->dim, .name = "qkv");
    if (normed)
        h = g_layernorm_qk(g, h,
                           &(struct norm_qk){"attn_q_norm", "attn_k_norm", 1, 1, d->dim, d->eps});
    h = attend_cached(g, h, .layer = i, .heads = d->heads[i], .kv_heads = d->kv_heads[i],
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .mode = ATTEND_CAUSAL,
                      .alibi = c->alibi);
    x = linear(g, h, .w = "attn_output", .out = d->dim, .add = x);
    h = g_layernorm_free(g, x, "ffn_norm", d->eps);
    h = linear(g, h, .w = "ffn_up", .out = d->ffn[i], .act = ACT_GELU);
    return linear(g, h, .w = "ffn_down", .out = d->dim, .add = x);
}

static tensor decode(graph *g, const void *cfg) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", c->d.vocab, c->d.dim, 1);
    for (uint32_t i = 0; i < c->d.layers; i++) {
        if (asks(c, i) && graph_asks(g)) x = asking_layer(g, c, i, x);
        x = layer(g, c, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    row = g_layernorm_free(g, row, "output_norm", c->d.eps);
    return linear(g, row, .w = graph_has(g, "output.weight") ? "output" : "token_embd",
                  .out = c->d.vocab, .name = "logits");
}

static void see(graph *g, const void *cfg, tensor rows) {
    const struct cfg *c = cfg;
    const uint32_t inner = c->heads * c->head_dim;
    for (uint32_t i = 0; i < c->d.layers; i++) {
        if (!asks(c, i)) continue;
        graph_scope(g, "ask.%u", i);
        const tensor k = linear(g, rows, .w = "attn_k", .out = inner);
        g_keep_seen(g, i, k, linear(g, rows, .w = "attn_v", .out = inner));
    }
}

const struct family family_mpt = {
    .arch = "mpt",
    .what = "text decoder (MPT, OpenFlamingo)",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
    .see = see,
};

/* --- OpenFlamingo's eyes ---------------------------------------------------------------------- */

struct eyes {
    struct vit vit;
    struct perceiver_layer layer;
    uint32_t latents, depth;
};

static void eyes_config(void *out, struct meta *m) {
    struct eyes *e = out;
    vit_config(&e->vit, m);
    if (!meta_flag(m, "use_gelu")) e->vit.layer.act = ACT_QUICK_GELU;
    e->latents = meta_int(m, "perceiver.latents", 1, 4096);
    e->depth = meta_int(m, "perceiver.block_count", 1, FAMILY_LAYERS);
    e->layer = (struct perceiver_layer){
        .heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS),
        .head_dim = meta_int(m, "perceiver.attention.key_length", 8, 1024),
        .dim = e->vit.layer.dim,
        .ffn = 4 * e->vit.layer.dim,
        .eps = 1e-5f,
        .act = ACT_GELU,
    };
}

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct eyes *e = cfg;
    vit_shape(&e->vit, e->latents, s);
    s->picture.fit = FIT_CROP;
    s->picture.bicubic = true;
    s->picture.kept = 16;
    s->picture.after = "<image>";
    s->form = "bare";
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct eyes *e = cfg;
    const uint32_t patches = e->vit.side * e->vit.side;
    tensor rows = vit_rows(g, &e->vit, pixels, e->vit.layers);
    rows = g_rows(g, rows, tensor_rows(g, rows) - patches, patches);
    graph_scope(g, "perceiver");
    tensor latents = g_weight(g, "latents", e->latents, e->vit.layer.dim);
    for (uint32_t i = 0; i < e->depth; i++) {
        graph_scope(g, "perceiver.%u", i);
        latents = block_perceiver(g, latents, rows, &e->layer);
    }
    graph_scope(g, "perceiver");
    return g_layernorm(g, latents, "post_ln", e->layer.eps);
}

const struct vision vision_flamingo = {
    .projector = "flamingo",
    .decoder = "mpt",
    .what = "CLIP without its class row, perceiver of several layers (OpenFlamingo)",
    .last = "perceiver.0.attn_out.weight",
    .config_bytes = sizeof(struct eyes),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
