#include "hub.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8 };

/* Part of a repository's name. "--" would be read as the end of the part in a folder's name. */
static bool copy_part(char *dst, size_t cap, const char *text, size_t n) {
    if (n == 0 || n >= cap || text[0] == '-' || text[0] == '.') return false;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i])) return false;
        if (i > 0 && text[i] != '_' && text[i] == text[i - 1] && strchr("-.", text[i]))
            return false;
    }
    memcpy(dst, text, n);
    dst[n] = '\0';
    return true;
}

static bool revision_ok(const char *text) {
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_./", *c)) return false;
    return hub_name_ok(text);
}

bool hub_spec_parse(struct hub_spec *spec, const char *text) {
    *spec = (struct hub_spec){.revision = "main"};
    const size_t owner = strcspn(text, "/");
    if (text[owner] != '/') return false;
    const char *name = text + owner + 1;
    const size_t n = strcspn(name, "@:");
    if (!copy_part(spec->owner, sizeof spec->owner, text, owner) ||
        !copy_part(spec->name, sizeof spec->name, name, n))
        return false;
    const char *rest = name + n;
    if (*rest == '@') {
        const size_t m = strcspn(++rest, ":");
        if (m == 0 || m > HUB_REVISION_MAX) return false;
        snprintf(spec->revision, sizeof spec->revision, "%.*s", (int)m, rest);
        rest += m;
    }
    if (!revision_ok(spec->revision)) return false;
    if (*rest == '\0') return true;
    if (strlen(++rest) > HUB_NAME_MAX || !hub_name_ok(rest)) return false;
    snprintf(spec->tag, sizeof spec->tag, "%s", rest);
    return true;
}

bool hub_path(char path[HUB_PATH], const char *cache, const struct hub_spec *spec,
              const char *below, ...) {
    const int n = snprintf(path, HUB_PATH, "%s/models--%s--%s", cache, spec->owner, spec->name);
    if (n < 0 || n >= HUB_PATH) return false;
    va_list args;
    va_start(args, below);
    const int m = vsnprintf(path + n, (size_t)(HUB_PATH - n), below, args);
    va_end(args);
    return m >= 0 && m < HUB_PATH - n;
}

bool hub_lock_path(char path[HUB_PATH], const char *cache, const struct hub_spec *spec,
                   const char *hash) {
    const int n = snprintf(path, HUB_PATH, "%s/.locks/models--%s--%s%s%s%s", cache, spec->owner,
                           spec->name, *hash ? "/" : "", hash, *hash ? ".lock" : "");
    return n >= 0 && n < HUB_PATH;
}

bool hub_hash_ok(const char *text) {
    const size_t n = strlen(text);
    return (n == 40 || n == 64) && strspn(text, "0123456789abcdef") == n;
}

FILE *hub_open(const char *path) {
    /* Without O_NONBLOCK the opening of a FIFO waits for a writer. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0) return NULL;
    const bool known = fstat(fd, &st) == 0;
    FILE *file = known && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
    if (file) return file;
    const int error = known && !S_ISREG(st.st_mode) ? EINVAL : errno;
    close(fd);
    errno = error;
    return NULL;
}

bool hub_commit(const char *cache, const struct hub_spec *spec, char commit[HUB_HASH_CAP]) {
    char path[HUB_PATH];
    if (hub_hash_ok(spec->revision)) {
        snprintf(commit, HUB_HASH_CAP, "%.64s", spec->revision);
        return true;
    }
    if (!hub_path(path, cache, spec, "/refs/%s", spec->revision)) return false;
    FILE *file = hub_open(path);
    if (!file) return false;
    const size_t n = fread(commit, 1, HUB_HASH_CAP - 1, file);
    fclose(file);
    commit[n] = '\0';
    commit[strcspn(commit, " \r\n")] = '\0';
    return hub_hash_ok(commit);
}

static bool walk(const char *folder, const char *prefix, bool whole, int depth,
                 struct hub_names *out) {
    DIR *dir = opendir(folder);
    if (!dir) return errno == ENOENT;
    bool good = true;
    const struct dirent *entry;
    while (good && (errno = 0, entry = readdir(dir))) {
        char path[HUB_PATH], name[HUB_NAME_MAX + 1];
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        const int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        const int m = snprintf(name, sizeof name, "%s%s", prefix, entry->d_name);
        if (n >= (int)sizeof path || m >= HUB_NAME_MAX || lstat(path, &st) != 0) continue;
        if (S_ISDIR(st.st_mode)) {
            name[m] = '/';
            name[m + 1] = '\0';
            errno = ENAMETOOLONG; /* what has no end is too deep */
            good = depth > 0 && walk(path, name, whole, depth - 1, out);
            continue;
        }
        if (whole && (stat(path, &st) != 0 || !S_ISREG(st.st_mode))) continue;
        errno = ENOMEM;
        if (S_ISLNK(st.st_mode) || S_ISREG(st.st_mode)) good = hub_names_add(out, name);
    }
    const int why = errno;
    closedir(dir);
    errno = why;
    return good && why == 0;
}

