/* LayerNorm and RMSNorm. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "ops/ref/norm.h"

static const double u = 0x1p-24;

struct shape {
    uint32_t rows, cols, x_gap, y_gap, live; /* live 0: no step */
    uint32_t heads;                          /* 0: 1 */
    bool rms, bias;
    float eps;
};

static void append(struct gpu_list *list, const void *op) { op_norm(list, op); }

/* Error of one row: that of a sum of n terms moves the mean, then the variance, then the scale;
 * deviations lose an ulp, the reciprocal root two. A device may flush denormals to zero. */
static void allow_row(const struct ref_norm *ref, const float *x, const double *want,
                      double *allowed) {
    const uint32_t n = ref->cols;
    double size = 0, mean = 0, square = 0;
    for (uint32_t i = 0; i < n; i++) size += fabs((double)x[i]) / n, mean += x[i] / (double)n;
    if (ref->rms) mean = 0;
    for (uint32_t i = 0; i < n; i++) square += (x[i] - mean) * (x[i] - mean) / n;
    const double sums = 4 * sqrt(n) * u, off = ref->rms ? 0 : sums * size + 2 * u * fabs(mean);
    const double scale = 1 / sqrt(square + ref->eps);
    const double loose = (sums + 4 * u + off * off / (square + ref->eps)) / 2 + 8 * u;
    for (uint32_t i = 0; i < n; i++) {
        const double w = fabs((double)ref->w[i]), apart = fabs(x[i] - mean);
        const double b = ref->b ? fabs((double)ref->b[i]) : 0;
        allowed[i] = w * scale * (off + u * apart + 0x1p-125) + w * scale * apart * loose +
                     u * (fabs(want[i]) + b) + 0x1p-125;
    }
}

/* The variance divided by n - 1; for RMSNorm the mean taken off. */
static void wrong_row(const struct ref_norm *ref, const float *x, double *y) {
    const uint32_t n = ref->cols;
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < n; i++) mean += x[i] / (double)n;
    for (uint32_t i = 0; i < n; i++) square += (x[i] - mean) * (x[i] - mean);
    const double scale = 1 / sqrt(square / (ref->rms ? n : n - 1) + ref->eps);
    for (uint32_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) * scale * ref->w[i] + (ref->b ? ref->b[i] : 0);
}

static void run(struct check *c, const struct shape *s, const float *x, bool twin) {
    const uint32_t heads = s->heads ? s->heads : 1, wide = heads * s->cols;
    const uint32_t xs = wide + s->x_gap, ys = wide + s->y_gap;
    const uint64_t n = (uint64_t)s->rows * wide;
    const float *w = check_floats(c, CHECK_NORMAL, s->cols);
    const float *b = s->bias ? check_floats(c, CHECK_NORMAL, s->cols) : NULL;
    const struct step step = {.rows = s->live};
    double *want = check_doubles(c, n), *allowed = check_doubles(c, n);
    double *wrong = twin ? check_doubles(c, n) : NULL;
    uint8_t *skip = check_bytes(c, n);
    const struct ref_norm ref = {x,       w,       b,  want, s->live ? &step : NULL,
                                 s->rows, s->cols, xs, wide, s->heads,
                                 s->eps,  s->rms};
    ref_norm(&ref);
    const uint32_t live = s->live && s->live < s->rows ? s->live : s->rows;
    for (uint64_t r = 0; r < s->rows; r++) {
        for (uint32_t h = 0; h < wide; h += s->cols) {
            const uint64_t at = r * wide + h;
            allow_row(&ref, x + r * xs + h, want + at, allowed + at);
            if (twin) wrong_row(&ref, x + r * xs + h, wrong + at);
        }
        memset(skip + r * wide, r >= live, wide);
    }
    struct check_output out = {.name = "y",
                               .rows = s->rows,
                               .cols = wide,
                               .stride = ys,
                               .want = want,
                               .allowed = allowed,
                               .wrong = wrong,
                               .skip = skip};
    struct op_norm op = {
        .x = check_input(c, "x", x, (((uint64_t)s->rows - 1) * xs + wide) * 4),
        .w = check_input(c, "w", w, s->cols * 4ull),
        .y = check_output(c, &out),
        .rows = s->rows,
        .cols = s->cols,
        .x_stride = xs,
        .y_stride = ys,
        .heads = s->heads,
        .eps = s->eps,
        .rms = s->rms,
    };
    if (b) op.b = check_input(c, "b", b, s->cols * 4ull);
    if (s->live) op.step = check_input(c, "step", &step, sizeof step);
    check_run(c, append, &op, &out, 1);
}

static bool begin(struct check *c, const struct shape *s, const char *data) {
    return check_begin(c, "%s%s rows %u (%u live) heads %u cols %u gaps %u %u %s",
                       s->rms ? "rms" : "layer", s->bias ? " bias" : "", s->rows, s->live, s->heads,
                       s->cols, s->x_gap, s->y_gap, data);
}

