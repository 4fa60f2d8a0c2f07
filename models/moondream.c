/* moondream.c - the eyes of moondream2 (mmproj, projector type mlp, with a phi2 decoder).
 *
 *   picture [3][378][378] -> SigLIP -> post_ln -> [27*27][1152] -> linear, gelu, linear ->
 * [729][2048] Pictures are not cut: docs/decisions/0005 says why. Easy to get wrong: the first word
 * and the rows of the picture see each other before and behind; the gelu is the one by tanh; files
 * hold their last layer twice, for programs that skip the last one. */
#include "models/vit.h"

static void config(void *cfg, struct meta *m) { vit_config(cfg, m); }

static void shape(const void *cfg, struct shape *s) {
    const struct vit *v = cfg;
    vit_shape(v, v->side * v->side, s);
    s->picture.lanczos = true;
    s->picture.trained_on_one = true;
    s->picture.mutual = MUTUAL_OPENING;
    s->pictures_first = true;
    s->form = "moondream";
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct vit *v = cfg;
    tensor x = vit_rows(g, v, pixels, vit_count(g, v));
    graph_scope(g, "mm");
    x = linear(g, x, .w = "0", .bias = true, .act = ACT_GELU_TANH);
    return linear(g, x, .w = "2", .bias = true);
}

const struct vision vision_moondream = {
    .projector = "mlp",
    .decoder = "phi2",
    .what = "SigLIP, two matrices (moondream2)",
    .last = "mm.2.weight",
    .config_bytes = sizeof(struct vit),
    .config = config,
    .shape = shape,
    .encode = encode,
};
