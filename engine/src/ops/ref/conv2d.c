#include "ops/ref/conv2d.h"

#include <math.h>

#include "ops/ref/act.h"

uint32_t ref_conv2d_width(const struct ref_conv2d *op) {
    return (op->width + 2 * op->pad_x - op->kw) / op->stride_x + 1;
}
uint32_t ref_conv2d_height(const struct ref_conv2d *op) {
    return (op->height + 2 * op->pad_y - op->kh) / op->stride_y + 1;
}

static double input(const struct ref_conv2d *op, int64_t col, int64_t row, uint32_t channel) {
    if (col < 0 || row < 0 || col >= op->width || row >= op->height) return 0;
    if (op->planar) return op->x[((uint64_t)channel * op->height + row) * op->width + col];
    return op->x[((uint64_t)row * op->width + col) * op->cin + channel];
}

static void one(const struct ref_conv2d *op, uint32_t across, uint32_t down, uint32_t channel,
                uint64_t to) {
    const uint32_t in = op->cin / op->groups, group = channel / (op->cout / op->groups);
    double sum = op->bias ? op->bias[channel] : 0, size = fabs(sum);
    for (uint32_t c = 0; c < in; c++)
        for (uint32_t i = 0; i < op->kh; i++)
            for (uint32_t j = 0; j < op->kw; j++) {
                const int64_t col = (int64_t)across * op->stride_x + j - op->pad_x;
                const int64_t row = (int64_t)down * op->stride_y + i - op->pad_y;
                const double w = op->w[(((uint64_t)channel * in + c) * op->kh + i) * op->kw + j];
                const double product = w * input(op, col, row, group * in + c);
                sum += product;
                size += fabs(product);
            }
    op->y[to] = ref_activate(op->act, sum);
    if (op->abs) op->abs[to] = size;
}

void ref_conv2d(const struct ref_conv2d *op) {
    const uint32_t wide = ref_conv2d_width(op), high = ref_conv2d_height(op);
    for (uint32_t down = 0; down < high; down++)
        for (uint32_t across = 0; across < wide; across++)
            for (uint32_t c = 0; c < op->cout; c++)
                one(op, across, down, c, ((uint64_t)down * wide + across) * op->cout + c);
}
