#include "models/blocks.h"

tensor block_decoder(graph *g, tensor x, const struct decoder_layer *p) {
    const uint32_t qkv_out = (p->heads + 2 * p->kv_heads) * p->head_dim;
    tensor h = linear(g, x, .w = "attn_q|attn_k|attn_v", .out = qkv_out, .bias = p->qkv_bias,
                      .norm = "attn_norm", .eps = p->eps, .name = "qkv");
    if (p->qk_norm)
        h = g_norm_qk(g, h,
                      &(struct norm_qk){"attn_q_norm", "attn_k_norm", p->heads, p->kv_heads,
                                        p->head_dim, p->eps});
    h = attend_cached(g, h, .layer = p->layer, .heads = p->heads, .kv_heads = p->kv_heads,
                      .head_dim = p->head_dim, .rope_dim = p->rope_dim, .neox = p->neox,
                      .mode = ATTEND_CAUSAL);
    x = linear(g, h, .w = "attn_output", .out = tensor_cols(g, x), .add = x);
    h = linear(g, x, .w = "ffn_gate|ffn_up", .out = p->ffn, .glu = true, .act = ACT_SILU,
               .norm = "ffn_norm", .eps = p->eps, .name = "ffn_glu");
    return linear(g, h, .w = "ffn_down", .out = tensor_cols(g, x), .add = x);
}

/* The second half of a layer: x += down(act(up(norm(x)))). */
static tensor feed_forward(graph *g, tensor x, const char *norm, const struct vision_layer *p) {
    tensor h = g_layernorm(g, x, norm, p->eps);
    h = linear(g, h, .w = p->swapped ? "ffn_down" : "ffn_up", .out = p->ffn, .bias = true,
               .act = p->act);
    return linear(g, h, .w = p->swapped ? "ffn_up" : "ffn_down", .out = p->dim, .bias = true,
                  .add = x);
}

tensor block_vision(graph *g, tensor x, const struct vision_layer *p) {
    const uint32_t dim = p->dim;
    tensor h = g_layernorm(g, x, "ln1", p->eps);
    h = linear(g, h, .w = "attn_q|attn_k|attn_v", .out = 3 * dim, .bias = true, .name = "qkv");
    h = attend(g, .q = g_columns(g, h, 0, dim), .k = g_columns(g, h, dim, dim),
               .v = g_columns(g, h, 2 * dim, dim), .heads = p->heads, .kv_heads = p->heads,
               .head_dim = dim / p->heads);
    x = linear(g, h, .w = "attn_out", .out = dim, .bias = true, .add = x);
    return feed_forward(g, x, "ln2", p);
}

tensor block_perceiver(graph *g, tensor latents, tensor rows, const struct vision_layer *p) {
    const uint32_t dim = p->dim;
    const tensor context = g_layernorm(g, rows, "ln_context", p->eps);
    const tensor asking = g_layernorm(g, latents, "ln_latents", p->eps);
    const tensor q = linear(g, asking, .w = "attn_q", .out = dim, .bias = true);
    const tensor kv = linear(g, g_concat(g, context, asking), .w = "attn_k|attn_v", .out = 2 * dim,
                             .bias = true, .name = "kv");
    const tensor h =
        attend(g, .q = q, .k = g_columns(g, kv, 0, dim), .v = g_columns(g, kv, dim, dim),
               .heads = p->heads, .kv_heads = p->heads, .head_dim = dim / p->heads);
    latents = linear(g, h, .w = "attn_out", .out = dim, .bias = true, .add = latents);
    return feed_forward(g, latents, "ln_ffn", p);
}
