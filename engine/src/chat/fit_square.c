#include "chat/fit.h"

enum { LONGEST = 16384 };

/* A square of `edge`, row by row, and each row at once as wide as the encoder wants it, so that the
 * square itself is never kept. Its columns are resized with the last step, on the device. */
struct square {
    const struct said_picture *in;
    struct op_image first, second; /* to the square; to the encoder's size */
    int32_t *first_coeffs, *second_coeffs;
    uint8_t *line; /* [edge] pixels */
};

static void square_line(const struct square *q, uint32_t y) {
    const struct said_picture *in = q->in;
    const uint32_t edge = q->first.out_w;
    const uint32_t across = op_image_taps(q->first.filter, in->width, edge);
    const uint32_t down = op_image_taps(q->first.filter, in->height, edge);
    if (in->height == edge) {
        fit_pass(&(struct fit_pass){.coeffs = q->first_coeffs,
                                    .taps = across,
                                    .out_n = edge,
                                    .lines = 1,
                                    .in = in->rgb + (uint64_t)y * in->stride,
                                    .out = q->line,
                                    .in_step = 3,
                                    .out_step = 3});
        return;
    }
    const int32_t *rows = q->first_coeffs + (uint64_t)edge * (across + 2);
    fit_pass(&(struct fit_pass){.coeffs = rows + (uint64_t)y * (down + 2),
                                .taps = down,
                                .out_n = 1,
                                .lines = edge,
                                .in = in->rgb,
                                .out = q->line,
                                .in_line = 3,
                                .in_step = in->stride,
                                .out_line = 3});
}

static void resize(const struct square *q, struct said_picture *out) {
    op_image_coeffs(&q->first, q->first_coeffs);
    op_image_coeffs(&q->second, q->second_coeffs);
    for (uint32_t y = 0; y < out->height; y++) {
        square_line(q, y);
        fit_pass(
            &(struct fit_pass){.coeffs = q->second_coeffs,
                               .taps = op_image_taps(q->second.filter, out->height, out->width),
                               .out_n = out->width,
                               .lines = 1,
                               .in = q->line,
                               .out = out->rgb + (uint64_t)y * out->stride,
                               .in_step = 3,
                               .out_step = 3});
    }
}

static struct op_image sizes(uint32_t width, uint32_t height, uint32_t side) {
    return (struct op_image){
        .width = width, .height = height, .out_w = side, .out_h = side, .filter = RESIZE_BICUBIC};
}

vidi_status fit_square(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const uint32_t side = c->model->shape.picture.width;
    const uint32_t edge = in->width > in->height ? in->width : in->height;
    if (edge > LONGEST)
        return vd_fail(ctx, VIDI_E_IMAGE,
                       "a picture of %u x %u is too long for this model: %d pixels are the most",
                       in->width, in->height, LONGEST);
    struct said_picture narrow = {.width = side, .height = edge, .stride = fit_stride(side)}, *p;
    struct square q = {
        .in = in, .first = sizes(in->width, in->height, edge), .second = sizes(edge, edge, side)};
    q.first_coeffs = vd_alloc(ctx, op_image_coeffs_bytes(&q.first));
    q.second_coeffs = vd_alloc(ctx, op_image_coeffs_bytes(&q.second));
    q.line = vd_alloc(ctx, edge * 3ull);
    narrow.rgb = vd_alloc(ctx, (uint64_t)narrow.stride * edge);
    vidi_status status = VIDI_E_MEMORY;
    if (q.first_coeffs && q.second_coeffs && q.line && narrow.rgb) {
        resize(&q, &narrow);
        status = fit_part(c, &narrow, 0, 0, side, edge, &p);
    }
    vd_free(ctx, q.first_coeffs);
    vd_free(ctx, q.second_coeffs);
    vd_free(ctx, q.line);
    vd_free(ctx, narrow.rgb);
    if (status == VIDI_OK) fit_words(c, p);
    return status;
}