bool hub_walk(const char *folder, bool whole, struct hub_names *out) {
    const bool good = walk(folder, "", whole, DEPTH_MAX, out);
    const int why = errno;
    hub_names_sort(out);
    errno = why;
    return good;
}

static char *below(const char *folder, const char *name) {
    const size_t cap = strlen(folder) + strlen(name) + 2;
    char *path = malloc(cap);
    if (path) snprintf(path, cap, "%s%s%s", folder, *name ? "/" : "", name);
    return path;
}

static bool take(const char *folder, const struct hub_choice *choice, struct hub_found *out) {
    const bool gguf = choice->kind == HUB_GGUF;
    const bool mmproj = gguf && choice->files.n > choice->n_model;
    out->model = below(folder, gguf ? choice->files.items[0] : "");
    if (mmproj) out->mmproj = below(folder, choice->files.items[choice->n_model]);
    return out->model && (!mmproj || out->mmproj);
}

/* What a reference that is there and is no plain file says; else that there is none. */
static void no_commit(const char *cache, const struct hub_spec *spec, const char *text, char *error,
                      size_t cap) {
    char path[HUB_PATH];
    struct stat st;
    const bool odd = cache && hub_path(path, cache, spec, "/refs/%s", spec->revision) &&
                     stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    if (odd)
        snprintf(error, cap, "%.300s is not in the cache: %.600s is not a file", text, path);
    else
        snprintf(error, cap, "%.300s is not in the cache", text);
}

bool hub_resolve(const char *cache, const char *text, struct hub_found *out, char *error,
                 size_t cap) {
    struct hub_spec spec;
    struct hub_names names = {0};
    struct hub_choice choice = {0};
    char commit[HUB_HASH_CAP], folder[HUB_PATH], why[HUB_WORDS] = "no memory";
    *out = (struct hub_found){0};
    if (!hub_spec_parse(&spec, text)) {
        snprintf(error, cap, "%.300s is not of the form OWNER/NAME[@REVISION][:FILE]", text);
        return false;
    }
    if (!cache || !hub_commit(cache, &spec, commit) ||
        !hub_path(folder, cache, &spec, "/snapshots/%s", commit)) {
        no_commit(cache, &spec, text, error, cap);
        return false;
    }
    const bool walked = hub_walk(folder, true, &names);
    if (!walked) snprintf(why, sizeof why, "%.300s: cannot be read: %s", folder, strerror(errno));
    const bool good = walked && hub_choose(&names, spec.tag, &choice, why, sizeof why) &&
                      take(folder, &choice, out);
    if (!good) {
        snprintf(error, cap, "%.300s is not in the cache: %.600s", text, why);
        hub_found_free(out);
    }
    hub_choice_free(&choice);
    hub_names_free(&names);
    return good;
}

void hub_found_free(struct hub_found *found) {
    free(found->model);
    free(found->mmproj);
    *found = (struct hub_found){0};
}
