#include "io/gguf.h"

#include <string.h>

#include "base/survive.h"
#include "io/gguf_read.h"
#include "io/safetensors.h"

static vidi_status begin(struct vd_ctx *ctx, const char *path, struct gguf *g) {
    *g = (struct gguf){.ctx = ctx};
    arena_open(&g->arena, ctx);
    g->path = arena_text(&g->arena, path, strlen(path));
    return g->path ? VIDI_OK : VIDI_E_MEMORY;
}

vidi_status gguf_open_one(struct vd_ctx *ctx, const char *path, struct gguf *g) {
    TRY(begin(ctx, path, g));
    TRY(mapped_open(g->ctx, g->path, "a GGUF file", &g->file));
    g->map = g->file.data;
    g->file_bytes = g->file.bytes;
    TRY(gguf_still_whole(g));
    TRY(gguf_parse(g, g->map, g->file_bytes));
    TRY(mapped_keep(g->ctx, g->path, &g->file, g->data_start)); /* keys and names point there */
    return gguf_still_whole(g);
}

vidi_status gguf_open(struct vd_ctx *ctx, const char *path, struct gguf *out) {
    vidi_status status = gguf_open_one(ctx, path, out);
    if (status == VIDI_OK) status = gguf_join_shards(out);
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
    for (uint32_t i = 0; i < g->n_shards; i++) gguf_close(&g->shards[i]);
    mapped_close(&g->file);
    if (g->folder) safetensors_folder_close(g->folder);
    if (g->ctx) arena_close(&g->arena);
    *g = (struct gguf){0};
}

vidi_status gguf_copy(const struct gguf *g, const struct gguf_tensor *t, uint64_t at, void *to,
                      uint64_t bytes) {
    if (survive_copy(to, (const unsigned char *)t->data + at, (size_t)bytes)) return VIDI_OK;
    TRY(gguf_still_whole(g));
    return vd_fail(g->ctx, VIDI_E_IO, "%.600s: tensor %.*s cannot be read", g->path,
                   (int)t->name.len, t->name.ptr);
}

vidi_status gguf_still_whole(const struct gguf *g) {
    for (uint32_t i = 0; i < g->n_shards; i++) TRY(gguf_still_whole(&g->shards[i]));
    for (uint32_t i = 0; g->folder && i < g->folder->n_shards; i++)
        TRY(safetensors_still_whole(&g->folder->shards[i]));
    return mapped_still_whole(g->ctx, g->path, &g->file);
}
