/* format.h - the one table of number formats that weights come in.
 *
 * A row of a matrix is stored as whole blocks: `block` elements in `bytes` bytes (GGUF's layouts).
 * On the device a matrix lies in planes (see ops/weight.h); which file formats share a device
 * form stands there. */
#ifndef VD_FORMAT_H
#define VD_FORMAT_H
#include <stdbool.h>
#include <stdint.h>

enum vd_type {
    VD_F32,
    VD_F16,
    VD_BF16,
    VD_Q8_0,
    VD_Q4_0,
    VD_Q4_1,
    VD_Q5_0,
    VD_Q5_1,
    VD_Q4_K,
    VD_Q5_K,
    VD_Q6_K,
    VD_Q2_K,
    VD_Q3_K,
    VD_IQ4_NL,
    VD_IQ4_XS,
    VD_MXFP4,
    VD_I8,
    VD_I16,
    VD_I32,
    VD_I64,
    VD_F64,
    VD_TYPE_COUNT,
    VD_TYPE_NONE = -1,
};

struct vd_format {
    const char *name; /* "q8_0" */
    uint32_t gguf_id; /* ggml's type number */
    uint16_t block;   /* elements a block */
    uint16_t bytes;   /* bytes a block */
};

extern const struct vd_format vd_formats[VD_TYPE_COUNT];

enum vd_type format_of_gguf(uint32_t gguf_id); /* VD_TYPE_NONE: not one of ours */

/* Bytes of `rows` rows of `cols` elements. False: cols is not whole blocks, or overflow. */
bool format_bytes(enum vd_type type, uint64_t rows, uint64_t cols, uint64_t *out);

/* The first of so many whole blocks that stands for a number which is infinite or none: an element,
 * or one of the block's scales in f16 (mxfp4: the scale that means NaN). `n`: there is none. */
uint64_t format_first_bad(enum vd_type type, const void *blocks, uint64_t n);

/* Exact conversions of single numbers; f32_to_f16 rounds to nearest even. */
float f16_to_f32(uint16_t h);
uint16_t f32_to_f16(float f);
float bf16_to_f32(uint16_t h);
uint16_t f32_to_bf16(float f);
#endif
