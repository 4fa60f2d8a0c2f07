#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

/* Rows of cols that lie whole among so many numbers, so that no index leads out of them. */
static uint32_t rows_in(uint64_t numbers, uint32_t cols, uint32_t stride) {
    if (numbers < cols) return 0;
    if (stride == 0) return UINT32_MAX;
    const uint64_t rows = (numbers - cols) / stride + 1;
    return rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX;
}

/* Rows that are only copied and do not fit one binding: in parts. */
static bool in_parts(struct gpu_list *list, const struct op_rows *op) {
    const bool plain = !op->index.buffer && !op->step.buffer && !op->halves && !op->first;
    const uint32_t widest = op->x_stride > op->y_stride ? op->x_stride : op->y_stride;
    const uint32_t n = plain && op->x_stride ? pick_rows(list, op->rows, widest) : op->rows;
    if (n == 0 || n >= op->rows) return false;
    for (uint32_t from = 0; from < op->rows; from += n) {
        struct op_rows part = *op;
        part.rows = op->rows - from < n ? op->rows - from : n;
        part.x = pick_part(op->x, from, part.rows, op->x_stride);
        part.y = pick_part(op->y, from, part.rows, op->y_stride);
        op_rows(list, &part);
    }
    return true;
}

void op_rows(struct gpu_list *list, const struct op_rows *op) {
    if (in_parts(list, op)) return;
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_rows}, 1);
    if (kernel == UINT32_MAX || op->rows == 0 || op->cols == 0) return;
    if (op->halves && (op->cols % 2 || op->x_stride % 2 || op->y_stride % 2)) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "a row of %u numbers is not whole pairs", op->cols);
        return;
    }
    const bool has_index = op->index.buffer != NULL;
    const uint32_t y_bytes = op->halves ? 2 : 4;
    uint32_t limit = op->scatter ? rows_in(op->y.bytes / y_bytes, op->cols, op->y_stride)
                                 : rows_in(op->x.bytes / 4, op->cols, op->x_stride);
    if (has_index && op->limit < limit) limit = op->limit;
    const uint32_t widths[] = {op->cols, op->x_stride, op->y_stride};
    const uint32_t width = op->halves ? 2 : pick_width(widths, 3);
    k_rows(list, op->halves ? pick_variant(kernel, "halves") : pick_wide_variant(kernel, width),
           groups(div_up(op->cols / width, LANES), pick_groups(op->rows), 1), .x = op->x,
           .index = op->index, .step = op->step, .y = op->y, .rows = op->rows, .cols = op->cols,
           .limit = limit, .first = op->first, .x_stride = op->x_stride, .y_stride = op->y_stride,
           .scatter = op->scatter, .last = op->last && op->step.buffer, .has_index = has_index,
           .has_step = op->step.buffer != NULL,
           .from_position = op->from_position && op->step.buffer,
           .masked = op->masked ? 1 + op->below : 0, .spec.WG = LANES);
    gpu_list_cost(list, (uint64_t)op->rows * op->cols * (4 + y_bytes), 0);
}
