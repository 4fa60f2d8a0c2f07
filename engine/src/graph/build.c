#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/internal.h"

enum { NAME_CAP = 160 };

bool graph_ok(const graph *g) { return g->status == VIDI_OK; }

static void keep_failure(graph *g, vidi_status status) {
    if (g->status == VIDI_OK) g->status = status;
}

void graph_fail(graph *g, const char *fmt, ...) {
    if (!graph_ok(g)) return;
    char words[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    g->status = vd_fail(g->ctx, VIDI_E_FORMAT, "%s%s%s", g->scope, g->scope[0] ? ": " : "", words);
}

vidi_status graph_open(struct gpu *gpu, struct weights *w, const struct graph_env *env,
                       graph **out) {
    struct vd_ctx *ctx = gpu_ctx(gpu);
    graph *g = vd_alloc(ctx, sizeof *g);
    *out = g;
    if (!g) return VIDI_E_MEMORY;
    *g = (graph){.gpu = gpu, .ctx = ctx, .weights = w, .env = *env};
    arena_open(&g->arena, ctx);
    graph_tensor(g, "none", 0, 0, false);
    return g->status;
}

void graph_close(graph *g) {
    if (!g) return;
    struct vd_ctx *ctx = g->ctx;
    arena_close(&g->arena);
    vd_free(ctx, g);
}

void graph_scope(graph *g, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(g->scope, sizeof g->scope, fmt, args);
    va_end(args);
}

struct node_tensor *node_tensor(graph *g, tensor t) {
    return &g->tensors[t.id];
}
uint32_t tensor_rows(const graph *g, tensor t) { return g->tensors[t.id].rows; }
uint32_t tensor_cols(const graph *g, tensor t) { return g->tensors[t.id].cols; }

/* scope.name in the arena. */
static const char *full_name(graph *g, const char *name) {
    const char *text = g->scope[0] ? arena_print(&g->arena, "%s.%s", g->scope, name)
                                   : arena_print(&g->arena, "%s", name);
    if (!text) keep_failure(g, VIDI_E_MEMORY);
    return text ? text : "";
}

tensor graph_tensor(graph *g, const char *name, uint32_t rows, uint32_t cols, bool dynamic) {
    if (!graph_ok(g)) return T_NONE;
    if (g->n_tensors == g->cap_tensors) {
        void *bigger = arena_grow(&g->arena, g->tensors, &g->cap_tensors, sizeof *g->tensors);
        if (!bigger) {
            keep_failure(g, VIDI_E_MEMORY);
            return T_NONE;
        }
        g->tensors = bigger;
    }
    const tensor t = {g->n_tensors++};
    const char *full = full_name(g, name);
    g->tensors[t.id] =
        (struct node_tensor){.name = full,
                             .rows = rows,
                             .cols = cols,
                             .stride = cols,
                             .base = t.id,
                             .dynamic = dynamic,
                             .keep = g->env.keep && t.id && glob_match(g->env.keep, full)};
    return t;
}

static tensor view(graph *g, tensor of, uint64_t first, uint32_t rows, uint32_t cols) {
    const struct node_tensor base = g->tensors[of.id];
    const tensor t = graph_tensor(g, "view", rows, cols, base.dynamic);
    if (!graph_ok(g)) return T_NONE;
    struct node_tensor *v = node_tensor(g, t);
    v->base = base.base;
    v->first = base.first + first;
    v->stride = base.stride;
    v->keep = false;
    if (v->first * sizeof(float) % gpu_caps(g->gpu)->align != 0)
        graph_fail(g, "columns at %llu do not start where this device can bind them",
                   (unsigned long long)v->first);
    return t;
}

struct node *graph_node(graph *g, enum node_kind kind, tensor out) {
    if (!graph_ok(g)) return NULL;
    if (g->n_nodes == g->cap_nodes) {
        void *bigger = arena_grow(&g->arena, g->nodes, &g->cap_nodes, sizeof *g->nodes);
        if (!bigger) {
            keep_failure(g, VIDI_E_MEMORY);
            return NULL;
        }
        g->nodes = bigger;
    }
    struct node *node = &g->nodes[g->n_nodes++];
    *node = (struct node){.kind = kind, .label = g->tensors[out.id].name};
    return node;
}

void node_use(graph *g, struct node *node, const struct vd_span *field, tensor t) {
    if (!t.id) return;
    VD_ASSERT(node->n_uses < NODE_USES);
    node->uses[node->n_uses].at = (size_t)((const char *)field - (const char *)&node->op);
    node->uses[node->n_uses++].tensor = t.id;
    (void)g;
}

static struct vd_span step_of(const graph *g, bool dynamic) {
    return dynamic ? g->env.step : (struct vd_span){0};
}

bool graph_has(graph *g, const char *weight) { return weights_has(g->weights, weight); }
uint32_t graph_width(graph *g, const char *weight) { return weights_width(g->weights, weight); }

/* The scope and a name of it, which may be fused: "attn_q|attn_k"; "" is the scope's own. */
static bool scoped(graph *g, const char *name, char *out, size_t cap) {
    const int len = snprintf(out, cap, "%s%s%s", g->scope, g->scope[0] && name[0] ? "." : "", name);
    if (len < 0 || (size_t)len >= cap) graph_fail(g, "the name %s is too long", name);
    return graph_ok(g);
}

static struct vd_span vector(graph *g, const char *name, const char *kind, uint64_t count) {
    char full[4 * NAME_CAP];
    if (!graph_ok(g) || !scoped(g, name, full, sizeof full)) return (struct vd_span){0};
    return weights_f32(g->weights, full, kind, count);
}

static const struct weight *const *matrix(graph *g, const char *name, uint32_t rows, uint32_t cols,
                                          uint32_t *n_parts) {
    char full[4 * NAME_CAP];
    *n_parts = 0;
    if (!graph_ok(g) || !scoped(g, name, full, sizeof full)) return NULL;
    return weights_matrix(g->weights, full, rows, cols, n_parts);
}

/* The name of what a weight makes: its own up to a bar. */
static const char *made_by(graph *g, const char *name, const char *w) {
    if (name) return name;
    const char *text = arena_text(&g->arena, w, strcspn(w, "|"));
    return text ? text : "";
}

static void add_linear(graph *g, tensor x, const struct linear *p, const struct weight *w,
                       struct vd_span bias, tensor add, tensor y) {
    struct node *node = graph_node(g, NODE_LINEAR, y);
    if (!node) return;
    const struct node_tensor *in = node_tensor(g, x), *out = node_tensor(g, y);
    node->op.linear = (struct op_linear){.w = w,
                                         .rows = in->rows,
                                         .x_stride = in->stride,
                                         .y_stride = out->stride,
                                         .add_stride = add.id ? node_tensor(g, add)->stride : 0,
                                         .act = p->act,
                                         .glu = p->glu,
                                         .eps = p->eps,
                                         .step = step_of(g, in->dynamic),
                                         .bias = bias};
    if (p->norm) node->op.linear.norm = vector(g, p->norm, ".weight", in->cols);
    node_use(g, node, &node->op.linear.x, x);
    node_use(g, node, &node->op.linear.add, add);
    node_use(g, node, &node->op.linear.y, y);
}

tensor g_linear(graph *g, tensor x, const struct linear *p) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    uint32_t n_parts, rows = 0;
    const uint32_t wanted = p->out && p->glu ? 2 * p->out : p->out;
    const struct weight *const *parts = matrix(g, p->w, wanted, in.cols, &n_parts);
    for (uint32_t i = 0; i < n_parts; i++) rows += parts[i]->rows;
    if (!parts) rows = wanted; /* a problem was noted; go on so that all of them are found */
    struct vd_span bias = {0};
    if (p->bias && rows) bias = vector(g, p->w, ".bias", rows);
    const tensor y =
        graph_tensor(g, made_by(g, p->name, p->w), in.rows, p->glu ? rows / 2 : rows, in.dynamic);
    if (!parts || !graph_ok(g)) return y;
    if (n_parts == 1) {
        add_linear(g, x, p, parts[0], bias, p->add, y);
        return y;
    }
    if (p->glu) graph_fail(g, "%s: the parts of a gated matrix have different types", p->w);
    uint32_t first = 0;
    for (uint32_t i = 0; i < n_parts && graph_ok(g); i++) {
        const uint32_t n = parts[i]->rows;
        struct vd_span part_bias = bias;
        if (bias.buffer) part_bias = span_of(bias.buffer, bias.offset + first * 4u, n * 4u);
        const tensor add = p->add.id ? g_columns(g, p->add, first, n) : T_NONE;
        add_linear(g, x, p, parts[i], part_bias, add, g_columns(g, y, first, n));
        first += n;
    }
    return y;
}

