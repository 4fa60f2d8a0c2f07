#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/cli/intake.h"

enum { PATH_CAP = 4096 };

/* The file that a line names, from malloc(); NULL: it names none. */
static char *file_of(const char *line, size_t n) {
    struct stat st;
    char *typed = strndup(line, n), *path = typed ? intake_whole_path(typed) : NULL;
    free(typed);
    if (path && path[0] && stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) return path;
    free(path);
    return NULL;
}

char *paths_in(const char *text) {
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, "\r\n");
        char *path = n < PATH_CAP && at[0] != '#' ? file_of(at, n) : NULL; /* # of RFC 2483 */
        if (path) return path;
        at += n + strspn(at + n, "\r\n");
    }
    return NULL;
}

char *paths_fresh(const char *folder, const char *ending) {
    char when[32], path[PATH_CAP];
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(when, sizeof when, "%Y-%m-%d-%H%M%S", &local);
    if (!folder) folder = getenv("HOME");
    if (!folder || access(folder, W_OK) != 0) folder = ".";
    for (int i = 0; i < 100; i++) {
        char more[8] = "";
        if (i) snprintf(more, sizeof more, "-%d", i);
        snprintf(path, sizeof path, "%.3900s/vidi-%s%s%s", folder, when, more, ending);
        if (access(path, F_OK) != 0) return strdup(path);
    }
    return NULL;
}
