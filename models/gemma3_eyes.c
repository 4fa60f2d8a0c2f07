/* gemma3_eyes.c - the eyes of Gemma 3 (mmproj, projector type gemma3).
 *
 *   picture [3][896][896] -> SigLIP -> post_ln -> [64*64][1152]
 *     -> mean of each 4 x 4 neighbours [256][1152] -> rms_norm -> one matrix -> [256][2560]
 * (896 for example; every size comes from the file.)
 * Easy to get wrong: the matrix is stored with its columns as rows; the rows of a picture see each
 * other before and behind in the decoder; blank lines stand around a picture. */
#include "models/vit.h"

struct cfg {
    struct vit vit;
    uint32_t pool;
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->pool = meta_int_or(m, "vision.projector.scale_factor", 1, 64, 4);
    if (c->vit.side % c->pool)
        meta_fail(m, "vision.projector.scale_factor %u does not divide a side of %u patches",
                  c->pool, c->vit.side);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    const uint32_t side = c->vit.side / c->pool;
    vit_shape(&c->vit, side * side, s);
    s->picture.mutual = MUTUAL_PICTURE;
    s->picture.before = "\n\n<start_of_image>";
    s->picture.after = "<end_of_image>\n\n";
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const uint32_t side = c->vit.side;
    tensor x = vit_rows(g, &c->vit, pixels, c->vit.layers);
    x = g_pool(g, x, side, side, c->pool);
    graph_scope(g, "mm");
    x = g_rmsnorm(g, x, "soft_emb_norm", c->vit.layer.eps);
    return linear(g, x, .w = "input_projection", .turned = true);
}

const struct vision vision_gemma3 = {
    .projector = "gemma3",
    .decoders = " gemma3 ",
    .mark = "<start_of_image>",
    .what = "SigLIP, mean of neighbours, one matrix (Gemma 3)",
    .last = "mm.input_projection.weight",
    .last_turned = true,
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
