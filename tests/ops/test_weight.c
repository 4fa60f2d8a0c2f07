/* Formats of weights: values against those of the gguf package, and repacking into planes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ops/weight.h"

enum { ROWS = 2, COLS = 512 };

static const struct {
    enum vd_type type;
    const char *file;
    double tolerance; /* relative to the row's largest value, of what the planes hold */
} formats[] = {
    {VD_F16, "f16", 0},         {VD_BF16, "bf16", 0},           {VD_Q8_0, "q8_0", 0},
    {VD_Q4_0, "q4_0", 0},       {VD_Q4_1, "q4_1", 0},           {VD_Q5_0, "q5_0", 0},
    {VD_Q5_1, "q5_1", 0},       {VD_Q4_K, "q4_k", 0x1p-10},     {VD_Q5_K, "q5_k", 0x1p-10},
    {VD_Q6_K, "q6_k", 0x1p-10}, {VD_Q2_K, "q2_k", 0x1p-10},     {VD_Q3_K, "q3_k", 0x1p-10},
    {VD_IQ4_NL, "iq4_nl", 0},   {VD_IQ4_XS, "iq4_xs", 0x1p-10}, {VD_MXFP4, "mxfp4", 0},
};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static void load(int i, uint8_t *data, uint64_t *bytes, float *values) {
    char path[256];
    snprintf(path, sizeof path, "tests/ops/data/dequant_%s.bin", formats[i].file);
    assert_true(format_bytes(formats[i].type, ROWS, COLS, bytes));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(data, 1, *bytes, f), *bytes);
    assert_int_equal(fread(values, 4, ROWS * COLS, f), ROWS * COLS);
    assert_int_equal(fgetc(f), EOF);
    fclose(f);
}

/* f32 rounding only: the package multiplies in single precision too. */
static void dequant_row_gives_the_formats_values(void **state) {
    (void)state;
    static uint8_t data[ROWS * COLS * 4];
    static float want[ROWS * COLS], got[COLS];
    for (int i = 0; i < N_FORMATS; i++) {
        uint64_t bytes;
        load(i, data, &bytes, want);
        for (int r = 0; r < ROWS; r++) {
            dequant_row(formats[i].type, data + r * bytes / ROWS, COLS, got);
            for (int c = 0; c < COLS; c++) {
                const float w = want[r * COLS + c];
                if (fabsf(got[c] - w) > 4e-7f * (fabsf(w) + 1.0f))
                    fail_msg("%s row %d col %d: %g, want %g", formats[i].file, r, c, got[c], w);
            }
        }
    }
}

static double largest(const float *row) {
    double top = 0;
    for (int c = 0; c < COLS; c++) top = fmax(top, fabs(row[c]));
    return top;
}

/* Exact for all but the K formats, whose scales are rounded to f16; planes padded by 0xee behind.
 */
static void planes_hold_what_the_file_holds(void **state) {
    (void)state;
    static uint8_t data[ROWS * COLS * 4], q[ROWS * COLS * 4 + 16], h[ROWS * COLS + 16],
        s[ROWS * COLS + 16];
    static float values[ROWS * COLS], want[COLS], got[COLS];
    for (int i = 0; i < N_FORMATS; i++) {
        uint64_t bytes;
        load(i, data, &bytes, values);
        const enum weight_form form = weight_form_of(formats[i].type);
        const struct weight_layout at = weight_layout(form, COLS);
        assert_int_equal((at.q | at.h | at.s) % 16, 0);
        memset(q, 0xee, sizeof q), memset(h, 0xee, sizeof h), memset(s, 0xee, sizeof s);
        weight_repack(formats[i].type, data, ROWS, COLS, q, at.h ? h : NULL, at.s ? s : NULL);
        assert_int_equal(q[ROWS * at.q], 0xee);
        assert_int_equal(h[ROWS * at.h], 0xee);
        assert_int_equal(s[ROWS * at.s], 0xee);
        for (int r = 0; r < ROWS; r++) {
            dequant_row(formats[i].type, data + r * bytes / ROWS, COLS, want);
            weight_row(form, q + r * at.q, h + r * at.h, s + r * at.s, COLS, got);
            const double allowed = formats[i].tolerance * largest(want);
            for (int c = 0; c < COLS; c++)
                if (!(fabs((double)got[c] - want[c]) <= allowed))
                    fail_msg("%s row %d col %d: %g, want %g", formats[i].file, r, c, got[c],
                             want[c]);
        }
    }
}

/* A twin with one bit of one code flipped must differ, in every format. */
static void a_flipped_bit_shows(void **state) {
    (void)state;
    static uint8_t data[ROWS * COLS * 4];
    static float values[ROWS * COLS], got[COLS];
    for (int i = 0; i < N_FORMATS; i++) {
        uint64_t bytes;
        load(i, data, &bytes, values);
        data[bytes / ROWS / 2 + 24] ^= 2;
        dequant_row(formats[i].type, data, COLS, got);
        assert_memory_not_equal(got, values, sizeof got);
    }
}

static void rows_start_on_16_bytes_for_odd_widths(void **state) {
    (void)state;
    assert_int_equal(weight_layout(FORM_F32, 1).q, 16);
    assert_int_equal(weight_layout(FORM_F16, 9).q, 32);
    assert_int_equal(weight_layout(FORM_Q4_1, 576).q, 288);
    assert_int_equal(weight_layout(FORM_Q4_1, 576).s, 80);
    assert_int_equal(weight_layout(FORM_Q6, 32).h, 16);
    assert_int_equal(weight_form_of(VD_I32), FORM_COUNT);
    assert_int_equal(weight_form_of(VD_TYPE_NONE), FORM_COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dequant_row_gives_the_formats_values),
        cmocka_unit_test(planes_hold_what_the_file_holds),
        cmocka_unit_test(a_flipped_bit_shows),
        cmocka_unit_test(rows_start_on_16_bytes_for_odd_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
