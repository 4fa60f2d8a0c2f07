#include "base/checked.h"
#include "kernels.h"
#include "ops/ops.h"
#include "ops/tune.h"

/* All kernels of this op share shaders/attend/interface.glsl, so one argument struct serves. */
#define SAME(name) \
    _Static_assert(sizeof(struct k_attend_simple) == sizeof(struct k_##name), "one interface")
SAME(attend_cpu);
SAME(attend_decode);
SAME(attend_prefill);

/* Numbers (of a row of KV_Q8_0: bytes) that the kernels with chunks load at once. */
static const uint32_t chunk[] = {[KV_F32] = 4, [KV_F16] = 8, [KV_Q8_0] = 8};

/* Whether kernels that load 16 bytes of q and K/V at once may read this. */
static uint32_t multiple_of(const struct op_attend *op) {
    const bool q = op->q_stride % 4 == 0 && op->y_stride % 4 == 0;
    return q && op->kv_stride % chunk[op->kv_type] == 0 ? 8 : 1;
}

static struct k_attend_simple arguments(const struct op_attend *op) {
    return (struct k_attend_simple){
        .q = op->q,
        .k = op->k,
        .v = op->v,
        .mask = op->mask,
        .y = op->y,
        .step = op->step,
        .rows = op->rows,
        .kv_rows = op->kv_rows,
        .heads = op->heads,
        .kv_heads = op->kv_heads,
        .q_stride = op->q_stride,
        .kv_stride = op->kv_stride,
        .y_stride = op->y_stride,
        .mode = op->mode,
        .window = op->window,
        .has_step = op->step.buffer != NULL,
        .scale = op->scale,
        .softcap = op->softcap,
        .alibi = op->alibi,
        .spec.DIM = op->head_dim,
    };
}

/* Two products of head_dim a pair of rows; causal kinds see about half of them. With a step buffer
 * the length is not known here: the capacity is counted. */
static void count_cost(struct gpu_list *list, const struct op_attend *op) {
    const uint64_t width = (uint64_t)op->heads * op->head_dim;
    const uint64_t kv_bytes = kv_row_bytes(op->kv_type, op->kv_heads * op->head_dim);
    const bool half = op->mode == ATTEND_CAUSAL && op->rows > 1 && op->rows == op->kv_rows;
    const uint64_t pairs = (uint64_t)op->rows * op->kv_rows / (half ? 2 : 1);
    gpu_list_cost(list, 2 * op->kv_rows * kv_bytes + 8 * op->rows * width, 4 * pairs * width);
}

/* Tiles of rows for each head; those that share lanes take rows and the heads of one K/V head
 * together. */
static struct vd_groups grid(const struct tune_row *row, const struct op_attend *op) {
    if (row->share == SHARE_GROUP) return groups(div_up(op->rows, row->rows), op->heads, 1);
    const uint32_t queries = op->rows * (op->heads / op->kv_heads);
    return groups(div_up(queries, row->rows), op->kv_heads, 1);
}

void op_attend(struct gpu_list *list, const struct op_attend *op) {
    if (op->rows == 0) return;
    if (op->kv_type == KV_Q8_0 && op->head_dim % 32) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED,
                      "a q8_0 cache takes heads of whole 32 numbers, not of %u", op->head_dim);
        return;
    }
    const struct tune_shape shape = {op->rows, op->heads, multiple_of(op), 0};
    const struct tune_row *row = tune_pick(list, TUNE_ATTEND, shape);
    if (!row) return;
    struct k_attend_simple args = arguments(op);
    if (row->multiple > 1) { /* strides in what they load at once */
        args.q_stride /= 4, args.y_stride /= 4;
        args.kv_stride /= chunk[op->kv_type];
    }
    args.spec.WG = row->wg, args.spec.ROWS = row->rows;
    args.spec.LANES = tune_lanes(gpu_caps(list->gpu)->subgroup_size);
    if (row->share == SHARE_LANE) args.spec.WG = args.spec.LANES;
    static const char *const names[] = {[KV_F32] = "f32", [KV_F16] = "f16", [KV_Q8_0] = "q8_0"};
    const int variant = kernel_variant(&kernel_table[row->kernel], names[op->kv_type]);
    gpu_dispatch(list, row->kernel, variant, grid(row, op), &args);
    count_cost(list, op);
}
