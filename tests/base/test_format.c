/* Number formats: every half, every place where a float is rounded to one, and the sizes of blocks.
 * The reference is the definition of the formats in double arithmetic. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/format.h"

static uint32_t bits_of(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The magnitude that the lower 15 bits of a half mean; the one after the largest would be 2^16. */
static double half_value(uint32_t h) {
    const int exponent = (int)(h >> 10), mantissa = (int)(h & 1023);
    return exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
}

static void test_every_half(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        const float f = f16_to_f32((uint16_t)h);
        const uint32_t mag = h & 0x7fff;
        assert_int_equal(bits_of(f) >> 31, h >> 15);
        if (mag > 0x7c00) {
            assert_true(isnan(f));
            const uint16_t back = f32_to_f16(f);
            assert_true((back & 0x7fff) > 0x7c00 && back >> 15 == h >> 15);
            continue;
        }
        if (mag == 0x7c00)
            assert_true(isinf(f));
        else
            assert_true((double)fabsf(f) == half_value(mag));
        assert_int_equal(f32_to_f16(f), h);
    }
}

/* Between every two neighbours: the middle goes to the even one, the floats beside it to the nearer
 * one. All middles are exact floats. */
static void test_every_rounding(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x7c00; h++)
        for (uint32_t sign = 0; sign < 2; sign++) {
            const double middle = (half_value(h) + half_value(h + 1)) / 2;
            const uint32_t bits = bits_of((float)middle) | sign << 31, s = sign << 15;
            assert_true((double)(float)middle == middle);
            assert_int_equal(f32_to_f16(float_of(bits - 1)), s | h);
            assert_int_equal(f32_to_f16(float_of(bits)), s | (h + (h & 1)));
            assert_int_equal(f32_to_f16(float_of(bits + 1)), s | (h + 1));
            const uint32_t next = bits_of((float)half_value(h + 1)) | sign << 31;
            assert_int_equal(f32_to_f16(float_of(next - 1)), s | (h + 1));
            assert_int_equal(f32_to_f16(float_of(next + 1)), s | (h + 1));
        }
}

static void test_half_extremes(void **state) {
    (void)state;
    assert_int_equal(f32_to_f16(0.0f), 0);
    assert_int_equal(f32_to_f16(-0.0f), 0x8000);
    assert_int_equal(f32_to_f16(float_of(1)), 0); /* the smallest float */
    assert_int_equal(f32_to_f16(float_of(0x80000001)), 0x8000);
    assert_int_equal(f32_to_f16(65519.996f), 0x7bff);
    assert_int_equal(f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(f32_to_f16(-3e38f), 0xfc00);
    assert_int_equal(f32_to_f16(INFINITY), 0x7c00);
    assert_int_equal(f32_to_f16(-INFINITY), 0xfc00);
    static const uint32_t nans[] = {0x7f800001, 0x7fc00000, 0x7fffffff,
                                    0xff800001, 0xffffffff, 0x7f801fff};
    for (int i = 0; i < 6; i++) {
        const uint16_t h = f32_to_f16(float_of(nans[i])), b = f32_to_bf16(float_of(nans[i]));
        assert_true((h & 0x7fff) > 0x7c00 && h >> 15 == nans[i] >> 31);
        assert_true((b & 0x7fff) > 0x7f80 && b >> 15 == nans[i] >> 31);
    }
}

static void test_every_bf16(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        const uint32_t mag = h & 0x7fff;
        if (mag <= 0x7f80) {
            assert_int_equal(bits_of(bf16_to_f32((uint16_t)h)), h << 16);
            assert_int_equal(f32_to_bf16(bf16_to_f32((uint16_t)h)), h);
        } else {
            assert_true(isnan(bf16_to_f32((uint16_t)h)));
            assert_true((f32_to_bf16(bf16_to_f32((uint16_t)h)) & 0x7fff) > 0x7f80);
        }
        if (mag >= 0x7f80) continue;
        assert_int_equal(f32_to_bf16(float_of(h << 16 | 0x7fff)), h);
        assert_int_equal(f32_to_bf16(float_of(h << 16 | 0x8000)), h + (h & 1));
        assert_int_equal(f32_to_bf16(float_of(h << 16 | 0x8001)), h + 1);
        assert_int_equal(f32_to_bf16(float_of(h << 16 | 0xffff)), h + 1);
    }
}

