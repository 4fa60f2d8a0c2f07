/* What an op cannot do fails its list with words, and appends nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"

static struct vd_ctx ctx;
static struct gpu *gpu;
static struct gpu_buffer *buffer;

static int open_device(void **state) {
    (void)state;
    if (gpu_open(&ctx, &(struct gpu_config){0}, &gpu) != VIDI_OK) return 0;
    return gpu_buffer_new(gpu, 1 << 20, GPU_DEVICE, "any", &buffer) == VIDI_OK ? 0 : -1;
}

static int close_device(void **state) {
    (void)state;
    if (gpu) gpu_close(gpu);
    return 0;
}

static struct vd_span any(void) { return span_of(buffer, 0, 1 << 20); }

/* The op must fail with `status` and a message that holds `word`. */
static void expect(void (*append)(struct gpu_list *list, const void *op), const void *op,
                   const char *only, vidi_status status, const char *word) {
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    list.only = only;
    append(&list, op);
    assert_int_equal(list.status, status);
    assert_int_equal(list.n, 0);
    assert_non_null(strstr(ctx.error, word));
    append(&list, op); /* the failure stays */
    assert_int_equal(list.status, status);
    gpu_list_close(&list);
}

static void conv2d(struct gpu_list *list, const void *op) { op_conv2d(list, op); }
static void image(struct gpu_list *list, const void *op) { op_image(list, op); }
static void sample(struct gpu_list *list, const void *op) { op_sample(list, op); }
static void rope_kv(struct gpu_list *list, const void *op) { op_rope_kv(list, op); }
static void shuffle(struct gpu_list *list, const void *op) { op_shuffle(list, op); }
static void pool(struct gpu_list *list, const void *op) { op_pool(list, op); }
static void norm(struct gpu_list *list, const void *op) { op_norm(list, op); }
static void rows(struct gpu_list *list, const void *op) { op_rows(list, op); }

static void convolutions(void **state) {
    (void)state;
    if (!gpu) skip();
    const struct op_conv2d right = {.x = any(),
                                    .w = any(),
                                    .y = any(),
                                    .width = 8,
                                    .height = 8,
                                    .cin = 4,
                                    .cout = 6,
                                    .kw = 3,
                                    .kh = 3,
                                    .stride_x = 1,
                                    .stride_y = 1,
                                    .groups = 2};
    struct op_conv2d bad[7];
    for (int i = 0; i < 7; i++) bad[i] = right;
    bad[0].groups = 0;
    bad[1].groups = 4; /* of 6 outputs */
    bad[2].stride_x = 0;
    bad[3].kw = 9; /* wider than the picture */
    bad[4].kh = 0;
    bad[5].height = 0;
    bad[6].pad_x = UINT32_MAX / 2; /* twice that wraps */
    for (int i = 0; i < 7; i++) expect(conv2d, &bad[i], NULL, VIDI_E_ARGUMENT, "conv2d");
}

static void images(void **state) {
    (void)state;
    if (!gpu) skip();
    struct op_image right = {.rgb = any(),
                             .rows_u8 = any(),
                             .y = any(),
                             .width = 10,
                             .height = 10,
                             .stride = 32,
                             .out_w = 8,
                             .out_h = 8,
                             .canvas_w = 8,
                             .canvas_h = 8,
                             .patch = 4,
                             .std = {1, 1, 1}};
    right.coeffs = span_of(buffer, 0, op_image_coeffs_bytes(&right));
    struct op_image bad[11];
    for (int i = 0; i < 11; i++) bad[i] = right;
    bad[0].stride = 33; /* not whole words */
    bad[1].stride = 28; /* less than a row */
    bad[2].out_w = 0;
    bad[3].out_x = 1; /* over the edge of the canvas */
    bad[4].patch = 3; /* the canvas is no whole number of patches */
    bad[5].coeffs.bytes -= 4;
    bad[6].height = 0;
    bad[7].out_x = UINT32_MAX; /* the sum wraps */
    bad[8].rgb.bytes = 32 * 10 - 4;
    bad[9].rows_u8.bytes = 8 * 10 * 4 - 4;
    bad[10].y.bytes = 8 * 8 * 12 - 4;
    for (int i = 0; i < 11; i++) expect(image, &bad[i], NULL, VIDI_E_ARGUMENT, "image");
}

static void others(void **state) {
    (void)state;
    if (!gpu) skip();
    struct op_sample small = {
        .logits = any(), .ids = any(), .tokens = any(), .step = any(), .cols = 100};
    small.scratch = span_of(buffer, 0, op_sample_scratch_bytes(small.cols) - 4);
    expect(sample, &small, NULL, VIDI_E_ARGUMENT, "sample");
    const struct op_rope_kv odd = {.x = any(),
                                   .table = any(),
                                   .q = any(),
                                   .k_cache = any(),
                                   .v_cache = any(),
                                   .rows = 1,
                                   .heads = 1,
                                   .kv_heads = 1,
                                   .head_dim = 7,
                                   .rope_dim = 6,
                                   .cache_rows = 4};
    expect(rope_kv, &odd, NULL, VIDI_E_UNSUPPORTED, "7");
    expect(shuffle, &(struct op_shuffle){any(), any(), 4, 4, 4, 0}, NULL, VIDI_E_ARGUMENT,
           "factor");
    expect(pool, &(struct op_pool){any(), any(), 4, 4, 4, 0}, NULL, VIDI_E_ARGUMENT, "window");
    const struct op_norm plain = {.x = any(),
                                  .w = any(),
                                  .y = any(),
                                  .rows = 1,
                                  .cols = 4,
                                  .x_stride = 4,
                                  .y_stride = 4,
                                  .eps = 1};
    expect(norm, &plain, "no_such_kernel", VIDI_E_UNSUPPORTED, "no_such_kernel");
    expect(rows,
           &(struct op_rows){
               .x = any(), .y = any(), .rows = 1, .cols = 3, .scatter = true, .halves = true},
           NULL, VIDI_E_UNSUPPORTED, "pairs");
}

/* Nothing to do is no failure and no dispatch. */
static void nothing(void **state) {
    (void)state;
    if (!gpu) skip();
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    op_norm(&list, &(struct op_norm){.x = any(), .w = any(), .y = any(), .cols = 4, .eps = 1});
    op_act(&list, &(struct op_act){.a = any(), .y = any(), .cols = 4});
    op_add(&list, &(struct op_add){.a = any(), .b = any(), .y = any(), .cols = 4});
    op_rows(&list, &(struct op_rows){.x = any(), .y = any(), .cols = 4});
    op_softmax(&list, &(struct op_softmax){.x = any(), .y = any(), .cols = 4});
    op_pool(&list, &(struct op_pool){any(), any(), 3, 3, 4, 4});
    op_shuffle(&list, &(struct op_shuffle){any(), any(), 3, 3, 4, 4});
    assert_int_equal(list.status, VIDI_OK);
    assert_int_equal(list.n, 0);
    gpu_list_close(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(images),
        cmocka_unit_test(others),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
