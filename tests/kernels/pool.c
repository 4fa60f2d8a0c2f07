/* Average pooling. */
#include "ops/ref/pool.h"

#include "check.h"

static void append(struct gpu_list *list, const void *op) { op_pool(list, op); }

/* The wrong twin forgets the last of the window. */
static void run(struct check *c, const uint32_t *s, enum check_fill fill) {
    const uint32_t width = s[0], height = s[1], cols = s[2], kernel = s[3];
    const uint32_t rows = (width / kernel) * (height / kernel), taps = kernel * kernel;
    const uint64_t n = (uint64_t)rows * cols, x_n = (uint64_t)width * height * cols;
    const float *x = check_floats(c, fill, x_n);
    double *want = check_doubles(c, n), *size = check_doubles(c, n);
    double *allowed = check_doubles(c, n), *wrong = check_doubles(c, n);
    ref_pool(&(struct ref_pool){x, want, size, width, height, cols, kernel});
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t row = i / cols, across = width / kernel;
        const uint64_t down = row / across * kernel + kernel - 1;
        const uint64_t pixel = down * width + row % across * kernel + kernel - 1;
        allowed[i] = check_allowed(size[i], taps, want[i]) + 2 * 0x1p-24 * size[i] + 0x1p-125;
        wrong[i] = want[i] - x[pixel * cols + i % cols] / (double)taps;
    }
    struct check_output out = {.name = "y",
                               .rows = rows,
                               .cols = cols,
                               .stride = cols,
                               .want = want,
                               .allowed = allowed,
                               .wrong = fill == CHECK_NORMAL ? wrong : NULL};
    const struct op_pool op = {.x = check_input(c, "x", x, x_n * 4),
                               .y = check_output(c, &out),
                               .width = width,
                               .height = height,
                               .cols = cols,
                               .kernel = kernel};
    check_run(c, append, &op, &out, 1);
}

static void cases(struct check *c) {
    static const uint32_t shapes[][4] = {{1, 1, 1, 1},      {2, 2, 3, 2},     {7, 5, 31, 2},
                                         {9, 9, 64, 3},     {16, 16, 128, 4}, {64, 64, 65, 16},
                                         {27, 27, 1152, 3}, {11, 13, 7, 5}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int fill = CHECK_NORMAL; fill <= CHECK_ZEROS; fill++) {
            const uint32_t *s = shapes[i];
            if (check_begin(c, "%u x %u cols %u kernel %u fill %d", s[0], s[1], s[2], s[3], fill))
                run(c, s, (enum check_fill)fill);
        }
}

static const char *const kernels[] = {"pool", NULL};
const struct check_group check_group_pool = {"pool", kernels, cases, NULL, NULL};
