#include <string.h>

#include "base/checked.h"
#include "io/bytes.h"
#include "io/picture_probe.h"

/* ---- BMP ---- */

enum { FILE_HEAD = 14, BI_RGB = 0, BI_BITFIELDS = 3 };

static vidi_status check_rows(const struct probe *p, const char *kind) {
    const struct picture_info *i = p->info;
    const uint64_t needed = i->row_bytes * i->height; /* below 2^36 */
    if (i->rows_at <= p->bytes && needed <= p->bytes - i->rows_at) return VIDI_OK;
    return probe_refuse(p, "ends at byte %llu, but the %s's rows start at byte %llu and have %llu",
                        (unsigned long long)p->bytes, kind, (unsigned long long)i->rows_at,
                        (unsigned long long)needed);
}

/* The masks of 16 and 32 bits, in the header or right behind one of 40 bytes. */
static vidi_status bmp_masks(const struct probe *p, uint32_t head, uint32_t compression) {
    struct picture_info *i = p->info;
    static const uint32_t usual[2][3] = {{0x7c00, 0x3e0, 0x1f}, {0xff0000, 0xff00, 0xff}};
    if (compression == BI_RGB) {
        memcpy(i->masks, usual[i->bits == 32], sizeof usual[0]);
        return VIDI_OK;
    }
    const uint32_t n = head >= 56 ? 4 : 3;
    if (p->bytes < FILE_HEAD + 40 + 4 * n) return probe_refuse(p, "ends inside the BMP header");
    for (uint32_t m = 0; m < n; m++)
        i->masks[m] = (uint32_t)load_le(p->data + FILE_HEAD + 40 + 4 * m, 4);
    for (uint32_t m = 0; m < 3; m++)
        if (i->masks[m] == 0) return probe_refuse(p, "is a BMP without a mask for each colour");
    return VIDI_OK;
}

static vidi_status bmp_palette(const struct probe *p, uint32_t head) {
    struct picture_info *i = p->info;
    i->palette_at = FILE_HEAD + head;
    i->palette_bytes = head == 12 ? 3 : 4;
    const uint64_t room = i->rows_at < i->palette_at ? 0 : i->rows_at - i->palette_at;
    i->n_palette = 1u << i->bits;
    if (room / i->palette_bytes < i->n_palette) i->n_palette = (uint32_t)room / i->palette_bytes;
    return i->n_palette ? VIDI_OK : probe_refuse(p, "is a BMP without a palette");
}

static vidi_status bmp_pixels(const struct probe *p, uint32_t head, uint32_t compression) {
    const uint32_t bits = p->info->bits;
    const bool deep = bits == 16 || bits == 32;
    if (compression != BI_RGB && !(compression == BI_BITFIELDS && deep))
        return probe_refuse(p, "is a BMP with compression %u and %u bits a pixel", compression,
                            bits);
    if (deep) return bmp_masks(p, head, compression);
    if (bits == 1 || bits == 4 || bits == 8) return bmp_palette(p, head);
    return bits == 24 ? VIDI_OK : probe_refuse(p, "is a BMP of %u bits a pixel", bits);
}

vidi_status bmp_probe(const struct probe *p) {
    const unsigned char *d = p->data;
    const uint32_t head = p->bytes < FILE_HEAD + 12 ? 0 : (uint32_t)load_le(d + FILE_HEAD, 4);
    if (head == 0 || (head >= 40 && p->bytes < FILE_HEAD + 40))
        return probe_refuse(p, "ends inside the BMP header");
    if (head != 12 && head != 40 && head != 52 && head != 56 && head != 108 && head != 124)
        return probe_refuse(p, "is a BMP with a header of %u bytes", head);
    const uint32_t wide = head == 12 ? 2 : 4;
    uint64_t height = load_le(d + 18 + wide, wide);
    struct picture_info *i = p->info;
    i->top_down = wide == 4 && height >> 31;
    if (i->top_down) height = 0x100000000 - height;
    TRY(probe_size(p, load_le(d + 18, wide), height));
    i->rows_at = load_le(d + 10, 4);
    if (i->rows_at < FILE_HEAD + head)
        return probe_refuse(p, "has its BMP rows at byte %llu, inside the header",
                            (unsigned long long)i->rows_at);
    i->bits = (uint32_t)load_le(d + 20 + 2 * wide, 2);
    i->row_bytes = align_up(((uint64_t)i->width * i->bits + 7) / 8, 4);
    TRY(bmp_pixels(p, head, head == 12 ? BI_RGB : (uint32_t)load_le(d + 30, 4)));
    return check_rows(p, "BMP");
}

/* The bits under a mask, scaled to 0 .. 255. */
static uint32_t masked(uint32_t pixel, uint32_t mask) {
    const int shift = __builtin_ctz(mask);
    const uint64_t max = mask >> shift;
    return (uint32_t)(((uint64_t)((pixel & mask) >> shift) * 255 + max / 2) / max);
}

static void bmp_deep(const struct picture_info *info, const unsigned char *row, uint8_t *rgb) {
    for (uint32_t x = 0; x < info->width; x++) {
        const uint32_t bytes = info->bits / 8, pixel = (uint32_t)load_le(row + x * bytes, bytes);
        const uint32_t alpha = info->masks[3] ? masked(pixel, info->masks[3]) : 255;
        for (uint32_t c = 0; c < 3; c++)
            rgb[3 * x + c] = over_white(masked(pixel, info->masks[c]), alpha);
    }
}

