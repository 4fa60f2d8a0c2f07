/* op_attend: all modes, head sizes, grouped heads, f32, f16 and q8_0 K/V, step, softcap. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "ops/ref/attend.h"
#include "ops/ref/rope.h"

static const char *const kernels[] = {"attend_simple", "attend_decode", "attend_prefill",
                                      "attend_cpu", NULL};

struct shape {
    uint32_t rows, kv_rows, heads, kv_heads, dim;
    enum attend_mode mode;
    uint32_t window;
    bool step;
    uint32_t position, live; /* of the step */
    uint32_t span_from, span_to;
    float softcap, alibi;
    uint32_t pad; /* of all strides */
    enum check_fill fill;
};

static void append(struct gpu_list *list, const void *op) { op_attend(list, op); }

static const uint32_t item_bytes[] = {[KV_F32] = 4, [KV_F16] = 2, [KV_Q8_0] = 1};

/* Rows of `cols` numbers and `stride` bytes. */
static void *q8_0_of(struct check *c, const float *f, uint32_t rows, uint32_t cols,
                     uint32_t stride) {
    uint8_t *to = check_bytes(c, (uint64_t)rows * stride + 8);
    for (uint32_t r = 0; r < rows; r++)
        ref_kv_q8_0(f + (uint64_t)r * cols, cols, to + (uint64_t)r * stride);
    return to;
}

static void *kv_of(struct check *c, const float *f, uint64_t n, bool half) {
    if (!half) return (void *)(uintptr_t)f;
    uint16_t *to = check_bytes(c, (n + 1) * 2);
    for (uint64_t i = 0; i < n; i++) to[i] = f32_to_f16(f[i]);
    return to;
}

/* Mask rows: random; the first sees nothing, the second only its last column. */
static uint32_t *mask_of(struct check *c, const struct shape *s) {
    uint32_t *mask = check_bytes(c, (uint64_t)s->rows * s->kv_rows * 4);
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t j = 0; j < s->kv_rows; j++)
            mask[(size_t)r * s->kv_rows + j] = r == 0   ? 0
                                               : r == 1 ? j + 1 == s->kv_rows
                                                        : check_below(c, 3);
    return mask;
}

/* Blocks of rows that see each other: 5, 1, 6, 1, 7, ... of them, the last to the end. With a step
 * buffer any part of K/V or none, as rows see pictures that lie apart. */
static uint32_t *spans_of(struct check *c, const struct shape *s) {
    uint32_t *spans = check_bytes(c, (uint64_t)s->rows * 8);
    for (uint32_t r = 0; s->step && r < s->rows; r++) {
        spans[2 * r] = check_below(c, s->kv_rows);
        spans[2 * r + 1] = spans[2 * r] + check_below(c, s->kv_rows + 1 - spans[2 * r]);
    }
    if (s->step) return spans;
    uint32_t from = 0, to = 0;
    for (uint32_t r = 0, block = 0; r < s->rows; r++) {
        if (r == to) {
            from = to;
            to += block % 2 ? 1 : 5 + block / 2;
            block++;
        }
        spans[2 * r] = from;
        spans[2 * r + 1] = to < s->rows ? to : s->kv_rows;
    }
    return spans;
}

/* The wrong twin mixes the next row of V: the data has one row more than it needs. */
static const double *wrong_twin(struct check *c, struct ref_attend ref, uint64_t n) {
    double *wrong = check_doubles(c, n);
    ref.y = wrong, ref.allowed = NULL;
    ref.v = (const char *)ref.v + (size_t)ref.kv_stride * item_bytes[ref.kv_type];
    ref_attend(&ref);
    return wrong;
}

