#define _POSIX_C_SOURCE 200809L
#include "clips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char *scratch(void) {
    const char *tmp = getenv("VIDI_TEST_TMP");
    return tmp ? tmp : "/tmp";
}

static void tidy(void) {
    char command[700];
    snprintf(command, sizeof command, "rm -rf -- '%s/source.%d.'*", scratch(), (int)getpid());
    if (system(command) != 0) print_message("%s is left\n", command);
}

const char *clip_path(const char *name) {
    static char paths[4][600];
    static int at;
    if (at == 0) atexit(tidy);
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/source.%d.%s", scratch(), (int)getpid(), name);
    return path;
}

const char *clip_make(const char *name, const char *arguments) {
    const char *path = clip_path(name);
    char command[2000];
    if (system("command -v ffmpeg >/dev/null 2>&1") != 0) {
        print_message("SKIPPED: the program ffmpeg is not installed, so there is no video\n");
        skip();
    }
    snprintf(command, sizeof command, "ffmpeg -nostdin -v error -y %s '%s'", arguments, path);
    if (system(command) != 0) fail_msg("this failed: %s", command);
    return path;
}

unsigned char *clip_read(const char *path, size_t *bytes) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(f);
    rewind(f);
    unsigned char *data = malloc(*bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, f), *bytes);
    fclose(f);
    return data;
}

void clip_write(const char *path, const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

enum source_state clip_play_out(struct source *s, int most_ms, struct source_status *out) {
    const int64_t until = source_now_ms() + most_ms;
    do {
        source_status(s, out);
        if (out->state == SOURCE_ENDED || out->state == SOURCE_FAILED) break;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    } while (source_now_ms() < until);
    return out->state;
}

/* Bytes that a first byte promises; 0: it is none. */
static int promised(unsigned char c) {
    if (c < 0x80) return 1;
    if (c >= 0xc2 && c < 0xe0) return 2;
    if (c >= 0xe0 && c < 0xf0) return 3;
    return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

bool clip_is_utf8(const char *text) {
    for (const char *at = text; *at;) {
        const int n = promised((unsigned char)*at);
        if (n == 0) return false;
        for (int i = 1; i < n; i++)
            if (((unsigned char)at[i] & 0xc0) != 0x80) return false;
        at += n;
    }
    return true;
}
