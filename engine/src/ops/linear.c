#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"
#include "ops/tune.h"

/* All kernels of this op share shaders/linear/interface.glsl, so one argument struct serves. */
#define SAME(name) \
    _Static_assert(sizeof(struct k_linear_simple) == sizeof(struct k_##name), "one interface")
SAME(matvec);
SAME(matvec_subgroup);
SAME(matvec_cpu);
SAME(matvec_texels);
SAME(gemm);
SAME(gemm_cpu);
#ifdef k_gemm_coopmat
SAME(gemm_coopmat);
#endif

/* Whether kernels that load 16 bytes at once may read this. */
static uint32_t multiple_of(const struct op_linear *op) {
    const struct weight *w = op->w;
    static const uint8_t load[FORM_COUNT] = {
        [FORM_F32] = 4,   [FORM_F16] = 8,   [FORM_BF16] = 8,  [FORM_Q8_0] = 32,
        [FORM_Q4_0] = 32, [FORM_Q4_1] = 32, [FORM_Q5_0] = 32, [FORM_Q5_1] = 32,
        [FORM_Q6] = 32,   [FORM_IQ4] = 32,  [FORM_Q2] = 32,
    };
    if (op->x_stride % 4 != 0 || w->cols % 4 != 0) return 1;
    if (w->cols % load[w->form] != 0) return w->form <= FORM_BF16 ? 4 : 1;
    return w->cols % 32 == 0 ? 32 : 8;
}

static struct vd_span rows_of(struct vd_span plane, uint32_t row_bytes, uint32_t from, uint32_t n) {
    if (!plane.buffer || row_bytes == 0) return (struct vd_span){0};
    return span_of(plane.buffer, plane.offset + (uint64_t)from * row_bytes,
                   (uint64_t)n * row_bytes);
}

static struct k_linear_simple arguments(const struct op_linear *op, struct weight_layout at,
                                        uint32_t outs) {
    return (struct k_linear_simple){
        .x = op->x,
        .bias = op->bias,
        .norm = op->norm,
        .add = op->add,
        .y = op->y,
        .step = op->step,
        .rows = op->rows,
        .cols = op->w->cols,
        .outs = outs,
        .x_stride = op->x_stride,
        .y_stride = op->y_stride,
        .add_stride = op->add_stride,
        .w_stride = at.q / 16,
        .h_stride = at.h / 4,
        .s_stride = at.s / 4,
        .act = op->act,
        .has_bias = op->bias.buffer != NULL,
        .has_add = op->add.buffer != NULL,
        .has_step = op->step.buffer != NULL,
        .glu = op->glu,
        .eps = op->eps,
        .spec.NORM = op->norm.buffer != NULL,
    };
}

/* Bytes once each and two operations a product; what a matrix costs when nothing is read twice. */
static void count_cost(struct gpu_list *list, const struct op_linear *op, struct weight_layout at,
                       uint32_t w_rows) {
    const uint64_t cols = op->w->cols, outs = op->glu ? w_rows / 2 : w_rows;
    const uint64_t weights = (uint64_t)w_rows * (at.q + at.h + at.s);
    const uint64_t ends = op->add.buffer ? 8 : 4;
    gpu_list_cost(list, weights + op->rows * (cols * 4 + outs * ends),
                  2 * cols * w_rows * op->rows);
}

/* With glu all but the simple kernel take gate and up rows as columns side by side. */
static struct vd_groups grid(const struct tune_row *row, const struct op_linear *op, uint32_t outs,
                             uint32_t subgroup_size) {
    uint32_t cols = row->cols;
    if (row->share == SHARE_LANE) cols *= row->wg;
    if (row->share == SHARE_SUBGROUP) cols *= div_up(row->wg, subgroup_size);
    if (op->glu && row->kernel != K_linear_simple) cols /= 2;
    const uint32_t x = div_up(outs, cols), y = div_up(op->rows, row->rows);
    return groups(x < 65535 ? x : 65535, y < 65535 ? y : 65535, 1);
}

/* Rows [from, from + n) of w, whose planes can be bound. */
static void dispatch(struct gpu_list *list, const struct op_linear *op, const struct tune_row *row,
                     uint32_t from, uint32_t n) {
    const struct weight *w = op->w;
    const struct weight_layout at = weight_layout(w->form, w->cols);
    const uint32_t outs = op->glu ? n / 2 : n;
    struct k_linear_simple args = arguments(op, at, outs);
    args.w = rows_of(w->q, at.q, from, n);
    args.h = rows_of(w->h, at.h, from, n);
    args.s = rows_of(w->s, at.s, from, n);
    args.first = from;
    args.spec.WG = row->wg, args.spec.COLS = row->cols, args.spec.ROWS = row->rows;
    args.spec.LANES = tune_lanes(gpu_caps(list->gpu)->subgroup_size);
    if (kernel_table[row->kernel].needs & NEED_COOPMAT)
        args.spec.SIDE = gpu_caps(list->gpu)->matrix_side;
    if (row->multiple > 1) args.x_stride /= 4; /* counted in vec4 */
    gpu_dispatch(list, row->kernel, kernel_variant(&kernel_table[row->kernel], at.name),
                 grid(row, op, outs, gpu_caps(list->gpu)->subgroup_size), &args);
    count_cost(list, op, at, n);
}

/* Rows of w that one binding can hold; a multiple of 16, so that each part starts aligned. */
static uint32_t rows_at_once(const struct gpu_list *list, const struct weight *w) {
    const uint64_t row = weight_layout(w->form, w->cols).q, max = gpu_caps(list->gpu)->max_range;
    const uint64_t n = max / row / 16 * 16;
    return w->rows * row <= max || n > w->rows ? w->rows : (uint32_t)n;
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Rows of x that do not fit one binding, or what they make does not: in parts. */
static bool in_parts(struct gpu_list *list, const struct op_linear *op) {
    const uint32_t widest = larger(op->x_stride, larger(op->y_stride, op->add_stride));
    const uint32_t n = op->step.buffer ? op->rows : pick_rows(list, op->rows, widest);
    if (n == 0 || n >= op->rows) return false;
    for (uint32_t from = 0; from < op->rows; from += n) {
        struct op_linear part = *op;
        part.rows = op->rows - from < n ? op->rows - from : n;
        part.x = pick_part(op->x, from, part.rows, op->x_stride);
        part.add = pick_part(op->add, from, part.rows, op->add_stride);
        part.y = pick_part(op->y, from, part.rows, op->y_stride);
        op_linear(list, &part);
    }
    return true;
}

/* Weights in f32 are kept so for their last digits. Matrix units of smaller pieces have not been
 * seen to gain anything; tests may ask for them. */
static uint32_t without(const struct gpu_list *list, enum weight_form form) {
    const bool small = gpu_caps(list->gpu)->matrix_side < 16 && !list->only;
    return form == FORM_F32 || small ? NEED_COOPMAT : 0;
}

void op_linear(struct gpu_list *list, const struct op_linear *op) {
    const struct weight *w = op->w;
    if (op->rows == 0 || w->rows == 0 || in_parts(list, op)) return;
    const struct tune_shape shape = {op->rows, w->rows, multiple_of(op), without(list, w->form)};
    const struct tune_row *row = tune_pick(list, TUNE_LINEAR, shape);
    if (!row) return;
    const uint32_t part = rows_at_once(list, w);
    if (part == 0 || (op->glu && part < w->rows)) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "a matrix of %u x %u is too large to bind", w->rows,
                      w->cols);
        return;
    }
    for (uint32_t from = 0; from < w->rows; from += part)
        dispatch(list, op, row, from, w->rows - from < part ? w->rows - from : part);
}
