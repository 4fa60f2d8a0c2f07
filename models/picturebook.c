/* picturebook.c - the model that ships inside: conv stem, ViT, perceiver resampler, small decoder.
 *
 *   RGB [3][128][128] -> 3x3 convolutions, each halving the grid -> rows of (128/16)^2 cells
 *     + learned positions -> vision layers -> layer_norm
 *     -> perceiver: learned latents ask the rows, 2 layers or more -> layer_norm -> proj
 *     -> that many rows in the prompt -> llama-type decoder
 * (128 for example; every size comes from the file.)
 * Easy to get wrong: the keys and values of the perceiver are the picture's rows first, then the
 * latents; the decoder's rotation is the interleaved one; pictures stand before the turn. */
#include "models/blocks.h"

enum { STEMS = 8 };

struct cfg {
    uint32_t layers, dim, vocab, context, heads, kv_heads, head_dim, rope_dim, ffn;
    float eps, rope_base;
    uint32_t size, stems, stem[STEMS];
    struct vision_layer vision, perceiver;
    uint32_t vision_layers, perceiver_layers, latents;
    float mean[3], std[3];
};

static void vision_config(struct cfg *c, struct meta *m) {
    c->size = meta_int(m, "vision.image_size", 8, 4096);
    c->stems = meta_length(m, "vision.stem_channels");
    if (c->stems < 1 || c->stems > STEMS) {
        meta_fail(m, "vision.stem_channels has %u entries instead of 1 to %d", c->stems, STEMS);
        c->stems = 1;
    }
    meta_ints(m, "vision.stem_channels", c->stems, 1, 8192, c->stem);
    c->vision =
        (struct vision_layer){.heads = meta_int(m, "vision.attention.head_count", 1, FAMILY_HEADS),
                              .dim = meta_int(m, "vision.embedding_length", 1, 8192),
                              .ffn = meta_int(m, "vision.feed_forward_length", 1, 65536),
                              .eps = meta_float(m, "vision.attention.layer_norm_epsilon", 0, 1),
                              .act = ACT_GELU_TANH};
    c->vision_layers = meta_int(m, "vision.block_count", 1, FAMILY_LAYERS);
    c->perceiver = c->vision;
    c->perceiver.heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS);
    c->perceiver.ffn = meta_int(m, "perceiver.feed_forward_length", 1, 65536);
    c->perceiver_layers = meta_int(m, "perceiver.block_count", 1, FAMILY_LAYERS);
    c->latents = meta_int(m, "perceiver.latents", 1, 4096);
    meta_floats(m, "vision.image_mean", 3, -1, 2, c->mean);
    meta_floats(m, "vision.image_std", 3, 1e-3f, 100, c->std);
    if (c->stem[c->stems - 1] != c->vision.dim)
        meta_fail(m, "vision.stem_channels ends with %u, vision.embedding_length is %u",
                  c->stem[c->stems - 1], c->vision.dim);
    if (c->size % (1u << c->stems))
        meta_fail(m, "vision.image_size %u cannot be halved %u times", c->size, c->stems);
    if (c->vision.heads && c->perceiver.heads &&
        (c->vision.dim % c->vision.heads || c->vision.dim % c->perceiver.heads))
        meta_fail(m, "vision.embedding_length %u is no multiple of its head counts", c->vision.dim);
}

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    c->layers = meta_int(m, "block_count", 1, FAMILY_LAYERS);
    c->dim = meta_int(m, "embedding_length", 1, FAMILY_DIM);
    c->context = meta_int(m, "context_length", 1, 1u << 20);
    c->vocab = meta_vocab(m);
    c->heads = meta_int(m, "attention.head_count", 1, FAMILY_HEADS);
    c->kv_heads = meta_int(m, "attention.head_count_kv", 1, FAMILY_HEADS);
    c->head_dim = meta_int(m, "attention.key_length", 8, 1024);
    c->rope_dim = meta_int(m, "rope.dimension_count", 2, 1024);
    c->ffn = meta_int(m, "feed_forward_length", 1, 1u << 20);
    c->eps = meta_float(m, "attention.layer_norm_rms_epsilon", 0, 1);
    c->rope_base = meta_float(m, "rope.freq_base", 1, 1e12f);
    if (c->kv_heads && c->heads % c->kv_heads)
        meta_fail(m, "%u heads for %u key/value heads", c->heads, c->kv_heads);
    if (c->rope_dim > c->head_dim || c->rope_dim % 2)
        meta_fail(m, "rope.dimension_count %u does not fit heads of %u", c->rope_dim, c->head_dim);
    vision_config(c, m);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    *s = (struct shape){.layers = c->layers,
                        .dim = c->dim,
                        .vocab = c->vocab,
                        .context = c->context,
                        .rope_dim = c->rope_dim,
                        .rope_base = c->rope_base,
                        .rope_scale = 1,
                        .form = "picturebook",
                        .pictures_first = true};
    for (uint32_t i = 0; i < c->layers; i++) s->kv_dim[i] = c->kv_heads * c->head_dim;
    s->picture.width = s->picture.height = c->size;
    s->picture.rows = c->latents;
    for (int i = 0; i < 3; i++) {
        s->picture.mean[i] = c->mean[i];
        s->picture.std[i] = c->std[i];
    }
}

static tensor encode(graph *g, const void *cfg, tensor x) {
    const struct cfg *c = cfg;
    uint32_t size = c->size, channels = 3;
    for (uint32_t i = 0; i < c->stems; i++) {
        graph_scope(g, "v.stem.%u", i);
        x = conv(g, x, .w = "", .width = size, .height = size, .in = channels, .out = c->stem[i],
                 .kernel = 3, .stride = 2, .pad = 1, .planar = i == 0, .act = ACT_GELU_TANH);
        size = (size + 1) / 2;
        channels = c->stem[i];
    }
    graph_scope(g, "v");
    x = g_add(g, x, g_weight(g, "position_embd", size * size, c->vision.dim));
    for (uint32_t i = 0; i < c->vision_layers; i++) {
        graph_scope(g, "v.blk.%u", i);
        x = block_vision(g, x, &c->vision);
    }
    graph_scope(g, "v");
    const tensor rows = g_layernorm(g, x, "post_ln", c->vision.eps);
    graph_scope(g, "perceiver");
    tensor latents = g_weight(g, "latents", c->latents, c->vision.dim);
    for (uint32_t i = 0; i < c->perceiver_layers; i++) {
        graph_scope(g, "perceiver.%u", i);
        latents = block_perceiver(g, latents, rows, &c->perceiver);
    }
    graph_scope(g, "perceiver");
    latents = g_layernorm(g, latents, "post_ln", c->vision.eps);
    return linear(g, latents, .w = "proj", .out = c->dim, .bias = true);
}

static tensor decode(graph *g, const void *cfg) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", c->vocab, c->dim, 1);
    for (uint32_t i = 0; i < c->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = block_decoder(g, x,
                          &(struct decoder_layer){.layer = i,
                                                  .heads = c->heads,
                                                  .kv_heads = c->kv_heads,
                                                  .head_dim = c->head_dim,
                                                  .rope_dim = c->rope_dim,
                                                  .ffn = c->ffn,
                                                  .eps = c->eps});
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct cfg *c = cfg;
    graph_scope(g, "%s", "");
    return linear(g, row, .w = "token_embd", .out = c->vocab, .norm = "output_norm", .eps = c->eps,
                  .name = "logits");
}

const struct family family_picturebook = {
    .arch = "picturebook",
    .what = "conv stem, ViT, perceiver resampler, llama-type decoder",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
    .decode = decode,
    .head = head,
};
