#include "hub_pull.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/json_cost.h"
#include "base/replace.h"
#include "environment.h"
#include "hub_hash.h"
#include "out.h"

enum { ANSWER_MAX = 32 << 20, ANSWER_COST = 256 << 20, DISK_RESERVE = 16 << 20, EXABYTE_BITS = 60 };

struct answer {
    char *text;
    size_t n, cap;
};

static enum http_result failed(struct hub_pull *p, const char *fmt, ...) CLI_PRINTF(2, 3);
static enum http_result failed(struct hub_pull *p, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(p->error, sizeof p->error, fmt, args);
    va_end(args);
    return HTTP_FAILED;
}

/* "OWNER/NAME: WORDS", "OWNER/NAME, FILE: WORDS" */
static enum http_result said(struct hub_pull *p, enum http_result result, const char *file,
                             const char *words) {
    failed(p, "%s/%s%s%.300s: %.500s", p->job.spec.owner, p->job.spec.name, *file ? ", " : "", file,
           words);
    return result;
}

static bool append(char url[HTTP_URL], const char *const *parts) {
    for (; *parts; parts++)
        if (!http_append(url, *parts)) return false;
    return true;
}

static bool url_of(const struct hub_pull *p, char url[HTTP_URL], const char *const *parts) {
    const int n = snprintf(url, HTTP_URL, "%s", p->job.http.endpoint);
    return n < HTTP_URL && append(url, parts);
}

static bool on_answer_begin(void *user, const struct http_reply *reply) {
    (void)reply;
    ((struct answer *)user)->n = 0;
    return true;
}

static bool on_answer(void *user, const void *bytes, size_t n) {
    struct answer *a = user;
    if (n > ANSWER_MAX - a->n) return false;
    if (a->n + n > a->cap) {
        const size_t cap = (a->n + n) * 2;
        char *text = realloc(a->text, cap);
        if (!text) return false;
        a->text = text;
        a->cap = cap;
    }
    memcpy(a->text + a->n, bytes, n);
    a->n += n;
    return true;
}

static enum http_result read_listing(struct hub_pull *p, json_t *document, struct hub_names *all) {
    const char *commit = json_string_value(json_object_get(document, "sha"));
    const json_t *siblings = json_object_get(document, "siblings");
    if (!commit || strlen(commit) != 40 || !hub_hash_ok(commit) || !json_is_array(siblings))
        return said(p, HTTP_FAILED, "",
                    "the hub's answer has no commit (sha) or no files (siblings)");
    snprintf(p->job.commit, sizeof p->job.commit, "%.64s", commit);
    for (size_t i = 0; i < json_array_size(siblings); i++) {
        const char *name =
            json_string_value(json_object_get(json_array_get(siblings, i), "rfilename"));
        /* A name that leaves its folder is no file of ours. */
        if (!name || !hub_name_ok(name)) continue;
        if (!hub_names_add(all, name)) return said(p, HTTP_FAILED, "", "too many files");
    }
    hub_names_sort(all);
    return HTTP_DONE;
}

static enum http_result list_files(struct hub_pull *p, struct hub_names *all) {
    const struct hub_spec *s = &p->job.spec;
    char url[HTTP_URL], revision[HTTP_URL] = "", why[200];
    struct answer a = {0};
    struct http_reply reply;
    const char *const parts[] = {"/api/models/", s->owner, "/", s->name, "/revision/", NULL};
    if (!url_of(p, url, parts) || !http_append(revision, s->revision)) return HTTP_FAILED;
    /* A revision such as refs/pr/1 is one part of the address. */
    for (const char *c = revision; *c && strlen(url) + 4 < sizeof url; c++)
        snprintf(url + strlen(url), 4, *c == '/' ? "%%2F" : "%c", *c);
    const struct http_request request = {
        .url = url, .begin = on_answer_begin, .bytes = on_answer, .user = &a};
    enum http_result result = http_do(&p->job.http, &request, &reply);
    if (result == HTTP_REFUSED)
        snprintf(p->job.http.error, HTTP_WORDS, "its list of files is too long");
    if (result != HTTP_DONE) {
        free(a.text);
        return said(p, result, "", p->job.http.error);
    }
    if (json_cost(a.text, a.n) > ANSWER_COST) {
        free(a.text);
        return said(p, HTTP_FAILED, "", "the hub's answer holds more values than a list of files");
    }
    json_error_t error;
    json_t *document = json_loadb(a.text ? a.text : "", a.n, 0, &error);
    snprintf(why, sizeof why, "the hub's answer is no JSON: %.150s", document ? "" : error.text);
    result = document ? read_listing(p, document, all) : said(p, HTTP_FAILED, "", why);
    json_decref(document);
    free(a.text);
    return result;
}

