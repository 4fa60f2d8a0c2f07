/* op_linear: every weight form, odd shapes, norm, glu, activations, bias, residual, step. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "ops/ref/linear.h"
#include "weights.h"

/* clang-format off */
static const char *const kernels[] = {"linear_simple", "matvec", "matvec_subgroup", "matvec_cpu",
                                      "matvec_texels", "gemm", "gemm_cpu",
#ifdef k_gemm_coopmat /* the compiler of shaders knows it */
                                      "gemm_coopmat",
#endif
                                      NULL};
/* clang-format on */

struct shape {
    uint32_t rows, cols, outs;
    enum act act;
    bool glu, norm, bias, add, step;
    bool large; /* rows of x far beyond what a half holds, and far below */
    enum check_fill fill;
};

static void append(struct gpu_list *list, const void *op) { op_linear(list, op); }

/* The column whose product is the largest of the first sum: that one is missed. */
static uint32_t largest_column(struct check *c, const struct ref_linear *ref) {
    double *values = check_doubles(c, ref->w.cols * 2ull);
    uint32_t most = 0;
    ref_weight_row(&ref->w, 0, values, values + ref->w.cols);
    for (uint32_t k = 1; k < ref->w.cols; k++)
        if (fabs(ref->x[k] * values[k]) > fabs(ref->x[most] * values[most])) most = k;
    return most;
}

/* The wrong twin reads the first two rows of w in each other's place, or drops a column. */
static void wrong_twin(struct check *c, struct ref_linear ref, struct check_output *out) {
    double *wrong = check_doubles(c, (uint64_t)out->rows * out->cols);
    ref.y = wrong, ref.allowed = NULL;
    float *x = check_bytes(c, (uint64_t)ref.rows * ref.x_stride * 4);
    memcpy(x, ref.x, ((uint64_t)(ref.rows - 1) * ref.x_stride + ref.w.cols) * 4);
    const uint32_t dropped = largest_column(c, &ref);
    for (uint32_t r = 0; r < ref.rows; r++) x[(size_t)r * ref.x_stride + dropped] = 0;
    const bool swap = ref.w.rows > 1 && check_below(c, 2) && !ref.glu;
    if (!swap) ref.x = x;
    ref_linear(&ref);
    for (uint32_t r = 0; swap && r < ref.rows; r++) {
        double *y = wrong + (size_t)r * out->cols, first = y[0];
        y[0] = y[1], y[1] = first;
    }
    out->wrong = wrong;
}

