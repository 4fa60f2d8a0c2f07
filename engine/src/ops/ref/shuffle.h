/* ref/shuffle.h - op_shuffle in plain C: words move, so the result is exact. */
#ifndef VD_REF_SHUFFLE_H
#define VD_REF_SHUFFLE_H
#include <stdint.h>

struct ref_shuffle {
    const uint32_t *x; /* [height * width][cols] */
    uint32_t *y;       /* [(height / factor) * (width / factor)][factor * factor * cols] */
    uint32_t width, height, cols, factor;
};
void ref_shuffle(const struct ref_shuffle *op);
#endif
