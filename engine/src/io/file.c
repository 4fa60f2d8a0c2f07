#define _POSIX_C_SOURCE 200809L
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/replace.h"

static vidi_status failed(struct vd_ctx *ctx, const char *path, const char *what) {
    char words[128];
    if (strerror_r(errno, words, sizeof words) != 0) snprintf(words, sizeof words, "unknown error");
    return vd_fail(ctx, VIDI_E_IO, "%.600s: cannot be %s: %s", path, what, words);
}

static vidi_status check_kind(struct vd_ctx *ctx, const char *path, const struct stat *st) {
    if (S_ISREG(st->st_mode)) return VIDI_OK;
    return vd_fail(ctx, VIDI_E_IO, "%.600s: is %s, not a file", path,
                   S_ISDIR(st->st_mode)    ? "a directory"
                   : S_ISFIFO(st->st_mode) ? "a pipe"
                                           : "a device");
}

vidi_status file_open(struct vd_ctx *ctx, const char *path, int *fd, uint64_t *bytes) {
    /* Without O_NONBLOCK the opening of a FIFO waits for a writer. */
    const int f = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f < 0) return failed(ctx, path, "opened");
    struct stat st;
    vidi_status status = fstat(f, &st) == 0 ? VIDI_OK : failed(ctx, path, "examined");
    if (status == VIDI_OK) status = check_kind(ctx, path, &st);
    if (status != VIDI_OK) {
        close(f);
        return status;
    }
    *fd = f;
    *bytes = (uint64_t)st.st_size;
    return VIDI_OK;
}

/* The bytes read in *got; fewer than asked for when the file ends. False: errno has the reason. */
static bool read_all(int fd, char *to, uint64_t bytes, uint64_t *got) {
    for (*got = 0; *got < bytes;) {
        const ssize_t n = read(fd, to + *got, bytes - *got);
        if (n == 0) return true;
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) *got += (uint64_t)n;
    }
    return true;
}

static vidi_status take(struct vd_ctx *ctx, const char *path, int fd, uint64_t bytes, void **data) {
    /* One byte more is asked for, so that a file that grew is seen. */
    char *block = vd_alloc(ctx, bytes + 1);
    uint64_t got;
    vidi_status status = VIDI_OK;
    if (!block)
        status = VIDI_E_MEMORY;
    else if (!read_all(fd, block, bytes + 1, &got))
        status = failed(ctx, path, "read");
    else if (got != bytes)
        status = vd_fail(ctx, VIDI_E_IO, "%.600s: changed its length while it was read", path);
    if (status == VIDI_OK)
        *data = block;
    else
        vd_free(ctx, block);
    return status;
}

vidi_status file_read(struct vd_ctx *ctx, const char *path, struct file_limit limit, void **data,
                      uint64_t *bytes) {
    int fd;
    TRY(file_open(ctx, path, &fd, bytes));
    vidi_status status;
    if (*bytes > limit.bytes)
        status = vd_fail(ctx, limit.status, "%.600s: has %llu bytes, and the limit is %llu", path,
                         (unsigned long long)*bytes, (unsigned long long)limit.bytes);
    else
        status = take(ctx, path, fd, *bytes, data);
    close(fd);
    return status;
}

vidi_status file_write(struct vd_ctx *ctx, const char *path, const struct file_part *parts,
                       uint32_t n_parts) {
    struct replace *r = vd_alloc(ctx, sizeof *r);
    if (!r) return VIDI_E_MEMORY;
    bool good = replace_open(r, path, 0666);
    for (uint32_t i = 0; good && i < n_parts; i++)
        good = replace_write(r, parts[i].data, parts[i].bytes);
    good = good && replace_done(r);
    const vidi_status status =
        good ? VIDI_OK : vd_fail(ctx, VIDI_E_IO, "%.600s: cannot be written: %s", path, r->why);
    vd_free(ctx, r);
    return status;
}
