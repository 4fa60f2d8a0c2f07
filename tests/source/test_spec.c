/* What the words that name a source mean, and what is said of those that mean nothing. */
#define _POSIX_C_SOURCE 200809L
#include "source/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clips.h"
#include "source/words.h"

#define V4L2 "video4linux2,v4l2"

static const struct good {
    const char *text;
    enum spec_kind kind;
    const char *format, *argument;
    int camera;
    bool live, paced;
} good[] = {
    {"camera", SPEC_CAMERA, V4L2, "", 0, true, false},
    {"camera:1", SPEC_CAMERA, V4L2, "", 1, true, false},
    {"camera:031", SPEC_CAMERA, V4L2, "", 31, true, false},
    {"/dev/video98", SPEC_CAMERA, V4L2, "/dev/video98", -1, true, false},
    {"/dev/null", SPEC_CAMERA, V4L2, "/dev/null", -1, true, false}, /* a device, as cameras are */
    {"x11:", SPEC_SCREEN, "x11grab", ":93", -1, true, false},
    {"x11::97", SPEC_SCREEN, "x11grab", ":97", -1, true, false},
    {"x11::97+10,20", SPEC_SCREEN, "x11grab", ":97+10,20", -1, true, false},
    {"test", SPEC_INPUT, "lavfi", "testsrc2=size=640x480:rate=30", -1, false, true},
    {"lavfi:color=red", SPEC_INPUT, "lavfi", "color=red", -1, false, true},
    {"lavfi:color=c=red:size=8x8", SPEC_INPUT, "lavfi", "color=c=red:size=8x8", -1, false, true},
    {"fbdev:/dev/fb0", SPEC_INPUT, "fbdev", "/dev/fb0", -1, true, false},
    {"rtsp://host/a?b#c", SPEC_URL, "", "rtsp://host/a?b#c", -1, true, false},
    {"udp://239.0.0.1:1234", SPEC_URL, "", "udp://239.0.0.1:1234", -1, true, false},
    {"http://host/a.mp4", SPEC_URL, "", "http://host/a.mp4", -1, false, true},
    {"https://host/a.mp4", SPEC_URL, "", "https://host/a.mp4", -1, false, true},
    {"a.mp4", SPEC_FILE, "", "a.mp4", -1, false, true},
    {"./a.mp4", SPEC_FILE, "", "./a.mp4", -1, false, true},
    /* A path that is there wins over every other reading. */
    {"lavfi:file", SPEC_FILE, "", "lavfi:file", -1, false, true},
    {"camera:7", SPEC_FILE, "", "camera:7", -1, false, true},
};

static const struct bad {
    const char *text, *words; /* a part of what is said */
} bad[] = {
    {NULL, "no source was named"},
    {"", "no source was named"},
    {"missing.mp4", "missing.mp4: No such file"},
    {"/nowhere/missing.mp4", "/nowhere/missing.mp4: No such file"},
    {"a.mp4/inside", "a.mp4/inside: Not a directory"},
    {"folder", "folder: this is a folder"},
    {"c:\\film.avi", "c:\\film.avi: No such file"}, /* one letter is no input's name */
    {"cameras", "cameras: No such file"},
    {"an-input-of-a-name-that-is-much-too-long:x", "neither such a file nor such an input"},
};

static int enter_folder(void **state) {
    char folder[600];
    (void)state;
    snprintf(folder, sizeof folder, "%s.d", clip_path("spec"));
    mkdir(folder, 0700);
    if (chdir(folder) != 0) return -1;
    mkdir("folder", 0700);
    clip_write("a.mp4", "", 0);
    clip_write("lavfi:file", "", 0);
    clip_write("camera:7", "", 0);
    return setenv("DISPLAY", ":93", 1);
}

static void test_good(void **state) {
    char words[SOURCE_WORDS];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct spec spec;
        const struct good *g = &good[i];
        if (!spec_parse(&spec, g->text, words, sizeof words)) fail_msg("%s: %s", g->text, words);
        if (spec.kind != g->kind || spec.camera != g->camera || spec.live != g->live ||
            spec.paced != g->paced)
            fail_msg("%s: kind %d, camera %d, live %d, paced %d", g->text, (int)spec.kind,
                     spec.camera, spec.live, spec.paced);
        assert_string_equal(spec.format, g->format);
        assert_string_equal(spec.argument, g->argument);
    }
}

/* One sentence: something, on one line, that people's fonts can show. */
static void assert_sentence(const char *words, const char *part) {
    if (!strstr(words, part)) fail_msg("\"%s\" does not say \"%s\"", words, part);
    assert_null(strpbrk(words, "\r\n\t"));
    if (!clip_is_utf8(words)) fail_msg("\"%s\" is no UTF-8", words);
}

static void test_bad(void **state) {
    char words[SOURCE_WORDS];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct spec spec;
        words[0] = '\0';
        if (spec_parse(&spec, bad[i].text, words, sizeof words))
            fail_msg("%s names something", bad[i].text);
        assert_sentence(words, bad[i].words);
    }
}

static void test_no_display(void **state) {
    char words[SOURCE_WORDS];
    struct spec spec;
    (void)state;
    for (int i = 0; i < 2; i++) {
        if (i) setenv("DISPLAY", "", 1);
        if (!i) unsetenv("DISPLAY");
        assert_false(spec_parse(&spec, "x11:", words, sizeof words));
        assert_sentence(words, "DISPLAY is not set");
        assert_true(spec_parse(&spec, "x11::1", words, sizeof words));
    }
    setenv("DISPLAY", ":93", 1);
}

