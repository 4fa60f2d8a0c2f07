/* decoder.h - the llama-type text decoder that most families end in.
 *
 *   ids -> rows of token_embd -> n layers (blocks.h, six dispatches each) -> rms_norm -> logits
 * Its numbers are read from the model file's own architecture keys, as llama.cpp names them. */
#ifndef VD_DECODER_H
#define VD_DECODER_H
#include "models/family.h"

struct decoder {
    uint32_t layers, dim, vocab, context, head_dim, rope_dim;
    uint32_t heads[FAMILY_LAYERS], kv_heads[FAMILY_LAYERS], ffn[FAMILY_LAYERS];
    float eps, rope_base, rope_scale;
    /* The family says so: rotates halves, not pairs; q and k are normalised a head. */
    bool neox, qk_norm;
};

/* Biases of q, k and v are taken where the file has them. */
void decoder_config(struct decoder *d, struct meta *m);
void decoder_shape(const struct decoder *d, struct shape *out); /* everything but the picture */
tensor decoder_rows(graph *g, const struct decoder *d);         /* ids of env -> last rows */
/* [1][dim] -> logits [1][vocab]; a file without output.weight shares token_embd. */
tensor decoder_logits(graph *g, const struct decoder *d, tensor row);
#endif
