#include "ops/ref/norm.h"

#include <math.h>

static void norm_row(const struct ref_norm *op, const float *x, double *y) {
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < op->cols && !op->rms; i++) mean += x[i];
    mean /= op->cols;
    for (uint32_t i = 0; i < op->cols; i++) square += (x[i] - mean) * (x[i] - mean);
    const double scale = 1 / sqrt(square / op->cols + op->eps);
    for (uint32_t i = 0; i < op->cols; i++)
        y[i] = (x[i] - mean) * scale * op->w[i] + (op->b ? op->b[i] : 0);
}

void ref_norm(const struct ref_norm *op) {
    const uint32_t rows = op->step && op->step->rows < op->rows ? op->step->rows : op->rows;
    const uint64_t heads = op->heads ? op->heads : 1;
    for (uint64_t r = 0; r < rows; r++)
        for (uint64_t h = 0; h < heads * op->cols; h += op->cols)
            norm_row(op, op->x + r * op->x_stride + h, op->y + r * op->y_stride + h);
}
