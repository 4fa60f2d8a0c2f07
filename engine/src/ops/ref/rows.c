#include "ops/ref/rows.h"

#include <string.h>

#include "base/format.h"

static void to_halves(uint32_t *y, const uint32_t *x, uint32_t cols) {
    for (uint32_t i = 0; i < cols; i++) {
        float v;
        memcpy(&v, x + i, sizeof v);
        const uint32_t half = f32_to_f16(v);
        y[i / 2] = i % 2 ? y[i / 2] | half << 16 : half;
    }
}

void ref_rows(const struct ref_rows *op) {
    const uint32_t rows = op->step && op->step->rows < op->rows ? op->step->rows : op->rows;
    const size_t bytes = op->cols * sizeof(uint32_t);
    for (uint64_t r = 0; r < rows; r++) {
        const uint32_t there = op->last && op->step ? op->step->rows - 1 : (uint32_t)r;
        const uint32_t from =
            op->from_position && op->step ? op->step->position - op->step->lag : 0;
        if (op->masked && (op->index[r] >= 0x80000000u) != op->below) continue;
        const uint32_t other = op->index && !op->masked ? op->index[r] : op->first + from + there;
        const bool inside = other < op->limit;
        if (op->scatter && inside && op->halves)
            to_halves(op->y + other * op->y_stride / 2, op->x + r * op->x_stride, op->cols);
        else if (op->scatter && inside)
            memcpy(op->y + other * op->y_stride, op->x + r * op->x_stride, bytes);
        if (op->scatter) continue;
        if (inside)
            memcpy(op->y + r * op->y_stride, op->x + other * op->x_stride, bytes);
        else
            memset(op->y + r * op->y_stride, 0, bytes);
    }
}
