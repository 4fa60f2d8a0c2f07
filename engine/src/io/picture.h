/* picture.h - picture files to RGB8, upright and on white.
 *
 * JPEG by libjpeg-turbo, PNG by stb_image, BMP, PPM and PGM (P2, P3, P5, P6) by our own code; where
 * the build has their libraries, GIF, WebP, TIFF, HEIC and AVIF: of several pictures the first or
 * the main one. What a file is, its first bytes say, never its name.
 *
 * The header is read first: width x height at most 64 million pixels, each side at most 65,535, and
 * no more than 4096 bytes of pixels for each byte of file (+ 16 MiB), before a decoder sees it.
 * JPEGs of up to 200 million pixels are read at half their width and height, which is told
 * (VD_LOG_WARN). The heap of JPEG, PNG and TIFF decoders is capped by the size of the picture, 1
 * GiB at most. Files have at most 256 MiB. A file that ends early is an error, not half a picture;
 * a JPEG that ends inside its rows or is damaged there is decoded as far as it goes, and told of
 * (VD_LOG_WARN).
 *
 * Orientation is applied once: EXIF's (JPEG, PNG, WebP), TIFF's own, HEIF's boxes. Alpha is laid
 * over white, the alpha of a BMP that is 0 everywhere is none; 16-bit samples are cut to 8 (TIFF
 * and PPM: rounded), grey becomes RGB, CMYK JPEGs are refused unless an Adobe marker tells their
 * colours. Failures: VIDI_E_IO (cannot be read), VIDI_E_IMAGE (damaged, too large, no picture). */
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