static bool file_url(const struct hub_pull *p, const char *name, char url[HTTP_URL]) {
    const struct hub_spec *s = &p->job.spec;
    const char *const parts[] = {"/",           s->owner, "/",  s->name, "/resolve/",
                                 p->job.commit, "/",      name, NULL};
    return url_of(p, url, parts);
}

/* The hash in an ETag: without W/ and quotes. */
static bool read_hash(const char *etag, char hash[HUB_HASH_CAP]) {
    if (strncmp(etag, "W/", 2) == 0) etag += 2;
    if (*etag == '"') etag++;
    const size_t n = strcspn(etag, "\"");
    if (n >= HUB_HASH_CAP) return false;
    memcpy(hash, etag, n);
    hash[n] = '\0';
    return hub_hash_ok(hash);
}

static enum http_result look_up(struct hub_pull *p, struct hub_file *file) {
    char url[HTTP_URL];
    struct http_reply reply;
    if (!file_url(p, file->name, url))
        return said(p, HTTP_FAILED, file->name, "its address is too long");
    const struct http_request request = {.url = url, .head = true};
    const enum http_result result = http_do(&p->job.http, &request, &reply);
    if (result != HTTP_DONE) return said(p, result, file->name, p->job.http.error);
    const bool linked = reply.linked_etag[0] != '\0';
    const int64_t size = reply.linked_size >= 0 ? reply.linked_size : reply.length;
    if (!read_hash(linked ? reply.linked_etag : reply.etag, file->hash))
        return said(p, HTTP_FAILED, file->name, "the hub does not say what it should hash to");
    if (size < 0 || size >> EXABYTE_BITS)
        return said(p, HTTP_FAILED, file->name, "the hub does not say how large it is");
    if (reply.commit[0] && strcmp(reply.commit, p->job.commit) != 0)
        return said(p, HTTP_FAILED, file->name, "the hub answered for another commit");
    file->size = (uint64_t)size;
    return HTTP_DONE;
}

static enum http_result look_up_all(struct hub_pull *p) {
    const size_t n = p->choice.files.n;
    p->files = calloc(n, sizeof *p->files);
    if (!p->files) return failed(p, "no memory for %zu files", n);
    for (size_t i = 0; i < n; i++) {
        p->files[i].name = p->choice.files.items[i];
        p->job.on_progress(p->job.user, "asking for sizes", i, n);
        const enum http_result result = look_up(p, &p->files[i]);
        if (result != HTTP_DONE) return result;
    }
    return HTTP_DONE;
}

static enum http_result make_folders(struct hub_pull *p) {
    char path[HUB_PATH];
    const char *const folders[] = {"/blobs", "/refs", "/snapshots"};
    bool good = true;
    for (int i = 0; good && i < 3; i++)
        good = hub_path(path, p->job.cache, &p->job.spec, "%s", folders[i]) && folder_make(path);
    good = good && hub_lock_path(path, p->job.cache, &p->job.spec, "") && folder_make(path);
    return good ? HTTP_DONE : failed(p, "%.900s: %s", path, strerror(errno));
}

static enum http_result check_space(struct hub_pull *p) {
    struct statvfs disk;
    uint64_t needed = 0;
    char a[32], b[32];
    for (size_t i = 0; i < p->choice.files.n; i++) {
        const uint64_t missing = hub_blob_missing(&p->job, &p->files[i]);
        if (missing > UINT64_MAX / 2 - needed) return failed(p, "the files are too large");
        needed += missing;
    }
    if (needed == 0 || statvfs(p->job.cache, &disk) != 0) return HTTP_DONE;
    const double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize;
    if ((double)needed + DISK_RESERVE <= free_bytes) return HTTP_DONE;
    return failed(p, "%.600s: %s are still to be fetched, %s are free", p->job.cache,
                  text_bytes(a, sizeof a, (double)needed), text_bytes(b, sizeof b, free_bytes));
}

