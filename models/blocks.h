/* blocks.h - layers that several families share, by shape and flag, never by family. */
#ifndef VD_BLOCKS_H
#define VD_BLOCKS_H
#include "models/family.h"

/* A decoder layer: x += out(attention(rope(qkv(rms_norm(x))))); x += down(act(gate) * up).
 * Weights attn_norm, attn_q, attn_k, attn_v, attn_output, ffn_norm, ffn_gate, ffn_up, ffn_down in
 * the scope. Six dispatches: both norms are folded into the matrices that read them. */
struct decoder_layer {
    uint32_t layer, heads, kv_heads, head_dim, rope_dim, ffn;
    float eps;
    bool neox, qkv_bias, qk_norm; /* qk_norm: attn_q_norm and attn_k_norm, three dispatches more */
    bool out_bias, ffn_bias, down_bias; /* of attn_output, of ffn_gate and ffn_up, of ffn_down */
    bool fused;                         /* attn_qkv; gate and up rows in ffn_up */
    bool post_norms; /* what is added is normalised: post_attention_norm, post_ffw_norm */
    enum act act;
    float scale;     /* of attention; 0: 1 / sqrt(head_dim) */
    float softcap;   /* of its scores; 0: none */
    uint32_t window; /* sees so many rows, turned by the local table; 0: all before it */
};
tensor block_decoder(graph *g, tensor x, const struct decoder_layer *p);

/* A vision layer before-norm: x += out(attention(layer_norm(x))); x +=
 * down(gelu(up(layer_norm(x)))). Weights ln1, attn_q, attn_k, attn_v, attn_out, ln2, ffn_up,
 * ffn_down, all with bias. Seven dispatches. */
struct vision_layer {
    uint32_t heads, dim, ffn;
    float eps;
    enum act act;
    bool swapped;         /* the file calls the first matrix of the two ffn_down */
    bool scaled;          /* what is added is multiplied by ls1 and ls2, number by number */
    bool fused;           /* the file holds q, k and v as one matrix, attn_qkv */
    bool rms;             /* norms by the root mean square, without bias */
    bool qk_norm;         /* q and k are normalised over all heads: attn_q_norm, attn_k_norm */
    bool plain_qkv;       /* with qk_norm: q, k and v have no bias */
    bool gated;           /* ffn_gate and ffn_up: x += down(act(gate) * up) */
    tensor angles, spans; /* of g_rope_qk() and of attention; T_NONE: none */
};
tensor block_vision(graph *g, tensor x, const struct vision_layer *p);

/* A perceiver resampler layer (Flamingo, arXiv 2204.14198, section 2.1): the latents ask, the rows
 * of the picture and the latents themselves answer.
 *   l += out(attention(q = ln_latents(l), kv = [ln_context(rows); ln_latents(l)]))
 *   l += down(act(up(ln_ffn(l)))) */
struct perceiver_layer {
    uint32_t heads, head_dim, dim, ffn;
    float eps;
    enum act act;
    bool bias;    /* of all matrices */
    bool qk_norm; /* heads of q and k by attn_q_norm and attn_k_norm, with bias */
};
tensor block_perceiver(graph *g, tensor latents, tensor rows, const struct perceiver_layer *p);

/* A resampler of one layer, whose learned queries ask the rows of a picture once:
 *   v = ln_kv(kv(rows)); k = v + places of rows; q = ln_q(query) + places of queries
 *   proj(ln_post(out(attention)))
 * Weights kv, query, ln_q, ln_kv, attn.q, attn.k, attn.v, attn.out, ln_post, proj in the scope
 * "resampler". */
struct resampler {
    uint32_t queries, dim;
    float eps;
    tensor query_places, row_places; /* [queries][dim], [rows][dim]; T_NONE: none */
};
uint32_t resampler_dim(graph *g); /* by the file */
tensor block_resampler(graph *g, tensor rows, const struct resampler *p);
#endif
