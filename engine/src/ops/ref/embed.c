#include "ops/ref/embed.h"

#include <math.h>
#include <stdlib.h>

static void take_row(const struct ref_embed *op, int32_t id, double *values, double *sizes) {
    const uint32_t cols = op->w.cols, from = (uint32_t)~id;
    for (uint32_t c = 0; c < cols; c++) values[c] = sizes[c] = 0;
    if (id >= 0 && (uint32_t)id < op->w.rows) ref_weight_row(&op->w, (uint32_t)id, values, sizes);
    for (uint32_t c = 0; id < 0 && from < op->extra_rows && c < cols; c++) {
        values[c] = op->extra[(size_t)from * cols + c];
        sizes[c] = fabs(values[c]);
    }
}

void ref_embed(const struct ref_embed *op) {
    const uint32_t cols = op->w.cols;
    double *sizes = calloc(cols + 1u, sizeof *sizes);
    for (uint32_t r = 0; sizes && r < op->rows; r++) {
        double *y = op->y + (size_t)r * cols;
        take_row(op, op->ids[r], y, sizes);
        for (uint32_t c = 0; c < cols; c++) {
            const double scale = op->ids[r] < 0 ? 1 : op->scale;
            y[c] *= scale;
            if (op->allowed) /* two roundings of the value's terms, one of the product */
                op->allowed[(size_t)r * cols + c] = 3 * 0x1p-24 * sizes[c] * fabs(scale);
        }
    }
    free(sizes);
}
