#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "graph/internal.h"

enum { NAME_CAP = 160 };

bool graph_ok(const graph *g) { return g->status == VIDI_OK; }

void graph_keep_failure(graph *g, vidi_status status) {
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
    for (uint32_t i = 0; i < g->n_tables; i++) gpu_buffer_free(g->gpu, g->tables[i]);
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
    if (!text) graph_keep_failure(g, VIDI_E_MEMORY);
    return text ? text : "";
}

tensor graph_tensor(graph *g, const char *name, uint32_t rows, uint32_t cols, bool dynamic) {
    if (!graph_ok(g)) return T_NONE;
    if (g->n_tensors == g->cap_tensors) {
        void *bigger = arena_grow(&g->arena, g->tensors, &g->cap_tensors, sizeof *g->tensors);
        if (!bigger) {
            graph_keep_failure(g, VIDI_E_MEMORY);
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

struct node *graph_node(graph *g, enum node_kind kind, tensor out) {
    if (!graph_ok(g)) return NULL;
    if (g->n_nodes == g->cap_nodes) {
        void *bigger = arena_grow(&g->arena, g->nodes, &g->cap_nodes, sizeof *g->nodes);
        if (!bigger) {
            graph_keep_failure(g, VIDI_E_MEMORY);
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

struct vd_span graph_step(const graph *g, bool dynamic) {
    return dynamic ? g->env.step : (struct vd_span){0};
}

bool graph_has(graph *g, const char *weight) { return weights_has(g->weights, weight); }
uint32_t graph_width(graph *g, const char *weight) { return weights_width(g->weights, weight); }
uint32_t graph_height(graph *g, const char *weight) { return weights_height(g->weights, weight); }
bool graph_same(graph *g, const char *a, const char *b) { return weights_same(g->weights, a, b); }
void graph_spare(graph *g, const char *prefix) { weights_spare(g->weights, prefix); }

/* Of what is made here for the device, far above what any published model needs. */
enum { TABLE_MOST = 1 << 29 };

void *graph_memory(graph *g, uint64_t n, uint64_t size) {
    uint64_t bytes;
    if (!mul_ok(&bytes, n, size) || bytes > TABLE_MOST) {
        graph_fail(g, "a table of %llu numbers is more than this program makes",
                   (unsigned long long)n);
        return NULL;
    }
    void *memory = graph_ok(g) ? arena_alloc(&g->arena, n, size) : NULL;
    if (!memory) graph_keep_failure(g, VIDI_E_MEMORY);
    return memory;
}

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

static const struct weight *const *turned_matrix(graph *g, const char *name, uint32_t rows,
                                                 uint32_t cols, uint32_t *n_parts) {
    char full[4 * NAME_CAP];
    *n_parts = 0;
    if (!graph_ok(g) || !scoped(g, name, full, sizeof full)) return NULL;
    const struct weight *const *parts = weights_turned(g->weights, full, rows, cols);
    *n_parts = parts != NULL;
    return parts;
}

const float *graph_numbers(graph *g, const char *w, uint64_t count) {
    char full[4 * NAME_CAP];
    if (!graph_ok(g) || !scoped(g, w, full, sizeof full)) return NULL;
    float *numbers = graph_memory(g, count, sizeof *numbers);
    return numbers && weights_numbers(g->weights, full, ".weight", count, numbers) ? numbers : NULL;
}

const float *graph_row(graph *g, const char *w, uint32_t rows, uint64_t cols, uint32_t row) {
    char full[4 * NAME_CAP];
    if (!graph_ok(g) || !scoped(g, w, full, sizeof full)) return NULL;
    float *numbers = graph_memory(g, cols, sizeof *numbers);
    return numbers && weights_row(g->weights, full, rows, cols, row, numbers) ? numbers : NULL;
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
                                         .step = graph_step(g, in->dynamic),
                                         .bias = bias};
    if (p->norm) node->op.linear.norm = vector(g, p->norm, ".weight", in->cols);
    node_use(g, node, &node->op.linear.x, x);
    node_use(g, node, &node->op.linear.add, add);
    node_use(g, node, &node->op.linear.y, y);
}

/* Rows of a matrix that is not as it should be, from what the file has of it; 0: it has nothing. */
static uint32_t guessed_rows(graph *g, const struct linear *p) {
    char full[4 * NAME_CAP], name[4 * NAME_CAP + 8];
    if (!scoped(g, p->w, full, sizeof full)) return 0;
    snprintf(name, sizeof name, "%s.weight", full);
    const uint32_t rows = p->turned ? graph_width(g, name) : graph_height(g, name);
    snprintf(name, sizeof name, "%s.bias", full);
    return rows || !p->bias ? rows : graph_width(g, name);
}

static tensor activated(graph *g, tensor a, const struct linear *p);

/* What stands before the activation. */
static struct linear unactivated(const struct linear *p, const char *name) {
    struct linear base = *p;
    base.act = ACT_NONE;
    base.glu = false;
    base.out = p->glu ? 2 * p->out : p->out;
    base.name = name;
    base.add = T_NONE;
    return base;
}

/* A kernel that gates reads both halves at once: they are one matrix, and it can be bound. */
static bool gates_whole(const graph *g, const struct weight *const *parts, uint32_t n_parts) {
    const struct weight *w = parts[0];
    const uint64_t bytes = w->rows * (uint64_t)weight_layout(w->form, w->cols).q;
    return n_parts == 1 && bytes <= gpu_caps(g->gpu)->max_range && !g->env.apart;
}

static tensor gated_apart(graph *g, tensor x, const struct linear *p) {
    const struct linear base = unactivated(p, "gate_up");
    const tensor both = g_linear(g, x, &base);
    if (!graph_ok(g)) return T_NONE;
    const tensor y = activated(g, both, p);
    return p->add.id ? g_add(g, y, p->add) : y;
}

static tensor base_linear(graph *g, tensor x, const struct linear *p) {
    const struct node_tensor in = *node_tensor(g, x);
    uint32_t n_parts, rows = 0;
    const uint32_t wanted = p->out && p->glu ? 2 * p->out : p->out;
    const struct weight *const *parts = p->turned
                                            ? turned_matrix(g, p->w, wanted, in.cols, &n_parts)
                                            : matrix(g, p->w, wanted, in.cols, &n_parts);
    for (uint32_t i = 0; i < n_parts; i++) rows += parts[i]->rows;
    /* A problem was noted; go on so that all of them are found, and none that follows from it. */
    if (!parts) rows = wanted ? wanted : guessed_rows(g, p);
    if (parts && p->glu && !gates_whole(g, parts, n_parts)) return gated_apart(g, x, p);
    struct vd_span bias = {0};
    if (p->bias && rows) bias = vector(g, p->w, ".bias", rows);
    const tensor y =
        graph_tensor(g, made_by(g, p->name, p->w), in.rows, p->glu ? rows / 2 : rows, in.dynamic);
    if (!parts || !graph_ok(g)) return y;
    if (n_parts == 1) {
        add_linear(g, x, p, parts[0], bias, p->add, y);
        return y;
    }
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

/* y = act(a), or act(gate) * up with the columns of both in a. */
static tensor activated(graph *g, tensor a, const struct linear *p) {
    const struct node_tensor in = *node_tensor(g, a);
    const uint32_t cols = p->glu ? in.cols / 2 : in.cols;
    const tensor y = graph_tensor(g, made_by(g, p->name, p->w), in.rows, cols, in.dynamic);
    const tensor gate = g_columns(g, a, 0, cols),
                 up = p->glu ? g_columns(g, a, cols, cols) : T_NONE;
    struct node *node = graph_node(g, NODE_ACT, y);
    if (!node) return T_NONE;
    node->op.act = (struct op_act){.rows = in.rows,
                                   .cols = cols,
                                   .a_stride = in.stride,
                                   .b_stride = in.stride,
                                   .y_stride = cols,
                                   .act = p->act,
                                   .glu = p->glu};
    node_use(g, node, &node->op.act.a, gate);
    node_use(g, node, &node->op.act.b, up);
    node_use(g, node, &node->op.act.y, y);
    return y;
}

/* The base's numbers, plus what the adapters add, before the activation: (W x + bias) + B (A x). */
static tensor adapted_linear(graph *g, tensor x, const struct linear *p, const struct weight *a,
                             const struct weight *b) {
    const bool plain = p->act == ACT_NONE && !p->glu;
    const struct linear down = {.w = p->w, .norm = p->norm, .eps = p->eps}, up = {.w = p->w};
    struct linear base = unactivated(p, "adapted_from");
    if (plain) base.add = p->add;
    const struct node_tensor in = *node_tensor(g, x);
    const tensor z = base_linear(g, x, &base);
    const tensor t = graph_tensor(g, "lora_a", in.rows, a->rows, in.dynamic);
    const char *name = plain ? made_by(g, p->name, p->w) : "lora_b";
    const tensor y = graph_tensor(g, name, in.rows, b->rows, in.dynamic);
    if (!graph_ok(g)) return T_NONE;
    add_linear(g, x, &down, a, (struct vd_span){0}, T_NONE, t);
    add_linear(g, t, &up, b, (struct vd_span){0}, z, y);
    if (plain || !graph_ok(g)) return y;
    const tensor done = activated(g, y, p);
    return p->add.id ? g_add(g, done, p->add) : done;
}

tensor g_linear(graph *g, tensor x, const struct linear *p) {
    char full[4 * NAME_CAP];
    const struct weight *a, *b;
    if (!graph_ok(g)) return T_NONE;
    if (!scoped(g, p->w, full, sizeof full)) return T_NONE;
    if (!p->turned && weights_adapter(g->weights, full, node_tensor(g, x)->cols, &a, &b))
        return adapted_linear(g, x, p, a, b);
    return base_linear(g, x, p);
}

/* With what beside the weights. */
enum norm_kind { RMS, PLAIN, BIASED };

static tensor norm(graph *g, tensor x, const char *w, float eps, enum norm_kind kind) {
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
                                     .rms = kind == RMS,
                                     .step = graph_step(g, in.dynamic)};
    node->op.norm.w = vector(g, w, ".weight", in.cols);
    if (kind == BIASED) node->op.norm.b = vector(g, w, ".bias", in.cols);
    node_use(g, node, &node->op.norm.x, x);
    node_use(g, node, &node->op.norm.y, y);
    return y;
}

tensor g_layernorm(graph *g, tensor x, const char *w, float eps) {
    return norm(g, x, w, eps, BIASED);
}
tensor g_rmsnorm(graph *g, tensor x, const char *w, float eps) { return norm(g, x, w, eps, RMS); }

/* Whether the file has this bias of the scope. */
static bool biased(graph *g, const char *w) {
    char full[4 * NAME_CAP];
    if (!graph_ok(g) || !scoped(g, w, full, sizeof full - sizeof ".bias")) return false;
    memcpy(full + strlen(full), ".bias", sizeof ".bias");
    return graph_has(g, full);
}

tensor g_layernorm_free(graph *g, tensor x, const char *w, float eps) {
    return norm(g, x, w, eps, biased(g, w) ? BIASED : PLAIN);
}

/* Norm of each head, from columns of one tensor to the like columns of another. */
static void norm_each(graph *g, tensor x, tensor y, const char *w, uint32_t head_dim, float eps,
                      enum norm_kind kind) {
    struct node *node = graph_node(g, NODE_NORM, y);
    if (!node) return;
    const struct node_tensor in = *node_tensor(g, x);
    node->op.norm = (struct op_norm){.rows = in.rows,
                                     .cols = head_dim,
                                     .heads = in.cols / head_dim,
                                     .x_stride = in.stride,
                                     .y_stride = node_tensor(g, y)->stride,
                                     .eps = eps,
                                     .rms = kind == RMS,
                                     .step = graph_step(g, in.dynamic)};
    node->op.norm.w = vector(g, w, ".weight", head_dim);
    if (kind == BIASED) node->op.norm.b = vector(g, w, ".bias", head_dim);
    node_use(g, node, &node->op.norm.x, x);
    node_use(g, node, &node->op.norm.y, y);
}

static tensor normed_heads(graph *g, tensor x, const char *w, uint32_t head_dim, float eps,
                           enum norm_kind kind) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    if (!head_dim || in.cols % head_dim)
        graph_fail(g, "%u columns of heads of %u", in.cols, head_dim);
    const tensor y = graph_tensor(g, w, in.rows, in.cols, in.dynamic);
    if (graph_ok(g)) norm_each(g, x, y, w, head_dim, eps, kind);
    return y;
}

tensor g_norm_heads(graph *g, tensor x, const char *w, uint32_t head_dim, float eps) {
    return normed_heads(g, x, w, head_dim, eps, RMS);
}

tensor g_layernorm_heads(graph *g, tensor x, const char *w, uint32_t head_dim, float eps) {
    return normed_heads(g, x, w, head_dim, eps, BIASED);
}

static tensor normed_qk(graph *g, tensor qkv, const struct norm_qk *p, enum norm_kind kind) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, qkv);
    const uint32_t q = p->heads * p->head_dim, k = p->kv_heads * p->head_dim;
    if (in.cols != q + 2 * k) graph_fail(g, "q, k and v of %u columns", in.cols);
    const tensor y = graph_tensor(g, "qkv_norm", in.rows, in.cols, in.dynamic);
    norm_each(g, g_columns(g, qkv, 0, q), g_columns(g, y, 0, q), p->q_norm, p->head_dim, p->eps,
              kind);
    norm_each(g, g_columns(g, qkv, q, k), g_columns(g, y, q, k), p->k_norm, p->head_dim, p->eps,
              kind);
    graph_copy_rows(g, g_columns(g, qkv, q + k, k), g_columns(g, y, q + k, k));
    return y;
}

tensor g_norm_qk(graph *g, tensor qkv, const struct norm_qk *p) {
    return normed_qk(g, qkv, p, RMS);
}

tensor g_layernorm_qk(graph *g, tensor qkv, const struct norm_qk *p) {
    return normed_qk(g, qkv, p, biased(g, p->q_norm) ? BIASED : PLAIN);
}

tensor g_rope_qk(graph *g, tensor qkv, tensor angles, uint32_t heads) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, qkv), by = *node_tensor(g, angles);
    const uint32_t dim = in.cols / 3, head_dim = heads ? dim / heads : 0;
    if (in.cols != 3 * dim || dim != heads * head_dim || by.rows != in.rows || by.cols != head_dim)
        graph_fail(g, "angles %ux%u for q, k and v of %ux%u", by.rows, by.cols, in.rows, in.cols);
    /* As wide as q|k|v, so that its k has the stride of the v that stays where it is. */
    const tensor y = graph_tensor(g, "qk_rope", in.rows, in.cols, false);
    struct node *node = graph_node(g, NODE_ROPE, y);
    if (!node) return T_NONE;
    node_tensor(g, y)->keep = false;
    node->op.rope = (struct op_rope){.rows = in.rows,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols,
                                     .heads = 2 * heads,
                                     .head_dim = head_dim,
                                     .rope_dim = head_dim,
                                     .neox = true};
    node_use(g, node, &node->op.rope.x, qkv);
    node_use(g, node, &node->op.rope.table, angles);
    node_use(g, node, &node->op.rope.y, y);
    return g_columns(g, y, 0, 2 * dim);
}

