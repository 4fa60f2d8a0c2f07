/* llama.c - Llama-type text decoders from GGUF: Llama 1-3, SmolLM, SmolLM2, TinyLlama, Mistral.
 *
 *   ids -> rows of token_embd -> n layers (six dispatches each) -> rms_norm -> logits
 * Easy to get wrong: GGUF files of this architecture hold q and k permuted for the interleaved
 * rotation, unlike the checkpoints they come from; a file without output.weight shares token_embd.
 */
#include "models/blocks.h"

struct cfg {
    uint32_t layers, dim, vocab, context, rope_dim;
    uint32_t heads[FAMILY_LAYERS], kv_heads[FAMILY_LAYERS], ffn[FAMILY_LAYERS], head_dim;
    float eps, rope_base, rope_scale;
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    c->layers = meta_int(m, "block_count", 1, FAMILY_LAYERS);
    c->dim = meta_int(m, "embedding_length", 1, FAMILY_DIM);
    c->context = meta_int(m, "context_length", 1, 1u << 30);
    c->vocab = meta_vocab(m);
    meta_ints(m, "attention.head_count", c->layers, 1, FAMILY_HEADS, c->heads);
    for (uint32_t i = 0; i < c->layers; i++) c->kv_heads[i] = c->heads[i];
    if (meta_length(m, "attention.head_count_kv"))
        meta_ints(m, "attention.head_count_kv", c->layers, 1, FAMILY_HEADS, c->kv_heads);
    meta_ints(m, "feed_forward_length", c->layers, 1, 1u << 20, c->ffn);
    const uint32_t default_dim = c->heads[0] ? c->dim / c->heads[0] : 0;
    c->head_dim = meta_int_or(m, "attention.key_length", 8, 1024, default_dim);
    c->rope_dim = meta_int_or(m, "rope.dimension_count", 2, 1024, c->head_dim);
    c->eps = meta_float(m, "attention.layer_norm_rms_epsilon", 0, 1);
    c->rope_base = meta_float_or(m, "rope.freq_base", 1, 1e12f, 10000);
    c->rope_scale = 1 / meta_float_or(m, "rope.scaling.factor", 1e-3f, 1e6f, 1);
    for (uint32_t i = 0; i < c->layers; i++)
        if (c->kv_heads[i] && c->heads[i] % c->kv_heads[i])
            meta_fail(m, "layer %u has %u heads for %u key/value heads", i, c->heads[i],
                      c->kv_heads[i]);
    if (c->rope_dim > c->head_dim || c->rope_dim % 2)
        meta_fail(m, "rope.dimension_count %u does not fit heads of %u", c->rope_dim, c->head_dim);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    *s = (struct shape){.layers = c->layers,
                        .dim = c->dim,
                        .vocab = c->vocab,
                        .context = c->context,
                        .rope_dim = c->rope_dim,
                        .rope_base = c->rope_base,
                        .rope_scale = c->rope_scale};
    for (uint32_t i = 0; i < c->layers; i++) s->kv_dim[i] = c->kv_heads[i] * c->head_dim;
}

static tensor decode(graph *g, const void *cfg) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", c->vocab, c->dim, 1);
    for (uint32_t i = 0; i < c->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = block_decoder(g, x,
                          &(struct decoder_layer){.layer = i,
                                                  .heads = c->heads[i],
                                                  .kv_heads = c->kv_heads[i],
                                                  .head_dim = c->head_dim,
                                                  .rope_dim = c->rope_dim,
                                                  .ffn = c->ffn[i],
                                                  .eps = c->eps});
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    return linear(g, row, .w = graph_has(g, "output.weight") ? "output" : "token_embd",
                  .out = c->vocab, .norm = "output_norm", .eps = c->eps, .name = "logits");
}

const struct family family_llama = {
    .arch = "llama",
    .what = "text decoder (Llama, SmolLM, Mistral)",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
