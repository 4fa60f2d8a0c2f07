/* qwen3.c - Qwen3 text decoders from GGUF: a llama with a norm of every head of q and k.
 *
 * Easy to get wrong: the norms come before the rotation; q and k are stored as in the checkpoints,
 * for the rotation of halves; heads x head_dim need not be the width of the rows. */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    d->neox = d->qk_norm = true;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_qwen3 = {
    .arch = "qwen3",
    .what = "text decoder (Qwen3)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