float attend_scale(float scale, uint32_t head_dim) {
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
                                         .mode = p->spans.id ? ATTEND_SPANS : p->mode,
                                         .window = p->window,
                                         .scale = attend_scale(p->scale, p->head_dim)};
    node_use(g, node, &node->op.attend.q, p->q);
    node_use(g, node, &node->op.attend.k, p->k);
    node_use(g, node, &node->op.attend.v, p->v);
    node_use(g, node, &node->op.attend.mask, p->spans);
    node_use(g, node, &node->op.attend.y, y);
    return y;
}

tensor g_attend_cached(graph *g, tensor qkv, const struct attend_cached *p) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, qkv);
    const struct kv *kv = g->env.kv;
    const uint32_t q_cols = p->heads * p->head_dim, kv_cols = p->kv_heads * p->head_dim;
    const uint64_t row_bytes = kv_row_bytes(kv->type, kv_cols);
    const uint64_t cache_bytes = kv->capacity * row_bytes;
    if (in.cols != q_cols + 2 * kv_cols || p->layer >= kv->n_layers ||
        kv->k[p->layer].bytes != cache_bytes)
        graph_fail(g, "attention: %u + 2 x %u heads of %u do not fit %u columns", p->heads,
                   p->kv_heads, p->head_dim, in.cols);
    if (kv->type == KV_Q8_0 && p->head_dim % 32 && graph_ok(g))
        g->status = vd_fail(g->ctx, VIDI_E_UNSUPPORTED,
                            "a cache in q8_0 takes heads of whole 32 numbers, and this model's "
                            "have %u; use f16 or f32",
                            p->head_dim);
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
                                           .kv_type = kv->type,
                                           .table = p->local ? g->env.rope_local : g->env.rope,
                                           .k_cache = kv->k[p->layer],
                                           .v_cache = kv->v[p->layer],
                                           .step = graph_step(g, in.dynamic)};
    node_use(g, rope, &rope->op.rope_kv.x, qkv);
    node_use(g, rope, &rope->op.rope_kv.q, q);
    const tensor y = graph_tensor(g, "attn", in.rows, q_cols, in.dynamic);
    struct node *node = graph_node(g, NODE_ATTEND, y);
    if (!node) return T_NONE;
    node->op.attend =
        (struct op_attend){.rows = in.rows,
                           .kv_rows = kv->capacity,
                           .heads = p->heads,
                           .kv_heads = p->kv_heads,
                           .head_dim = p->head_dim,
                           .q_stride = q_cols,
                           .kv_stride = kv->type == KV_Q8_0 ? (uint32_t)row_bytes : kv_cols,
                           .y_stride = q_cols,
                           .mode = p->mode,
                           .window = p->window,
                           .scale = attend_scale(p->scale, p->head_dim),
                           .softcap = p->softcap,
                           .alibi = p->alibi,
                           .kv_type = kv->type,
                           .k = kv->k[p->layer],
                           .v = kv->v[p->layer],
                           .step = graph_step(g, in.dynamic)};
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
    char full[4 * NAME_CAP];
    const char *kind = scoped(g, p->w, full, sizeof full) && graph_has(g, full) ? "" : ".weight";
    node->op.conv.w = vector(g, p->w, kind, (uint64_t)p->out * p->in * p->kernel * p->kernel);
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

