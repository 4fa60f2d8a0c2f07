#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

void op_shuffle(struct gpu_list *list, const struct op_shuffle *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_shuffle}, 1);
    if (kernel == UINT32_MAX) return;
    if (op->factor == 0) {
        gpu_list_fail(list, VIDI_E_ARGUMENT, "shuffle: the factor is 0");
        return;
    }
    const uint32_t rows = (op->width / op->factor) * (op->height / op->factor);
    const uint32_t wide = op->cols * op->factor * op->factor;
    if (rows == 0 || wide == 0) return;
    const uint32_t width = pick_width(&op->cols, 1);
    k_shuffle(list, pick_wide_variant(kernel, width),
              groups(div_up(wide / width, LANES), pick_groups(rows), 1), .x = op->x, .y = op->y,
              .width = op->width, .height = op->height, .cols = op->cols, .factor = op->factor,
              .spec.WG = LANES);
    gpu_list_cost(list, (uint64_t)rows * wide * 8, 0);
}