static void run_case(struct check *c, const struct shape *s, enum kv_type type) {
    const uint32_t width = s->heads * s->dim, kv_width = s->kv_heads * s->dim;
    const uint32_t q_stride = width + s->pad, each = item_bytes[type];
    const uint32_t kv_items = (uint32_t)kv_row_bytes(type, kv_width) / each;
    const uint32_t kv_stride = kv_items + s->pad;
    const uint32_t y_stride = width + s->pad, live = s->step ? s->live : s->rows;
    float *q = check_floats(c, s->fill, (uint64_t)s->rows * q_stride);
    const uint64_t n_data = (s->kv_rows + 1ull) * kv_stride;
    float *k = check_floats(c, s->fill, n_data), *v = check_floats(c, s->fill, n_data);
    const uint64_t n_kv = (uint64_t)(s->kv_rows - 1) * kv_stride + kv_items;
    const uint64_t n_q = (uint64_t)(s->rows - 1) * q_stride + width;
    const bool q8_0 = type == KV_Q8_0, half = type == KV_F16;
    void *k_data =
        q8_0 ? q8_0_of(c, k, s->kv_rows + 1, kv_width, kv_stride) : kv_of(c, k, n_data, half);
    void *v_data =
        q8_0 ? q8_0_of(c, v, s->kv_rows + 1, kv_width, kv_stride) : kv_of(c, v, n_data, half);
    uint32_t *mask = s->mode == ATTEND_MASK ? mask_of(c, s) : NULL;
    if (s->mode == ATTEND_SPANS) mask = spans_of(c, s);
    const uint32_t mask_cols = s->mode == ATTEND_SPANS ? 2 : s->kv_rows;
    struct op_attend op = {
        .rows = s->rows,
        .kv_rows = s->kv_rows,
        .heads = s->heads,
        .kv_heads = s->kv_heads,
        .head_dim = s->dim,
        .q_stride = q_stride,
        .kv_stride = kv_stride,
        .y_stride = y_stride,
        .mode = s->mode,
        .window = s->window,
        .scale = 1 / sqrtf((float)s->dim),
        .softcap = s->softcap,
        .alibi = s->alibi,
        .kv_type = type,
    };
    op.q = check_input(c, "q", q, n_q * 4);
    op.k = check_input(c, "k", k_data, (n_kv * each + 3) / 4 * 4);
    op.v = check_input(c, "v", v_data, (n_kv * each + 3) / 4 * 4);
    if (mask) op.mask = check_input(c, "mask", mask, (uint64_t)s->rows * mask_cols * 4);
    const struct step step = {
        .position = s->position, .rows = s->live, .span_from = s->span_from, .span_to = s->span_to};
    if (s->step) op.step = check_input(c, "step", &step, sizeof step);
    struct check_output out = {.name = "y", .rows = s->rows, .cols = width, .stride = y_stride};
    uint8_t *skip = check_bytes(c, (uint64_t)s->rows * width);
    if (live < s->rows) memset(skip + (size_t)live * width, 1, (size_t)(s->rows - live) * width);
    out.skip = skip;
    op.y = check_output(c, &out);
    double *want = check_doubles(c, (uint64_t)s->rows * width);
    double *allowed = check_doubles(c, (uint64_t)s->rows * width);
    const struct ref_attend ref = {.q = q,
                                   .k = k_data,
                                   .v = v_data,
                                   .mask = mask,
                                   .step = s->step ? &step : NULL,
                                   .y = want,
                                   .allowed = allowed,
                                   .rows = s->rows,
                                   .kv_rows = s->kv_rows,
                                   .heads = s->heads,
                                   .kv_heads = s->kv_heads,
                                   .head_dim = s->dim,
                                   .q_stride = q_stride,
                                   .kv_stride = kv_stride,
                                   .mode = s->mode,
                                   .window = s->window,
                                   .alibi = op.alibi,
                                   .scale = op.scale,
                                   .softcap = s->softcap,
                                   .kv_type = type};
    ref_attend(&ref);
    out.want = want, out.allowed = allowed;
    if (s->fill != CHECK_ZEROS && live) out.wrong = wrong_twin(c, ref, (uint64_t)s->rows * width);
    check_run(c, append, &op, &out, 1);
}

static const char *const kinds[] = {[KV_F32] = "f32", [KV_F16] = "f16", [KV_Q8_0] = "q8_0"};

