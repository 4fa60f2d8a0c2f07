#include <stddef.h>
#include <string.h>

#include "base/checked.h"
#include "graph/internal.h"

/* Places of the spans in `op` that may start anywhere: those of tensors, and the bias of a part. */
static uint32_t places_of(const struct node *node, size_t at[NODE_PLACES]) {
    uint32_t n = 0;
    for (; n < node->n_uses; n++) at[n] = node->uses[n].at;
    if (node->kind == NODE_LINEAR)
        at[n++] = (size_t)((const char *)&node->op.linear.bias - (const char *)&node->op);
    return n;
}

/* The place in `op` of what it writes, where that may be a view. */
static size_t written_at(enum node_kind kind) {
    static const size_t at[NODE_KIND_COUNT] = {
        [NODE_LINEAR] = offsetof(struct op_linear, y),
        [NODE_ATTEND] = offsetof(struct op_attend, y),
        [NODE_ROPE_KV] = offsetof(struct op_rope_kv, q),
        [NODE_ROPE] = offsetof(struct op_rope, y),
        [NODE_NORM] = offsetof(struct op_norm, y),
        [NODE_ADD] = offsetof(struct op_add, y),
        [NODE_ACT] = offsetof(struct op_act, y),
        [NODE_EMBED] = offsetof(struct op_embed, y),
        [NODE_ROWS] = offsetof(struct op_rows, y),
        [NODE_CONV] = offsetof(struct op_conv2d, y),
        [NODE_SHUFFLE] = offsetof(struct op_shuffle, y),
        [NODE_POOL] = offsetof(struct op_pool, y),
        [NODE_SAMPLE] = offsetof(struct op_sample, ids),
    };
    return at[kind];
}

static struct vd_span span_at(const struct node *node, size_t at) {
    struct vd_span span;
    memcpy(&span, (const char *)&node->op + at, sizeof span);
    return span;
}

static uint64_t skipped(const graph *g, struct vd_span span) {
    return span.buffer ? span.offset % gpu_caps(g->gpu)->align : 0;
}

void aside_measure(const graph *g, const struct node *node, struct aside *aside) {
    size_t at[NODE_PLACES];
    const uint32_t n = places_of(node, at);
    for (uint32_t i = 0; i < n; i++) {
        const struct vd_span span = span_at(node, at[i]);
        if (skipped(g, span) && span.bytes > aside->bytes[i]) aside->bytes[i] = span.bytes;
    }
}

vidi_status aside_open(const graph *g, struct program *p, struct aside *aside) {
    for (uint32_t i = 0; i < NODE_PLACES; i++) {
        if (!aside->bytes[i]) continue;
        TRY(gpu_buffer_new(g->gpu, aside->bytes[i], GPU_DEVICE, "columns aside",
                           &aside->buffers[i]));
        p->own[p->n_own++] = aside->buffers[i];
    }
    return VIDI_OK;
}

/* Numbers that both counts are whole multiples of, as long as a row of a copy may well be. */
static uint32_t common(uint64_t a, uint64_t b) {
    while (b) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return (uint32_t)a;
}

/* Between a span that cannot be bound and one that can: what is bound starts before it, and rows of
 * a length that divides all of it begin so many rows further. */
static void copy(const graph *g, struct gpu_list *list, struct vd_span span, struct vd_span aside,
                 bool back) {
    const uint64_t skip = skipped(g, span);
    const uint32_t row = common(skip / 4, span.bytes / 4);
    const struct vd_span whole = span_of(span.buffer, span.offset - skip, span.bytes + skip);
    op_rows(list, &(struct op_rows){.x = back ? aside : whole,
                                    .y = back ? whole : aside,
                                    .rows = (uint32_t)(span.bytes / 4 / row),
                                    .cols = row,
                                    .first = (uint32_t)(skip / 4 / row),
                                    .x_stride = row,
                                    .y_stride = row,
                                    .scatter = back});
}

void aside_emit(const graph *g, struct gpu_list *list, struct node *node,
                const struct aside *aside) {
    size_t at[NODE_PLACES];
    struct vd_span result = {0}, moved = {0};
    const uint32_t n = places_of(node, at);
    for (uint32_t i = 0; i < n; i++) {
        const struct vd_span span = span_at(node, at[i]);
        if (!skipped(g, span)) continue;
        const struct vd_span there = span_of(aside->buffers[i], 0, span.bytes);
        copy(g, list, span, there, false);
        memcpy((char *)&node->op + at[i], &there, sizeof there);
        if (at[i] != written_at(node->kind)) continue;
        result = span;
        moved = there;
    }
    emit_node(list, node);
    if (result.buffer) copy(g, list, result, moved, true);
}
