/* Rotary positions on q and k, and the K and V caches. */
#include <math.h>
#include <string.h>

#include "base/format.h"
#include "check.h"
#include "ops/ref/rope.h"

static void append(struct gpu_list *list, const void *op) { op_rope_kv(list, op); }

struct shape {
    uint32_t rows, heads, kv_heads, head_dim, rope_dim, cache_rows, gap, position, live;
    bool neox;
};

/* Small whole numbers times small whole numbers: every product and sum is exact in f32, so that
 * what remains is the one rounding to f16, which is compared bit by bit. */
static void make_exact(struct check *c, float *x, uint64_t n, int most, float unit) {
    for (uint64_t i = 0; i < n; i++)
        x[i] = (float)((int)check_below(c, 2 * (uint32_t)most) - most) * unit;
}

struct data {
    uint64_t x_words, q_n, kv_n;
    float *x, *table;
    double *q, *k, *v;         /* of the reference */
    double *wrong_q, *wrong_k; /* pairs the other way */
    double *cache;             /* what the caches held before, as numbers */
};

static struct data make(struct check *c, const struct shape *s, const struct step *step) {
    const uint32_t cols = (s->heads + 2 * s->kv_heads) * s->head_dim;
    struct data d = {.x_words = (uint64_t)s->rows * (cols + s->gap) - s->gap,
                     .q_n = (uint64_t)s->rows * s->heads * s->head_dim,
                     .kv_n = (uint64_t)s->cache_rows * s->kv_heads * s->head_dim};
    d.x = check_floats(c, CHECK_ZEROS, d.x_words);
    d.table = check_floats(c, CHECK_ZEROS, (uint64_t)s->cache_rows * s->rope_dim);
    make_exact(c, d.x, d.x_words, 2000, 0x1p-8f);
    make_exact(c, d.table, (uint64_t)s->cache_rows * s->rope_dim, 128, 0x1p-7f);
    d.q = check_doubles(c, d.q_n), d.wrong_q = check_doubles(c, d.q_n);
    d.k = check_doubles(c, d.kv_n), d.wrong_k = check_doubles(c, d.kv_n);
    d.v = check_doubles(c, d.kv_n);
    struct ref_rope_kv ref = {d.x,         d.table,     d.q,           d.k,           d.v,
                              step,        s->rows,     cols + s->gap, s->heads,      s->kv_heads,
                              s->head_dim, s->rope_dim, s->cache_rows, s->cache_rows, s->neox};
    ref_rope_kv(&ref);
    ref.q = d.wrong_q;
    ref.k_cache = d.wrong_k;
    ref.neox = !s->neox;
    ref_rope_kv(&ref);
    return d;
}

static uint32_t word_of(const double *pair, bool f16) {
    float one = (float)pair[0];
    uint32_t bits;
    if (f16) return f32_to_f16((float)pair[0]) | (uint32_t)f32_to_f16((float)pair[1]) << 16;
    memcpy(&bits, &one, 4);
    return bits;
}

/* Words of a cache from the reference's numbers. Signs of zero agree as well: both sides round the
 * same exact sums of the same products. */
static uint32_t *words_of(struct check *c, const double *v, uint64_t n, bool f16) {
    uint32_t *words = check_bytes(c, n * 4);
    for (uint64_t i = 0; i < n; i += f16 ? 2 : 1) words[f16 ? i / 2 : i] = word_of(v + i, f16);
    return words;
}

/* The rows of a cache that the step leaves alone. */
static uint8_t *untouched(struct check *c, const struct shape *s, const struct step *step,
                          uint32_t cols) {
    uint8_t *skip = check_bytes(c, (uint64_t)s->cache_rows * cols);
    const uint32_t live = step && step->rows < s->rows ? step->rows : s->rows;
    const uint32_t base = step ? step->position : 0;
    for (uint32_t r = 0; r < s->cache_rows; r++)
        memset(skip + (uint64_t)r * cols, r < base || r >= base + live, cols);
    return skip;
}

