#include "keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *keep_path(const char *dir, const char *name) {
    const size_t cap = strlen(dir) + strlen(name) + 2;
    char *path = malloc(cap);
    if (path) snprintf(path, cap, "%s/%s", dir, name);
    return path;
}

static bool write_whole(const char *path, bool (*write)(FILE *f, const void *user),
                        const void *user) {
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    bool good = write(f, user) && fflush(f) == 0 && fsync(fileno(f)) == 0;
    const int why = errno;
    good = fclose(f) == 0 && good;
    if (!good && why) errno = why;
    return good;
}

bool keep_file(const char *path, bool (*write)(FILE *f, const void *user), const void *user) {
    const size_t cap = strlen(path) + 16;
    char *beside = malloc(cap);
    if (!beside) return false;
    snprintf(beside, cap, "%s.%ld.new", path, (long)getpid());
    errno = 0;
    const bool good = write_whole(beside, write, user) && rename(beside, path) == 0;
    const int why = errno;
    if (!good) unlink(beside);
    free(beside);
    errno = why;
    return good;
}
