/* ref/rows.h - op_rows in plain C: words move, or are rounded to halves, so the result is exact. */
#ifndef VD_REF_ROWS_H
#define VD_REF_ROWS_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/step.h"

struct ref_rows {
    const uint32_t *x;       /* rows of cols at x_stride */
    const uint32_t *index;   /* [rows], or NULL: row r goes with row first + r */
    uint32_t *y;             /* rows of cols at y_stride */
    const struct step *step; /* may be NULL; with `last` row step->rows - 1 is meant */
    uint32_t rows, cols, limit, first, x_stride, y_stride;
    bool scatter, last;
    bool from_position; /* with step: row r goes with row first + position - lag + r */
    bool masked;        /* row r goes with row first + r, or stays where index[r] is negative */
    bool below;         /* masked: stays where it is not negative */
    bool halves;        /* with scatter: y is words of two halves, y_stride counts numbers */
};
void ref_rows(const struct ref_rows *op);
#endif
