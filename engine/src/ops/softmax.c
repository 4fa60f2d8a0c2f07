#include "ops/ops.h"

#include <assert.h>

#include "kernels.h"
#include "ops/pick.h"

static_assert(sizeof(struct k_softmax) == sizeof(struct k_softmax_subgroup), "one interface");

void op_softmax(struct gpu_list *list, const struct op_softmax *op) {
    static const uint32_t kernels[] = {K_softmax_subgroup, K_softmax};
    const uint32_t kernel = pick_kernel(list, kernels, 2);
    if (kernel == UINT32_MAX || op->rows == 0) return;
    const struct k_softmax args = {
        .x = op->x,
        .y = op->y,
        .rows = op->rows,
        .cols = op->cols,
        .scale = op->scale,
    };
    gpu_dispatch(list, kernel, pick_wide_variant(kernel, pick_width(&op->cols, 1)),
                 groups(pick_groups(op->rows), 1, 1), &args);
    const uint64_t numbers = (uint64_t)op->rows * op->cols;
    gpu_list_cost(list, numbers * 8, numbers * 40);
}
