#include "ops/ref/attend.h"

#include <math.h>
#include <stdlib.h>

#include "base/format.h"

static const double unit = 0x1p-24; /* relative rounding error of f32 */

bool ref_attend_sees(const struct ref_attend *op, uint32_t r, uint32_t j) {
    if (op->mode == ATTEND_ALL) return true;
    if (op->mode == ATTEND_MASK) return op->mask[(size_t)r * op->kv_rows + j] != 0;
    if (op->step && j >= (uint64_t)op->step->position + op->step->rows) return false;
    const int64_t base = op->step ? op->step->position : (int64_t)op->kv_rows - op->rows;
    const int64_t p = base + r, at = j;
    if (op->mode == ATTEND_PREFIX) return at <= p || at < op->window;
    return at <= p && (op->mode == ATTEND_CAUSAL || at > p - op->window);
}

static double kv_at(const struct ref_attend *op, const void *data, uint32_t j, uint32_t col) {
    const size_t at = (size_t)j * op->kv_stride + col;
    return op->kv_f16 ? f16_to_f32(((const uint16_t *)data)[at]) : ((const float *)data)[at];
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
    *off = fabs(op->scale) * (4 * sqrt(dim) + 2) * unit * size + 2 * unit * fabs(sum);
    if (op->softcap == 0) return sum;
    *off += 8 * unit * op->softcap;
    return op->softcap * tanh(sum / op->softcap);
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
