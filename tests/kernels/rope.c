/* Rotary positions. */
#include "ops/ref/rope.h"

#include <math.h>
#include <string.h>

#include "check.h"

static void append(struct gpu_list *list, const void *op) { op_rope(list, op); }

struct shape {
    uint32_t rows, heads, head_dim, rope_dim, table_rows, gap, position, live; /* live 0: no step */
    bool neox;
};

static float *angles(struct check *c, uint32_t rows, uint32_t rope_dim) {
    float *table = check_floats(c, CHECK_ZEROS, (uint64_t)rows * rope_dim);
    for (uint32_t p = 0; p < rows; p++)
        for (uint32_t i = 0; i < rope_dim / 2; i++) {
            const double angle = p * pow(10000, -2.0 * i / rope_dim);
            table[p * rope_dim + 2 * i] = (float)cos(angle);
            table[p * rope_dim + 2 * i + 1] = (float)sin(angle);
        }
    return table;
}

/* Two products and their sum lose at most 3 half ulps of each product. The wrong twin pairs the
 * other way. */
static void run(struct check *c, const struct shape *s, enum check_fill fill) {
    const uint32_t cols = s->heads * s->head_dim, stride = cols + s->gap;
    const uint64_t n = (uint64_t)s->rows * cols, words = (uint64_t)s->rows * stride - s->gap;
    const float *x = check_floats(c, fill, words);
    const float *table = angles(c, s->table_rows, s->rope_dim);
    const struct step step = {.rows = s->live, .position = s->position};
    double *want = check_doubles(c, n), *wrong = check_doubles(c, n);
    double *allowed = check_doubles(c, n);
    uint8_t *skip = check_bytes(c, n);
    struct ref_rope ref = {x,           table,       want,          s->live ? &step : NULL,
                           s->rows,     stride,      cols,          s->heads,
                           s->head_dim, s->rope_dim, s->table_rows, s->neox};
    ref_rope(&ref);
    ref.y = wrong;
    ref.neox = !s->neox;
    ref_rope(&ref);
    for (uint64_t i = 0; i < n; i++) {
        const float *head = x + i / cols * stride + i % cols / s->head_dim * s->head_dim;
        double most = 0; /* the partner is one of the head */
        for (uint32_t j = 0; j < s->head_dim; j++) most = fmax(most, fabs((double)head[j]));
        allowed[i] = 3 * 0x1p-24 * (fabs((double)head[i % s->head_dim]) + most) + 0x1p-125;
        skip[i] = s->live && i / cols >= s->live;
    }
    struct check_output out = {.name = "y",
                               .rows = s->rows,
                               .cols = cols,
                               .stride = stride,
                               .want = want,
                               .allowed = allowed,
                               .skip = skip,
                               .wrong = s->rope_dim > 2 && s->rows > 1 ? wrong : NULL};
    struct op_rope op = {.x = check_input(c, "x", x, words * 4),
                         .table =
                             check_input(c, "table", table, s->table_rows * s->rope_dim * 4ull),
                         .y = check_output(c, &out),
                         .rows = s->rows,
                         .x_stride = stride,
                         .y_stride = stride,
                         .heads = s->heads,
                         .head_dim = s->head_dim,
                         .rope_dim = s->rope_dim,
                         .neox = s->neox};
    if (s->live) op.step = check_input(c, "step", &step, sizeof step);
    check_run(c, append, &op, &out, 1);
}

/* Every size of a head, turned as a whole and in part. */
static void every_size(struct check *c) {
    for (uint32_t dim = 2; dim <= 256; dim++)
        for (uint32_t neox = 0; neox < 2; neox++) {
            const uint32_t turned = dim % 3 == 0 ? dim / 4 * 2 : dim / 2 * 2;
            const struct shape s = {3, 3, dim, turned ? turned : 2, 8, dim % 4, 4, 3, neox};
            if (check_begin(c, "every size heads of %u, %u turned, %s", dim, s.rope_dim,
                            neox ? "halves" : "pairs"))
                run(c, &s, CHECK_NORMAL);
        }
}

static void cases(struct check *c) {
    every_size(c);
    static const struct shape shapes[] = {
        {1, 1, 2, 2, 4, 0, 0, 0, false},      {3, 2, 8, 8, 4, 0, 0, 0, false},
        {3, 2, 8, 8, 4, 0, 0, 0, true},       {5, 3, 64, 64, 40, 7, 30, 4, false},
        {5, 3, 64, 64, 40, 7, 30, 4, true},   {4, 5, 80, 32, 16, 0, 9, 4, true},
        {4, 5, 80, 20, 16, 3, 9, 4, false},   {3, 2, 96, 6, 16, 0, 0, 0, true},
        {9, 2, 72, 72, 6, 0, 0, 0, true}, /* rows past the table take its last */
        {8237, 1, 4, 4, 8237, 0, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int fill = CHECK_NORMAL; fill <= CHECK_WILD; fill++) {
            const struct shape *s = &shapes[i];
            if (check_begin(c, "%s rows %u heads %u of %u, %u turned, position %u live %u fill %d",
                            s->neox ? "halves" : "pairs", s->rows, s->heads, s->head_dim,
                            s->rope_dim, s->position, s->live, fill))
                run(c, s, (enum check_fill)fill);
        }
}

static const char *const kernels[] = {"rope", NULL};
const struct check_group check_group_rope = {"rope", kernels, cases, NULL, NULL};