static tensor norm(graph *g, tensor x, const char *w, float eps, bool rms) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    const tensor y = graph_tensor(g, w, in.rows, in.cols, in.dynamic);
    struct node *node = graph_node(g, NODE_NORM, y);
    if (!node) return T_NONE;
    node->op.norm = (struct op_norm){.rows = in.rows,
                                     .cols = in.cols,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols,
                                     .eps = eps,
                                     .rms = rms,
                                     .step = step_of(g, in.dynamic)};
    node->op.norm.w = vector(g, w, ".weight", in.cols);
    if (!rms) node->op.norm.b = vector(g, w, ".bias", in.cols);
    node_use(g, node, &node->op.norm.x, x);
    node_use(g, node, &node->op.norm.y, y);
    return y;
}

tensor g_layernorm(graph *g, tensor x, const char *w, float eps) {
    return norm(g, x, w, eps, false);
}
tensor g_rmsnorm(graph *g, tensor x, const char *w, float eps) { return norm(g, x, w, eps, true); }

/* RMSNorm of each head, from columns of one tensor to the like columns of another. */
static void norm_heads(graph *g, tensor x, tensor y, const char *w, uint32_t head_dim, float eps) {
    struct node *node = graph_node(g, NODE_NORM, y);
    if (!node) return;
    const struct node_tensor in = *node_tensor(g, x);
    node->op.norm = (struct op_norm){.rows = in.rows,
                                     .cols = head_dim,
                                     .heads = in.cols / head_dim,
                                     .x_stride = in.stride,
                                     .y_stride = node_tensor(g, y)->stride,
                                     .eps = eps,
                                     .rms = true,
                                     .step = step_of(g, in.dynamic)};
    node->op.norm.w = vector(g, w, ".weight", head_dim);
    node_use(g, node, &node->op.norm.x, x);
    node_use(g, node, &node->op.norm.y, y);
}

