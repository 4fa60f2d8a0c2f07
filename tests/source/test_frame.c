/* How frames are arranged and shared: turned, mirrored, squared, held, seen from far away. */
#include "source/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static AVFrame *blank(enum AVPixelFormat format, int width, int height) {
    AVFrame *f = av_frame_alloc();
    assert_non_null(f);
    f->format = format;
    f->width = width;
    f->height = height;
    assert_true(av_frame_get_buffer(f, 0) >= 0);
    return f;
}

/* Grey of `value` everywhere. */
static AVFrame *grey(int width, int height, int value) {
    AVFrame *f = blank(AV_PIX_FMT_RGB24, width, height);
    for (int r = 0; r < height; r++)
        memset(f->data[0] + r * f->linesize[0], value, (size_t)width * 3);
    return f;
}

/* 1 2 3 / 4 5 6, each also the red of its pixel; green and blue tell the channels apart. */
static AVFrame *six(void) {
    AVFrame *f = blank(AV_PIX_FMT_RGB24, 3, 2);
    for (int i = 0; i < 6; i++) {
        uint8_t *p = f->data[0] + i / 3 * f->linesize[0] + i % 3 * 3;
        p[0] = (uint8_t)(i + 1);
        p[1] = (uint8_t)(i + 101);
        p[2] = (uint8_t)(i + 201);
    }
    return f;
}

static struct frame *frame_of(AVFrame *pixels, int turn) {
    struct frame *f = frame_new(pixels, &(struct frame){.id = 7, .t_ms = 1234}, turn);
    assert_non_null(f);
    av_frame_free(&pixels);
    return f;
}

static const struct turned {
    int turn;
    bool mirror;
    int width, height;
    int seen[6];
} turned[] = {
    {0, false, 3, 2, {1, 2, 3, 4, 5, 6}},   {0, true, 3, 2, {3, 2, 1, 6, 5, 4}},
    {90, false, 2, 3, {4, 1, 5, 2, 6, 3}},  {90, true, 2, 3, {1, 4, 2, 5, 3, 6}},
    {180, false, 3, 2, {6, 5, 4, 3, 2, 1}}, {180, true, 3, 2, {4, 5, 6, 1, 2, 3}},
    {270, false, 2, 3, {3, 6, 2, 5, 1, 4}}, {270, true, 2, 3, {6, 3, 5, 2, 4, 1}},
};

static void test_turned(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof turned / sizeof *turned; i++) {
        const struct turned *t = &turned[i];
        struct frame *f = frame_of(six(), t->turn);
        struct frame_view v;
        uint8_t rgb[18];
        assert_int_equal(f->width, t->width);
        assert_int_equal(f->height, t->height);
        assert_true(frame_rgb(f, rgb, sizeof rgb, t->mirror));
        for (int p = 0; p < 6; p++)
            if (rgb[3 * p] != t->seen[p] || rgb[3 * p + 1] != t->seen[p] + 100 ||
                rgb[3 * p + 2] != t->seen[p] + 200)
                fail_msg("turn %d, mirror %d: pixel %d is %d", t->turn, t->mirror, p, rgb[3 * p]);
        assert_true(frame_view(f, &v)); /* a view is as stored, and says how to turn it */
        assert_int_equal(v.turn, t->turn);
        assert_int_equal(v.width, 3);
        assert_int_equal(v.planes[0][0], 1);
        frame_release(f);
    }
}

static void test_room(void **state) {
    struct frame *f = frame_of(six(), 0);
    uint8_t rgb[24];
    (void)state;
    memset(rgb, 77, sizeof rgb);
    assert_false(frame_rgb(f, rgb, 17, false));
    assert_false(frame_rgb(f, rgb, 19, false));
    assert_false(frame_rgb(f, rgb, 0, true));
    assert_int_equal(rgb[0], 77);
    frame_release(f);
    frame_release(NULL);
}