/* `live` rows are computed, the rest must stay untouched; they are repeated rows for the ref. */
static void run_case(struct check *c, enum weight_form form, const struct shape *s) {
    const uint32_t outs = s->glu ? s->outs / 2 : s->outs, pad = s->cols % 4 ? 3 : 4;
    const uint32_t x_stride = s->cols + pad, y_stride = outs + 5,
                   live = s->step ? (s->rows + 1) / 2 : s->rows;
    const struct ref_weight w = make_weight(c, form, s->outs, s->cols);
    const struct weight weight = upload_weight(c, &w);
    float *x = check_floats(c, s->fill, (uint64_t)s->rows * x_stride);
    for (uint64_t i = 0; s->large && i < (uint64_t)s->rows * x_stride; i++)
        x[i] *= i / x_stride % 2 ? 0x1p30f : 0x1p-30f;
    float *bias = check_floats(c, CHECK_NORMAL, s->outs),
          *norm = check_floats(c, CHECK_NORMAL, s->cols);
    float *add = check_floats(c, CHECK_NORMAL, (uint64_t)s->rows * y_stride);
    const uint64_t x_words = (uint64_t)(s->rows - 1) * x_stride + s->cols;
    struct check_output out = {.name = "y", .rows = s->rows, .cols = outs, .stride = y_stride};
    if (s->add) out.init = add; /* in place */
    uint8_t *skip = check_bytes(c, (uint64_t)s->rows * outs);
    memset(skip + (size_t)live * outs, 1, (size_t)(s->rows - live) * outs);
    out.skip = skip;
    struct op_linear op = {.w = &weight,
                           .rows = s->rows,
                           .x_stride = x_stride,
                           .y_stride = y_stride,
                           .act = s->act,
                           .glu = s->glu,
                           .eps = 1e-5f};
    op.x = check_input(c, "x", x, x_words * 4);
    if (s->bias) op.bias = check_input(c, "bias", bias, s->outs * 4ull);
    if (s->norm) op.norm = check_input(c, "norm", norm, s->cols * 4ull);
    const uint32_t step[16] = {7, live};
    if (s->step) op.step = check_input(c, "step", step, sizeof step);
    op.y = check_output(c, &out);
    if (s->add) op.add = op.y, op.add_stride = y_stride;
    double *want = check_doubles(c, (uint64_t)s->rows * outs);
    double *allowed = check_doubles(c, (uint64_t)s->rows * outs);
    struct ref_linear ref = {.x = x,
                             .bias = s->bias ? bias : NULL,
                             .norm = s->norm ? norm : NULL,
                             .add = s->add ? add : NULL,
                             .y = want,
                             .allowed = allowed,
                             .w = w,
                             .rows = s->rows,
                             .x_stride = x_stride,
                             .add_stride = y_stride,
                             .act = s->act,
                             .glu = s->glu,
                             .eps = op.eps};
    ref_linear(&ref);
    out.want = want, out.allowed = allowed;
    if (form != FORM_F32) {
        ref.halves = true, ref.allowed = check_doubles(c, (uint64_t)s->rows * outs);
        ref_linear(&ref);
        out.allowed_halves = ref.allowed;
    }
    if (s->fill != CHECK_ZEROS && s->act != ACT_RELU) wrong_twin(c, ref, &out);
    check_run(c, append, &op, &out, 1);
}

static const struct shape shapes[] = {
    {1, 32, 1, .fill = CHECK_NORMAL},
    {1, 64, 130, .fill = CHECK_CANCEL},
    {1, 576, 72, .norm = true, .step = true, .fill = CHECK_NORMAL},
    {1, 96, 260, .norm = true, .glu = true, .act = ACT_SILU, .fill = CHECK_NORMAL},
    {2, 1536, 65, .add = true, .fill = CHECK_WILD},
    {3, 160, 33, .bias = true, .act = ACT_GELU, .fill = CHECK_UNIFORM},
    {4, 32, 514, .bias = true, .glu = true, .act = ACT_GELU_TANH, .add = true,
     .fill = CHECK_NORMAL},
    {5, 224, 127, .fill = CHECK_WILD},
    {16, 64, 64, .norm = true, .bias = true, .act = ACT_QUICK_GELU, .fill = CHECK_NORMAL},
    {17, 96, 129, .norm = true, .add = true, .fill = CHECK_NORMAL},
    {33, 288, 70, .glu = true, .norm = true, .act = ACT_SILU, .fill = CHECK_NORMAL},
    {64, 128, 192, .bias = true, .add = true, .act = ACT_RELU, .fill = CHECK_NORMAL},
    {67, 64, 257, .step = true, .norm = true, .fill = CHECK_NORMAL},
    {9, 32, 40, .fill = CHECK_ZEROS},
    {18, 64, 40, .large = true, .fill = CHECK_NORMAL},
    {18, 64, 40, .large = true, .norm = true, .bias = true, .fill = CHECK_WILD},
};

/* Widths that only unblocked forms can have. */
static const struct shape odd_shapes[] = {
    {1, 1, 1, .fill = CHECK_NORMAL},
    {1, 588, 37, .bias = true, .fill = CHECK_NORMAL},
    {5, 72, 33, .norm = true, .fill = CHECK_NORMAL},
    {11, 300, 129, .act = ACT_GELU, .fill = CHECK_NORMAL},
    {6, 7, 5, .glu = false, .add = true, .fill = CHECK_WILD},
    {20, 33, 66, .glu = true, .act = ACT_GELU, .norm = true, .fill = CHECK_NORMAL},
    {35, 1076, 64, .bias = true, .fill = CHECK_NORMAL},
};

