/* llama.c - Llama-type text decoders from GGUF: Llama 1-3, SmolLM, SmolLM2, TinyLlama, Mistral.
 *
 * Easy to get wrong: GGUF files of this architecture hold q and k permuted for the interleaved
 * rotation, unlike the checkpoints they come from, for which rope.halves says so. */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = meta_flag(m, "rope.halves");
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_llama = {
    .arch = "llama",
    .what = "text decoder (Llama, SmolLM, Mistral)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
