#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/replace.h"

char *keep_path(const char *dir, const char *name) {
    const size_t cap = strlen(dir) + strlen(name) + 2;
    char *path = malloc(cap);
    if (path) snprintf(path, cap, "%s/%s", dir, name);
    return path;
}

/* The stream has a descriptor of its own: closing it must not close the file's. */
static bool write_whole(struct replace *r, bool (*write)(FILE *f, const void *user),
                        const void *user) {
    const int fd = dup(r->fd);
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!f) {
        if (fd >= 0) close(fd);
        return false;
    }
    bool good = write(f, user) && fflush(f) == 0;
    const int why = errno;
    good = fclose(f) == 0 && good;
    if (!good && why) errno = why;
    return good;
}

bool keep_file(const char *path, bool (*write)(FILE *f, const void *user), const void *user) {
    struct replace *r = malloc(sizeof *r);
    errno = 0;
    const bool good =
        r && replace_open(r, path, 0666) && write_whole(r, write, user) && replace_done(r);
    const int why = errno;
    if (r && !good) replace_drop(r);
    free(r);
    errno = why;
    return good;
}

FILE *keep_open(const char *path) {
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return NULL;
    const bool plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    FILE *f = plain ? fdopen(fd, "rb") : NULL;
    if (f) return f;
    close(fd);
    errno = plain ? ENOMEM : S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    return NULL;
}

const char *keep_words(int error) {
    return error == EINVAL ? "is a pipe or a device, not a file" : strerror(error);
}

bool keep_read(const char *path, size_t most, char **text, size_t *bytes) {
    struct stat st;
    FILE *f = keep_open(path);
    if (!f) return false;
    int why = 0;
    *text = NULL;
    if (fstat(fileno(f), &st) != 0) why = errno;
    if (!why && (uint64_t)st.st_size > most) why = EFBIG;
    if (!why && !(*text = malloc((size_t)st.st_size + 1))) why = ENOMEM;
    if (!why) {
        *bytes = fread(*text, 1, (size_t)st.st_size, f);
        (*text)[*bytes] = '\0';
        if (ferror(f)) why = EIO;
    }
    fclose(f);
    if (why) free(*text);
    errno = why;
    return !why;
}
