/* Failures keep their words, logs reach the caller, and every byte of the heap is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

/* Requests that no machine can meet are part of these tests; AddressSanitizer must not stop there.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static void test_fail(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    assert_int_equal(vd_fail(&ctx, VIDI_E_FORMAT, "%s: %d", "F", 7), VIDI_E_FORMAT);
    assert_string_equal(ctx.error, "F: 7");
    assert_int_equal(ctx.status, VIDI_E_FORMAT);
    assert_int_equal(vd_fail(&ctx, VIDI_E_IO, "after %s", ctx.error),
                     VIDI_E_IO); /* may quote itself */
    assert_string_equal(ctx.error, "after F: 7");
    char longer[3000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    vd_fail(&ctx, VIDI_E_IO, "%s", longer);
    assert_int_equal(strlen(ctx.error), sizeof ctx.error - 1);
}

static vidi_status passes_up(struct vd_ctx *ctx, vidi_status inner, int *after) {
    TRY(inner == VIDI_OK ? VIDI_OK : vd_fail(ctx, inner, "inner"));
    ++*after;
    return VIDI_OK;
}

static void test_try(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    int after = 0;
    assert_int_equal(passes_up(&ctx, VIDI_OK, &after), VIDI_OK);
    assert_int_equal(after, 1);
    assert_int_equal(passes_up(&ctx, VIDI_E_DEVICE, &after), VIDI_E_DEVICE);
    assert_int_equal(passes_up(&ctx, VIDI_END, &after), VIDI_END);
    assert_int_equal(after, 1);
}

struct heard {
    int n, level;
    char line[1100];
};

static void hear(void *user, int level, const char *line) {
    struct heard *h = user;
    h->n++;
    h->level = level;
    strcpy(h->line, line);
}

static void test_log(void **state) {
    (void)state;
    struct heard h = {0};
    struct vd_ctx ctx = {.log = hear, .user = &h}, silent = {0};
    vd_log(&ctx, VD_LOG_WARN, "%d of %d", 3, 12);
    assert_string_equal(h.line, "3 of 12");
    assert_int_equal(h.level, VD_LOG_WARN);
    assert_int_equal(h.n, 1);
    vd_log(&silent, VD_LOG_ERROR, "nobody hears");
    assert_int_equal(h.n, 1);
    assert_string_equal(ctx.error, "");
}

static void test_heap(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    unsigned char *a = vd_alloc(&ctx, 1000), *b = vd_alloc(&ctx, 24), *none = vd_alloc(&ctx, 0);
    assert_true(a && b && none);
    assert_int_equal((uintptr_t)a % 16, 0);
    assert_int_equal((uintptr_t)b % 16, 0);
    for (int i = 0; i < 1000; i++) assert_int_equal(a[i], 0);
    memset(a, 255, 1000);
    memset(b, 255, 24);
    assert_int_equal(ctx.heap.n_allocs, 3);
    assert_int_equal(ctx.heap.live_bytes, 1024);
    vd_free(&ctx, a);
    assert_int_equal(ctx.heap.live_bytes, 24);
    assert_int_equal(ctx.heap.peak_bytes, 1024);
    vd_free(&ctx, b);
    vd_free(&ctx, none);
    vd_free(&ctx, NULL);
    assert_int_equal(ctx.heap.live_bytes, 0);
    assert_int_equal(ctx.heap.peak_bytes, 1024);
}

static void test_heap_fails(void **state) {
    (void)state;
    struct vd_ctx ctx = {.heap.fail_at = 2};
    void *a = vd_alloc(&ctx, 8), *b = vd_alloc(&ctx, 8), *c = vd_alloc(&ctx, 8);
    assert_true(a && !b && c);
    assert_int_equal(ctx.status, VIDI_E_MEMORY);
    assert_string_equal(ctx.error, "out of memory: 8 bytes were asked for");
    assert_int_equal(ctx.heap.live_bytes, 16);
    static const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX - 15, UINT64_MAX - 16,
                                     UINT64_C(1) << 63, UINT64_C(1) << 62};
    for (int i = 0; i < 5; i++) assert_null(vd_alloc(&ctx, sizes[i]));
    vd_free(&ctx, a);
    vd_free(&ctx, c);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fail), cmocka_unit_test(test_try),
                                       cmocka_unit_test(test_log), cmocka_unit_test(test_heap),
                                       cmocka_unit_test(test_heap_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
