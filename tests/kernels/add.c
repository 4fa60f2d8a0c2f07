/* Sums of rows: scaled, one row for all, gated by a tanh. */
#include "ops/ref/add.h"

#include <math.h>

#include "check.h"

static const double u = 0x1p-24;

static void append(struct gpu_list *list, const void *op) { op_add(list, op); }

struct shape {
    uint32_t rows, cols, b_rows;
    float scale;
    const float *gate;
};

/* tanh is good to 6e-7 of itself: e^-2v to 1.2e-7 and amplified below 2.2 times where it is used,
 * a division of 2.5 ulp. Then two products and a sum. */
static void run(struct check *c, const struct shape *s, enum check_fill fill) {
    const uint64_t n = (uint64_t)s->rows * s->cols, b_n = (uint64_t)s->b_rows * s->cols;
    const float *a = check_floats(c, fill, n), *b = check_floats(c, fill, b_n);
    double *want = check_doubles(c, n), *wrong = check_doubles(c, n);
    double *allowed = check_doubles(c, n);
    struct ref_add ref = {a, b, s->gate, want, s->rows, s->cols, s->b_rows, s->scale};
    ref_add(&ref);
    for (uint64_t i = 0; i < n; i++) {
        const double term = fabs(want[i] - a[i]);
        allowed[i] = term * (6e-7 * (s->gate != NULL) + 3 * u) + u * fabs(want[i]) + 0x1p-125;
        wrong[i] = want[i] + (want[i] - a[i]) * 1e-5; /* a gate or scale that is a little off */
    }
    struct check_output out = {.name = "y",
                               .rows = s->rows,
                               .cols = s->cols,
                               .stride = s->cols,
                               .want = want,
                               .allowed = allowed,
                               .wrong =
                                   fill == CHECK_NORMAL && n > 50 && s->scale != 0 ? wrong : NULL};
    struct op_add op = {.a = check_input(c, "a", a, n * 4),
                        .b = check_input(c, "b", b, b_n * 4),
                        .y = check_output(c, &out),
                        .rows = s->rows,
                        .cols = s->cols,
                        .b_rows = s->b_rows,
                        .scale = s->scale};
    if (s->gate) op.gate = check_input(c, "gate", s->gate, 4);
    check_run(c, append, &op, &out, 1);
}

static void sizes(struct check *c) {
    static const uint32_t shapes[][2] = {{1, 1},   {2, 3},    {3, 64},  {5, 63},
                                         {7, 257}, {4, 1028}, {8207, 4}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (uint32_t one = 0; one < 2; one++) {
            const uint32_t rows = shapes[i][0], cols = shapes[i][1];
            const struct shape s = {rows, cols, one ? 1 : rows, one ? 1 : -0.75f, NULL};
            if (check_begin(c, "rows %u cols %u of %u", rows, cols, s.b_rows))
                run(c, &s, CHECK_NORMAL);
        }
}

static void gates(struct check *c) {
    static const float gates[] = {0,        -0.0f, 1e-20f, -1e-4f, 0.1f, 0.2499f, 0.25f,
                                  -0.2501f, 0.7f,  -2.5f,  9,      -20,  1e30f};
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        const struct shape s = {3, 96, 3, 1, &gates[i]};
        if (check_begin(c, "gate %g", (double)gates[i]))
            run(c, &s, fabsf(gates[i]) > 1e-3f ? CHECK_NORMAL : CHECK_WILD);
    }
}

static void fills(struct check *c) {
    for (int fill = CHECK_UNIFORM; fill <= CHECK_ZEROS; fill++) {
        const struct shape s = {4, 130, 4, 1, NULL};
        if (check_begin(c, "fill %d", fill)) run(c, &s, (enum check_fill)fill);
    }
}

static void cases(struct check *c) {
    sizes(c);
    gates(c);
    fills(c);
}

static const char *const kernels[] = {"add", NULL};
const struct check_group check_group_add = {"add", kernels, cases, NULL, NULL};
