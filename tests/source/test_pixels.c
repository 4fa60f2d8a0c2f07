/* Colours of frames as RGB against the formulas of their standards, for every matrix, range and
 * awkward size; and what a view says of the planes. */
#include <libavutil/pixdesc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "source/frame.h"

#include <cmocka.h>

static const int sizes[][2] = {{1, 1}, {3, 5}, {2, 2}, {17, 1}, {1, 19}, {333, 517}, {64, 48}};
enum { N_SIZES = sizeof sizes / sizeof *sizes, GUARD = 64 };

struct rgb {
    int r, g, b;
};

static AVFrame *blank(enum AVPixelFormat format, int width, int height) {
    AVFrame *f = av_frame_alloc();
    assert_non_null(f);
    f->format = format;
    f->width = width;
    f->height = height;
    assert_true(av_frame_get_buffer(f, 0) >= 0);
    return f;
}

static uint8_t clamped(double v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5); }

/* Luma and colour differences, as ITU-R BT.601, 709 and 2020 have them. */
static void yuv_of(struct rgb c, const double k[2], bool full, uint8_t out[3]) {
    const double y = k[0] * c.r + (1 - k[0] - k[1]) * c.g + k[1] * c.b;
    const double u = (c.b - y) / (2 * (1 - k[1])), v = (c.r - y) / (2 * (1 - k[0]));
    out[0] = clamped(full ? y : 16 + y * 219 / 255);
    out[1] = clamped(128 + (full ? u : u * 224 / 255));
    out[2] = clamped(128 + (full ? v : v * 224 / 255));
}

static void fill_planes(AVFrame *f, const uint8_t yuv[3]) {
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
    for (int p = 0; p < 3; p++) {
        const int down = p ? d->log2_chroma_h : 0, rows = (f->height + (1 << down) - 1) >> down;
        memset(f->data[p], yuv[p], (size_t)f->linesize[p] * (size_t)rows);
    }
}

/* All pixels are c within `near`, and nothing was written beyond them. */
static void assert_flat(struct frame *f, struct rgb c, int near, bool mirror, const char *what) {
    const size_t n = (size_t)f->width * (size_t)f->height * 3;
    uint8_t *rgb = malloc(n + GUARD);
    assert_non_null(rgb);
    memset(rgb, 0xa5, n + GUARD);
    assert_true(frame_rgb(f, rgb, n, mirror));
    for (size_t i = 0; i < n; i += 3)
        if (abs(rgb[i] - c.r) > near || abs(rgb[i + 1] - c.g) > near ||
            abs(rgb[i + 2] - c.b) > near)
            fail_msg("%s %dx%d: %d,%d,%d at %d instead of %d,%d,%d", what, f->width, f->height,
                     rgb[i], rgb[i + 1], rgb[i + 2], (int)(i / 3), c.r, c.g, c.b);
    for (size_t i = 0; i < GUARD; i++)
        if (rgb[n + i] != 0xa5)
            fail_msg("%s %dx%d: wrote %d bytes too far", what, f->width, f->height, (int)i + 1);
    free(rgb);
}

static const struct {
    const char *name;
    enum AVColorSpace space;
    enum frame_matrix matrix;
    double k[2]; /* of red, of blue */
} matrices[] = {{"601", AVCOL_SPC_SMPTE170M, FRAME_BT601, {0.299, 0.114}},
                {"709", AVCOL_SPC_BT709, FRAME_BT709, {0.2126, 0.0722}},
                {"2020", AVCOL_SPC_BT2020_NCL, FRAME_BT2020, {0.2627, 0.0593}}};

static const struct rgb colours[] = {{255, 0, 0}, {0, 255, 0},    {0, 0, 255},  {255, 255, 255},
                                     {0, 0, 0},   {200, 120, 40}, {13, 77, 201}};

static void check_yuv(enum AVPixelFormat format, size_t m, bool full, const int size[2]) {
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
        uint8_t yuv[3];
        char what[96];
        struct frame_view v;
        AVFrame *pixels = blank(format, size[0], size[1]);
        yuv_of(colours[i], matrices[m].k, full, yuv);
        fill_planes(pixels, yuv);
        pixels->colorspace = matrices[m].space;
        pixels->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
        struct frame *f = frame_new(pixels, &(struct frame){.id = 1}, 0);
        av_frame_free(&pixels);
        snprintf(what, sizeof what, "%s %s %s", av_get_pix_fmt_name(format), matrices[m].name,
                 full ? "full" : "limited");
        assert_flat(f, colours[i], 3, i % 2, what); /* Y, U and V were rounded, too */
        assert_true(frame_view(f, &v));
        assert_int_equal(v.matrix, matrices[m].matrix);
        assert_int_equal(v.full_range, full);
        frame_release(f);
    }
}

