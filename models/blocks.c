#include "models/blocks.h"

#include <stddef.h>

/* x + the output of matrix w, normalised before it is added where the layer does so. */
static tensor added(graph *g, tensor x, const struct linear *p, tensor h, const char *post_norm,
                    float eps) {
    struct linear made = *p;
    made.out = tensor_cols(g, x);
    if (!post_norm) made.add = x;
    h = g_linear(g, h, &made);
    return post_norm ? g_add(g, x, g_rmsnorm(g, h, post_norm, eps)) : h;
}

tensor block_decoder(graph *g, tensor x, const struct decoder_layer *p) {
    const uint32_t qkv_out = (p->heads + 2 * p->kv_heads) * p->head_dim;
    tensor h = linear(g, x, .w = p->fused ? "attn_qkv" : "attn_q|attn_k|attn_v", .out = qkv_out,
                      .bias = p->qkv_bias, .norm = "attn_norm", .eps = p->eps, .name = "qkv");
    if (p->qk_norm)
        h = g_norm_qk(g, h,
                      &(struct norm_qk){"attn_q_norm", "attn_k_norm", p->heads, p->kv_heads,
                                        p->head_dim, p->eps});
    h = attend_cached(g, h, .layer = p->layer, .heads = p->heads, .kv_heads = p->kv_heads,
                      .head_dim = p->head_dim, .rope_dim = p->rope_dim, .neox = p->neox,
                      .mode = p->window ? ATTEND_WINDOW : ATTEND_CAUSAL, .window = p->window,
                      .local = p->window != 0, .scale = p->scale, .softcap = p->softcap);
    x = added(g, x, &(struct linear){.w = "attn_output", .bias = p->out_bias}, h,
              p->post_norms ? "post_attention_norm" : NULL, p->eps);
    h = linear(g, x, .w = p->fused ? "ffn_up" : "ffn_gate|ffn_up", .out = p->ffn, .glu = true,
               .bias = p->ffn_bias, .act = p->act, .norm = "ffn_norm", .eps = p->eps,
               .name = "ffn_glu");
    return added(g, x, &(struct linear){.w = "ffn_down", .bias = p->down_bias}, h,
                 p->post_norms ? "post_ffw_norm" : NULL, p->eps);
}

static tensor vision_norm(graph *g, tensor x, const char *norm, const struct vision_layer *p) {
    return p->rms ? g_rmsnorm(g, x, norm, p->eps) : g_layernorm(g, x, norm, p->eps);
}

/* x + the output of matrix w, scaled before it is added where the layer does so. */
static tensor vision_added(graph *g, tensor x, tensor h, const char *w, const char *scale,
                           const struct vision_layer *p) {
    if (!p->scaled) return linear(g, h, .w = w, .out = p->dim, .bias = true, .add = x);
    return g_add(g, x, g_scale(g, linear(g, h, .w = w, .out = p->dim, .bias = true), scale));
}

/* The second half of a layer: x += down(act(up(norm(x)))). */
static tensor feed_forward(graph *g, tensor x, const char *norm, const struct vision_layer *p) {
    tensor h = vision_norm(g, x, norm, p);
    if (p->gated) {
        h = linear(g, h, .w = "ffn_gate|ffn_up", .out = p->ffn, .bias = true, .glu = true,
                   .act = p->act, .name = "ffn_glu");
        return vision_added(g, x, h, "ffn_down", "ls2", p);
    }
    h = linear(g, h, .w = p->swapped ? "ffn_down" : "ffn_up", .out = p->ffn, .bias = true,
               .act = p->act);
    return vision_added(g, x, h, p->swapped ? "ffn_up" : "ffn_down", "ls2", p);
}

/* Attention of rows to each other with q and k normalised, each over all of its heads. */
static tensor attend_normed(graph *g, tensor h, const struct vision_layer *p) {
    const uint32_t dim = p->dim;
    const tensor qk =
        linear(g, h, .w = "attn_q|attn_k", .out = 2 * dim, .bias = !p->plain_qkv, .name = "qk");
    return attend(g, .q = g_rmsnorm(g, g_columns(g, qk, 0, dim), "attn_q_norm", p->eps),
                  .k = g_rmsnorm(g, g_columns(g, qk, dim, dim), "attn_k_norm", p->eps),
                  .v = linear(g, h, .w = "attn_v", .out = dim, .bias = !p->plain_qkv),
                  .heads = p->heads, .kv_heads = p->heads, .head_dim = dim / p->heads);
}

