#include "ops/ops.h"

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

/* Positions of a table with rope_dim / 2 pairs of floats each. */
static uint32_t table_rows(struct vd_span table, uint32_t rope_dim) {
    return rope_dim ? (uint32_t)(table.bytes / (rope_dim * 4ull)) : 1;
}

void op_rope(struct gpu_list *list, const struct op_rope *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_rope}, 1);
    const uint32_t wide = op->heads * op->head_dim;
    if (kernel == UINT32_MAX || op->rows == 0 || wide == 0) return;
    k_rope(list, pick_variant(kernel, ""), groups(div_up(wide, LANES), pick_groups(op->rows), 1),
           .x = op->x, .table = op->table, .step = op->step, .y = op->y, .rows = op->rows,
           .x_stride = op->x_stride, .y_stride = op->y_stride, .heads = op->heads,
           .head_dim = op->head_dim, .rope_dim = op->rope_dim,
           .table_rows = table_rows(op->table, op->rope_dim), .neox = op->neox,
           .has_step = op->step.buffer != NULL, .spec.WG = LANES);
    const uint64_t numbers = (uint64_t)op->rows * wide;
    gpu_list_cost(list, numbers * 12, numbers * 3);
}

void op_rope_kv(struct gpu_list *list, const struct op_rope_kv *op) {
    static const char *const variants[2][2] = {{"f32.two", "f32.four"}, {"f16.two", "f16.four"}};
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_rope_kv}, 1);
    const uint32_t wide = (op->heads + 2 * op->kv_heads) * op->head_dim;
    if (kernel == UINT32_MAX || op->rows == 0 || wide == 0) return;
    if (op->head_dim % 2) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "a head of %u numbers is not whole pairs",
                      op->head_dim);
        return;
    }
    const bool four = op->head_dim % 4 == 0 && op->rope_dim % 4 == 0 && op->x_stride % 2 == 0;
    k_rope_kv(list, pick_variant(kernel, variants[op->kv_f16][four]),
              groups(div_up(wide / (four ? 4 : 2), LANES), pick_groups(op->rows), 1), .x = op->x,
              .table = op->table, .step = op->step, .q = op->q, .k_cache = op->k_cache,
              .v_cache = op->v_cache, .rows = op->rows, .x_stride = op->x_stride,
              .heads = op->heads, .kv_heads = op->kv_heads, .head_dim = op->head_dim,
              .rope_dim = op->rope_dim, .cache_rows = op->cache_rows,
              .table_rows = table_rows(op->table, op->rope_dim), .neox = op->neox,
              .has_step = op->step.buffer != NULL, .spec.WG = LANES);
    const uint64_t numbers = (uint64_t)op->rows * wide;
    gpu_list_cost(list, numbers * (op->kv_f16 ? 8 : 10), numbers * 3);
}
