#define _POSIX_C_SOURCE 200809L
#include "io/mapped.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/survive.h"
#include "io/file.h"

static vidi_status map(struct vd_ctx *ctx, const char *path, const char *what, struct mapped *m) {
    if (m->bytes == 0) return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: is empty, not %s", path, what);
    if (m->bytes > SIZE_MAX)
        return vd_fail(ctx, VIDI_E_MEMORY, "%.600s: %llu bytes are too many to map", path,
                       (unsigned long long)m->bytes);
    void *data = mmap(NULL, (size_t)m->bytes, PROT_READ, MAP_PRIVATE, m->fd, 0);
    if (data == MAP_FAILED)
        return vd_fail(ctx, errno == ENOMEM ? VIDI_E_MEMORY : VIDI_E_IO,
                       "%.600s: %llu bytes cannot be mapped into memory", path,
                       (unsigned long long)m->bytes);
    m->data = data;
    return VIDI_OK;
}

vidi_status mapped_open(struct vd_ctx *ctx, const char *path, const char *what,
                        struct mapped *out) {
    struct mapped m = {0};
    *out = m;
    TRY(file_open(ctx, path, &m.fd, &m.bytes));
    struct stat st = {0};
    vidi_status status = VIDI_OK;
    if (fstat(m.fd, &st) != 0) status = vd_fail(ctx, VIDI_E_IO, "%.600s: cannot be examined", path);
    m.changed_s = st.st_mtim.tv_sec;
    m.changed_ns = st.st_mtim.tv_nsec;
    if (status == VIDI_OK) status = map(ctx, path, what, &m);
    if (status == VIDI_OK)
        *out = m;
    else
        close(m.fd);
    return status;
}

vidi_status mapped_keep(struct vd_ctx *ctx, const char *path, const struct mapped *m,
                        uint64_t bytes) {
    if (!m->bytes) return VIDI_OK;
    if (bytes > m->bytes) bytes = m->bytes;
    if (survive_keep((void *)(uintptr_t)m->data, (size_t)bytes)) return VIDI_OK;
    TRY(mapped_still_whole(ctx, path, m));
    return vd_fail(ctx, VIDI_E_IO, "%.600s: its first %llu bytes cannot be read", path,
                   (unsigned long long)bytes);
}

void mapped_close(struct mapped *m) {
    if (m->bytes) {
        munmap((void *)(uintptr_t)m->data, (size_t)m->bytes);
        close(m->fd);
    }
    *m = (struct mapped){0};
}

vidi_status mapped_still_whole(struct vd_ctx *ctx, const char *path, const struct mapped *m) {
    if (!m->bytes) return VIDI_OK;
    struct stat st;
    if (fstat(m->fd, &st) != 0) return vd_fail(ctx, VIDI_E_IO, "%.600s: cannot be examined", path);
    const bool same = st.st_mtim.tv_sec == m->changed_s && st.st_mtim.tv_nsec == m->changed_ns;
    if ((uint64_t)st.st_size == m->bytes && !same)
        return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: was written to while it was read", path);
    if ((uint64_t)st.st_size == m->bytes) return VIDI_OK;
    return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: had %llu bytes when it was opened and has %llu now",
                   path, (unsigned long long)m->bytes, (unsigned long long)st.st_size);
}
