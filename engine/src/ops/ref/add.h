/* ref/add.h - op_add in plain C. */
#ifndef VD_REF_ADD_H
#define VD_REF_ADD_H
#include <stdint.h>

/* y = a + scale * tanh(gate) * b; b has b_rows rows, 1 of them serves all. */
struct ref_add {
    const float *a;    /* [rows][cols] */
    const float *b;    /* [b_rows][cols] */
    const float *gate; /* [1], or NULL: no gate */
    double *y;         /* [rows][cols] */
    uint32_t rows, cols, b_rows;
    float scale;
};
void ref_add(const struct ref_add *op);
#endif
