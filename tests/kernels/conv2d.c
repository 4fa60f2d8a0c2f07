/* 2-D convolution. */
#include "ops/ref/conv2d.h"

#include <math.h>

#include "check.h"

static void append(struct gpu_list *list, const void *op) { op_conv2d(list, op); }

struct shape {
    uint32_t width, height, cin, cout, kw, kh, stride_x, stride_y, pad_x, pad_y, groups;
    bool planar, bias;
    enum act act;
};

/* Activations bend by at most 1.13 and add what shaders/common/act.glsl promises. */
static double allow(const struct shape *s, double size, double sum_allowed, double want) {
    if (s->act == ACT_NONE) return sum_allowed;
    return 1.13 * sum_allowed + 5e-7 * size + 2 * 0x1p-24 * fabs(want);
}

/* Weights of the wrong twin: every kernel turned by half a turn, as the mathematical convolution
 * would have it. */
static float *turned(struct check *c, const float *w, uint64_t n, uint32_t taps) {
    float *out = check_floats(c, CHECK_ZEROS, n);
    for (uint64_t i = 0; i < n; i++) out[i] = w[i / taps * taps + taps - 1 - i % taps];
    return out;
}

static struct op_conv2d op_of(const struct shape *s) {
    return (struct op_conv2d){.width = s->width,
                              .height = s->height,
                              .cin = s->cin,
                              .cout = s->cout,
                              .kw = s->kw,
                              .kh = s->kh,
                              .stride_x = s->stride_x,
                              .stride_y = s->stride_y,
                              .pad_x = s->pad_x,
                              .pad_y = s->pad_y,
                              .groups = s->groups,
                              .planar = s->planar,
                              .act = s->act};
}

static void run(struct check *c, const struct shape *s, enum check_fill fill) {
    const uint64_t x_n = (uint64_t)s->width * s->height * s->cin;
    const uint64_t taps = (uint64_t)s->kw * s->kh * (s->cin / s->groups), w_n = taps * s->cout;
    const float *x = check_floats(c, fill, x_n), *w = check_floats(c, CHECK_NORMAL, w_n);
    const float *bias = s->bias ? check_floats(c, CHECK_NORMAL, s->cout) : NULL;
    struct ref_conv2d ref = {x,           w,        bias,     NULL,      NULL,      s->width,
                             s->height,   s->cin,   s->cout,  s->kw,     s->kh,     s->stride_x,
                             s->stride_y, s->pad_x, s->pad_y, s->groups, s->planar, s->act};
    const uint32_t rows = ref_conv2d_width(&ref) * ref_conv2d_height(&ref);
    const uint64_t n = (uint64_t)rows * s->cout;
    double *want = check_doubles(c, n), *size = check_doubles(c, n);
    double *allowed = check_doubles(c, n), *wrong = check_doubles(c, n);
    ref.y = want;
    ref.abs = size;
    ref_conv2d(&ref);
    for (uint64_t i = 0; i < n; i++)
        allowed[i] = allow(s, size[i], check_allowed(size[i], taps + 1, want[i]), want[i]);
    ref.w = turned(c, w, w_n, s->kw * s->kh);
    ref.y = wrong;
    ref_conv2d(&ref);
    struct check_output out = {.name = "y",
                               .rows = rows,
                               .cols = s->cout,
                               .stride = s->cout,
                               .want = want,
                               .allowed = allowed,
                               .wrong = fill == CHECK_NORMAL && s->kw > 1 ? wrong : NULL};
    struct op_conv2d op = op_of(s);
    op.x = check_input(c, "x", x, x_n * 4);
    op.w = check_input(c, "w", w, w_n * 4);
    op.y = check_output(c, &out);
    if (bias) op.bias = check_input(c, "bias", bias, s->cout * 4ull);
    check_run(c, append, &op, &out, 1);
}

/* Channels of every number, in and out. */
static void every_width(struct check *c) {
    for (uint32_t n = 1; n <= 40; n++) {
        const struct shape s = {6, 5, n % 9 + 1, n, 3, 3, 1, 1, 1, 1, 1, n & 1, true, ACT_NONE};
        if (check_begin(c, "every width %u to %u", s.cin, s.cout)) run(c, &s, CHECK_NORMAL);
    }
}

