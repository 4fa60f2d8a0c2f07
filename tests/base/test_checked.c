/* Size arithmetic against the same sums in twice the width, at every edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/checked.h"

static const uint64_t edges[] = {0,
                                 1,
                                 2,
                                 3,
                                 15,
                                 16,
                                 17,
                                 255,
                                 256,
                                 65535,
                                 65536,
                                 UINT32_MAX - 1,
                                 UINT32_MAX,
                                 (uint64_t)UINT32_MAX + 1,
                                 INT64_MAX - 1,
                                 INT64_MAX,
                                 (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX - 31,
                                 UINT64_MAX - 16,
                                 UINT64_MAX - 15,
                                 UINT64_MAX - 1,
                                 UINT64_MAX,
                                 6074001000,
                                 4294967291,
                                 4294967295,
                                 3037000499,
                                 3037000500};
enum { N = sizeof edges / sizeof *edges };

__extension__ typedef unsigned __int128 wide;

static void check(bool good, uint64_t out, wide want) {
    assert_int_equal(good, want <= UINT64_MAX);
    if (good) assert_true(out == (uint64_t)want);
    if (!good) assert_int_equal(out, 12345); /* untouched */
}

static void test_mul_and_add(void **state) {
    (void)state;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            uint64_t out = 12345;
            bool good = mul_ok(&out, edges[i], edges[k]);
            check(good, out, (wide)edges[i] * edges[k]);
            out = 12345;
            good = add_ok(&out, edges[i], edges[k]);
            check(good, out, (wide)edges[i] + edges[k]);
        }
}

/* *out may be an argument too: sizes are often built up in place. */
static void test_in_place(void **state) {
    (void)state;
    uint64_t n = 7;
    assert_true(mul_ok(&n, n, n) && n == 49);
    assert_true(add_ok(&n, n, n) && n == 98);
    assert_true(align_ok(&n, n, 16) && n == 112);
    assert_false(mul_ok(&n, n, UINT64_MAX));
    assert_int_equal(n, 112);
}

static void test_align(void **state) {
    (void)state;
    for (int i = 0; i < N; i++)
        for (uint64_t to = 1; to; to <<= 1) {
            uint64_t out = 12345;
            const bool good = align_ok(&out, edges[i], to);
            const wide want = ((wide)edges[i] + to - 1) / to * to;
            /* The sum before the cut must fit as well, so the last few below 2^64 are refused. */
            assert_int_equal(good, (wide)edges[i] + to - 1 <= UINT64_MAX);
            if (good) assert_true(out == (uint64_t)want);
            if (good) assert_true(align_up(edges[i], to) == out);
            if (!good) assert_int_equal(out, 12345);
        }
}

static void test_div_up(void **state) {
    (void)state;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            const uint32_t a = (uint32_t)edges[i], b = (uint32_t)edges[k];
            if (b) assert_int_equal(div_up(a, b), ((uint64_t)a + b - 1) / b);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mul_and_add),
                                       cmocka_unit_test(test_in_place),
                                       cmocka_unit_test(test_align), cmocka_unit_test(test_div_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
