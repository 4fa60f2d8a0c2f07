/* opt.c - OPT text decoders from folders, as BLIP-2 ends in.
 *
 *   x = token_embd[id] + position_embd[2 + position]
 *   x += out(attention(qkv(layer_norm(x)))); x += down(relu(up(layer_norm(x))))
 * Easy to get wrong: the first two rows of position_embd stand for no position; rows of pictures
 * get positions, too; every matrix but that of the words has a bias; nothing is turned. */
#include "models/decoder.h"

enum { NO_POSITIONS = 2 };

/* The table of angles says so by turning each position by none. */
static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->rope_scale = 0;
}

static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }

static tensor layer(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    tensor h = g_layernorm(g, x, "attn_norm", d->eps);
    h = linear(g, h, .w = "attn_q|attn_k|attn_v", .out = 3 * d->dim, .bias = true, .name = "qkv");
    h = attend_cached(g, h, .layer = i, .heads = d->heads[i], .kv_heads = d->kv_heads[i],
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .mode = ATTEND_CAUSAL);
    x = linear(g, h, .w = "attn_output", .out = d->dim, .bias = true, .add = x);
    h = g_layernorm(g, x, "ffn_norm", d->eps);
    h = linear(g, h, .w = "ffn_up", .out = d->ffn[i], .bias = true, .act = ACT_RELU);
    return linear(g, h, .w = "ffn_down", .out = d->dim, .bias = true, .add = x);
}

static tensor decode(graph *g, const void *cfg) {
    const struct decoder *d = cfg;
    graph_scope(g, "%s", "");
    const tensor table = g_weight(g, "position_embd", d->context + NO_POSITIONS, d->dim);
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, 1);
    x = g_add(g, x, g_positions(g, table, NO_POSITIONS));
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
    return linear(g, row, .w = graph_has(g, "output.weight") ? "output" : "token_embd",
                  .out = d->vocab, .name = "logits");
}

const struct family family_opt = {
    .arch = "opt",
    .what = "text decoder (OPT)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
