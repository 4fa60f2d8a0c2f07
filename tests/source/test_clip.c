/* Files from end to end: their colours, how they are turned, their end, playing on and again. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clips.h"

#define LEFT_RED                                                                       \
    "-f lavfi -i color=red:size=32x48:rate=20:duration=0.3 -f lavfi -i "               \
    "color=blue:size=32x48:rate=20:duration=0.3 -filter_complex hstack,format=yuv420p" \
    " -c:v mpeg4 -q:v 2"
#define MOVING "-f lavfi -i testsrc2=size=64x48:rate=20:duration=0.5 -c:v mpeg4"

static struct source *open_spec(const char *spec, bool loop) {
    struct source *s = source_open(&(struct source_config){.spec = spec, .loop = loop});
    assert_non_null(s);
    return s;
}

/* Its newest frame as RGB, from malloc(). */
static uint8_t *first_rgb(const char *spec, int *width, int *height) {
    struct source *s = open_spec(spec, false);
    struct source_status status;
    if (!source_wait(s, SOURCE_ENGINE, 5000)) {
        source_status(s, &status);
        fail_msg("no frame of %s: %s", spec, status.words);
    }
    struct frame *f = source_take(s, SOURCE_ENGINE);
    source_close(s); /* frames that were taken stay good */
    *width = f->width;
    *height = f->height;
    const size_t n = (size_t)f->width * (size_t)f->height * 3;
    uint8_t *rgb = malloc(n);
    assert_true(frame_rgb(f, rgb, n, false));
    frame_release(f);
    return rgb;
}

static void test_patterns(void **state) {
    static const int sizes[][2] = {{1, 1}, {3, 5}, {333, 517}, {64, 48}};
    static const struct {
        const char *name;
        int rgb[3];
    } colours[] = {{"red", {255, 0, 0}}, {"blue", {0, 0, 255}}, {"0x4080c0", {64, 128, 192}}};
    (void)state;
    for (int i = 0; i < 12; i++) {
        char spec[128];
        int width, height;
        const int *size = sizes[i % 4], *c = colours[i / 4].rgb;
        snprintf(spec, sizeof spec, "lavfi:color=%s:size=%dx%d:rate=50,format=rgb24",
                 colours[i / 4].name, size[0], size[1]);
        uint8_t *rgb = first_rgb(spec, &width, &height);
        assert_int_equal(width, size[0]);
        assert_int_equal(height, size[1]);
        for (int p = 0; p < 3 * width * height; p++)
            if (abs(rgb[p] - c[p % 3]) > 3) fail_msg("%s: %d at %d", spec, rgb[p], p);
        free(rgb);
    }
}

/* Writes how the film was held into its header: the matrix of the track (ISO 14496-12, 8.3.2). */
static const char *turned_copy(const char *path, int degrees) {
    static const int matrices[4][4] = {{1, 0, 0, 1}, {0, 1, -1, 0}, {-1, 0, 0, -1}, {0, -1, 1, 0}};
    size_t n, at = 0;
    char name[32];
    unsigned char *data = clip_read(path, &n);
    while (at + 80 < n && memcmp(data + at, "tkhd", 4) != 0) at++;
    assert_true(at + 80 < n);
    assert_int_equal(data[at + 4], 0); /* version 0: numbers of 32 bits */
    for (int i = 0; i < 4; i++) {
        const int value = matrices[degrees / 90][i];
        unsigned char *to = data + at + 4 + 40 + (size_t)(i / 2 * 12 + i % 2 * 4);
        to[0] = value < 0 ? 0xff : 0;
        to[1] = value < 0 ? 0xff : (unsigned char)value;
    }
    snprintf(name, sizeof name, "turned%d.mp4", degrees);
    path = clip_path(name);
    clip_write(path, data, n);
    free(data);
    return path;
}

