#include "keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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
