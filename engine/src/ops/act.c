#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

void op_act(struct gpu_list *list, const struct op_act *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_act}, 1);
    if (kernel == UINT32_MAX || op->rows == 0 || op->cols == 0) return;
    const uint32_t widths[] = {op->cols, op->a_stride, op->y_stride, op->glu ? op->b_stride : 0};
    const uint32_t width = pick_width(widths, 4);
    k_act(list, pick_wide_variant(kernel, width),
          groups(div_up(op->cols / width, LANES), pick_groups(op->rows), 1), .a = op->a, .b = op->b,
          .y = op->y, .rows = op->rows, .cols = op->cols, .a_stride = op->a_stride,
          .b_stride = op->b_stride, .y_stride = op->y_stride, .cap = op->cap,
          .spec = {.WG = LANES, .ACT = op->act, .GLU = op->glu});
    const uint64_t numbers = (uint64_t)op->rows * op->cols;
    gpu_list_cost(list, numbers * (op->glu ? 12 : 8), numbers * 30);
}
