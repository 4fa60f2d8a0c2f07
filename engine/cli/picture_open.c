#include "picture_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "hub_picture.h"

static vidi_status fail(struct session *s, vidi_status status, const char *name, const char *what) {
    snprintf(s->words, sizeof s->words, "%.400s: %.400s", name, what);
    return status;
}

/* Takes `data`, from malloc. */
static vidi_status decode(struct session *s, const char *name, void *data, size_t bytes,
                          vidi_image *out) {
    const vidi_status status = vidi_image_decode(s->v, data ? data : "", bytes, name, out);
    free(data);
    return status;
}

/* ---- pipes ---- */

static vidi_status read_all(struct session *s, const char *name, int fd, vidi_image *out) {
    char *data = NULL;
    size_t bytes = 0, cap = 0;
    for (;;) {
        if (bytes == cap) {
            cap = cap ? 2 * cap : 1 << 16;
            char *larger = cap <= 2 * (size_t)PICTURE_BYTES ? realloc(data, cap) : NULL;
            if (!larger) {
                free(data);
                return fail(s, VIDI_E_IMAGE, name, "has more than 256 MiB");
            }
            data = larger;
        }
        const ssize_t n = read(fd, data + bytes, cap - bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            free(data);
            return fail(s, VIDI_E_IO, name, strerror(errno));
        }
        if (n == 0) return decode(s, name, data, bytes, out);
        bytes += (size_t)n;
    }
}

static vidi_status read_stdin(struct session *s, vidi_image *out) {
    if (isatty(STDIN_FILENO))
        return fail(s, VIDI_E_IO, "-", "standard input is a terminal, and a picture is wanted");
    return read_all(s, "standard input", STDIN_FILENO, out);
}

static vidi_status read_path(struct session *s, const char *path, vidi_image *out) {
    struct stat st;
    const bool pipe = stat(path, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
    if (!pipe) return vidi_image_read(s->v, path, out);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(s, VIDI_E_IO, path, strerror(errno));
    const vidi_status status = read_all(s, path, fd, out);
    close(fd);
    return status;
}

static vidi_status read_file_url(struct session *s, const char *url, vidi_image *out) {
    char *path = strdup(url);
    if (!path) return fail(s, VIDI_E_MEMORY, url, "no memory for its path");
    const char *why = address_to_path(path);
    const vidi_status status = why ? fail(s, VIDI_E_IO, url, why) : read_path(s, path, out);
    free(path);
    return status;
}

/* ---- data: ---- */

static vidi_status read_data(struct session *s, const char *url, vidi_image *out) {
    static const char name[] = "data: address";
    char *data;
    size_t bytes;
    const char *why = address_data(url, &data, &bytes);
    return why ? fail(s, VIDI_E_IMAGE, name, why) : decode(s, name, data, bytes, out);
}

/* ---- all ---- */

static bool begins(const char *text, const char *with) {
    return strncasecmp(text, with, strlen(with)) == 0;
}

static vidi_status read_web(struct session *s, const char *url, vidi_image *out) {
    void *data;
    size_t bytes;
    if (!hub_picture(url, &data, &bytes, s->words)) return VIDI_E_IO;
    return decode(s, url, data, bytes, out);
}

vidi_status picture_open(struct session *s, const char *name, enum picture_origin origin,
                         vidi_image *out) {
    *out = (vidi_image){0};
    s->words[0] = '\0';
    if (access(name, F_OK) == 0) return read_path(s, name, out);
    if (address_is_data(name)) return read_data(s, name, out);
    const bool dash = strcmp(name, "-") == 0;
    if (dash && origin != PICTURE_ARGUMENT)
        return fail(s, VIDI_E_IO, name, "standard input has the questions, not a picture");
    if (dash) return read_stdin(s, out);
    if (address_is_file(name)) return read_file_url(s, name, out);
    const bool web = begins(name, "http://") || begins(name, "https://");
    if (web && origin == PICTURE_LINE)
        return fail(s, VIDI_E_IO, name, "an address is fetched only when an argument names it");
    return web ? read_web(s, name, out) : read_path(s, name, out);
}
