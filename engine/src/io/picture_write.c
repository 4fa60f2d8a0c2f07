#include <string.h>

#include "base/checked.h"
#include "io/file.h"
#include "io/picture.h"
#include "io/picture_probe.h"

enum { STORED_MAX = 65535, STORED_HEAD = 5, CHUNK_ENDS = 12 };

struct writer {
    unsigned char *buf;
    uint64_t at;
};

static void put_bytes(struct writer *w, const void *data, uint64_t bytes) {
    memcpy(w->buf + w->at, data, bytes);
    w->at += bytes;
}

static void put_be32(struct writer *w, uint32_t v) {
    const unsigned char b[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                (unsigned char)(v >> 8), (unsigned char)v};
    put_bytes(w, b, 4);
}

/* A chunk whose body put_end() measures. */
static uint64_t put_chunk(struct writer *w, const char type[4], uint64_t body_bytes) {
    put_be32(w, (uint32_t)body_bytes);
    put_bytes(w, type, 4);
    return w->at - 4;
}

static void put_end(struct writer *w, uint64_t type_at) {
    put_be32(w, crc32_bytes(w->buf + type_at, w->at - type_at));
}

/* zlib's checksum of the rows, each with its filter byte 0 in front. */
static uint32_t adler_of_rows(const struct picture *p) {
    const uint64_t row = 3 * (uint64_t)p->width;
    uint32_t a = 1, b = 0;
    for (uint64_t y = 0; y < p->height; y++) {
        b = (b + a) % 65521; /* the filter byte adds 0 to a */
        for (uint64_t x = 0; x < row; x++) {
            a = (a + p->rgb[y * row + x]) % 65521;
            b = (b + a) % 65521;
        }
    }
    return b << 16 | a;
}

/* The rows with their filter bytes, cut into deflate blocks that are stored as they are. */
static void put_rows(struct writer *w, const struct picture *p, uint64_t raw_bytes) {
    const uint64_t row = 3 * (uint64_t)p->width;
    uint64_t done = 0; /* of raw_bytes */
    while (done < raw_bytes) {
        const uint64_t left = raw_bytes - done, n = left < STORED_MAX ? left : STORED_MAX;
        const unsigned char head[STORED_HEAD] = {n == left, (unsigned char)n,
                                                 (unsigned char)(n >> 8), (unsigned char)~n,
                                                 (unsigned char)(~n >> 8)};
        put_bytes(w, head, sizeof head);
        for (const uint64_t end = done + n; done < end;) {
            const uint64_t y = done / (row + 1), x = done % (row + 1);
            if (x == 0) {
                put_bytes(w, "", 1);
                done++;
                continue;
            }
            const uint64_t rest = row + 1 - x, part = rest < end - done ? rest : end - done;
            put_bytes(w, p->rgb + y * row + x - 1, part);
            done += part;
        }
    }
}

static void put_png(struct writer *w, const struct picture *p, uint64_t raw_bytes,
                    uint64_t body_bytes) {
    put_bytes(w, "\x89PNG\r\n\x1a\n", 8);
    uint64_t chunk = put_chunk(w, "IHDR", 13);
    put_be32(w, p->width);
    put_be32(w, p->height);
    put_bytes(w, "\x08\x02\0\0\0", 5); /* 8 bits, RGB, deflate, filters by row, no interlace */
    put_end(w, chunk);
    chunk = put_chunk(w, "IDAT", body_bytes);
    put_bytes(w, "\x78\x01", 2); /* zlib, window of 32 KiB */
    put_rows(w, p, raw_bytes);
    put_be32(w, adler_of_rows(p));
    put_end(w, chunk);
    chunk = put_chunk(w, "IEND", 0);
    put_end(w, chunk);
}

vidi_status picture_write_png(struct vd_ctx *ctx, const char *path, const struct picture *p) {
    uint64_t raw = 0;
    const bool sound = p->rgb && p->width && p->height &&
                       mul_ok(&raw, 3 * (uint64_t)p->width + 1, p->height) && raw < INT32_MAX / 2;
    if (!sound)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%.600s: %u x %u pixels cannot be written as PNG",
                       path, p->width, p->height);
    const uint64_t blocks = raw / STORED_MAX + (raw % STORED_MAX != 0);
    const uint64_t body = 2 + raw + blocks * STORED_HEAD + 4;
    const uint64_t bytes = 8 + (CHUNK_ENDS + 13) + (CHUNK_ENDS + body) + CHUNK_ENDS;
    struct writer w = {.buf = vd_alloc(ctx, bytes)};
    if (!w.buf) return VIDI_E_MEMORY;
    put_png(&w, p, raw, body);
    VD_ASSERT(w.at == bytes);
    const struct file_part part = {w.buf, w.at};
    const vidi_status status = file_write(ctx, path, &part, 1);
    vd_free(ctx, w.buf);
    return status;
}
