/* Sources that never open or cannot: closed within a second, with one clear sentence. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clips.h"

static atomic_int woken;

static void wake(void *user) {
    assert_int_equal(*(int *)user, 42);
    atomic_fetch_add(&woken, 1);
}

static int user = 42;

static struct source *open_spec(const char *spec, bool patient) {
    struct source *s = source_open(&(struct source_config){
        .spec = spec, .retries = -1, .patient = patient, .wake = wake, .user = &user});
    assert_non_null(s);
    return s;
}

static void doze(int ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static void assert_closes(struct source *s, const char *what) {
    const int64_t from = source_now_ms();
    source_close(s);
    const int took = (int)(source_now_ms() - from), before = atomic_load(&woken);
    if (took >= 1000) fail_msg("%s: closing took %d ms", what, took);
    doze(60);
    assert_int_equal(atomic_load(&woken), before); /* not called any more */
}

/* A pipe that nobody writes to: opening it blocks inside the system. */
static void test_pipe(void **state) {
    struct source_status t;
    const char *path = clip_path("pipe");
    (void)state;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct source *s = open_spec(path, false);
    assert_false(source_wait(s, SOURCE_UI, 150));
    source_status(s, &t);
    assert_int_equal(t.state, SOURCE_OPENING);
    assert_closes(s, "a pipe");
    const int before = atomic_load(&woken);
    const int fd = open(path, O_WRONLY | O_NONBLOCK); /* lets its thread come back, with nothing */
    assert_true(fd >= 0);
    doze(50);
    close(fd);
    doze(200);
    assert_int_equal(atomic_load(&woken), before); /* and what it finds is for nobody */
    unlink(path);
}

/* A server that takes calls and says nothing. */
static int mute_server(int *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void test_mute_server(void **state) {
    static const char *const schemes[] = {"http", "rtsp", "tcp"};
    int port;
    const int fd = mute_server(&port);
    (void)state;
    for (int i = 0; i < 3; i++) {
        char url[80];
        snprintf(url, sizeof url, "%s://127.0.0.1:%d/a.ts", schemes[i], port);
        struct source *s = open_spec(url, true);
        assert_false(source_wait(s, SOURCE_ENGINE, 150));
        assert_closes(s, url);
    }
    close(fd);
}

/* A stream that falls silent: after some seconds it says so, and what came before stays. */
static void test_silent(void **state) {
    struct source_status t;
    size_t n;
    int port;
    const int fd = mute_server(&port);
    const char *path =
        clip_make("silent.ts", "-f lavfi -i testsrc2=size=320x240:rate=15:duration=3");
    unsigned char *bytes = clip_read(path, &n);
    char url[80];
    (void)state;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port);
    struct source *s = open_spec(url, false);
    const int line = accept(fd, NULL, NULL);
    assert_true(line >= 0);
    assert_int_equal(send(line, bytes, n, MSG_NOSIGNAL), n);
    const int64_t until = source_now_ms() + 30000;
    do {
        doze(50);
        source_status(s, &t);
    } while ((t.state == SOURCE_OPENING || t.state == SOURCE_RUNNING) && source_now_ms() < until);
    assert_int_equal(t.state, SOURCE_RETRYING);
    assert_true(t.produced > 0);
    assert_non_null(strstr(t.words, "no picture came for 8 seconds"));
    assert_closes(s, url);
    close(line);
    close(fd);
    free(bytes);
}

static void test_close_at_once(void **state) {
    static const char *const specs[] = {"test", "camera", "missing", "lavfi:color=red"};
    (void)state;
    for (int i = 0; i < 20; i++) assert_closes(open_spec(specs[i % 4], i % 2), specs[i % 4]);
    source_close(NULL);
}

