/* rows.c - tensors as rows: parts of them, rows beside, behind and over each other, and tables. */
#include "graph/internal.h"

static tensor view(graph *g, tensor of, uint64_t first, uint32_t rows, uint32_t cols) {
    const struct node_tensor base = g->tensors[of.id];
    const tensor t = graph_tensor(g, "view", rows, cols, base.dynamic);
    if (!graph_ok(g)) return T_NONE;
    struct node_tensor *v = node_tensor(g, t);
    v->base = base.base;
    v->first = base.first + first;
    v->stride = base.stride;
    v->keep = false;
    if (v->first % 4 != 0)
        graph_fail(g, "columns at %llu do not start at a multiple of 4",
                   (unsigned long long)v->first);
    return t;
}

void graph_copy_rows(graph *g, tensor from, tensor to) {
    struct node *node = graph_node(g, NODE_ROWS, to);
    if (!node) return;
    const struct node_tensor *x = node_tensor(g, from), *y = node_tensor(g, to);
    node->op.rows = (struct op_rows){.rows = x->rows,
                                     .cols = x->cols,
                                     .limit = x->rows,
                                     .x_stride = x->stride,
                                     .y_stride = y->stride};
    node_use(g, node, &node->op.rows.x, from);
    node_use(g, node, &node->op.rows.y, to);
}

tensor g_concat(graph *g, tensor a, tensor b) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor l = *node_tensor(g, a), r = *node_tensor(g, b);
    if (l.cols != r.cols) graph_fail(g, "cannot join rows of %u and %u columns", l.cols, r.cols);
    const tensor y = graph_tensor(g, "concat", l.rows + r.rows, l.cols, false);
    graph_copy_rows(g, a, view(g, y, 0, l.rows, l.cols));
    graph_copy_rows(g, b, view(g, y, (uint64_t)l.rows * l.cols, r.rows, r.cols));
    return y;
}

tensor g_beside(graph *g, const tensor *parts, uint32_t n) {
    uint32_t cols = 0, first = 0;
    if (!graph_ok(g) || n == 1) return graph_ok(g) ? parts[0] : T_NONE;
    for (uint32_t i = 0; i < n; i++) cols += tensor_cols(g, parts[i]);
    const tensor y = graph_tensor(g, "beside", tensor_rows(g, parts[0]), cols, false);
    for (uint32_t i = 0; i < n && graph_ok(g); i++) {
        const struct node_tensor in = *node_tensor(g, parts[i]);
        if (in.rows != tensor_rows(g, parts[0])) graph_fail(g, "%s: other rows", in.name);
        graph_copy_rows(g, parts[i], g_columns(g, y, first, in.cols));
        first += in.cols;
    }
    return y;
}

tensor g_columns(graph *g, tensor x, uint32_t first, uint32_t n) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor *in = node_tensor(g, x);
    if (first + n > in->cols) graph_fail(g, "columns %u + %u of %u", first, n, in->cols);
    return view(g, x, first, in->rows, n);
}

tensor g_rows(graph *g, tensor x, uint32_t first, uint32_t n) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor *in = node_tensor(g, x);
    if ((uint64_t)first + n > in->rows) graph_fail(g, "rows %u + %u of %u", first, n, in->rows);
    return view(g, x, (uint64_t)first * in->stride, n, in->cols);
}

/* A buffer of the graph's own with these bytes. */
static struct vd_span table_of(graph *g, const char *name, const void *data, uint64_t bytes) {
    const struct vd_span none = {0};
    if (!graph_ok(g)) return none;
    if (g->n_tables == g->cap_tables) {
        void *bigger = arena_grow(&g->arena, g->tables, &g->cap_tables, sizeof *g->tables);
        if (!bigger) {
            graph_keep_failure(g, VIDI_E_MEMORY);
            return none;
        }
        g->tables = bigger;
    }
    struct gpu_buffer *buffer;
    graph_keep_failure(g, gpu_buffer_new(g->gpu, bytes, GPU_DEVICE, name, &buffer));
    if (!graph_ok(g)) return none;
    g->tables[g->n_tables++] = buffer;
    graph_keep_failure(g, gpu_upload(g->gpu, span_of(buffer, 0, bytes), data, bytes));
    return span_of(buffer, 0, bytes);
}

static tensor table(graph *g, const char *name, uint32_t rows, uint32_t cols, const void *words) {
    const tensor t = graph_tensor(g, name, rows, cols, false);
    const struct vd_span span = table_of(g, name, words, (uint64_t)rows * cols * 4);
    if (!graph_ok(g)) return T_NONE;
    node_tensor(g, t)->fixed = span;
    return t;
}

tensor g_table(graph *g, const char *name, uint32_t rows, uint32_t cols, const float *numbers) {
    return table(g, name, rows, cols, numbers);
}