static const struct shape shapes[] = {
    {1, 1, 1, 1, 16, ATTEND_CAUSAL, .fill = CHECK_NORMAL},
    {1, 37, 9, 3, 64, ATTEND_CAUSAL, .fill = CHECK_NORMAL},
    {1, 200, 9, 3, 64, ATTEND_CAUSAL, .step = true, .position = 150, .live = 1,
     .fill = CHECK_NORMAL},
    {1, 64, 4, 1, 72, ATTEND_CAUSAL, .step = true, .position = 0, .live = 1, .fill = CHECK_NORMAL},
    {3, 300, 8, 8, 80, ATTEND_ALL, .fill = CHECK_UNIFORM},
    {4, 130, 6, 2, 88, ATTEND_WINDOW, 17, .fill = CHECK_NORMAL},
    {5, 40, 2, 2, 96, ATTEND_MASK, .fill = CHECK_NORMAL},
    {2, 9, 2, 1, 256, ATTEND_PREFIX, 5, .fill = CHECK_NORMAL},
    {17, 17, 4, 2, 40, ATTEND_CAUSAL, .fill = CHECK_NORMAL},
    {33, 65, 3, 1, 24, ATTEND_CAUSAL, .softcap = 2.0f, .fill = CHECK_NORMAL},
    {50, 128, 9, 3, 64, ATTEND_CAUSAL, .step = true, .position = 20, .live = 33,
     .fill = CHECK_NORMAL},
    {64, 96, 2, 2, 64, ATTEND_PREFIX, 50, .step = true, .position = 8, .live = 64,
     .fill = CHECK_NORMAL},
    {49, 49, 3, 3, 72, ATTEND_ALL, .softcap = 30.0f, .fill = CHECK_WILD},
    {31, 70, 2, 1, 16, ATTEND_WINDOW, 1, .fill = CHECK_NORMAL},
    {20, 60, 2, 2, 32, ATTEND_MASK, .step = true, .position = 3, .live = 11, .fill = CHECK_NORMAL},
    {40, 96, 4, 2, 32, ATTEND_CAUSAL, .step = true, .position = 10, .live = 37, .span_from = 14,
     .span_to = 39, .fill = CHECK_NORMAL},
    {40, 96, 4, 2, 32, ATTEND_WINDOW, 6, .step = true, .position = 10, .live = 37, .span_from = 12,
     .span_to = 31, .fill = CHECK_NORMAL},
    {70, 90, 4, 2, 64, ATTEND_CAUSAL, .alibi = 8, .fill = CHECK_NORMAL},
    {40, 96, 6, 3, 32, ATTEND_CAUSAL, .step = true, .position = 30, .live = 37, .alibi = 8,
     .fill = CHECK_NORMAL},
    {1, 300, 6, 6, 32, ATTEND_CAUSAL, .step = true, .position = 280, .live = 1, .alibi = 4,
     .fill = CHECK_NORMAL},
    {5, 5, 2, 2, 80, ATTEND_SPANS, .fill = CHECK_NORMAL},
    {100, 100, 4, 4, 16, ATTEND_SPANS, .fill = CHECK_NORMAL},
    {70, 75, 2, 1, 80, ATTEND_SPANS, .pad = 8, .fill = CHECK_NORMAL},
    {40, 150, 4, 2, 32, ATTEND_SPANS, .step = true, .position = 10, .live = 37,
     .fill = CHECK_NORMAL},
    {1, 600, 4, 2, 64, ATTEND_SPANS, .step = true, .position = 10, .live = 1, .fill = CHECK_NORMAL},
    {9, 5, 2, 1, 48, ATTEND_CAUSAL, .fill = CHECK_NORMAL}, /* the first rows see nothing */
    {8, 24, 2, 1, 8 * 17, ATTEND_CAUSAL, .pad = 8, .fill = CHECK_CANCEL},
    {3, 19, 2, 1, 64, ATTEND_CAUSAL, .pad = 2, .fill = CHECK_NORMAL}, /* unaligned rows */
    {6, 12, 2, 2, 64, ATTEND_ALL, .fill = CHECK_ZEROS},
    {2, 16, 2, 1, 64, ATTEND_CAUSAL, .step = true, .position = 3, .live = 0, .fill = CHECK_NORMAL},
};

/* Kernels with chunks are compiled for each size of a head, seconds on a CPU driver. With those of
 * shapes[] these have all rests of the slices of 32 numbers that such kernels know, and a head of
 * more chunks than a workgroup has lanes otherwise. */
static bool chunks_differ(uint32_t dim) {
    static const uint32_t sizes[] = {4, 8, 12, 20, 28, 36, 44, 64, 100, 264};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (dim == sizes[i]) return true;
    return dim % 4 != 0;
}

