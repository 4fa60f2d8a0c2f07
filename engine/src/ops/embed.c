#include "base/checked.h"
#include "kernels.h"
#include "ops/ops.h"

static struct vd_span part_of(struct vd_span plane, uint32_t row_bytes, uint32_t from, uint32_t n) {
    if (row_bytes == 0) return (struct vd_span){0};
    return span_of(plane.buffer, plane.offset + (uint64_t)from * row_bytes,
                   (uint64_t)n * row_bytes);
}

/* Rows [from, from + n) of the table; the part that starts at 0 also does the ids that are none
 * of its rows. */
static void dispatch(struct gpu_list *list, const struct op_embed *op, uint32_t from, uint32_t n) {
    const struct weight *w = op->w;
    const struct weight_layout at = weight_layout(w->form, w->cols);
    const struct k_embed args = {
        .ids = op->ids,
        .extra = op->extra,
        .y = op->y,
        .step = op->step,
        .w = part_of(w->q, at.q, from, n),
        .h = part_of(w->h, at.h, from, n),
        .s = part_of(w->s, at.s, from, n),
        .rows = op->rows,
        .cols = w->cols,
        .first = from,
        .count = n,
        .all_rows = w->rows,
        .extra_rows = op->extra.buffer ? op->extra_rows : 0,
        .w_stride = at.q / 16,
        .h_stride = at.h / 4,
        .s_stride = at.s / 4,
        .has_step = op->step.buffer != NULL,
        .scale = op->scale,
    };
    const int variant = kernel_variant(&kernel_table[K_embed], at.name);
    const uint32_t rows = op->rows < 65535 ? op->rows : 65535;
    gpu_dispatch(list, K_embed, variant, groups(div_up(w->cols, 64), rows, 1), &args);
    gpu_list_cost(list, (uint64_t)op->rows * (at.q + at.h + at.s + w->cols * 4ull),
                  (uint64_t)op->rows * w->cols);
}

void op_embed(struct gpu_list *list, const struct op_embed *op) {
    const struct weight *w = op->w;
    if (op->rows == 0 || list->status != VIDI_OK) return;
    const uint64_t row = weight_layout(w->form, w->cols).q, max = gpu_caps(list->gpu)->max_range;
    const uint64_t fit = max / row / 16 * 16; /* 16 rows start on any device's alignment */
    const uint32_t part = w->rows * row <= max || fit > w->rows ? w->rows : (uint32_t)fit;
    if (part == 0 && w->rows) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "a table of %u columns is too wide", w->cols);
        return;
    }
    for (uint32_t from = 0; from == 0 || from < w->rows; from += part ? part : 1)
        dispatch(list, op, from, w->rows - from < part ? w->rows - from : part);
}
