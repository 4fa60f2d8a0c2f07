/* ref/conv2d.h - op_conv2d in plain C. */
#ifndef VD_REF_CONV2D_H
#define VD_REF_CONV2D_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/kinds.h"

struct ref_conv2d {
    const float *x;    /* [height * width][cin], planar: [cin][height][width] */
    const float *w;    /* [cout][cin / groups][kh][kw] */
    const float *bias; /* [cout], or NULL */
    double *y;         /* [oh * ow][cout] */
    double *abs;       /* as y: the sum of |x * w|, plus |bias|, for error bounds; may be NULL */
    uint32_t width, height, cin, cout, kw, kh, stride_x, stride_y, pad_x, pad_y, groups;
    bool planar;
    enum act act;
};
void ref_conv2d(const struct ref_conv2d *op);
uint32_t ref_conv2d_width(const struct ref_conv2d *op);  /* ow */
uint32_t ref_conv2d_height(const struct ref_conv2d *op); /* oh */
#endif
