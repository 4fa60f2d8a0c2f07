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
#include "models/decoder.h"

enum { STEMS = 8 };

struct cfg {
    struct decoder text;
    uint32_t size, stems, stem[STEMS];
    struct vision_layer vision;
    struct perceiver_layer perceiver;
    uint32_t vision_layers, perceiver_layers, latents;
    float mean[3], std[3];
};

static void vision_config(struct cfg *c, struct meta *m) {
    c->size = meta_int(m, "vision.image_size", 8, 4096);
    c->stems = meta_length(m, "vision.stem_channels", STEMS);
    if (c->stems < 1) {
        meta_fail(m, "vision.stem_channels is missing or empty");
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
    const uint32_t heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS);
    c->perceiver =
        (struct perceiver_layer){.heads = heads,
                                 .head_dim = c->vision.dim / heads,
                                 .dim = c->vision.dim,
                                 .ffn = meta_int(m, "perceiver.feed_forward_length", 1, 65536),
                                 .eps = c->vision.eps,
                                 .act = c->vision.act,
                                 .bias = true};
    c->perceiver_layers = meta_int(m, "perceiver.block_count", 1, FAMILY_LAYERS);
    c->latents = meta_int(m, "perceiver.latents", 1, 4096);
    meta_floats(m, "vision.image_mean", 3, -1, 2, c->mean);
    meta_floats(m, "vision.image_std", 3, 1e-3f, 100, c->std);
    if (c->stem[c->stems - 1] != c->vision.dim)
        meta_fail(m, "vision.stem_channels ends with %u, vision.embedding_length is %u",
                  c->stem[c->stems - 1], c->vision.dim);
    if (c->size % (1u << c->stems))
        meta_fail(m, "vision.image_size %u cannot be halved %u times", c->size, c->stems);
    if (c->vision.dim % c->vision.heads || c->vision.dim % c->perceiver.heads)
        meta_fail(m, "vision.embedding_length %u is no multiple of its head counts", c->vision.dim);
}

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    decoder_config(&c->text, m);
    vision_config(c, m);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    decoder_shape(&c->text, s);
    s->form = "picturebook";
    s->pictures_first = true;
    s->picture.width = s->picture.height = c->size;
    s->picture.rows = c->latents;
    s->picture.trained_on_one = true;
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
    return linear(g, latents, .w = "proj", .out = c->text.dim, .bias = true);
}

static tensor decode(graph *g, const void *cfg) {
    const struct cfg *c = cfg;
    return decoder_rows(g, &c->text);
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct cfg *c = cfg;
    return decoder_logits(g, &c->text, row);
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