/* Every size of a head: two heads of K/V and four of q, so that a head starts where the one before
 * it ended. Odd strides leave a size to the simple kernel, which is one for all of them. */
static void every_size(struct check *c) {
    enum { LARGEST = 256 };
    static const uint32_t larger[] = {264, 300, 512, 520, 1024, 1028, 1032};
    for (uint32_t i = 1; i <= LARGEST + sizeof larger / sizeof *larger; i++) {
        const uint32_t dim = i <= LARGEST ? i : larger[i - LARGEST - 1];
        const bool chunks = check_every(c) || chunks_differ(dim);
        const struct shape s = {.rows = 3,
                                .kv_rows = 7,
                                .heads = 4,
                                .kv_heads = 2,
                                .dim = dim,
                                .mode = ATTEND_CAUSAL,
                                .pad = chunks ? dim % 3 * 4 : 1,
                                .fill = CHECK_NORMAL};
        for (enum kv_type type = KV_F32; type <= KV_Q8_0; type++)
            if ((type != KV_Q8_0 || (dim % 32 == 0 && chunks)) &&
                check_begin(c, "every size kv %s heads of %u", kinds[type], dim))
                run_case(c, &s, type);
    }
}

static void cases(struct check *c) {
    static const char *const modes[] = {"all", "causal", "prefix", "window", "mask", "spans"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct shape *s = &shapes[i];
        for (enum kv_type type = KV_F32; type <= KV_Q8_0; type++)
            if ((type != KV_Q8_0 || s->dim % 32 == 0) &&
                check_begin(c, "%s kv %s %ux%u heads %u/%u dim %u%s%s%s%s pad %u", modes[s->mode],
                            kinds[type], s->rows, s->kv_rows, s->heads, s->kv_heads, s->dim,
                            s->step ? " step" : "", s->span_to ? " span" : "",
                            s->softcap != 0 ? " cap" : "", s->alibi != 0 ? " alibi" : "", s->pad))
                run_case(c, s, type);
    }
    every_size(c);
}

/* --- timing ---------------------------------------------------------------------------------- */

static void bench_one(struct check *c, uint32_t rows, uint32_t kv_rows, uint32_t heads,
                      uint32_t kv_heads, uint32_t dim, enum attend_mode mode) {
    if (!check_begin(c, "f16 %ux%u heads %u/%u dim %u", rows, kv_rows, heads, kv_heads, dim))
        return;
    const uint32_t width = heads * dim, kv_width = kv_heads * dim;
    const uint64_t n_kv = (uint64_t)kv_rows * kv_width, n_q = (uint64_t)rows * width;
    const void *kv = kv_of(c, check_floats(c, CHECK_UNIFORM, n_kv), n_kv, true);
    struct op_attend op = {.rows = rows,
                           .kv_rows = kv_rows,
                           .heads = heads,
                           .kv_heads = kv_heads,
                           .head_dim = dim,
                           .q_stride = width,
                           .kv_stride = kv_width,
                           .y_stride = width,
                           .mode = mode,
                           .scale = 0.125f,
                           .kv_type = KV_F16};
    op.q = check_input(c, "q", check_floats(c, CHECK_UNIFORM, n_q), n_q * 4);
    op.k = check_input(c, "k", kv, n_kv * 2);
    op.v = check_input(c, "v", kv, n_kv * 2);
    op.y = check_scratch(c, "y", n_q * 4);
    check_bench(c, append, &op, sizeof op, 1);
}

static void bench(struct check *c) {
    bench_one(c, 1, 256, 9, 3, 64, ATTEND_CAUSAL);
    bench_one(c, 1, 2048, 9, 3, 64, ATTEND_CAUSAL);
    bench_one(c, 64, 64, 9, 3, 64, ATTEND_CAUSAL);
    bench_one(c, 256, 256, 9, 3, 64, ATTEND_CAUSAL);
    bench_one(c, 196, 196, 12, 12, 64, ATTEND_ALL);
    bench_one(c, 64, 1024, 12, 12, 64, ATTEND_ALL);
}

const struct check_group check_group_attend = {"attend", kernels, cases, bench, NULL};
