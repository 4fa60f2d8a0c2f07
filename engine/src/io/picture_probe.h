/* picture_probe.h - what a picture claims to be, read by our own code before anything is decoded.
 *
 * After VIDI_OK: the size is within the limits of picture.h, the file is whole as far as its head
 * tells (JPEG: up to its first scan; PNG: sound chunks up to IEND; BMP, PPM: bytes of every row),
 * and what the plain decoders need is known. For io/picture*.c. */
#ifndef VD_PICTURE_PROBE_H
#define VD_PICTURE_PROBE_H
#include "base/status.h"
#include "io/kind.h"

struct picture_info {
    enum kind format;       /* below KIND_READ */
    uint32_t width, height; /* as stored, before it is turned upright */
    uint32_t orientation;   /* EXIF's, 1 .. 8 */
    uint32_t shrink;        /* decoded to 1 / shrink of width and height, rounded up; 1 or 2 */
    /* BMP and PPM: */
    uint64_t rows_at, row_bytes; /* first row in the file; from one row to the next */
    uint32_t bits;               /* a pixel */
    /* BMP: */
    bool top_down;
    uint64_t palette_at;
    uint32_t n_palette, palette_bytes; /* entries; bytes of one */
    uint32_t masks[4];                 /* red, green, blue, alpha (0: opaque) of 16 and 32 bits */
    /* PPM: */
    bool plain; /* P2, P3: digits */
    uint32_t max_value;
};

/* A picture in memory under examination. */
struct probe {
    struct vd_ctx *ctx;
    const char *name;
    const unsigned char *data;
    uint64_t bytes;
    struct picture_info *info;
};

vidi_status picture_probe(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                          struct picture_info *out);

/* VIDI_E_IMAGE: "NAME: ..." */
vidi_status probe_refuse(const struct probe *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Keeps the size when it is within the limits. */
vidi_status probe_size(const struct probe *p, uint64_t width, uint64_t height);
/* The most memory that decoding may take. */
uint64_t probe_heap_cap(const struct probe *p);

/* The picture that is being made, upright and on white. Decoders give it rows as they are stored:
 * row y has `width` pixels of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes. */
struct sheet {
    uint32_t width, height; /* of what decoders give */
    uint32_t orientation;
    bool multiplied; /* colours come multiplied by their alpha */
    uint8_t *rgb;
};
void sheet_row(const struct sheet *to, uint32_t y, const uint8_t *row, uint32_t channels);
/* `n` pixels of row y from pixel x on. */
void sheet_span(const struct sheet *to, uint32_t x, uint32_t y, uint32_t n, const uint8_t *pixels,
                uint32_t channels);

vidi_status png_probe(const struct probe *p);
vidi_status png_decode(const struct probe *p, const struct sheet *to);
vidi_status jpeg_probe(const struct probe *p);
vidi_status jpeg_decode(const struct probe *p, const struct sheet *to);
vidi_status gif_probe(const struct probe *p);
vidi_status gif_decode(const struct probe *p, const struct sheet *to);
vidi_status webp_probe(const struct probe *p);
vidi_status webp_decode(const struct probe *p, const struct sheet *to);
vidi_status tiff_probe(const struct probe *p);
vidi_status tiff_decode(const struct probe *p, const struct sheet *to);
vidi_status heif_probe(const struct probe *p);
vidi_status heif_decode(const struct probe *p, const struct sheet *to);

vidi_status bmp_probe(const struct probe *p);
vidi_status bmp_decode(const struct probe *p, const struct sheet *to);
vidi_status ppm_probe(const struct probe *p);
vidi_status ppm_decode(const struct probe *p, const struct sheet *to);

/* CRC-32 of PNG and zlib. */
uint32_t crc32_bytes(const void *data, uint64_t bytes);

/* A sample laid over white by its alpha. */
static inline uint8_t over_white(uint32_t sample, uint32_t alpha) {
    return (uint8_t)((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}
#endif
