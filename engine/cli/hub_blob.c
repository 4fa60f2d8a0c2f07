#include "hub_blob.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hub_hash.h"
#include "out.h"

enum { WORTH_AN_ATTEMPT = 1 << 20, NOTE_MAX = 2048 };

struct blob {
    struct hub_job *job;
    const struct hub_file *file;
    char path[HUB_PATH], part[HUB_PATH], phase[48];
    int fd, lock;
    struct hub_hash hash;
    uint64_t have;
    bool resumed; /* some of the bytes came earlier or from another request */
    bool fatal;   /* the next attempt would fail alike */
    struct hub_note note;
};

static enum http_result failed(struct blob *b, const char *fmt, ...) CLI_PRINTF(2, 3);
static enum http_result failed(struct blob *b, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(b->job->http.error, sizeof b->job->http.error, fmt, args);
    va_end(args);
    return HTTP_FAILED;
}

static bool stopped(const struct hub_job *job) {
    return job->http.stopped && job->http.stopped(job->http.user);
}

static bool write_all(int fd, const void *bytes, size_t n) {
    for (const char *at = bytes; n > 0;) {
        const ssize_t m = write(fd, at, n);
        if (m < 0 && errno == EINTR) continue;
        if (m <= 0) return false;
        at += m;
        n -= (size_t)m;
    }
    return true;
}

bool hub_note_read(const char *cache, const struct hub_spec *spec, const char *hash,
                   struct hub_note *note) {
    char path[HUB_PATH], text[NOTE_MAX + 1], *rest = text;
    *note = (struct hub_note){0};
    if (!hub_lock_path(path, cache, spec, hash)) return false;
    FILE *file = hub_open(path);
    if (!file) return false;
    text[fread(text, 1, NOTE_MAX, file)] = '\0';
    fclose(file);
    char *lines[3];
    for (int i = 0; i < 3; i++) {
        lines[i] = rest;
        rest = strchr(rest, '\n');
        if (!rest) return false;
        *rest++ = '\0';
    }
    if (strlen(lines[2]) >= sizeof note->validator || !hub_name_ok(lines[1])) return false;
    note->size = strtoull(lines[0], NULL, 10);
    snprintf(note->name, sizeof note->name, "%s", lines[1]);
    snprintf(note->validator, sizeof note->validator, "%s", lines[2]);
    return true;
}

/* A weak tag cannot stand in If-Range. */
static bool write_note(struct blob *b, const char *etag) {
    char text[NOTE_MAX];
    const bool strong = etag[0] == '"';
    snprintf(b->note.validator, sizeof b->note.validator, "%s", strong ? etag : "");
    const int n = snprintf(text, sizeof text, "%" PRIu64 "\n%s\n%s\n", b->file->size, b->file->name,
                           b->note.validator);
    return ftruncate(b->lock, 0) == 0 && lseek(b->lock, 0, SEEK_SET) == 0 &&
           write_all(b->lock, text, (size_t)n);
}

static bool start_over(struct blob *b) {
    b->have = 0;
    return ftruncate(b->fd, 0) == 0 && lseek(b->fd, 0, SEEK_SET) == 0 &&
           hub_hash_open(&b->hash, b->file->hash, b->file->size);
}

static bool refuse(struct blob *b, bool fatal, const char *words) {
    b->fatal = fatal;
    failed(b, fatal ? "%s: %s" : "%s", words, strerror(errno));
    return false;
}

static bool on_begin(void *user, const struct http_reply *reply) {
    struct blob *b = user;
    const int64_t size = (int64_t)b->file->size;
    if (reply->status == 206) {
        if (b->have == 0 || reply->range_start != (int64_t)b->have || reply->range_end >= size ||
            (reply->range_total >= 0 && reply->range_total != size))
            return refuse(b, false, "the server sent another range than the one asked for");
        b->resumed = true;
    } else {
        if (reply->length >= 0 && reply->length != size)
            return refuse(b, false, "the server sends another number of bytes than it announced");
        if (!start_over(b)) return refuse(b, true, b->part);
    }
    return write_note(b, reply->etag) || refuse(b, true, "the lock file");
}

static bool on_bytes(void *user, const void *bytes, size_t n) {
    struct blob *b = user;
    if (n > b->file->size - b->have)
        return refuse(b, false, "the server sent more bytes than it announced");
    if (!write_all(b->fd, bytes, n) || !hub_hash_add(&b->hash, bytes, n))
        return refuse(b, true, b->part);
    b->have += n;
    b->job->on_progress(b->job->user, b->phase, b->have, b->file->size);
    return true;
}

static enum http_result attempt(struct blob *b, const char *url) {
    struct http_reply reply;
    const struct http_request request = {.url = url,
                                         .from = b->have,
                                         .validator = b->note.validator,
                                         .begin = on_begin,
                                         .bytes = on_bytes,
                                         .user = b};
    const enum http_result result = http_try(&b->job->http, &request, &reply);
    if (result == HTTP_DONE && b->have < b->file->size) {
        failed(b, "the connection ended before the file did");
        return HTTP_AGAIN;
    }
    const bool unwanted = result == HTTP_REFUSED || (result == HTTP_FAILED && reply.status == 416);
    if (!unwanted) return result;
    if (b->fatal) return HTTP_FAILED;
    return start_over(b) ? HTTP_AGAIN : failed(b, "%s: %s", b->part, strerror(errno));
}