static void run(struct check *c, const struct shape *s, bool f16) {
    const struct step step = {.rows = s->live, .position = s->position};
    const struct step *at = s->live ? &step : NULL;
    const struct data d = make(c, s, at);
    const uint32_t kv_cols = s->kv_heads * s->head_dim / (f16 ? 2 : 1);
    const uint32_t q_cols = s->heads * s->head_dim;
    uint8_t *skip = untouched(c, s, at, kv_cols), *q_skip = check_bytes(c, d.q_n);
    for (uint64_t i = 0; i < d.q_n; i++) q_skip[i] = at && i / q_cols >= at->rows;
    double *allowed = check_doubles(c, d.q_n);
    for (uint64_t i = 0; i < d.q_n; i++) allowed[i] = 0x1p-60; /* exact, but for the sign of 0 */
    const bool twin = s->rope_dim > 2;
    struct check_output outs[] = {
        {.name = "q",
         .rows = s->rows,
         .cols = q_cols,
         .stride = q_cols,
         .want = d.q,
         .allowed = allowed,
         .wrong = twin ? d.wrong_q : NULL,
         .skip = q_skip},
        {.name = "k",
         .rows = s->cache_rows,
         .cols = kv_cols,
         .stride = kv_cols,
         .skip = skip,
         .want_bits = words_of(c, d.k, d.kv_n, f16),
         .wrong_bits = twin ? words_of(c, d.wrong_k, d.kv_n, f16) : NULL},
        {.name = "v",
         .rows = s->cache_rows,
         .cols = kv_cols,
         .stride = kv_cols,
         .skip = skip,
         .want_bits = words_of(c, d.v, d.kv_n, f16),
         .wrong_bits = twin ? words_of(c, d.k, d.kv_n, f16) : NULL},
    };
    struct op_rope_kv op = {
        .x = check_input(c, "x", d.x, d.x_words * 4),
        .table = check_input(c, "table", d.table, s->cache_rows * s->rope_dim * 4ull),
        .q = check_output(c, &outs[0]),
        .k_cache = check_output(c, &outs[1]),
        .v_cache = check_output(c, &outs[2]),
        .rows = s->rows,
        .x_stride = (s->heads + 2 * s->kv_heads) * s->head_dim + s->gap,
        .heads = s->heads,
        .kv_heads = s->kv_heads,
        .head_dim = s->head_dim,
        .rope_dim = s->rope_dim,
        .cache_rows = s->cache_rows,
        .neox = s->neox,
        .kv_f16 = f16,
    };
    if (at) op.step = check_input(c, "step", at, sizeof *at);
    check_run(c, append, &op, outs, 3);
}

static void cases(struct check *c) {
    static const struct shape shapes[] = {
        {1, 1, 1, 2, 2, 3, 0, 0, 0, false},
        {3, 9, 3, 64, 64, 16, 0, 0, 0, true},
        {3, 9, 3, 64, 64, 16, 0, 11, 2, false},
        {1, 4, 4, 48, 48, 300, 0, 299, 1, true},
        {7, 2, 1, 80, 32, 40, 6, 31, 7, true},
        {7, 2, 1, 80, 20, 40, 6, 31, 7, false},
        {7, 2, 1, 80, 32, 40, 5, 31, 7, true},
        {7, 2, 1, 80, 20, 40, 5, 31, 7, false},
        {5, 3, 2, 10, 6, 12, 1, 4, 5, true},
        {6, 2, 2, 72, 72, 8, 0, 5, 6, true}, /* too long */
        {64, 6, 2, 32, 32, 512, 0, 100, 64, true},
        {2, 1, 1, 256, 256, 4, 0, 1, 2, false},
        {8241, 1, 1, 2, 2, 8241, 0, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int f16 = 0; f16 < 2; f16++) {
            const struct shape *s = &shapes[i];
            if (check_begin(
                    c, "%s %s rows %u heads %u/%u of %u, %u turned, position %u live %u cache %u",
                    f16 ? "f16" : "f32", s->neox ? "halves" : "pairs", s->rows, s->heads,
                    s->kv_heads, s->head_dim, s->rope_dim, s->position, s->live, s->cache_rows))
                run(c, s, f16);
        }
}

static void bench(struct check *c) {
    for (uint32_t rows = 1; rows <= 64; rows *= 64) {
        if (!check_begin(c, "%u rows of 9+3+3 heads", rows)) continue;
        const uint64_t cols = 15 * 64;
        const struct op_rope_kv op = {
            .x = check_input(c, "x", check_floats(c, CHECK_NORMAL, rows * cols), rows * cols * 4),
            .table = check_input(c, "table", check_floats(c, CHECK_UNIFORM, 64 * 64), 64 * 64 * 4),
            .q = check_scratch(c, "q", rows * 9 * 64 * 4),
            .k_cache = check_scratch(c, "k", 64 * 192 * 2),
            .v_cache = check_scratch(c, "v", 64 * 192 * 2),
            .rows = rows,
            .x_stride = (uint32_t)cols,
            .heads = 9,
            .kv_heads = 3,
            .head_dim = 64,
            .rope_dim = 64,
            .cache_rows = 64,
            .neox = true,
            .kv_f16 = true,
        };
        check_bench(c, append, &op, sizeof op, 1);
    }
}

static const char *const kernels[] = {"rope_kv", NULL};
const struct check_group check_group_rope_kv = {"rope_kv", kernels, cases, bench, NULL};
