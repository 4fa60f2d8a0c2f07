/* waves.h - positions that are not learned: sines of ever slower turns, then their cosines. */
#ifndef VD_WAVES_H
#define VD_WAVES_H
#include <stdint.h>

/* row [dim], dim even: of one coordinate, from turns of 1 down to nearly 1/10000. */
void waves_row(float *row, uint32_t dim, uint32_t at);
/* rows [high * wide][dim], dim a multiple of 4: the waves of the column, then those of the row. */
void waves_grid(float *rows, uint32_t dim, uint32_t wide, uint32_t high);
#endif
