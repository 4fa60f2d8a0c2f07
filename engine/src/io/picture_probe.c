#include "io/picture_probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/bytes.h"
#include "io/exif.h"

enum { MAX_SIDE = 65535, MAX_PIXELS = 64000000, BYTES_A_BYTE = 4096, BYTES_FREE = 16 << 20 };

/* Each scan of a progressive JPEG passes over the whole picture and may cost only a few bytes of
 * file. Encoders write about ten. */
enum { MAX_SCANS = 64 };

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
    if (w * h > MAX_PIXELS)
        return probe_refuse(p, "has %llu x %llu pixels, and their count is limited to %d", w, h,
                            MAX_PIXELS);
    if (w * h * 3 > p->bytes * BYTES_A_BYTE + BYTES_FREE)
        return probe_refuse(p, "has %llu x %llu pixels, too many for a file of %llu bytes", w, h,
                            (unsigned long long)p->bytes);
    p->info->width = (uint32_t)width;
    p->info->height = (uint32_t)height;
    return VIDI_OK;
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

static vidi_status png_probe(const struct probe *p) {
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

/* ---- JPEG ---- */

struct jpeg {
    const struct probe *p;
    uint64_t at;
    uint32_t components, n_scans;
    bool has_exif, has_adobe;
};

struct jpeg_segment {
    uint32_t marker;
    const unsigned char *body; /* behind its length */
    uint64_t bytes, at;
};

static vidi_status jpeg_cut(const struct jpeg *j, const char *before) {
    return probe_refuse(j->p, "ends at byte %llu, before the JPEG's %s",
                        (unsigned long long)j->p->bytes, before);
}

/* The next marker; bytes of entropy-coded data before it are passed over. */
static vidi_status jpeg_marker(struct jpeg *j, uint32_t *out) {
    const unsigned char *d = j->p->data;
    for (uint64_t i = j->at; j->p->bytes - i >= 2; i++) {
        const uint32_t code = d[i + 1];
        const bool stuffed = code == 0 || code == 0xff || (code >= 0xd0 && code <= 0xd7);
        if (d[i] != 0xff || stuffed) continue;
        *out = code;
        j->at = i + 2;
        return VIDI_OK;
    }
    return jpeg_cut(j, j->n_scans ? "end marker" : "first scan");
}

static vidi_status jpeg_segment(struct jpeg *j, struct jpeg_segment *out) {
    const uint64_t left = j->p->bytes - j->at;
    const uint64_t len = left < 2 ? 2 : load_be(j->p->data + j->at, 2);
    if (left < len) return jpeg_cut(j, j->n_scans ? "end marker" : "first scan");
    if (len < 2)
        return probe_refuse(j->p, "the JPEG segment at byte %llu has a length of %llu bytes",
                            (unsigned long long)j->at, (unsigned long long)len);
    out->body = j->p->data + j->at + 2;
    out->bytes = len - 2;
    out->at = j->at;
    j->at += len;
    return VIDI_OK;
}

static vidi_status jpeg_frame(struct jpeg *j, const struct jpeg_segment *s) {
    const struct probe *p = j->p;
    if (s->marker > 0xc2)
        return probe_refuse(p,
                            "is a JPEG of the unusual kind SOF%u (arithmetic coding, lossless "
                            "or hierarchical)",
                            s->marker - 0xc0);
    if (j->components) return probe_refuse(p, "is a JPEG with two frames");
    if (s->bytes < 6)
        return probe_refuse(p, "the JPEG frame at byte %llu is too short",
                            (unsigned long long)s->at);
    if (s->body[0] != 8) return probe_refuse(p, "is a JPEG of %u bits, not 8", s->body[0]);
    j->components = s->body[5];
    if (j->components != 1 && j->components != 3 && j->components != 4)
        return probe_refuse(p, "is a JPEG of %u components, not 1, 3 or 4", j->components);
    return probe_size(p, load_be(s->body + 3, 2), load_be(s->body + 1, 2));
}

/* Huffman tables of more codes than there are symbols: the decoder does not count them. */
static vidi_status jpeg_tables(struct jpeg *j, const struct jpeg_segment *s) {
    for (uint64_t at = 0; at < s->bytes;) {
        uint64_t n = 0;
        for (uint64_t i = at + 1; i <= at + 16 && i < s->bytes; i++) n += s->body[i];
        if (n > 256 || s->bytes - at < 17 + n)
            return probe_refuse(j->p, "the JPEG's Huffman tables at byte %llu do not fit",
                                (unsigned long long)s->at);
        at += 17 + n;
    }
    return VIDI_OK;
}

static vidi_status jpeg_take(struct jpeg *j, const struct jpeg_segment *s) {
    const bool frame = s->marker >= 0xc0 && s->marker <= 0xcf && s->marker != 0xc4 &&
                       s->marker != 0xc8 && s->marker != 0xcc;
    if (frame) return jpeg_frame(j, s);
    if (s->marker == 0xc4) return jpeg_tables(j, s);
    if (s->marker == 0xe1 && !j->has_exif && s->bytes >= 6 && memcmp(s->body, "Exif\0", 6) == 0) {
        j->has_exif = true;
        j->p->info->orientation = exif_orientation(s->body + 6, s->bytes - 6);
    }
    if (s->marker == 0xee && s->bytes >= 5 && memcmp(s->body, "Adobe", 5) == 0) j->has_adobe = true;
    if (s->marker == 0xda && j->components == 0)
        return probe_refuse(j->p, "is a JPEG whose scan comes before its size");
    if (s->marker == 0xda && ++j->n_scans > MAX_SCANS)
        return probe_refuse(j->p, "is a JPEG of more than %d scans", MAX_SCANS);
    return VIDI_OK;
}

static vidi_status jpeg_probe(const struct probe *p) {
    struct jpeg j = {.p = p, .at = 2};
    struct jpeg_segment s = {0};
    for (;;) {
        TRY(jpeg_marker(&j, &s.marker));
        if (s.marker == 0xd9) break;
        if (s.marker == 0xd8 || s.marker == 0x01) continue; /* they have no length */
        TRY(jpeg_segment(&j, &s));
        TRY(jpeg_take(&j, &s));
    }
    if (j.n_scans == 0) return probe_refuse(p, "is a JPEG without a scan");
    if (j.components == 4 && !j.has_adobe)
        return probe_refuse(p, "is a JPEG of 4 components of unknown colours");
    return VIDI_OK;
}

/* ---- all ---- */

static const struct {
    const char *magic;
    uint32_t bytes;
    enum picture_format format;
    vidi_status (*probe)(const struct probe *p);
} formats[] = {
    {"\xff\xd8\xff", 3, PICTURE_JPEG, jpeg_probe},
    {"\x89PNG\r\n\x1a\n", 8, PICTURE_PNG, png_probe},
    {"BM", 2, PICTURE_BMP, bmp_probe},
    {"P5", 2, PICTURE_PPM, ppm_probe},
    {"P6", 2, PICTURE_PPM, ppm_probe},
};

vidi_status picture_probe(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                          struct picture_info *out) {
    *out = (struct picture_info){.orientation = 1};
    const struct probe p = {ctx, name, data, bytes, out};
    if (bytes == 0) return probe_refuse(&p, "is empty, not a picture");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (bytes < formats[i].bytes || memcmp(data, formats[i].magic, formats[i].bytes) != 0)
            continue;
        out->format = formats[i].format;
        return formats[i].probe(&p);
    }
    return probe_refuse(&p, "is not a JPEG, PNG, BMP or PPM picture");
}
