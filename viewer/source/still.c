/* Which files are pictures that stand still, whatever they are called. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/kind.h"
#include "source.h"
#include "spec.h"

/* Passes over data that comes in blocks, each behind its length, up to one of length 0. */
static bool skip_blocks(FILE *file) {
    int n;
    while ((n = fgetc(file)) > 0)
        if (fseek(file, n, SEEK_CUR) != 0) return false;
    return n == 0;
}

static bool skip_palette(FILE *file, int flags) {
    const long bytes = flags & 0x80 ? 3L << ((flags & 7) + 1) : 0;
    return fseek(file, bytes, SEEK_CUR) == 0;
}

/* A GIF of more frames than one is a film. */
static bool gif_moves(FILE *file) {
    unsigned char screen[13], place[9];
    int frames = 0;
    if (fread(screen, 1, sizeof screen, file) != sizeof screen) return false;
    if (!skip_palette(file, screen[10])) return false;
    for (;;) {
        const int kind = fgetc(file);
        if (kind == '!') {
            if (fgetc(file) == EOF || !skip_blocks(file)) return false;
            continue;
        }
        if (kind != ',' || fread(place, 1, sizeof place, file) != sizeof place) return false;
        if (++frames > 1) return true;
        if (!skip_palette(file, place[8]) || fgetc(file) == EOF || !skip_blocks(file)) return false;
    }
}

static bool stands_still(FILE *file) {
    unsigned char head[KIND_HEAD];
    const size_t n = fread(head, 1, sizeof head, file);
    const enum kind kind = kind_of(head, n).kind;
    if (kind == KIND_UNKNOWN || kind >= KIND_READ) return false;
    if (kind == KIND_GIF) return fseek(file, 0, SEEK_SET) == 0 && !gif_moves(file);
    return kind != KIND_HEIF || memcmp(head + 8, "avis", 4) != 0;
}

/* NULL of all but a plain file: a pipe gives its bytes once, and its opening may wait for ever. */
static FILE *open_plain(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0) return NULL;
    FILE *file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "rb") : NULL;
    if (!file) close(fd);
    return file;
}

bool spec_is_still(const char *path) {
    FILE *file = open_plain(path);
    if (!file) return false;
    const bool still = stands_still(file);
    fclose(file);
    return still;
}

bool spec_is_playlist(const char *path, char *words, size_t cap) {
    unsigned char head[KIND_HEAD];
    FILE *file = open_plain(path);
    if (!file) return false;
    const struct kind_found found = kind_of(head, fread(head, 1, sizeof head, file));
    fclose(file);
    if (found.kind != KIND_PLAYLIST) return false;
    snprintf(words, cap, "this is %s; what a playlist names is not opened", found.words);
    return true;
}

/* A row of JPEG pictures in one file begins as a picture does; its name tells. */
static bool is_motion_jpeg(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".mjpeg") == 0 || strcmp(dot, ".mjpg") == 0);
}

bool source_spec_is_still(const char *spec) {
    struct stat st;
    if (!spec || stat(spec, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    return !is_motion_jpeg(spec) && spec_is_still(spec);
}
