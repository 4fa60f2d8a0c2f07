#include "io/gguf.h"

#include <string.h>

#include "io/gguf_read.h"

static vidi_status begin(struct vd_ctx *ctx, const char *path, struct gguf *g) {
    *g = (struct gguf){.ctx = ctx};
    arena_open(&g->arena, ctx);
    g->path = arena_text(&g->arena, path, strlen(path));
    return g->path ? VIDI_OK : VIDI_E_MEMORY;
}

static vidi_status open_file(struct gguf *g) {
    TRY(mapped_open(g->ctx, g->path, "a GGUF file", &g->file));
    g->map = g->file.data;
    g->file_bytes = g->file.bytes;
    TRY(gguf_still_whole(g));
    TRY(gguf_parse(g, g->map, g->file_bytes));
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
    mapped_close(&g->file);
    if (g->ctx) arena_close(&g->arena);
    *g = (struct gguf){0};
}

vidi_status gguf_still_whole(const struct gguf *g) {
    return mapped_still_whole(g->ctx, g->path, &g->file);
}