static tensor sum(graph *g, tensor a, tensor b, const char *gate) {
    if (!graph_ok(g)) return T_NONE;
    if (!a.id || !b.id) return a.id ? a : b; /* the other could not be made, which was noted */
    const struct node_tensor l = *node_tensor(g, a), r = *node_tensor(g, b);
    if (l.cols != r.cols || (r.rows != l.rows && r.rows != 1) || l.stride != l.cols ||
        r.stride != r.cols)
        graph_fail(g, "cannot add %ux%u to %ux%u", r.rows, r.cols, l.rows, l.cols);
    const tensor by = gate ? g_weight(g, gate, 1, 1) : T_NONE;
    const tensor y = graph_tensor(g, "add", l.rows, l.cols, l.dynamic);
    struct node *node = graph_node(g, NODE_ADD, y);
    if (!node) return T_NONE;
    node->op.add = (struct op_add){.rows = l.rows, .cols = l.cols, .b_rows = r.rows, .scale = 1};
    node_use(g, node, &node->op.add.a, a);
    node_use(g, node, &node->op.add.b, b);
    node_use(g, node, &node->op.add.gate, by);
    node_use(g, node, &node->op.add.y, y);
    return y;
}

tensor g_add(graph *g, tensor a, tensor b) { return sum(g, a, b, NULL); }