static void test_table(void **state) {
    (void)state;
    static const struct {
        enum vd_type type;
        const char *name;
        uint32_t id, block, bytes;
    } want[] = {{VD_F32, "f32", 0, 1, 4},
                {VD_F16, "f16", 1, 1, 2},
                {VD_Q4_0, "q4_0", 2, 32, 2 + 16},
                {VD_Q4_1, "q4_1", 3, 32, 4 + 16},
                {VD_Q5_0, "q5_0", 6, 32, 2 + 4 + 16},
                {VD_Q5_1, "q5_1", 7, 32, 4 + 4 + 16},
                {VD_Q8_0, "q8_0", 8, 32, 2 + 32},
                {VD_Q4_K, "q4_K", 12, 256, 4 + 12 + 128},
                {VD_Q5_K, "q5_K", 13, 256, 4 + 12 + 32 + 128},
                {VD_Q6_K, "q6_K", 14, 256, 128 + 64 + 16 + 2},
                {VD_Q2_K, "q2_K", 10, 256, 16 + 64 + 4},
                {VD_Q3_K, "q3_K", 11, 256, 32 + 64 + 12 + 2},
                {VD_IQ4_NL, "iq4_nl", 20, 32, 2 + 16},
                {VD_IQ4_XS, "iq4_xs", 23, 256, 2 + 2 + 4 + 128},
                {VD_MXFP4, "mxfp4", 39, 32, 1 + 16},
                {VD_I8, "i8", 24, 1, 1},
                {VD_I16, "i16", 25, 1, 2},
                {VD_I32, "i32", 26, 1, 4},
                {VD_I64, "i64", 27, 1, 8},
                {VD_F64, "f64", 28, 1, 8},
                {VD_BF16, "bf16", 30, 1, 2}};
    assert_int_equal(sizeof want / sizeof *want, VD_TYPE_COUNT);
    uint32_t known = 0;
    for (int i = 0; i < VD_TYPE_COUNT; i++) {
        const struct vd_format *f = &vd_formats[want[i].type];
        assert_string_equal(f->name, want[i].name);
        assert_int_equal(f->gguf_id, want[i].id);
        assert_int_equal(f->block, want[i].block);
        assert_int_equal(f->bytes, want[i].bytes);
        assert_int_equal(format_of_gguf(want[i].id), want[i].type);
    }
    for (uint32_t id = 0; id < 1000; id++) known += format_of_gguf(id) != VD_TYPE_NONE;
    assert_int_equal(known, VD_TYPE_COUNT);
    assert_int_equal(format_of_gguf(UINT32_MAX), VD_TYPE_NONE);
}

static void test_bytes(void **state) {
    (void)state;
    uint64_t bytes = 77;
    assert_true(format_bytes(VD_Q4_0, 3, 64, &bytes) && bytes == 108);
    assert_true(format_bytes(VD_F32, 5, 7, &bytes) && bytes == 140);
    assert_true(format_bytes(VD_F32, 0, 7, &bytes) && bytes == 0);
    bytes = 77;
    assert_false(format_bytes(VD_Q4_0, 3, 63, &bytes));
    assert_false(format_bytes(VD_Q6_K, 1, 128, &bytes));
    assert_false(format_bytes(VD_F32, 1, UINT64_C(1) << 62, &bytes));
    assert_false(format_bytes(VD_F16, UINT64_C(1) << 32, UINT64_C(1) << 31, &bytes));
    assert_false(format_bytes(VD_Q4_0, 1, UINT64_MAX - 31, &bytes) &&
                 bytes != (UINT64_MAX / 32) * 18);
    assert_true(format_bytes(VD_F16, UINT64_C(1) << 31, UINT64_C(1) << 31, &bytes) &&
                bytes == UINT64_C(1) << 63);
}

/* Three blocks of zeros; then a NaN or an infinity where each type keeps its numbers. */
static void test_first_bad(void **state) {
    (void)state;
    static const struct {
        enum vd_type type;
        uint8_t n, at[2], bytes;
    } where[] = {{VD_F32, 1, {0}, 4},     {VD_F16, 1, {0}, 2},     {VD_BF16, 1, {0}, 2},
                 {VD_Q8_0, 1, {0}, 2},    {VD_Q4_0, 1, {0}, 2},    {VD_Q4_1, 2, {0, 2}, 2},
                 {VD_Q5_0, 1, {0}, 2},    {VD_Q5_1, 2, {0, 2}, 2}, {VD_Q4_K, 2, {0, 2}, 2},
                 {VD_Q5_K, 2, {0, 2}, 2}, {VD_Q6_K, 1, {208}, 2},  {VD_Q2_K, 2, {80, 82}, 2},
                 {VD_Q3_K, 1, {108}, 2},  {VD_IQ4_NL, 1, {0}, 2},  {VD_IQ4_XS, 1, {0}, 2},
                 {VD_MXFP4, 1, {0}, 1}};
    for (size_t i = 0; i < sizeof where / sizeof *where; i++)
        for (uint32_t place = 0; place < where[i].n; place++)
            for (uint32_t b = 0; b < 3; b++) {
                unsigned char blocks[3 * 256] = {0};
                const uint32_t bytes = vd_formats[where[i].type].bytes;
                assert_int_equal(format_first_bad(where[i].type, blocks, 3), 3);
                unsigned char *at = blocks + b * bytes + where[i].at[place];
                memset(at, 0xff, where[i].bytes); /* a NaN of any format */
                assert_int_equal(format_first_bad(where[i].type, blocks, 3), b);
                assert_int_equal(format_first_bad(where[i].type, blocks, b), b);
            }
    const float large[2] = {3.4e38f, -3.4e38f}, infinite[2] = {0, -INFINITY};
    assert_int_equal(format_first_bad(VD_F32, large, 2), 2);
    assert_int_equal(format_first_bad(VD_F32, infinite, 2), 1);
    const uint16_t halves[3] = {0x7bff, 0xfbff, 0xfc00};
    assert_int_equal(format_first_bad(VD_F16, halves, 3), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half),    cmocka_unit_test(test_every_rounding),
        cmocka_unit_test(test_half_extremes), cmocka_unit_test(test_every_bf16),
        cmocka_unit_test(test_table),         cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_first_bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
