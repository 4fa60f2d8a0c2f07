/* ref/pool.h - op_pool in plain C. */
#ifndef VD_REF_POOL_H
#define VD_REF_POOL_H
#include <stdint.h>

struct ref_pool {
    const float *x; /* [height * width][cols] */
    double *y;      /* [(height / kernel) * (width / kernel)][cols] */
    double *abs;    /* as y: mean of |x|, for error bounds; may be NULL */
    uint32_t width, height, cols, kernel;
};
void ref_pool(const struct ref_pool *op);
#endif
