/* Every Vulkan call may fail: call 1, 2, 3, ... of a whole life (open, record, run, close) is made
 * to fail in turn. Each time there is one clear error or the right result, nothing is left
 * allocated, and the validation layer has nothing to say. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "layer/fault_layer.h"
#include "ops/ops.h"

enum { BYTES = 4096, MOST_CALLS = 1000 };

static struct fault_plan *plan;

static void set_plan(long fail_at, long drop_at) {
    plan->fail_at = fail_at;
    plan->drop_at = drop_at;
    atomic_store(&plan->calls, 0);
    atomic_store(&plan->submits, 0);
    plan->failed = NULL;
    plan->hang_at = 0;
    plan->waited_s = 0;
    plan->stuck = 0;
}

/* Where the loader was told which folders to search it must be told again: it does not add to them.
 */
static void add_layer_folder(const char *folder) {
    const char *searched = getenv("VK_LAYER_PATH");
    char both[4096];
    snprintf(both, sizeof both, "%s%s%s", folder, searched ? ":" : "", searched ? searched : "");
    setenv(searched ? "VK_LAYER_PATH" : "VK_ADD_LAYER_PATH", both, 1);
}

static int open_layer(void **state) {
    (void)state;
    void *library = dlopen(FAULT_FOLDER "/vidi_fault_layer.so", RTLD_NOW | RTLD_NODELETE);
    if (!library) fail_msg("%s", dlerror());
    plan = dlsym(library, "fault_plan");
    assert_non_null(plan);
    add_layer_folder(FAULT_FOLDER);
    setenv("VK_INSTANCE_LAYERS", "VK_LAYER_VIDI_fault", 1);
    /* Mesa's layer that orders devices does not check the calls it makes itself. */
    setenv("NODEVICE_SELECT", "1", 1);
    return 0;
}

static void ignore_timing(void *user, const struct gpu_timing *t) { (void)user, (void)t; }

/* A product of a matrix and a vector, whose weights come through a texel buffer on CPU drivers. */
static void list_product(struct gpu_list *list, struct gpu_buffer *from, struct gpu_buffer *to) {
    enum { ROWS = 4, COLS = 32 };
    const struct weight w = {
        .form = FORM_F32, .rows = ROWS, .cols = COLS, .q = span_of(from, 0, ROWS * COLS * 4)};
    op_linear(list, &(struct op_linear){.w = &w,
                                        .x = span_of(from, BYTES / 2, COLS * 4),
                                        .y = span_of(to, 0, ROWS * 4),
                                        .rows = 1,
                                        .x_stride = COLS,
                                        .y_stride = ROWS});
}

static vidi_status run(struct gpu *gpu, struct gpu_program *p, struct vd_span to, uint32_t *got) {
    TRY(gpu_run(p));
    TRY(gpu_run(p));
    TRY(gpu_program_timings(p, ignore_timing, NULL));
    return gpu_download(gpu, got, to, BYTES);
}

/* What is done with an open device. */
static vidi_status work(struct gpu *gpu, bool *right) {
    struct gpu_buffer *a, *b, *c;
    uint32_t sent[BYTES / 4], got[BYTES / 4];
    for (uint32_t i = 0; i < BYTES / 4; i++) sent[i] = i * 31 + 7;
    TRY(gpu_buffer_new(gpu, BYTES, GPU_DEVICE, "from", &a));
    TRY(gpu_buffer_new(gpu, BYTES, GPU_DEVICE, "to", &b));
    TRY(gpu_buffer_new(gpu, BYTES, GPU_DEVICE, "product", &c));
    const struct vd_span from = span_of(a, 0, BYTES), to = span_of(b, 0, BYTES);
    TRY(gpu_upload(gpu, from, sent, BYTES));
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    list_copy(&list, from, to);
    list_product(&list, a, c);
    vidi_status status = gpu_program_record(&list, "faulty", &p);
    gpu_list_close(&list);
    TRY(status);
    status = run(gpu, p, to, got);
    *right = status == VIDI_OK && memcmp(sent, got, BYTES) == 0;
    char words[sizeof gpu_ctx(gpu)->error]; /* freeing may find faults, too */
    memcpy(words, gpu_ctx(gpu)->error, sizeof words);
    gpu_program_free(gpu, p);
    gpu_buffer_free(gpu, b);
    memcpy(gpu_ctx(gpu)->error, words, sizeof words);
    return status;
}

struct outcome {
    vidi_status status;
    bool right;
    char words[1024];
};

static struct outcome live(const char *device, bool staged) {
    static int has_layer = 1;
    struct logged l;
    struct gpu *gpu;
    struct outcome o = {0};
    char cache[600];
    snprintf(cache, sizeof cache, "%s/cache", scratch_folder());
    logged_open(&l);
    const struct gpu_config cfg = {.device = device,
                                   .cache_dir = cache,
                                   .validate = has_layer,
                                   .labels = true,
                                   .profile = true,
                                   .staged = staged};
    o.status = gpu_open(&l.ctx, &cfg, &gpu);
    if (o.status == VIDI_E_UNSUPPORTED && has_layer && !getenv("VIDI_TEST_VALIDATE")) {
        has_layer = 0;
        return live(device, staged);
    }
    if (o.status == VIDI_OK)
        o.status = work(gpu, &o.right);
    else
        assert_null(gpu);
    memcpy(o.words, l.ctx.error, sizeof o.words);
    gpu_close(gpu);
    assert_int_equal(l.n[VD_LOG_ERROR], 0);
    if (!plan->hang_at) logged_close(&l);
    return o;
}

