/* ref/act.h - op_act in plain C. */
#ifndef VD_REF_ACT_H
#define VD_REF_ACT_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/kinds.h"

double ref_activate(enum act act, double v);

/* y[r][c] = act(a[r][c]) (* b[r][c] with glu) */
struct ref_act {
    const float *a; /* [rows][cols] at a_stride */
    const float *b; /* [rows][cols] at b_stride; read with glu only */
    double *y;      /* [rows][cols] at y_stride */
    uint32_t rows, cols, a_stride, b_stride, y_stride;
    enum act act;
    bool glu;
    float cap; /* not 0: y = cap * tanh(act(a) / cap) */
};
void ref_act(const struct ref_act *op);
#endif
