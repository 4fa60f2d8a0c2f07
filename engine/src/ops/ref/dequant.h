/* dequant.h - the blocks of quantised formats, spelt out.
 *
 * 32 elements of a file's row: element j is d[j / 16] * (code[j] - zero) + m[j / 16], exact in
 * double. q8_0's codes are signed bytes with zero 0; where there are steps, a code is the number of
 * one of sixteen. The rows made of them are dequant_row() and
 * weight_row() of ops/weight.h. */
#ifndef VD_REF_DEQUANT_H
#define VD_REF_DEQUANT_H
#include "ops/weight.h"

struct dequant_block {
    uint8_t code[32];
    double d[2], m[2];
    int zero;
    bool is_signed;
    const int8_t *steps;
};

/* Block i (of 32 elements) of a row in its file format, which is quantised. */
void dequant_block(enum vd_type type, const uint8_t *row, uint32_t i, struct dequant_block *out);

/* Block i of one row of planes of a quantised form. */
void dequant_planes(enum weight_form form, const void *q, const void *h, const void *s, uint32_t i,
                    struct dequant_block *out);

double dequant_value(const struct dequant_block *b, int j);
/* The sum of the sizes of its terms, |d * (code - zero)| + |m|: what rounding errors scale with. */
double dequant_size(const struct dequant_block *b, int j);
#endif
