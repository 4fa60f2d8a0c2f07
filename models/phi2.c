/* phi2.c - Phi-1, Phi-1.5 and Phi-2 text decoders from GGUF; also moondream2's.
 *
 *   h = layer_norm(x); x += out(attention(rope(qkv(h)))) + down(gelu(up(h)))
 * Easy to get wrong: both halves of a layer read the same normalised rows; only the first
 * rope.dimension_count numbers of a head turn; every matrix has a bias, that of the words too. */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) { decoder_config(cfg, m); }
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }

static tensor layer(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    const uint32_t heads = d->heads[i], kv_heads = d->kv_heads[i];
    const tensor h = g_layernorm(g, x, "attn_norm", d->eps);
    const char *qkv = graph_width(g, "blk.0.attn_qkv.weight") ? "attn_qkv" : "attn_q|attn_k|attn_v";
    tensor a = linear(g, h, .w = qkv, .out = (heads + 2 * kv_heads) * d->head_dim, .bias = true,
                      .name = "qkv");
    a = attend_cached(g, a, .layer = i, .heads = heads, .kv_heads = kv_heads,
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .neox = true,
                      .mode = ATTEND_CAUSAL);
    x = linear(g, a, .w = "attn_output", .out = d->dim, .bias = true, .add = x);
    a = linear(g, h, .w = "ffn_up", .out = d->ffn[i], .bias = true, .act = ACT_GELU_TANH);
    return linear(g, a, .w = "ffn_down", .out = d->dim, .bias = true, .add = x);
}

static tensor decode(graph *g, const void *cfg) {
    const struct decoder *d = cfg;
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, 1);
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = layer(g, d, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct decoder *d = cfg;
    graph_scope(g, "%s", "");
    row = g_layernorm(g, row, "output_norm", d->eps);
    return linear(g, row, .w = "output", .out = d->vocab, .bias = true, .name = "logits");
}

const struct family family_phi2 = {
    .arch = "phi2",
    .what = "text decoder (Phi-1.5, Phi-2, moondream2)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
