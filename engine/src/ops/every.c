#include "ops/every.h"

#include <string.h>

#include "kernels.h"

/* CLIP and most language models 64, SigLIP so400m 72, ViT-H and OPT 80, ViT-g 88, Phi-3 96,
 * OpenLLaMA 100, Llama 128, Gemma 256. */
static const uint32_t head_sizes[] = {32, 64, 72, 80, 88, 96, 100, 128, 256};
/* Output channels of a convolution; a tile has the largest power of two that divides them. */
static const uint32_t channels[] = {256, 32, 16, 8, 4, 2, 1};
enum { FEW = 1, MANY = 64, HEADS = 4, COLS = 256, LOGITS = 4096 };

static struct vd_span part(struct gpu_buffer *any, uint64_t bytes) {
    return span_of(any, 0, bytes);
}

static struct vd_span numbers(struct gpu_buffer *any, uint64_t n) { return part(any, n * 4); }

static struct weight weight_of(enum weight_form form, struct gpu_buffer *any) {
    const struct weight_layout at = weight_layout(form, COLS);
    const struct vd_span none = {0};
    return (struct weight){.form = form,
                           .rows = COLS,
                           .cols = COLS,
                           .q = part(any, (uint64_t)COLS * at.q),
                           .h = at.h ? part(any, (uint64_t)COLS * at.h) : none,
                           .s = at.s ? part(any, (uint64_t)COLS * at.s) : none};
}

/* An odd stride is what only the simple kernel reads. */
static void every_linear(struct gpu_list *list, struct gpu_buffer *any) {
    for (int i = 0; i < FORM_COUNT * 8; i++) {
        const bool many = i & 1, norm = i & 2, odd = i & 4;
        const uint32_t rows = many ? MANY : FEW, stride = COLS + odd;
        const struct weight w = weight_of((enum weight_form)(i / 8), any);
        op_linear(list, &(struct op_linear){.x = numbers(any, rows * stride),
                                            .norm = norm ? numbers(any, COLS) : (struct vd_span){0},
                                            .y = numbers(any, rows * COLS),
                                            .w = &w,
                                            .rows = rows,
                                            .x_stride = stride,
                                            .y_stride = COLS});
    }
}

static void attend(struct gpu_list *list, struct gpu_buffer *any, enum kv_type type, uint32_t size,
                   uint32_t rows, bool odd) {
    const uint32_t width = HEADS * size, stride = width + odd;
    const uint64_t row_bytes = kv_row_bytes(type, width);
    if (type == KV_Q8_0 && size % 32) return;
    op_attend(list, &(struct op_attend){.q = numbers(any, rows * stride),
                                        .k = part(any, MANY * row_bytes),
                                        .v = part(any, MANY * row_bytes),
                                        .y = numbers(any, rows * width),
                                        .rows = rows,
                                        .kv_rows = MANY,
                                        .heads = HEADS,
                                        .kv_heads = HEADS,
                                        .head_dim = size,
                                        .q_stride = stride,
                                        .kv_stride = type == KV_Q8_0 ? (uint32_t)row_bytes : width,
                                        .y_stride = width,
                                        .scale = 1,
                                        .kv_type = type});
}

static void every_attend(struct gpu_list *list, struct gpu_buffer *any) {
    for (size_t i = 0; i < sizeof head_sizes / sizeof *head_sizes; i++)
        for (int type = KV_F32; type <= KV_Q8_0; type++) {
            attend(list, any, (enum kv_type)type, head_sizes[i], FEW, false);
            attend(list, any, (enum kv_type)type, head_sizes[i], MANY, false);
            attend(list, any, (enum kv_type)type, head_sizes[i], MANY, true);
        }
}

static void every_conv(struct gpu_list *list, struct gpu_buffer *any) {
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (int k = 0; k < (i ? 1 : ACT_COUNT) * 2; k++)
            op_conv2d(list, &(struct op_conv2d){.x = numbers(any, 16 * 16 * 4),
                                                .w = numbers(any, channels[i] * 4 * 9),
                                                .y = numbers(any, 14 * 14 * channels[i]),
                                                .width = 16,
                                                .height = 16,
                                                .cin = 4,
                                                .cout = channels[i],
                                                .kw = 3,
                                                .kh = 3,
                                                .stride_x = 1,
                                                .stride_y = 1,
                                                .groups = 1,
                                                .planar = k & 1,
                                                .act = (enum act)(k / 2)});
}

static void every_act(struct gpu_list *list, struct gpu_buffer *any) {
    for (int i = 0; i < ACT_COUNT * 4; i++) {
        const uint32_t cols = i & 1 ? COLS + 1 : COLS;
        const struct vd_span all = numbers(any, cols * MANY);
        op_act(list, &(struct op_act){.a = all,
                                      .b = all,
                                      .y = all,
                                      .rows = MANY,
                                      .cols = cols,
                                      .a_stride = cols,
                                      .b_stride = cols,
                                      .y_stride = cols,
                                      .act = (enum act)(i / 4),
                                      .glu = i & 2});
    }
}

/* What takes its constants from the device alone. */
static void every_other(struct gpu_list *list, struct gpu_buffer *any) {
    for (uint32_t cols = COLS; cols <= COLS + 1; cols++) {
        const struct vd_span all = numbers(any, cols * MANY);
        op_norm(list, &(struct op_norm){.x = all,
                                        .w = all,
                                        .y = all,
                                        .rows = MANY,
                                        .cols = cols,
                                        .x_stride = cols,
                                        .y_stride = cols});
        op_softmax(list, &(struct op_softmax){.x = all, .y = all, .rows = MANY, .cols = cols});
    }
    const struct vd_span words = numbers(any, LOGITS);
    op_sample(list, &(struct op_sample){.logits = words,
                                        .ids = words,
                                        .tokens = words,
                                        .step = words,
                                        .scratch = part(any, op_sample_scratch_bytes(LOGITS)),
                                        .cols = LOGITS});
}

/* As k_NAME() would be called: spans, push constants and constants, all of them 0 for the default.
 */
static void with_defaults(struct gpu_list *list, struct gpu_buffer *any, uint32_t kernel,
                          uint32_t variant) {
    const struct kernel *k = &kernel_table[kernel];
    const uint64_t bytes =
        k->n_bindings * sizeof(struct vd_span) + k->push_bytes + 4 + k->n_specs * sizeof(uint32_t);
    struct vd_span *args = arena_alloc(&list->arena, bytes, 1);
    if (!args) {
        list->status = VIDI_E_MEMORY;
        return;
    }
    memset(args, 0, bytes);
    for (uint32_t b = 0; b < k->n_bindings; b++) args[b] = numbers(any, COLS);
    gpu_dispatch(list, kernel, (int)variant, groups(1), args);
}

static bool holds(const struct gpu_list *list, uint32_t kernel, uint32_t variant) {
    for (uint32_t i = 0; i < list->n; i++)
        if (list->items[i].kernel == kernel && list->items[i].variant == variant) return true;
    return false;
}

void ops_every(struct gpu_list *list, struct gpu_buffer *any) {
    every_linear(list, any);
    every_attend(list, any);
    every_conv(list, any);
    every_act(list, any);
    every_other(list, any);
    const uint32_t has = gpu_caps(list->gpu)->has;
    for (uint32_t k = 0; k < kernel_count; k++)
        for (uint32_t v = 0; v < kernel_table[k].n_variants; v++)
            if (!(kernel_table[k].needs & ~has) && !holds(list, k, v))
                with_defaults(list, any, k, v);
}
