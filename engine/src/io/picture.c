#include "io/picture.h"

#include <string.h>

#include "base/checked.h"
#include "io/file.h"
#include "io/picture_probe.h"
#include "io/stb.h"

static const uint64_t MAX_FILE = UINT64_C(256) << 20;
/* Where the pixels of a stored row go, by orientation. */
struct walk {
    int64_t start, step_x, step_y; /* in pixels of the upright picture */
};

static struct walk upright(uint32_t orientation, int64_t w, int64_t h) {
    const bool swapped = orientation >= 5; /* a quarter turn: stored rows become columns */
    const int64_t out_w = swapped ? h : w;
    const int64_t right = swapped ? out_w : 1, down = swapped ? 1 : out_w;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 ||
                            orientation == 8; /* stored x runs backwards */
    const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 ||
                            orientation == 7; /* stored y runs backwards */
    return (struct walk){
        .start = (from_right ? (w - 1) * right : 0) + (from_below ? (h - 1) * down : 0),
        .step_x = from_right ? -right : right,
        .step_y = from_below ? -down : down,
    };
}

static uint8_t on_white(const struct sheet *to, uint32_t sample, uint32_t alpha) {
    if (!to->multiplied) return over_white(sample, alpha);
    /* Damaged files hold colours that are more than their alpha. */
    const uint32_t sum = sample + 255 - alpha;
    return sum < 255 ? (uint8_t)sum : 255;
}

void sheet_span(const struct sheet *to, uint32_t x, uint32_t y, uint32_t n, const uint8_t *pixels,
                uint32_t channels) {
    const struct walk walk = upright(to->orientation, to->width, to->height);
    const uint32_t green = channels > 2 ? 1 : 0;
    uint8_t *out = to->rgb + 3 * (walk.start + y * walk.step_y + x * walk.step_x);
    if (channels == 3 && walk.step_x == 1) {
        memcpy(out, pixels, 3 * (size_t)n);
        return;
    }
    for (uint32_t i = 0; i < n; i++, pixels += channels, out += 3 * walk.step_x) {
        const uint32_t alpha = channels % 2 ? 255 : pixels[channels - 1];
        for (uint32_t c = 0; c < 3; c++) out[c] = on_white(to, pixels[c * green], alpha);
    }
}

void sheet_row(const struct sheet *to, uint32_t y, const uint8_t *row, uint32_t channels) {
    sheet_span(to, 0, y, to->width, row, channels);
}

vidi_status png_decode(const struct probe *p, const struct sheet *to) {
    struct stb_pixels pixels;
    const struct stb_input in = {p->name, p->data, p->bytes, probe_heap_cap(p)};
    TRY(stb_decode(p->ctx, &in, &pixels));
    const bool same = pixels.width == to->width && pixels.height == to->height;
    for (uint32_t y = 0; same && y < to->height; y++)
        sheet_row(to, y, pixels.data + (uint64_t)y * to->width * pixels.channels, pixels.channels);
    stb_free(p->ctx, &pixels);
    return same ? VIDI_OK : probe_refuse(p, "tells its size twice, differently");
}

static vidi_status (*const decoders[KIND_READ])(const struct probe *p, const struct sheet *to) = {
    [KIND_JPEG] = jpeg_decode, [KIND_PNG] = png_decode,   [KIND_BMP] = bmp_decode,
    [KIND_PPM] = ppm_decode,   [KIND_GIF] = gif_decode,   [KIND_WEBP] = webp_decode,
    [KIND_TIFF] = tiff_decode, [KIND_HEIF] = heif_decode,
};

static uint32_t shrunk(uint32_t side, uint32_t shrink) { return (side + shrink - 1) / shrink; }

static void tell_shrunk(const struct probe *p, const struct sheet *to) {
    if (p->info->shrink == 1) return;
    vd_log(p->ctx, VD_LOG_WARN, "%.600s: of %u x %u pixels, read at half its size, %u x %u",
           p->name, p->info->width, p->info->height, to->width, to->height);
}

vidi_status picture_decode(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                           struct picture *out) {
    struct picture_info info;
    *out = (struct picture){0};
    TRY(picture_probe(ctx, name, data, bytes, &info));
    const struct probe p = {ctx, name, data, bytes, &info};
    struct sheet to = {.width = shrunk(info.width, info.shrink),
                       .height = shrunk(info.height, info.shrink),
                       .orientation = info.orientation};
    to.rgb = vd_alloc(ctx, (uint64_t)to.width * to.height * 3);
    if (!to.rgb) return VIDI_E_MEMORY;
    const vidi_status status = decoders[info.format](&p, &to);
    if (status != VIDI_OK) {
        vd_free(ctx, to.rgb);
        return status;
    }
    tell_shrunk(&p, &to);
    const bool swapped = info.orientation >= 5;
    *out = (struct picture){to.rgb, swapped ? to.height : to.width, swapped ? to.width : to.height};
    return VIDI_OK;
}

vidi_status picture_read(struct vd_ctx *ctx, const char *path, struct picture *out) {
    void *data;
    uint64_t bytes;
    *out = (struct picture){0};
    TRY(file_read(ctx, path, (struct file_limit){MAX_FILE, VIDI_E_IMAGE}, &data, &bytes));
    const vidi_status status = picture_decode(ctx, path, data, bytes, out);
    vd_free(ctx, data);
    return status;
}

void picture_free(struct vd_ctx *ctx, struct picture *p) {
    vd_free(ctx, p->rgb);
    *p = (struct picture){0};
}
