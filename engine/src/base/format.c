#include "base/format.h"

#include <string.h>

#include "base/checked.h"

const struct vd_format vd_formats[VD_TYPE_COUNT] = {
    [VD_F32] = {"f32", 0, 1, 4},
    [VD_F16] = {"f16", 1, 1, 2},
    [VD_BF16] = {"bf16", 30, 1, 2},
    [VD_Q8_0] = {"q8_0", 8, 32, 34},
    [VD_Q4_0] = {"q4_0", 2, 32, 18},
    [VD_Q4_1] = {"q4_1", 3, 32, 20},
    [VD_Q5_0] = {"q5_0", 6, 32, 22},
    [VD_Q5_1] = {"q5_1", 7, 32, 24},
    [VD_Q4_K] = {"q4_K", 12, 256, 144},
    [VD_Q5_K] = {"q5_K", 13, 256, 176},
    [VD_Q6_K] = {"q6_K", 14, 256, 210},
    [VD_Q2_K] = {"q2_K", 10, 256, 84},
    [VD_Q3_K] = {"q3_K", 11, 256, 110},
    [VD_IQ4_NL] = {"iq4_nl", 20, 32, 18},
    [VD_IQ4_XS] = {"iq4_xs", 23, 256, 136},
    [VD_MXFP4] = {"mxfp4", 39, 32, 17},
    [VD_I8] = {"i8", 24, 1, 1},
    [VD_I16] = {"i16", 25, 1, 2},
    [VD_I32] = {"i32", 26, 1, 4},
    [VD_I64] = {"i64", 27, 1, 8},
    [VD_F64] = {"f64", 28, 1, 8},
};

enum vd_type format_of_gguf(uint32_t gguf_id) {
    for (int t = 0; t < VD_TYPE_COUNT; t++)
        if (vd_formats[t].gguf_id == gguf_id) return (enum vd_type)t;
    return VD_TYPE_NONE;
}

bool format_bytes(enum vd_type type, uint64_t rows, uint64_t cols, uint64_t *out) {
    const struct vd_format *f = &vd_formats[type];
    uint64_t row_bytes;
    return cols % f->block == 0 && mul_ok(&row_bytes, cols / f->block, f->bytes) &&
           mul_ok(out, row_bytes, rows);
}

static float float_of_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t bits_of_float(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

float f16_to_f32(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31,
                   mantissa = h & 1023;
    if (exponent == 31) return float_of_bits(sign | 0x7f800000u | mantissa << 13);
    if (exponent) return float_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    const float tiny = (float)mantissa * 0x1p-24f;
    return sign ? -tiny : tiny;
}

uint16_t f32_to_f16(float f) {
    const uint32_t bits = bits_of_float(f), sign = bits >> 16 & 0x8000u, mag = bits & 0x7fffffffu;
    if (mag > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (mag >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* rounds to infinity */
    if (mag < 0x38800000u) {
        /* Subnormal: adding 2^-1 * 2^-13 lets the adder round to a multiple of 2^-24. */
        const float shifted = float_of_bits(mag) + 0.5f;
        return (uint16_t)(sign | (bits_of_float(shifted) - bits_of_float(0.5f)));
    }
    const uint32_t rounded = mag + 0xfffu + (mag >> 13 & 1u);
    return (uint16_t)(sign | ((rounded >> 13) - (112u << 10)));
}

float bf16_to_f32(uint16_t h) { return float_of_bits((uint32_t)h << 16); }

uint16_t f32_to_bf16(float f) {
    const uint32_t bits = bits_of_float(f);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 64u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* --- numbers that are none ----------------------------------------------------------------------
 */

/* Where in a block numbers in a floating format stand: so many bytes each (1: an exponent alone),
 * none where these bits are all set. */
static const struct floats {
    uint32_t ones;
    uint8_t bytes, n, at[2];
} floats_of[VD_TYPE_COUNT] = {
    [VD_F32] = {0x7f800000, 4, 1, {0}}, [VD_F16] = {0x7c00, 2, 1, {0}},
    [VD_BF16] = {0x7f80, 2, 1, {0}},    [VD_Q8_0] = {0x7c00, 2, 1, {0}},
    [VD_Q4_0] = {0x7c00, 2, 1, {0}},    [VD_Q4_1] = {0x7c00, 2, 2, {0, 2}},
    [VD_Q5_0] = {0x7c00, 2, 1, {0}},    [VD_Q5_1] = {0x7c00, 2, 2, {0, 2}},
    [VD_Q4_K] = {0x7c00, 2, 2, {0, 2}}, [VD_Q5_K] = {0x7c00, 2, 2, {0, 2}},
    [VD_Q6_K] = {0x7c00, 2, 1, {208}},  [VD_Q2_K] = {0x7c00, 2, 2, {80, 82}},
    [VD_Q3_K] = {0x7c00, 2, 1, {108}},  [VD_IQ4_NL] = {0x7c00, 2, 1, {0}},
    [VD_IQ4_XS] = {0x7c00, 2, 1, {0}},  [VD_MXFP4] = {0xff, 1, 1, {0}},
};

static bool bad_at(const struct floats *f, const unsigned char *block) {
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t bits = 0;
        memcpy(&bits, block + f->at[i], f->bytes);
        if ((bits & f->ones) == f->ones) return true;
    }
    return false;
}

/* Loops without a way out, which compilers make wide: plain numbers are most of what is read. */
static bool any_bad32(const unsigned char *at, uint64_t n, uint32_t ones) {
    uint32_t any = 0, bits;
    for (uint64_t i = 0; i < n; i++) {
        memcpy(&bits, at + 4 * i, sizeof bits);
        any |= (bits & ones) == ones;
    }
    return any;
}

static bool any_bad16(const unsigned char *at, uint64_t n, uint16_t ones) {
    uint16_t any = 0, bits;
    for (uint64_t i = 0; i < n; i++) {
        memcpy(&bits, at + 2 * i, sizeof bits);
        any |= (bits & ones) == ones;
    }
    return any;
}

uint64_t format_first_bad(enum vd_type type, const void *blocks, uint64_t n) {
    const struct floats *f = &floats_of[type];
    const uint64_t bytes = vd_formats[type].bytes;
    if (type == VD_F32 && !any_bad32(blocks, n, f->ones)) return n;
    if (bytes == 2 && f->n && !any_bad16(blocks, n, (uint16_t)f->ones)) return n;
    const unsigned char *block = blocks;
    for (uint64_t b = 0; b < n; b++, block += bytes)
        if (bad_at(f, block)) return b;
    return n;
}
