#include "models/decoder.h"

#include <math.h>
#include <stdio.h>

#include "models/blocks.h"

static void heads_config(struct decoder *d, struct meta *m) {
    meta_ints(m, "attention.head_count", d->layers, 1, FAMILY_HEADS, d->heads);
    for (uint32_t i = 0; i < d->layers; i++) d->kv_heads[i] = d->heads[i];
    if (meta_has(m, "attention.head_count_kv"))
        meta_ints(m, "attention.head_count_kv", d->layers, 1, FAMILY_HEADS, d->kv_heads);
    const uint32_t default_dim = d->dim / d->heads[0];
    d->head_dim = meta_int_or(m, "attention.key_length", 8, 1024, default_dim);
    d->rope_dim = meta_int_or(m, "rope.dimension_count", 2, 1024, d->head_dim);
    for (uint32_t i = 0; i < d->layers; i++)
        if (d->heads[i] % d->kv_heads[i])
            meta_fail(m, "attention.head_count_kv: layer %u has %u heads for %u key/value heads", i,
                      d->heads[i], d->kv_heads[i]);
    if (d->rope_dim > d->head_dim || d->rope_dim % 2)
        meta_fail(m, "rope.dimension_count %u does not fit heads of %u", d->rope_dim, d->head_dim);
}

/* The pair that turns `turns` times within the context it was made for. */
static float pair_of(const struct decoder *d, float turns, float original) {
    return d->rope_dim * logf(original / (turns * 2 * 3.14159265f)) / (2 * logf(d->rope_base));
}

static void yarn_config(struct decoder *d, struct meta *m, float factor) {
    struct rope_stretch *s = &d->rope_stretch;
    const float original = (float)meta_int(m, "rope.scaling.original_context_length", 1, 1u << 30);
    s->low = pair_of(d, meta_float_or(m, "rope.scaling.yarn_beta_fast", 1e-3f, 1e6f, 32), original);
    s->high = pair_of(d, meta_float_or(m, "rope.scaling.yarn_beta_slow", 1e-3f, 1e6f, 1), original);
    if (!meta_has(m, "rope.scaling.yarn_truncate") || meta_flag(m, "rope.scaling.yarn_truncate")) {
        s->low = floorf(s->low);
        s->high = ceilf(s->high);
    }
    s->low = s->low > 0 ? s->low : 0;
    s->high = s->high < (float)(d->rope_dim - 1) ? s->high : (float)(d->rope_dim - 1);
    if (s->high <= s->low) s->high = s->low + 0.001f;
    /* Where YaRN's amount is meant for some of the layers' numbers alone, the file takes it back.
     */
    const float back = meta_float_or(m, "rope.scaling.yarn_log_multiplier", 0, 100, 0);
    const float usual =
        factor > 1 ? (0.1f * logf(factor) + 1) / (0.1f * back * logf(factor) + 1) : 1;
    s->amount = meta_float_or(m, "rope.scaling.yarn_attn_factor", 1e-3f, 1e3f, usual);
}

enum scaling { LINEAR, NONE, YARN, LONGROPE, SCALINGS };

static void rope_config(struct decoder *d, struct meta *m) {
    /* The older key's 0 means no scaling. */
    const float older = meta_float_or(m, "rope.scale_linear", 0, 1e6f, 1);
    const float factor =
        meta_float_or(m, "rope.scaling.factor", 1e-3f, 1e6f, older > 0 ? older : 1);
    static const char *const types[SCALINGS] = {"linear", "none", "yarn", "longrope"};
    const uint32_t type = meta_word(m, "rope.scaling.type", types, SCALINGS);
    d->rope_scale = 1 / factor;
    if (type == YARN) {
        yarn_config(d, m, factor);
        return;
    }
    d->rope_stretch.original =
        meta_int_or(m, "rope.scaling.original_context_length", 0, 1u << 30, 0);
    d->rope_stretch.amount = meta_float_or(m, "rope.scaling.attn_factor", 1e-3f, 1e3f, 1);
    if (type == NONE || type == LONGROPE) d->rope_scale = 1;
}

void decoder_config(struct decoder *d, struct meta *m) {
    d->layers = meta_int(m, "block_count", 1, FAMILY_LAYERS);
    d->dim = meta_int(m, "embedding_length", 1, FAMILY_DIM);
    d->context = meta_int(m, "context_length", 1, 1u << 30);
    d->vocab = meta_vocab(m);
    heads_config(d, m);
    meta_ints(m, "feed_forward_length", d->layers, 1, 1u << 20, d->ffn);
    const bool plain = meta_has(m, "attention.layer_norm_epsilon");
    d->eps = meta_float(
        m, plain ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 0, 1);
    d->rope_base = meta_float_or(m, "rope.freq_base", 1, 1e12f, 10000);
    d->act = ACT_SILU;
    d->embed_scale = 1;
    rope_config(d, m);
}

