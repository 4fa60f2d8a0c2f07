/* Rows that one binding cannot hold are worked on in parts: with the device's limit made small the
 * same numbers come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"

enum {
    ROWS = 300,
    IN = 32,
    OUT = 40,
    X_STRIDE = 36,
    ADD_STRIDE = 44,
    Y_STRIDE = 48,
    SMALL = 20000
};

static struct vd_ctx ctx;
static struct gpu *gpu;

static struct vd_span filled(uint64_t count, uint32_t seed) {
    struct gpu_buffer *buffer;
    float *numbers = malloc(count * sizeof *numbers);
    assert_non_null(numbers);
    for (uint64_t i = 0; i < count; i++)
        numbers[i] = (float)((i * 2654435761u + seed) >> 8 & 0xFFFF) / 65536 - 0.5f;
    const uint64_t bytes = count * sizeof *numbers;
    assert_int_equal(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "numbers", &buffer), VIDI_OK);
    assert_int_equal(gpu_upload(gpu, span_of(buffer, 0, bytes), numbers, bytes), VIDI_OK);
    free(numbers);
    return span_of(buffer, 0, bytes);
}

static void run(void (*append)(struct gpu_list *, const void *), const void *op, struct vd_span y,
                float *out, uint32_t *dispatches) {
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    append(&list, op);
    if (gpu_program_record(&list, "parts", &p) != VIDI_OK) fail_msg("%s", ctx.error);
    *dispatches = gpu_program_dispatches(p);
    assert_int_equal(gpu_run(p), VIDI_OK);
    assert_int_equal(gpu_download(gpu, out, y, y.bytes), VIDI_OK);
    gpu_program_free(gpu, p);
    gpu_list_close(&list);
}

/* At once and in five parts of 64 rows; y is filled anew in between, also between its rows. */
static void same(void (*append)(struct gpu_list *, const void *), const void *op,
                 struct vd_span y) {
    struct gpu_caps *caps = (struct gpu_caps *)gpu_caps(gpu);
    const uint64_t max = caps->max_range;
    float *whole = malloc(y.bytes), *parts = malloc(y.bytes), *before = malloc(y.bytes);
    uint32_t n;
    assert_true(whole && parts && before);
    assert_int_equal(gpu_download(gpu, before, y, y.bytes), VIDI_OK);
    run(append, op, y, whole, &n);
    assert_int_equal(n, 1);
    assert_int_equal(gpu_upload(gpu, y, before, y.bytes), VIDI_OK);
    caps->max_range = SMALL;
    run(append, op, y, parts, &n);
    caps->max_range = max;
    assert_int_equal(n, 5);
    assert_true(memcmp(whole, before, y.bytes) != 0);
    for (uint64_t i = 0; i < y.bytes / sizeof *parts; i++)
        assert_float_equal(parts[i], whole[i], 1e-5); /* a part may go to another kernel */
    free(whole);
    free(parts);
    free(before);
}

static void linear(struct gpu_list *list, const void *op) { op_linear(list, op); }
static void rows(struct gpu_list *list, const void *op) { op_rows(list, op); }

static void products(void **state) {
    (void)state;
    const struct weight w = {.form = FORM_F32, .rows = OUT, .cols = IN, .q = filled(OUT * IN, 1)};
    const struct op_linear op = {.x = filled((ROWS - 1) * X_STRIDE + IN, 2),
                                 .add = filled((ROWS - 1) * ADD_STRIDE + OUT, 3),
                                 .y = filled((ROWS - 1) * Y_STRIDE + OUT, 4),
                                 .w = &w,
                                 .rows = ROWS,
                                 .x_stride = X_STRIDE,
                                 .y_stride = Y_STRIDE,
                                 .add_stride = ADD_STRIDE};
    same(linear, &op, op.y);
}

static void copies(void **state) {
    (void)state;
    const struct op_rows op = {.x = filled((ROWS - 1) * X_STRIDE + IN, 5),
                               .y = filled((ROWS - 1) * Y_STRIDE + IN, 6),
                               .rows = ROWS,
                               .cols = IN,
                               .limit = ROWS,
                               .x_stride = X_STRIDE,
                               .y_stride = Y_STRIDE};
    same(rows, &op, op.y);
}

static int open_device(void **state) {
    (void)state;
    return gpu_open(&ctx, &(struct gpu_config){0}, &gpu) == VIDI_OK ? 0 : -1;
}

static int close_device(void **state) {
    (void)state;
    if (gpu) gpu_close(gpu);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(products), cmocka_unit_test(copies)};
    return cmocka_run_group_tests(tests, open_device, close_device);
}
