/* weight.h - a matrix of weights on the device.
 *
 * File formats are laid out anew while uploading, so that a lane can load 16 bytes at once. A
 * matrix [rows][cols] becomes up to three planes, each row starting on a multiple of 16 bytes:
 *
 *   device form  q plane (a row)                    h plane (a row)           s plane (a row)
 *   f32          cols floats                        -                         -
 *   f16, bf16    cols halves, two a word            -                         -
 *   q8_0         cols signed bytes                  -                         1 f16 d per 32
 *   q4_0         cols nibbles, 16 bytes per 32 (*)  -                         1 f16 d per 32
 *   q4_1         as q4_0                            -                         f16 d, f16 m per 32
 *   q5_0         as q4_0                            4 bytes of 5th bits (+)   1 f16 d per 32
 *   q5_1         as q4_0                            as q5_0                   f16 d, f16 m per 32
 *   q6           as q4_0                            8 bytes of high bits (#)  1 f16 d per 16
 *   iq4          as q4_0                            -                         1 f16 d per 32
 *   q2           as q4_0                            -                         f16 d, f16 m per 16
 *
 *   (*) byte j of a block of 32 holds element j in its low and element j + 16 in its high nibble.
 *   (+) bit j belongs to element j.
 *   (#) word 0 holds 2 bits each of elements 0..15 (element j at bit 2j), word 1 of 16..31.
 *   values: q8_0 d*q; q4_0 d*(q-8); q4_1 d*q+m; q5_0 d*(q-16); q5_1 d*q+m; q6 d*(q-32); q2 d*q+m;
 *   iq4 d * the q-th of sixteen steps that lie closer about 0 (dequant.c).
 *
 * mxfp4 becomes q5_0: twice its steps are whole numbers up to 12, its scale is a power of two,
 * which f16 holds from 2^-24 to 2^15. iq4_nl and iq4_xs become iq4, q2_K becomes q2. q4_K becomes
 * q4_1, q5_K becomes q5_1, q3_K and q6_K become q6: two-level scales are multiplied out and rounded
 * to f16 (relative error at most 2^-11 of a scale). All other forms are exact. One more row of
 * bytes than a plane needs is never read: kernels stay inside `rows`. */
#ifndef VD_WEIGHT_H
#define VD_WEIGHT_H
#include "base/format.h"
#include "gpu/gpu.h"

enum weight_form {
    FORM_F32,
    FORM_F16,
    FORM_BF16,
    FORM_Q8_0,
    FORM_Q4_0,
    FORM_Q4_1,
    FORM_Q5_0,
    FORM_Q5_1,
    FORM_Q6,
    FORM_IQ4,
    FORM_Q2,
    FORM_COUNT
};

struct weight_layout { /* bytes a row of each plane; 0: the form has no such plane */
    const char *name;  /* also the variant's name in the linear kernels */
    uint32_t q, h, s;
};

struct weight {
    enum weight_form form;
    uint32_t rows, cols;
    struct vd_span q, h, s; /* planes; empty where the form has none */
};

enum weight_form weight_form_of(enum vd_type type);
struct weight_layout weight_layout(enum weight_form form, uint32_t cols);

/* Lays `rows` rows of a file's matrix out into the planes (host memory, layout as above). h and s
 * may be NULL where the form has none. */
void weight_repack(enum vd_type type, const void *src, uint32_t rows, uint32_t cols, void *q,
                   void *h, void *s);

/* The exact values of one row in its file format, and of one row of planes. The second is the
 * specification of what kernels read. */
void dequant_row(enum vd_type type, const void *src, uint32_t cols, float *out);
void weight_row(enum weight_form form, const void *q, const void *h, const void *s, uint32_t cols,
                float *out);
#endif