static void cases_of(struct check *c, enum weight_form form, const struct shape *s, size_t n) {
    const char *name = weight_layout(form, 32).name;
    for (size_t i = 0; i < n; i++)
        if (check_begin(c, "%s %ux%ux%u act %d%s%s%s%s%s", name, s[i].rows, s[i].cols, s[i].outs,
                        (int)s[i].act, s[i].norm ? " norm" : "", s[i].glu ? " glu" : "",
                        s[i].bias ? " bias" : "", s[i].add ? " add" : "", s[i].step ? " step" : ""))
            run_case(c, form, &s[i]);
}

/* Every width of a row up to some loads, and as many outputs of other rests; 1 row and some. */
static void every_width(struct check *c, enum weight_form form) {
    for (uint32_t cols = 2; cols <= 72; cols++)
        for (uint32_t rows = 1; rows <= 18; rows += 17) {
            const struct shape s = {rows, cols, cols % 13 + 2, .bias = true, .fill = CHECK_NORMAL};
            cases_of(c, form, &s, 1);
        }
}

static void cases(struct check *c) {
    for (int form = 0; form <= FORM_BF16; form++) every_width(c, (enum weight_form)form);
    for (int form = 0; form < FORM_COUNT; form++)
        cases_of(c, (enum weight_form)form, shapes, sizeof shapes / sizeof shapes[0]);
    for (int form = 0; form <= FORM_BF16; form++)
        cases_of(c, (enum weight_form)form, odd_shapes, sizeof odd_shapes / sizeof odd_shapes[0]);
}

/* --- timing ---------------------------------------------------------------------------------- */

static void bench_one(struct check *c, enum weight_form form, uint32_t rows, uint32_t cols,
                      uint32_t outs, bool norm, uint32_t copies) {
    const char *name = weight_layout(form, 32).name;
    if (!check_begin(c, "%s %ux%ux%u%s", name, rows, cols, outs, norm ? " norm" : "")) return;
    static struct weight weights[64];
    static struct op_linear ops[64];
    const struct vd_span x = check_input(
        c, "x", check_floats(c, CHECK_UNIFORM, (uint64_t)rows * cols), (uint64_t)rows * cols * 4);
    const struct vd_span g =
        check_input(c, "norm", check_floats(c, CHECK_UNIFORM, cols), cols * 4ull);
    const struct vd_span y = check_scratch(c, "y", (uint64_t)rows * outs * 4);
    const struct ref_weight w = make_weight(c, form, outs, cols);
    for (uint32_t i = 0; i < copies; i++) {
        weights[i] = upload_weight(c, &w);
        ops[i] = (struct op_linear){.x = x,
                                    .y = y,
                                    .w = &weights[i],
                                    .rows = rows,
                                    .x_stride = cols,
                                    .y_stride = outs,
                                    .eps = 1e-5f};
        if (norm) ops[i].norm = g;
    }
    check_bench(c, append, ops, sizeof ops[0], copies);
}

static void bench(struct check *c) {
    static const enum weight_form forms[] = {FORM_Q4_1, FORM_Q8_0, FORM_F16, FORM_F32};
    for (int i = 0; i < 4; i++) {
        bench_one(c, forms[i], 1, 576, 3072, true, 16);
        bench_one(c, forms[i], 1, 1536, 576, false, 16);
        bench_one(c, forms[i], 64, 576, 3072, true, 2);
        bench_one(c, forms[i], 64, 1536, 576, false, 2);
    }
    bench_one(c, FORM_Q4_1, 1, 576, 49152, true, 1);
}

const struct check_group check_group_linear = {"linear", kernels, cases, bench, NULL};
