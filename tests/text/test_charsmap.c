/* Tables of replacements: what is no table is refused, and a damaged one leads nowhere outside. */
#include "text/charsmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void wrong_tables_are_refused(void **state) {
    (void)state;
    static const char bytes[] = "\x04\0\0\0aaaab";
    static const struct str wrong[] = {{"", 0},
                                       {"\x04\0\0", 3},
                                       {bytes, 4},             /* no trie */
                                       {bytes, 8},             /* no texts */
                                       {bytes, 9},             /* the last text has no end */
                                       {"\x03\0\0\0aaa\0", 8}, /* half a unit */
                                       {"\0\0\0\0\0", 5},      /* an empty trie */
                                       {"\xFC\xFF\xFF\xFF"
                                        "aaaa\0",
                                        9}}; /* longer than the table */
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct vd_ctx ctx = {0};
        struct arena a;
        struct charsmap m;
        arena_open(&a, &ctx);
        assert_int_equal(charsmap_open(&ctx, "file", &a, wrong[i], &m), VIDI_E_FORMAT);
        assert_non_null(strstr(ctx.error, "file: precompiled_charsmap of"));
        arena_close(&a);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* Random tables: every look-up ends inside, which AddressSanitizer watches. Of the texts that start
 * with 'a' one is sound in each. */
static void damaged_tables_lead_nowhere(void **state) {
    (void)state;
    enum { UNITS = 512, TEXTS = 64 };
    static char bytes[4 + 4 * UNITS + TEXTS];
    const uint32_t size = 4 * UNITS, root = 0, leaf = (uint32_t)'a' | 1u << 8 | 1u << 10;
    uint32_t random = 1, found = 0;
    for (int round = 0; round < 50; round++) {
        struct vd_ctx ctx = {0};
        struct arena a;
        struct charsmap m;
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (char)(random >> 24);
        }
        const uint32_t value = random % TEXTS;
        memcpy(bytes, &size, 4);
        memcpy(bytes + 4, &root, 4);
        memcpy(bytes + 4 + 4 * 'a', &leaf, 4);
        memcpy(bytes + 4 + 4 * ('a' ^ 1), &value, 4);
        bytes[sizeof bytes - 1] = 0;
        arena_open(&a, &ctx);
        const struct str table = {bytes, sizeof bytes};
        assert_int_equal(charsmap_open(&ctx, "file", &a, table, &m), VIDI_OK);
        uint32_t used;
        assert_ptr_equal(charsmap_find(&m, "abc", 3, false, &used), m.texts + value);
        assert_int_equal(used, 1);
        for (uint32_t i = 0; i < 2000; i++) {
            random = random * 1664525u + 1013904223u;
            const char text[3] = {(char)(random >> 8 & 0x7F), (char)(random >> 16 & 0x7F),
                                  (char)(random >> 24)};
            const char *by = charsmap_find(&m, text, sizeof text, i % 2, &used);
            if (!by) continue;
            found++;
            assert_true(by >= m.texts && by + strlen(by) < m.texts + m.n_texts);
        }
        arena_close(&a);
    }
    assert_true(found > 0);
}

static void without_a_table_text_stays(void **state) {
    (void)state;
    static const char text[] = "a\xCC\x81 \xFF z";
    struct vd_ctx ctx = {0};
    struct arena a;
    uint32_t n;
    arena_open(&a, &ctx);
    const char *same = charsmap_apply(&(struct charsmap){0}, true, &a, text, sizeof text - 1, &n);
    assert_int_equal(n, sizeof text - 1);
    assert_memory_equal(same, text, n);
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_tables_are_refused),
        cmocka_unit_test(damaged_tables_lead_nowhere),
        cmocka_unit_test(without_a_table_text_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
