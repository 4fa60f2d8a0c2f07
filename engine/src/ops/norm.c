#include "ops/ops.h"

#include <assert.h>

#include "kernels.h"
#include "ops/pick.h"

/* The kernels share one interface, so one argument struct serves them all. */
static_assert(sizeof(struct k_norm) == sizeof(struct k_norm_cpu), "one interface");
static_assert(sizeof(struct k_norm) == sizeof(struct k_norm_subgroup), "one interface");

void op_norm(struct gpu_list *list, const struct op_norm *op) {
    static const uint32_t kernels[] = {K_norm_cpu, K_norm_subgroup, K_norm};
    const uint32_t kernel = pick_kernel(list, kernels, 3);
    if (kernel == UINT32_MAX || op->rows == 0) return;
    const uint32_t heads = op->heads ? op->heads : 1;
    const uint32_t widths[] = {op->cols, op->x_stride, op->y_stride};
    const struct k_norm args = {
        .x = op->x,
        .w = op->w,
        .b = op->b,
        .step = op->step,
        .y = op->y,
        .rows = op->rows,
        .cols = op->cols,
        .x_stride = op->x_stride,
        .y_stride = op->y_stride,
        .eps = op->eps,
        .rms = op->rms,
        .heads = heads,
        .has_bias = op->b.buffer != NULL,
        .has_step = op->step.buffer != NULL,
        .spec.WG = kernel == K_norm_cpu ? gpu_caps(list->gpu)->subgroup_size : 0,
    };
    gpu_dispatch(list, kernel, pick_wide_variant(kernel, pick_width(widths, 3)),
                 groups(pick_groups(op->rows * heads), 1, 1), &args);
    const uint64_t numbers = (uint64_t)op->rows * heads * op->cols;
    gpu_list_cost(list, numbers * 8 + op->cols * 8ull, numbers * 8);
}