static void copy_rows(graph *g, tensor from, tensor to);

tensor g_norm_qk(graph *g, tensor qkv, const struct norm_qk *p) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, qkv);
    const uint32_t q = p->heads * p->head_dim, k = p->kv_heads * p->head_dim;
    if (in.cols != q + 2 * k) graph_fail(g, "q, k and v of %u columns", in.cols);
    const tensor y = graph_tensor(g, "qkv_norm", in.rows, in.cols, in.dynamic);
    norm_heads(g, g_columns(g, qkv, 0, q), g_columns(g, y, 0, q), p->q_norm, p->head_dim, p->eps);
    norm_heads(g, g_columns(g, qkv, q, k), g_columns(g, y, q, k), p->k_norm, p->head_dim, p->eps);
    copy_rows(g, g_columns(g, qkv, q + k, k), g_columns(g, y, q + k, k));
    return y;
}

static float default_scale(float scale, uint32_t head_dim) {
    return scale != 0 ? scale : 1.0f / sqrtf((float)head_dim);
}

tensor g_attend(graph *g, const struct attend *p) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor q = *node_tensor(g, p->q), k = *node_tensor(g, p->k),
                             v = *node_tensor(g, p->v);
    if (q.cols != p->heads * p->head_dim || k.cols != p->kv_heads * p->head_dim ||
        v.cols != k.cols || v.rows != k.rows || k.stride != v.stride)
        graph_fail(g, "attention: %u heads of %u do not fit q %u, k %u, v %u columns", p->heads,
                   p->head_dim, q.cols, k.cols, v.cols);
    const tensor y = graph_tensor(g, p->name ? p->name : "attn", q.rows, q.cols, q.dynamic);
    struct node *node = graph_node(g, NODE_ATTEND, y);
    if (!node) return T_NONE;
    node->op.attend = (struct op_attend){.rows = q.rows,
                                         .kv_rows = k.rows,
                                         .heads = p->heads,
                                         .kv_heads = p->kv_heads,
                                         .head_dim = p->head_dim,
                                         .q_stride = q.stride,
                                         .kv_stride = k.stride,
                                         .y_stride = q.cols,
                                         .mode = p->mode,
                                         .window = p->window,
                                         .scale = default_scale(p->scale, p->head_dim)};
    node_use(g, node, &node->op.attend.q, p->q);
    node_use(g, node, &node->op.attend.k, p->k);
    node_use(g, node, &node->op.attend.v, p->v);
    node_use(g, node, &node->op.attend.y, y);
    return y;
}

