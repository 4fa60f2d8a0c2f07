/* graph.h - say what a model computes; plan.c and run.c decide where and how.
 *
 * A tensor is a value (an index) for rows x cols of f32, never freed by its maker. Nodes run in
 * the order in which they are said. The builder's failure is sticky: after the first one every
 * call returns T_NONE, and graph_finish() reports it together with every weight that was missing
 * or had another shape.
 *
 *     graph_scope(g, "blk.%d", i);
 *     tensor h = linear(g, x, .w = "attn_q|attn_k|attn_v", .norm = "attn_norm", .eps = eps);
 *
 * Weight names are the scope, a dot, the given name and ".weight" or ".bias" (an empty name: the
 * scope's own). An activation is
 * called by its scope and `.name`, or else by the first weight that made it, or by its op. */
#ifndef VD_GRAPH_H
#define VD_GRAPH_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/kinds.h"

typedef struct graph graph;
typedef struct tensor {
    uint32_t id;
} tensor;
#define T_NONE ((tensor){0})

/* Prefix of weight and tensor names from now on; "" for none. */
void graph_scope(graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool graph_has(graph *g, const char *weight);       /* is there a tensor of this full name? */
uint32_t graph_width(graph *g, const char *weight); /* columns of that tensor; 0: none */
/* For the builder's own checks of a family's numbers. */
void graph_fail(graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint32_t tensor_rows(const graph *g, tensor t);
uint32_t tensor_cols(const graph *g, tensor t);

/* y = act(norm(x) . w^T + bias) + add. out: rows of w, 0 for as many as it has (with glu: twice
 * the columns of y). norm: RMSNorm folded in. */
struct linear {
    const char *w, *norm, *name;
    uint32_t out;
    bool bias, glu;
    enum act act;
    float eps;
    tensor add;
};
tensor g_linear(graph *g, tensor x, const struct linear *p);
#define linear(g, x, ...) g_linear(g, x, &(struct linear){__VA_ARGS__})

tensor g_layernorm(graph *g, tensor x, const char *w, float eps);
tensor g_rmsnorm(graph *g, tensor x, const char *w, float eps);

/* Rows q|k|v with every head of q and k normalised by its root mean square. */
struct norm_qk {
    const char *q_norm, *k_norm;
    uint32_t heads, kv_heads, head_dim;
    float eps;
};
tensor g_norm_qk(graph *g, tensor qkv, const struct norm_qk *p);

/* softmax(q k^T scale) v; scale 0 means 1/sqrt(head_dim). q, k and v may be columns of one tensor.
 * y [q rows][heads * head_dim]. */
struct attend {
    tensor q, k, v;
    uint32_t heads, kv_heads, head_dim, window;
    enum attend_mode mode;
    float scale;
    const char *name;
};
tensor g_attend(graph *g, const struct attend *p);
#define attend(g, ...) g_attend(g, &(struct attend){__VA_ARGS__})

/* Rotates q and k of fused rows q|k|v, stores k and v in the cache of `layer`, and attends to it.
 */
struct attend_cached {
    uint32_t layer, heads, kv_heads, head_dim, rope_dim, window;
    enum attend_mode mode;
    bool neox;
    float scale, softcap;
};
tensor g_attend_cached(graph *g, tensor qkv, const struct attend_cached *p);
#define attend_cached(g, qkv, ...) g_attend_cached(g, qkv, &(struct attend_cached){__VA_ARGS__})

/* Pixels [3][height][width] or rows of pixels -> rows [oh*ow][out]; square kernel. */
struct conv {
    const char *w;
    uint32_t width, height, in, out, kernel, stride, pad;
    bool planar, plain; /* plain: without bias */
    enum act act;
};
tensor g_conv(graph *g, tensor x, const struct conv *p);
#define conv(g, x, ...) g_conv(g, x, &(struct conv){__VA_ARGS__})

/* Learned rows; the name of the file is w with or without ".weight". */
tensor g_weight(graph *g, const char *w, uint32_t rows, uint32_t cols);
tensor g_add(graph *g, tensor a, tensor b);                       /* b has a's rows, or one */
tensor g_concat(graph *g, tensor a, tensor b);                    /* rows of a, then of b */
tensor g_rows(graph *g, tensor x, uint32_t first, uint32_t n);    /* a view */
tensor g_columns(graph *g, tensor x, uint32_t first, uint32_t n); /* a view */
tensor g_embed(graph *g, const char *w, uint32_t vocab, uint32_t cols, float scale);
tensor g_last_row(graph *g, tensor x);
tensor g_shuffle(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t factor);
tensor g_pool(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t kernel);
#endif
