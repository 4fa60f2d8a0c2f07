#include "ops/ref/add.h"

#include <math.h>

void ref_add(const struct ref_add *op) {
    const double by = op->gate ? op->scale * tanh(op->gate[0]) : op->scale;
    for (uint64_t i = 0; i < (uint64_t)op->rows * op->cols; i++)
        op->y[i] = op->a[i] + by * op->b[op->b_rows == 1 ? i % op->cols : i];
}