tensor g_counts(graph *g, const char *name, uint32_t rows, uint32_t cols, const uint32_t *numbers) {
    return table(g, name, rows, cols, numbers);
}

tensor g_gather(graph *g, tensor x, const uint32_t *index, uint32_t n) {
    const struct vd_span span = table_of(g, "index", index, n * (uint64_t)sizeof *index);
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    const tensor y = graph_tensor(g, "gather", n, in.cols, false);
    struct node *node = graph_node(g, NODE_ROWS, y);
    if (!node) return T_NONE;
    node->op.rows = (struct op_rows){.index = span,
                                     .rows = n,
                                     .cols = in.cols,
                                     .limit = in.rows,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols};
    node_use(g, node, &node->op.rows.x, x);
    node_use(g, node, &node->op.rows.y, y);
    return y;
}

tensor g_positions(graph *g, tensor table, uint32_t first) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, table);
    const tensor y = graph_tensor(g, "positions", g->env.rows, in.cols, true);
    struct node *node = graph_node(g, NODE_ROWS, y);
    if (!node) return T_NONE;
    node->op.rows = (struct op_rows){.rows = g->env.rows,
                                     .cols = in.cols,
                                     .limit = in.rows,
                                     .first = first,
                                     .from_position = true,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols,
                                     .step = g->env.step};
    node_use(g, node, &node->op.rows.x, table);
    node_use(g, node, &node->op.rows.y, y);
    return y;
}

tensor rows_over(graph *g, tensor x, tensor over, struct vd_span index, bool below) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor to = *node_tensor(g, x), from = *node_tensor(g, over);
    if (to.rows != from.rows || to.cols != from.cols)
        graph_fail(g, "cannot lay %ux%u over %ux%u", from.rows, from.cols, to.rows, to.cols);
    struct node *node = graph_node(g, NODE_ROWS, x);
    if (!node) return T_NONE;
    node->op.rows = (struct op_rows){.index = index,
                                     .rows = to.rows,
                                     .cols = to.cols,
                                     .limit = to.rows,
                                     .masked = true,
                                     .below = below,
                                     .x_stride = from.stride,
                                     .y_stride = to.stride,
                                     .step = graph_step(g, to.dynamic)};
    node_use(g, node, &node->op.rows.x, over);
    node_use(g, node, &node->op.rows.y, x);
    return x;
}

tensor g_words_over(graph *g, tensor x, tensor words) {
    return rows_over(g, x, words, g->env.ids, false);
}

tensor g_pictures_over(graph *g, tensor x, tensor pictures) {
    return rows_over(g, x, pictures, g->env.ids, true);
}

bool graph_reads_pictures(graph *g) { return g->env.picture_rows != 0; }

tensor g_last_row(graph *g, tensor x) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    if (in.rows == 1) return x;
    const tensor y = graph_tensor(g, "last", 1, in.cols, false);
    struct node *node = graph_node(g, NODE_ROWS, y);
    if (!node) return T_NONE;
    node->op.rows = (struct op_rows){.rows = 1,
                                     .cols = in.cols,
                                     .limit = in.rows,
                                     .last = true,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols,
                                     .step = graph_step(g, in.dynamic)};
    node_use(g, node, &node->op.rows.x, x);
    node_use(g, node, &node->op.rows.y, y);
    return y;
}

/* Both take the rows of a width x height grid. */
static bool is_grid(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t by) {
    if (!graph_ok(g)) return false;
    const struct node_tensor *in = node_tensor(g, x);
    if (!by || width % by || height % by || in->rows != width * height || in->stride != in->cols)
        graph_fail(g, "%u rows are no %ux%u grid in steps of %u", in->rows, width, height, by);
    return graph_ok(g);
}

tensor g_shuffle(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t factor) {
    if (!is_grid(g, x, width, height, factor)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    const uint32_t square = factor * factor;
    const tensor y = graph_tensor(g, "shuffle", in.rows / square, in.cols * square, false);
    struct node *node = graph_node(g, NODE_SHUFFLE, y);
    if (!node) return T_NONE;
    node->op.shuffle =
        (struct op_shuffle){.width = width, .height = height, .cols = in.cols, .factor = factor};
    node_use(g, node, &node->op.shuffle.x, x);
    node_use(g, node, &node->op.shuffle.y, y);
    return y;
}

tensor g_pool(graph *g, tensor x, uint32_t width, uint32_t height, uint32_t kernel) {
    if (!is_grid(g, x, width, height, kernel)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    const tensor y = graph_tensor(g, "pool", in.rows / (kernel * kernel), in.cols, false);
    struct node *node = graph_node(g, NODE_POOL, y);
    if (!node) return T_NONE;
    node->op.pool =
        (struct op_pool){.width = width, .height = height, .cols = in.cols, .kernel = kernel};
    node_use(g, node, &node->op.pool.x, x);
    node_use(g, node, &node->op.pool.y, y);
    return y;
}
