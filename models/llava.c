/* llava.c - the eyes of LLaVA-1.5 and its kin (mmproj, projector type mlp).
 *
 *   picture [3][336][336] -> CLIP without its last layer -> [1 + 24*24][1024] -> less the class row
 *     -> linear, gelu, linear -> [576][4096]
 * Easy to get wrong: the rows come from behind the last layer but one and are not normalised; CLIP
 * has a norm before its first layer; its activation is x * sigmoid(1.702 x) unless the file says
 * use_gelu. A tower without a class row (SigLIP) gives every row of its last layer. */
#include "models/vit.h"

struct cfg {
    struct vit vit;
};

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    if (!meta_flag(m, "use_gelu")) c->vit.layer.act = ACT_QUICK_GELU;
    if (meta_flag(m, "use_silu")) c->vit.layer.act = ACT_SILU;
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    vit_shape(&c->vit, c->vit.side * c->vit.side, s);
    s->picture.fit = FIT_CROP;
    s->picture.bicubic = true;
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const bool clip = graph_has(g, "v.class_embd");
    tensor x = vit_rows(g, &c->vit, pixels, clip ? c->vit.layers - 1 : c->vit.layers);
    if (clip) x = g_rows(g, x, 1, tensor_rows(g, x) - 1);
    graph_scope(g, "mm");
    x = linear(g, x, .w = "0", .bias = true, .act = ACT_GELU);
    return linear(g, x, .w = "2", .bias = true);
}

const struct vision vision_llava = {
    .projector = "mlp",
    .what = "CLIP or SigLIP, two matrices (LLaVA-1.5)",
    .last = "mm.2.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