tensor g_attend_cached(graph *g, tensor qkv, const struct attend_cached *p) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, qkv);
    const struct kv *kv = g->env.kv;
    const uint32_t q_cols = p->heads * p->head_dim, kv_cols = p->kv_heads * p->head_dim;
    const uint64_t cache_bytes = (uint64_t)kv->capacity * kv_cols * (kv->f16 ? 2 : 4);
    if (in.cols != q_cols + 2 * kv_cols || p->layer >= kv->n_layers ||
        kv->k[p->layer].bytes != cache_bytes)
        graph_fail(g, "attention: %u + 2 x %u heads of %u do not fit %u columns", p->heads,
                   p->kv_heads, p->head_dim, in.cols);
    const tensor q = graph_tensor(g, "q_rope", in.rows, q_cols, in.dynamic);
    struct node *rope = graph_node(g, NODE_ROPE_KV, q);
    if (!rope) return T_NONE;
    rope->op.rope_kv = (struct op_rope_kv){.rows = in.rows,
                                           .x_stride = in.stride,
                                           .heads = p->heads,
                                           .kv_heads = p->kv_heads,
                                           .head_dim = p->head_dim,
                                           .rope_dim = p->rope_dim,
                                           .cache_rows = kv->capacity,
                                           .neox = p->neox,
                                           .kv_f16 = kv->f16,
                                           .table = g->env.rope,
                                           .k_cache = kv->k[p->layer],
                                           .v_cache = kv->v[p->layer],
                                           .step = step_of(g, in.dynamic)};
    node_use(g, rope, &rope->op.rope_kv.x, qkv);
    node_use(g, rope, &rope->op.rope_kv.q, q);
    const tensor y = graph_tensor(g, "attn", in.rows, q_cols, in.dynamic);
    struct node *node = graph_node(g, NODE_ATTEND, y);
    if (!node) return T_NONE;
    node->op.attend = (struct op_attend){.rows = in.rows,
                                         .kv_rows = kv->capacity,
                                         .heads = p->heads,
                                         .kv_heads = p->kv_heads,
                                         .head_dim = p->head_dim,
                                         .q_stride = q_cols,
                                         .kv_stride = kv_cols,
                                         .y_stride = q_cols,
                                         .mode = p->mode,
                                         .window = p->window,
                                         .scale = default_scale(p->scale, p->head_dim),
                                         .softcap = p->softcap,
                                         .kv_f16 = kv->f16,
                                         .k = kv->k[p->layer],
                                         .v = kv->v[p->layer],
                                         .step = step_of(g, in.dynamic)};
    node_use(g, node, &node->op.attend.q, q);
    node_use(g, node, &node->op.attend.y, y);
    return y;
}

tensor g_conv(graph *g, tensor x, const struct conv *p) {
    if (!graph_ok(g)) return T_NONE;
    const uint32_t ow = (p->width + 2 * p->pad - p->kernel) / p->stride + 1;
    const uint32_t oh = (p->height + 2 * p->pad - p->kernel) / p->stride + 1;
    const tensor y = graph_tensor(g, p->w[0] ? p->w : "conv", ow * oh, p->out, false);
    struct node *node = graph_node(g, NODE_CONV, y);
    if (!node) return T_NONE;
    node->op.conv = (struct op_conv2d){.width = p->width,
                                       .height = p->height,
                                       .cin = p->in,
                                       .cout = p->out,
                                       .kw = p->kernel,
                                       .kh = p->kernel,
                                       .stride_x = p->stride,
                                       .stride_y = p->stride,
                                       .pad_x = p->pad,
                                       .pad_y = p->pad,
                                       .groups = 1,
                                       .planar = p->planar,
                                       .act = p->act};
    node->op.conv.w = vector(g, p->w, ".weight", (uint64_t)p->out * p->in * p->kernel * p->kernel);
    if (!p->plain) node->op.conv.bias = vector(g, p->w, ".bias", p->out);
    node_use(g, node, &node->op.conv.x, x);
    node_use(g, node, &node->op.conv.y, y);
    return y;
}

