#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

void op_add(struct gpu_list *list, const struct op_add *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_add}, 1);
    if (kernel == UINT32_MAX || op->rows == 0 || op->cols == 0) return;
    const uint32_t width = pick_width(&op->cols, 1);
    k_add(list, pick_wide_variant(kernel, width),
          groups(div_up(op->cols / width, LANES), pick_groups(op->rows), 1), .a = op->a, .b = op->b,
          .gate = op->gate, .y = op->y, .rows = op->rows, .cols = op->cols,
          .b_stride = op->b_rows == 1 ? 0 : op->cols, .scale = op->scale,
          .has_gate = op->gate.buffer != NULL, .spec.WG = LANES);
    const uint64_t numbers = (uint64_t)op->rows * op->cols;
    gpu_list_cost(list, numbers * 12, numbers * 2);
}
