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
    struct rope_stretch rope_stretch;
    bool fused; /* the file has attn_qkv, and gate and up in ffn_up */
    /* The family says so: rotates halves, not pairs; q and k are normalised a head; what a layer
     * adds is normalised. */
    bool neox, qk_norm, post_norms;
    enum act act;             /* of the gate; silu unless the family says otherwise */
    float embed_scale;        /* of words, not of pictures; 1 unless the family says otherwise */
    float scale;              /* of attention; 0: 1 / sqrt(head_dim) */
    float softcap, logit_cap; /* of scores and of logits; 0: none */
    /* All layers but each `period`-th see `window` rows, turned by angles of local_base. 0: none.
     */
    uint32_t window, period;
    float local_base, local_scale; /* positions there are multiplied by it; 0: by 1 */
    uint32_t sections[3]; /* pairs that turn by time, row and column of a picture; 0: all alike */
    bool interleaved;     /* pairs of the three take turns */
    uint32_t deep;        /* layers behind which rows of pictures get more */
};

/* Biases are taken where the file has them. */
void decoder_config(struct decoder *d, struct meta *m);
/* The gate of the Gemmas: GELU by tanh, or exact where hidden_act is "gelu". */
void decoder_gelu(struct decoder *d, struct meta *m);
void decoder_sections(struct decoder *d, struct meta *m);       /* rope.dimension_sections */
void decoder_shape(const struct decoder *d, struct shape *out); /* everything but the picture */
/* One layer; the scope is its own. */
tensor decoder_block(graph *g, const struct decoder *d, uint32_t layer, tensor x);
tensor decoder_rows(graph *g, const struct decoder *d); /* ids of env -> last rows */
/* [1][dim] -> logits [1][vocab]; a file without output.weight shares token_embd. */
tensor decoder_logits(graph *g, const struct decoder *d, tensor row);
#endif
