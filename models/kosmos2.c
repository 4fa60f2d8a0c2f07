/* kosmos2.c - Kosmos-2 (arXiv 2306.14824, from the hub's folders): answers carry boxes as words.
 *
 *   picture [3][224][224] -> CLIP -> post_ln -> [1 + 16*16][1024], with the class row, each row of
 *     length 1 -> dense -> 64 latents ask it and themselves, once -> out -> [64][2048]
 *   word: token_embd[id] * sqrt(2048) + waves of its position
 *   x += out(sub_norm(attention(qkv(attn_norm(x))))); x += down(sub_norm(gelu(up(ffn_norm(x)))))
 * Easy to get wrong: rows of pictures are multiplied like words, and have positions; the latents
 * are not added to what they are told; what a half of a layer adds is normalised before its last
 * matrix. */
#include <math.h>

#include "models/decoder.h"
#include "models/vit.h"

enum { FIRST_POSITION = 2, CONTEXT_MOST = 1 << 16 };

/* The table of angles turns each position by none. */
static void config(void *out, struct meta *m) {
    struct decoder *d = out;
    decoder_config(d, m);
    d->rope_scale = 0;
    if (d->context > CONTEXT_MOST)
        meta_fail(m, "context_length is %u, more than %d", d->context, CONTEXT_MOST);
    if (meta_flag(m, "scale_embedding")) d->embed_scale = sqrtf((float)d->dim);
}

static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }

/* Sines, then cosines, of ever slower turns, in single precision as the reference has them. */
static tensor waves(graph *g, const struct decoder *d) {
    const uint32_t half = d->dim / 2, rows = d->context + FIRST_POSITION;
    const float slower = -(float)(log(10000.0) / (half - 1));
    float *table = graph_memory(g, (uint64_t)rows * d->dim, sizeof *table);
    if (!table) return T_NONE;
    for (uint32_t i = 0; i < half; i++) {
        const float turn = expf((float)i * slower);
        for (uint32_t p = 0; p < rows; p++) {
            table[(uint64_t)p * d->dim + i] = sinf((float)p * turn);
            table[(uint64_t)p * d->dim + half + i] = cosf((float)p * turn);
        }
    }
    return g_table(g, "waves", rows, d->dim, table);
}

static tensor layer(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    tensor h = g_layernorm(g, x, "attn_norm", d->eps);
    h = linear(g, h, .w = "attn_q|attn_k|attn_v", .out = 3 * d->dim, .bias = true, .name = "qkv");
    h = attend_cached(g, h, .layer = i, .heads = d->heads[i], .kv_heads = d->kv_heads[i],
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .mode = ATTEND_CAUSAL);
    h = g_layernorm(g, h, "attn_sub_norm", d->eps);
    x = linear(g, h, .w = "attn_output", .out = d->dim, .bias = true, .add = x);
    h = g_layernorm(g, x, "ffn_norm", d->eps);
    h = linear(g, h, .w = "ffn_up", .out = d->ffn[i], .bias = true, .act = ACT_GELU);
    h = g_layernorm(g, h, "ffn_sub_norm", d->eps);
    return linear(g, h, .w = "ffn_down", .out = d->dim, .bias = true, .add = x);
}

static tensor decode(graph *g, const void *cfg) {
    const struct decoder *d = cfg;
    graph_scope(g, "%s", "");
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, d->embed_scale);
    x = g_add(g, x, g_positions(g, waves(g, d), FIRST_POSITION));
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

const struct family family_kosmos2 = {
    .arch = "kosmos2",
    .what = "text decoder (Kosmos-2)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};

/* --- the eyes --------------------------------------------------------------------------------- */

struct eyes {
    struct vit vit;
    uint32_t latents, dim, heads;
    float scale; /* of its rows */
    bool stretch;
};

static void eyes_config(void *out, struct meta *m) {
    struct eyes *e = out;
    vit_config(&e->vit, m);
    if (!meta_flag(m, "use_gelu")) e->vit.layer.act = ACT_QUICK_GELU;
    e->latents = meta_int(m, "perceiver.latents", 1, 4096);
    e->dim = meta_int(m, "perceiver.embedding_length", 1, FAMILY_DIM);
    e->heads = meta_int(m, "perceiver.attention.head_count", 1, FAMILY_HEADS);
    e->scale = meta_flag(m, "perceiver.scale_embedding") ? sqrtf((float)e->dim) : 1;
    e->stretch = meta_flag(m, "vision.stretch");
    if (e->dim % e->heads)
        meta_fail(m, "perceiver.embedding_length %u is no multiple of its %u heads", e->dim,
                  e->heads);
}

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct eyes *e = cfg;
    vit_shape(&e->vit, e->latents, s);
    s->picture.fit = e->stretch ? FIT_STRETCH : FIT_CROP;
    s->picture.bicubic = true;
    s->picture.before = "<image>";
    s->picture.after = "</image>";
    s->pictures_first = true;
    s->picture.single = true;
    s->form = "kosmos2";
}

/* One number, as often as a row has columns. */
static tensor all_of(graph *g, const char *name, uint32_t cols, float number) {
    float *row = graph_memory(g, cols, sizeof *row);
    for (uint32_t i = 0; row && i < cols; i++) row[i] = number;
    return row ? g_table(g, name, 1, cols, row) : T_NONE;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct eyes *e = cfg;
    tensor rows = g_unit(g, vit_rows(g, &e->vit, pixels, e->vit.layers));
    graph_scope(g, "mm");
    rows = linear(g, rows, .w = "dense", .out = e->dim, .bias = true);
    const tensor latents = g_weight(g, "latents", e->latents, e->dim);
    const tensor all = g_concat(g, rows, latents);
    const tensor q = linear(g, latents, .w = "attn_q", .out = e->dim, .bias = true);
    const tensor k = linear(g, all, .w = "attn_k", .out = e->dim, .bias = true);
    const tensor v = linear(g, all, .w = "attn_v", .out = e->dim, .bias = true);
    const tensor h = attend(g, .q = q, .k = k, .v = v, .heads = e->heads, .kv_heads = e->heads,
                            .head_dim = e->dim / e->heads);
    const tensor y = linear(g, h, .w = "attn_out", .out = e->dim, .bias = true);
    return g_times(g, y, all_of(g, "scale", e->dim, e->scale));
}

const struct vision vision_kosmos2 = {
    .projector = "kosmos2",
    .decoder = "kosmos2",
    .what = "CLIP, latents that ask once (Kosmos-2)",
    .last = "mm.attn_out.weight",
    .config_bytes = sizeof(struct eyes),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