static void test_yuv(void **state) {
    static const enum AVPixelFormat formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P,
                                                 AV_PIX_FMT_YUV444P};
    (void)state;
    for (size_t s = 0; s < N_SIZES; s++)
        for (size_t m = 0; m < 3; m++)
            for (int full = 0; full < 2; full++)
                for (size_t i = 0; i < 3; i++) check_yuv(formats[i], m, full, sizes[s]);
}

/* Where red, green, blue of a pixel stand; -1: nothing. */
static const struct {
    enum AVPixelFormat format;
    int bytes, at[3];
    enum frame_format seen;
} packed[] = {
    {AV_PIX_FMT_RGB24, 3, {0, 1, 2}, FRAME_RGB24}, {AV_PIX_FMT_BGR24, 3, {2, 1, 0}, FRAME_BGRA},
    {AV_PIX_FMT_BGRA, 4, {2, 1, 0}, FRAME_BGRA},   {AV_PIX_FMT_BGR0, 4, {2, 1, 0}, FRAME_BGRA},
    {AV_PIX_FMT_RGBA, 4, {0, 1, 2}, FRAME_BGRA},   {AV_PIX_FMT_ARGB, 4, {1, 2, 3}, FRAME_BGRA}};

static struct rgb noise_at(int r, int c) {
    const unsigned h = ((unsigned)r * 2654435761u) ^ ((unsigned)c * 40503u * 65537u);
    return (struct rgb){(int)(h >> 24), (int)(h >> 16 & 255), (int)(h >> 8 & 255)};
}

static AVFrame *noise(size_t p, const int size[2]) {
    AVFrame *f = blank(packed[p].format, size[0], size[1]);
    for (int r = 0; r < size[1]; r++)
        for (int c = 0; c < size[0]; c++) {
            const struct rgb rgb = noise_at(r, c);
            uint8_t *at = f->data[0] + r * f->linesize[0] + c * packed[p].bytes;
            memset(at, 255, (size_t)packed[p].bytes);
            at[packed[p].at[0]] = (uint8_t)rgb.r;
            at[packed[p].at[1]] = (uint8_t)rgb.g;
            at[packed[p].at[2]] = (uint8_t)rgb.b;
        }
    return f;
}

static void assert_noise(struct frame *f, const char *what) {
    const size_t n = (size_t)f->width * (size_t)f->height * 3;
    uint8_t *rgb = malloc(n);
    assert_true(frame_rgb(f, rgb, n, false));
    for (size_t i = 0; i < n / 3; i++) {
        const struct rgb c = noise_at((int)i / f->width, (int)i % f->width);
        const uint8_t *at = rgb + 3 * i;
        if (at[0] != c.r || at[1] != c.g || at[2] != c.b)
            fail_msg("%s %dx%d: pixel %d is not exact", what, f->width, f->height, (int)i);
    }
    free(rgb);
}

/* What is RGB already stays the same to the bit. */
static void test_packed(void **state) {
    (void)state;
    for (size_t p = 0; p < sizeof packed / sizeof *packed; p++)
        for (size_t s = 0; s < N_SIZES; s++) {
            AVFrame *pixels = noise(p, sizes[s]);
            struct frame_view v;
            struct frame *f = frame_new(pixels, &(struct frame){.id = 1}, 0);
            av_frame_free(&pixels);
            assert_noise(f, av_get_pix_fmt_name(packed[p].format));
            assert_true(frame_view(f, &v));
            assert_int_equal(v.format, packed[p].seen);
            assert_int_equal(v.width, sizes[s][0]);
            frame_release(f);
        }
}

