/* internvl.c - the eyes of InternVL 2, 2.5 and 3 (mmproj, projector type internvl).
 *
 *   tile [3][448][448] -> InternViT with a class row -> less the class row -> [32*32][1024]
 *     -> each 2 x 2 neighbours become one row [256][4096] -> layer_norm -> linear, gelu, linear
 * (448 for example; every size comes from the file.) What a layer adds is scaled, number by number.
 * A picture is cut in the grid of tiles whose shape is most like its own; the whole comes last.
 * The tower of 6B normalises q and k over all heads, has norms by the root mean square and no bias
 * of q, k and v.
 * Easy to get wrong: one tile has no whole beside it; the norm of the connector has an eps of its
 * own. */
#include "models/vit.h"

enum { TILES = 12, TILES_MOST = 64 };
static const float connector_eps = 1e-5f;

struct cfg {
    struct vit vit;
    uint32_t factor, least, most; /* tiles */
    enum act act;                 /* of the connector */
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->vit.layer.scaled = true;
    c->vit.layer.act = meta_flag(m, "use_silu") ? ACT_SILU : ACT_GELU;
    c->act = vit_projector_act(m);
    c->factor = meta_int_or(m, "vision.projector.scale_factor", 1, 64, 2);
    c->least = meta_int_or(m, "vision.preproc_min_tiles", 1, TILES_MOST, 1);
    c->most = meta_int_or(m, "vision.preproc_max_tiles", 1, TILES_MOST, TILES);
    if (c->least > c->most)
        meta_fail(m, "vision.preproc_min_tiles %u is more than the most, %u", c->least, c->most);
    if (c->vit.side % c->factor)
        meta_fail(m, "vision.projector.scale_factor %u does not divide a side of %u patches",
                  c->factor, c->vit.side);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    const uint32_t side = c->vit.side / c->factor;
    vit_shape(&c->vit, side * side, s);
    s->picture.fit = FIT_GRID;
    s->picture.bicubic = true;
    s->picture.least_tiles = c->least;
    s->picture.most_tiles = c->most;
    s->picture.before = "<img>";
    s->picture.after = "</img>\n";
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const uint32_t side = c->vit.side;
    struct vit vit = c->vit;
    vit.layer.qk_norm = graph_has(g, "v.blk.0.attn_q_norm.weight");
    vit.layer.rms = vit.layer.qk_norm && !graph_has(g, "v.blk.0.ln1.bias");
    vit.layer.plain_qkv = vit.layer.qk_norm && !graph_has(g, "v.blk.0.attn_q.bias");
    tensor x = vit_rows(g, &vit, pixels, vit.layers);
    x = g_shuffle(g, g_rows(g, x, 1, side * side), side, side, c->factor);
    graph_scope(g, "mm.model.mlp");
    x = g_layernorm(g, x, "0", connector_eps);
    x = linear(g, x, .w = "1", .out = graph_width(g, "mm.model.mlp.3.weight"), .bias = true,
               .act = c->act);
    return linear(g, x, .w = "3", .bias = true);
}

const struct vision vision_internvl = {
    .projector = "internvl",
    .decoders = " qwen2 llama qwen3 phi3 ",
    .mark = "<IMG_CONTEXT>",
    .own_mark = true,
    .what = "InternViT in tiles, pixel shuffle, two matrices (InternVL 2 to 3)",
    .last = "mm.model.mlp.3.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
