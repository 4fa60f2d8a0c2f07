/* Arenas: zeroed, aligned, apart from each other, counted, and sound when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

/* Requests that no machine can meet are part of these tests; AddressSanitizer must not stop there.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static void test_blocks(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    enum { N = 3000 };
    static unsigned char *blocks[N];
    static uint64_t sizes[N];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < N; i++) {
        sizes[i] = i % 97 == 0 ? i * 50 : i * i % 301;
        blocks[i] = arena_alloc(&a, sizes[i], 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (uint64_t k = 0; k < sizes[i]; k++) assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], (int)(i % 255) + 1, sizes[i]); /* the whole block may be written */
        sum += sizes[i];
    }
    for (uint64_t i = 0; i < N; i++)
        for (uint64_t k = 0; k < sizes[i]; k++) assert_int_equal(blocks[i][k], i % 255 + 1);
    assert_true(ctx.heap.live_bytes >= sum);
    assert_true(ctx.heap.n_allocs < 30); /* blocks share allocations */
    arena_close(&a);
    assert_int_equal(ctx.heap.live_bytes, 0);
    arena_close(&a);
    arena_close(&(struct arena){0});
    assert_non_null(arena_new(&a, struct arena, 3)); /* open again */
    arena_close(&a);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_too_much(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    static const uint64_t sizes[][2] = {{UINT64_MAX, 2},
                                        {UINT64_MAX, 1},
                                        {1, UINT64_MAX - 15},
                                        {UINT64_C(1) << 63, 1},
                                        {UINT64_C(1) << 32, UINT64_C(1) << 32},
                                        {(UINT64_C(1) << 63) - 16, 1},
                                        {UINT64_C(1) << 62, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ctx.error[0] = 0;
        assert_null(arena_alloc(&a, sizes[i][0], sizes[i][1]));
        assert_non_null(strstr(ctx.error, "out of memory: "));
        assert_int_equal(ctx.status, VIDI_E_MEMORY);
    }
    ctx.error[0] = 0;
    assert_null(arena_text(&a, "", UINT64_MAX));
    assert_non_null(strstr(ctx.error, "out of memory: "));
    ctx.error[0] = 0;
    uint32_t cap = UINT32_C(1) << 31;
    assert_null(arena_grow(&a, NULL, &cap, 8));
    assert_int_equal(cap, UINT32_C(1) << 31);
    assert_non_null(strstr(ctx.error, "out of memory: "));
    assert_non_null(arena_alloc(&a, 0, 8));
    arena_close(&a);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_grow(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    uint32_t *items = NULL, cap = 0;
    for (uint32_t n = 0; n < 100000; n++) {
        if (n == cap) items = arena_grow(&a, items, &cap, sizeof *items);
        assert_non_null(items);
        items[n] = n * 3;
    }
    for (uint32_t n = 0; n < 100000; n++) assert_int_equal(items[n], n * 3);
    /* Older blocks are at most the final size together; a chunk may be half empty, the newest one
     * of 1 MiB quite. */
    assert_true(ctx.heap.live_bytes < 4 * cap * sizeof *items + (1 << 20));
    arena_close(&a);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_text(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    assert_string_equal(arena_text(&a, "words and more", 5), "words");
    assert_string_equal(arena_text(&a, NULL, 0), "");
    assert_string_equal(arena_print(&a, "%s.%d", "blk", 31), "blk.31");
    assert_string_equal(arena_print(&a, "%s", ""), "");
    char *wide = arena_print(&a, "%05000d", 7);
    assert_int_equal(strlen(wide), 5000);
    arena_close(&a);
}

/* Whatever fails, the arena stays sound and closes. */
static void test_out_of_memory(void **state) {
    (void)state;
    for (uint64_t fail_at = 1; fail_at < 8; fail_at++) {
        struct vd_ctx ctx = {.heap.fail_at = fail_at};
        struct arena a;
        arena_open(&a, &ctx);
        int failed = 0;
        for (int i = 0; i < 400; i++) {
            char *block = arena_alloc(&a, 100, 1);
            if (block) memset(block, 1, 100);
            failed += !block;
        }
        assert_int_equal(failed, fail_at <= 4 ? 1 : 0); /* 4, 8, 16 and 32 KiB hold them */
        arena_close(&a);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks), cmocka_unit_test(test_too_much), cmocka_unit_test(test_grow),
        cmocka_unit_test(test_text), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
