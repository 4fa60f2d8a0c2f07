/* bert.h - layers that normalise what they have added (BERT), as Q-Formers are made of.
 *
 *   x = attn_norm(x + attn_out(attention(attn_q, attn_k, attn_v of x)))
 *   x = cross_norm(x + cross_out(attention(cross_q of x, cross_k and cross_v of rows)))
 *   x = ffn_norm(x + ffn_down(gelu(ffn_up(x))))
 *
 * Weights of these names in the scope, all with bias; those of the last line may be text_up,
 * text_down and text_norm: rows of words beside rows of queries have their own. */
#ifndef VD_BERT_H
#define VD_BERT_H
#include "models/family.h"

struct bert_layer {
    uint32_t heads, dim, ffn;
    float eps;
};
tensor bert_attention(graph *g, tensor x, const struct bert_layer *p);
tensor bert_cross(graph *g, tensor x, tensor rows, const struct bert_layer *p);
tensor bert_feed_forward(graph *g, tensor x, const struct bert_layer *p);
tensor bert_text_feed_forward(graph *g, tensor x, const struct bert_layer *p);
#endif
