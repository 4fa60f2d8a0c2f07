#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "graph/internal.h"
#include "io/npy.h"

void emit_node(struct gpu_list *list, const struct node *node) {
    switch (node->kind) {
    case NODE_LINEAR:
        op_linear(list, &node->op.linear);
        break;
    case NODE_ATTEND:
        op_attend(list, &node->op.attend);
        break;
    case NODE_ROPE_KV:
        op_rope_kv(list, &node->op.rope_kv);
        break;
    case NODE_ROPE:
        op_rope(list, &node->op.rope);
        break;
    case NODE_NORM:
        op_norm(list, &node->op.norm);
        break;
    case NODE_ADD:
        op_add(list, &node->op.add);
        break;
    case NODE_ACT:
        op_act(list, &node->op.act);
        break;
    case NODE_EMBED:
        op_embed(list, &node->op.embed);
        break;
    case NODE_ROWS:
        op_rows(list, &node->op.rows);
        break;
    case NODE_CONV:
        op_conv2d(list, &node->op.conv);
        break;
    case NODE_SHUFFLE:
        op_shuffle(list, &node->op.shuffle);
        break;
    case NODE_POOL:
        op_pool(list, &node->op.pool);
        break;
    case NODE_SAMPLE:
        op_sample(list, &node->op.sample);
        break;
    case NODE_KIND_COUNT:
        break;
    }
}

static struct vd_span span_of_tensor(const graph *g, uint32_t id, struct gpu_buffer *arena) {
    const struct node_tensor *t = &g->tensors[id], *base = &g->tensors[t->base];
    struct vd_span span = span_of(arena, base->offset, 0);
    if (base->own) span = span_of(base->own, 0, 0);
    if (base->fixed.buffer) span = base->fixed;
    span.offset += t->first * sizeof(float);
    span.bytes = t->rows ? ((uint64_t)(t->rows - 1) * t->stride + t->cols) * sizeof(float) : 0;
    return span;
}

/* Every planned tensor in a buffer of its own size. */
static vidi_status make_own_buffers(graph *g, struct program *p) {
    for (uint32_t i = 1; i < g->n_tensors; i++) {
        struct node_tensor *t = &g->tensors[i];
        if (t->base != i || t->fixed.buffer || t->made == UINT32_MAX) continue;
        TRY(gpu_buffer_new(g->gpu, (uint64_t)t->rows * t->cols * sizeof(float), GPU_DEVICE, t->name,
                           &t->own));
        p->own[p->n_own++] = t->own;
    }
    return VIDI_OK;
}

static vidi_status note_kept(graph *g, struct gpu_buffer *arena, struct program *p) {
    p->kept = arena_new(&p->arena, struct kept, g->n_tensors);
    if (!p->kept) return VIDI_E_MEMORY;
    for (uint32_t i = 1; i < g->n_tensors; i++) {
        const struct node_tensor *t = &g->tensors[i];
        if (!t->keep || (t->made == UINT32_MAX && !t->fixed.buffer)) continue;
        p->kept[p->n_kept++] =
            (struct kept){.name = arena_text(&p->arena, t->name, strlen(t->name)),
                          .span = span_of_tensor(g, i, arena),
                          .rows = t->rows,
                          .cols = t->cols,
                          .stride = t->stride,
                          .dynamic = t->dynamic};
    }
    return VIDI_OK;
}

/* A node with its memory. */
static struct node placed(const graph *g, uint32_t i, struct gpu_buffer *arena) {
    struct node node = g->nodes[i];
    for (uint32_t u = 0; u < node.n_uses; u++) {
        const struct vd_span span = span_of_tensor(g, node.uses[u].tensor, arena);
        memcpy((char *)&node.op + node.uses[u].at, &span, sizeof span);
    }
    return node;
}

static vidi_status record_into(graph *g, struct gpu_buffer *arena, const char *name,
                               struct program *p) {
    p->own = arena_new(&p->arena, struct gpu_buffer *, g->n_tensors + g->n_tables + NODE_PLACES);
    if (!p->own) return VIDI_E_MEMORY;
    while (g->n_tables) p->own[p->n_own++] = g->tables[--g->n_tables];
    if (g->env.separate) TRY(make_own_buffers(g, p));
    if (g->env.keep) TRY(note_kept(g, arena, p));
    struct aside aside = {0};
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        const struct node node = placed(g, i, arena);
        aside_measure(g, &node, &aside);
    }
    TRY(aside_open(g, p, &aside));
    struct gpu_list list;
    gpu_list_open(&list, g->gpu);
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        struct node node = placed(g, i, arena);
        gpu_list_label(&list, node.label);
        aside_emit(g, &list, &node, &aside);
    }
    const vidi_status status = gpu_program_record(&list, name, &p->gpu);
    gpu_list_close(&list);
    return status;
}

vidi_status graph_record(graph *g, struct gpu_buffer *arena, const char *name,
                         struct program **out) {
    *out = NULL;
    TRY(g->status);
    struct program *p = vd_alloc(g->ctx, sizeof *p);
    if (!p) return VIDI_E_MEMORY;
    arena_open(&p->arena, g->ctx);
    const vidi_status status = record_into(g, arena, name, p);
    if (status != VIDI_OK)
        program_free(g->gpu, p);
    else
        *out = p;
    return status;
}

