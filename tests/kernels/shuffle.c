/* Space to depth: every bit counts. */
#include "ops/ref/shuffle.h"

#include "check.h"

static void append(struct gpu_list *list, const void *op) { op_shuffle(list, op); }

/* The wrong twin takes columns before rows inside a block. */
static void run(struct check *c, uint32_t width, uint32_t height, uint32_t cols, uint32_t f) {
    const uint64_t n = (uint64_t)width * height * cols;
    uint32_t *x = check_bytes(c, n * 4);
    for (uint64_t i = 0; i < n; i++) x[i] = check_random(c);
    const uint32_t rows = (width / f) * (height / f), wide = cols * f * f;
    uint32_t *want = check_bytes(c, (uint64_t)rows * wide * 4);
    uint32_t *wrong = check_bytes(c, (uint64_t)rows * wide * 4);
    ref_shuffle(&(struct ref_shuffle){x, want, width, height, cols, f});
    for (uint64_t i = 0; i < (uint64_t)rows * wide; i++) {
        const uint64_t part = i % wide / cols;
        wrong[i] = want[i - part * cols + (part % f * f + part / f) * cols];
    }
    struct check_output out = {.name = "y",
                               .rows = rows,
                               .cols = wide,
                               .stride = wide,
                               .want_bits = want,
                               .wrong_bits = f > 1 ? wrong : NULL};
    const struct op_shuffle op = {.x = check_input(c, "x", x, n * 4),
                                  .y = check_output(c, &out),
                                  .width = width,
                                  .height = height,
                                  .cols = cols,
                                  .factor = f};
    check_run(c, append, &op, &out, 1);
}

static void cases(struct check *c) {
    static const uint32_t shapes[][4] = {
        {1, 1, 1, 1},   {2, 2, 1, 2}, {4, 6, 3, 2},     {6, 3, 5, 3},  {8, 8, 64, 2},
        {12, 4, 37, 4}, {7, 9, 6, 2}, {32, 32, 768, 4}, {3, 5, 16, 1}, {200, 170, 4, 2}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const uint32_t *s = shapes[i];
        if (check_begin(c, "%u x %u cols %u factor %u", s[0], s[1], s[2], s[3]))
            run(c, s[0], s[1], s[2], s[3]);
    }
}

static const char *const kernels[] = {"shuffle", NULL};
const struct check_group check_group_shuffle = {"shuffle", kernels, cases, NULL, NULL};
