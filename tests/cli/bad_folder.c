/* bad_folder - a library to load before others: readdir() fails by EIO in the folders whose path
 * ends with $BAD_FOLDER, after their first entry. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_bad(DIR *dir) {
    const char *end = getenv("BAD_FOLDER");
    char link[64], path[4096];
    if (!end || telldir(dir) == 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(dir));
    const ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < (ssize_t)strlen(end)) return 0;
    path[n] = '\0';
    return strcmp(path + n - strlen(end), end) == 0;
}

struct dirent *readdir(DIR *dir) {
    struct dirent *(*next)(DIR *);
    *(void **)&next = dlsym(RTLD_NEXT, "readdir");
    if (!is_bad(dir)) return next(dir);
    errno = EIO;
    return NULL;
}
