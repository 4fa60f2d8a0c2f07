/* gemma3.c - Gemma 3 text decoders from GGUF: norms before and behind each half of a layer.
 *
 *   words * sqrt(width) -> layers, each sixth of which sees everything before it and turns by
 *   rope.freq_base, the others see sliding_window rows and turn by another base -> logits
 * Easy to get wrong: files hold 1 + w of the checkpoints' norms; rows of pictures are not scaled;
 * the largest model divides scores by the root of width / heads, not of head_dim. */
#include <math.h>

#include "models/decoder.h"

enum { LAYERS_27B = 62 };

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = d->qk_norm = d->post_norms = true;
    decoder_gelu(d, m);
    d->embed_scale = sqrtf((float)d->dim);
    if (d->layers == LAYERS_27B) d->scale = 1 / sqrtf((float)(d->dim / d->heads[0]));
    d->scale = meta_float_or(m, "attention.scale", 0, 1, d->scale);
    d->window = meta_int_or(m, "attention.sliding_window", 0, 1u << 30, 0);
    d->period = meta_int_or(m, "attention.sliding_window_pattern", 1, FAMILY_LAYERS, 6);
    d->local_base = meta_float_or(m, "rope.freq_base_swa", 1, 1e12f, 10000);
    d->local_scale = 1 / meta_float_or(m, "rope.scaling.factor_swa", 1e-3f, 1e6f, 1);
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_gemma3 = {
    .arch = "gemma3",
    .what = "text decoder (Gemma 3)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
