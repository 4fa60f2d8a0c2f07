/* ref/linear.h - op_linear in plain C, double accumulators. */
#ifndef VD_REF_LINEAR_H
#define VD_REF_LINEAR_H
#include "ops/kinds.h"
#include "ops/weight.h"

struct ref_weight { /* struct weight with its planes in host memory */
    enum weight_form form;
    uint32_t rows, cols;
    const void *q, *h, *s;
};

struct ref_linear {
    const float *x;    /* [rows][w.cols] at x_stride */
    const float *bias; /* [w.rows]; may be NULL, as norm [w.cols] and add [rows][outs] may */
    const float *norm, *add;
    double *y;       /* [rows][outs], outs = w.rows or with glu w.rows / 2 */
    double *allowed; /* [rows][outs]: what f32 arithmetic in any order may be off; may be NULL */
    struct ref_weight w;
    uint32_t rows, x_stride, add_stride;
    enum act act;
    bool glu;
    float eps;
    bool halves; /* allowed: x, by a power of two a row, and w are rounded to f16 first */
};
void ref_linear(const struct ref_linear *op);

/* Row `row` of the matrix: values, and the sizes of what they are made of (see dequant_size). */
void ref_weight_row(const struct ref_weight *w, uint32_t row, double *values, double *sizes);
#endif
