#include "ops/ref/linear.h"

#include <math.h>
#include <stdlib.h>

#include "ops/ref/act.h"
#include "ops/ref/dequant.h"

static const double unit = 0x1p-24; /* relative rounding error of f32 */

struct sum { /* a number and what its f32 twin may be off */
    double value, error;
};

void ref_weight_row(const struct ref_weight *w, uint32_t row, double *values, double *sizes) {
    const struct weight_layout at = weight_layout(w->form, w->cols);
    const char *q = (const char *)w->q + (size_t)row * at.q;
    const char *h = at.h ? (const char *)w->h + (size_t)row * at.h : NULL;
    const char *s = at.s ? (const char *)w->s + (size_t)row * at.s : NULL;
    if (w->form <= FORM_BF16) {
        for (uint32_t k = 0; k < w->cols; k++) {
            float f;
            const size_t bytes = w->form == FORM_F32 ? 4 : 2;
            weight_row(w->form, q + k * bytes, NULL, NULL, 1, &f);
            values[k] = f, sizes[k] = fabs(values[k]);
        }
        return;
    }
    for (uint32_t i = 0; i < w->cols / 32; i++) {
        struct dequant_block b;
        dequant_planes(w->form, q, h, s, i, &b);
        for (int j = 0; j < 32; j++)
            *values++ = dequant_value(&b, j), *sizes++ = dequant_size(&b, j);
    }
}

static double row_scale(const struct ref_linear *op, const float *x) {
    double squares = 0;
    for (uint32_t k = 0; k < op->w.cols; k++) squares += (double)x[k] * x[k];
    return 1 / sqrt(squares / op->w.cols + op->eps);
}

/* What rounding both factors of k products to halves may move their sum, for squares the sum of the
 * products' squares: each rounding is off by 2^-11 at most and by 2^-11 / sqrt(3) on average, and
 * they are independent; six times what they come to together. Weights below 2^-14 lose more, by
 * 2^-25 at most. */
static double halved(double squares, double x_size) {
    return 6 * sqrt(2.0 / 3) * 0x1p-11 * sqrt(squares) + 0x1p-25 * x_size;
}

/* One sum of products; the error of k terms in any order grows as sqrt(k), four times for safety,
 * and once more for the scale, whose own sum has k terms. */
static struct sum product(const struct ref_linear *op, const float *x, const double *values,
                          const double *sizes) {
    double sum = 0, size = 0, squares = 0, x_size = 0;
    for (uint32_t k = 0; k < op->w.cols; k++) {
        const double v = op->norm ? (double)x[k] * op->norm[k] : x[k];
        sum += v * values[k], size += fabs(v) * sizes[k];
        squares += v * values[k] * v * values[k], x_size += fabs(v);
    }
    const double scale = op->norm ? row_scale(op, x) : 1, terms = 4 * sqrt(op->w.cols) + 4;
    const double scale_error = op->norm ? fabs(sum) * (terms + 4) * unit : 0;
    const double halves = op->halves ? halved(squares, x_size) : 0;
    return (struct sum){sum * scale,
                        scale * (size * terms * unit + scale_error + halves) + 0x1p-140};
}

static struct sum with_bias(const struct ref_linear *op, struct sum s, uint32_t at) {
    if (!op->bias) return s;
    const double value = s.value + op->bias[at];
    return (struct sum){value, s.error + unit * (fabs(s.value) + fabs(value))};
}

/* No activation is steeper than 1.2; see shaders/common/act.glsl for what they are off. */
static struct sum activated(const struct ref_linear *op, struct sum s) {
    const double value = ref_activate(op->act, s.value);
    if (op->act == ACT_NONE) return s;
    const double own = op->act == ACT_RELU ? 0 : 5e-7 * fabs(s.value);
    return (struct sum){value, 1.2 * s.error + own};
}

static struct sum multiplied(struct sum a, struct sum b) {
    const double value = a.value * b.value;
    return (struct sum){value, fabs(a.value) * b.error + fabs(b.value) * a.error +
                                   a.error * b.error + unit * fabs(value)};
}

static void put(const struct ref_linear *op, uint32_t row, uint32_t col, uint32_t outs,
                struct sum s) {
    if (op->add) {
        const double add = op->add[(size_t)row * op->add_stride + col];
        s = (struct sum){s.value + add, s.error + unit * (fabs(s.value) + fabs(s.value + add))};
    }
    op->y[(size_t)row * outs + col] = s.value;
    if (op->allowed) op->allowed[(size_t)row * outs + col] = s.error + 2 * unit * fabs(s.value);
}

static void column(const struct ref_linear *op, uint32_t col, uint32_t outs, double *w) {
    double *sizes = w + op->w.cols, *up = sizes + op->w.cols, *up_sizes = up + op->w.cols;
    ref_weight_row(&op->w, col, w, sizes);
    if (op->glu) ref_weight_row(&op->w, col + outs, up, up_sizes);
    for (uint32_t row = 0; row < op->rows; row++) {
        const float *x = op->x + (size_t)row * op->x_stride;
        struct sum s = activated(op, with_bias(op, product(op, x, w, sizes), col));
        if (op->glu) s = multiplied(s, with_bias(op, product(op, x, up, up_sizes), col + outs));
        put(op, row, col, outs, s);
    }
}

void ref_linear(const struct ref_linear *op) {
    const uint32_t outs = op->glu ? op->w.rows / 2 : op->w.rows;
    double *w = calloc((size_t)op->w.cols * 4 + 1, sizeof *w);
    for (uint32_t col = 0; w && col < outs; col++) column(op, col, outs, w);
    free(w);
}