static enum http_result transfer(struct blob *b, const char *url) {
    int tries = 0;
    while (b->have < b->file->size) {
        const uint64_t before = b->have;
        enum http_result result = attempt(b, url);
        if (b->have > before && b->have - before >= WORTH_AN_ATTEMPT) tries = 0;
        if (result == HTTP_AGAIN) result = http_wait(&b->job->http, ++tries);
        if (result != HTTP_AGAIN && result != HTTP_DONE) return result;
    }
    return HTTP_DONE;
}

/* HTTP_AGAIN: the hash is another, and older bytes may be to blame. */
static enum http_result check(struct blob *b) {
    char digits[HUB_HASH_CAP];
    if (!hub_hash_close(&b->hash, digits)) return failed(b, "its hash cannot be computed");
    if (strcmp(digits, b->file->hash) == 0) return HTTP_DONE;
    const bool again = b->resumed;
    b->resumed = false;
    if (again && start_over(b)) return HTTP_AGAIN;
    unlink(b->part);
    return failed(b, "damaged on its way: its hash is %.16s..., the hub says %.16s...", digits,
                  b->file->hash);
}

static bool sync_folder_of(const char *path) {
    char folder[HUB_PATH];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return good;
}

static enum http_result keep(struct blob *b) {
    if (fsync(b->fd) != 0 || rename(b->part, b->path) != 0 || !sync_folder_of(b->path))
        return failed(b, "%s: %s", b->path, strerror(errno));
    (void)!ftruncate(b->lock, 0); /* a note too many harms nobody */
    return HTTP_DONE;
}

static bool on_hashed(void *user, uint64_t done) {
    struct blob *b = user;
    b->job->on_progress(b->job->user, "checking what is there", done, b->file->size);
    return !stopped(b->job);
}

/* Opens what an earlier fetch left and reads it into the hash. */
static enum http_result take_up(struct blob *b) {
    struct stat st;
    b->fd = open(b->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (b->fd < 0 || fstat(b->fd, &st) != 0) return failed(b, "%s: %s", b->part, strerror(errno));
    if (!S_ISREG(st.st_mode)) return failed(b, "%s: is not a file", b->part);
    if (!hub_hash_open(&b->hash, b->file->hash, b->file->size))
        return failed(b, "%s: %s", b->part, strerror(errno));
    if ((uint64_t)st.st_size > b->file->size)
        return start_over(b) ? HTTP_DONE : failed(b, "%s: %s", b->part, strerror(errno));
    if (!hub_hash_file(&b->hash, b->fd, (uint64_t)st.st_size, on_hashed, b))
        return stopped(b->job) ? HTTP_STOPPED : failed(b, "%s: %s", b->part, strerror(errno));
    b->have = (uint64_t)st.st_size;
    b->resumed = b->have > 0;
    hub_note_read(b->job->cache, &b->job->spec, b->file->hash, &b->note);
    return HTTP_DONE;
}

static enum http_result lock(struct blob *b) {
    char path[HUB_PATH];
    if (!hub_lock_path(path, b->job->cache, &b->job->spec, b->file->hash))
        return failed(b, "the cache folder's name is too long");
    b->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    struct stat st;
    if (b->lock < 0 || fstat(b->lock, &st) != 0) return failed(b, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return failed(b, "%s: is not a file", path);
    while (flock(b->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failed(b, "%s: %s", path, strerror(errno));
        if (stopped(b->job)) return HTTP_STOPPED;
        b->job->on_progress(b->job->user, "waiting for another download of it", 0, 0);
        const struct timespec nap = {.tv_nsec = 100 * 1000 * 1000};
        nanosleep(&nap, NULL);
    }
    return HTTP_DONE;
}

static bool paths_of(const struct hub_job *job, const struct hub_file *file, char path[HUB_PATH],
                     char part[HUB_PATH]) {
    return hub_path(path, job->cache, &job->spec, "/blobs/%s", file->hash) &&
           hub_path(part, job->cache, &job->spec, "/blobs/%s.incomplete", file->hash);
}

uint64_t hub_blob_missing(const struct hub_job *job, const struct hub_file *file) {
    char path[HUB_PATH], part[HUB_PATH];
    struct stat st;
    if (!paths_of(job, file, path, part)) return file->size;
    if (stat(path, &st) == 0 && (uint64_t)st.st_size == file->size) return 0;
    if (stat(part, &st) != 0 || (uint64_t)st.st_size > file->size) return file->size;
    return file->size - (uint64_t)st.st_size;
}

static bool is_there(const struct blob *b) {
    struct stat st;
    return stat(b->path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == b->file->size;
}

static enum http_result fetch(struct blob *b, const char *url) {
    enum http_result result = take_up(b);
    while (result == HTTP_DONE || result == HTTP_AGAIN) {
        result = transfer(b, url);
        if (result == HTTP_DONE) result = check(b);
        if (result == HTTP_DONE) return keep(b);
    }
    return result;
}

enum http_result hub_blob_fetch(struct hub_job *job, struct hub_file *file, const char *url) {
    struct blob b = {.job = job, .file = file, .fd = -1, .lock = -1};
    const char *slash = strrchr(file->name, '/');
    snprintf(b.phase, sizeof b.phase, "fetching %.38s", slash ? slash + 1 : file->name);
    if (!paths_of(job, file, b.path, b.part))
        return failed(&b, "the cache folder's name is too long");
    enum http_result result = lock(&b);
    if (result == HTTP_DONE && !is_there(&b)) {
        result = fetch(&b, url);
        file->fetched = result == HTTP_DONE;
    }
    hub_hash_drop(&b.hash);
    if (b.fd >= 0) close(b.fd);
    if (b.lock >= 0) close(b.lock);
    return result;
}
