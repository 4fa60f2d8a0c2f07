/* qwen3vl.c - the text decoder of Qwen3-VL from GGUF: a Qwen3 with places and deep rows.
 *
 * Rows of a picture turn by time, row and column, whose pairs take turns; behind each of the first
 * n_deepstack_layers layers the picture's rows get what its eyes saw at a lower layer (DeepStack).
 * For words alone it is a Qwen3. */
#include "models/decoder.h"

enum { DEEP_MOST = 16 };

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    decoder_sections(d, m);
    d->deep = meta_int_or(m, "n_deepstack_layers", 0, DEEP_MOST, 0);
    if (d->deep > d->layers)
        meta_fail(m, "n_deepstack_layers %u is more than its %u layers", d->deep, d->layers);
    d->neox = d->qk_norm = d->interleaved = true;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_qwen3vl = {
    .arch = "qwen3vl",
    .what = "text decoder (Qwen3-VL)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
