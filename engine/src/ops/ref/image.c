#include "ops/ref/image.h"

#include <math.h>
#include <string.h>

static double weight(bool cubic, double x) {
    const double a = -0.5, t = fabs(x);
    if (!cubic) return t < 1 ? 1 - t : 0;
    if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

static int64_t fixed(double v) { return (int64_t)(v * 4194304 + (v < 0 ? -0.5 : 0.5)); }

static uint8_t byte_of(int64_t fixed_sum) {
    const int64_t v = (fixed_sum + (1 << 21)) >> 22;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Pixel i of every line: the same few inputs with the same weights. */
static void one_place(const struct ref_resize *op, uint32_t i) {
    const double scale = (double)op->in_n / op->out_n, shrink = scale > 1 ? scale : 1;
    const double support = (op->cubic ? 2 : 1) * shrink, center = (i + 0.5) * scale;
    const double per = 1 / shrink;
    int first = (int)(center - support + 0.5), end = (int)(center + support + 0.5);
    if (first < 0) first = 0;
    if (end > (int)op->in_n) end = (int)op->in_n;
    double total = 0;
    for (int j = first; j < end; j++) total += weight(op->cubic, (j - center + 0.5) * per);
    for (uint32_t line = 0; line < op->lines; line++)
        for (int channel = 0; channel < 3; channel++) {
            const uint8_t *in = op->in + (uint64_t)line * op->in_stride + channel;
            int64_t sum = 0;
            for (int j = first; j < end; j++) {
                const double w = weight(op->cubic, (j - center + 0.5) * per);
                sum += fixed(total != 0 ? w / total : w) * in[(uint64_t)j * op->in_step];
            }
            op->out[(uint64_t)line * op->out_stride + i * op->out_step + channel] = byte_of(sum);
        }
}

void ref_resize(const struct ref_resize *op) {
    for (uint32_t i = 0; i < op->out_n; i++) one_place(op, i);
}

static void place(const struct ref_image *op, uint32_t col, uint32_t row, const uint8_t *pixel) {
    const uint32_t x = op->out_x + col, y = op->out_y + row, p = op->patch;
    for (uint32_t c = 0; c < 3; c++) {
        uint64_t to = ((uint64_t)c * op->canvas_h + y) * op->canvas_w + x;
        if (p) {
            const uint64_t number = (uint64_t)(y / p) * (op->canvas_w / p) + x / p;
            to = ((number * 3 + c) * p + y % p) * p + x % p;
        }
        op->y[to] = (pixel[c] / 255.0 - op->mean[c]) / op->std[c];
    }
}

void ref_image(const struct ref_image *op) {
    memset(op->rows_u8, 0, (uint64_t)op->height * op->out_w * 4);
    ref_resize(&(struct ref_resize){
        .in = op->rgb,
        .in_stride = op->stride,
        .in_step = 3,
        .out = op->rows_u8,
        .out_stride = op->out_w * 4,
        .out_step = 4,
        .lines = op->height,
        .in_n = op->width,
        .out_n = op->out_w,
        .cubic = op->cubic,
    });
    ref_resize(&(struct ref_resize){
        .in = op->rows_u8,
        .in_stride = 4,
        .in_step = op->out_w * 4,
        .out = op->small_u8,
        .out_stride = 3,
        .out_step = op->out_w * 3,
        .lines = op->out_w,
        .in_n = op->height,
        .out_n = op->out_h,
        .cubic = op->cubic,
    });
    for (uint32_t row = 0; row < op->out_h; row++)
        for (uint32_t col = 0; col < op->out_w; col++)
            place(op, col, row, op->small_u8 + ((uint64_t)row * op->out_w + col) * 3);
}
