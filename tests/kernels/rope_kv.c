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
    bool wild; /* of q8_0 alone */
};

/* Small whole numbers times small whole numbers: every product and sum is exact in f32, so that
 * what remains is the one rounding to f16, which is compared bit by bit. */
static void make_exact(struct check *c, float *x, uint64_t n, int most, float unit) {
    for (uint64_t i = 0; i < n; i++)
        x[i] = (float)((int)check_below(c, 2 * (uint32_t)most) - most) * unit;
}

/* Blocks of V whose scale f16 holds hardly or not at all, and one number in 32 that is none. */
static void make_wild(struct check *c, const struct shape *s, float *x) {
    static const float most[] = {0,      0x1p-30f, 0x1p-17f, 0x1p-12f, 100,
                                 6.5e4f, 1e7f,     3e38f,    INFINITY, NAN};
    const uint32_t before = (s->heads + s->kv_heads) * s->head_dim, n = s->kv_heads * s->head_dim;
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t i = 0; i < n; i++) {
            const float size = most[(i / 32 + r) % (sizeof most / sizeof *most)];
            const float part = isfinite(size) ? check_between(c, -1, 1) : i % 32 == 7;
            float *at = x + (size_t)r * (before + n + s->gap) + before + i;
            *at = part == 0 ? 0.5f : size * part;
        }
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
    if (s->wild) make_wild(c, s, d.x);
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

/* What is written of a row of a cache. */
static uint32_t row_words(const struct shape *s, enum kv_type type) {
    const uint32_t cols = s->kv_heads * s->head_dim;
    return type == KV_Q8_0 ? cols / 4 + (cols + 63) / 64 : cols / (type == KV_F16 ? 2 : 1);
}

static uint32_t *q8_0_of(struct check *c, const double *v, uint64_t n, const struct shape *s) {
    const uint32_t cols = s->kv_heads * s->head_dim;
    const uint64_t stride = 4ull * row_words(s, KV_Q8_0);
    uint8_t *rows = check_bytes(c, n / cols * stride);
    float *row = check_bytes(c, cols * sizeof *row);
    for (uint64_t r = 0; r < n / cols; r++) {
        for (uint32_t i = 0; i < cols; i++) row[i] = (float)v[r * cols + i];
        ref_kv_q8_0(row, cols, rows + r * stride);
    }
    return (uint32_t *)(void *)rows;
}

/* Words of a cache from the reference's numbers. Signs of zero agree as well: both sides round the
 * same exact sums of the same products. */
static uint32_t *words_of(struct check *c, const double *v, uint64_t n, const struct shape *s,
                          enum kv_type type) {
    const bool f16 = type == KV_F16;
    if (type == KV_Q8_0) return q8_0_of(c, v, n, s);
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

static void run(struct check *c, const struct shape *s, enum kv_type type) {
    const struct step step = {.rows = s->live, .position = s->position};
    const struct step *at = s->live ? &step : NULL;
    const struct data d = make(c, s, at);
    const uint32_t kv_cols = row_words(s, type);
    const uint32_t stride = (uint32_t)(kv_row_bytes(type, s->kv_heads * s->head_dim) / 4);
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
         .stride = stride,
         .skip = skip,
         .want_bits = words_of(c, d.k, d.kv_n, s, type),
         .wrong_bits = twin ? words_of(c, d.wrong_k, d.kv_n, s, type) : NULL},
        {.name = "v",
         .rows = s->cache_rows,
         .cols = kv_cols,
         .stride = stride,
         .skip = skip,
         .want_bits = words_of(c, d.v, d.kv_n, s, type),
         .wrong_bits = twin ? words_of(c, d.k, d.kv_n, s, type) : NULL},
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
        .kv_type = type,
    };
    if (at) op.step = check_input(c, "step", at, sizeof *at);
    check_run(c, append, &op, outs, 3);
}

static const char *const names[] = {"f32", "f16", "q8_0"};

/* Every size of a head that a cache takes, turned as a whole and in part. */
static void every_size(struct check *c) {
    for (uint32_t dim = 2; dim <= 256; dim += 2)
        for (uint32_t neox = 0; neox < 2; neox++)
            for (enum kv_type type = KV_F32; type <= KV_Q8_0; type++) {
                const uint32_t turned = dim % 3 == 0 ? dim / 4 * 2 : dim;
                const struct shape s = {3, 4, 2,    dim,  turned ? turned : 2, 8, dim % 4,
                                        4, 3, neox, false};
                if (type == KV_Q8_0 && dim % 32) continue;
                if (check_begin(c, "every size %s heads of %u, %u turned, %s", names[type], dim,
                                s.rope_dim, neox ? "halves" : "pairs"))
                    run(c, &s, type);
            }
}

static void cases(struct check *c) {
    static const struct shape shapes[] = {
        {1, 1, 1, 2, 2, 3, 0, 0, 0, false, false},
        {3, 9, 3, 64, 64, 16, 0, 0, 0, true, false},
        {3, 9, 3, 64, 64, 16, 0, 11, 2, false, false},
        {1, 4, 4, 48, 48, 300, 0, 299, 1, true, false},
        {7, 2, 1, 80, 32, 40, 6, 31, 7, true, false},
        {7, 2, 1, 80, 20, 40, 6, 31, 7, false, false},
        {7, 2, 1, 80, 32, 40, 5, 31, 7, true, false},
        {7, 2, 1, 80, 20, 40, 5, 31, 7, false, false},
        {5, 3, 2, 10, 6, 12, 1, 4, 5, true, false},
        {6, 2, 2, 72, 72, 8, 0, 5, 6, true, false}, /* too long */
        {64, 6, 2, 32, 32, 512, 0, 100, 64, true, false},
        {2, 1, 1, 256, 256, 4, 0, 1, 2, false, false},
        {8241, 1, 1, 2, 2, 8241, 0, 0, 0, true, false},
        {4, 2, 3, 96, 64, 9, 3, 2, 4, true, false},
        {3, 1, 1, 32, 20, 5, 0, 3, 3, false, false}, /* too long */
        {5, 2, 10, 32, 32, 5, 0, 0, 5, true, true},
    };
    every_size(c);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (enum kv_type type = KV_F32; type <= KV_Q8_0; type++) {
            const struct shape *s = &shapes[i];
            if (type == KV_Q8_0 ? s->head_dim % 32 : s->wild) continue;
            if (check_begin(
                    c, "%s %s rows %u heads %u/%u of %u, %u turned, position %u live %u cache %u",
                    names[type], s->neox ? "halves" : "pairs", s->rows, s->heads, s->kv_heads,
                    s->head_dim, s->rope_dim, s->position, s->live, s->cache_rows))
                run(c, s, type);
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
            .kv_type = KV_F16,
        };
        check_bench(c, append, &op, sizeof op, 1);
    }
}

static const char *const kernels[] = {"rope_kv", "rope_kv_q8", NULL};
const struct check_group check_group_rope_kv = {"rope_kv", kernels, cases, bench, NULL};