/* What cannot get better fails at once, though it may be tried for ever. */
static void test_hopeless(void **state) {
    static const struct {
        const char *spec, *words;
    } rows[] = {
        {NULL, "no source was named"},
        {"missing.mp4", "missing.mp4: No such file"},
        {"camera:abc", "camera:abc: there is neither such a file nor such an input"},
        {"nothing:x", "nothing:x: there is neither such a file nor such an input"},
        {"lavfi:nofilter", "lavfi:nofilter: it cannot be opened"},
        {"/", "/: this is a folder"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_status t;
        struct source *s = open_spec(rows[i].spec, false);
        clip_play_out(s, 3000, &t);
        assert_int_equal(t.state, SOURCE_FAILED);
        if (!strstr(t.words, rows[i].words)) fail_msg("it says: %s", t.words);
        assert_null(strpbrk(t.words, "\r\n"));
        assert_int_equal(t.produced, 0);
        assert_int_equal(t.restarts, 0);
        const int64_t from = source_now_ms();
        assert_false(source_wait(s, SOURCE_UI, 5000)); /* nobody waits for what has failed */
        assert_true(source_now_ms() - from < 1000);
        assert_closes(s, "what failed");
    }
}

/* A playlist that names another file of this machine opens nothing, whatever it is called, and by
 * whatever name it comes. */
static void test_playlists(void **state) {
    (void)state;
    char secret[1024], spec[1100], list[4096];
    snprintf(
        secret, sizeof secret, "%s",
        clip_make("secret.ts", "-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -f mpegts"));
    static const struct {
        const char *name, *text; /* %s: the other file */
    } lists[] = {
        {"list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n"},
        {"film.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n"},
        {"list.ffconcat", "ffconcat version 1.0\nfile '%s'\n"},
        {"list.avi", "ffconcat version 1.0\nfile '%s'\n"},
        {"list.mpd",
         "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'>"
         "<Period><AdaptationSet mimeType='video/mp2t'><Representation id='0' "
         "bandwidth='1'><BaseURL>%s</BaseURL></Representation></AdaptationSet></Period>"
         "</MPD>"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (int url = 0; url < 2; url++) {
            struct source_status t;
            snprintf(list, sizeof list, lists[i].text, strrchr(secret, '/') + 1);
            clip_write(clip_path(lists[i].name), list, strlen(list));
            snprintf(spec, sizeof spec, "%s%s", url ? "file://" : "", clip_path(lists[i].name));
            struct source *s = open_spec(spec, false);
            clip_play_out(s, 10000, &t);
            assert_int_equal(t.state, SOURCE_FAILED);
            assert_int_equal(t.produced, 0);
            if (!strstr(t.words, "this is a playlist (")) fail_msg("it says: %s", t.words);
            assert_closes(s, spec);
        }
}

/* Names of three-byte letters are cut between letters; passwords are not shown at all. */
static void test_words(void **state) {
    struct source_status t;
    char spec[400];
    (void)state;
    for (int shift = 0; shift < 6; shift++) { /* no such file; no such filter */
        int at = snprintf(spec, sizeof spec, "%s%.*s", shift < 3 ? "" : "lavfi:", shift % 3, "xx");
        for (int i = 0; i < 80; i++) at += snprintf(spec + at, sizeof spec - (size_t)at, "\u20ac");
        struct source *s = open_spec(spec, false);
        assert_int_equal(clip_play_out(s, 3000, &t), SOURCE_FAILED);
        if (!clip_is_utf8(t.words)) fail_msg("\"%s\" is no UTF-8", t.words);
        source_close(s);
    }
    int port;
    close(mute_server(&port)); /* nobody answers there now */
    snprintf(spec, sizeof spec, "http://me:secret@127.0.0.1:%d/a.mp4", port);
    struct source *s = open_spec(spec, false);
    assert_int_equal(clip_play_out(s, 5000, &t), SOURCE_FAILED);
    assert_null(strstr(t.words, "secret"));
    assert_non_null(strstr(t.words, "127.0.0.1"));
    source_close(s);
}

/* A patient one is tried again after its pauses, and given up after its retries. */
static void test_patience(void **state) {
    struct source_status t;
    char spec[80];
    int port;
    (void)state;
    close(mute_server(&port));
    snprintf(spec, sizeof spec, "tcp://127.0.0.1:%d", port);
    struct source *s =
        source_open(&(struct source_config){.spec = spec, .retries = 2, .patient = true});
    const int64_t from = source_now_ms();
    assert_int_equal(clip_play_out(s, 6000, &t), SOURCE_FAILED);
    assert_in_range(source_now_ms() - from, 740, 3000); /* 250 and 500 ms */
    assert_int_equal(t.restarts, 2);
    source_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe),      cmocka_unit_test(test_mute_server),
        cmocka_unit_test(test_silent),    cmocka_unit_test(test_close_at_once),
        cmocka_unit_test(test_hopeless),  cmocka_unit_test(test_words),
        cmocka_unit_test(test_playlists), cmocka_unit_test(test_patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
