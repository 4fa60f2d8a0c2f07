/* phi3.c - Phi-3, Phi-3.5 and Phi-4-mini text decoders from GGUF: a llama with fused matrices.
 *
 * Easy to get wrong: gate rows stand before up rows in ffn_up; contexts longer than the original
 * one turn by other factors and by cos and sin that are a little longer than 1 (LongRoPE). */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = d->fused = true;
    const uint32_t window = meta_int_or(m, "attention.sliding_window", 0, 1u << 30, 0);
    if (window && window < d->context) d->context = window;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_phi3 = {
    .arch = "phi3",
    .what = "text decoder (Phi-3, Phi-3.5, Phi-4-mini)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
