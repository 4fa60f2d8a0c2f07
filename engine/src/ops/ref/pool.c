#include "ops/ref/pool.h"

#include <math.h>

static void one(const struct ref_pool *op, uint32_t across, uint32_t down, uint32_t col,
                uint64_t to) {
    const uint32_t k = op->kernel;
    double sum = 0, size = 0;
    for (uint32_t i = 0; i < k; i++)
        for (uint32_t j = 0; j < k; j++) {
            const uint64_t pixel = (uint64_t)(down * k + i) * op->width + across * k + j;
            sum += op->x[pixel * op->cols + col];
            size += fabs((double)op->x[pixel * op->cols + col]);
        }
    op->y[to] = sum / ((double)k * k);
    if (op->abs) op->abs[to] = size / ((double)k * k);
}

void ref_pool(const struct ref_pool *op) {
    const uint32_t wide = op->width / op->kernel, high = op->height / op->kernel;
    for (uint32_t down = 0; down < high; down++)
        for (uint32_t across = 0; across < wide; across++)
            for (uint32_t col = 0; col < op->cols; col++)
                one(op, across, down, col, ((uint64_t)down * wide + across) * op->cols + col);
}
