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
        struct pair_slot *slot = pairs_put(&p, left, right, &is_new);
        assert_non_null(slot);
        assert_int_equal(is_new, there[left][right] == 0);
        slot->id = there[left][right] = i + 1;
    }
    uint32_t n = 0;
    for (uint32_t left = 0; left < SIDE; left++)
        for (uint32_t right = 0; right < SIDE; right++) {
            const struct pair_slot *slot = pairs_find(&p, left, right);
            assert_int_equal(slot ? slot->id : 0, there[left][right]);
            n += slot != NULL;
        }
    assert_int_equal(n, p.n);
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(remembers_all),
                                       cmocka_unit_test(keys_are_not_mixed_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
