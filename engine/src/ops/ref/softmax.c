#include "ops/ref/softmax.h"

#include <math.h>

static void softmax_row(const struct ref_softmax *op, const float *x, double *y) {
    double top = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < op->cols; i++) top = fmax(top, (double)op->scale * x[i]);
    for (uint32_t i = 0; i < op->cols; i++) {
        y[i] = top == -INFINITY ? 0 : exp((double)op->scale * x[i] - top);
        sum += y[i];
    }
    for (uint32_t i = 0; i < op->cols && sum > 0; i++) y[i] /= sum;
}

void ref_softmax(const struct ref_softmax *op) {
    for (uint64_t r = 0; r < op->rows; r++)
        softmax_row(op, op->x + r * op->cols, op->y + r * op->cols);
}
