/* Maps: against a plain search, while they grow, with chosen keys, and when memory runs out. */
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

/* SipHash-2-4's published values: the bytes 00 01 02 ... under the key 00 01 ... 0f. */
static void test_keyed_hash(void **state) {
    (void)state;
    static const struct {
        uint64_t len, value;
    } known[] = {{0, UINT64_C(0x726fdb47dd0e0e31)},
                 {1, UINT64_C(0x74f839c593dc67fd)},
                 {7, UINT64_C(0xab0200f58b01d137)},
                 {8, UINT64_C(0x93f5f5799a932462)},
                 {15, UINT64_C(0xa129ca6149be45e5)}};
    unsigned char bytes[16];
    for (int i = 0; i < 16; i++) bytes[i] = (unsigned char)i;
    const struct hash_key key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(hash_keyed(&key, bytes, known[i].len) == known[i].value);
    const struct hash_key one = hash_draw(), other = hash_draw();
    assert_memory_not_equal(&one, &other, sizeof one);
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
        assert_int_equal(m.table.n, N);
        assert_true(m.table.n * 3 <= m.table.cap * 2 + 3);
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
        assert_int_equal(m.table.n, N);
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

/* Keys that fall into one place of an unkeyed table are keys like others: searches in a table that
 * is at most two thirds full look at one slot more than the first, as they do for any keys. */
static void test_chosen_keys(void **state) {
    (void)state;
    enum { N = 4000, CAP = 8192 };
    static uint32_t keys[N];
    struct vd_ctx ctx = {0};
    struct arena a;
    struct map m;
    arena_open(&a, &ctx);
    assert_int_equal(map_open(&m, &a, 5000), VIDI_OK);
    assert_int_equal(m.table.cap, CAP);
    for (uint32_t i = 0, n = 0; n < N; i++) {
        keys[n] = i;
        if ((hash_bytes(&keys[n], 4) >> 7 & (CAP - 1)) != 77) continue;
        assert_int_equal(map_put(&m, (const char *)&keys[n], 4, n, NULL), VIDI_OK);
        n++;
    }
    uint32_t value;
    for (uint32_t n = 0; n < N; n++)
        assert_true(map_get(&m, (const char *)&keys[n], 4, &value) && value == n);
    print_message("%d chosen keys: %llu steps\n", N, (unsigned long long)m.table.steps);
    assert_true(m.table.steps < 2 * N);
    arena_close(&a);
}

/* Every letter of the basic plane, as a vocabulary may hold them; 20,902 of them are Chinese. */
static void test_letters(void **state) {
    (void)state;
    enum { FIRST = 0x800, AFTER = 0xd800 };
    static char letters[AFTER][3];
    struct vd_ctx ctx = {0};
    struct arena a;
    struct map m;
    arena_open(&a, &ctx);
    assert_int_equal(map_open(&m, &a, AFTER - FIRST), VIDI_OK);
    for (uint32_t c = FIRST; c < AFTER; c++) {
        letters[c][0] = (char)(0xe0 | c >> 12);
        letters[c][1] = (char)(0x80 | (c >> 6 & 63));
        letters[c][2] = (char)(0x80 | (c & 63));
        assert_int_equal(map_put(&m, letters[c], 3, c, NULL), VIDI_OK);
    }
    assert_true(m.table.steps < 2 * (AFTER - FIRST));
    arena_close(&a);
}

/* Each table has a key of its own, and what it keeps does not depend on that. */
static void test_order(void **state) {
    (void)state;
    enum { N = 1000 };
    static char keys[N][8];
    struct vd_ctx ctx = {0};
    struct arena a;
    struct map m[2];
    arena_open(&a, &ctx);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(map_open(&m[k], &a, 0), VIDI_OK);
        for (uint32_t i = 0; i < N; i++) {
            snprintf(keys[i], sizeof keys[i], "%u", i * 7);
            assert_int_equal(map_put(&m[k], keys[i], (uint32_t)strlen(keys[i]), i, NULL), VIDI_OK);
        }
    }
    assert_memory_not_equal(&m[0].table.key, &m[1].table.key, sizeof m[0].table.key);
    assert_int_equal(m[0].table.cap, m[1].table.cap);
    assert_memory_not_equal(m[0].table.slots, m[1].table.slots,
                            m[0].table.cap * sizeof *m[0].table.slots);
    assert_memory_equal(m[0].entries, m[1].entries, N * sizeof *m[0].entries);
    for (uint32_t i = 0; i < N; i++) assert_int_equal(m[0].entries[i].value, i);
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
        cmocka_unit_test(test_hash),        cmocka_unit_test(test_keyed_hash),
        cmocka_unit_test(test_many),        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_chosen_keys), cmocka_unit_test(test_letters),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