static bool reddish(const uint8_t *p) { return p[0] > 180 && p[2] < 80; }
static bool bluish(const uint8_t *p) { return p[2] > 180 && p[0] < 80; }

/* The film is red on its left; which side that is, seen clockwise turned. */
static void test_turned(void **state) {
    static const struct {
        int degrees, width, height, red[2], blue[2]; /* x and y */
    } rows[] = {{0, 64, 48, {8, 24}, {56, 24}},
                {90, 48, 64, {24, 8}, {24, 56}},
                {180, 64, 48, {56, 24}, {8, 24}},
                {270, 48, 64, {24, 56}, {24, 8}}};
    char path[600];
    (void)state;
    snprintf(path, sizeof path, "%s", clip_make("sides.mp4", LEFT_RED));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int width, height;
        uint8_t *rgb = first_rgb(turned_copy(path, rows[i].degrees), &width, &height);
        assert_int_equal(width, rows[i].width);
        assert_int_equal(height, rows[i].height);
        if (!reddish(rgb + 3 * (rows[i].red[1] * width + rows[i].red[0])) ||
            !bluish(rgb + 3 * (rows[i].blue[1] * width + rows[i].blue[0])))
            fail_msg("turned by %d degrees: red is on the wrong side", rows[i].degrees);
        free(rgb);
    }
}

static void assert_balanced(struct source *s) {
    struct source_status t;
    source_status(s, &t);
    for (int i = 0; i < SOURCE_CONSUMERS; i++)
        assert_int_equal(t.consumer[i].taken + t.consumer[i].replaced + t.consumer[i].waiting,
                         t.produced);
}

/* Without looping: every frame once, then the end; and once more when asked to. */
static void test_end(void **state) {
    struct source_status t;
    char path[600];
    (void)state;
    snprintf(path, sizeof path, "%s", clip_make("ten.mp4", MOVING));
    struct source *s = open_spec(path, false);
    assert_int_equal(clip_play_out(s, 5000, &t), SOURCE_ENDED);
    assert_int_equal(t.produced, 10);
    assert_int_equal(t.width, 64);
    assert_int_equal(t.height, 48);
    assert_false(t.live);
    assert_in_range((int)(t.duration_s * 1000), 450, 600);
    assert_non_null(strstr(t.words, "ten.mp4: it is over"));
    assert_non_null(strstr(t.format, "mpeg4 64x48"));
    assert_true(t.consumer[SOURCE_UI].waiting); /* the last frame stays */
    struct frame *f = source_take(s, SOURCE_UI);
    assert_non_null(f);
    assert_int_equal(f->id, 10);
    frame_release(f);
    assert_null(source_take(s, SOURCE_UI));
    const int64_t from = source_now_ms();
    assert_false(source_wait(s, SOURCE_UI, 5000));
    assert_true(source_now_ms() - from < 1000);
    assert_balanced(s);
    source_restart(s);
    assert_true(source_wait(s, SOURCE_UI, 5000)); /* not the old end again */
    assert_int_equal(clip_play_out(s, 5000, &t), SOURCE_ENDED);
    assert_int_equal(t.produced, 20); /* ids and counts go on */
    assert_int_equal(t.restarts, 1);
    source_close(s);
}

/* With looping it never ends; frames come in order and at the film's pace. */
static void test_loop(void **state) {
    struct source_status t;
    uint64_t last = 0;
    int64_t seen_ms = 0;
    (void)state;
    struct source *s = open_spec(clip_make("loop.mp4", MOVING), true);
    assert_true(source_wait(s, SOURCE_UI, 5000));
    const int64_t from = source_now_ms();
    while (last < 25) {
        if (!source_wait(s, SOURCE_UI, 3000)) fail_msg("nothing after frame %d", (int)last);
        struct frame *f = source_take(s, SOURCE_UI);
        assert_true(f->id > last && f->t_ms >= seen_ms);
        last = f->id;
        seen_ms = f->t_ms;
        frame_release(f);
        assert_balanced(s);
    }
    assert_in_range(source_now_ms() - from, 1000, 4000); /* 24 frames, 20 a second */
    source_status(s, &t);
    assert_int_equal(t.state, SOURCE_RUNNING);
    assert_int_equal(t.restarts, 0);
    source_close(s);
}