static void cases(struct check *c) {
    every_width(c);
    static const struct shape shapes[] = {
        {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, false, false, ACT_NONE},
        {2, 3, 1, 2, 2, 2, 1, 1, 0, 0, 1, true, true, ACT_NONE},
        {7, 5, 3, 4, 3, 3, 2, 2, 1, 1, 1, true, true, ACT_RELU},
        {32, 32, 3, 32, 3, 3, 2, 2, 1, 1, 1, true, true, ACT_GELU},
        {33, 31, 3, 16, 3, 3, 2, 2, 1, 1, 1, true, true, ACT_GELU},
        {16, 16, 32, 64, 3, 3, 2, 2, 1, 1, 1, false, true, ACT_GELU},
        {15, 17, 20, 24, 3, 3, 2, 2, 1, 1, 1, false, false, ACT_SILU},
        {9, 8, 5, 7, 3, 2, 1, 3, 2, 0, 1, false, true, ACT_QUICK_GELU},
        {28, 28, 3, 48, 14, 14, 14, 14, 0, 0, 1, true, true, ACT_NONE},
        {10, 9, 16, 16, 3, 3, 1, 1, 1, 1, 16, false, true, ACT_GELU_TANH}, /* depthwise */
        {10, 9, 16, 16, 5, 5, 1, 1, 2, 2, 16, true, true, ACT_NONE},
        {11, 6, 4, 32, 3, 3, 1, 1, 1, 1, 4, false, true, ACT_NONE}, /* 8 outputs each */
        {12, 7, 12, 36, 3, 3, 2, 1, 1, 1, 3, false, true, ACT_SILU},
        {13, 13, 8, 8, 1, 1, 1, 1, 0, 0, 1, false, true, ACT_NONE},
        {5, 5, 2, 8, 7, 7, 1, 1, 3, 3, 1, false, true,
         ACT_NONE}, /* kernel larger than the picture */
        {300, 230, 1, 2, 3, 3, 1, 1, 1, 1, 1, true, true, ACT_NONE},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int fill = CHECK_NORMAL; fill <= CHECK_ZEROS; fill++) {
            const struct shape *s = &shapes[i];
            if (i > 8 && fill > CHECK_WILD) continue;
            if (check_begin(
                    c, "%ux%u %u to %u, %ux%u by %u,%u pad %u,%u groups %u%s act %d fill %d",
                    s->width, s->height, s->cin, s->cout, s->kw, s->kh, s->stride_x, s->stride_y,
                    s->pad_x, s->pad_y, s->groups, s->planar ? " planar" : "", s->act, fill))
                run(c, s, (enum check_fill)fill);
        }
}

static void bench(struct check *c) {
    static const struct shape shapes[] = {
        {192, 192, 3, 32, 3, 3, 2, 2, 1, 1, 1, true, true, ACT_GELU},
        {96, 96, 32, 64, 3, 3, 2, 2, 1, 1, 1, false, true, ACT_GELU},
        {48, 48, 64, 128, 3, 3, 2, 2, 1, 1, 1, false, true, ACT_GELU},
        {24, 24, 128, 192, 3, 3, 2, 2, 1, 1, 1, false, true, ACT_GELU},
        {48, 48, 64, 64, 3, 3, 1, 1, 1, 1, 64, false, true, ACT_NONE},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        if (!check_begin(c, "%ux%u %u to %u, %ux%u by %u groups %u", s->width, s->height, s->cin,
                         s->cout, s->kw, s->kh, s->stride_x, s->groups))
            continue;
        const uint64_t x_n = (uint64_t)s->width * s->height * s->cin;
        const uint64_t w_n = (uint64_t)s->kw * s->kh * (s->cin / s->groups) * s->cout;
        struct op_conv2d op = op_of(s);
        op.x = check_input(c, "x", check_floats(c, CHECK_NORMAL, x_n), x_n * 4);
        op.w = check_input(c, "w", check_floats(c, CHECK_NORMAL, w_n), w_n * 4);
        op.bias = check_input(c, "bias", check_floats(c, CHECK_NORMAL, s->cout), s->cout * 4ull);
        op.y = check_scratch(c, "y", (uint64_t)s->width * s->height * s->cout * 4);
        check_bench(c, append, &op, sizeof op, 1);
    }
}

static const char *const kernels[] = {"conv2d", "conv2d_lanes", "conv2d_cpu", NULL};
const struct check_group check_group_conv2d = {"conv2d", kernels, cases, bench, NULL};
