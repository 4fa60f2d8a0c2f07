/* ref/softmax.h - op_softmax in plain C. */
#ifndef VD_REF_SOFTMAX_H
#define VD_REF_SOFTMAX_H
#include <stdint.h>

/* y = softmax(scale * x) of each row; -inf has no share, a row of nothing else gives zeros. */
struct ref_softmax {
    const float *x; /* [rows][cols] */
    double *y;      /* [rows][cols] */
    uint32_t rows, cols;
    float scale;
};
void ref_softmax(const struct ref_softmax *op);
#endif
