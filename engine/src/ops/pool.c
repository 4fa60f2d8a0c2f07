#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

void op_pool(struct gpu_list *list, const struct op_pool *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_pool}, 1);
    if (kernel == UINT32_MAX) return;
    if (op->kernel == 0) {
        gpu_list_fail(list, VIDI_E_ARGUMENT, "pool: the window is 0");
        return;
    }
    const uint32_t rows = (op->width / op->kernel) * (op->height / op->kernel);
    if (rows == 0 || op->cols == 0) return;
    const uint32_t width = pick_width(&op->cols, 1);
    k_pool(list, pick_wide_variant(kernel, width),
           groups(div_up(op->cols / width, LANES), pick_groups(rows), 1), .x = op->x, .y = op->y,
           .width = op->width, .height = op->height, .cols = op->cols, .kernel = op->kernel,
           .spec.WG = LANES);
    const uint64_t read = (uint64_t)rows * op->cols * op->kernel * op->kernel;
    gpu_list_cost(list, read * 4 + (uint64_t)rows * op->cols * 4, read);
}
