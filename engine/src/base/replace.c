#define _GNU_SOURCE /* O_TMPFILE, realpath() */
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum { TRIES = 16 };

static bool failed(struct replace *r, int reason, const char *words) {
    replace_drop(r);
    char buffer[128];
    snprintf(r->why, sizeof r->why, "%s",
             words ? words : strerror_r(reason, buffer, sizeof buffer));
    errno = reason;
    return false;
}

/* The bytes of r->path in front of the file's name, with the slash. */
static size_t folder_len(const struct replace *r) {
    const char *slash = strrchr(r->path, '/');
    return slash ? (size_t)(slash - r->path) + 1 : 0;
}

static bool name_beside(struct replace *r) {
    const size_t len = folder_len(r);
    const struct hash_key random = hash_draw();
    memcpy(r->beside, r->path, len);
    const int n = snprintf(r->beside + len, sizeof r->beside - len, ".vidi-%016llx.tmp",
                           (unsigned long long)(random.word[0] ^ random.word[1]));
    return n > 0 && (size_t)n < sizeof r->beside - len;
}

static int open_nameless(const struct replace *r, unsigned mode) {
    char folder[REPLACE_PATH] = ".";
    const size_t len = folder_len(r);
    if (len) {
        memcpy(folder, r->path, len);
        folder[len] = '\0';
    }
    return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

static int open_beside(struct replace *r, unsigned mode) {
    int fd = -1;
    for (int i = 0; i < TRIES && fd < 0; i++) {
        if (!name_beside(r)) {
            errno = ENAMETOOLONG;
            break;
        }
        fd = open(r->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0 && errno != EEXIST) break;
    }
    if (fd < 0) r->beside[0] = '\0';
    return fd;
}

/* Follows a link; a link to nowhere is replaced itself. */
static bool settle_path(struct replace *r, const char *path) {
    struct stat st;
    const size_t len = strlen(path);
    if (len == 0) return failed(r, ENOENT, NULL);
    if (len >= sizeof r->path) return failed(r, ENAMETOOLONG, NULL);
    memcpy(r->path, path, len + 1);
    if (stat(path, &st) != 0) return errno == ENOENT || failed(r, errno, NULL);
    if (S_ISDIR(st.st_mode)) return failed(r, EISDIR, "it is a directory, not a file");
    if (!S_ISREG(st.st_mode))
        return failed(r, EINVAL,
                      S_ISFIFO(st.st_mode) ? "it is a pipe, not a file"
                                           : "it is a device, not a file");
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) return true;
    char *real = realpath(path, NULL);
    const bool fits = real && strlen(real) < sizeof r->path;
    if (fits) memcpy(r->path, real, strlen(real) + 1);
    const int reason = real ? ENAMETOOLONG : errno;
    free(real);
    return fits || failed(r, reason, NULL);
}

bool replace_open_named(struct replace *r, const char *path, unsigned mode) {
    r->path[0] = r->beside[0] = r->why[0] = '\0';
    r->fd = -1;
    if (!settle_path(r, path)) return false;
    r->fd = open_beside(r, mode);
    return r->fd >= 0 || failed(r, errno, NULL);
}

bool replace_open(struct replace *r, const char *path, unsigned mode) {
    r->path[0] = r->beside[0] = r->why[0] = '\0';
    r->fd = -1;
    if (!settle_path(r, path)) return false;
    r->fd = open_nameless(r, mode);
    /* Which errors say that the file system cannot do it differs, so any is tried again. */
    return r->fd >= 0 || replace_open_named(r, path, mode);
}

bool replace_write(struct replace *r, const void *data, uint64_t bytes) {
    const char *from = data;
    for (uint64_t done = 0; done < bytes;) {
        const uint64_t left = bytes - done;
        const ssize_t n = write(r->fd, from + done, left < INT_MAX ? (size_t)left : INT_MAX);
        if (n < 0 && errno != EINTR) return failed(r, errno, NULL);
        if (n > 0) done += (uint64_t)n;
    }
    return true;
}

/* Gives a nameless file one. */
static bool link_beside(struct replace *r) {
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", r->fd);
    for (int i = 0; i < TRIES; i++) {
        if (!name_beside(r)) {
            errno = ENAMETOOLONG;
            break;
        }
        if (linkat(AT_FDCWD, from, AT_FDCWD, r->beside, AT_SYMLINK_FOLLOW) == 0) return true;
        if (errno != EEXIST) break;
    }
    r->beside[0] = '\0';
    return false;
}

/* Where there is no /proc a nameless file gets none: its bytes are copied to one with a name. */
static bool copy_beside(struct replace *r) {
    struct stat st;
    char buffer[65536];
    if (fstat(r->fd, &st) != 0) return false;
    const int from = r->fd;
    r->fd = open_beside(r, st.st_mode & 07777);
    if (r->fd < 0) {
        r->fd = from;
        return false;
    }
    bool good = lseek(from, 0, SEEK_SET) == 0;
    for (ssize_t n = 1; good && n != 0;) {
        n = read(from, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        good = n >= 0 && replace_write(r, buffer, (uint64_t)n);
    }
    const int reason = errno;
    close(from);
    errno = reason;
    return good && fsync(r->fd) == 0;
}

bool replace_done(struct replace *r) {
    if (fsync(r->fd) != 0 && errno != EINVAL) return failed(r, errno, NULL);
    if (!r->beside[0] && !link_beside(r) && !copy_beside(r)) return failed(r, errno, NULL);
    const int fd = r->fd;
    r->fd = -1;
    if (close(fd) != 0 || rename(r->beside, r->path) != 0) return failed(r, errno, NULL);
    r->beside[0] = '\0';
    return true;
}

void replace_drop(struct replace *r) {
    const int reason = errno;
    if (r->fd >= 0) close(r->fd);
    if (r->beside[0]) unlink(r->beside);
    r->fd = -1;
    r->beside[0] = '\0';
    errno = reason;
}
