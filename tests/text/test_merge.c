/* The heap of merges against a plain search for the best neighbours. */
#include "text/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 12, LEN = 40 };

/* Rank of joining two ids, 0: never. The joined id is `rank % IDS`. */
static uint32_t ranks[IDS][IDS];

static bool rule(const struct merger *m, const struct symbol *left, const struct symbol *right,
                 uint32_t *rank, int32_t *id) {
    (void)m;
    *rank = ranks[left->id][right->id];
    *id = (int32_t)(*rank % IDS);
    return *rank > 0;
}

static int plain(int32_t *ids, int n) {
    for (;;) {
        int best = -1;
        for (int i = 0; i + 1 < n; i++) {
            const uint32_t rank = ranks[ids[i]][ids[i + 1]];
            if (rank > 0 && (best < 0 || rank < ranks[ids[best]][ids[best + 1]])) best = i;
        }
        if (best < 0) return n;
        ids[best] = (int32_t)(ranks[ids[best]][ids[best + 1]] % IDS);
        memmove(ids + best + 1, ids + best + 2, (size_t)(n - best - 2) * sizeof *ids);
        n--;
    }
}

static void equals_plain_search(void **state) {
    (void)state;
    const unsigned int seed = 17;
    print_message("seed %u\n", seed);
    srand(seed);
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    struct merger m = {.arena = &a};
    for (int round = 0; round < 3000; round++) {
        for (int i = 0; i < IDS * IDS; i++)
            ranks[i / IDS][i % IDS] = rand() % 3 ? 0 : 1 + (uint32_t)(rand() % 60);
        int32_t ids[LEN];
        const int n = 1 + rand() % LEN;
        m.n = 0;
        for (int i = 0; i < n; i++) {
            ids[i] = rand() % IDS;
            assert_int_equal(merge_add(&m, (uint32_t)i, 1, ids[i]), VIDI_OK);
        }
        assert_int_equal(merge_all(&m, rule), VIDI_OK);
        const int left = plain(ids, n);
        int k = 0;
        uint32_t bytes = 0;
        for (int32_t i = 0; i >= 0; i = m.symbols[i].next) {
            assert_true(k < left);
            assert_int_equal(m.symbols[i].id, ids[k++]);
            assert_int_equal(m.symbols[i].start, bytes);
            bytes += m.symbols[i].len;
        }
        assert_int_equal(k, left);
        assert_int_equal(bytes, n);
    }
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_plain_search)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
