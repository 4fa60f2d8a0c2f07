/* blip2.c - the eyes of BLIP-2 and InstructBLIP (projector types blip2 and instructblip; from the
 * hub's folders).
 *
 *   picture [3][224][224] -> ViT-g -> post_ln -> [1 + 16*16][1408], with the class row
 *     -> 32 learned queries -> Q-Former: 12 layers of BERT, of which every second one asks the rows
 *     -> [32][768] -> linear -> [32][decoder's width]
 * InstructBLIP: what is asked about the picture, in words of the Q-Former's own, stands behind the
 * queries; both see each other, but words do not ask the picture and have a second half of each
 * layer to themselves.
 * Easy to get wrong: the queries are normalised before the first layer; layers normalise what they
 * have added, not what they read; the picture is stretched to a square, whatever its shape; all
 * gelus are the exact one; the rows stand before the token that starts a text. */
#include <stdio.h>

#include "models/bert.h"
#include "models/vit.h"

struct cfg {
    struct vit vit;
    struct bert_layer layer;
    uint32_t queries, depth, period;
    uint32_t vocab, words; /* of what is asked: its vocabulary and its most words; 0: not read */
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->vit.layer.act = ACT_GELU;
    c->vit.layer.fused = true;
    c->queries = meta_int(m, "qformer.queries", 1, 4096);
    c->depth = meta_int(m, "qformer.block_count", 1, FAMILY_LAYERS);
    c->period = meta_int(m, "qformer.cross_attention_period", 1, FAMILY_LAYERS);
    c->layer.heads = meta_int(m, "qformer.attention.head_count", 1, FAMILY_HEADS);
    c->layer.dim = meta_int(m, "qformer.embedding_length", 1, FAMILY_DIM);
    c->layer.ffn = meta_int(m, "qformer.feed_forward_length", 1, 1u << 20);
    c->layer.eps = meta_float(m, "qformer.attention.layer_norm_epsilon", 0, 1);
    if (c->layer.dim % c->layer.heads)
        meta_fail(m, "qformer.embedding_length %u is no multiple of its %u heads", c->layer.dim,
                  c->layer.heads);
}

static void instruct_config(void *out, struct meta *m) {
    struct cfg *c = out;
    config(c, m);
    c->words = meta_int(m, "qformer.context_length", 2, 1u << 16);
    c->vocab = meta_vocab(m);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    vit_shape(&c->vit, c->queries, s);
    s->picture.fit = FIT_STRETCH;
    s->picture.bicubic = true;
    s->pictures_lead = true;
    s->form = "blip2";
}

static void instruct_shape(const void *cfg, struct shape *s) {
    enum { EXAMPLE = 16 };
    const struct cfg *c = cfg;
    shape(c, s);
    s->picture.most_words = c->words;
    s->picture.words = c->words < EXAMPLE ? c->words : EXAMPLE;
    s->form = "bare";
}

/* Queries, and behind them words. */
static tensor beginning(graph *g, const struct cfg *c) {
    const uint32_t dim = c->layer.dim;
    tensor x = g_weight(g, "queries", c->queries, dim);
    if (c->words) {
        const tensor words = g_asked(g, "token_embd", c->vocab, dim);
        const tensor places = g_weight(g, "position_embd", c->words, dim);
        x = g_concat(g, x, g_add(g, words, g_rows(g, places, 0, tensor_rows(g, words))));
    }
    return g_layernorm(g, x, "norm", c->layer.eps);
}

static tensor layer(graph *g, const struct cfg *c, uint32_t i, tensor x, tensor rows) {
    x = bert_attention(g, x, &c->layer);
    tensor asking = c->words ? g_rows(g, x, 0, c->queries) : x;
    if (i % c->period == 0) asking = bert_cross(g, asking, rows, &c->layer);
    asking = bert_feed_forward(g, asking, &c->layer);
    if (!c->words || i + 1 == c->depth) return asking;
    const tensor words = g_rows(g, x, c->queries, tensor_rows(g, x) - c->queries);
    return g_concat(g, asking, bert_text_feed_forward(g, words, &c->layer));
}

/* What the last layer makes of the question's words, nobody reads. */
static void spare_last_words(graph *g, const struct cfg *c) {
    char prefix[64];
    snprintf(prefix, sizeof prefix, "qf.blk.%u.text_", c->depth - 1);
    graph_spare(g, prefix);
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    if (c->words) spare_last_words(g, c);
    const tensor rows = vit_rows(g, &c->vit, pixels, c->vit.layers);
    graph_scope(g, "qf");
    tensor x = beginning(g, c);
    for (uint32_t i = 0; i < c->depth; i++) {
        graph_scope(g, "qf.blk.%u", i);
        x = layer(g, c, i, x, rows);
    }
    graph_scope(g, "mm");
    return linear(g, x, .w = "fc", .bias = true);
}

const struct vision vision_blip2 = {
    .projector = "blip2",
    .decoders = " opt llama ",
    .what = "ViT-g, Q-Former (BLIP-2)",
    .last = "mm.fc.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};

const struct vision vision_instructblip = {
    .projector = "instructblip",
    .decoders = " opt llama ",
    .what = "ViT-g, Q-Former that reads the question (InstructBLIP)",
    .last = "mm.fc.weight",
    .config_bytes = sizeof(struct cfg),
    .config = instruct_config,
    .shape = instruct_shape,
    .encode = encode,
};
