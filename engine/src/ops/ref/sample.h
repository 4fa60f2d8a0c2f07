/* ref/sample.h - op_sample in plain C. */
#ifndef VD_REF_SAMPLE_H
#define VD_REF_SAMPLE_H
#include <stdint.h>

#include "ops/step.h"

/* Philox 4x32-10: out = the random words that belong to a counter and a key. */
void ref_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* e^x in single precision by the steps of shaders/common/exp.glsl: the same bits as the kernels'.
 */
float ref_exact_exp(float x);

struct ref_candidate {
    uint32_t id;
    float logit;
    uint32_t weight; /* at the temperature, in units of 2^-21 of the best one's; 2^-31: see below */
};

/* Up to so many candidates are sorted; where top-k leaves more, weights are finer and a draw counts
 * through them by id. */
enum { REF_SORTED = 1024 };

/* What may be drawn, best first, equal ones by id: top-k, top-p, min-p, then weights at the
 * temperature. `out` has room for cols. Returns their number; 0: a logit is NaN or infinite.
 * A temperature of at most 1e-6 leaves the best alone. */
uint32_t ref_candidates(const float *logits, uint32_t cols, const struct step *step,
                        struct ref_candidate *out);

/* The token of the step, (uint32_t)-1 for a bad logit. work: room for cols. */
uint32_t ref_sample(const float *logits, uint32_t cols, const struct step *step,
                    struct ref_candidate *work);
#endif