tensor g_times(graph *g, tensor x, tensor by) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    const tensor y = graph_tensor(g, "scaled", in.rows, in.cols, in.dynamic);
    struct node *node = graph_node(g, NODE_ACT, y);
    if (!node) return T_NONE;
    node->op.act = (struct op_act){
        .rows = in.rows, .cols = in.cols, .a_stride = in.stride, .y_stride = in.cols, .glu = true};
    node_use(g, node, &node->op.act.a, x);
    node_use(g, node, &node->op.act.b, by);
    node_use(g, node, &node->op.act.y, y);
    return y;
}

/* x / |x| is x by the root of its mean square, by 1 / sqrt(columns). */
tensor g_unit(graph *g, tensor x) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    float *part = graph_memory(g, in.cols, sizeof *part);
    for (uint32_t i = 0; part && i < in.cols; i++) part[i] = 1 / sqrtf((float)in.cols);
    const tensor w = part ? g_table(g, "unit", 1, in.cols, part) : T_NONE;
    const tensor y = graph_tensor(g, "unit", in.rows, in.cols, in.dynamic);
    struct node *node = graph_node(g, NODE_NORM, y);
    if (!node) return T_NONE;
    node->op.norm = (struct op_norm){.rows = in.rows,
                                     .cols = in.cols,
                                     .x_stride = in.stride,
                                     .y_stride = in.cols,
                                     .eps = 1e-24f,
                                     .rms = true,
                                     .step = graph_step(g, in.dynamic)};
    node_use(g, node, &node->op.norm.x, x);
    node_use(g, node, &node->op.norm.w, w);
    node_use(g, node, &node->op.norm.y, y);
    return y;
}

