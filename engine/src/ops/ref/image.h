/* ref/image.h - op_image in plain C: PIL's resize of 8-bit pictures, then normalise and place. */
#ifndef VD_REF_IMAGE_H
#define VD_REF_IMAGE_H
#include <stdbool.h>
#include <stdint.h>

/* One direction of a resize of RGB bytes, along the rows: `lines` lines of `in` pixels at in_stride
 * bytes become lines of `out` pixels. pixel_step: bytes from pixel to pixel, so that columns can be
 * walked too. out is as dense as it is in the picture it belongs to (out_stride, out_step). */
struct ref_resize {
    const uint8_t *in;
    uint8_t *out;
    uint32_t in_stride, in_step, out_stride, out_step; /* bytes from line to line, pixel to pixel */
    uint32_t lines, in_n, out_n;
    bool cubic; /* else linear */
};
void ref_resize(const struct ref_resize *op);

struct ref_image {
    const uint8_t *rgb; /* [height] rows of `stride` bytes */
    uint8_t *rows_u8;   /* [height][out_w][4]: r, g, b, 0 */
    uint8_t *small_u8;  /* [out_h][out_w][3]: both passes */
    double *y;          /* [3][canvas_h][canvas_w], or [patches][3 * patch * patch] */
    uint32_t width, height, stride, out_w, out_h, out_x, out_y, canvas_w, canvas_h, patch;
    bool cubic;
    float mean[3], std[3];
};
void ref_image(const struct ref_image *op);
#endif
