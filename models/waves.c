#include "models/waves.h"

#include <math.h>

/* In single precision, as the references have it. */
void waves_row(float *row, uint32_t dim, uint32_t at) {
    for (uint32_t i = 0; i < dim / 2; i++) {
        const float angle = (float)at * (1 / powf(10000, (float)i / ((float)dim / 2)));
        row[i] = sinf(angle);
        row[dim / 2 + i] = cosf(angle);
    }
}

void waves_grid(float *rows, uint32_t dim, uint32_t wide, uint32_t high) {
    for (uint32_t i = 0; i < wide * high; i++) {
        float *row = rows + (uint64_t)i * dim;
        waves_row(row, dim / 2, i % wide);
        waves_row(row + dim / 2, dim / 2, i / wide);
    }
}
