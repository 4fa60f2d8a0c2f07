#include "ops/weight.h"

#include <string.h>

#include "ops/ref/dequant.h"

enum weight_form weight_form_of(enum vd_type type) {
    static const enum weight_form forms[VD_TYPE_COUNT] = {
        [VD_F32] = FORM_F32,    [VD_F16] = FORM_F16,    [VD_BF16] = FORM_BF16,
        [VD_Q8_0] = FORM_Q8_0,  [VD_Q4_0] = FORM_Q4_0,  [VD_Q4_1] = FORM_Q4_1,
        [VD_Q5_0] = FORM_Q5_0,  [VD_Q5_1] = FORM_Q5_1,  [VD_Q4_K] = FORM_Q4_1,
        [VD_Q5_K] = FORM_Q5_1,  [VD_Q6_K] = FORM_Q6,    [VD_Q2_K] = FORM_Q2,
        [VD_Q3_K] = FORM_Q6,    [VD_IQ4_NL] = FORM_IQ4, [VD_IQ4_XS] = FORM_IQ4,
        [VD_MXFP4] = FORM_Q5_0, [VD_I8] = FORM_COUNT,   [VD_I16] = FORM_COUNT,
        [VD_I32] = FORM_COUNT,  [VD_I64] = FORM_COUNT,  [VD_F64] = FORM_COUNT,
    };
    return type >= 0 && type < VD_TYPE_COUNT ? forms[type] : FORM_COUNT;
}

static const struct {
    const char *name;
    uint8_t q, h, s; /* bytes per 32 elements */
} forms[FORM_COUNT] = {
    [FORM_F32] = {"f32", 128, 0, 0},  [FORM_F16] = {"f16", 64, 0, 0},
    [FORM_BF16] = {"bf16", 64, 0, 0}, [FORM_Q8_0] = {"q8_0", 32, 0, 2},
    [FORM_Q4_0] = {"q4_0", 16, 0, 2}, [FORM_Q4_1] = {"q4_1", 16, 0, 4},
    [FORM_Q5_0] = {"q5_0", 16, 4, 2}, [FORM_Q5_1] = {"q5_1", 16, 4, 4},
    [FORM_Q6] = {"q6", 16, 8, 4},     [FORM_IQ4] = {"iq4", 16, 0, 2},
    [FORM_Q2] = {"q2", 16, 0, 8},
};

/* Sizes stay below 2^32: cols was bounded when its file was read. */
static uint32_t row_bytes(uint32_t per_32, uint32_t cols) {
    const uint64_t bytes = ((uint64_t)cols * per_32 + 31) / 32;
    return (uint32_t)((bytes + 15) & ~(uint64_t)15);
}

struct weight_layout weight_layout(enum weight_form form, uint32_t cols) {
    return (struct weight_layout){forms[form].name, row_bytes(forms[form].q, cols),
                                  row_bytes(forms[form].h, cols), row_bytes(forms[form].s, cols)};
}

static void put_scales(enum weight_form form, const struct dequant_block *b, uint16_t *s) {
    s[0] = f32_to_f16((float)b->d[0]);
    if (form == FORM_Q6) s[1] = f32_to_f16((float)b->d[1]);
    if (form == FORM_Q4_1 || form == FORM_Q5_1 || form == FORM_Q2)
        s[1] = f32_to_f16((float)b->m[0]);
    if (form != FORM_Q2) return;
    s[2] = f32_to_f16((float)b->d[1]);
    s[3] = f32_to_f16((float)b->m[1]);
}

static void put_nibbles(const uint8_t *code, uint8_t *q) {
    for (int j = 0; j < 16; j++) q[j] = (uint8_t)((code[j] & 15) | (code[j + 16] & 15) << 4);
}

/* The bits above the nibble, `n` of each code, element j at bit n * j. */
static void put_high(const uint8_t *code, int n, uint32_t *h) {
    for (int word = 0; word < n; word++) h[word] = 0;
    for (int j = 0; j < 32; j++) h[j * n / 32] |= (uint32_t)(code[j] >> 4) << (j * n % 32);
}

static void repack_block(enum weight_form form, const struct dequant_block *b, uint32_t i,
                         uint8_t *q, uint8_t *h, uint8_t *s) {
    put_scales(form, b, (uint16_t *)(void *)(s + (size_t)i * forms[form].s));
    uint8_t *to = q + (size_t)i * forms[form].q;
    if (form == FORM_Q8_0) {
        memcpy(to, b->code, 32);
        return;
    }
    put_nibbles(b->code, to);
    const int high = forms[form].h / 4;
    if (high) put_high(b->code, high, (uint32_t *)(void *)(h + (size_t)i * forms[form].h));
}

static void repack_row(enum vd_type type, const uint8_t *src, uint32_t cols, uint8_t *q, uint8_t *h,
                       uint8_t *s) {
    const enum weight_form form = weight_form_of(type);
    if (form <= FORM_BF16) {
        memcpy(q, src, (size_t)cols * vd_formats[type].bytes);
        return;
    }
    for (uint32_t i = 0; i < cols / 32; i++) {
        struct dequant_block b;
        dequant_block(type, src, i, &b);
        repack_block(form, &b, i, q, h, s);
    }
}

void weight_repack(enum vd_type type, const void *src, uint32_t rows, uint32_t cols, void *q,
                   void *h, void *s) {
    const struct weight_layout to = weight_layout(weight_form_of(type), cols);
    const size_t from = (size_t)(cols / vd_formats[type].block) * vd_formats[type].bytes;
    uint8_t *qs = q, *hs = h, *ss = s;
    memset(qs, 0, (size_t)rows * to.q);
    if (to.h) memset(hs, 0, (size_t)rows * to.h);
    if (to.s) memset(ss, 0, (size_t)rows * to.s);
    for (uint32_t r = 0; r < rows; r++) {
        repack_row(type, (const uint8_t *)src + r * from, cols, qs, hs, ss);
        qs += to.q, hs = to.h ? hs + to.h : hs, ss = to.s ? ss + to.s : ss;
    }
}
