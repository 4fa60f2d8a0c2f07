#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *scratch(const char *name) {
    static char paths[4][512];
    static int turn;
    const char *folder = getenv("VIDI_TEST_TMP");
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/io-%ld-%s", folder ? folder : "/tmp", (long)getpid(), name);
    return path;
}

const char *scratch_file(const char *name, const void *data, uint64_t bytes) {
    const char *path = scratch(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
    return path;
}

unsigned char *slurp(const char *path, uint64_t *bytes) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    unsigned char *data = malloc((size_t)size + 1);
    *bytes = data ? fread(data, 1, (size_t)size, f) : 0;
    fclose(f);
    return data;
}

unsigned char *data_file(const char *name, uint64_t *bytes) {
    char path[256];
    snprintf(path, sizeof path, "tests/io/data/%s", name);
    unsigned char *data = slurp(path, bytes);
    if (!data) fail_msg("%s cannot be read", path);
    return data;
}

void assert_words(const struct vd_ctx *ctx, const char *part) {
    if (!strstr(ctx->error, part)) fail_msg("'%s' does not contain '%s'", ctx->error, part);
}
