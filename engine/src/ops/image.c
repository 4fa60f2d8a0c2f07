#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

enum { LANES = 64, FIXED_BITS = 22 };

/* --- coefficients: [outputs] rows of first input, their number, and `taps` of fixed point ------
 */

static double triangle(double x) { return fabs(x) < 1 ? 1 - fabs(x) : 0; }

/* Keys' cubic with a = -1/2. */
static double cubic(double x) {
    const double t = fabs(x);
    if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
    return t < 2 ? (((t - 5) * t + 8) * t - 4) * -0.5 : 0;
}

static double sinc(double x) {
    const double t = x * 3.14159265358979323846;
    return x != 0 ? sin(t) / t : 1;
}
static double lanczos(double x) { return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
    double (*weight)(double x);
    double support;
} filters[] = {
    [RESIZE_BILINEAR] = {triangle, 1},
    [RESIZE_BICUBIC] = {cubic, 2},
    [RESIZE_LANCZOS] = {lanczos, 3},
};

struct axis {
    enum resize_filter filter;
    uint32_t in, out;
};

static double shrink_of(struct axis a) { return a.in > a.out ? (double)a.in / a.out : 1; }
static uint32_t taps_of(struct axis a) {
    return (uint32_t)ceil(filters[a.filter].support * shrink_of(a)) * 2 + 1;
}
uint32_t op_image_taps(enum resize_filter filter, uint32_t in, uint32_t out) {
    return taps_of((struct axis){filter, in, out});
}
static struct axis across(const struct op_image *op) {
    return (struct axis){op->filter, op->width, op->out_w};
}
static struct axis down(const struct op_image *op) {
    return (struct axis){op->filter, op->height, op->out_h};
}

static int32_t fixed(double v) {
    return (int32_t)(v < 0 ? v * (1 << FIXED_BITS) - 0.5 : v * (1 << FIXED_BITS) + 0.5);
}

static void fill_row(struct axis a, uint32_t i, int32_t *row) {
    const double shrink = shrink_of(a), reach = filters[a.filter].support * shrink;
    const double center = (i + 0.5) * ((double)a.in / a.out), per = 1 / shrink;
    const int32_t low = (int32_t)(center - reach + 0.5), high = (int32_t)(center + reach + 0.5);
    const int32_t first = low < 0 ? 0 : low, end = high > (int32_t)a.in ? (int32_t)a.in : high;
    double sum = 0;
    for (int32_t j = first; j < end; j++) sum += filters[a.filter].weight((j - center + 0.5) * per);
    row[0] = first;
    row[1] = end - first;
    for (int32_t j = first; j < end; j++) {
        const double w = filters[a.filter].weight((j - center + 0.5) * per);
        row[2 + j - first] = fixed(sum != 0 ? w / sum : w);
    }
}

static int32_t *fill_axis(struct axis a, int32_t *out) {
    const uint32_t wide = taps_of(a) + 2;
    for (uint32_t i = 0; i < a.out; i++, out += wide) {
        memset(out, 0, wide * sizeof *out);
        fill_row(a, i, out);
    }
    return out;
}

static uint64_t words_of(struct axis a) { return (uint64_t)a.out * (taps_of(a) + 2); }

uint64_t op_image_coeffs_bytes(const struct op_image *op) {
    return (words_of(across(op)) + words_of(down(op))) * sizeof(int32_t);
}

void op_image_coeffs(const struct op_image *op, void *out) {
    fill_axis(down(op), fill_axis(across(op), out));
}

/* --- the op ----------------------------------------------------------------------------------- */

/* Buffers that hold what the sizes say; 32-bit places in the shaders then suffice. */
static bool spans_fit(const struct op_image *op) {
    const uint64_t canvas = (uint64_t)op->canvas_w * op->canvas_h;
    return op->canvas_w < 1 << 16 && op->canvas_h < 1 << 16 && op->y.bytes / 12 >= canvas &&
           op->rgb.bytes >= (uint64_t)op->stride * op->height && op->rgb.bytes <= UINT32_MAX &&
           op->rows_u8.bytes / 4 >= (uint64_t)op->out_w * op->height &&
           op->coeffs.bytes >= op_image_coeffs_bytes(op);
}

static bool fits(const struct op_image *op) {
    return op->width && op->height && op->out_w && op->out_h && op->stride % 4 == 0 &&
           op->stride / 3 >= op->width && op->width < 1 << 24 && op->height < 1 << 24 &&
           op->out_w <= op->canvas_w && op->out_x <= op->canvas_w - op->out_w &&
           op->out_h <= op->canvas_h && op->out_y <= op->canvas_h - op->out_h &&
           (!op->patch || (op->canvas_w % op->patch == 0 && op->canvas_h % op->patch == 0)) &&
           spans_fit(op);
}

static void append_down(struct gpu_list *list, const struct op_image *op) {
    float mul[3], add[3];
    for (int i = 0; i < 3; i++) {
        mul[i] = (float)(1 / (255.0 * op->std[i]));
        add[i] = (float)(-(double)op->mean[i] / op->std[i]);
    }
    k_resize_y(list, pick_variant(K_resize_y, ""),
               groups(div_up(op->out_w, LANES), pick_groups(op->out_h), 1), .rows_u8 = op->rows_u8,
               .coeffs = op->coeffs, .y = op->y, .out_w = op->out_w, .out_h = op->out_h,
               .out_x = op->out_x, .out_y = op->out_y, .canvas_w = op->canvas_w,
               .canvas_h = op->canvas_h, .patch_size = op->patch,
               .from_row = (uint32_t)words_of(across(op)), .taps = taps_of(down(op)),
               .mul_r = mul[0], .mul_g = mul[1], .mul_b = mul[2], .add_r = add[0], .add_g = add[1],
               .add_b = add[2], .spec.WG = LANES);
    const uint64_t pixels = (uint64_t)op->out_w * op->out_h;
    gpu_list_cost(list, op->rows_u8.bytes + pixels * 12, pixels * taps_of(down(op)) * 6);
}

void op_image(struct gpu_list *list, const struct op_image *op) {
    const uint32_t kernel = pick_kernel(list, &(uint32_t){K_resize_x}, 1);
    if (kernel == UINT32_MAX) return;
    if (!fits(op)) {
        gpu_list_fail(list, VIDI_E_ARGUMENT,
                      "image: %ux%u (%u bytes a row) to %ux%u at %u, %u of "
                      "%ux%u in patches of %u",
                      op->width, op->height, op->stride, op->out_w, op->out_h, op->out_x, op->out_y,
                      op->canvas_w, op->canvas_h, op->patch);
        return;
    }
    k_resize_x(list, pick_variant(kernel, ""),
               groups(div_up(op->out_w, LANES), pick_groups(op->height), 1), .rgb = op->rgb,
               .coeffs = op->coeffs, .rows_u8 = op->rows_u8, .height = op->height,
               .stride = op->stride, .out_w = op->out_w, .taps = taps_of(across(op)),
               .spec.WG = LANES);
    const uint64_t pixels = (uint64_t)op->out_w * op->height;
    gpu_list_cost(list, op->rgb.bytes + pixels * 4, pixels * taps_of(across(op)) * 6);
    append_down(list, op);
}
