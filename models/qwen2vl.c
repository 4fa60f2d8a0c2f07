/* qwen2vl.c - the text decoders of Qwen2-VL and Qwen2.5-VL from GGUF: Qwen2 with places.
 *
 * Easy to get wrong: rows of a picture turn by time, row and column, each a section of the pairs;
 * a picture advances what follows by its longer side, not by its rows. For words alone it is a
 * Qwen2. */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    decoder_sections(d, m);
    d->neox = true;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_qwen2vl = {
    .arch = "qwen2vl",
    .what = "text decoder (Qwen2-VL, Qwen2.5-VL)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
