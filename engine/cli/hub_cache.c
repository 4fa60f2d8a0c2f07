#include "hub_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub_blob.h"

bool hub_repos(const char *cache, struct hub_names *out) {
    static const char prefix[] = "models--";
    DIR *dir = cache ? opendir(cache) : NULL;
    if (!dir) return !cache || errno == ENOENT;
    bool good = true;
    struct dirent *entry;
    while (good && (errno = 0, entry = readdir(dir))) {
        struct hub_spec spec;
        char text[300];
        const char *name = entry->d_name;
        const size_t skip = sizeof prefix - 1;
        const char *middle = strncmp(name, prefix, skip) == 0 ? strstr(name + skip, "--") : NULL;
        if (!middle) continue;
        snprintf(text, sizeof text, "%.*s/%s", (int)(middle - name - (long)skip), name + skip,
                 middle + 2);
        if (hub_spec_parse(&spec, text) && !spec.tag[0]) good = hub_names_add(out, text);
    }
    const int why = errno;
    closedir(dir);
    hub_names_sort(out);
    errno = good ? why : ENOMEM;
    return good && why == 0;
}

bool hub_is_there(const char *cache, const struct hub_spec *spec) {
    char path[HUB_PATH];
    struct stat st;
    return cache && hub_path(path, cache, spec, "%s", "") && lstat(path, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

static struct hub_entry *add(struct hub_entries *entries, const char *commit, size_t commit_len,
                             const char *file) {
    if (entries->n == entries->cap) {
        const size_t cap = entries->cap ? entries->cap * 2 : 16;
        struct hub_entry *items = realloc(entries->items, cap * sizeof *items);
        if (!items) return NULL;
        entries->items = items;
        entries->cap = cap;
    }
    struct hub_entry *e = &entries->items[entries->n];
    *e = (struct hub_entry){.commit = strndup(commit, commit_len), .file = strdup(file)};
    if (e->commit && e->file) {
        entries->n++;
        return e;
    }
    free(e->commit);
    free(e->file);
    return NULL;
}

/* The blob's name, from the link. */
static void read_link(struct hub_entry *e, const char *path) {
    char target[HUB_PATH];
    struct stat st;
    const ssize_t n = readlink(path, target, sizeof target - 1);
    if (n > 0) {
        target[n] = '\0';
        const char *slash = strrchr(target, '/');
        snprintf(e->hash, sizeof e->hash, "%.64s", slash ? slash + 1 : target);
    }
    e->whole = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    e->bytes = e->total = e->whole ? (uint64_t)st.st_size : 0;
}

static bool has_all_shards(const struct hub_names *names, const char *name) {
    unsigned index, count;
    const size_t stem = hub_shard(name, &index, &count);
    if (stem == 0) return true;
    for (unsigned i = 1; i <= count; i++) {
        char other[2 * HUB_NAME_MAX];
        snprintf(other, sizeof other, "%.*s-%05u-of-%05u%s", (int)stem, name, i, count,
                 name + strlen(name) - 5);
        if (!hub_names_has(names, other)) return false;
    }
    return true;
}

static bool read_snapshots(const char *cache, const struct hub_spec *spec,
                           struct hub_entries *out) {
    char folder[HUB_PATH], path[HUB_PATH];
    struct hub_names names = {0}, whole = {0};
    bool good = hub_path(folder, cache, spec, "/snapshots") && hub_walk(folder, false, &names) &&
                hub_walk(folder, true, &whole);
    for (size_t i = 0; good && i < names.n; i++) {
        const char *name = names.items[i], *slash = strchr(name, '/');
        if (!slash || !hub_name_ok(slash + 1)) continue;
        struct hub_entry *e = add(out, name, (size_t)(slash - name), slash + 1);
        good = e && hub_path(path, cache, spec, "/snapshots/%s", name);
        if (!good) break;
        read_link(e, path);
        e->whole = e->whole && has_all_shards(&whole, name);
    }
    hub_names_free(&names);
    hub_names_free(&whole);
    return good;
}

static bool read_unfinished(const char *cache, const struct hub_spec *spec,
                            struct hub_entries *out) {
    static const char end[] = ".incomplete";
    char folder[HUB_PATH], path[HUB_PATH];
    struct hub_names names = {0};
    struct hub_note note;
    bool good = hub_path(folder, cache, spec, "/blobs") && hub_walk(folder, true, &names);
    for (size_t i = 0; good && i < names.n; i++) {
        char hash[HUB_HASH_CAP + 16];
        struct stat st;
        snprintf(hash, sizeof hash, "%s", names.items[i]);
        char *dot = strstr(hash, end);
        if (!dot || strcmp(dot, end) != 0) continue;
        *dot = '\0';
        const bool known = hub_note_read(cache, spec, hash, &note);
        struct hub_entry *e = add(out, "", 0, known ? note.name : "?");
        good = e && hub_path(path, cache, spec, "/blobs/%s", names.items[i]);
        if (!good) break;
        snprintf(e->hash, sizeof e->hash, "%.64s", hash);
        e->total = note.size;
        e->bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
    }
    hub_names_free(&names);
    return good;
}

bool hub_entries_read(const char *cache, const struct hub_spec *spec, struct hub_entries *out) {
    *out = (struct hub_entries){0};
    errno = ENOMEM;
    return read_snapshots(cache, spec, out) && read_unfinished(cache, spec, out);
}

void hub_entries_free(struct hub_entries *entries) {
    for (size_t i = 0; i < entries->n; i++) {
        free(entries->items[i].commit);
        free(entries->items[i].file);
    }
    free(entries->items);
    *entries = (struct hub_entries){0};
}

static bool is_held(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    const bool held = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

bool hub_busy(const char *cache, const struct hub_spec *spec, bool *busy) {
    char folder[HUB_PATH], path[HUB_PATH];
    struct hub_names names = {0};
    *busy = false;
    errno = ENAMETOOLONG;
    const bool good = hub_lock_path(folder, cache, spec, "") && hub_walk(folder, false, &names);
    const int why = errno;
    for (size_t i = 0; good && i < names.n && !*busy; i++)
        *busy = snprintf(path, sizeof path, "%s/%s", folder, names.items[i]) < (int)sizeof path &&
                is_held(path);
    hub_names_free(&names);
    errno = why;
    return good;
}

bool hub_remove_folder(const char *path) {
    DIR *dir = opendir(path);
    if (!dir) return false;
    bool good = true;
    struct dirent *entry;
    while (good && (errno = 0, entry = readdir(dir))) {
        char below[HUB_PATH];
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        errno = ENAMETOOLONG;
        good = snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below &&
               lstat(below, &st) == 0;
        if (good) good = S_ISDIR(st.st_mode) ? hub_remove_folder(below) : unlink(below) == 0;
    }
    const int why = errno;
    closedir(dir);
    errno = why;
    return good && why == 0 && rmdir(path) == 0;
}
