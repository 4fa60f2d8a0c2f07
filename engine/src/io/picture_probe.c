#include "io/picture_probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/bytes.h"
#include "io/exif.h"

enum {
    MAX_SIDE = 65535,
    MAX_PIXELS = 64000000,
    MAX_SHRUNK = 200000000, /* of formats whose decoder makes a smaller picture by itself */
    BYTES_A_BYTE = 4096,
    BYTES_FREE = 16 << 20
};
static const uint64_t MAX_HEAP = UINT64_C(1) << 30;

vidi_status probe_refuse(const struct probe *p, const char *fmt, ...) {
    char words[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    return vd_fail(p->ctx, VIDI_E_IMAGE, "%.600s: %s", p->name, words);
}

vidi_status probe_size(const struct probe *p, uint64_t width, uint64_t height) {
    const unsigned long long w = width, h = height;
    if (w == 0 || h == 0) return probe_refuse(p, "has %llu x %llu pixels", w, h);
    if (w > MAX_SIDE || h > MAX_SIDE)
        return probe_refuse(p, "has %llu x %llu pixels, and a side is limited to %d", w, h,
                            MAX_SIDE);
    const int most = p->info->format == KIND_JPEG ? MAX_SHRUNK : MAX_PIXELS;
    if (w * h > (uint64_t)most)
        return probe_refuse(p, "has %llu x %llu pixels, and their count is limited to %d", w, h,
                            most);
    if (w * h * 3 > p->bytes * BYTES_A_BYTE + BYTES_FREE)
        return probe_refuse(p, "has %llu x %llu pixels, too many for a file of %llu bytes", w, h,
                            (unsigned long long)p->bytes);
    p->info->width = (uint32_t)width;
    p->info->height = (uint32_t)height;
    p->info->shrink = w * h > MAX_PIXELS ? 2 : 1;
    return VIDI_OK;
}

/* 16-bit RGBA three times over (unpacked, unfiltered, put together), of a size rounded up to whole
 * JPEG blocks, and the compressed bytes, which are gathered in a buffer that doubles. */
uint64_t probe_heap_cap(const struct probe *p) {
    const uint64_t pixels = (uint64_t)(p->info->width + 63) * (p->info->height + 63);
    const uint64_t cap = 32 * pixels + 4 * p->bytes + (1 << 20);
    return cap < MAX_HEAP ? cap : MAX_HEAP;
}

/* ---- PNG ---- */

uint32_t crc32_bytes(const void *data, uint64_t bytes) {
    /* Four bits at a time: x^32 + ... reflected, table of the 16 remainders. */
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const unsigned char *p = data;
    uint32_t crc = 0xffffffff;
    for (uint64_t i = 0; i < bytes; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

struct png_chunk {
    const unsigned char *type, *body; /* 4 bytes; `bytes` bytes */
    uint64_t bytes;
};

static bool chunk_is(const struct png_chunk *c, const char *type) {
    return memcmp(c->type, type, 4) == 0;
}

static vidi_status png_chunk(const struct probe *p, uint64_t *at, struct png_chunk *out) {
    if (p->bytes - *at < 12)
        return probe_refuse(p, "ends at byte %llu, before the PNG chunk IEND",
                            (unsigned long long)p->bytes);
    out->bytes = load_be(p->data + *at, 4);
    out->type = p->data + *at + 4;
    out->body = out->type + 4;
    if (out->bytes > p->bytes - *at - 12)
        return probe_refuse(p, "ends at byte %llu, inside a PNG chunk of %llu bytes at byte %llu",
                            (unsigned long long)p->bytes, (unsigned long long)out->bytes,
                            (unsigned long long)*at);
    if (crc32_bytes(out->type, out->bytes + 4) != load_be(out->body + out->bytes, 4))
        return probe_refuse(p, "the PNG chunk at byte %llu has a wrong checksum",
                            (unsigned long long)*at);
    *at += 12 + out->bytes;
    return VIDI_OK;
}

static vidi_status png_head(const struct probe *p, const struct png_chunk *c) {
    /* Bit depths of each colour type, as a mask of 1 << depth. */
    static const uint32_t depths[7] = {0x10116, 0, 0x10100, 0x116, 0x10100, 0, 0x10100};
    if (!chunk_is(c, "IHDR") || c->bytes != 13)
        return probe_refuse(p, "does not begin with a PNG header of 13 bytes");
    const unsigned char *b = c->body;
    const uint32_t depth = b[8], colour = b[9];
    if (colour > 6 || depth > 16 || !(depths[colour] >> depth & 1))
        return probe_refuse(p, "PNG bit depth %u with colour type %u does not exist", depth,
                            colour);
    if (b[10] != 0 || b[11] != 0 || b[12] > 1)
        return probe_refuse(p, "PNG compression %u, filter %u, interlace %u does not exist", b[10],
                            b[11], b[12]);
    return probe_size(p, load_be(b, 4), load_be(b + 4, 4));
}

vidi_status png_probe(const struct probe *p) {
    struct png_chunk c = {0};
    uint64_t at = 8, packed = 0;
    TRY(png_chunk(p, &at, &c));
    TRY(png_head(p, &c));
    while (!chunk_is(&c, "IEND")) {
        TRY(png_chunk(p, &at, &c));
        if (chunk_is(&c, "IDAT")) {
            packed += c.bytes;
            /* The decoder counts on a first chunk that has bytes. */
            if (packed == 0) return probe_refuse(p, "has an empty PNG chunk of pixels");
        }
        if (chunk_is(&c, "eXIf")) p->info->orientation = exif_orientation(c.body, c.bytes);
    }
    if (packed == 0) return probe_refuse(p, "has no PNG chunk of pixels");
    return VIDI_OK;
}

/* ---- all ---- */

static vidi_status (*const probes[KIND_READ])(const struct probe *p) = {
    [KIND_JPEG] = jpeg_probe, [KIND_PNG] = png_probe,   [KIND_BMP] = bmp_probe,
    [KIND_PPM] = ppm_probe,   [KIND_GIF] = gif_probe,   [KIND_WEBP] = webp_probe,
    [KIND_TIFF] = tiff_probe, [KIND_HEIF] = heif_probe,
};

vidi_status picture_probe(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                          struct picture_info *out) {
    *out = (struct picture_info){.orientation = 1, .shrink = 1};
    const struct probe p = {ctx, name, data, bytes, out};
    if (bytes == 0) return probe_refuse(&p, "is empty, not a picture");
    const struct kind_found found = kind_of(data, bytes);
    out->format = found.kind;
    if (found.kind > KIND_UNKNOWN && found.kind < KIND_READ) return probes[found.kind](&p);
    static const char formats[] = "JPEG, PNG, BMP, PPM, GIF, WebP, TIFF, HEIC and AVIF";
    if (found.kind == KIND_PICTURE)
        return probe_refuse(&p, "is %s, which is not read; what is: %s", found.words, formats);
    if (found.words) return probe_refuse(&p, "is %s, not a picture", found.words);
    return probe_refuse(&p, "is no picture that is known; what is read: %s", formats);
}
