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

uint64_t kv_row_bytes(enum kv_type type, uint32_t cols) {
    if (type == KV_Q8_0) return (cols + div_up(cols, 32) * 2ull + 7) / 8 * 8;
    return cols * (type == KV_F16 ? 2ull : 4ull);
}

/* A kernel of its own: 64 numbers of a row share a word of scales, and a lane has one of them. */
static void rope_kv_q8_0(struct gpu_list *list, const struct op_rope_kv *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_rope_kv_q8}, 1);
    const uint32_t kv_cols = op->kv_heads * op->head_dim;
    if (kernel == UINT32_MAX || op->rows == 0 || kv_cols == 0) return;
    if (op->head_dim % 32) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED,
                      "a q8_0 cache takes heads of whole 32 numbers, not of %u", op->head_dim);
        return;
    }
    const uint32_t spans = div_up(op->heads * op->head_dim, LANES) + 2 * div_up(kv_cols, LANES);
    k_rope_kv_q8(list, pick_variant(kernel, ""), groups(spans, pick_groups(op->rows), 1),
                 .x = op->x, .table = op->table, .step = op->step, .q = op->q,
                 .k_cache = op->k_cache, .v_cache = op->v_cache, .rows = op->rows,
                 .x_stride = op->x_stride, .heads = op->heads, .kv_heads = op->kv_heads,
                 .head_dim = op->head_dim, .rope_dim = op->rope_dim, .cache_rows = op->cache_rows,
                 .cache_stride = (uint32_t)(kv_row_bytes(KV_Q8_0, kv_cols) / 4),
                 .table_rows = table_rows(op->table, op->rope_dim), .neox = op->neox,
                 .has_step = op->step.buffer != NULL);
    const uint64_t q_numbers = (uint64_t)op->rows * op->heads * op->head_dim;
    const uint64_t numbers = 2ull * op->rows * kv_cols;
    gpu_list_cost(list, q_numbers * 8 + numbers * 5, q_numbers * 3 + numbers * 7);
}

void op_rope_kv(struct gpu_list *list, const struct op_rope_kv *op) {
    static const char *const variants[2][2] = {{"f32.two", "f32.four"}, {"f16.two", "f16.four"}};
    if (op->kv_type == KV_Q8_0) {
        rope_kv_q8_0(list, op);
        return;
    }
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_rope_kv}, 1);
    const uint32_t wide = (op->heads + 2 * op->kv_heads) * op->head_dim;
    if (kernel == UINT32_MAX || op->rows == 0 || wide == 0) return;
    if (op->head_dim % 2) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "a head of %u numbers is not whole pairs",
                      op->head_dim);
        return;
    }
    const bool four = op->head_dim % 4 == 0 && op->rope_dim % 4 == 0 && op->x_stride % 2 == 0;
    k_rope_kv(list, pick_variant(kernel, variants[op->kv_type == KV_F16][four]),
              groups(div_up(wide / (four ? 4 : 2), LANES), pick_groups(op->rows), 1), .x = op->x,
              .table = op->table, .step = op->step, .q = op->q, .k_cache = op->k_cache,
              .v_cache = op->v_cache, .rows = op->rows, .x_stride = op->x_stride,
              .heads = op->heads, .kv_heads = op->kv_heads, .head_dim = op->head_dim,
              .rope_dim = op->rope_dim, .cache_rows = op->cache_rows,
              .table_rows = table_rows(op->table, op->rope_dim), .neox = op->neox,
              .has_step = op->step.buffer != NULL, .spec.WG = LANES);
    const uint64_t numbers = (uint64_t)op->rows * wide;
    gpu_list_cost(list, numbers * (op->kv_type == KV_F16 ? 8 : 10), numbers * 3);
}
