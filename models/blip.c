/* blip.c - BLIP's captioner (arXiv 2201.12086, from the hub's folders): a BERT that writes and asks
 * the picture in every layer.
 *
 *   picture [3][384][384] -> ViT -> post_ln -> [1 + 24*24][768], with the class row
 *   word: layer_norm(token_embd[id] + position_embd[words before it])
 *   x = attn_norm(x + out(attention(qkv(x)))); x = cross_norm(x + out(attention(q(x), kept k and
 * v))) x = ffn_norm(x + down(gelu(up(x)))); head: layer_norm(gelu(dense(x))) . token_embd^T + bias
 * Easy to get wrong: the word that starts a text is one of its own, not BERT's; the picture is
 * stretched to a square; without a picture its third of each layer is left out, norm and all. */
#include "models/decoder.h"
#include "models/vit.h"

struct cfg {
    struct decoder d;
    uint32_t seen_cols;
};

/* The table of angles turns each position by none. */
static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    decoder_config(&c->d, m);
    c->d.rope_scale = 0;
    c->seen_cols = meta_int(m, "cross_attention.embedding_length", 1, FAMILY_DIM);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    decoder_shape(&c->d, s);
    s->seen_cols = c->seen_cols;
    for (uint32_t i = 0; i < c->d.layers; i++) s->seen_dim[i] = c->d.dim;
}

static tensor asked(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    tensor h = linear(g, x, .w = "cross_q", .out = d->dim, .bias = true);
    h = g_attend_seen(g, h, &(struct attend_seen){i, d->heads[i], d->heads[i], d->head_dim, 0});
    h = linear(g, h, .w = "cross_out", .out = d->dim, .bias = true, .add = x);
    return g_asking_over(g, x, g_layernorm(g, h, "cross_norm", d->eps));
}

static tensor layer(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    tensor h =
        linear(g, x, .w = "attn_q|attn_k|attn_v", .out = 3 * d->dim, .bias = true, .name = "qkv");
    h = attend_cached(g, h, .layer = i, .heads = d->heads[i], .kv_heads = d->kv_heads[i],
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .mode = ATTEND_CAUSAL);
    x = linear(g, h, .w = "attn_output", .out = d->dim, .bias = true, .add = x);
    x = g_layernorm(g, x, "attn_norm", d->eps);
    if (graph_asks(g)) x = asked(g, d, i, x);
    h = linear(g, x, .w = "ffn_up", .out = d->ffn[i], .bias = true, .act = ACT_GELU);
    x = linear(g, h, .w = "ffn_down", .out = d->dim, .bias = true, .add = x);
    return g_layernorm(g, x, "ffn_norm", d->eps);
}

static tensor decode(graph *g, const void *cfg) {
    const struct decoder *d = &((const struct cfg *)cfg)->d;
    graph_scope(g, "%s", "");
    const tensor table = g_weight(g, "position_embd", d->context, d->dim);
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, 1);
    x = g_layernorm(g, g_add(g, x, g_positions(g, table, 0)), "token_norm", d->eps);
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = layer(g, d, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct decoder *d = &((const struct cfg *)cfg)->d;
    graph_scope(g, "%s", "");
    row = linear(g, row, .w = "head", .out = d->dim, .bias = true, .act = ACT_GELU);
    row = g_layernorm(g, row, "head_norm", d->eps);
    return linear(g, row, .w = "token_embd", .out = d->vocab, .bias = true, .name = "logits");
}

static void see(graph *g, const void *cfg, tensor rows) {
    const struct decoder *d = &((const struct cfg *)cfg)->d;
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        const tensor k = linear(g, rows, .w = "cross_k", .out = d->dim, .bias = true);
        g_keep_seen(g, i, k, linear(g, rows, .w = "cross_v", .out = d->dim, .bias = true));
    }
}

const struct family family_blip = {
    .arch = "blip",
    .what = "text decoder whose layers ask pictures (BLIP)",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
    .see = see,
};

static void eyes_config(void *cfg, struct meta *m) {
    struct vit *v = cfg;
    vit_config(v, m);
    v->layer.act = ACT_GELU;
    v->layer.fused = true;
}

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct vit *v = cfg;
    vit_shape(v, v->side * v->side + 1, s);
    s->picture.fit = FIT_STRETCH;
    s->picture.bicubic = true;
    s->picture.kept = 4;
    s->picture.single = true;
    s->pictures_lead = true;
    s->form = "bare";
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct vit *v = cfg;
    return vit_rows(g, v, pixels, v->layers);
}

const struct vision vision_blip = {
    .projector = "blip",
    .decoder = "blip",
    .what = "ViT with its class row (BLIP)",
    .last = "v.blk.0.ffn_down.weight",
    .config_bytes = sizeof(struct vit),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
