#include "ops/ref/dequant.h"

#include <math.h>
#include <string.h>

static double half_at(const uint8_t *at) {
    uint16_t bits;
    memcpy(&bits, at, 2);
    return f16_to_f32(bits);
}

static uint32_t word_at(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

static void take_nibbles(const uint8_t *q, uint8_t *code) {
    for (int j = 0; j < 16; j++) code[j] = q[j] & 15, code[j + 16] = q[j] >> 4;
}

static void take_fifth(uint32_t high, uint8_t *code) {
    for (int j = 0; j < 32; j++) code[j] |= (uint8_t)((high >> j & 1) << 4);
}

static void block_q8_0(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    (void)part;
    b->d[0] = b->d[1] = half_at(at);
    b->is_signed = true;
    memcpy(b->code, at + 2, 32);
}

static void block_q4_0(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    (void)part;
    b->d[0] = b->d[1] = half_at(at);
    b->zero = 8;
    take_nibbles(at + 2, b->code);
}

static void block_q4_1(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    (void)part;
    b->d[0] = b->d[1] = half_at(at);
    b->m[0] = b->m[1] = half_at(at + 2);
    take_nibbles(at + 4, b->code);
}

static void block_q5_0(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    (void)part;
    b->d[0] = b->d[1] = half_at(at);
    b->zero = 16;
    take_nibbles(at + 6, b->code);
    take_fifth(word_at(at + 2), b->code);
}

static void block_q5_1(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    (void)part;
    b->d[0] = b->d[1] = half_at(at);
    b->m[0] = b->m[1] = half_at(at + 2);
    take_nibbles(at + 8, b->code);
    take_fifth(word_at(at + 4), b->code);
}

/* Six bits each of scale and minimum of sub-block `part`, 12 bytes for eight of both. */
static void scale_and_min(const uint8_t *p, uint32_t part, int *scale, int *min) {
    if (part < 4) {
        *scale = p[part] & 63, *min = p[part + 4] & 63;
        return;
    }
    *scale = (p[part + 4] & 15) | (p[part - 4] >> 6) << 4;
    *min = p[part + 4] >> 4 | (p[part] >> 6) << 4;
}

static void block_k_scales(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    int scale, min;
    scale_and_min(at + 4, part, &scale, &min);
    b->d[0] = b->d[1] = half_at(at) * scale;
    b->m[0] = b->m[1] = -half_at(at + 2) * min;
}

/* Two sub-blocks share 32 bytes: the even one has the low nibbles. */
static void take_k_nibbles(const uint8_t *q, uint32_t part, uint8_t *code) {
    for (int j = 0; j < 32; j++) code[j] = q[part / 2 * 32 + (uint32_t)j] >> (part % 2 * 4) & 15;
}

static void block_q4_k(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    block_k_scales(at, part, b);
    take_k_nibbles(at + 16, part, b->code);
}

static void block_q5_k(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    block_k_scales(at, part, b);
    take_k_nibbles(at + 48, part, b->code);
    for (int j = 0; j < 32; j++) b->code[j] |= (uint8_t)((at[16 + j] >> part & 1) << 4);
}

/* Halves of 128 elements: 64 bytes of low nibbles, 32 bytes of high pairs, 8 scales. */
static void block_q6_k(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    const uint32_t half = part / 4, quarter = part % 4;
    const uint8_t *low = at + half * 64 + quarter % 2 * 32, *high = at + 128 + half * 32;
    const int8_t *scale = (const int8_t *)at + 192 + part * 2;
    for (int j = 0; j < 32; j++)
        b->code[j] =
            (uint8_t)((low[j] >> (quarter / 2 * 4) & 15) | (high[j] >> (quarter * 2) & 3) << 4);
    b->d[0] = half_at(at + 208) * scale[0], b->d[1] = half_at(at + 208) * scale[1];
    b->zero = 32;
}

/* Codes of 16 bytes' pairs, halves of 128 elements; four bits each of a scale and a minimum. */
static void block_q2_k(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    const uint8_t *scales = at + 2 * part, *q = at + 16 + part / 4 * 32;
    for (int j = 0; j < 32; j++) b->code[j] = q[j] >> (part % 4 * 2) & 3;
    for (int i = 0; i < 2; i++) {
        b->d[i] = half_at(at + 80) * (scales[i] & 15);
        b->m[i] = -half_at(at + 82) * (scales[i] >> 4);
    }
}

/* Six bits of a scale: four in the first eight bytes, two in the last four. */
static int q3_scale(const uint8_t *p, uint32_t i) {
    return ((p[i % 8] >> (i / 8 * 4) & 15) | (p[8 + i % 4] >> (i / 4 * 2) & 3) << 4) - 32;
}

static void block_q3_k(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    const uint8_t *q = at + 32 + part / 4 * 32;
    for (int j = 0; j < 32; j++)
        b->code[j] = (uint8_t)(28 + (q[j] >> (part % 4 * 2) & 3) + (at[j] >> part & 1) * 4);
    for (uint32_t i = 0; i < 2; i++) b->d[i] = half_at(at + 108) * q3_scale(at + 96, 2 * part + i);
    b->zero = 32;
}

static const int8_t iq4_steps[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                     1,    13,   25,  38,  53,  69,  89,  113};

static void block_iq4_nl(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    (void)part;
    b->d[0] = b->d[1] = half_at(at);
    b->steps = iq4_steps;
    take_nibbles(at + 2, b->code);
}

static void block_iq4_xs(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    const int low = at[4 + part / 2] >> (part % 2 * 4) & 15;
    const int high = (at[2] | at[3] << 8) >> (2 * part) & 3;
    b->d[0] = b->d[1] = half_at(at) * ((low | high << 4) - 32);
    b->steps = iq4_steps;
    take_nibbles(at + 8 + 16 * part, b->code);
}

/* A power of two, then four-bit floats: a sign and twice 0, 0.5, 1, 1.5, 2, 3, 4, 6. */
static void block_mxfp4(const uint8_t *at, uint32_t part, struct dequant_block *b) {
    static const uint8_t twice[8] = {0, 1, 2, 3, 4, 6, 8, 12};
    (void)part;
    b->d[0] = b->d[1] = ldexp(1, at[0] - 128);
    b->zero = 16;
    take_nibbles(at + 1, b->code);
    for (int j = 0; j < 32; j++) {
        const int size = twice[b->code[j] & 7];
        b->code[j] = (uint8_t)(16 + (b->code[j] & 8 ? -size : size));
    }
}

void dequant_block(enum vd_type type, const uint8_t *row, uint32_t i, struct dequant_block *out) {
    static void (*const decode[VD_TYPE_COUNT])(const uint8_t *, uint32_t,
                                               struct dequant_block *) = {
        [VD_Q8_0] = block_q8_0,   [VD_Q4_0] = block_q4_0,     [VD_Q4_1] = block_q4_1,
        [VD_Q5_0] = block_q5_0,   [VD_Q5_1] = block_q5_1,     [VD_Q4_K] = block_q4_k,
        [VD_Q5_K] = block_q5_k,   [VD_Q6_K] = block_q6_k,     [VD_Q2_K] = block_q2_k,
        [VD_Q3_K] = block_q3_k,   [VD_IQ4_NL] = block_iq4_nl, [VD_IQ4_XS] = block_iq4_xs,
        [VD_MXFP4] = block_mxfp4,
    };
    const uint32_t parts = vd_formats[type].block / 32;
    *out = (struct dequant_block){0};
    decode[type](row + (size_t)(i / parts) * vd_formats[type].bytes, i % parts, out);
}

void dequant_planes(enum weight_form form, const void *q, const void *h, const void *s, uint32_t i,
                    struct dequant_block *out) {
    static const uint8_t zeros[FORM_COUNT] = {[FORM_Q4_0] = 8, [FORM_Q5_0] = 16, [FORM_Q6] = 32};
    const bool two_halves = form == FORM_Q4_1 || form == FORM_Q5_1 || form == FORM_Q6;
    const size_t scale_bytes = form == FORM_Q2 ? 8 : two_halves ? 4 : 2;
    const uint8_t *scale = (const uint8_t *)s + (size_t)i * scale_bytes;
    *out = (struct dequant_block){.zero = zeros[form], .is_signed = form == FORM_Q8_0};
    out->d[0] = half_at(scale);
    out->d[1] = form == FORM_Q6 ? half_at(scale + 2) : out->d[0];
    if (form == FORM_Q4_1 || form == FORM_Q5_1) out->m[0] = out->m[1] = half_at(scale + 2);
    if (form == FORM_IQ4) out->steps = iq4_steps;
    if (form == FORM_Q2) {
        out->m[0] = half_at(scale + 2);
        out->d[1] = half_at(scale + 4);
        out->m[1] = half_at(scale + 6);
    }
    if (form == FORM_Q8_0) {
        memcpy(out->code, (const uint8_t *)q + (size_t)i * 32, 32);
        return;
    }
    take_nibbles((const uint8_t *)q + (size_t)i * 16, out->code);
    if (form == FORM_Q5_0 || form == FORM_Q5_1)
        take_fifth(word_at((const uint8_t *)h + (size_t)i * 4), out->code);
    if (form != FORM_Q6) return;
    for (int j = 0; j < 32; j++) {
        const uint32_t word = word_at((const uint8_t *)h + (size_t)i * 8 + j / 16 * 4);
        out->code[j] |= (uint8_t)((word >> (2 * (j % 16)) & 3) << 4);
    }
}

static int code_of(const struct dequant_block *b, int j) {
    if (b->steps) return b->steps[b->code[j]];
    return b->is_signed ? (int8_t)b->code[j] : b->code[j] - b->zero;
}

double dequant_value(const struct dequant_block *b, int j) {
    return b->d[j / 16] * code_of(b, j) + b->m[j / 16];
}

double dequant_size(const struct dequant_block *b, int j) {
    return fabs(b->d[j / 16] * code_of(b, j)) + fabs(b->m[j / 16]);
}

/* f32, f16 and bf16 rows are the same in files and in planes. */
static void plain_row(enum weight_form form, const uint8_t *src, uint32_t cols, float *out) {
    if (form == FORM_F32) memcpy(out, src, (size_t)cols * 4);
    for (uint32_t i = 0; form != FORM_F32 && i < cols; i++) {
        uint16_t bits;
        memcpy(&bits, src + (size_t)i * 2, 2);
        out[i] = form == FORM_F16 ? f16_to_f32(bits) : bf16_to_f32(bits);
    }
}

void dequant_row(enum vd_type type, const void *src, uint32_t cols, float *out) {
    const enum weight_form form = weight_form_of(type);
    if (form <= FORM_BF16) {
        plain_row(form, src, cols, out);
        return;
    }
    for (uint32_t i = 0; i < cols / 32; i++) {
        struct dequant_block b;
        dequant_block(type, src, i, &b);
        for (int j = 0; j < 32; j++) *out++ = (float)dequant_value(&b, j);
    }
}

void weight_row(enum weight_form form, const void *q, const void *h, const void *s, uint32_t cols,
                float *out) {
    if (form <= FORM_BF16) {
        plain_row(form, q, cols, out);
        return;
    }
    for (uint32_t i = 0; i < cols / 32; i++) {
        struct dequant_block b;
        dequant_planes(form, q, h, s, i, &b);
        for (int j = 0; j < 32; j++) *out++ = (float)dequant_value(&b, j);
    }
}
