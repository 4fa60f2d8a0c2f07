/* hazards_note() against the plain definition: a dispatch waits when it reads what one since the
 * last barrier wrote, or writes what one read or wrote. */
#include "common.h"

#include "gpu/inside.h"

enum { N = 400, BINDINGS = 3, CELLS = 16, CELL = 256 };

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* The definition, cell by cell of each of two buffers. */
struct model {
    bool read[2][CELLS], written[2][CELLS];
};

static bool model_note(struct model *m, const struct kernel *k, const struct vd_span *spans,
                       struct gpu_buffer *const *buffers) {
    bool wait = false;
    for (int pass = 0; pass < 2; pass++) {
        if (pass && wait) *m = (struct model){0};
        for (uint32_t b = 0; b < BINDINGS; b++) {
            if (!spans[b].buffer) continue;
            const int which = spans[b].buffer == buffers[1];
            const bool write = k->write_mask >> b & 1;
            const uint64_t end = (spans[b].offset + spans[b].bytes) / CELL;
            for (uint64_t c = spans[b].offset / CELL; c < end; c++) {
                if (!pass)
                    wait |= m->written[which][c] || (write && m->read[which][c]);
                else if (write)
                    m->written[which][c] = true;
                else
                    m->read[which][c] = true;
            }
        }
    }
    return wait;
}

static void barriers_are_neither_missing_nor_idle(void **state) {
    (void)state;
    struct logged l;
    logged_open(&l);
    struct arena a;
    arena_open(&a, &l.ctx);
    struct gpu_buffer *const buffers[2] = {arena_alloc(&a, 1, sizeof(struct gpu_buffer) + 1),
                                           arena_alloc(&a, 1, sizeof(struct gpu_buffer) + 1)};
    struct hazards h = {.arena = &a};
    struct model m = {0};
    uint32_t seed = 7, waits = 0;
    for (int i = 0; i < N; i++) {
        const struct kernel k = {.n_bindings = BINDINGS,
                                 .write_mask = 1u << next(&seed) % BINDINGS};
        struct vd_span spans[BINDINGS] = {{0}};
        for (int b = 0; b < BINDINGS; b++) {
            const uint32_t at = next(&seed) % CELLS, n = 1 + next(&seed) % 3;
            if (next(&seed) % 4 == 0) continue;
            spans[b] = span_of(buffers[next(&seed) % 2], at * CELL,
                               (at + n > CELLS ? CELLS - at : n) * CELL);
        }
        bool needed;
        assert_int_equal(hazards_note(&h, &k, spans, &needed), VIDI_OK);
        assert_int_equal(needed, model_note(&m, &k, spans, buffers));
        waits += needed;
    }
    assert_in_range(waits, N / 20, N - N / 20); /* both answers were asked for */
    arena_close(&a);
    logged_close(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(barriers_are_neither_missing_nor_idle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
