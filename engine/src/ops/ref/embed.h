/* ref/embed.h - op_embed in plain C. Exact but for the rounding of the product with `scale`. */
#ifndef VD_REF_EMBED_H
#define VD_REF_EMBED_H
#include "ops/ref/linear.h"

struct ref_embed {
    const int32_t *ids; /* [rows] */
    const float *extra; /* [extra_rows][w.cols] */
    double *y;          /* [rows][w.cols] */
    double *allowed;    /* [rows][w.cols]; may be NULL */
    struct ref_weight w;
    uint32_t rows, extra_rows;
    float scale;
};
void ref_embed(const struct ref_embed *op);
#endif
