/* ref/norm.h - op_norm in plain C. */
#ifndef VD_REF_NORM_H
#define VD_REF_NORM_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/step.h"

struct ref_norm {
    const float *x;          /* [rows][heads][cols] at x_stride */
    const float *w;          /* [cols] */
    const float *b;          /* [cols], or NULL */
    double *y;               /* [rows][heads][cols] at y_stride */
    const struct step *step; /* NULL: all rows; else rows from step->rows on stay untouched */
    uint32_t rows, cols, x_stride, y_stride, heads; /* heads: 0 counts as 1 */
    float eps;
    bool rms;
};
void ref_norm(const struct ref_norm *op);
#endif