/* A reader that is slow loses frames and never gets an old one. */
static void test_slow_reader(void **state) {
    struct source_status t;
    uint64_t last = 0;
    (void)state;
    struct source *s = open_spec("lavfi:testsrc2=size=64x48:rate=100", false);
    for (int i = 0; i < 8; i++) {
        assert_true(source_wait(s, SOURCE_ENGINE, 5000));
        nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
        struct frame *f = source_take(s, SOURCE_ENGINE);
        assert_true(f->id > last);
        assert_true(source_now_ms() - f->t_ms < 1000);
        last = f->id;
        frame_release(f);
    }
    source_status(s, &t);
    assert_int_equal(t.consumer[SOURCE_ENGINE].taken, 8);
    assert_true(t.consumer[SOURCE_ENGINE].replaced > 8);
    assert_balanced(s);
    source_close(s);
}

/* What is held shows its first frame and nothing more, however long that takes. */
static void test_held(void **state) {
    (void)state;
    struct source_status t;
    struct source *s =
        source_open(&(struct source_config){.spec = clip_make("held.mp4", MOVING), .held = true});
    assert_true(source_wait(s, SOURCE_ENGINE, 60000));
    nanosleep(&(struct timespec){.tv_nsec = 700000000}, NULL); /* longer than the film */
    source_status(s, &t);
    assert_int_equal(t.produced, 1);
    assert_int_equal(t.state, SOURCE_RUNNING);
    struct frame *f = source_take(s, SOURCE_ENGINE);
    assert_int_equal(f->id, 1);
    assert_int_equal(f->film_ms, 0);
    const int64_t from = source_now_ms();
    frame_release(f);
    source_go(s);
    assert_int_equal(clip_play_out(s, 60000, &t), SOURCE_ENDED);
    assert_true(source_now_ms() - from >= 350); /* at the film's pace from then on */
    assert_int_equal(t.produced, 10);
    source_close(s);
    /* One that nobody lets go is closed all the same. */
    s = source_open(&(struct source_config){.spec = clip_path("held.mp4"), .held = true});
    source_close(s);
}

/* Steps of the film's own time, each waiting for a reader however slow it is. */
static void test_steps(void **state) {
    static const struct {
        double steps;
        int n, film_ms[10];
    } rows[] = {{4, 2, {0, 250}},
                {10, 5, {0, 100, 200, 300, 400}},
                {3, 2, {0, 350}},
                {1000, 10, {0, 50, 100, 150, 200, 250, 300, 350, 400, 450}}};
    (void)state;
    char path[600];
    snprintf(path, sizeof path, "%s", clip_make("steps.mp4", MOVING));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_status t;
        struct source *s =
            source_open(&(struct source_config){.spec = path, .steps = rows[i].steps});
        for (int k = 0; k < rows[i].n; k++) {
            assert_true(source_wait(s, SOURCE_ENGINE, 60000));
            nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
            struct frame *f = source_take(s, SOURCE_ENGINE);
            assert_int_equal(f->film_ms, rows[i].film_ms[k]);
            frame_release(f);
        }
        assert_int_equal(clip_play_out(s, 60000, &t), SOURCE_ENDED);
        assert_int_equal(t.consumer[SOURCE_ENGINE].taken, rows[i].n);
        assert_int_equal(t.consumer[SOURCE_ENGINE].replaced, 0);
        source_close(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),    cmocka_unit_test(test_turned),
        cmocka_unit_test(test_end),         cmocka_unit_test(test_loop),
        cmocka_unit_test(test_slow_reader), cmocka_unit_test(test_held),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