void program_free(struct gpu *gpu, struct program *p) {
    if (!p) return;
    if (p->gpu) gpu_program_free(gpu, p->gpu);
    for (uint32_t i = 0; i < p->n_own; i++) gpu_buffer_free(gpu, p->own[i]);
    arena_close(&p->arena);
    vd_free(gpu_ctx(gpu), p);
}

static vidi_status dump_one(struct gpu *gpu, const struct kept *k, const char *dir, uint32_t rows) {
    struct vd_ctx *ctx = gpu_ctx(gpu);
    const uint32_t n = k->dynamic && rows < k->rows ? rows : k->rows;
    char path[1024];
    if (snprintf(path, sizeof path, "%s/%s.npy", dir, k->name) >= (int)sizeof path)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%s: the folder's name is too long", dir);
    float *values = vd_alloc(ctx, k->span.bytes);
    if (!values) return VIDI_E_MEMORY;
    vidi_status status = gpu_download(gpu, values, k->span, k->span.bytes);
    for (uint32_t r = 1; r < n && k->stride != k->cols; r++)
        memmove(values + (uint64_t)r * k->cols, values + (uint64_t)r * k->stride,
                k->cols * sizeof(float));
    if (status == VIDI_OK)
        status = npy_write_f32(ctx, path, values, (const uint64_t[]){n, k->cols}, 2);
    vd_free(ctx, values);
    return status;
}

vidi_status program_dump(struct gpu *gpu, const struct program *p, const char *dir, uint32_t rows) {
    struct vd_ctx *ctx = gpu_ctx(gpu);
    char path[1024];
    if (snprintf(path, sizeof path, "%s/order.txt", dir) >= (int)sizeof path)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%s: the folder's name is too long", dir);
    FILE *order = fopen(path, "a");
    if (!order) return vd_fail(ctx, VIDI_E_IO, "%s: cannot be written: %s", path, strerror(errno));
    vidi_status status = VIDI_OK;
    for (uint32_t i = 0; i < p->n_kept && status == VIDI_OK; i++) {
        fprintf(order, "%s\n", p->kept[i].name);
        status = dump_one(gpu, &p->kept[i], dir, rows);
    }
    if (fclose(order) != 0 && status == VIDI_OK)
        status = vd_fail(ctx, VIDI_E_IO, "%s: cannot be written: %s", path, strerror(errno));
    return status;
}

/* Nothing for a layer that keeps none. */
static vidi_status rows_of_layer(struct gpu *gpu, uint64_t bytes, struct vd_span *k,
                                 struct vd_span *v) {
    struct gpu_buffer *buffer;
    if (!bytes) return VIDI_OK;
    TRY(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "k cache", &buffer));
    *k = span_of(buffer, 0, bytes);
    TRY(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "v cache", &buffer));
    *v = span_of(buffer, 0, bytes);
    return VIDI_OK;
}

vidi_status kv_open(struct gpu *gpu, struct arena *a, uint32_t n_layers, const uint32_t *row_dims,
                    uint32_t capacity, enum kv_type type, struct kv *out) {
    *out = (struct kv){.n_layers = n_layers,
                       .capacity = capacity,
                       .type = type,
                       .k = arena_new(a, struct vd_span, n_layers),
                       .v = arena_new(a, struct vd_span, n_layers)};
    if (!out->k || !out->v) {
        out->n_layers = 0;
        return VIDI_E_MEMORY;
    }
    for (uint32_t i = 0; i < n_layers; i++) {
        const uint64_t bytes = capacity * kv_row_bytes(type, row_dims[i]);
        TRY(rows_of_layer(gpu, bytes, &out->k[i], &out->v[i]));
    }
    return VIDI_OK;
}

void kv_close(struct gpu *gpu, struct kv *kv) {
    for (uint32_t i = 0; i < kv->n_layers; i++) {
        gpu_buffer_free(gpu, kv->k[i].buffer);
        gpu_buffer_free(gpu, kv->v[i].buffer);
    }
}

vidi_status seen_open(struct gpu *gpu, struct arena *a, uint32_t n_layers, const uint32_t *kv_dims,
                      uint32_t capacity, enum kv_type type, struct seen *out) {
    *out = (struct seen){.n_layers = n_layers,
                         .capacity = capacity,
                         .type = type,
                         .k = arena_new(a, struct vd_span, n_layers),
                         .v = arena_new(a, struct vd_span, n_layers)};
    if (!out->k || !out->v) {
        out->n_layers = 0;
        return VIDI_E_MEMORY;
    }
    for (uint32_t i = 0; i < n_layers; i++) {
        const uint64_t bytes = capacity * kv_row_bytes(type, kv_dims[i]);
        TRY(rows_of_layer(gpu, bytes, &out->k[i], &out->v[i]));
    }
    return VIDI_OK;
}

void seen_close(struct gpu *gpu, struct seen *s) {
    for (uint32_t i = 0; i < s->n_layers; i++) {
        gpu_buffer_free(gpu, s->k[i].buffer);
        gpu_buffer_free(gpu, s->v[i].buffer);
    }
}