tensor g_scale(graph *g, tensor x, const char *w) {
    if (!graph_ok(g)) return T_NONE;
    return g_times(g, x, g_weight(g, w, 1, tensor_cols(g, x)));
}

tensor g_add_gated(graph *g, tensor a, tensor b, const char *gate) {
    char full[4 * NAME_CAP];
    if (!graph_ok(g) || !scoped(g, gate, full, sizeof full - sizeof ".weight")) return T_NONE;
    memcpy(full + strlen(full), ".weight", sizeof ".weight");
    if (graph_width(g, full) <= 1) return sum(g, a, b, gate);
    const uint32_t cols = tensor_cols(g, b);
    const float *gates = graph_numbers(g, gate, cols);
    float *factors = graph_memory(g, cols, sizeof *factors);
    if (!gates || !factors) return a; /* a problem was noted; go on so that all are found */
    for (uint32_t i = 0; i < cols; i++) factors[i] = tanhf(gates[i]);
    return g_add(g, a, g_times(g, b, g_table(g, gate, 1, cols, factors)));
}

tensor g_softcap(graph *g, tensor x, float cap, const char *name) {
    if (!graph_ok(g)) return T_NONE;
    const struct node_tensor in = *node_tensor(g, x);
    const tensor y = graph_tensor(g, name, in.rows, in.cols, in.dynamic);
    struct node *node = graph_node(g, NODE_ACT, y);
    if (!node) return T_NONE;
    node->op.act = (struct op_act){
        .rows = in.rows, .cols = in.cols, .a_stride = in.stride, .y_stride = in.cols, .cap = cap};
    node_use(g, node, &node->op.act.a, x);
    node_use(g, node, &node->op.act.y, y);
    return y;
}

