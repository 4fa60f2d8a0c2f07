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

/* Whether kernels that load 16 bytes of q and K/V at once may read this. */
static uint32_t multiple_of(const struct op_attend *op) {
    const bool q = op->q_stride % 4 == 0 && op->y_stride % 4 == 0;
    return q && op->kv_stride % (op->kv_f16 ? 8 : 4) == 0 ? 8 : 1;
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
        .spec.DIM = op->head_dim,
    };
}

/* Two products of head_dim a pair of rows; causal kinds see about half of them. With a step buffer
 * the length is not known here: the capacity is counted. */
static void count_cost(struct gpu_list *list, const struct op_attend *op) {
    const uint64_t width = (uint64_t)op->heads * op->head_dim;
    const uint64_t kv_width = (uint64_t)op->kv_heads * op->head_dim * (op->kv_f16 ? 2 : 4);
    const bool half = op->mode == ATTEND_CAUSAL && op->rows > 1 && op->rows == op->kv_rows;
    const uint64_t pairs = (uint64_t)op->rows * op->kv_rows / (half ? 2 : 1);
    gpu_list_cost(list, 2 * op->kv_rows * kv_width + 8 * op->rows * width, 4 * pairs * width);
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
    const struct tune_shape shape = {op->rows, op->heads, multiple_of(op)};
    const struct tune_row *row = tune_pick(list, TUNE_ATTEND, shape);
    if (!row) return;
    struct k_attend_simple args = arguments(op);
    if (row->multiple > 1) { /* strides in 16-byte units */
        args.q_stride /= 4, args.y_stride /= 4;
        args.kv_stride /= op->kv_f16 ? 8 : 4;
    }
    args.spec.WG = row->wg, args.spec.ROWS = row->rows;
    args.spec.LANES = tune_lanes(gpu_caps(list->gpu)->subgroup_size);
    if (row->share == SHARE_LANE) args.spec.WG = args.spec.LANES;
    const int variant = kernel_variant(&kernel_table[row->kernel], op->kv_f16 ? "f16" : "f32");
    gpu_dispatch(list, row->kernel, variant, grid(row, op), &args);
    count_cost(list, op);
}
