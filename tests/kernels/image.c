/* Resize, normalise and patch. golden/resize.inc holds what PIL made of the same pictures, so the
 * reference is held to PIL here, and the kernels to the reference, byte by byte. */
#include "ops/ref/image.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "check.h"

struct golden {
    uint32_t width, height, out_w, out_h;
    uint64_t linear, cubic; /* FNV-1a of PIL's bytes */
};
static const struct golden goldens[] = {
#include "golden/resize.inc"
};

struct shape {
    uint32_t width, height, out_w, out_h, out_x, out_y, canvas_w, canvas_h, patch, gap;
    bool cubic, plain; /* plain: no normalising, so that y is the byte itself */
};

static void append(struct gpu_list *list, const void *op) { op_image(list, op); }

/* The picture of golden/resize.py, in rows of `stride` bytes. */
static uint8_t *picture(struct check *c, uint32_t width, uint32_t height, uint32_t stride) {
    uint8_t *rgb = check_bytes(c, (uint64_t)stride * height);
    uint32_t state = width * 65536 + height;
    memset(rgb, 0xEE, (uint64_t)stride * height);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t i = 0; i < width * 3; i++) {
            const uint32_t x = i / 3, channel = i % 3, kind = (x / 9 + y / 7) % 3;
            state = state * 1664525u + 1013904223u;
            uint32_t v = (x * 3 + y * 5 + channel * 40) & 255;
            if (kind == 0) v = (x + y + channel) & 2 ? 255 : 0;
            if (kind == 1) v = state >> 24;
            rgb[(uint64_t)y * stride + i] = (uint8_t)v;
        }
    return rgb;
}

/* Two roundings of what is multiplied and added, and those of the constants. The wrong twin has
 * rounded half down in the second pass: one byte less. */
static void judge(struct check *c, const struct shape *s, const struct ref_image *ref, uint64_t n,
                  double *allowed, double *wrong) {
    (void)c;
    for (uint64_t i = 0; i < n; i++) {
        const double v = ref->y[i], most = 1 / 0.2 + fabs(v) + 3;
        allowed[i] = s->plain ? 0 : 4 * 0x1p-24 * most;
        wrong[i] = v - 1 / (255.0 * ref->std[0]);
    }
}

static struct ref_image reference(struct check *c, const struct shape *s, uint8_t *small) {
    const uint32_t stride = (s->width * 3 + 3) / 4 * 4 + s->gap;
    struct ref_image ref = {
        .rgb = picture(c, s->width, s->height, stride),
        .rows_u8 = check_bytes(c, (uint64_t)s->height * s->out_w * 4),
        .small_u8 = small,
        .y = check_doubles(c, 3ull * s->canvas_w * s->canvas_h),
        .width = s->width,
        .height = s->height,
        .stride = stride,
        .out_w = s->out_w,
        .out_h = s->out_h,
        .out_x = s->out_x,
        .out_y = s->out_y,
        .canvas_w = s->canvas_w,
        .canvas_h = s->canvas_h,
        .patch = s->patch,
        .cubic = s->cubic,
        .mean = {0.48145466f, 0.4578275f, 0.40821073f},
        .std = {0.26862954f, 0.26130258f, 0.27577711f},
    };
    for (int i = 0; s->plain && i < 3; i++) ref.mean[i] = 0, ref.std[i] = 1 / 255.0f;
    for (uint64_t i = 0; i < 3ull * s->canvas_w * s->canvas_h; i++) ref.y[i] = NAN;
    ref_image(&ref);
    return ref;
}

/* With a mean of 0 and std = 1/255 the kernel multiplies a byte by a number next to 1: one product,
 * which every device rounds alike. */
static void to_bytes(const struct ref_image *ref, uint64_t n) {
    const float by = (float)(1 / (255.0 * ref->std[0]));
    for (uint64_t i = 0; i < n; i++) ref->y[i] = (float)round(ref->y[i]) * by;
}

