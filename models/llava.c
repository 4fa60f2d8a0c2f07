/* llava.c - the eyes of LLaVA-1.5, LLaVA-1.6 and their kin (mmproj, projector type mlp).
 *
 *   picture [3][336][336] -> CLIP without its last layer -> [1 + 24*24][1024] -> less the class row
 *     -> linear, gelu, linear -> [576][4096]
 * Easy to get wrong: the rows come from behind the last layer but one and are not normalised; CLIP
 * has a norm before its first layer; its activation is x * sigmoid(1.702 x) unless the file says
 * use_gelu. A tower without a class row (SigLIP) gives every row of the last layer in the file, has
 * the gelu by tanh, whatever use_gelu says, and sees pictures stretched to its square. Files that
 * say has_llava_projector were written without the tower's last layer already. LLaVA-1.6 lays the
 * rows of tiles out as one grid, drops what was padding, and ends each line with a learned row. */
#include <string.h>

#include "models/vit.h"

struct cfg {
    struct vit vit;
    bool clip;    /* a tower with a class row; else SigLIP */
    bool cut;     /* the file lacks the layer that is not used */
    enum act act; /* between the two matrices */
    struct grid grids[FAMILY_GRIDS];
    uint32_t n_grids, slots;
};

/* Pairs of height and width, multiples of a tile's side. */
static void grids_config(struct cfg *c, struct meta *m) {
    uint32_t numbers[2 * FAMILY_GRIDS] = {0};
    const uint32_t n = meta_length(m, "vision.image_grid_pinpoints", 2 * FAMILY_GRIDS);
    const uint32_t side = c->vit.size;
    if (n % 2) {
        meta_fail(m, "vision.image_grid_pinpoints has %u entries", n);
        return;
    }
    if (n) meta_ints(m, "vision.image_grid_pinpoints", n, side, 16384, numbers);
    c->n_grids = n / 2;
    for (uint32_t i = 0; i < n / 2; i++) {
        const struct grid grid = {numbers[2 * i], numbers[2 * i + 1]};
        const uint32_t tiles = grid.height / side * (grid.width / side);
        if (grid.height % side || grid.width % side || tiles >= FAMILY_SLOTS)
            meta_fail(m, "vision.image_grid_pinpoints: %u x %u is not made of tiles of %u",
                      grid.height, grid.width, side);
        c->grids[i] = grid;
        if (tiles + 1 > c->slots) c->slots = tiles + 1;
    }
}

static void config(void *out, struct meta *m) {
    struct cfg *c = out;
    vit_config(&c->vit, m);
    c->clip = meta_has_tensor(m, "v.class_embd");
    if (c->clip && !meta_flag(m, "use_gelu")) c->vit.layer.act = ACT_QUICK_GELU;
    if (meta_flag(m, "use_silu")) c->vit.layer.act = ACT_SILU;
    c->cut = meta_flag(m, "has_llava_projector");
    c->act = vit_projector_act(m);
    grids_config(c, m);
}

static void shape(const void *cfg, struct shape *s) {
    const struct cfg *c = cfg;
    vit_shape(&c->vit, c->vit.side * c->vit.side, s);
    s->picture.fit = c->clip ? FIT_CROP : FIT_STRETCH;
    s->picture.bicubic = true;
    s->picture.before = "";
    s->picture.after = "\n";
    s->likely_form = "vicuna"; /* the decoders of 2023 carry no template */
    if (!c->n_grids) return;
    s->picture.fit = FIT_ANYRES;
    s->picture.rows++; /* the row that ends lines */
    s->picture.slots = c->slots;
    s->picture.n_grids = c->n_grids;
    memcpy(s->picture.grids, c->grids, sizeof c->grids);
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct cfg *c = cfg;
    const bool all = !c->clip || c->cut;
    /* The layer behind those that count, which most files hold all the same. */
    vit_spare(g, all ? c->vit.layers : c->vit.layers - 1);
    graph_spare(g, "model.image_newline");
    tensor x = vit_rows(g, &c->vit, pixels, all ? vit_count(g, &c->vit) : c->vit.layers - 1);
    if (c->clip) x = g_rows(g, x, 1, tensor_rows(g, x) - 1);
    graph_scope(g, "mm");
    x = linear(g, x, .w = "0", .bias = true, .act = c->act);
    x = linear(g, x, .w = "2", .bias = true);
    if (!c->n_grids) return x;
    graph_scope(g, "model");
    return g_concat(g, x, g_weight(g, "image_newline", 1, tensor_cols(g, x)));
}

const struct vision vision_llava = {
    .projector = "mlp",
    .decoders = " llama mistral3 qwen2 qwen3 phi3 ",
    .what = "CLIP or SigLIP, two matrices (LLaVA-1.5, LLaVA-1.6)",
    .last = "mm.2.weight",
    .config_bytes = sizeof(struct cfg),
    .config = config,
    .shape = shape,
    .encode = encode,
};
