/* idefics.c - IDEFICS (the first one; arXiv 2306.16527, from the hub's folders): Flamingo's recipe
 * on Llama. Before every few layers of the decoder stands one that asks the pictures.
 *
 *   x += tanh(attn_gate) * out(attention(q(rms_norm(x)), kept k and v)); nothing where no picture
 * is x += tanh(mlp_gate) * down(silu(gate) * up); with or without a picture picture [3][224][224]
 * -> CLIP -> [1 + 16*16][1280], with the class row and without the last norm
 *     -> 64 latents ask it and themselves, six layers, relu -> layer_norm -> [64][1280]
 * Easy to get wrong: words that were added are rows of tables of their own, behind the others; a
 * row asks the newest picture alone; gates may be a number or as many as x has columns. */
#include "models/decoder.h"
#include "models/vit.h"

struct cfg {
    struct decoder d;
    uint32_t period, seen_cols;
    bool qk_norm; /* of what asks */
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    decoder_config(&c->d, m);
    c->d.neox = true;
    c->period = meta_int(m, "cross_attention.period", 1, FAMILY_LAYERS);
    c->seen_cols = meta_int(m, "cross_attention.embedding_length", 1, FAMILY_DIM);
    c->qk_norm = meta_flag(m, "cross_attention.qk_norm");
    if (c->d.layers % c->period)
        meta_fail(m, "block_count %u is no multiple of cross_attention.period %u", c->d.layers,
                  c->period);
}

static bool asks(const struct cfg *c, uint32_t layer) { return layer % c->period == 0; }

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    decoder_shape(&c->d, s);
    s->seen_cols = c->seen_cols;
    for (uint32_t i = 0; i < c->d.layers; i++)
        if (asks(c, i)) s->seen_dim[i] = c->d.heads[i] * c->d.head_dim;
}

static tensor asked(graph *g, const struct cfg *c, uint32_t i, tensor x) {
    const struct decoder *d = &c->d;
    tensor h = linear(g, x, .w = "attn_q", .out = d->heads[i] * d->head_dim, .norm = "attn_norm",
                      .eps = d->eps);
    if (c->qk_norm) h = g_norm_heads(g, h, "attn_q_norm", d->head_dim, d->eps);
    h = g_attend_seen(g, h, &(struct attend_seen){i, d->heads[i], d->heads[i], d->head_dim, 0});
    h = linear(g, h, .w = "attn_output", .out = d->dim);
    return g_add_gated(g, x, h, "attn_gate");
}

static tensor asking_layer(graph *g, const struct cfg *c, uint32_t i, tensor x) {
    const struct decoder *d = &c->d;
    graph_scope(g, "ask.%u", i / c->period);
    if (graph_asks(g)) x = asked(g, c, i, x);
    tensor h = linear(g, x, .w = "ffn_gate|ffn_up", .out = d->ffn[i], .glu = true, .act = d->act,
                      .norm = "ffn_norm", .eps = d->eps, .name = "ffn_glu");
    h = linear(g, h, .w = "ffn_down", .out = d->dim);
    return g_add_gated(g, x, h, "mlp_gate");
}

static tensor decode(graph *g, const void *cfg) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    const bool more = graph_has(g, "token_embd_more.weight");
    tensor x =
        g_embed(g, more ? "token_embd|token_embd_more" : "token_embd", c->d.vocab, c->d.dim, 1);
    for (uint32_t i = 0; i < c->d.layers; i++) {
        if (asks(c, i)) x = asking_layer(g, c, i, x);
        graph_scope(g, "blk.%u", i);
        x = decoder_block(g, &c->d, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    const bool more = graph_has(g, "output_more.weight");
    return linear(g, row, .w = more ? "output|output_more" : "output", .out = c->d.vocab,
                  .norm = "output_norm", .eps = c->d.eps, .name = "logits");
}

static void see(graph *g, const void *cfg, tensor rows) {
    const struct cfg *c = cfg;
    const struct decoder *d = &c->d;
    for (uint32_t i = 0; i < d->layers; i++) {
        if (!asks(c, i)) continue;
        graph_scope(g, "ask.%u", i / c->period);
        tensor k = linear(g, rows, .w = "attn_k", .out = d->heads[i] * d->head_dim);
        const tensor v = linear(g, rows, .w = "attn_v", .out = d->heads[i] * d->head_dim);
        if (c->qk_norm) k = g_norm_heads(g, k, "attn_k_norm", d->head_dim, d->eps);
        g_keep_seen(g, i, k, v);
    }
}

const struct family family_idefics = {
    .arch = "idefics",
    .what = "text decoder with layers that ask pictures (IDEFICS)",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
    .see = see,
};

/* --- the eyes --------------------------------------------------------------------------------- */

struct eyes {
    struct vit vit;
    struct perceiver_layer layer;
    uint32_t latents, depth;
};

static void eyes_config(void *out, struct meta *m) {
    struct eyes *e = out;
    vit_config(&e->vit, m);
    e->vit.layer.act = ACT_GELU;
    e->latents = meta_int(m, "perceiver.latents", 1, 4096);
    e->depth = meta_int(m, "perceiver.block_count", 1, FAMILY_LAYERS);
    e->layer = (struct perceiver_layer){
        .heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS),
        .head_dim = meta_int(m, "perceiver.attention.key_length", 8, 1024),
        .dim = e->vit.layer.dim,
        .ffn = 4 * e->vit.layer.dim,
        .eps = 1e-5f,
        .act = ACT_RELU,
        .qk_norm = meta_flag(m, "perceiver.attention.qk_norm"),
    };
}

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct eyes *e = cfg;
    vit_shape(&e->vit, e->latents, s);
    s->picture.fit = FIT_STRETCH;
    s->picture.bicubic = true;
    s->picture.kept = 16;
    s->picture.before = "<fake_token_around_image>";
    s->bos_in_text = true;
    s->picture.after = "<image><fake_token_around_image>";
    s->picture.shared_edges = true;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct eyes *e = cfg;
    const tensor rows = vit_rows(g, &e->vit, pixels, e->vit.layers);
    graph_scope(g, "perceiver");
    tensor latents = g_weight(g, "latents", e->latents, e->vit.layer.dim);
    for (uint32_t i = 0; i < e->depth; i++) {
        graph_scope(g, "perceiver.%u", i);
        latents = block_perceiver(g, latents, rows, &e->layer);
    }
    graph_scope(g, "perceiver");
    return g_layernorm(g, latents, "post_ln", e->layer.eps);
}

const struct vision vision_idefics = {
    .projector = "idefics",
    .decoder = "idefics",
    .what = "CLIP, perceiver of several layers (IDEFICS)",
    .last = "perceiver.0.attn_out.weight",
    .config_bytes = sizeof(struct eyes),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
