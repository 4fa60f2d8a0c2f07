/* idefics3.c - the eyes of SmolVLM, SmolVLM2 and Idefics3 (mmproj, projector type idefics3).
 *
 *   tile [3][512][512] -> SigLIP -> post_ln -> [32*32][768]
 *     -> each 4 x 4 neighbours become one row [64][12288] -> one matrix without bias -> [64][576]
 * (512 for example; every size comes from the file.)
 * Easy to get wrong: a picture is enlarged, too, until its longer side is `longest`; its tiles are
 * said row by row between words of their own, the whole picture last. */
#include "models/vit.h"

struct cfg {
    struct vit vit;
    uint32_t factor, longest;
    bool whole;
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->factor = meta_int(m, "vision.projector.scale_factor", 1, 64);
    c->longest = meta_int_or(m, "vision.preproc_image_size", 1, 8192, 4 * c->vit.size);
    c->whole = meta_flag(m, "vision.image_whole");
    if (c->vit.side % c->factor)
        meta_fail(m, "vision.projector.scale_factor %u does not divide a side of %u patches",
                  c->factor, c->vit.side);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    const uint32_t side = c->vit.side / c->factor;
    vit_shape(&c->vit, side * side, s);
    s->picture.fit = FIT_TILES;
    s->picture.longest = c->longest;
    s->picture.whole = c->whole;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const uint32_t side = c->vit.side;
    const tensor rows = vit_rows(g, &c->vit, pixels, c->vit.layers);
    graph_scope(g, "mm.model");
    return linear(g, g_shuffle(g, rows, side, side, c->factor), .w = "fc");
}

const struct vision vision_idefics3 = {
    .projector = "idefics3",
    .decoders = " llama ",
    .mark = "<fake_token_around_image>",
    .own_mark = true,
    .what = "SigLIP in tiles, pixel shuffle, one matrix (SmolVLM, SmolVLM2, Idefics3)",
    .last = "mm.model.fc.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
