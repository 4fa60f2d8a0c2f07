/* qwen2.c - Qwen2 and Qwen2.5 text decoders from GGUF: a llama with biases of q, k and v.
 *
 * Easy to get wrong: q and k are stored as in the checkpoints, for the rotation of halves. */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = true;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_qwen2 = {
    .arch = "qwen2",
    .what = "text decoder (Qwen2, Qwen2.5)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
