/* Activations and their gated forms. */
#include "ops/ref/act.h"

#include <math.h>
#include <string.h>

#include "check.h"

static const double u = 0x1p-24;

static void append(struct gpu_list *list, const void *op) { op_act(list, op); }

/* As shaders/common/act.glsl promises: a share of |v| for the kinds that compute something, and an
 * ulp for the product. Denormals may be flushed. */
static double allow(enum act act, double v, double by, double want) {
    static const double share[ACT_COUNT] = {
        [ACT_GELU] = 4e-7, [ACT_GELU_TANH] = 5e-7, [ACT_QUICK_GELU] = 5e-7, [ACT_SILU] = 5e-7};
    return share[act] * fabs(v * by) + u * fabs(want) + 0x1p-125 * (1 + fabs(by));
}

struct shape {
    uint32_t rows, cols, gap;
    bool one; /* row of b for all */
    float cap;
};

/* The wrong twin: the next activation; GELU and its tanh form lie 5e-4 apart. */
static void run(struct check *c, const struct shape *s, enum act act, bool glu, const float *a,
                bool twin) {
    const uint32_t stride = s->cols + s->gap;
    const uint64_t n = (uint64_t)s->rows * s->cols,
                   bytes = ((uint64_t)s->rows * stride - s->gap) * 4;
    const float *b = check_floats(c, CHECK_NORMAL, (uint64_t)s->rows * stride);
    double *want = check_doubles(c, n), *wrong = check_doubles(c, n);
    double *allowed = check_doubles(c, n);
    const uint32_t b_stride = s->one ? 0 : stride;
    struct ref_act ref = {a,        b,       want, s->rows, s->cols, stride,
                          b_stride, s->cols, act,  glu,     s->cap};
    ref_act(&ref);
    ref.y = wrong;
    ref.act = s->cap != 0 ? act : (act + 1) % ACT_COUNT;
    ref.cap = s->cap * 1.001f;
    ref_act(&ref);
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t at = i / s->cols * stride + i % s->cols;
        allowed[i] = allow(act, a[at], glu ? b[s->one ? i % s->cols : at] : 1, want[i]);
        if (s->cap != 0) allowed[i] += 5e-7 * fabs(want[i]);
    }
    struct check_output out = {.name = "y",
                               .rows = s->rows,
                               .cols = s->cols,
                               .stride = stride,
                               .want = want,
                               .allowed = allowed,
                               .wrong = twin ? wrong : NULL};
    struct op_act op = {.a = check_input(c, "a", a, bytes),
                        .y = check_output(c, &out),
                        .rows = s->rows,
                        .cols = s->cols,
                        .a_stride = stride,
                        .b_stride = b_stride,
                        .y_stride = stride,
                        .act = act,
                        .glu = glu,
                        .cap = s->cap};
    if (glu) op.b = check_input(c, "b", b, s->one ? s->cols * 4ull : bytes);
    check_run(c, append, &op, &out, 1);
}

static void sizes(struct check *c, enum act act, bool glu) {
    static const struct shape shapes[] = {
        {1, 1, 0, false, 0},   {2, 3, 0, false, 0},   {3, 64, 0, false, 0},  {3, 65, 0, false, 0},
        {5, 127, 6, false, 0}, {2, 256, 0, false, 0}, {4, 260, 4, false, 0}, {1, 1031, 0, false, 0},
        {5, 128, 0, true, 0},  {3, 67, 5, true, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        if (!check_begin(c, "act %d%s rows %u cols %u gap %u%s", act, glu ? " glu" : "", s->rows,
                         s->cols, s->gap, s->one ? " one" : ""))
            continue;
        float *a = check_floats(c, CHECK_NORMAL, (uint64_t)s->rows * (s->cols + s->gap));
        for (uint32_t j = 0; j < s->rows * (s->cols + s->gap); j++) a[j] *= 3;
        run(c, s, act, glu, a, s->cols > 60);
    }
}

/* Every size of number of both signs, and a fine walk through where the curve bends. */
static void curve(struct check *c, enum act act, float cap) {
    if (!check_begin(c, "act %d curve cap %g", act, cap)) return;
    enum { N = 20000 };
    float *a = check_floats(c, CHECK_ZEROS, N + 300);
    for (int i = 0; i < N; i++) a[i] = (float)(i - N / 2) * 0.0015f;
    for (int i = 0; i < 300; i++) {
        const float size = ldexpf(1, i / 2 - 26);
        a[N + i] = i % 2 ? -size : size;
    }
    a[N] = -0.0f;
    a[N + 1] = 1e-42f;
    run(c, &(struct shape){.rows = 1, .cols = N + 300, .cap = cap}, act, false, a, true);
}

static void many_rows(struct check *c) {
    const struct shape s = {.rows = 8203, .cols = 4};
    if (check_begin(c, "8203 rows"))
        run(c, &s, ACT_SILU, true, check_floats(c, CHECK_WILD, s.rows * s.cols), true);
}

static void cases(struct check *c) {
    for (int act = 0; act < ACT_COUNT; act++) {
        sizes(c, (enum act)act, false);
        sizes(c, (enum act)act, true);
        curve(c, (enum act)act, 0);
    }
    curve(c, ACT_NONE, 1.5f);
    curve(c, ACT_NONE, 30);
    many_rows(c);
}

static void bench(struct check *c) {
    if (!check_begin(c, "silu glu 64 x 1536")) return;
    const uint64_t bytes = 64ull * 1536 * 4;
    const struct op_act op = {
        .a = check_input(c, "a", check_floats(c, CHECK_NORMAL, bytes / 4), bytes),
        .b = check_input(c, "b", check_floats(c, CHECK_NORMAL, bytes / 4), bytes),
        .y = check_scratch(c, "y", bytes),
        .rows = 64,
        .cols = 1536,
        .a_stride = 1536,
        .b_stride = 1536,
        .y_stride = 1536,
        .act = ACT_SILU,
        .glu = true,
    };
    check_bench(c, append, &op, sizeof op, 1);
}

static const char *const kernels[] = {"act", NULL};
const struct check_group check_group_act = {"act", kernels, cases, bench, NULL};