tensor g_weight(graph *g, const char *w, uint32_t rows, uint32_t cols) {
    const tensor t = graph_tensor(g, w, rows, cols, false);
    if (!graph_ok(g)) return T_NONE;
    char full[4 * NAME_CAP];
    const char *kind = scoped(g, w, full, sizeof full) && graph_has(g, full) ? "" : ".weight";
    node_tensor(g, t)->fixed = vector(g, w, kind, (uint64_t)rows * cols);
    return t;
}

tensor g_add(graph *g, tensor a, tensor b) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor l = *node_tensor(g, a), r = *node_tensor(g, b);
    if (l.cols != r.cols || (r.rows != l.rows && r.rows != 1) || l.stride != l.cols ||
        r.stride != r.cols)
        graph_fail(g, "cannot add %ux%u to %ux%u", r.rows, r.cols, l.rows, l.cols);
    const tensor y = graph_tensor(g, "add", l.rows, l.cols, l.dynamic);
    struct node *node = graph_node(g, NODE_ADD, y);
    if (!node) return T_NONE;
    node->op.add = (struct op_add){.rows = l.rows, .cols = l.cols, .b_rows = r.rows, .scale = 1};
    node_use(g, node, &node->op.add.a, a);
    node_use(g, node, &node->op.add.b, b);
    node_use(g, node, &node->op.add.y, y);
    return y;
}

static void copy_rows(graph *g, tensor from, tensor to) {
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
    copy_rows(g, a, view(g, y, 0, l.rows, l.cols));
    copy_rows(g, b, view(g, y, (uint64_t)l.rows * l.cols, r.rows, r.cols));
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

tensor g_embed(graph *g, const char *w, uint32_t vocab, uint32_t cols, float scale) {
    uint32_t n_parts;
    const struct weight *const *parts = matrix(g, w, vocab, cols, &n_parts);
    const tensor y = graph_tensor(g, "rows", g->env.rows, cols, true);
    struct node *node = graph_node(g, NODE_EMBED, y);
    if (!node || !parts) return y;
    node->op.embed = (struct op_embed){.ids = g->env.ids,
                                       .extra = g->env.pictures,
                                       .w = parts[0],
                                       .rows = g->env.rows,
                                       .extra_rows = g->env.picture_rows,
                                       .scale = scale,
                                       .step = g->env.step};
    node_use(g, node, &node->op.embed.y, y);
    return y;
}

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
                                     .step = step_of(g, in.dynamic)};
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

tensor graph_input(graph *g, const char *name, struct vd_span span, uint32_t rows, uint32_t cols) {
    const tensor t = graph_tensor(g, name, rows, cols, false);
    if (graph_ok(g)) node_tensor(g, t)->fixed = span;
    return t;
}

void graph_output(graph *g, tensor t, struct vd_span span) {
    if (!graph_ok(g)) return;
    struct node_tensor *out = node_tensor(g, t);
    if (out->base != t.id || out->fixed.buffer) graph_fail(g, "%s cannot be an output", out->name);
    out->fixed = span;
}

void graph_sample(graph *g, tensor logits) {
    if (!graph_ok(g)) return;
    const uint32_t cols = tensor_cols(g, logits);
    const uint64_t bytes = op_sample_scratch_bytes(cols);
    const tensor scratch = graph_tensor(g, "sample", 1, (uint32_t)((bytes + 3) / 4 + 1), false);
    struct node *node = graph_node(g, NODE_SAMPLE, scratch);
    if (!node) return;
    node->op.sample = (struct op_sample){
        .ids = g->env.ids, .tokens = g->env.tokens, .step = g->env.step, .cols = cols};
    node_use(g, node, &node->op.sample.logits, logits);
    node_use(g, node, &node->op.sample.scratch, scratch);
}