static void run(struct check *c, const struct shape *s, uint64_t golden) {
    uint8_t *small = check_bytes(c, 3ull * s->out_w * s->out_h);
    const struct ref_image ref = reference(c, s, small);
    const uint64_t n = 3ull * s->canvas_w * s->canvas_h;
    if (golden && hash_bytes(small, 3ull * s->out_w * s->out_h) != golden) {
        printf("the reference is not PIL's\n");
        ref.rows_u8[0] ^= 1; /* and the case must not pass */
    }
    if (s->plain) to_bytes(&ref, n);
    double *allowed = check_doubles(c, n), *wrong = check_doubles(c, n);
    uint8_t *skip = check_bytes(c, n);
    judge(c, s, &ref, n, allowed, wrong);
    for (uint64_t i = 0; i < n; i++) skip[i] = isnan(ref.y[i]);
    struct op_image op = {
        .width = s->width,
        .height = s->height,
        .stride = ref.stride,
        .out_w = s->out_w,
        .out_h = s->out_h,
        .out_x = s->out_x,
        .out_y = s->out_y,
        .canvas_w = s->canvas_w,
        .canvas_h = s->canvas_h,
        .patch = s->patch,
        .filter = s->cubic ? RESIZE_BICUBIC : RESIZE_BILINEAR,
    };
    memcpy(op.mean, ref.mean, sizeof op.mean);
    memcpy(op.std, ref.std, sizeof op.std);
    const uint64_t coeffs_bytes = op_image_coeffs_bytes(&op);
    void *coeffs = check_bytes(c, coeffs_bytes);
    op_image_coeffs(&op, coeffs);
    struct check_output outs[] = {
        {.name = "rows_u8",
         .rows = s->height,
         .cols = s->out_w,
         .stride = s->out_w,
         .want_bits = (const uint32_t *)ref.rows_u8},
        {.name = "y",
         .rows = 1,
         .cols = (uint32_t)n,
         .stride = (uint32_t)n,
         .want = ref.y,
         .allowed = allowed,
         .wrong = wrong,
         .skip = skip},
    };
    op.rgb = check_input(c, "rgb", ref.rgb, (uint64_t)s->height * ref.stride);
    op.coeffs = check_input(c, "coeffs", coeffs, coeffs_bytes);
    op.rows_u8 = check_output(c, &outs[0]);
    op.y = check_output(c, &outs[1]);
    check_run(c, append, &op, outs, 2);
}

static void against_pil(struct check *c) {
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
        for (int cubic = 0; cubic < 2; cubic++) {
            const struct golden *g = &goldens[i];
            const struct shape s = {.width = g->width,
                                    .height = g->height,
                                    .out_w = g->out_w,
                                    .out_h = g->out_h,
                                    .canvas_w = g->out_w,
                                    .canvas_h = g->out_h,
                                    .cubic = cubic,
                                    .plain = true};
            if (check_begin(c, "pil %s %ux%u to %ux%u", cubic ? "cubic" : "linear", s.width,
                            s.height, s.out_w, s.out_h))
                run(c, &s, cubic ? g->cubic : g->linear);
        }
}

static void places(struct check *c) {
    static const struct shape shapes[] = {
        {50, 40, 20, 16, 0, 2, 20, 20, 0, 0, false, false},
        {50, 40, 16, 16, 4, 4, 24, 24, 8, 0, true, false},
        {51, 37, 24, 24, 0, 0, 24, 24, 4, 8, true, false},
        {61, 33, 30, 15, 1, 7, 42, 28, 14, 4, false, false},
        {7, 9, 7, 9, 3, 2, 16, 12, 2, 0, false, true},
        {2, 8229, 3, 8229, 0, 0, 3, 8229, 0, 0, false, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        if (check_begin(c, "place %ux%u at %u,%u of %ux%u patch %u", s->out_w, s->out_h, s->out_x,
                        s->out_y, s->canvas_w, s->canvas_h, s->patch))
            run(c, s, 0);
    }
}

static void cases(struct check *c) {
    against_pil(c);
    places(c);
}

static void bench(struct check *c) {
    if (!check_begin(c, "1500x1000 to 384x384 cubic")) return;
    struct op_image op = {.width = 1500,
                          .height = 1000,
                          .stride = 4500,
                          .out_w = 384,
                          .out_h = 384,
                          .canvas_w = 384,
                          .canvas_h = 384,
                          .patch = 16,
                          .filter = RESIZE_BICUBIC,
                          .mean = {0.5f, 0.5f, 0.5f},
                          .std = {0.5f, 0.5f, 0.5f}};
    void *coeffs = check_bytes(c, op_image_coeffs_bytes(&op));
    op_image_coeffs(&op, coeffs);
    op.rgb = check_input(c, "rgb", picture(c, 1500, 1000, 4500), 4500000);
    op.coeffs = check_input(c, "coeffs", coeffs, op_image_coeffs_bytes(&op));
    op.rows_u8 = check_scratch(c, "rows_u8", 384 * 1000 * 4);
    op.y = check_scratch(c, "y", 384 * 384 * 12);
    check_bench(c, append, &op, sizeof op, 1);
}

static const char *const kernels[] = {"resize_x", "resize_y", NULL};
const struct check_group check_group_image = {"image", NULL, cases, bench, kernels};
