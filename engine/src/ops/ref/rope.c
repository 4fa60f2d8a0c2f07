#include "ops/ref/rope.h"

#include <math.h>
#include <string.h>

#include "base/format.h"

static void turn(double *a, double *b, const float *cos_sin) {
    const double x = *a, y = *b;
    *a = x * cos_sin[0] - y * cos_sin[1];
    *b = y * cos_sin[0] + x * cos_sin[1];
}

static void rope_row(const struct ref_rope *op, const float *x, const float *table, double *y) {
    const uint32_t half = op->rope_dim / 2;
    for (uint32_t i = 0; i < op->heads * op->head_dim; i++) y[i] = x[i];
    for (uint32_t h = 0; h < op->heads; h++, y += op->head_dim)
        for (uint32_t i = 0; i < half; i++) {
            const uint32_t a = op->neox ? i : 2 * i, b = op->neox ? i + half : 2 * i + 1;
            turn(&y[a], &y[b], table + 2 * i);
        }
}

void ref_rope(const struct ref_rope *op) {
    const uint32_t rows = op->step && op->step->rows < op->rows ? op->step->rows : op->rows;
    const uint32_t base = op->step ? op->step->position : 0;
    for (uint64_t r = 0; r < rows; r++) {
        const uint64_t at = base + r < op->table_rows ? base + r : op->table_rows - 1;
        rope_row(op, op->x + r * op->x_stride, op->table + at * op->rope_dim,
                 op->y + r * op->y_stride);
    }
}

/* One row of the sources is one call of ref_rope() on a row, with the table moved to it. */
static void cache_row(const struct ref_rope_kv *op, struct ref_rope one, uint32_t row,
                      uint64_t position) {
    const uint64_t q_cols = (uint64_t)op->heads * op->head_dim;
    const uint64_t kv_cols = (uint64_t)op->kv_heads * op->head_dim;
    one.x = op->x + (uint64_t)row * op->x_stride;
    one.y = op->q + row * q_cols;
    ref_rope(&one);
    if (position >= op->cache_rows) return;
    one.x += q_cols;
    one.y = op->k_cache + position * kv_cols;
    one.heads = op->kv_heads;
    ref_rope(&one);
    for (uint64_t i = 0; i < kv_cols; i++) op->v_cache[position * kv_cols + i] = one.x[kv_cols + i];
}

void ref_rope_kv(const struct ref_rope_kv *op) {
    const uint32_t rows = op->step && op->step->rows < op->rows ? op->step->rows : op->rows;
    for (uint32_t r = 0; r < rows; r++) {
        const uint64_t position = (op->step ? op->step->position : 0) + (uint64_t)r;
        const uint64_t at = position < op->table_rows ? position : op->table_rows - 1;
        const struct ref_rope one = {
            .table = op->table + at * op->rope_dim,
            .rows = 1,
            .heads = op->heads,
            .head_dim = op->head_dim,
            .rope_dim = op->rope_dim,
            .table_rows = 1,
            .neox = op->neox,
        };
        cache_row(op, one, r, position);
    }
}

/* In f32, so that a device that multiplies and rounds as IEEE says has the same bits. */
static uint16_t scale_of(const float *x) {
    float most = 0;
    for (int i = 0; i < 32; i++) {
        if (!(fabsf(x[i]) <= 3.4e38f)) return 0x7c00; /* infinite */
        most = fmaxf(most, fabsf(x[i]));
    }
    const float scale = most * (1.0f / 127.0f);
    return f32_to_f16(scale < 65504.0f ? scale : 65504.0f);
}

/* round() takes halves away from zero, and both quotient and scale are exact enough in double. */
static int8_t code_of(float x, double scale) {
    if (isinf(scale)) return 1;
    if (scale == 0) return 0;
    return (int8_t)fmax(-127, fmin(127, round(x / scale)));
}

void ref_kv_q8_0(const float *x, uint32_t cols, void *row) {
    int8_t *codes = row;
    for (uint32_t b = 0; b < cols / 32; b++) {
        const uint16_t scale = scale_of(x + 32 * b);
        memcpy(codes + cols + 2 * b, &scale, sizeof scale);
        for (uint32_t i = 32 * b; i < 32 * b + 32; i++) codes[i] = code_of(x[i], f16_to_f32(scale));
    }
}
