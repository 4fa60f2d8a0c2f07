#include <string.h>

#include "chat/internal.h"

/* Resizing depends on the picture's size, so its two dispatches are recorded once a size and kept
 * for the next picture of the same one: frames of a camera never record again. */
struct picture_program {
    uint32_t width, height;
    struct gpu_buffer *rgb, *coeffs, *rows_u8;
    struct gpu_program *gpu;
};

void chat_pixels_free(vidi_chat *c) {
    struct picture_program *p = c->picture;
    if (!p) return;
    struct gpu *gpu = c->model->v->gpu;
    if (p->gpu) gpu_program_free(gpu, p->gpu);
    gpu_buffer_free(gpu, p->rgb);
    gpu_buffer_free(gpu, p->coeffs);
    gpu_buffer_free(gpu, p->rows_u8);
    vd_free(&c->model->v->ctx, p);
    c->picture = NULL;
}

struct gpu_program *chat_pixels_program(const vidi_chat *c) {
    return c->picture ? c->picture->gpu : NULL;
}

static struct vd_span all(struct gpu_buffer *b) { return span_of(b, 0, gpu_buffer_bytes(b)); }

static enum resize_filter filter_of(const struct shape *s) {
    if (s->picture.lanczos) return RESIZE_LANCZOS;
    return s->picture.bicubic ? RESIZE_BICUBIC : RESIZE_BILINEAR;
}

static vidi_status make(vidi_chat *c, const struct said_picture *said) {
    const vidi_model *m = c->model;
    struct gpu *gpu = m->v->gpu;
    struct picture_program *p = c->picture;
    const struct shape *s = &m->shape;
    struct op_image op = {.width = said->width,
                          .height = said->height,
                          .stride = said->stride,
                          .out_w = s->picture.area ? said->width : s->picture.width,
                          .out_h = s->picture.area ? said->height : s->picture.height,
                          .filter = filter_of(s)};
    op.canvas_w = op.out_w;
    op.canvas_h = op.out_h;
    memcpy(op.mean, s->picture.mean, sizeof op.mean);
    memcpy(op.std, s->picture.std, sizeof op.std);
    const uint64_t coeffs_bytes = op_image_coeffs_bytes(&op);
    TRY(gpu_buffer_new(gpu, (uint64_t)said->stride * said->height, GPU_HOST, "picture", &p->rgb));
    TRY(gpu_buffer_new(gpu, coeffs_bytes, GPU_HOST, "resize coefficients", &p->coeffs));
    TRY(gpu_buffer_new(gpu, 4ull * op.out_w * said->height, GPU_DEVICE, "resized rows",
                       &p->rows_u8));
    op.rgb = all(p->rgb);
    op.coeffs = all(p->coeffs);
    op.rows_u8 = all(p->rows_u8);
    op.y = all(c->pixels);
    op_image_coeffs(&op, gpu_buffer_map(p->coeffs));
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    gpu_list_label(&list, "resize");
    op_image(&list, &op);
    const vidi_status status = gpu_program_record(&list, "resize", &p->gpu);
    gpu_list_close(&list);
    return status;
}

/* Halves a picture that is larger than the device can bind at once; the mean of each four pixels.
 */
static void halve(struct said_picture *p) {
    const uint32_t w = p->width / 2, h = p->height / 2, stride = (w * 3 + 3) & ~3u;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            for (uint32_t i = 0; i < 3; i++) {
                const uint8_t *at = p->rgb + (uint64_t)y * 2 * p->stride + x * 6 + i;
                const uint32_t sum = at[0] + at[3] + at[p->stride] + at[p->stride + 3];
                p->rgb[(uint64_t)y * stride + x * 3 + i] = (uint8_t)((sum + 2) / 4);
            }
    p->width = w;
    p->height = h;
    p->stride = stride;
}

static vidi_status submit(vidi_chat *c, const struct said_picture *said) {
    uint64_t ticket;
    memcpy(gpu_buffer_map(c->picture->rgb), said->rgb, (uint64_t)said->stride * said->height);
    TRY(gpu_submit(c->picture->gpu, c->model->v->submit_ms, &c->cancel, &ticket));
    return gpu_wait(c->model->v->gpu, ticket);
}

vidi_status chat_pixels(vidi_chat *c, struct said_picture *said) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const uint64_t limit = gpu_caps(c->model->v->gpu)->max_range;
    while ((uint64_t)said->stride * said->height > limit && said->width > 1 && said->height > 1) {
        halve(said);
        vd_log(ctx, VD_LOG_WARN,
               "the picture is halved to %u x %u first: the device binds %llu MiB at once",
               said->width, said->height, (unsigned long long)(limit >> 20));
    }
    if (c->picture && (c->picture->width != said->width || c->picture->height != said->height))
        chat_pixels_free(c);
    if (c->picture) return submit(c, said);
    c->picture = vd_alloc(ctx, sizeof *c->picture);
    if (!c->picture) return VIDI_E_MEMORY;
    c->picture->width = said->width;
    c->picture->height = said->height;
    const vidi_status status = make(c, said);
    if (status != VIDI_OK) {
        chat_pixels_free(c);
        return status;
    }
    return submit(c, said);
}
