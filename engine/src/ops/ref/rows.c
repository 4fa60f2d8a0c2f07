#include "ops/ref/rows.h"

#include <string.h>

void ref_rows(const struct ref_rows *op) {
    const uint32_t rows = op->step && op->step->rows < op->rows ? op->step->rows : op->rows;
    const size_t bytes = op->cols * sizeof(uint32_t);
    for (uint64_t r = 0; r < rows; r++) {
        const uint32_t there = op->last && op->step ? op->step->rows - 1 : (uint32_t)r;
        const uint64_t other = op->index ? op->index[r] : op->first + there;
        const bool inside = other < op->limit;
        if (op->scatter && inside)
            memcpy(op->y + other * op->y_stride, op->x + r * op->x_stride, bytes);
        if (op->scatter) continue;
        if (inside)
            memcpy(op->y + r * op->y_stride, op->x + other * op->x_stride, bytes);
        else
            memset(op->y + r * op->y_stride, 0, bytes);
    }
}
