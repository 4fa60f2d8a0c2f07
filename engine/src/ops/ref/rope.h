/* ref/rope.h - op_rope and op_rope_kv in plain C. */
#ifndef VD_REF_ROPE_H
#define VD_REF_ROPE_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/step.h"

/* table[position][rope_dim / 2] pairs of cos, sin; positions past its end take the last row. Pair i
 * of a head is (2i, 2i + 1), or with neox (i, i + rope_dim / 2); what lies beyond rope_dim stays.
 */
struct ref_rope {
    const float *x;          /* [rows][heads * head_dim] at x_stride */
    const float *table;      /* [table_rows][rope_dim] */
    double *y;               /* [rows][heads * head_dim] at y_stride */
    const struct step *step; /* NULL: all rows, positions from 0 */
    uint32_t rows, x_stride, y_stride, heads, head_dim, rope_dim, table_rows;
    bool neox;
};
void ref_rope(const struct ref_rope *op);

/* x is q | k | v; the caches take rows step->position on, and none past cache_rows. */
struct ref_rope_kv {
    const float *x, *table;
    double *q;                 /* [rows][heads * head_dim] */
    double *k_cache, *v_cache; /* [cache_rows][kv_heads * head_dim] */
    const struct step *step;
    uint32_t rows, x_stride, heads, kv_heads, head_dim, rope_dim, cache_rows, table_rows;
    bool neox;
};
void ref_rope_kv(const struct ref_rope_kv *op);

/* A row of a cache as KV_Q8_0 from its numbers: cols signed bytes, then cols / 32 f16. What is no
 * number or infinite makes its block so. */
void ref_kv_q8_0(const float *x, uint32_t cols, void *row);
#endif
