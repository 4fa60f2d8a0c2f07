#include "ops/ref/sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void ref_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b,
                                  (uint32_t)(a >> 32) ^ c[3] ^ k[1], (uint32_t)a};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

/* Products and sums stand in statements of their own, so that no compiler fuses them. */
float ref_exact_exp(float x) {
    static const float taylor[] = {
        1.38888889e-3f, 8.33333333e-3f, 4.16666667e-2f, 1.66666667e-1f, 0.5f, 1.0f, 1.0f};
    const float t = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    if (isnan(x)) return x;
    const float turns = t * 1.44269504f;
    const float n = floorf(turns + 0.5f);
    const float high = n * 0.693359375f;
    const float low = n * -2.12194440e-4f;
    const float near = t - high;
    const float f = near - low;
    float p = 1.98412698e-4f;
    for (int i = 0; i < 7; i++) {
        const float product = p * f;
        p = product + taylor[i];
    }
    return p * ldexpf(1, (int)n);
}

static int best_first(const void *left, const void *right) {
    const struct ref_candidate *a = left, *b = right;
    if (a->logit != b->logit) return a->logit > b->logit ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static float apart(const struct ref_candidate *all, uint32_t i) {
    return all[i].logit - all[0].logit;
}

static void weigh(struct ref_candidate *all, uint32_t n, float heat, float unit) {
    for (uint32_t i = 0; i < n; i++) {
        const float share = ref_exact_exp(apart(all, i) / heat) * unit;
        const float rounded = share + 0.5f;
        all[i].weight = (uint32_t)rounded;
    }
}

static uint64_t whole(const struct ref_candidate *all, uint32_t n) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += all[i].weight;
    return sum;
}

/* The sorted ones compare with a number in f32, the others with a whole one. */
static uint32_t cut_top_p(struct ref_candidate *all, uint32_t n, float top_p, float unit,
                          bool wide) {
    if (top_p >= 1) return n;
    weigh(all, n, 1, unit);
    const uint64_t sum_all = whole(all, n);
    const float high = (float)(uint32_t)(sum_all >> 32) * 0x1p32f;
    const float number = high + (float)(uint32_t)sum_all;
    const float enough = top_p * number;
    uint64_t sum = all[0].weight;
    uint32_t keep = 1;
    for (; keep < n && (wide ? sum < (uint64_t)enough : (float)sum < enough); keep++)
        sum += all[keep].weight;
    return keep;
}

static uint32_t cut_min_p(const struct ref_candidate *all, uint32_t n, float min_p) {
    uint32_t keep = 1;
    while (keep < n && (!(min_p > 0) || ref_exact_exp(apart(all, keep)) >= min_p)) keep++;
    return keep;
}

uint32_t ref_candidates(const float *logits, uint32_t cols, const struct step *step,
                        struct ref_candidate *out) {
    for (uint32_t i = 0; i < cols; i++) {
        if (!isfinite(logits[i])) return 0;
        out[i] = (struct ref_candidate){.id = i, .logit = logits[i]};
    }
    qsort(out, cols, sizeof *out, best_first);
    const bool greedy = !(step->temperature > 1e-6f);
    uint32_t n = step->top_k && step->top_k < cols ? step->top_k : cols;
    const bool wide = n > REF_SORTED && !greedy;
    const float unit = wide ? 0x1p31f : 0x1p21f;
    n = cut_min_p(out, cut_top_p(out, n, step->top_p, unit, wide), step->min_p);
    if (greedy) n = 1;
    weigh(out, n, greedy ? 1 : step->temperature, unit);
    return n;
}

static int by_id(const void *left, const void *right) {
    const struct ref_candidate *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

uint32_t ref_sample(const float *logits, uint32_t cols, const struct step *step,
                    struct ref_candidate *work) {
    const uint32_t n = ref_candidates(logits, cols, step, work);
    if (n == 0) return UINT32_MAX;
    const uint32_t k = step->top_k && step->top_k < cols ? step->top_k : cols;
    if (k > REF_SORTED) qsort(work, n, sizeof *work, by_id);
    uint32_t bits[4], i = 0;
    ref_philox((const uint32_t[4]){step->counter},
               (const uint32_t[2]){step->seed_low, step->seed_high}, bits);
    const uint64_t all = whole(work, n);
    uint64_t at = (all >> 32) * bits[0] + ((uint32_t)all * (uint64_t)bits[0] >> 32);
    while (at >= work[i].weight) at -= work[i++].weight;
    return work[i].id;
}
