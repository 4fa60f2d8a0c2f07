/* picture.h - JPEG, PNG, BMP and PPM to RGB8, upright.
 *
 * The header is read by our own code first: width x height at most 64 million pixels, each side
 * at most 65,535, and no more than 4096 bytes of pixels for each byte of file (+ 16 MiB), before
 * a decoder sees it. JPEGs of up to 200 million pixels are read at half their width and height,
 * which is told (VD_LOG_WARN). BMP and PPM (P5, P6) are decoded by our own code, JPEG by
 * libjpeg-turbo, PNG by stb_image, in a heap capped by the size of the picture, 1 GiB at most.
 * Files have at most 256 MiB. A file that ends early is an error, not half a picture; a JPEG that
 * ends inside its rows or is damaged there is decoded as far as it goes, and told of
 * (VD_LOG_WARN). EXIF orientation (1..8) is applied; alpha is laid over white; 16-bit samples are
 * cut to 8, grey becomes RGB, CMYK JPEGs are refused unless an Adobe marker tells their colours.
 * Failures: VIDI_E_IO (cannot be read), VIDI_E_IMAGE (damaged, too large, another format). */
#ifndef VD_PICTURE_H
#define VD_PICTURE_H
#include "base/status.h"

struct picture {
    uint8_t *rgb; /* [height][width][3], rows without gaps; vd_alloc'd */
    uint32_t width, height;
};

vidi_status picture_read(struct vd_ctx *ctx, const char *path, struct picture *out);
vidi_status picture_decode(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                           struct picture *out);
void picture_free(struct vd_ctx *ctx, struct picture *p);

/* 8-bit RGB as an uncompressed-deflate PNG, for screenshots and tests. Written beside and renamed.
 */
vidi_status picture_write_png(struct vd_ctx *ctx, const char *path, const struct picture *p);
#endif