void decoder_gelu(struct decoder *d, struct meta *m) {
    static const char *const words[] = {"gelu_pytorch_tanh", "gelu"};
    d->act = meta_word(m, "hidden_act", words, 2) == 1 ? ACT_GELU : ACT_GELU_TANH;
}

void decoder_sections(struct decoder *d, struct meta *m) {
    uint32_t found[4] = {0};
    const uint32_t n = meta_length(m, "rope.dimension_sections", 4);
    if (n != 3 && n != 4) {
        meta_fail(m, "rope.dimension_sections has %u entries, not 3 or 4", n);
        return;
    }
    meta_ints(m, "rope.dimension_sections", n, 0, 512, found);
    for (int i = 0; i < 3; i++) d->sections[i] = found[i];
    if (!found[0] || found[0] + found[1] + found[2] + found[3] != d->rope_dim / 2)
        meta_fail(m, "rope.dimension_sections %u, %u, %u do not make up %u pairs", found[0],
                  found[1], found[2], d->rope_dim / 2);
}

void decoder_shape(const struct decoder *d, struct shape *out) {
    *out = (struct shape){.layers = d->layers,
                          .dim = d->dim,
                          .vocab = d->vocab,
                          .context = d->context,
                          .rope_dim = d->rope_dim,
                          .rope_base = d->rope_base,
                          .rope_scale = d->rope_scale,
                          .rope_stretch = d->rope_stretch,
                          .rope_local_base = d->window ? d->local_base : 0,
                          .rope_local_scale = d->local_scale,
                          .rope_interleaved = d->interleaved,
                          .deep = d->deep};
    for (int i = 0; i < 3; i++) out->rope_sections[i] = d->sections[i];
    for (uint32_t i = 0; i < d->layers; i++) out->kv_dim[i] = d->kv_heads[i] * d->head_dim;
}

static bool has_bias(graph *g, uint32_t layer, const char *matrix) {
    char name[64];
    snprintf(name, sizeof name, "blk.%u.%s.bias", layer, matrix);
    return graph_has(g, name);
}

static uint32_t window_of(const struct decoder *d, uint32_t layer) {
    return d->period && (layer + 1) % d->period == 0 ? 0 : d->window;
}

tensor decoder_block(graph *g, const struct decoder *d, uint32_t layer, tensor x) {
    return block_decoder(g, x,
                         &(struct decoder_layer){.layer = layer,
                                                 .heads = d->heads[layer],
                                                 .kv_heads = d->kv_heads[layer],
                                                 .head_dim = d->head_dim,
                                                 .rope_dim = d->rope_dim,
                                                 .ffn = d->ffn[layer],
                                                 .eps = d->eps,
                                                 .neox = d->neox,
                                                 .qk_norm = d->qk_norm,
                                                 .post_norms = d->post_norms,
                                                 .fused = d->fused,
                                                 .act = d->act,
                                                 .scale = d->scale,
                                                 .softcap = d->softcap,
                                                 .window = window_of(d, layer),
                                                 .qkv_bias = has_bias(g, layer, "attn_q"),
                                                 .out_bias = has_bias(g, layer, "attn_output"),
                                                 .ffn_bias = has_bias(g, layer, "ffn_gate"),
                                                 .down_bias = has_bias(g, layer, "ffn_down")});
}

tensor decoder_rows(graph *g, const struct decoder *d) {
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, d->embed_scale);
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = decoder_block(g, d, i, x);
        if (i < d->deep) x = g_deepen(g, x, "token_embd", d->vocab, i + 1);
    }
    return x;
}

tensor decoder_logits(graph *g, const struct decoder *d, tensor row) {
    graph_scope(g, "%s", "");
    const char *name = d->logit_cap != 0 ? "raw_logits" : "logits";
    row = linear(g, row, .w = graph_has(g, "output.weight") ? "output" : "token_embd",
                 .out = d->vocab, .bias = graph_has(g, "output.bias"), .norm = "output_norm",
                 .eps = d->eps, .name = name);
    return d->logit_cap != 0 ? g_softcap(g, row, d->logit_cap, "logits") : row;
}
