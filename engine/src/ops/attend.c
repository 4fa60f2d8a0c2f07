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

/* How K and V may be read, and by which variant: `chunk` numbers (of a row of KV_Q8_0: bytes) at
 * once, or one at a time, which only attend_simple does. The widest stand first. */
static const struct reading {
    enum kv_type type;
    uint32_t chunk;
    const char *variant;
} readings[] = {
    {KV_F32, 4, "f32"}, {KV_F32, 1, "f32"},   {KV_F16, 8, "f16"},   {KV_F16, 4, "f16x4"},
    {KV_F16, 1, "f16"}, {KV_Q8_0, 8, "q8_0"}, {KV_Q8_0, 1, "q8_0"},
};

/* Heads lie side by side, so their size counts as much as the strides; a workgroup has a lane for
 * each chunk of a head. */
static bool may_read(const struct op_attend *op, const struct reading *r) {
    enum { LANES = 256 }; /* of a workgroup, on any device */
    if (r->type != op->kv_type) return false;
    if (r->chunk == 1) return true;
    return (op->q_stride | op->y_stride | op->head_dim) % 4 == 0 &&
           (op->kv_stride | op->head_dim) % r->chunk == 0 && op->head_dim <= LANES * r->chunk;
}

static const struct reading *reading_of(const struct op_attend *op, bool chunks) {
    const struct reading *r = readings;
    while (!may_read(op, r) || (!chunks && r->chunk > 1)) r++;
    return r;
}

/* The lanes of a workgroup; one that shares a head has a lane for each chunk of it. */
static uint32_t lanes_of(const struct tune_row *row, uint32_t head_dim, uint32_t chunk) {
    uint32_t lanes = row->wg;
    while (row->kernel == K_attend_decode && lanes * chunk < head_dim) lanes *= 2;
    return lanes;
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
        .head_dim = op->head_dim,
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
    const struct reading *reading = reading_of(op, true);
    const struct tune_shape shape = {op->rows, op->heads, reading->chunk > 1 ? 8 : 1, 0};
    const struct tune_row *row = tune_pick(list, TUNE_ATTEND, shape);
    if (!row) return;
    struct k_attend_simple args = arguments(op);
    if (row->multiple > 1) { /* strides in what they load at once */
        args.q_stride /= 4, args.y_stride /= 4;
        args.kv_stride /= reading->chunk;
        args.spec.DIM = op->head_dim; /* the simple kernel is one for all sizes */
    }
    args.spec.WG = lanes_of(row, op->head_dim, reading->chunk), args.spec.ROWS = row->rows;
    args.spec.LANES = tune_lanes(gpu_caps(list->gpu)->subgroup_size);
    if (row->share == SHARE_LANE) args.spec.WG = args.spec.LANES;
    const char *variant = reading_of(op, row->multiple > 1)->variant;
    gpu_dispatch(list, row->kernel, kernel_variant(&kernel_table[row->kernel], variant),
                 grid(row, op), &args);
    count_cost(list, op);
}
