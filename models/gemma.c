/* gemma.c - Gemma (1) text decoders from GGUF: a llama with a gelu gate.
 *
 * Easy to get wrong: words are multiplied by the root of the width, rows of pictures are not; files
 * hold 1 + w of the checkpoints' norms; heads x head_dim need not be the width of the rows. */
#include <math.h>

#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = true;
    decoder_gelu(d, m);
    d->embed_scale = sqrtf((float)d->dim);
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_gemma = {
    .arch = "gemma",
    .what = "text decoder (Gemma)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
