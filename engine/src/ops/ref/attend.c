#include "ops/ref/attend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

static const double unit = 0x1p-24; /* relative rounding error of f32 */

static int64_t position(const struct ref_attend *op, uint32_t r) {
    return r + (op->step ? op->step->position : (int64_t)op->kv_rows - op->rows);
}

bool ref_attend_sees(const struct ref_attend *op, uint32_t r, uint32_t j) {
    if (op->mode == ATTEND_ALL) return true;
    if (op->mode == ATTEND_MASK) return op->mask[(size_t)r * op->kv_rows + j] != 0;
    if (op->mode == ATTEND_SPANS) return j >= op->mask[2 * r] && j < op->mask[2 * r + 1];
    if (op->step && j >= (uint64_t)op->step->position + op->step->rows) return false;
    const int64_t p = position(op, r), at = j;
    const struct step *step = op->step;
    if (step && p >= step->span_from && p < step->span_to && at >= step->span_from &&
        at < step->span_to)
        return true;
    if (op->mode == ATTEND_PREFIX) return at <= p || at < op->window;
    return at <= p && (op->mode == ATTEND_CAUSAL || at > p - op->window);
}

static double kv_at(const struct ref_attend *op, const void *data, uint32_t j, uint32_t col) {
    const size_t row = (size_t)j * op->kv_stride, at = row + col;
    if (op->kv_type == KV_F32) return ((const float *)data)[at];
    if (op->kv_type == KV_F16) return f16_to_f32(((const uint16_t *)data)[at]);
    uint16_t scale;
    const size_t scales = row + (size_t)op->kv_heads * op->head_dim;
    memcpy(&scale, (const uint8_t *)data + scales + col / 32 * 2, sizeof scale);
    return (double)f16_to_f32(scale) * ((const int8_t *)data)[at];
}

/* Slopes as transformers has them: for the next power of two, every second one first. */
static double slope(const struct ref_attend *op, uint32_t head) {
    uint32_t n = 1;
    while (n < op->heads) n *= 2;
    uint32_t k = head;
    if (n != op->heads) k = head < n / 2 ? 2 * head + 1 : 2 * (head - n / 2);
    return op->alibi == 0 ? 0 : exp2(-(double)op->alibi * (k + 1) / n);
}

/* A score, and how far off its f32 twin may be: the sum of products, then rounding of itself. */
static double score(const struct ref_attend *op, uint32_t r, uint32_t head, uint32_t j,
                    double *off) {
    const uint32_t dim = op->head_dim, from = head / (op->heads / op->kv_heads) * dim;
    const float *q = op->q + (size_t)r * op->q_stride + (size_t)head * dim;
    double sum = 0, size = 0;
    for (uint32_t i = 0; i < dim; i++) {
        const double product = q[i] * kv_at(op, op->k, j, from + i);
        sum += product, size += fabs(product);
    }
    sum *= op->scale;
    const double leans = slope(op, head) * ((double)j - position(op, r));
    *off = 8 * unit * fabs(leans);
    *off += fabs(op->scale) * (4 * sqrt(dim) + 2) * unit * size + 2 * unit * fabs(sum);
    if (op->softcap == 0) return sum + leans;
    *off += 8 * unit * op->softcap;
    return op->softcap * tanh(sum / op->softcap) + leans;
}

struct weights {     /* of one row and head */
    double *p, *off; /* [kv_rows] softmax, and what each may be off relative to itself */
    double mean_off;
    uint32_t n; /* how many are seen */
};

/* e^(s - top) is off by what s and top are, and by 4e-7 for the exponential and its argument. */
static void softmax(const struct ref_attend *op, uint32_t r, uint32_t head, struct weights *w) {
    double top = -INFINITY, total = 0;
    w->n = 0, w->mean_off = 0;
    for (uint32_t j = 0; j < op->kv_rows; j++) {
        w->p[j] = w->off[j] = 0;
        if (!ref_attend_sees(op, r, j)) continue;
        w->n++;
        w->p[j] = score(op, r, head, j, &w->off[j]);
        top = fmax(top, w->p[j]);
    }
    for (uint32_t j = 0; j < op->kv_rows; j++) {
        if (!ref_attend_sees(op, r, j)) continue;
        w->off[j] += 4e-7 + 2 * unit * fabs(w->p[j] - top);
        total += w->p[j] = exp(w->p[j] - top);
    }
    for (uint32_t j = 0; j < op->kv_rows && w->n; j++) {
        w->p[j] /= total;
        w->mean_off += w->p[j] * w->off[j];
    }
}

static void mix(const struct ref_attend *op, uint32_t r, uint32_t head, const struct weights *w) {
    const uint32_t from = head / (op->heads / op->kv_heads) * op->head_dim;
    for (uint32_t d = 0; d < op->head_dim; d++) {
        double sum = 0, size = 0, off = 0;
        for (uint32_t j = 0; j < op->kv_rows; j++) {
            if (w->p[j] == 0) continue;
            const double term = w->p[j] * kv_at(op, op->v, j, from + d);
            sum += term, size += fabs(term), off += w->off[j] * fabs(term);
        }
        const size_t at = ((size_t)r * op->heads + head) * op->head_dim + d;
        op->y[at] = sum;
        const double order = (8 * sqrt(w->n) + 4) * unit;
        if (op->allowed) op->allowed[at] = off + (w->mean_off + order) * size + 0x1p-120;
    }
}

void ref_attend(const struct ref_attend *op) {
    struct weights w = {.p = calloc((size_t)op->kv_rows * 2 + 1, sizeof *w.p)};
    if (!w.p) return;
    w.off = w.p + op->kv_rows;
    const uint32_t live = op->step && op->step->rows < op->rows ? op->step->rows : op->rows;
    for (uint32_t r = 0; r < live; r++) {
        for (uint32_t head = 0; head < op->heads; head++) {
            softmax(op, r, head, &w);
            mix(op, r, head, &w);
        }
    }
    free(w.p);
}