/* `with` and then n times `piece`. */
static const char *lengthy(const char *with, const char *piece, int n) {
    static char text[9000];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", with);
    while (n-- > 0) at += (size_t)snprintf(text + at, sizeof text - at, "%s", piece);
    return text;
}

/* What is too long is said so; letters are not cut in halves, whatever their place. */
static void test_lengthy(void **state) {
    static const char *const begins[] = {"", "x", "xx", "xxx"};
    char words[SOURCE_WORDS];
    struct spec spec;
    (void)state;
    assert_false(spec_parse(&spec, lengthy("http://host/", "a", 4200), words, sizeof words));
    assert_sentence(words, "too long");
    assert_true(spec_parse(&spec, lengthy("http://host/", "a", 4000), words, sizeof words));
    assert_int_equal(strlen(spec.argument), 4012);
    for (int i = 0; i < 4; i++) {
        assert_false(
            spec_parse(&spec, lengthy(begins[i], "\xe2\x82\xac", 60), words, sizeof words));
        assert_sentence(words, ": No such file");
        assert_false(
            spec_parse(&spec, lengthy(begins[i], "\xe2\x82\xac", 2000), words, sizeof words));
        assert_sentence(words, ": ");
        for (int cap = 1; cap < 40; cap++) { /* and fits where there is little room */
            assert_false(spec_parse(&spec, lengthy(begins[i], "\xe2\x82\xac", 9), words, cap));
            assert_true(strlen(words) < (size_t)cap);
        }
    }
    assert_false(spec_parse(&spec, "caf\xe9.mp4", words, sizeof words)); /* of another coding */
    assert_sentence(words, "caf?.mp4: No such file");
    assert_false(spec_parse(&spec, "two\nlines", words, sizeof words));
    assert_sentence(words, "two?lines: No such file");
}

/* Of a GIF of 1 x 1: two colours; how long it is shown; an index. */
#define SCREEN  "\1\0\1\0\x80\0\0"
#define PALETTE "\1\2\3\4\5\6"
#define CONTROL "!\xf9\4\0\0\0\0\0"
#define FRAME   ",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"

static void test_still(void **state) {
    static const struct {
        const char *name, *bytes;
        size_t n;
        bool still, video;
    } files[] = {
        {"a.png", "\x89PNG\r\n\x1a\n....", 12, true, false},
        {"a.jpg", "\xff\xd8\xff\xe0", 4, true, false},
        {"a.bmp", "BM", 2, true, false},
        {"a.ppm", "P6\n", 3, true, false},
        {"rows.mjpeg", "\xff\xd8\xff\xe0", 4, true, true},
        {"a.webp", "RIFF\x20\0\0\0WEBPVP8L", 16, true, false},
        {"a.tif", "II*\0....", 8, true, false},
        {"film.mp4",
         "\0\0\0\x14"
         "ftypavif\0\0\0\0mif1",
         20, true, false},
        {"moves.avif",
         "\0\0\0\x14"
         "ftypavis\0\0\0\0avif",
         20, false, true},
        {"one.gif", "GIF89a" SCREEN PALETTE CONTROL FRAME ";", 6 + 7 + 6 + 8 + 15 + 1, true, false},
        {"two.gif", "GIF89a" SCREEN PALETTE CONTROL FRAME CONTROL FRAME ";",
         6 + 7 + 6 + 2 * (8 + 15) + 1, false, true},
        {"cut.png", "\x89PN", 3, false, true},
        {"b.mp4", "....ftyp", 8, false, true},
        {"none", "", 0, false, true},
    };
    char words[SOURCE_WORDS];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        clip_write(files[i].name, files[i].bytes, files[i].n);
        if (spec_is_still(files[i].name) != files[i].still) fail_msg("%s", files[i].name);
        if (source_spec_is_video(files[i].name) != files[i].video) fail_msg("%s", files[i].name);
    }
    assert_int_equal(mkfifo("pipe.png", 0600), 0); /* nobody writes to it: opening must not wait */
    assert_false(spec_is_still("pipe.png"));
    assert_false(spec_is_playlist("pipe.png", words, sizeof words));
    unlink("pipe.png");
    assert_false(source_spec_is_video("folder"));
    assert_false(source_spec_is_video("missing"));
    assert_false(source_spec_is_video(""));
    assert_false(source_spec_is_video(NULL));
    assert_true(source_spec_is_video("camera"));
    assert_true(source_spec_is_video("x11:"));
    assert_true(source_spec_is_video("rtsp://host/x"));
}

static void test_names(void **state) {
    static const char *const names[][2] = {
        {"rtsp://me:secret@host/a", "rtsp://host/a"},
        {"rtsp://me:sec@ret@host:5/a@b", "rtsp://host:5/a@b"},
        {"http://host/a?mail=x@y", "http://host/a?mail=x@y"},
        {"a@b.mp4", "a@b.mp4"},
        {"rtsp://me@", "rtsp://"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = words_name(names[i][0]);
        assert_non_null(name);
        assert_string_equal(name, names[i][1]);
        free(name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_bad),
        cmocka_unit_test(test_no_display), cmocka_unit_test(test_lengthy),
        cmocka_unit_test(test_still),      cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, enter_folder, NULL);
}
