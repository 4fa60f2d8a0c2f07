/* Numbers that shaders and C know alike, and the resize coefficients that the host prepares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"

/* The number of `#define NAME number`, with or without the u of an unsigned one; -1: none. */
static long defined(const char *path, const char *name) {
    char line[256], format[80];
    long value = -1;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    snprintf(format, sizeof format, "#define %s %%ld", name);
    while (value < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, format, &value) != 1) value = -1;
    fclose(f);
    return value;
}

static void step_places(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t offset;
    } fields[] = {
        {"STEP_POSITION", offsetof(struct step, position)},
        {"STEP_ROWS", offsetof(struct step, rows)},
        {"STEP_COUNTER", offsetof(struct step, counter)},
        {"STEP_TOP_K", offsetof(struct step, top_k)},
        {"STEP_TEMPERATURE", offsetof(struct step, temperature)},
        {"STEP_TOP_P", offsetof(struct step, top_p)},
        {"STEP_MIN_P", offsetof(struct step, min_p)},
        {"STEP_SEED_LOW", offsetof(struct step, seed_low)},
        {"STEP_SEED_HIGH", offsetof(struct step, seed_high)},
        {"STEP_SPAN_FROM", offsetof(struct step, span_from)},
        {"STEP_SPAN_TO", offsetof(struct step, span_to)},
        {"STEP_LAG", offsetof(struct step, lag)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_int_equal(defined("shaders/common/step.glsl", fields[i].name), fields[i].offset / 4);
    assert_int_equal(defined("shaders/common/step.glsl", "TOKEN_RING"), TOKEN_RING);
    assert_int_equal(defined("shaders/common/step.glsl", "STEP_NONE_SUCH"), -1);
}

static void activation_numbers(void **state) {
    (void)state;
    static const char *const names[ACT_COUNT] = {
        [ACT_NONE] = "ACT_NONE",           [ACT_GELU] = "ACT_GELU",
        [ACT_GELU_TANH] = "ACT_GELU_TANH", [ACT_QUICK_GELU] = "ACT_QUICK_GELU",
        [ACT_SILU] = "ACT_SILU",           [ACT_RELU] = "ACT_RELU",
    };
    for (int i = 0; i < ACT_COUNT; i++)
        assert_int_equal(defined("shaders/common/act.glsl", names[i]), i);
}

/* Every row names inputs that exist, and its coefficients add up to one, but for the rounding of
 * each. */
static const int32_t *check_axis(const int32_t *row, uint32_t in, uint32_t out, uint32_t taps) {
    for (uint32_t i = 0; i < out; i++, row += 2 + taps) {
        assert_in_range(row[1], 1, taps);
        assert_true(row[0] >= 0 && (uint32_t)(row[0] + row[1]) <= in);
        int64_t sum = 0;
        for (uint32_t t = 0; t < taps; t++) {
            if (t >= (uint32_t)row[1]) assert_int_equal(row[2 + t], 0);
            sum += row[2 + t];
        }
        assert_true(llabs(sum - (1 << 22)) <= row[1] / 2 + 1);
    }
    return row;
}

static void coefficients(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1},     {1, 9},      {9, 1},      {7, 7},
                                        {224, 224}, {1000, 224}, {224, 1001}, {16384, 17}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int cubic = 0; cubic < 2; cubic++) {
            const uint32_t in = sizes[i][0], out = sizes[i][1];
            const struct op_image op = {.width = in,
                                        .out_w = out,
                                        .height = out,
                                        .out_h = in,
                                        .filter = cubic ? RESIZE_BICUBIC : RESIZE_BILINEAR};
            const uint64_t bytes = op_image_coeffs_bytes(&op), reach = cubic ? 2 : 1;
            int32_t *rows = malloc(bytes);
            assert_non_null(rows);
            op_image_coeffs(&op, rows);
            const uint64_t across = in > out ? (reach * in + out - 1) / out : reach;
            const uint64_t down = out > in ? (reach * out + in - 1) / in : reach;
            const int32_t *end = check_axis(rows, in, out, (uint32_t)across * 2 + 1);
            end = check_axis(end, out, in, (uint32_t)down * 2 + 1);
            assert_int_equal((const char *)end - (const char *)rows, bytes);
            free(rows);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_places),
        cmocka_unit_test(activation_numbers),
        cmocka_unit_test(coefficients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
