/* paligemma.c - the eyes of PaliGemma (mmproj, projector type paligemma), with a Gemma decoder.
 *
 *   picture [3][224][224] -> SigLIP -> post_ln -> [16*16][1152] -> one matrix -> [256][2048]
 * Easy to get wrong: the rows of the picture stand before the token that starts the text; the
 * whole prompt sees all of itself, the answer what stands before; a prompt ends with a new line. */
#include "models/vit.h"

enum { PICTURES = 4 }; /* of one prompt; it was trained with up to two */

static void config(void *cfg, struct meta *m) { vit_config(cfg, m); }

static void shape(const void *cfg, struct shape *s) {
    const struct vit *v = cfg;
    vit_shape(v, v->side * v->side, s);
    s->picture.bicubic = true;
    s->picture.mutual = MUTUAL_PROMPT;
    s->picture.slots = 1 + PICTURES;
    s->pictures_lead = true;
    s->form = "plain";
    s->raw_end = "\n"; /* its processor writes it, not a template */
}

static tensor encode(graph *g, const void *cfg, tensor pixels) {
    const struct vit *v = cfg;
    const tensor x = vit_rows(g, v, pixels, v->layers);
    graph_scope(g, "mm");
    return linear(g, x, .w = "0", .bias = true);
}

const struct vision vision_paligemma = {
    .projector = "paligemma",
    .decoders = " gemma gemma2 ",
    .what = "SigLIP, one matrix (PaliGemma)",
    .last = "mm.0.weight",
    .config_bytes = sizeof(struct vit),
    .config = config,
    .shape = shape,
    .encode = encode,
};
