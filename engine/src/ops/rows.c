#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

/* Rows of cols that lie whole in a span, so that no index leads out of it. */
static uint32_t rows_in(struct vd_span span, uint32_t cols, uint32_t stride) {
    const uint64_t words = span.bytes / 4;
    if (words < cols) return 0;
    if (stride == 0) return UINT32_MAX;
    const uint64_t rows = (words - cols) / stride + 1;
    return rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX;
}

void op_rows(struct gpu_list *list, const struct op_rows *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_rows}, 1);
    if (kernel == UINT32_MAX || op->rows == 0 || op->cols == 0) return;
    const bool has_index = op->index.buffer != NULL;
    uint32_t limit = op->scatter ? rows_in(op->y, op->cols, op->y_stride)
                                 : rows_in(op->x, op->cols, op->x_stride);
    if (has_index && op->limit < limit) limit = op->limit;
    const uint32_t widths[] = {op->cols, op->x_stride, op->y_stride};
    const uint32_t width = pick_width(widths, 3);
    k_rows(list, pick_wide_variant(kernel, width),
           groups(div_up(op->cols / width, LANES), pick_groups(op->rows), 1), .x = op->x,
           .index = op->index, .step = op->step, .y = op->y, .rows = op->rows, .cols = op->cols,
           .limit = limit, .first = op->first, .x_stride = op->x_stride, .y_stride = op->y_stride,
           .scatter = op->scatter, .last = op->last && op->step.buffer, .has_index = has_index,
           .has_step = op->step.buffer != NULL, .spec.WG = LANES);
    gpu_list_cost(list, (uint64_t)op->rows * op->cols * 8, 0);
}
