/* Softmax of rows. */
#include "ops/ref/softmax.h"

#include <math.h>

#include "check.h"

static const double u = 0x1p-24;

static void append(struct gpu_list *list, const void *op) { op_softmax(list, op); }

/* An argument v = scale * x - top is off by u of each of its two parts, which e^v turns into a
 * relative error; e^v itself adds 1.2e-7, the sum of n terms its own, the last steps 4 ulp. */
static void run(struct check *c, uint32_t rows, uint32_t cols, float scale, const float *x,
                bool twin) {
    const uint64_t n = (uint64_t)rows * cols;
    double *want = check_doubles(c, n), *wrong = check_doubles(c, n);
    double *allowed = check_doubles(c, n);
    ref_softmax(&(struct ref_softmax){x, want, rows, cols, scale});
    ref_softmax(&(struct ref_softmax){x, wrong, rows, cols, scale * 1.0001f});
    for (uint64_t i = 0; i < n; i++) {
        double most = 0;
        for (uint32_t j = 0; j < cols; j++) {
            const double v = fabs((double)scale * x[i / cols * cols + j]);
            if (isfinite(v)) most = fmax(most, v);
        }
        const double argument = 6 * u * most; /* of this element and of those in the sum */
        allowed[i] = want[i] * (expm1(argument) + 4 * sqrt(cols) * u + 2.4e-7 + 6 * u) + 1e-37;
    }
    struct check_output out = {.name = "y",
                               .rows = rows,
                               .cols = cols,
                               .stride = cols,
                               .want = want,
                               .allowed = allowed,
                               .wrong = twin ? wrong : NULL};
    const struct op_softmax op = {.x = check_input(c, "x", x, n * 4),
                                  .y = check_output(c, &out),
                                  .rows = rows,
                                  .cols = cols,
                                  .scale = scale};
    check_run(c, append, &op, &out, 1);
}

static void sizes(struct check *c) {
    static const uint32_t cols[] = {1, 2, 3, 4, 7, 31, 32, 64, 65, 127, 128, 257, 1021, 4100};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++)
        if (check_begin(c, "rows 5 cols %u", cols[i]))
            run(c, 5, cols[i], 1.7f, check_floats(c, CHECK_NORMAL, 5ull * cols[i]), cols[i] > 2);
    for (uint32_t n = 5; n <= 140; n++)
        if (check_begin(c, "every width %u", n))
            run(c, 3, n, 1.7f, check_floats(c, CHECK_NORMAL, 3ull * n), true);
    if (check_begin(c, "rows 8213 cols 3"))
        run(c, 8213, 3, 0.3f, check_floats(c, CHECK_WILD, 8213 * 3), true);
}

static void hard(struct check *c) {
    static const char *const names[] = {"zeros",  "equal",      "huge",       "one large",
                                        "masked", "all masked", "first seen", "denormal"};
    for (int kind = 0; kind < 8; kind++) {
        if (!check_begin(c, "%s", names[kind])) continue;
        enum { COLS = 133 };
        float *x = check_floats(c, kind ? CHECK_NORMAL : CHECK_ZEROS, 3 * COLS);
        for (int i = 0; i < 3 * COLS; i++) {
            if (kind == 1) x[i] = 7.25f;
            if (kind == 2) x[i] *= 1e30f;
            if (kind == 3 && i % COLS == 77) x[i] = 300;
            if (kind == 4 && i % 3) x[i] = -INFINITY;
            if (kind == 5 && i / COLS == 1) x[i] = -INFINITY;
            if (kind == 6 && i % COLS) x[i] = -INFINITY;
            if (kind == 7) x[i] = 1e-41f;
        }
        run(c, 3, COLS, 1, x, false);
    }
}

static void cases(struct check *c) {
    sizes(c);
    hard(c);
}

static const char *const kernels[] = {"softmax", "softmax_subgroup", NULL};
const struct check_group check_group_softmax = {"softmax", kernels, cases, NULL, NULL};