static enum http_result fetch_all(struct hub_pull *p) {
    for (size_t i = 0; i < p->choice.files.n; i++) {
        char url[HTTP_URL];
        struct hub_file *file = &p->files[i];
        if (!file_url(p, file->name, url)) return HTTP_FAILED;
        const enum http_result result = hub_blob_fetch(&p->job, file, url);
        if (result != HTTP_DONE) return said(p, result, file->name, p->job.http.error);
    }
    return HTTP_DONE;
}

static bool make_parent(const char *path) {
    char folder[HUB_PATH];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    return folder_make(folder);
}

/* A link in the snapshot, relative, so that the cache can be moved. */
static bool link_file(struct hub_pull *p, const struct hub_file *file, char path[HUB_PATH]) {
    char target[HUB_PATH] = "../..", temporary[HUB_PATH];
    if (!hub_path(path, p->job.cache, &p->job.spec, "/snapshots/%s/%s", p->job.commit, file->name))
        return false;
    size_t n = strlen(target);
    for (const char *c = file->name; *c && n + 80 < sizeof target; c++)
        if (*c == '/') n += (size_t)snprintf(target + n, sizeof target - n, "/..");
    snprintf(target + n, sizeof target - n, "/blobs/%s", file->hash);
    if (!make_parent(path) ||
        !hub_path(temporary, p->job.cache, &p->job.spec, "/snapshots/.%ld.link", (long)getpid()))
        return false;
    unlink(temporary);
    if (symlink(target, temporary) != 0) return false;
    if (rename(temporary, path) == 0) return true;
    const int why = errno;
    unlink(temporary);
    errno = why;
    return false;
}

/* Backwards: the file that a model is found by comes last. */
static enum http_result link_all(struct hub_pull *p) {
    char path[HUB_PATH] = "";
    for (size_t i = p->choice.files.n; i-- > 0;)
        if (!link_file(p, &p->files[i], path))
            return failed(p, "%.900s: %s", path, strerror(errno));
    return HTTP_DONE;
}

static bool write_whole(const char *path, const char *text) {
    struct replace r;
    return replace_open(&r, path, 0666) && replace_write(&r, text, strlen(text)) &&
           replace_done(&r);
}

static enum http_result write_ref(struct hub_pull *p) {
    char path[HUB_PATH];
    const struct hub_job *job = &p->job;
    if (hub_hash_ok(job->spec.revision)) return HTTP_DONE; /* a commit stands for itself */
    const bool good = hub_path(path, job->cache, &job->spec, "/refs/%s", job->spec.revision) &&
                      make_parent(path) && write_whole(path, job->commit);
    return good ? HTTP_DONE : failed(p, "%.900s: %s", path, strerror(errno));
}

static enum http_result choose(struct hub_pull *p) {
    struct hub_names all = {0};
    char why[HUB_WORDS];
    enum http_result result = list_files(p, &all);
    if (result == HTTP_DONE && !hub_choose(&all, p->job.spec.tag, &p->choice, why, sizeof why))
        result = said(p, HTTP_FAILED, "", why);
    hub_names_free(&all);
    return result;
}

enum http_result hub_pull(struct hub_pull *p) {
    static enum http_result (*const steps[])(struct hub_pull *) = {
        choose, look_up_all, make_folders, check_space, fetch_all, link_all, write_ref};
    if (!http_open(&p->job.http)) return failed(p, "%s", p->job.http.error);
    enum http_result result = HTTP_DONE;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && result == HTTP_DONE; i++)
        result = steps[i](p);
    http_close(&p->job.http);
    return result;
}

void hub_pull_free(struct hub_pull *p) {
    hub_choice_free(&p->choice);
    free(p->files);
    p->files = NULL;
}

enum hub_verdict hub_verify(const char *path, const char *name, hub_on_bytes *on_bytes,
                            void *user) {
    struct hub_hash h = {0};
    struct stat st;
    char digits[HUB_HASH_CAP];
    if (!hub_hash_ok(name)) return HUB_UNKNOWN;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum hub_verdict verdict = HUB_UNREADABLE;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        hub_hash_open(&h, name, (uint64_t)st.st_size)) {
        const bool read = hub_hash_file(&h, fd, (uint64_t)st.st_size, on_bytes, user);
        if (!read && errno == 0) verdict = HUB_STOPPED;
        if (read && hub_hash_close(&h, digits))
            verdict = strcmp(digits, name) == 0 ? HUB_GOOD : HUB_DAMAGED;
    }
    hub_hash_drop(&h);
    if (fd >= 0) close(fd);
    return verdict;
}
