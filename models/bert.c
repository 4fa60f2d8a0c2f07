#include "models/bert.h"

tensor bert_attention(graph *g, tensor x, const struct bert_layer *p) {
    const uint32_t dim = p->dim;
    tensor h =
        linear(g, x, .w = "attn_q|attn_k|attn_v", .out = 3 * dim, .bias = true, .name = "qkv");
    h = attend(g, .q = g_columns(g, h, 0, dim), .k = g_columns(g, h, dim, dim),
               .v = g_columns(g, h, 2 * dim, dim), .heads = p->heads, .kv_heads = p->heads,
               .head_dim = dim / p->heads);
    x = linear(g, h, .w = "attn_out", .out = dim, .bias = true, .add = x);
    return g_layernorm(g, x, "attn_norm", p->eps);
}

tensor bert_cross(graph *g, tensor x, tensor rows, const struct bert_layer *p) {
    const uint32_t dim = p->dim;
    const tensor q = linear(g, x, .w = "cross_q", .out = dim, .bias = true);
    const tensor kv =
        linear(g, rows, .w = "cross_k|cross_v", .out = 2 * dim, .bias = true, .name = "cross_kv");
    const tensor h = attend(g, .q = q, .k = g_columns(g, kv, 0, dim),
                            .v = g_columns(g, kv, dim, dim), .heads = p->heads,
                            .kv_heads = p->heads, .head_dim = dim / p->heads, .name = "cross");
    x = linear(g, h, .w = "cross_out", .out = dim, .bias = true, .add = x);
    return g_layernorm(g, x, "cross_norm", p->eps);
}

struct names {
    const char *up, *down, *norm;
};

static tensor feed_forward(graph *g, tensor x, const struct names *w, const struct bert_layer *p) {
    tensor h = linear(g, x, .w = w->up, .out = p->ffn, .bias = true, .act = ACT_GELU);
    h = linear(g, h, .w = w->down, .out = p->dim, .bias = true, .add = x);
    return g_layernorm(g, h, w->norm, p->eps);
}

tensor bert_feed_forward(graph *g, tensor x, const struct bert_layer *p) {
    return feed_forward(g, x, &(struct names){"ffn_up", "ffn_down", "ffn_norm"}, p);
}

tensor bert_text_feed_forward(graph *g, tensor x, const struct bert_layer *p) {
    return feed_forward(g, x, &(struct names){"text_up", "text_down", "text_norm"}, p);
}