static tensor base_embed(graph *g, const char *w, uint32_t vocab, uint32_t cols, float scale) {
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

/* What adapters add to words' rows; pictures' get nothing, since none is named. */
tensor g_embed(graph *g, const char *w, uint32_t vocab, uint32_t cols, float scale) {
    char full[4 * NAME_CAP];
    const struct weight *a, *b;
    const tensor base = base_embed(g, w, vocab, cols, scale);
    if (!graph_ok(g) || !scoped(g, w, full, sizeof full)) return base;
    if (!weights_table_adapter(g->weights, full, vocab, cols, &a, &b)) return base;
    const tensor t = graph_tensor(g, "lora_a", g->env.rows, a->cols, true);
    const tensor y = graph_tensor(g, "adapted_rows", g->env.rows, cols, true);
    struct node *node = graph_node(g, NODE_EMBED, t);
    if (!node) return T_NONE;
    node->op.embed = (struct op_embed){
        .ids = g->env.ids, .w = a, .rows = g->env.rows, .scale = scale, .step = g->env.step};
    node_use(g, node, &node->op.embed.y, t);
    add_linear(g, t, &(struct linear){.w = w}, b, (struct vd_span){0}, base, y);
    return y;
}

tensor g_asked(graph *g, const char *w, uint32_t vocab, uint32_t cols) {
    uint32_t n_parts;
    const struct weight *const *parts = matrix(g, w, vocab, cols, &n_parts);
    const tensor y = graph_tensor(g, "asked", g->env.n_asked, cols, false);
    struct node *node = graph_node(g, NODE_EMBED, y);
    if (!node || !parts) return y;
    node->op.embed =
        (struct op_embed){.ids = g->env.asked, .w = parts[0], .rows = g->env.n_asked, .scale = 1};
    node_use(g, node, &node->op.embed.y, y);
    return y;
}

/* Words get the table's rows times nothing, pictures the rows `level` behind their own. */
tensor g_deepen(graph *g, tensor x, const char *w, uint32_t vocab, uint32_t level) {
    if (!graph_ok(g) || level > g->env.levels) return x;
    char scope[sizeof g->scope];
    memcpy(scope, g->scope, sizeof scope);
    graph_scope(g, "%s", "");
    const tensor deep = base_embed(g, w, vocab, tensor_cols(g, x), 0);
    graph_scope(g, "%s", scope);
    if (!graph_ok(g)) return T_NONE;
    struct op_embed *op = &g->nodes[g->n_nodes - 1].op.embed;
    const uint64_t skip = (uint64_t)level * tensor_cols(g, x) * sizeof(float);
    op->extra.offset += skip;
    op->extra.bytes -= skip;
    op->extra_rows -= level;
    return g_add(g, x, deep);
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
