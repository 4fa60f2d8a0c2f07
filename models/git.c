/* git.c - GIT: a picture's rows stand before the words of a BERT that writes (from the hub's
 * folders).
 *
 *   picture [3][224][224] -> CLIP, post_ln -> [1 + 14*14][768], with the class row
 *     -> linear, layer_norm -> rows of the decoder
 *   word: layer_norm(token_embd[id] + position_embd[words before it])
 *   x = attn_norm(x + out(attention(qkv(x)))); x = ffn_norm(x + down(gelu(up(x))))
 * Easy to get wrong: rows of pictures get neither position nor norm, and words are counted without
 * them; rows of a picture see each other, and no words; nothing is turned; there is no norm behind
 * the last layer but its own; the head has a bias. */
#include "models/decoder.h"
#include "models/vit.h"

/* The table of angles turns each position by none. */
static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->rope_scale = 0;
}

static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }

static tensor layer(graph *g, const struct decoder *d, uint32_t i, tensor x) {
    tensor h =
        linear(g, x, .w = "attn_q|attn_k|attn_v", .out = 3 * d->dim, .bias = true, .name = "qkv");
    h = attend_cached(g, h, .layer = i, .heads = d->heads[i], .kv_heads = d->kv_heads[i],
                      .head_dim = d->head_dim, .rope_dim = d->rope_dim, .mode = ATTEND_CAUSAL);
    x = linear(g, h, .w = "attn_output", .out = d->dim, .bias = true, .add = x);
    x = g_layernorm(g, x, "attn_norm", d->eps);
    h = linear(g, x, .w = "ffn_up", .out = d->ffn[i], .bias = true, .act = ACT_GELU);
    x = linear(g, h, .w = "ffn_down", .out = d->dim, .bias = true, .add = x);
    return g_layernorm(g, x, "ffn_norm", d->eps);
}

static tensor decode(graph *g, const void *cfg) {
    const struct decoder *d = cfg;
    graph_scope(g, "%s", "");
    const tensor table = g_weight(g, "position_embd", d->context, d->dim);
    tensor x = g_embed(g, "token_embd", d->vocab, d->dim, 1);
    const tensor words = g_add(g, x, g_positions(g, table, 0));
    x = g_words_over(g, x, g_layernorm(g, words, "token_norm", d->eps));
    for (uint32_t i = 0; i < d->layers; i++) {
        graph_scope(g, "blk.%u", i);
        x = layer(g, d, i, x);
    }
    return x;
}

static tensor head(graph *g, const void *cfg, tensor row) {
    const struct decoder *d = cfg;
    graph_scope(g, "%s", "");
    return linear(g, row, .w = "output", .out = d->vocab, .bias = true, .name = "logits");
}

const struct family family_git = {
    .arch = "git",
    .what = "text decoder (GIT)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};

static void eyes_config(void *cfg, struct meta *m) {
    struct vit *v = cfg;
    vit_config(v, m);
    if (!meta_flag(m, "use_gelu")) v->layer.act = ACT_QUICK_GELU;
}

static void eyes_shape(const void *cfg, struct shape *s) {
    const struct vit *v = cfg;
    vit_shape(v, v->side * v->side + 1, s);
    s->picture.fit = FIT_CROP;
    s->picture.bicubic = true;
    s->picture.mutual = MUTUAL_PICTURE;
    s->picture.unplaced = true;
    s->pictures_lead = true;
    s->form = "bare";
    s->picture.single = true;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct vit *v = cfg;
    tensor x = vit_rows(g, v, pixels, v->layers);
    graph_scope(g, "mm");
    x = linear(g, x, .w = "0", .bias = true);
    return g_layernorm(g, x, "1", v->layer.eps);
}

const struct vision vision_git = {
    .projector = "git",
    .decoder = "git",
    .what = "CLIP with its class row (GIT)",
    .last = "mm.0.weight",
    .config_bytes = sizeof(struct vit),
    .config = eyes_config,
    .shape = eyes_shape,
    .encode = encode,
};
