/* The validation layer reports what it is there for; silence elsewhere then means something.
 * Without the layer there is nothing to show: the program says so and is skipped (77), or fails
 * where VIDI_TEST_VALIDATE says that there must be one. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <stdio.h>
#include <string.h>

#include "gpu/inside.h"

enum { SKIPPED = 77 };

/* Copies a to b and b to c; with `again`, then a to b once more. Returns the layer's messages. */
static uint64_t run_chain(const char *device, bool no_barriers, bool again) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const struct gpu_config cfg = {
        .device = device, .validate = true, .labels = true, .no_barriers = no_barriers};
    assert_int_equal(gpu_open(&l.ctx, &cfg, &gpu), VIDI_OK);
    struct vd_span s[3];
    for (int i = 0; i < 3; i++) {
        struct gpu_buffer *b;
        assert_int_equal(gpu_buffer_new(gpu, 4096, GPU_DEVICE, "link", &b), VIDI_OK);
        s[i] = span_of(b, 0, 4096);
    }
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    if (!again) list_copy(&list, s[0], s[1]);
    list_copy(&list, s[1], s[2]);
    if (again) list_copy(&list, s[0], s[1]);
    assert_int_equal(gpu_program_record(&list, "chain", &p), VIDI_OK);
    gpu_list_close(&list);
    assert_int_equal(gpu_run(p), VIDI_OK);
    assert_int_equal(gpu_run(p), VIDI_OK);
    const uint64_t n = gpu_counters(gpu).validation_messages;
    if (n) assert_non_null(strstr(l.last, again ? "WRITE-AFTER-READ" : "READ-AFTER-WRITE"));
    gpu_close(gpu);
    assert_int_equal(l.n[VD_LOG_ERROR], n);
    logged_close(&l);
    return n;
}

static void hazards_on(const char *device) {
    assert_true(run_chain(device, true, false) > 0);
    assert_true(run_chain(device, true, true) > 0);
    assert_int_equal(run_chain(device, false, false), 0);
    assert_int_equal(run_chain(device, false, true), 0);
}

static void a_missing_barrier_is_reported(void **state) {
    (void)state;
    on_every_device(hazards_on);
}

static void invalid_on(const char *device) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const struct gpu_config cfg = {.device = device, .validate = true};
    assert_int_equal(gpu_open(&l.ctx, &cfg, &gpu), VIDI_OK);
    assert_int_equal(gpu_counters(gpu).validation_messages, 0);
    const VkBufferCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = 0, /* may not be */
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
    VkBuffer b;
    if (vkCreateBuffer(gpu->device, &info, NULL, &b) >= 0) vkDestroyBuffer(gpu->device, b, NULL);
    assert_true(gpu_counters(gpu).validation_messages > 0);
    gpu_close(gpu);
    logged_close(&l);
}

static void an_invalid_call_is_reported(void **state) {
    (void)state;
    on_every_device(invalid_on);
}

/* Of LeakSanitizer, where the test is built with it: the leak below is wanted. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* What the engine leaves behind would be told when the device goes. */
static void leak_on(const char *device) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const struct gpu_config cfg = {.device = device, .validate = true};
    assert_int_equal(gpu_open(&l.ctx, &cfg, &gpu), VIDI_OK);
    const VkFenceCreateInfo info = {VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, NULL, 0};
    VkFence fence;
    if (__lsan_disable) __lsan_disable();
    assert_int_equal(vkCreateFence(gpu->device, &info, NULL, &fence), VK_SUCCESS);
    if (__lsan_enable) __lsan_enable();
    gpu_close(gpu);
    assert_true(l.n[VD_LOG_ERROR] > 0);
    logged_close(&l);
}

static void a_leaked_object_is_reported(void **state) {
    (void)state;
    on_every_device(leak_on);
}

static bool has_layer(void) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const vidi_status status = gpu_open(&l.ctx, &(struct gpu_config){.validate = true}, &gpu);
    gpu_close(gpu);
    if (status == VIDI_E_UNSUPPORTED) fprintf(stderr, "skipped: %s\n", l.ctx.error);
    return status != VIDI_E_UNSUPPORTED;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_barrier_is_reported),
        cmocka_unit_test(an_invalid_call_is_reported),
        cmocka_unit_test(a_leaked_object_is_reported),
    };
    if (!has_layer()) return getenv("VIDI_TEST_VALIDATE") ? 1 : SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
