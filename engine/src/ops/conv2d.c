#include "ops/ops.h"

#include <assert.h>
#include <stddef.h>

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64 };

/* One argument struct serves the three kernels: those with fewer constants read its first ones. */
static_assert(offsetof(struct k_conv2d_cpu, spec) == offsetof(struct k_conv2d, spec), "as above");
static_assert(offsetof(struct k_conv2d_cpu, spec) == offsetof(struct k_conv2d_lanes, spec),
              "as above");

/* The largest of limit, limit / 2, ... 1 that `n` has whole; 0 for n = 0. */
static uint32_t share_of(uint32_t n, uint32_t limit) {
    while (limit > 1 && n % limit) limit /= 2;
    return n ? limit : 0;
}

static bool fits(const struct op_conv2d *op) {
    return op->groups && op->cin % op->groups == 0 && op->cout % op->groups == 0 && op->stride_x &&
           op->stride_y && op->kw && op->kh && op->width && op->height && op->width < 1 << 24 &&
           op->height < 1 << 24 && op->pad_x < 1 << 16 && op->pad_y < 1 << 16 &&
           op->width + 2 * op->pad_x >= op->kw && op->height + 2 * op->pad_y >= op->kh;
}

/* How a kernel cuts the output: channels and pixels of a lane, lanes of a workgroup. */
struct cut {
    uint32_t kernel, lanes, tile, spread;
};

static struct cut choose(struct gpu_list *list, const struct op_conv2d *op) {
    const uint32_t out_group = op->cout / op->groups, sub = gpu_caps(list->gpu)->subgroup_size;
    uint32_t kernels[3], n = 0;
    if (out_group % sub == 0) kernels[n++] = K_conv2d_cpu;
    if (out_group % 2 == 0) kernels[n++] = K_conv2d_lanes;
    kernels[n++] = K_conv2d;
    const uint32_t kernel = pick_kernel(list, kernels, n);
    if (kernel == K_conv2d_cpu) return (struct cut){kernel, sub, share_of(out_group / sub, 4), 2};
    if (kernel == K_conv2d_lanes) return (struct cut){kernel, LANES, share_of(out_group, 8), 1};
    return (struct cut){kernel, LANES, 1, 1};
}

static struct vd_groups grid(const struct op_conv2d *op, const struct cut *cut, uint32_t pixels) {
    if (cut->kernel == K_conv2d) return groups(div_up(op->cout, LANES), pick_groups(pixels), 1);
    const uint32_t channels = cut->kernel == K_conv2d_cpu ? cut->lanes * cut->tile : cut->tile;
    return groups(div_up(pixels, cut->lanes * cut->spread), op->cout / channels, 1);
}

void op_conv2d(struct gpu_list *list, const struct op_conv2d *op) {
    if (list->status != VIDI_OK) return;
    if (!fits(op)) {
        gpu_list_fail(list, VIDI_E_ARGUMENT,
                      "conv2d: %ux%u kernel on %ux%u, %u groups of %u and %u", op->kw, op->kh,
                      op->width, op->height, op->groups, op->cin, op->cout);
        return;
    }
    const struct cut cut = choose(list, op);
    if (cut.kernel == UINT32_MAX) return;
    const uint32_t out_w = (op->width + 2 * op->pad_x - op->kw) / op->stride_x + 1;
    const uint32_t out_h = (op->height + 2 * op->pad_y - op->kh) / op->stride_y + 1;
    const struct k_conv2d_cpu args = {
        .x = op->x,
        .w = op->w,
        .bias = op->bias,
        .y = op->y,
        .width = op->width,
        .height = op->height,
        .cin = op->cin,
        .cout = op->cout,
        .kw = op->kw,
        .kh = op->kh,
        .stride_x = op->stride_x,
        .stride_y = op->stride_y,
        .pad_x = op->pad_x,
        .pad_y = op->pad_y,
        .in_group = op->cin / op->groups,
        .out_group = op->cout / op->groups,
        .out_w = out_w,
        .out_h = out_h,
        .has_bias = op->bias.buffer != NULL,
        .spec = {.WG = cut.lanes,
                 .ACT = op->act,
                 .PLANAR = op->planar,
                 .TILE = cut.tile,
                 .SPREAD = cut.spread},
    };
    gpu_dispatch(list, cut.kernel, pick_variant(cut.kernel, ""), grid(op, &cut, out_w * out_h),
                 &args);
    const uint64_t numbers = (uint64_t)out_w * out_h * op->cout;
    const uint64_t taps = (uint64_t)op->kw * op->kh * args.in_group;
    gpu_list_cost(list, (op->x.bytes + op->w.bytes) + numbers * 4, numbers * taps * 2);
}
