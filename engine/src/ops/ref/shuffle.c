#include "ops/ref/shuffle.h"

#include <string.h>

static void one_row(const struct ref_shuffle *op, uint32_t across, uint32_t down, uint32_t *y) {
    const uint32_t f = op->factor;
    for (uint32_t dy = 0; dy < f; dy++)
        for (uint32_t dx = 0; dx < f; dx++) {
            const uint64_t from = (uint64_t)(down * f + dy) * op->width + across * f + dx;
            memcpy(y + (uint64_t)(dy * f + dx) * op->cols, op->x + from * op->cols,
                   op->cols * sizeof(uint32_t));
        }
}

void ref_shuffle(const struct ref_shuffle *op) {
    const uint32_t wide = op->width / op->factor, high = op->height / op->factor;
    const uint64_t cols = (uint64_t)op->cols * op->factor * op->factor;
    for (uint32_t down = 0; down < high; down++)
        for (uint32_t across = 0; across < wide; across++)
            one_row(op, across, down, op->y + ((uint64_t)down * wide + across) * cols);
}
