/* program.h - from a graph to something that runs: the side of graphs that families do not see.
 *
 *     graph *g;
 *     TRY(graph_open(gpu, weights, &env, &g));
 *     tensor x = family->decode(g, cfg, graph_input(g, "rows", span, rows, cols));
 *     graph_output(g, x, logits);                   // x lives there instead of in the arena
 *     TRY(graph_plan(g, &arena_bytes));             // liveness -> offsets
 *     TRY(graph_record(g, arena, "step", &p));      // dispatches, barriers, descriptor sets: once
 *     graph_close(g);
 *     TRY(gpu_run(p->gpu)); ...
 *
 * Programs may share one arena buffer when they do not run at the same time. */
#ifndef VD_PROGRAM_H
#define VD_PROGRAM_H
#include "gpu/gpu.h"
#include "graph/graph.h"
#include "graph/weights.h"

/* The cache of one conversation: rows [capacity][kv_heads * head_dim] a layer. */
struct kv {
    uint32_t n_layers, capacity;
    bool f16;
    struct vd_span *k, *v; /* [n_layers] */
};
vidi_status kv_open(struct gpu *gpu, struct arena *a, uint32_t n_layers, const uint32_t *row_dims,
                    uint32_t capacity, bool f16, struct kv *out);
void kv_close(struct gpu *gpu, struct kv *kv);

/* What a graph may refer to besides its weights. Empty spans: not there. */
struct graph_env {
    struct vd_span step; /* the step buffer; set for decoders: rows then vary below the maximum */
    struct vd_span rope; /* [capacity][rope_dim / 2] cos, sin */
    struct vd_span ids;  /* [rows] int32 */
    struct vd_span pictures; /* [picture_rows][cols] f32, named by ids < 0 */
    struct vd_span tokens;   /* [TOKEN_RING] int32 */
    uint32_t rows, picture_rows;
    struct kv *kv;
    const char *keep; /* glob: these activations are kept for program_dump() */
    bool separate;    /* every tensor its own buffer, so that overruns show */
};

vidi_status graph_open(struct gpu *gpu, struct weights *w, const struct graph_env *env,
                       graph **out);
void graph_close(graph *g);
tensor graph_input(graph *g, const char *name, struct vd_span span, uint32_t rows, uint32_t cols);
void graph_output(graph *g, tensor t, struct vd_span span);
/* Picks the next token from logits [1][cols] and advances the step buffer. */
void graph_sample(graph *g, tensor logits);
vidi_status graph_plan(graph *g, uint64_t *arena_bytes);

struct kept {
    const char *name;
    struct vd_span span;
    uint32_t rows, cols, stride;
    bool dynamic;
};
struct program {
    struct gpu_program *gpu;
    struct kept *kept; /* what program_dump() writes */
    uint32_t n_kept;
    struct gpu_buffer **own; /* buffers that only this program uses */
    uint32_t n_own;
    struct arena arena;
};
vidi_status graph_record(graph *g, struct gpu_buffer *arena, const char *name,
                         struct program **out);
void program_free(struct gpu *gpu, struct program *p);

/* Writes the kept activations of the newest run as DIR/NAME.npy and appends their names to
 * DIR/order.txt. rows: how many of a varying number of rows were in use. */
vidi_status program_dump(struct gpu *gpu, const struct program *p, const char *dir, uint32_t rows);
#endif
