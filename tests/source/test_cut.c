/* Files that were cut off or are something else: an end or a sentence, never a hang. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clips.h"

static void assert_sentence(const struct source_status *t, const char *name) {
    if (!strstr(t->words, name)) fail_msg("\"%s\" does not name %s", t->words, name);
    assert_null(strpbrk(t->words, "\r\n"));
    assert_true(clip_is_utf8(t->words));
}

/* Plays these bytes as a file of that name; it ends or fails soon, and says so. */
static struct source_status played(const char *name, const void *bytes, size_t n) {
    struct source_status t;
    const char *path = clip_path(name);
    clip_write(path, bytes, n);
    struct source *s = source_open(&(struct source_config){.spec = path, .retries = 3});
    assert_non_null(s);
    clip_play_out(s, 4000, &t);
    if (t.state != SOURCE_ENDED && t.state != SOURCE_FAILED)
        fail_msg("%s of %d bytes: still %s", name, (int)n, source_state_name(t.state));
    if (t.produced == 0) assert_int_equal(t.state, SOURCE_FAILED);
    assert_sentence(&t, name);
    source_close(s);
    unlink(path);
    return t;
}

static const struct {
    const char *name, *coding;
    bool early; /* what comes first can be played when the rest is missing */
} kinds[] = {
    {"plain.mp4", "-c:v mpeg4", false},
    {"fast.mp4", "-c:v mpeg4 -movflags +faststart", true},
    {"part.mkv", "-c:v mpeg4", true},
    {"part.avi", "-c:v mjpeg -pix_fmt yuvj420p", true},
};

static void cut_kind(size_t k) {
    char arguments[200];
    size_t n;
    snprintf(arguments, sizeof arguments,
             "-f lavfi -i testsrc2=size=64x48:rate=40:duration=0.2 -g 4 %s", kinds[k].coding);
    unsigned char *data = clip_read(clip_make(kinds[k].name, arguments), &n);
    const size_t lengths[] = {0, 1, 7, 8, 40, 100, n / 4, n / 3 + 1, n / 2 + 3, n - 9, n - 1};
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const struct source_status t = played(kinds[k].name, data, lengths[i]);
        if (lengths[i] <= 8) assert_int_equal(t.produced, 0);
        if (t.produced > most) most = t.produced;
    }
    const struct source_status whole = played(kinds[k].name, data, n);
    assert_int_equal(whole.state, SOURCE_ENDED);
    assert_int_equal(whole.produced, 8);
    assert_true(most <= 8);
    if (kinds[k].early) assert_true(most > 0);
    free(data);
}

static void test_cut(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) cut_kind(k);
}

/* Bytes turned over in the middle: some frames less, and that is all. */
static void test_damaged(void **state) {
    size_t n;
    (void)state;
    unsigned char *data = clip_read(
        clip_make("whole.avi", "-f lavfi -i testsrc2=size=64x48:rate=40:duration=0.2 -c:v mpeg4"),
        &n);
    srand(11);
    for (int round = 0; round < 12; round++) {
        unsigned char *copy = malloc(n);
        memcpy(copy, data, n);
        for (int i = 0; i < 20; i++) copy[(size_t)rand() % n] ^= (unsigned char)(1 + rand() % 255);
        played("damaged.avi", copy, n);
        free(copy);
    }
    free(data);
}

static void test_no_video(void **state) {
    char text[1500];
    unsigned char noise[4096];
    (void)state;
    srand(5);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (unsigned char)rand();
    for (size_t i = 0; i < sizeof text; i++) text[i] = "This is a letter.\n"[i % 18];
    struct source_status t = played("letter.txt", text, sizeof text);
    assert_non_null(strstr(t.words, "this is no video that can be played"));
    t = played("letter.mp4", text, sizeof text);
    assert_int_equal(t.produced, 0);
    t = played("noise.mp4", noise, sizeof noise);
    assert_int_equal(t.produced, 0);
    size_t n;
    unsigned char *data =
        clip_read(clip_make("tone.mp4", "-f lavfi -i sine=duration=0.2 -c:a aac"), &n);
    t = played("tone.mp4", data, n);
    assert_non_null(strstr(t.words, "there is no moving picture in it"));
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_no_video),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
