/* internal.h - what build.c, plan.c and run.c share. */
#ifndef VD_GRAPH_INTERNAL_H
#define VD_GRAPH_INTERNAL_H
#include "graph/program.h"
#include "ops/ops.h"

struct node_tensor {
    const char *name;
    uint32_t rows, cols, stride;
    uint32_t base;  /* the tensor whose memory this is; itself when it is no view */
    uint64_t first; /* of a view: elements from the base's start */
    bool dynamic;   /* rows vary with the step buffer */
    bool keep;
    struct vd_span fixed; /* memory that was given; empty: planned */
    uint32_t made, last;  /* node that writes it first, node that uses it last */
    uint64_t offset;      /* in the arena */
    struct gpu_buffer *own;
};

enum node_kind {
    NODE_LINEAR,
    NODE_ATTEND,
    NODE_ROPE_KV,
    NODE_ROPE,
    NODE_NORM,
    NODE_ADD,
    NODE_ACT,
    NODE_EMBED,
    NODE_ROWS,
    NODE_CONV,
    NODE_SHUFFLE,
    NODE_POOL,
    NODE_SAMPLE,
    NODE_KIND_COUNT
};

/* An op waiting for its memory: the spans at these places of `op` belong to these tensors. */
enum { NODE_USES = 6, NODE_PLACES = NODE_USES + 1 };
struct node {
    enum node_kind kind;
    const char *label;
    union {
        struct op_linear linear;
        struct op_attend attend;
        struct op_rope_kv rope_kv;
        struct op_rope rope;
        struct op_norm norm;
        struct op_add add;
        struct op_act act;
        struct op_embed embed;
        struct op_rows rows;
        struct op_conv2d conv;
        struct op_shuffle shuffle;
        struct op_pool pool;
        struct op_sample sample;
    } op;
    struct {
        size_t at;
        uint32_t tensor;
    } uses[NODE_USES];
    uint32_t n_uses;
};

struct graph {
    struct gpu *gpu;
    struct vd_ctx *ctx;
    struct weights *weights;
    struct graph_env env;
    struct arena arena;
    char scope[96];
    struct node_tensor *tensors; /* [0] is T_NONE */
    uint32_t n_tensors, cap_tensors;
    struct node *nodes;
    uint32_t n_nodes, cap_nodes;
    struct gpu_buffer **tables; /* what g_table() and g_gather() hold, until a program owns it */
    uint32_t n_tables, cap_tables;
    vidi_status status;
};

struct node_tensor *node_tensor(graph *g, tensor t);
/* A tensor in the arena, named scope.name. */
tensor graph_tensor(graph *g, const char *name, uint32_t rows, uint32_t cols, bool dynamic);
/* NULL after a failure. */
struct node *graph_node(graph *g, enum node_kind kind, tensor out);
void node_use(graph *g, struct node *node, const struct vd_span *field, tensor t);
bool graph_ok(const graph *g);
void graph_keep_failure(graph *g, vidi_status status); /* the first one stays */
void graph_copy_rows(graph *g, tensor from, tensor to);
struct vd_span graph_step(const graph *g, bool dynamic); /* empty where rows do not vary */
float attend_scale(float scale, uint32_t head_dim);      /* 0: the usual one */
/* x, with the rows of `over` in place of those whose index is not below 0; x is written to. */
tensor rows_over(graph *g, tensor x, tensor over, struct vd_span index, bool below);
void emit_node(struct gpu_list *list, const struct node *node);

/* --- columns that start where the device cannot bind them (aside.c) ----------------------------
 */

/* A kernel that reads or writes such columns works on a copy, which goes back when it was written.
 * Most devices bind at every 16 bytes, where all columns start; some only at every 256. */
struct aside {
    uint64_t bytes[NODE_PLACES]; /* largest copy of each place; 0: none */
    struct gpu_buffer *buffers[NODE_PLACES];
};
void aside_measure(const graph *g, const struct node *node, struct aside *aside);
/* The program owns the buffers. */
vidi_status aside_open(const graph *g, struct program *p, struct aside *aside);
void aside_emit(const graph *g, struct gpu_list *list, struct node *node,
                const struct aside *aside);
bool glob_match(const char *glob, const char *name);
#endif
