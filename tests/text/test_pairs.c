/* Pairs of numbers against an array. */
#include "text/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void remembers_all(void **state) {
    (void)state;
    enum { SIDE = 60 };
    static int32_t there[SIDE][SIDE]; /* 0: not put */
    struct vd_ctx ctx = {0};
    struct arena a;
    struct pairs p;
    arena_open(&a, &ctx);
    assert_int_equal(pairs_open(&p, &a, 3), VIDI_OK);
    srand(2);
    for (int i = 0; i < 2000; i++) {
        const uint32_t left = (uint32_t)(rand() % SIDE), right = (uint32_t)(rand() % SIDE);
        bool is_new;
        struct pair *slot = pairs_put(&p, left, right, &is_new);
        assert_non_null(slot);
        assert_int_equal(is_new, there[left][right] == 0);
        slot->id = there[left][right] = i + 1;
    }
    uint32_t n = 0;
    for (uint32_t left = 0; left < SIDE; left++)
        for (uint32_t right = 0; right < SIDE; right++) {
            const struct pair *slot = pairs_find(&p, left, right);
            assert_int_equal(slot ? slot->id : 0, there[left][right]);
            n += slot != NULL;
        }
    assert_int_equal(n, p.table.n);
    arena_close(&a);
}

static void keys_are_not_mixed_up(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    struct pairs p;
    arena_open(&a, &ctx);
    assert_int_equal(pairs_open(&p, &a, 0), VIDI_OK);
    assert_null(pairs_find(&p, 0, 0));
    pairs_put(&p, 1, 0, NULL)->id = 10;
    pairs_put(&p, 0, 1, NULL)->id = 1;
    pairs_put(&p, 0, INT32_MAX, NULL)->id = 2;
    assert_int_equal(pairs_find(&p, 1, 0)->id, 10);
    assert_int_equal(pairs_find(&p, 0, 1)->id, 1);
    assert_int_equal(pairs_find(&p, 0, INT32_MAX)->id, 2);
    assert_null(pairs_find(&p, 0, 0));
    assert_null(pairs_find(&p, INT32_MAX, 0));
    arena_close(&a);
}

/* 300 left and 300 right numbers, so chosen that all their pairs fall into one stretch
 * of a table that multiplies by the golden ratio's digits. */
static void chosen_pairs_are_like_others(void **state) {
    (void)state;
    enum { N = 300, CAP = 1 << 18, STRETCH = CAP / 128 };
    static uint32_t left[N], right[N];
    const uint64_t golden = UINT64_C(0x9E3779B97F4A7C15);
    for (uint32_t i = 0, n = 0; n < N; i++)
        if ((i * (uint32_t)golden & (CAP - 1)) < STRETCH) left[n++] = i;
    for (uint32_t i = 0, n = 0; n < N; i++)
        if (((uint32_t)((i + 1) * golden >> 32) & (CAP - 1)) < STRETCH) right[n++] = i;
    struct vd_ctx ctx = {0};
    struct arena a;
    struct pairs p;
    arena_open(&a, &ctx);
    assert_int_equal(pairs_open(&p, &a, N * N), VIDI_OK);
    for (uint32_t l = 0; l < N; l++)
        for (uint32_t r = 0; r < N; r++) {
            struct pair *pair = pairs_put(&p, left[l], right[r], NULL);
            assert_non_null(pair);
            pair->id = (int32_t)(l * N + r);
        }
    assert_int_equal(p.table.n, N * N);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(pairs_find(&p, left[i], right[N - 1 - i])->id, i * N + N - 1 - i);
    print_message("%d chosen pairs: %llu steps\n", N * N, (unsigned long long)p.table.steps);
    assert_true(p.table.steps < 2 * N * N);
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(remembers_all),
                                       cmocka_unit_test(keys_are_not_mixed_up),
                                       cmocka_unit_test(chosen_pairs_are_like_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
