/* Maps: against a plain search, while they grow, with hostile keys, and when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/map.h"

static void test_hash(void **state) {
    (void)state;
    /* FNV-1a's published values */
    assert_true(hash_bytes("", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_bytes("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_bytes("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void test_many(void **state) {
    (void)state;
    enum { N = 50000 };
    static char keys[N][8];
    for (uint32_t expected = 0; expected <= N; expected += N) {
        struct vd_ctx ctx = {0};
        struct arena a;
        struct map m;
        bool was_there;
        uint32_t value;
        arena_open(&a, &ctx);
        assert_int_equal(map_open(&m, &a, expected), VIDI_OK);
        const uint64_t allocs = ctx.heap.n_allocs;
        for (uint32_t i = 0; i < N; i++) {
            snprintf(keys[i], sizeof keys[i], "k%u", i);
            const uint32_t len = (uint32_t)strlen(keys[i]);
            assert_false(map_get(&m, keys[i], len, &value));
            assert_int_equal(map_put(&m, keys[i], len, i, &was_there), VIDI_OK);
            assert_false(was_there);
        }
        if (expected) assert_int_equal(ctx.heap.n_allocs, allocs); /* room was there at once */
        assert_int_equal(m.n, N);
        assert_true(m.n * 3 <= m.cap * 2 + 3);
        for (uint32_t i = 0; i < N; i++) {
            const uint32_t len = (uint32_t)strlen(keys[i]);
            assert_true(map_get(&m, keys[i], len, &value));
            assert_int_equal(value, i);
            assert_false(map_get(&m, keys[i], len - 1, &value) && value == i);
        }
        assert_int_equal(map_put(&m, "k77", 3, 5, &was_there), VIDI_OK);
        assert_true(was_there);
        assert_true(map_get(&m, "k77", 3, &value) && value == 77); /* the first value stays */
        assert_int_equal(map_put(&m, "k77", 3, 5, NULL), VIDI_OK);
        assert_int_equal(m.n, N);
        arena_close(&a);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* Keys are bytes: NULs, prefixes of each other, and the empty key. */
static void test_bytes(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    struct map m;
    uint32_t value;
    arena_open(&a, &ctx);
    assert_int_equal(map_open(&m, &a, 0), VIDI_OK);
    static const char text[6] = {0, 0, 'a', 0, 0, 0};
    for (uint32_t len = 0; len <= 6; len++)
        assert_int_equal(map_put(&m, text, len, len, NULL), VIDI_OK);
    for (uint32_t len = 0; len <= 6; len++)
        assert_true(map_get(&m, text, len, &value) && value == len);
    assert_false(map_get(&m, "\0\0b", 3, &value));
    arena_close(&a);
}

/* Keys that all begin their search in one place are refused before the time grows. */
static void test_collisions(void **state) {
    (void)state;
    enum { N = 4000, CAP = 8192 };
    static uint32_t keys[N];
    struct vd_ctx ctx = {0};
    struct arena a;
    struct map m;
    arena_open(&a, &ctx);
    assert_int_equal(map_open(&m, &a, 5000), VIDI_OK);
    assert_int_equal(m.cap, CAP);
    vidi_status status = VIDI_OK;
    uint32_t n = 0;
    for (uint32_t i = 0; n < N && status == VIDI_OK; i++) {
        keys[n] = i;
        if ((hash_bytes(&keys[n], 4) >> 7 & (CAP - 1)) == 77)
            status = map_put(&m, (const char *)&keys[n++], 4, i, NULL);
    }
    assert_int_equal(status, VIDI_E_FORMAT);
    assert_true(n > 300);
    assert_non_null(strstr(ctx.error, "chosen to make a table slow"));
    uint32_t value;
    assert_true(map_get(&m, (const char *)&keys[5], 4, &value)); /* the others are served */
    arena_close(&a);
}

static void test_out_of_memory(void **state) {
    (void)state;
    static char keys[2000][8];
    bool survived = false;
    for (uint64_t fail_at = 1; !survived; fail_at++) {
        struct vd_ctx ctx = {.heap.fail_at = fail_at};
        struct arena a;
        struct map m;
        arena_open(&a, &ctx);
        vidi_status status = map_open(&m, &a, 0);
        uint32_t n = 0, value;
        for (; status == VIDI_OK && n < 2000; n++) {
            snprintf(keys[n], sizeof keys[n], "%u", n);
            status = map_put(&m, keys[n], (uint32_t)strlen(keys[n]), n, NULL);
        }
        survived = status == VIDI_OK;
        if (!survived) assert_int_equal(status, VIDI_E_MEMORY);
        /* What was put before is still there. */
        for (uint32_t i = 0; i + 1 < n; i++)
            assert_true(map_get(&m, keys[i], (uint32_t)strlen(keys[i]), &value) && value == i);
        assert_true(fail_at < 50);
        arena_close(&a);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
    struct vd_ctx ctx = {0};
    struct arena a;
    struct map m;
    arena_open(&a, &ctx);
    assert_int_equal(map_open(&m, &a, UINT32_MAX), VIDI_E_MEMORY);
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash), cmocka_unit_test(test_many), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_collisions), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
