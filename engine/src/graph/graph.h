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
bool graph_has(graph *g, const char *weight);            /* is there a tensor of this full name? */
uint32_t graph_width(graph *g, const char *weight);      /* columns of that tensor; 0: none */
uint32_t graph_height(graph *g, const char *weight);     /* its rows */
bool graph_same(graph *g, const char *a, const char *b); /* are both there, with the same bytes? */
void graph_spare(graph *g, const char *prefix); /* tensors named so may be there without use */
/* n items of `size` bytes until the graph is closed, for numbers that a family works out. NULL
 * after a failure. */
void *graph_memory(graph *g, uint64_t n, uint64_t size);
/* The numbers of a weight of the scope, until the graph is closed. NULL: noted as a problem, or a
 * failure. */
const float *graph_numbers(graph *g, const char *w, uint64_t count);
/* Row `row` of a table of rows x cols, likewise. */
const float *graph_row(graph *g, const char *w, uint32_t rows, uint64_t cols, uint32_t row);
/* For the builder's own checks of a family's numbers. */
void graph_fail(graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint32_t tensor_rows(const graph *g, tensor t);
uint32_t tensor_cols(const graph *g, tensor t);

/* y = act(norm(x) . w^T + bias) + add. out: rows of w, 0 for as many as it has (with glu: twice
 * the columns of y). norm: RMSNorm folded in. */
struct linear {
    const char *w, *norm, *name;
    uint32_t out;
    bool bias, glu, turned; /* turned: the file has the columns of w as rows; one part */
    enum act act;
    float eps;
    tensor add;
};
tensor g_linear(graph *g, tensor x, const struct linear *p);
#define linear(g, x, ...) g_linear(g, x, &(struct linear){__VA_ARGS__})

tensor g_layernorm(graph *g, tensor x, const char *w, float eps);
tensor g_layernorm_free(graph *g, tensor x, const char *w, float eps); /* a bias may be missing */
tensor g_rmsnorm(graph *g, tensor x, const char *w, float eps);

/* Rows q|k|v with every head of q and k normalised by its root mean square. */
struct norm_qk {
    const char *q_norm, *k_norm;
    uint32_t heads, kv_heads, head_dim;
    float eps;
};
tensor g_norm_qk(graph *g, tensor qkv, const struct norm_qk *p);
tensor g_layernorm_qk(graph *g, tensor qkv, const struct norm_qk *p); /* a bias may be missing */

/* Every head of x normalised by its root mean square. */
tensor g_norm_heads(graph *g, tensor x, const char *w, uint32_t head_dim, float eps);
/* The same by mean and variance, with a bias. */
tensor g_layernorm_heads(graph *g, tensor x, const char *w, uint32_t head_dim, float eps);

/* q|k of rows q|k|v of equal widths, with every head turned, halves against halves, by angles
 * [rows][head_dim / 2] pairs of cos, sin. Attention takes v from the rows themselves. */
tensor g_rope_qk(graph *g, tensor qkv, tensor angles, uint32_t heads);

/* softmax(q k^T scale) v; scale 0 means 1/sqrt(head_dim). q, k and v may be columns of one tensor.
 * y [q rows][heads * head_dim]. */
struct attend {
    tensor q, k, v, spans; /* spans: [q rows][2] first and behind the last row that each sees */
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
    bool neox, local;            /* local: turned by the table of local layers */
    float scale, softcap, alibi; /* alibi: scores fall by what is between, as op_attend has it */
};
tensor g_attend_cached(graph *g, tensor qkv, const struct attend_cached *p);
#define attend_cached(g, qkv, ...) g_attend_cached(g, qkv, &(struct attend_cached){__VA_ARGS__})

/* Cross-attention of a decoder's rows to pictures (Flamingo, arXiv 2204.14198). K and V are made
 * once a picture, of rows that a graph of their own is given; the host says where they go, and
 * which of them each row of a later run may ask. A row that asks none gets zeros. */
bool graph_asks(graph *g); /* false: this model sees no pictures */
void g_keep_seen(graph *g, uint32_t layer, tensor k, tensor v);
struct attend_seen {
    uint32_t layer, heads, kv_heads, head_dim;
    float scale; /* 0: 1 / sqrt(head_dim) */
};
tensor g_attend_seen(graph *g, tensor q, const struct attend_seen *p);
/* x, with the rows of `asking` in place of those that have a picture to ask; x is written to. */
tensor g_asking_over(graph *g, tensor x, tensor asking);

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
/* Numbers that the family works out itself; copied. */
tensor g_table(graph *g, const char *name, uint32_t rows, uint32_t cols, const float *numbers);
tensor g_counts(graph *g, const char *name, uint32_t rows, uint32_t cols, const uint32_t *numbers);
tensor g_gather(graph *g, tensor x, const uint32_t *index, uint32_t n); /* rows of x; copied */
tensor g_scale(graph *g, tensor x, const char *w); /* each row by the numbers of w */
tensor g_times(graph *g, tensor x, tensor row);    /* each row by one */
tensor g_unit(graph *g, tensor x);                 /* rows of length 1 */
tensor g_add(graph *g, tensor a, tensor b);        /* b has a's rows, or one */
/* a + tanh(gate) b, where gate is a weight of one number or of as many as b has columns */
tensor g_add_gated(graph *g, tensor a, tensor b, const char *gate);
tensor g_concat(graph *g, tensor a, tensor b);                    /* rows of a, then of b */
tensor g_beside(graph *g, const tensor *parts, uint32_t n);       /* columns of each in turn */
tensor g_rows(graph *g, tensor x, uint32_t first, uint32_t n);    /* a view */
tensor g_columns(graph *g, tensor x, uint32_t first, uint32_t n); /* a view */
/* cap * tanh(x / cap) */
tensor g_softcap(graph *g, tensor x, float cap, const char *name);
tensor g_embed(graph *g, const char *w, uint32_t vocab, uint32_t cols, float scale);
/* x, the rows of g_embed(), with those of `words` in place of all but a picture's; x is written to.
 */
tensor g_words_over(graph *g, tensor x, tensor words);
/* The other way round: rows of `pictures` in place of a picture's. x may be columns of a tensor. */
tensor g_pictures_over(graph *g, tensor x, tensor pictures);
/* Whether rows of this run may be a picture's; those of answers are words. */
bool graph_reads_pictures(graph *g);
/* Rows of a table for what is asked about a picture, [words][cols]. */
tensor g_asked(graph *g, const char *w, uint32_t vocab, uint32_t cols);
/* x, plus the rows of this level where its rows are a picture's; w: the table of g_embed(). */
tensor g_deepen(graph *g, tensor x, const char *w, uint32_t vocab, uint32_t level);
/* [rows][cols]: row first + p of the learned table for what stands at position p. */
tensor g_positions(graph *g, tensor table, uint32_t first);
tensor g_last_row(graph *g, tensor x);
tensor g_shuffle(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t factor);
tensor g_pool(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t kernel);
#endif
