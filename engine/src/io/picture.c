#include "io/picture.h"

#include <string.h>

#include "base/checked.h"
#include "io/file.h"
#include "io/picture_probe.h"
#include "io/stb.h"

static const uint64_t MAX_FILE = UINT64_C(256) << 20;
static const uint64_t MAX_HEAP = UINT64_C(1) << 30;

/* What decoding may take: 16-bit RGBA three times over (unpacked, unfiltered, put together), of a
 * size rounded up to whole JPEG blocks, and the compressed bytes, which are gathered in a buffer
 * that doubles. */
static uint64_t heap_cap(const struct picture_info *info, uint64_t file_bytes) {
    const uint64_t pixels = (uint64_t)(info->width + 63) * (info->height + 63);
    const uint64_t cap = 32 * pixels + 4 * file_bytes + (1 << 20);
    return cap < MAX_HEAP ? cap : MAX_HEAP;
}

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

static void lay(const struct stb_pixels *in, uint32_t orientation, uint8_t *rgb) {
    const struct walk walk = upright(orientation, in->width, in->height);
    const uint32_t n = in->channels;
    const uint8_t *p = in->data;
    for (uint32_t y = 0; y < in->height; y++) {
        for (uint32_t x = 0; x < in->width; x++, p += n) {
            uint8_t *to = rgb + 3 * (walk.start + x * walk.step_x + y * walk.step_y);
            const uint32_t alpha = n % 2 ? 255 : p[n - 1], green = n > 2 ? 1 : 0;
            to[0] = over_white(p[0], alpha);
            to[1] = over_white(p[green], alpha);
            to[2] = over_white(p[2 * green], alpha);
        }
    }
}

static vidi_status packed_decode(struct vd_ctx *ctx, const struct stb_input *in,
                                 const struct picture_info *info, uint8_t *rgb) {
    struct stb_pixels pixels;
    TRY(stb_decode(ctx, in, &pixels));
    const bool same = pixels.width == info->width && pixels.height == info->height;
    if (same) lay(&pixels, info->orientation, rgb);
    stb_free(ctx, &pixels);
    return same ? VIDI_OK
                : vd_fail(ctx, VIDI_E_IMAGE, "%.600s: tells its size twice, differently", in->name);
}

vidi_status picture_decode(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                           struct picture *out) {
    struct picture_info info;
    *out = (struct picture){0};
    TRY(picture_probe(ctx, name, data, bytes, &info));
    uint8_t *rgb = vd_alloc(ctx, (uint64_t)info.width * info.height * 3);
    if (!rgb) return VIDI_E_MEMORY;
    vidi_status status = VIDI_OK;
    if (info.format == PICTURE_BMP) {
        bmp_decode(&info, data, rgb);
    } else if (info.format == PICTURE_PPM) {
        ppm_decode(&info, data, rgb);
    } else {
        const struct stb_input in = {name, data, bytes, heap_cap(&info, bytes)};
        status = packed_decode(ctx, &in, &info, rgb);
    }
    if (status != VIDI_OK) {
        vd_free(ctx, rgb);
        return status;
    }
    const bool swapped = info.orientation >= 5;
    *out = (struct picture){rgb, swapped ? info.height : info.width,
                            swapped ? info.width : info.height};
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