static void test_squared(void **state) {
    static const struct {
        AVRational aspect;
        int turn, width, height;
    } rows[] = {{{2, 1}, 0, 20, 6},   {{1, 2}, 0, 10, 12},  {{2, 1}, 90, 6, 20},
                {{1, 1}, 0, 10, 6},   {{0, 1}, 0, 10, 6},   {{4, 3}, 0, 13, 6},
                {{3, 4}, 270, 8, 10}, {{9999, 1}, 0, 10, 6}}; /* nobody can have meant that */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AVFrame *pixels = grey(10, 6, 130);
        pixels->sample_aspect_ratio = rows[i].aspect;
        struct frame *f = frame_of(pixels, rows[i].turn);
        assert_int_equal(f->width, rows[i].width);
        assert_int_equal(f->height, rows[i].height);
        const size_t n = (size_t)f->width * (size_t)f->height * 3;
        uint8_t *rgb = malloc(n);
        assert_true(frame_rgb(f, rgb, n, true));
        for (size_t b = 0; b < n; b++) assert_in_range(rgb[b], 129, 131);
        free(rgb);
        frame_release(f);
    }
}

/* A hold goes on when the first one is gone; identity and time are the same. */
static void test_hold(void **state) {
    struct frame *f = frame_of(six(), 90), *held = frame_hold(f);
    uint8_t rgb[18];
    (void)state;
    assert_non_null(held);
    assert_int_equal(held->id, 7);
    assert_int_equal(held->t_ms, 1234);
    frame_release(f);
    assert_int_equal(held->width, 2);
    assert_true(frame_rgb(held, rgb, sizeof rgb, false));
    assert_int_equal(rgb[0], 4);
    frame_release(held);
}

/* A view that had to be converted lives as long as its hold, too. */
static void test_hold_converted(void **state) {
    AVFrame *pixels = blank(AV_PIX_FMT_GRAY8, 5, 3);
    struct frame_view a, b;
    (void)state;
    for (int r = 0; r < 3; r++) memset(pixels->data[0] + r * pixels->linesize[0], 200, 5);
    pixels->color_range = AVCOL_RANGE_JPEG;
    struct frame *f = frame_of(pixels, 0);
    assert_true(frame_view(f, &a));
    struct frame *held = frame_hold(f);
    assert_true(frame_view(held, &b));
    assert_ptr_equal(a.planes[0], b.planes[0]); /* once a frame */
    frame_release(f);
    assert_int_equal(b.format, FRAME_BGRA);
    for (int c = 0; c < 3; c++) assert_in_range(b.planes[0][2 * b.strides[0] + 16 + c], 199, 201);
    frame_release(held);
}

static struct frame_thumb thumb_of(AVFrame *pixels) {
    struct frame_thumb thumb = {.valid = false};
    struct frame *f = frame_of(pixels, 0);
    frame_thumb(f, &thumb);
    frame_release(f);
    assert_true(thumb.valid);
    return thumb;
}

static AVFrame *noisy(int value, int patch) {
    AVFrame *f = grey(320, 240, value);
    srand(3);
    for (int r = 0; r < 240; r++)
        for (int c = 0; c < 960; c++) {
            const bool inside = r >= 80 && r < 160 && c >= 360 && c < 600;
            f->data[0][r * f->linesize[0] + c] += (uint8_t)((inside ? patch : 0) + rand() % 9 - 4);
        }
    return f;
}

static void test_changed(void **state) {
    const struct frame_thumb still = thumb_of(grey(320, 240, 100)), noise = thumb_of(noisy(100, 0)),
                             moved = thumb_of(noisy(100, 90)),
                             bright = thumb_of(grey(320, 240, 160)), none = {.valid = false};
    (void)state;
    assert_false(source_frame_changed(&still, &still));
    assert_false(source_frame_changed(&still, &noise));
    assert_true(source_frame_changed(&still, &moved));
    assert_true(source_frame_changed(&moved, &still));
    assert_true(source_frame_changed(&still, &bright));
    assert_true(source_frame_changed(&none, &still));
    assert_in_range(still.luma[0], 90, 110);
    thumb_of(grey(1, 1, 5)); /* smaller than its fields */
    thumb_of(grey(333, 7, 5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turned),  cmocka_unit_test(test_room),
        cmocka_unit_test(test_squared), cmocka_unit_test(test_hold),
        cmocka_unit_test(test_changed), cmocka_unit_test(test_hold_converted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