static tensor attend_rows(graph *g, tensor h, const struct vision_layer *p) {
    const uint32_t dim = p->dim;
    const tensor qkv = linear(g, h, .w = p->fused ? "attn_qkv" : "attn_q|attn_k|attn_v",
                              .out = 3 * dim, .bias = true, .name = "qkv");
    const tensor qk = p->angles.id ? g_rope_qk(g, qkv, p->angles, p->heads) : qkv;
    return attend(g, .q = g_columns(g, qk, 0, dim), .k = g_columns(g, qk, dim, dim),
                  .v = g_columns(g, qkv, 2 * dim, dim), .heads = p->heads, .kv_heads = p->heads,
                  .head_dim = dim / p->heads, .spans = p->spans);
}

tensor block_vision(graph *g, tensor x, const struct vision_layer *p) {
    tensor h = vision_norm(g, x, "ln1", p);
    h = p->qk_norm ? attend_normed(g, h, p) : attend_rows(g, h, p);
    x = vision_added(g, x, h, "attn_out", "ls1", p);
    return feed_forward(g, x, "ln2", p);
}

tensor block_perceiver(graph *g, tensor latents, tensor rows, const struct perceiver_layer *p) {
    const uint32_t inner = p->heads * p->head_dim;
    const tensor context = g_layernorm(g, rows, "ln_context", p->eps);
    const tensor asking = g_layernorm(g, latents, "ln_latents", p->eps);
    const tensor all = g_concat(g, context, asking);
    tensor q = linear(g, asking, .w = "attn_q", .out = inner, .bias = p->bias), k, v;
    if (p->qk_norm) {
        q = g_layernorm_heads(g, q, "attn_q_norm", p->head_dim, p->eps);
        k = linear(g, all, .w = "attn_k", .out = inner, .bias = p->bias);
        k = g_layernorm_heads(g, k, "attn_k_norm", p->head_dim, p->eps);
        v = linear(g, all, .w = "attn_v", .out = inner, .bias = p->bias);
    } else {
        const tensor kv =
            linear(g, all, .w = "attn_k|attn_v", .out = 2 * inner, .bias = p->bias, .name = "kv");
        k = g_columns(g, kv, 0, inner);
        v = g_columns(g, kv, inner, inner);
    }
    tensor h = attend(g, .q = q, .k = k, .v = v, .heads = p->heads, .kv_heads = p->heads,
                      .head_dim = p->head_dim);
    latents = linear(g, h, .w = "attn_out", .out = p->dim, .bias = p->bias, .add = latents);
    h = g_layernorm(g, latents, "ln_ffn", p->eps);
    h = linear(g, h, .w = "ffn_up", .out = p->ffn, .bias = p->bias, .act = p->act);
    return linear(g, h, .w = "ffn_down", .out = p->dim, .bias = p->bias, .add = latents);
}

enum { RESAMPLER_HEAD = 128 }; /* whatever the width */

uint32_t resampler_dim(graph *g) {
    const uint32_t found = graph_width(g, "resampler.proj.weight");
    return found && found % RESAMPLER_HEAD == 0 ? found : RESAMPLER_HEAD;
}

tensor block_resampler(graph *g, tensor rows, const struct resampler *p) {
    const uint32_t dim = p->dim, heads = dim / RESAMPLER_HEAD;
    graph_scope(g, "resampler");
    if (graph_has(g, "resampler.kv.weight") || tensor_cols(g, rows) != dim)
        rows = linear(g, rows, .w = "kv", .out = dim);
    const tensor v = g_layernorm(g, rows, "ln_kv", p->eps);
    const tensor k = p->row_places.id ? g_add(g, v, p->row_places) : v;
    tensor q = g_layernorm(g, g_weight(g, "query", p->queries, dim), "ln_q", p->eps);
    if (p->query_places.id) q = g_add(g, q, p->query_places);
    tensor a = attend(g, .q = linear(g, q, .w = "attn.q", .out = dim, .bias = true),
                      .k = linear(g, k, .w = "attn.k", .out = dim, .bias = true),
                      .v = linear(g, v, .w = "attn.v", .out = dim, .bias = true), .heads = heads,
                      .kv_heads = heads, .head_dim = RESAMPLER_HEAD);
    a = linear(g, a, .w = "attn.out", .out = dim, .bias = true);
    return linear(g, g_layernorm(g, a, "ln_post", p->eps), .w = "proj");
}
