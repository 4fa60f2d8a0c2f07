/* gemma2.c - Gemma 2 text decoders from GGUF: norms before and behind each half of a layer.
 *
 * Easy to get wrong: scores and logits are capped by cap * tanh(x / cap); of each two layers the
 * first sees sliding_window rows, the second all before it; the largest model divides scores by
 * the root of width / heads, not of head_dim. */
#include <math.h>

#include "models/decoder.h"

enum { LAYERS_27B = 46 };

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = d->post_norms = true;
    decoder_gelu(d, m);
    d->embed_scale = sqrtf((float)d->dim);
    if (d->layers == LAYERS_27B) d->scale = 1 / sqrtf((float)(d->dim / d->heads[0]));
    d->scale = meta_float_or(m, "attention.scale", 0, 1, d->scale);
    d->softcap = meta_float_or(m, "attn_logit_softcapping", 0, 1e6f, 50);
    d->logit_cap = meta_float_or(m, "final_logit_softcapping", 0, 1e6f, 30);
    d->window = meta_int_or(m, "attention.sliding_window", 0, 1u << 30, 4096);
    d->period = 2;
    d->local_base = d->rope_base;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_gemma2 = {
    .arch = "gemma2",
    .what = "text decoder (Gemma 2)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