/* Calls that may fail without harm: a roomy block is tried before one that just fits, the cache
 * begins empty where its file is refused, times are a convenience, and closing goes on whatever
 * happens. */
static bool may_pass(const char *call) {
    static const char *const calls[] = {"vkAllocateMemory",       "vkMapMemory",
                                        "vkGetQueryPoolResults",  "vkCreatePipelineCache",
                                        "vkGetPipelineCacheData", "vkDeviceWaitIdle"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (!strcmp(call, calls[i])) return true;
    return false;
}

/* The loader calls the first within vkCreateDevice; missing times are told as such. */
static bool has_other_words(const char *call) {
    return !strcmp(call, "vkEnumerateDeviceExtensionProperties") ||
           !strcmp(call, "vkGetQueryPoolResults");
}

static void check(long n, const struct outcome *o) {
    if (o->status == VIDI_OK) {
        if (!may_pass(plan->failed)) fail_msg("call %ld: %s failed unseen", n, plan->failed);
        assert_true(o->right);
        return;
    }
    if (o->status != VIDI_E_DEVICE && o->status != VIDI_E_MEMORY)
        fail_msg("call %ld: %s gave %d %s", n, plan->failed, o->status, o->words);
    if (!strstr(o->words, plan->failed) && !has_other_words(plan->failed))
        fail_msg("call %ld: %s was reported as %s", n, plan->failed, o->words);
}

static void faults(const char *device, bool staged) {
    set_plan(0, 0);
    struct outcome o = live(device, staged);
    if (o.status != VIDI_OK) fail_msg("%s", o.words);
    assert_true(o.right);
    const long calls = atomic_load(&plan->calls);
    assert_in_range(calls, 40, MOST_CALLS);
    long errors = 0;
    for (long n = 1; n <= calls; n++) {
        set_plan(n, 0);
        o = live(device, staged);
        /* Without the file of the cache, or after it, a life has a call more or less. */
        if (!plan->failed) continue;
        check(n, &o);
        errors += o.status != VIDI_OK;
    }
    fprintf(stderr, "    device %s, %s: %ld calls, %ld errors\n", device,
            staged ? "staged" : "mapped", calls, errors);
    assert_true(errors > calls / 2);
    set_plan(0, 0);
    o = live(device, staged);
    assert_int_equal(o.status, VIDI_OK);
    assert_true(o.right);
}

static void mapped_faults(const char *device) { faults(device, false); }
static void staged_faults(const char *device) { faults(device, true); }

static void every_call_may_fail(void **state) {
    (void)state;
    set_plan(0, 0);
    on_every_device(mapped_faults);
    on_every_device(staged_faults);
}

/* A submission that never ran, though its semaphore says so, is found by its marker. */
static void drops(const char *device) {
    set_plan(0, 0);
    const struct outcome whole = live(device, true);
    assert_int_equal(whole.status, VIDI_OK);
    const long submits = atomic_load(&plan->submits);
    assert_in_range(submits, 3, 100);
    for (long n = 1; n <= submits; n++) {
        set_plan(0, n);
        const struct outcome o = live(device, true);
        assert_int_equal(o.status, VIDI_E_DEVICE);
        assert_non_null(strstr(o.words, "marker"));
    }
    print_message("device %s: %ld submissions dropped one by one, each found\n", device, submits);
}

static void a_dropped_submission_is_found(void **state) {
    (void)state;
    set_plan(0, 0);
    on_every_device(drops);
}

/* Of LeakSanitizer, where the test is built with it: what a driver that hangs may still use stays.
 */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* A queue that swallows what it is given ends every wait, in words, and no call that would never
 * come back is made. */
static void hangs(const char *device) {
    set_plan(0, 0);
    struct outcome o = live(device, true);
    assert_int_equal(o.status, VIDI_OK);
    const long submits = atomic_load(&plan->submits);
    assert_in_range(submits, 3, 100);
    if (__lsan_disable) __lsan_disable();
    for (long n = 1; n <= submits; n++) {
        set_plan(0, 0);
        plan->hang_at = n;
        o = live(device, true);
        if (plan->stuck) fail_msg("submission %ld: a call would not have come back", n);
        assert_int_equal(o.status, VIDI_E_DEVICE);
        assert_non_null(strstr(o.words, "its driver hangs"));
        assert_true(plan->waited_s >= 60 && plan->waited_s < 1000);
    }
    if (__lsan_enable) __lsan_enable();
    set_plan(0, 0);
    o = live(device, true);
    assert_int_equal(o.status, VIDI_OK);
}

static void a_driver_that_hangs_is_left(void **state) {
    (void)state;
    set_plan(0, 0);
    on_every_device(hangs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(a_dropped_submission_is_found),
        cmocka_unit_test(a_driver_that_hangs_is_left),
    };
    return cmocka_run_group_tests(tests, open_layer, NULL);
}
