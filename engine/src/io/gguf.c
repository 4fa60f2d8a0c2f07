#define _POSIX_C_SOURCE 200809L
#include "io/gguf.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/gguf_read.h"

static vidi_status begin(struct vd_ctx *ctx, const char *path, struct gguf *g) {
    *g = (struct gguf){.ctx = ctx};
    arena_open(&g->arena, ctx);
    g->path = arena_text(&g->arena, path, strlen(path));
    return g->path ? VIDI_OK : VIDI_E_MEMORY;
}

static vidi_status map_file(struct gguf *g, int fd, uint64_t bytes) {
    if (bytes == 0)
        return vd_fail(g->ctx, VIDI_E_FORMAT, "%.600s: is empty, not a GGUF file", g->path);
    if (bytes > SIZE_MAX)
        return vd_fail(g->ctx, VIDI_E_MEMORY, "%.600s: %llu bytes are too many to map", g->path,
                       (unsigned long long)bytes);
    void *map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return vd_fail(g->ctx, errno == ENOMEM ? VIDI_E_MEMORY : VIDI_E_IO,
                       "%.600s: %llu bytes cannot be mapped into memory", g->path,
                       (unsigned long long)bytes);
    g->map = map;
    g->map_bytes = bytes;
    g->fd = fd;
    return VIDI_OK;
}

static vidi_status open_file(struct gguf *g) {
    int fd;
    uint64_t bytes;
    TRY(file_open(g->ctx, g->path, &fd, &bytes));
    const vidi_status status = map_file(g, fd, bytes);
    if (status != VIDI_OK) {
        close(fd);
        return status;
    }
    g->file_bytes = bytes;
    TRY(gguf_still_whole(g));
    TRY(gguf_parse(g, g->map, bytes));
    return gguf_still_whole(g);
}

vidi_status gguf_open(struct vd_ctx *ctx, const char *path, struct gguf *out) {
    vidi_status status = begin(ctx, path, out);
    if (status == VIDI_OK) status = open_file(out);
    if (status != VIDI_OK) gguf_close(out);
    return status;
}

vidi_status gguf_open_memory(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                             struct gguf *out) {
    vidi_status status = begin(ctx, name, out);
    if (status == VIDI_OK) {
        out->map = data;
        status = gguf_parse(out, data, bytes);
    }
    if (status != VIDI_OK) gguf_close(out);
    return status;
}

void gguf_close(struct gguf *g) {
    if (g->map_bytes) {
        munmap((void *)(uintptr_t)g->map, (size_t)g->map_bytes);
        close(g->fd);
    }
    if (g->ctx) arena_close(&g->arena);
    *g = (struct gguf){0};
}

vidi_status gguf_still_whole(const struct gguf *g) {
    if (!g->map_bytes) return VIDI_OK;
    struct stat st;
    if (fstat(g->fd, &st) != 0)
        return vd_fail(g->ctx, VIDI_E_IO, "%.600s: cannot be examined", g->path);
    if ((uint64_t)st.st_size == g->map_bytes) return VIDI_OK;
    return vd_fail(g->ctx, VIDI_E_FORMAT,
                   "%.600s: had %llu bytes when it was opened and has %llu now", g->path,
                   (unsigned long long)g->map_bytes, (unsigned long long)st.st_size);
}
