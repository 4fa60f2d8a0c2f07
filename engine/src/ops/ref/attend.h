/* ref/attend.h - op_attend in plain C, double accumulators. */
#ifndef VD_REF_ATTEND_H
#define VD_REF_ATTEND_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/kinds.h"
#include "ops/step.h"

struct ref_attend {
    const float *q;          /* [rows][heads*head_dim] at q_stride */
    const void *k, *v;       /* [kv_rows][kv_heads*head_dim] at kv_stride, by kv_type (kinds.h) */
    const uint32_t *mask;    /* [rows][kv_rows] with ATTEND_MASK, [rows][2] with ATTEND_SPANS */
    const struct step *step; /* may be NULL */
    double *y;       /* [rows][heads*head_dim]; rows that the step leaves out: not written */
    double *allowed; /* likewise; what f32 arithmetic in any order may be off; may be NULL */
    uint32_t rows, kv_rows, heads, kv_heads, head_dim;
    uint32_t q_stride, kv_stride;
    enum attend_mode mode;
    uint32_t window;
    float scale, softcap, alibi;
    enum kv_type kv_type;
};
void ref_attend(const struct ref_attend *op);

/* Whether row r sees row j of K/V. */
bool ref_attend_sees(const struct ref_attend *op, uint32_t r, uint32_t j);
#endif