/* Bitmaps begin with their last row. */
static void test_upside_down(void **state) {
    AVFrame *pixels = noise(0, (const int[2]){9, 7});
    uint8_t *const last = pixels->data[0] + 6 * pixels->linesize[0];
    struct frame_view v;
    (void)state;
    for (int r = 0; r < 7; r++)
        for (int c = 0; c < 9; c++) {
            const struct rgb rgb = noise_at(r, c);
            uint8_t *at = last - r * pixels->linesize[0] + 3 * c;
            at[0] = (uint8_t)rgb.r;
            at[1] = (uint8_t)rgb.g;
            at[2] = (uint8_t)rgb.b;
        }
    pixels->data[0] = last;
    pixels->linesize[0] = -pixels->linesize[0];
    struct frame *f = frame_new(pixels, &(struct frame){.id = 1}, 0);
    av_frame_free(&pixels);
    assert_noise(f, "upside down");
    assert_true(frame_view(f, &v));
    assert_int_equal(v.format, FRAME_BGRA);
    assert_true(v.strides[0] >= 9 * 4);
    const struct rgb c = noise_at(6, 8);
    const uint8_t *at = v.planes[0] + 6 * v.strides[0] + 8 * 4;
    assert_true(at[0] == c.b && at[1] == c.g && at[2] == c.r);
    frame_release(f);
}

/* Of 4:2:2 a view shows every second row of U and V. */
static void test_planes(void **state) {
    AVFrame *pixels = blank(AV_PIX_FMT_YUV422P, 7, 5);
    struct frame_view v;
    (void)state;
    for (int p = 0; p < 3; p++)
        for (int r = 0; r < 5; r++)
            memset(pixels->data[p] + r * pixels->linesize[p], 10 * p + r, (size_t)(p ? 4 : 7));
    struct frame *f = frame_new(pixels, &(struct frame){.id = 1}, 0);
    av_frame_free(&pixels);
    assert_true(frame_view(f, &v));
    assert_int_equal(v.format, FRAME_IYUV);
    for (int r = 0; r < 5; r++) assert_int_equal(v.planes[0][r * v.strides[0] + 6], r);
    for (int r = 0; r < 3; r++) {
        assert_int_equal(v.planes[1][r * v.strides[1] + 3], 10 + 2 * r);
        assert_int_equal(v.planes[2][r * v.strides[2] + 3], 20 + 2 * r);
    }
    frame_release(f);
}

/* What is transparent shows white, to the model and to the eye. */
static void test_alpha(void **state) {
    static const enum AVPixelFormat formats[] = {AV_PIX_FMT_RGBA, AV_PIX_FMT_BGRA,
                                                 AV_PIX_FMT_YUVA420P, AV_PIX_FMT_YA8};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        AVFrame *pixels = blank(formats[i], 16, 8);
        struct frame_view v;
        /* Black, or luma 16 of its range; transparent but for the left half. */
        for (int p = 0; p < 4 && pixels->data[p]; p++)
            memset(pixels->data[p],
                   p == 1 || p == 2            ? 128
                   : p == 0 && pixels->data[1] ? 16
                                               : 0,
                   (size_t)pixels->linesize[p] * (size_t)(p == 1 || p == 2 ? 4 : 8));
        for (int r = 0; r < 8; r++)
            for (int c = 0; c < 8; c++) {
                if (pixels->data[3])
                    pixels->data[3][r * pixels->linesize[3] + c] = 255;
                else if (formats[i] == AV_PIX_FMT_YA8)
                    pixels->data[0][r * pixels->linesize[0] + 2 * c + 1] = 255;
                else
                    pixels->data[0][r * pixels->linesize[0] + 4 * c + 3] = 255;
            }
        struct frame *f = frame_new(pixels, &(struct frame){.id = 1}, 0);
        av_frame_free(&pixels);
        uint8_t rgb[16 * 8 * 3];
        assert_true(frame_rgb(f, rgb, sizeof rgb, false));
        assert_true(frame_view(f, &v));
        assert_int_equal(v.format, FRAME_BGRA);
        for (int n = 0; n < 16 * 8; n++) {
            const int want = n % 16 < 8 ? 0 : 255;
            const uint8_t *seen = v.planes[0] + n / 16 * v.strides[0] + n % 16 * 4;
            for (int c = 0; c < 3; c++)
                if (abs(rgb[3 * n + c] - want) > 1 || abs(seen[c] - want) > 1)
                    fail_msg("%s: pixel %d is %d, seen as %d, not %d",
                             av_get_pix_fmt_name(formats[i]), n, rgb[3 * n + c], seen[c], want);
        }
        frame_release(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yuv),         cmocka_unit_test(test_packed),
        cmocka_unit_test(test_upside_down), cmocka_unit_test(test_planes),
        cmocka_unit_test(test_alpha),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
