#include "picture_open.h"

#include <ctype.h>
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

static int digit64(unsigned char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (c == '-') c = '+'; /* as addresses have them */
    if (c == '_') c = '/';
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool from_base64(const char *text, char *data, size_t *bytes) {
    uint32_t bits = 0;
    int n = 0;
    for (; *text && *text != '='; text++) {
        if (isspace((unsigned char)*text)) continue;
        const int digit = digit64((unsigned char)*text);
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        n += 6;
        if (n < 8) continue;
        n -= 8;
        data[(*bytes)++] = (char)(bits >> n);
    }
    return text[strspn(text, "= \t\r\n")] == '\0';
}

static vidi_status read_data(struct session *s, const char *url, vidi_image *out) {
    static const char name[] = "data: address", mark[] = ";base64";
    const char *comma = strchr(url, ',');
    if (!comma) return fail(s, VIDI_E_IMAGE, name, "has no comma in front of its data");
    const size_t head = (size_t)(comma - url), n = sizeof mark - 1;
    const bool base64 = head >= n && strncasecmp(comma - n, mark, n) == 0;
    char *data = malloc(strlen(comma) + 1);
    size_t bytes = 0;
    if (!data) return fail(s, VIDI_E_MEMORY, name, "no memory for it");
    if (base64 ? from_base64(comma + 1, data, &bytes) : address_bytes(comma + 1, data, &bytes))
        return decode(s, name, data, bytes, out);
    free(data);
    return fail(s, VIDI_E_IMAGE, name, base64 ? "is no base64" : "has a % without two digits");
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
    if (begins(name, "data:")) return read_data(s, name, out);
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
