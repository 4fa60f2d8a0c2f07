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

/* The cache of one conversation: rows [capacity][kv_heads * head_dim] a layer, by type. */
struct kv {
    uint32_t n_layers, capacity;
    enum kv_type type;
    struct vd_span *k, *v; /* [n_layers] */
};
vidi_status kv_open(struct gpu *gpu, struct arena *a, uint32_t n_layers, const uint32_t *row_dims,
                    uint32_t capacity, enum kv_type type, struct kv *out);
void kv_close(struct gpu *gpu, struct kv *kv);

/* What the layers that ask pictures keep of those of one conversation: rows of K and V, f32 or f16,
 * once a picture. What the host writes stands in GPU_HOST buffers. */
struct seen {
    uint32_t n_layers, capacity; /* rows */
    enum kv_type type;
    struct vd_span *k, *v; /* [n_layers]; empty where a layer asks none */
    struct vd_span places; /* [picture rows] uint32: where to; capacity and more: nowhere */
    struct vd_span spans;  /* [rows][2] uint32: the first row that each row asks, and behind
                            * the last */
    struct vd_span asks;   /* [rows] int32: below 0 where a row has no picture */
};
/* kv_dims [n_layers]: 0 where a layer asks none. places, spans and asks are the caller's. */
vidi_status seen_open(struct gpu *gpu, struct arena *a, uint32_t n_layers, const uint32_t *kv_dims,
                      uint32_t capacity, enum kv_type type, struct seen *out);
void seen_close(struct gpu *gpu, struct seen *s);

/* What a graph may refer to besides its weights. Empty spans: not there. */
struct graph_env {
    struct vd_span step; /* the step buffer; set for decoders: rows then vary below the maximum */
    struct vd_span rope; /* [capacity][rope_dim / 2] cos, sin */
    struct vd_span rope_local; /* likewise, for attention that is .local */
    struct vd_span ids;        /* [rows] int32 */
    struct vd_span pictures;   /* [picture_rows][cols] f32, named by ids < 0; none in answers */
    struct vd_span tokens;     /* [TOKEN_RING] int32 */
    struct vd_span asked;      /* [n_asked] int32, what g_asked() reads */
    uint32_t rows, picture_rows, n_asked;
    uint32_t levels; /* rows behind each of a picture's that g_deepen() adds; 0: no pictures come */
    struct kv *kv;
    struct seen *seen; /* NULL: no layer asks pictures */
    const char *keep;  /* glob: these activations are kept for program_dump() */
    bool separate;     /* every tensor its own buffer, so that overruns show */
    bool apart;        /* no gated matrix is read as one, as where it is too large to be bound */
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
