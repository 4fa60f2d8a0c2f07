/* Gather, scatter and copies of rows: every bit counts. */
#include "ops/ref/rows.h"

#include <math.h>
#include <string.h>

#include "check.h"

static void append(struct gpu_list *list, const void *op) { op_rows(list, op); }

struct shape {
    uint32_t rows, cols, others, gap; /* others: rows of the indexed side */
    uint32_t first, live;             /* live 0: no step */
    bool scatter, last, indexed, strays, position, masked, below, halves;
};

/* With strays the last rows of the indexed side are there, but out of bounds. */
static uint32_t limit_of(const struct shape *s) { return s->others - (s->strays ? 3 : 0); }

/* Distinct places, some of them outside when strays are wanted. */
static uint32_t *places(struct check *c, const struct shape *s) {
    const uint32_t n = s->others > s->rows ? s->others : s->rows;
    uint32_t *index = check_bytes(c, n * 4ull);
    for (uint32_t i = 0; i < n; i++) index[i] = i;
    for (uint32_t i = n - 1; i > 0; i--) {
        const uint32_t j = check_below(c, i + 1), keep = index[i];
        index[i] = index[j];
        index[j] = keep;
    }
    for (uint32_t i = 0; s->masked && i < n; i += 1 + check_below(c, 3)) index[i] = ~index[i];
    if (s->strays) index[0] = limit_of(s), index[s->rows - 1] = UINT32_MAX;
    return index;
}

static uint32_t *noise(struct check *c, uint64_t n) {
    uint32_t *words = check_bytes(c, n * 4); /* any bits: signalling NaN, denormals */
    for (uint64_t i = 0; i < n; i++) words[i] = check_random(c);
    return words;
}

/* Numbers that halves hold, hardly or not at all: what is too large for them is left out. */
static uint32_t *numbers(struct check *c, uint64_t n) {
    float *v = check_bytes(c, n * sizeof *v);
    for (uint64_t i = 0; i < n; i++)
        v[i] = ldexpf((float)(int32_t)check_random(c) / 0x1p31f, (int)check_below(c, 46) - 30);
    return (uint32_t *)v;
}

static void run(struct check *c, const struct shape *s) {
    const uint32_t stride = s->cols + s->gap,
                   words = s->halves ? 2 : 1; /* numbers in a word of y */
    const uint32_t y_cols = s->cols / words, y_stride = stride / words;
    const uint32_t x_rows = s->scatter ? s->rows : s->others,
                   y_rows = s->scatter ? s->others : s->rows;
    const uint64_t x_words = (uint64_t)x_rows * stride - s->gap, y_n = (uint64_t)y_rows * y_cols;
    const uint32_t *x = s->halves ? numbers(c, x_words) : noise(c, x_words), *index = places(c, s);
    uint32_t *init = noise(c, (uint64_t)y_rows * y_stride);
    uint32_t *want = check_bytes(c, y_n * 4), *wrong = check_bytes(c, y_n * 4);
    for (uint64_t i = 0; i < y_n; i++)
        want[i] = wrong[i] = init[i / y_cols * y_stride + i % y_cols];
    const struct step step = {.rows = s->live, .position = 7, .lag = 4};
    struct ref_rows ref = {x,           s->indexed ? index : NULL,
                           want,        s->live ? &step : NULL,
                           s->rows,     s->cols,
                           limit_of(s), s->first,
                           stride,      s->cols,
                           s->scatter,  s->last,
                           s->position, s->masked,
                           s->below,    s->halves};
    ref_rows(&ref);
    uint32_t *off = check_bytes(c, s->rows * 4ull + 4); /* the wrong twin looks one row further */
    for (uint32_t i = 0; i < s->rows; i++) off[i] = index[i] + 1;
    ref.y = wrong;
    ref.first++;
    if (s->indexed) ref.index = off;
    ref_rows(&ref);
    struct check_output out = {.name = "y",
                               .rows = y_rows,
                               .cols = y_cols,
                               .stride = y_stride,
                               .init = init,
                               .want_bits = want,
                               .wrong_bits = wrong};
    if (s->last && s->live >= s->others) out.wrong_bits = NULL; /* both look past the end */
    struct op_rows op = {.x = check_input(c, "x", x, x_words * 4),
                         .y = check_output(c, &out),
                         .rows = s->rows,
                         .cols = s->cols,
                         .limit = limit_of(s),
                         .first = s->first,
                         .x_stride = stride,
                         .y_stride = stride,
                         .scatter = s->scatter,
                         .last = s->last,
                         .from_position = s->position,
                         .masked = s->masked,
                         .below = s->below,
                         .halves = s->halves};
    if (s->indexed) op.index = check_input(c, "index", index, s->rows * 4ull);
    if (s->live) op.step = check_input(c, "step", &step, sizeof step);
    check_run(c, append, &op, &out, 1);
}

static void cases(struct check *c) {
    static const struct shape shapes[] = {
        {1, 1, 2, 0, .indexed = true},
        {5, 3, 9, 0, .indexed = true},
        {9, 64, 9, 0, .indexed = true},
        {7, 576, 50, 8, .indexed = true, .strays = true},
        {7, 257, 50, 1, .indexed = true, .strays = true},
        {8211, 4, 8211, 0, .indexed = true},
        {6, 65, 11, 0, .indexed = true, .live = 4},
        {5, 3, 9, 0, .indexed = true, .scatter = true},
        {7, 96, 30, 4, .indexed = true, .scatter = true, .strays = true},
        {7, 31, 30, 2, .indexed = true, .scatter = true, .strays = true, .live = 5},
        {5, 2, 9, 0, .indexed = true, .scatter = true, .halves = true},
        {7, 98, 30, 6, .indexed = true, .scatter = true, .strays = true, .halves = true},
        {9, 128, 30, 0, .indexed = true, .scatter = true, .live = 5, .halves = true},
        {4, 128, 9, 0, .first = 5},
        {4, 129, 9, 3, .first = 7}, /* rows past the end give zeros */
        {3, 33, 8, 0, .first = 2, .scatter = true},
        {3, 32, 8, 0, .first = 6, .scatter = true},
        {1, 192, 16, 0, .last = true, .live = 11},
        {1, 191, 16, 5, .last = true, .live = 1},
        {1, 192, 16, 0, .last = true, .live = 17},
        {9, 64, 40, 0, .first = 2, .position = true, .live = 6},
        {1, 80, 40, 0, .first = 2, .position = true, .live = 1},
        {7, 63, 10, 3, .first = 2, .position = true, .live = 7}, /* past the end: zeros */
        {9, 64, 9, 0, .indexed = true, .masked = true},
        {37, 65, 40, 1, .indexed = true, .masked = true, .live = 31},
        {9, 64, 9, 0, .indexed = true, .masked = true, .below = true},
        {37, 65, 40, 1, .indexed = true, .masked = true, .below = true, .live = 31},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        if (check_begin(c, "%s%s%s%s%s%s%s rows %u cols %u of %u gap %u first %u live %u",
                        s->scatter ? "scatter" : "gather", s->indexed ? " indexed" : "",
                        s->last ? " last" : "", s->position ? " from position" : "",
                        s->masked ? " masked" : "", s->below ? " below" : "",
                        s->halves ? " halves" : "", s->rows, s->cols, s->others, s->gap, s->first,
                        s->live))
            run(c, s);
    }
}

static const char *const kernels[] = {"rows", NULL};
const struct check_group check_group_rows = {"rows", kernels, cases, NULL, NULL};
