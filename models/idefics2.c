/* idefics2.c - the eyes of Idefics2 (projector type idefics2; from the hub's folders).
 *
 *   picture [3][h][w], sides of 378 to 980 -> SigLIP -> post_ln -> [h/14 * w/14][1152]
 *     -> gated MLP -> [..][4096]
 *     -> 64 latents ask it and themselves, three layers of 16 heads over 4 -> rms_norm ->
 * [64][4096] Easy to get wrong: positions are looked up in the table by the part of the side they
 * lie at, in single precision; what is left of a side behind its last whole patch is not seen; the
 * rows of the picture are normalised anew in each layer and are the same ones for all. */
#include "models/vit.h"

struct cfg {
    struct vit vit;
    uint32_t latents, depth, heads, kv_heads, head_dim, dim;
    uint32_t longest, shortest;
    bool split;
    float eps;
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->latents = meta_int(m, "perceiver.latents", 1, 4096);
    c->depth = meta_int(m, "perceiver.block_count", 1, FAMILY_LAYERS);
    c->heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS);
    c->kv_heads = meta_int(m, "perceiver.attention.head_count_kv", 1, FAMILY_HEADS);
    c->head_dim = meta_int(m, "perceiver.attention.key_length", 8, 1024);
    c->dim = meta_int(m, "perceiver.embedding_length", 1, FAMILY_DIM);
    c->eps = meta_float(m, "perceiver.attention.layer_norm_rms_epsilon", 0, 1);
    c->longest = meta_int(m, "vision.longest_side", c->vit.patch, 4096);
    c->shortest = meta_int(m, "vision.shortest_side", c->vit.patch, c->longest);
    c->split = meta_flag(m, "vision.image_split");
    if (c->heads % c->kv_heads)
        meta_fail(m, "perceiver.attention.head_count has %u heads for %u key/value heads", c->heads,
                  c->kv_heads);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    vit_shape(&c->vit, c->latents, s);
    s->picture.fit = FIT_BOUNDED;
    s->picture.blank_behind = true;
    s->picture.longest = c->longest;
    s->picture.shortest = c->shortest;
    s->picture.split = c->split;
    s->picture.area = c->longest * c->longest;
    s->picture.multiple = c->vit.patch;
}

/* Where of the table's `side` the i-th of n patches lies, in the reference's own arithmetic. */
static uint32_t bucket(uint32_t i, uint32_t n, uint32_t side) {
    const float at = (float)i * (1.0f / (float)n);
    uint32_t b = 0;
    while (b + 1 < side && (float)(1.0 / side + b * (1.0 / side)) <= at) b++;
    return b;
}

static tensor positions(graph *g, const struct cfg *c, uint32_t wide, uint32_t high) {
    const uint32_t side = c->vit.side;
    uint32_t *index = graph_memory(g, (uint64_t)wide * high, sizeof *index);
    uint32_t *column = graph_memory(g, wide, sizeof *column);
    if (!index || !column) return T_NONE;
    for (uint32_t x = 0; x < wide; x++) column[x] = bucket(x, wide, side);
    for (uint32_t y = 0; y < high; y++) {
        const uint32_t row = bucket(y, high, side);
        for (uint32_t x = 0; x < wide; x++) index[y * wide + x] = row * side + column[x];
    }
    return g_gather(g, g_weight(g, "position_embd", side * side, c->vit.layer.dim), index,
                    wide * high);
}

static tensor ask(graph *g, const struct cfg *c, tensor latents, tensor rows) {
    const uint32_t kv_dim = c->kv_heads * c->head_dim;
    const tensor context = g_rmsnorm(g, rows, "ln_context", c->eps);
    const tensor asking = g_rmsnorm(g, latents, "ln_latents", c->eps);
    const tensor kv = linear(g, g_concat(g, context, asking), .w = "attn_k|attn_v",
                             .out = 2 * kv_dim, .name = "kv");
    tensor h = linear(g, asking, .w = "attn_q", .out = c->heads * c->head_dim);
    h = attend(g, .q = h, .k = g_columns(g, kv, 0, kv_dim), .v = g_columns(g, kv, kv_dim, kv_dim),
               .heads = c->heads, .kv_heads = c->kv_heads, .head_dim = c->head_dim);
    latents = linear(g, h, .w = "attn_out", .out = c->dim, .add = latents);
    h = linear(g, latents, .w = "ffn_gate|ffn_up", .glu = true, .act = ACT_SILU, .norm = "ln_ffn",
               .eps = c->eps, .name = "ffn_glu");
    return linear(g, h, .w = "ffn_down", .out = c->dim, .add = latents);
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const uint32_t width = tensor_cols(g, pixels), height = tensor_rows(g, pixels) / 3;
    graph_scope(g, "v");
    tensor x = conv(g, pixels, .w = "patch_embd", .width = width, .height = height, .in = 3,
                    .out = c->vit.layer.dim, .kernel = c->vit.patch, .stride = c->vit.patch,
                    .planar = true);
    x = g_add(g, x, positions(g, c, width / c->vit.patch, height / c->vit.patch));
    x = vit_layers(g, &c->vit, x, c->vit.layers);
    graph_scope(g, "mm");
    x = linear(g, x, .w = "gate|up", .glu = true, .act = ACT_SILU, .name = "glu");
    x = linear(g, x, .w = "down", .out = c->dim);
    graph_scope(g, "perceiver");
    tensor latents = g_weight(g, "latents", c->latents, c->dim);
    for (uint32_t i = 0; i < c->depth; i++) {
        graph_scope(g, "perceiver.%u", i);
        latents = ask(g, c, latents, x);
    }
    graph_scope(g, "perceiver");
    return g_rmsnorm(g, latents, "post_ln", c->eps);
}

const struct vision vision_idefics2 = {
    .projector = "idefics2",
    .decoders = " llama ",
    .mark = "<fake_token_around_image>",
    .own_mark = true,
    .what = "SigLIP of any size, gated MLP, perceiver of several layers (Idefics2)",
    .last = "perceiver.0.attn_out.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
