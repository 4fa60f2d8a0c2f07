#include "models/decoder.h"

#include <stdio.h>

#include "models/blocks.h"

static void heads_config(struct decoder *d, struct meta *m) {
    meta_ints(m, "attention.head_count", d->layers, 1, FAMILY_HEADS, d->heads);
    for (uint32_t i = 0; i < d->layers; i++) d->kv_heads[i] = d->heads[i];
    if (meta_length(m, "attention.head_count_kv"))
        meta_ints(m, "attention.head_count_kv", d->layers, 1, FAMILY_HEADS, d->kv_heads);
    const uint32_t default_dim = d->heads[0] ? d->dim / d->heads[0] : 0;
    d->head_dim = meta_int_or(m, "attention.key_length", 8, 1024, default_dim);
    d->rope_dim = meta_int_or(m, "rope.dimension_count", 2, 1024, d->head_dim);
    for (uint32_t i = 0; i < d->layers; i++)
        if (d->kv_heads[i] && d->heads[i] % d->kv_heads[i])
            meta_fail(m, "layer %u has %u heads for %u key/value heads", i, d->heads[i],
                      d->kv_heads[i]);
    if (d->rope_dim > d->head_dim || d->rope_dim % 2)
        meta_fail(m, "rope.dimension_count %u does not fit heads of %u", d->rope_dim, d->head_dim);
}

void decoder_config(struct decoder *d, struct meta *m) {
    d->layers = meta_int(m, "block_count", 1, FAMILY_LAYERS);
    d->dim = meta_int(m, "embedding_length", 1, FAMILY_DIM);
    d->context = meta_int(m, "context_length", 1, 1u << 30);
    d->vocab = meta_vocab(m);
    heads_config(d, m);
    meta_ints(m, "feed_forward_length", d->layers, 1, 1u << 20, d->ffn);
    d->eps = meta_float(m, "attention.layer_norm_rms_epsilon", 0, 1);
    d->rope_base = meta_float_or(m, "rope.freq_base", 1, 1e12f, 10000);
    d->rope_scale = 1 / meta_float_or(m, "rope.scaling.factor", 1e-3f, 1e6f, 1);
}

void decoder_shape(const struct decoder *d, struct shape *out) {
    *out = (struct shape){.layers = d->layers,
                          .dim = d->dim,
                          .vocab = d->vocab,
                          .context = d->context,
                          .rope_dim = d->rope_dim,
                          .rope_base = d->rope_base,
                          .rope_scale = d->rope_scale};
    for (uint32_t i = 0; i < d->layers; i++) out->kv_dim[i] = d->kv_heads[i] * d->head_dim;
}

static bool has_bias(graph *g, uint32_t layer) {
    char name[64];
    snprintf(name, sizeof name, "blk.%u.attn_q.bias", layer);
    return graph_has(g, name);
}

tensor decoder_rows(graph *g, const struct decoder *d) {
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, 1);
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = block_decoder(g, x,
                          &(struct decoder_layer){.layer = i,
                                                  .heads = d->heads[i],
                                                  .kv_heads = d->kv_heads[i],
                                                  .head_dim = d->head_dim,
                                                  .rope_dim = d->rope_dim,
                                                  .ffn = d->ffn[i],
                                                  .eps = d->eps,
                                                  .neox = d->neox,
                                                  .qk_norm = d->qk_norm,
                                                  .qkv_bias = has_bias(g, i)});
    }
    return x;
}

tensor decoder_logits(graph *g, const struct decoder *d, tensor row) {
    graph_scope(g, "%s", "");
    return linear(g, row, .w = graph_has(g, "output.weight") ? "output" : "token_embd",
                  .out = d->vocab, .norm = "output_norm", .eps = d->eps, .name = "logits");
}
