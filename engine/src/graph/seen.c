/* Layers that ask pictures: their K and V are kept once a picture, in memory that the host gives,
 * and the host says which of them each row of a run may ask. */
#include "graph/internal.h"

/* The kept rows of a layer; NULL, and a failure: it asks none, or their width is another one. */
static const struct seen *seen_of(graph *g, uint32_t layer, uint32_t cols) {
    const struct seen *s = g->env.seen;
    const uint64_t bytes = s ? s->capacity * kv_row_bytes(s->type, cols) : 0;
    if (graph_ok(g) && (!s || layer >= s->n_layers || s->k[layer].bytes != bytes))
        graph_fail(g, "layer %u keeps no rows of %u columns of pictures", layer, cols);
    return graph_ok(g) ? s : NULL;
}

bool graph_asks(graph *g) { return g->env.seen != NULL; }

static void scatter(graph *g, tensor from, const struct seen *s, struct vd_span to) {
    struct node *node = graph_node(g, NODE_ROWS, from);
    if (!node) return;
    const struct node_tensor in = *node_tensor(g, from);
    node->op.rows = (struct op_rows){.index = s->places,
                                     .y = to,
                                     .rows = in.rows,
                                     .cols = in.cols,
                                     .limit = s->capacity,
                                     .scatter = true,
                                     .halves = s->type == KV_F16,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols};
    node_use(g, node, &node->op.rows.x, from);
}

void g_keep_seen(graph *g, uint32_t layer, tensor k, tensor v) {
    const struct seen *s = seen_of(g, layer, tensor_cols(g, k));
    if (!s) return;
    scatter(g, k, s, s->k[layer]);
    scatter(g, v, s, s->v[layer]);
}

tensor g_attend_seen(graph *g, tensor q, const struct attend_seen *p) {
    const uint32_t kv_cols = p->kv_heads * p->head_dim;
    const struct seen *s = seen_of(g, p->layer, kv_cols);
    if (!s) return T_NONE;
    const struct node_tensor in = *node_tensor(g, q);
    if (in.cols != p->heads * p->head_dim)
        graph_fail(g, "%u heads of %u do not fit %u columns", p->heads, p->head_dim, in.cols);
    const tensor y = graph_tensor(g, "attn", in.rows, in.cols, in.dynamic);
    struct node *node = graph_node(g, NODE_ATTEND, y);
    if (!node) return T_NONE;
    node->op.attend = (struct op_attend){.rows = in.rows,
                                         .kv_rows = s->capacity,
                                         .heads = p->heads,
                                         .kv_heads = p->kv_heads,
                                         .head_dim = p->head_dim,
                                         .q_stride = in.stride,
                                         .kv_stride = kv_cols,
                                         .y_stride = in.cols,
                                         .mode = ATTEND_SPANS,
                                         .kv_type = s->type,
                                         .scale = attend_scale(p->scale, p->head_dim),
                                         .k = s->k[p->layer],
                                         .v = s->v[p->layer],
                                         .mask = s->spans,
                                         .step = graph_step(g, in.dynamic)};
    node_use(g, node, &node->op.attend.q, q);
    node_use(g, node, &node->op.attend.y, y);
    return y;
}

tensor g_asking_over(graph *g, tensor x, tensor asking) {
    if (!graph_ok(g)) return T_NONE;
    if (!g->env.seen) graph_fail(g, "no pictures are kept");
    return graph_ok(g) ? rows_over(g, x, asking, g->env.seen->asks, false) : T_NONE;
}