static void sizes(struct check *c) {
    static const uint32_t cols[] = {1,   2,   3,   4,   5,   8,   31,   32,   33,  127,
                                    128, 129, 192, 257, 512, 576, 1021, 1028, 4096};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++)
        for (uint32_t kind = 0; kind < 4; kind++) {
            const struct shape s = {.rows = 3,
                                    .cols = cols[i],
                                    .x_gap = kind > 1 ? 5 : 0,
                                    .y_gap = kind > 1 ? 3 : 0,
                                    .rms = kind & 1,
                                    .bias = kind < 2,
                                    .eps = 1e-5f};
            if (begin(c, &s, "normal"))
                run(c, &s, check_floats(c, CHECK_NORMAL, (uint64_t)s.rows * (s.cols + s.x_gap)),
                    s.cols > 2);
        }
}

static void rows_and_steps(struct check *c) {
    static const struct shape shapes[] = {
        {.rows = 1, .cols = 576, .rms = true, .eps = 1e-5f},
        {.rows = 8201, .cols = 4, .eps = 1e-6f, .bias = true},
        {.rows = 5, .cols = 64, .live = 2, .eps = 1e-6f, .bias = true},
        {.rows = 5, .cols = 63, .live = 9, .rms = true, .eps = 1e-6f},
        {.rows = 9, .cols = 128, .heads = 6, .x_gap = 64, .y_gap = 4, .rms = true, .eps = 1e-6f},
        {.rows = 9, .cols = 33, .heads = 3, .x_gap = 1, .live = 4, .rms = true, .eps = 1e-6f},
        {.rows = 7, .cols = 96, .x_gap = 32, .y_gap = 64, .live = 1, .eps = 1e-6f},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (begin(c, &shapes[i], "normal"))
            run(c, &shapes[i],
                check_floats(
                    c, CHECK_NORMAL,
                    (uint64_t)shapes[i].rows *
                        ((uint64_t)shapes[i].cols * (shapes[i].heads ? shapes[i].heads : 1) +
                         shapes[i].x_gap)),
                true);
}

/* Heads of every size, side by side. */
static void heads(struct check *c) {
    for (uint32_t cols = 2; cols <= 256; cols++) {
        const struct shape s = {
            .rows = 2, .cols = cols, .heads = 3, .x_gap = cols % 4, .rms = true, .eps = 1e-6f};
        if (begin(c, &s, "every size"))
            run(c, &s, check_floats(c, CHECK_NORMAL, 2ull * (3 * cols + s.x_gap)), cols > 2);
    }
}

/* Rows that hurt: no variance, sums that cancel, a mean far from 0, huge, denormal. */
static void hard(struct check *c, bool rms) {
    static const struct {
        const char *name;
        enum check_fill fill;
        float scale, shift;
    } rows[] = {
        {"zeros", CHECK_ZEROS, 1, 0},        {"ones", CHECK_ONES, 1, 0},
        {"wild", CHECK_WILD, 1, 0},          {"cancel", CHECK_CANCEL, 1, 0},
        {"far mean", CHECK_NORMAL, 1, 1000}, {"huge", CHECK_NORMAL, 1e15f, 0},
        {"tiny", CHECK_NORMAL, 1e-18f, 0},   {"denormal", CHECK_NORMAL, 1e-40f, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct shape s = {.rows = 2, .cols = 260, .rms = rms, .bias = true, .eps = 1e-5f};
        if (!begin(c, &s, rows[i].name)) continue;
        float *x = check_floats(c, rows[i].fill, (uint64_t)s.rows * s.cols);
        for (uint32_t j = 0; j < s.rows * s.cols; j++) x[j] = x[j] * rows[i].scale + rows[i].shift;
        run(c, &s, x, false);
    }
}

static void cases(struct check *c) {
    sizes(c);
    rows_and_steps(c);
    heads(c);
    hard(c, false);
    hard(c, true);
}

static void bench(struct check *c) {
    static const uint32_t shapes[][2] = {{1, 576}, {64, 576}, {576, 768}, {1, 4096}, {512, 192}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const uint32_t rows = shapes[i][0], cols = shapes[i][1];
        if (!check_begin(c, "%u x %u", rows, cols)) continue;
        const uint64_t bytes = (uint64_t)rows * cols * 4;
        const struct op_norm op = {
            .x = check_input(c, "x", check_floats(c, CHECK_NORMAL, bytes / 4), bytes),
            .w = check_input(c, "w", check_floats(c, CHECK_NORMAL, cols), cols * 4ull),
            .y = check_scratch(c, "y", bytes),
            .rows = rows,
            .cols = cols,
            .x_stride = cols,
            .y_stride = cols,
            .eps = 1e-5f,
            .rms = true,
        };
        check_bench(c, append, &op, sizeof op, 1);
    }
}

static const char *const kernels[] = {"norm", "norm_subgroup", "norm_cpu", NULL};
const struct check_group check_group_norm = {"norm", kernels, cases, bench, NULL};
