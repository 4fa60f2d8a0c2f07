/* mistral3.c - the text decoders of Mistral Small 3.1 and Ministral 3 from GGUF: llama's, with
 * YaRN.
 *
 * Easy to get wrong: where the file has a yarn_log_multiplier, what YaRN multiplies cos and sin by
 * is divided by the like of it, and is 1 again for published files; attention.temperature_scale
 * makes scores larger from the original context on, and 1 before: longer contexts are not offered.
 */
#include "models/decoder.h"

static void config(void *cfg, struct meta *m) {
    struct decoder *d = cfg;
    decoder_config(d, m);
    if (meta_float_or(m, "attention.temperature_scale", 0, 100, 0) == 0) return;
    const uint32_t original =
        meta_int_or(m, "rope.scaling.original_context_length", 1, 1u << 30, d->context);
    if (original < d->context) d->context = original;
}
static void shape(const void *cfg, struct shape *s) { decoder_shape(cfg, s); }
static tensor decode(graph *g, const void *cfg) { return decoder_rows(g, cfg); }
static tensor head(graph *g, const void *cfg, tensor row) { return decoder_logits(g, cfg, row); }

const struct family family_mistral3 = {
    .arch = "mistral3",
    .what = "text decoder (Mistral Small 3.1, Ministral 3)",
    .config_bytes = sizeof(struct decoder),
    .config = config,
    .shape = shape,
    .decode = decode,
    .head = head,
};