static void bmp_indexed(const struct picture_info *info, const unsigned char *palette,
                        const unsigned char *row, uint8_t *rgb) {
    const uint32_t a_byte = 8 / info->bits;
    for (uint32_t x = 0; x < info->width; x++) {
        const uint32_t shift = 8 - info->bits * (1 + x % a_byte);
        const uint32_t index = row[x / a_byte] >> shift & ((1u << info->bits) - 1);
        /* An index behind the palette is black. */
        for (uint32_t c = 0; c < 3; c++)
            rgb[3 * x + c] =
                index < info->n_palette ? palette[index * info->palette_bytes + 2 - c] : 0;
    }
}

/* Programs that know no alpha leave zeros where the header promises it. */
static bool has_alpha(const struct picture_info *i, const unsigned char *data) {
    if (!i->masks[3]) return false;
    const uint32_t bytes = i->bits / 8;
    for (uint32_t y = 0; y < i->height; y++)
        for (uint32_t x = 0; x < i->width; x++)
            if (load_le(data + i->rows_at + y * i->row_bytes + x * bytes, bytes) & i->masks[3])
                return true;
    return false;
}

vidi_status bmp_decode(const struct probe *p, const struct sheet *to) {
    struct picture_info *info = p->info;
    if (!has_alpha(info, p->data)) info->masks[3] = 0;
    for (uint32_t y = 0; y < info->height; y++) {
        const uint32_t stored = info->top_down ? y : info->height - 1 - y;
        const unsigned char *row = p->data + info->rows_at + stored * info->row_bytes;
        uint8_t *out = to->rgb + (uint64_t)y * info->width * 3;
        if (info->n_palette) {
            bmp_indexed(info, p->data + info->palette_at, row, out);
        } else if (info->bits != 24) {
            bmp_deep(info, row, out);
        } else {
            for (uint64_t x = 0; x < info->width * 3u; x++) out[x] = row[x / 3 * 3 + 2 - x % 3];
        }
    }
    return VIDI_OK;
}

/* ---- PPM ---- */

static bool is_space(unsigned char c) { return c == ' ' || (c >= 9 && c <= 13); }

/* Spaces and comments, then a number of at most seven digits. */
static bool ppm_number(const struct probe *p, uint64_t *at, uint32_t *out) {
    bool comment = false;
    for (; *at < p->bytes; ++*at) {
        const unsigned char c = p->data[*at];
        if (comment || c == '#')
            comment = c != '\n';
        else if (!is_space(c))
            break;
    }
    uint32_t digits = 0;
    for (*out = 0; *at < p->bytes && digits < 8; ++*at, digits++) {
        const unsigned char c = p->data[*at];
        if (c < '0' || c > '9') break;
        *out = *out * 10 + (c - '0');
    }
    return digits > 0 && digits < 8;
}

vidi_status ppm_probe(const struct probe *p) {
    uint64_t at = 2;
    uint32_t width, height;
    struct picture_info *i = p->info;
    if (!ppm_number(p, &at, &width) || !ppm_number(p, &at, &height) ||
        !ppm_number(p, &at, &i->max_value) || at == p->bytes || !is_space(p->data[at]))
        return probe_refuse(p, "has no PPM header of width, height and largest value");
    TRY(probe_size(p, width, height));
    if (i->max_value == 0 || i->max_value > 65535)
        return probe_refuse(p, "has a largest PPM value of %u, not 1 to 65535", i->max_value);
    i->plain = p->data[1] < '4';
    const uint32_t samples = p->data[1] == '6' || p->data[1] == '3' ? 3 : 1;
    i->bits = samples * (i->max_value > 255 || i->plain ? 16 : 8);
    i->row_bytes = (uint64_t)i->width * i->bits / 8;
    i->rows_at = at + 1;
    if (!i->plain) return check_rows(p, "PPM");
    /* A digit and a space take as much as a sample of 16 bits; the last space may be missing. */
    struct probe longer = *p;
    longer.bytes++;
    return check_rows(&longer, "PPM");
}

static uint8_t ppm_level(const struct picture_info *info, uint32_t v) {
    const uint32_t kept = v < info->max_value ? v : info->max_value;
    return (uint8_t)((kept * 255 + info->max_value / 2) / info->max_value);
}

static vidi_status ppm_digits(const struct probe *p, uint64_t copies, uint64_t n, uint8_t *rgb) {
    uint64_t at = p->info->rows_at;
    for (uint64_t i = 0; i < n; i += copies) {
        uint32_t v;
        if (!ppm_number(p, &at, &v))
            return probe_refuse(p, "has no number at byte %llu, for sample %llu of %llu of the PPM",
                                (unsigned long long)at, (unsigned long long)(i / copies + 1),
                                (unsigned long long)(n / copies));
        for (uint64_t c = 0; c < copies; c++) rgb[i + c] = ppm_level(p->info, v);
    }
    if (at == p->bytes)
        vd_log(p->ctx, VD_LOG_WARN,
               "%.600s: ends right behind a digit, so that the last number of the PPM may be cut",
               p->name);
    return VIDI_OK;
}

vidi_status ppm_decode(const struct probe *p, const struct sheet *to) {
    const struct picture_info *info = p->info;
    const uint32_t wide = info->max_value > 255 || info->plain ? 2 : 1;
    const uint64_t copies = info->bits == 8 * wide ? 3 : 1; /* of a grey sample */
    const uint64_t n = (uint64_t)info->width * info->height * 3;
    if (info->plain) return ppm_digits(p, copies, n, to->rgb);
    const unsigned char *samples = p->data + info->rows_at;
    for (uint64_t i = 0; i < n; i++)
        to->rgb[i] = ppm_level(info, (uint32_t)load_be(samples + i / copies * wide, wide));
    return VIDI_OK;
}
