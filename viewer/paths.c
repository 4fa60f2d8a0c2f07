#include "paths.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_CAP = 4096 };

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: a zero byte, or what follows a percent sign is no number. */
static bool decode(char *s) {
    char *to = s;
    for (; *s; s++) {
        if (*s != '%') {
            *to++ = *s;
            continue;
        }
        const int high = hex(s[1]), low = high < 0 ? -1 : hex(s[2]);
        if (low < 0 || high * 16 + low == 0) return false;
        *to++ = (char)(high * 16 + low);
        s += 2;
    }
    *to = '\0';
    return true;
}

/* file:///a, file://localhost/a, file:/a; other hosts' files are not here. */
static bool from_uri(char *line) {
    char *at = line + 5;
    if (strncmp(at, "//", 2) == 0) {
        at += 2;
        if (strncasecmp(at, "localhost/", 10) == 0) at += 9;
    }
    if (*at != '/') return false;
    memmove(line, at, strlen(at) + 1);
    return decode(line);
}

static bool from_home(char *line) {
    const char *home = getenv("HOME");
    char path[PATH_CAP];
    if (!home || snprintf(path, sizeof path, "%s%s", home, line + 1) >= (int)sizeof path)
        return false;
    strcpy(line, path);
    return true;
}

static void trim(char *line) {
    size_t n = strlen(line);
    while (n && isspace((unsigned char)line[n - 1])) line[--n] = '\0';
    const size_t lead = strspn(line, " \t");
    memmove(line, line + lead, n - lead + 1);
    n -= lead;
    if (n > 1 && (line[0] == '"' || line[0] == '\'') && line[n - 1] == line[0]) {
        line[n - 1] = '\0';
        memmove(line, line + 1, n - 1);
    }
}

static bool is_file(char *line) {
    struct stat st;
    trim(line);
    if (strncasecmp(line, "file:", 5) == 0) {
        if (!from_uri(line)) return false;
    } else if (line[0] == '~' && line[1] == '/') {
        if (!from_home(line)) return false;
    }
    return line[0] && stat(line, &st) == 0 && !S_ISDIR(st.st_mode);
}

char *paths_in(const char *text) {
    for (const char *at = text; *at;) {
        char line[PATH_CAP];
        const size_t n = strcspn(at, "\r\n");
        if (n < sizeof line && at[0] != '#') { /* a remark of RFC 2483 */
            memcpy(line, at, n);
            line[n] = '\0';
            if (is_file(line)) return strdup(line);
        }
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
