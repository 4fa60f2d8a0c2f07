#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The size stands before the block, so that vd_free can count; 16 keeps the block aligned. */
enum { HEAD = 16 };

vidi_status vd_fail(struct vd_ctx *ctx, vidi_status status, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    /* The words may quote the older ones, so they are written beside them first. */
    char words[sizeof ctx->error];
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    memcpy(ctx->error, words, sizeof words);
    ctx->status = status;
    return status;
}

void vd_log(struct vd_ctx *ctx, int level, const char *fmt, ...) {
    if (!ctx->log) return;
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    ctx->log(ctx->user, level, line);
}

void *vd_alloc(struct vd_ctx *ctx, uint64_t bytes) {
    struct vd_heap *heap = &ctx->heap;
    heap->n_allocs++;
    const bool refused = heap->n_allocs == heap->fail_at || bytes > SIZE_MAX - HEAD ||
                         (heap->most_bytes && (bytes > heap->most_bytes ||
                                               heap->live_bytes > heap->most_bytes - bytes));
    char *block = refused ? NULL : calloc(1, (size_t)bytes + HEAD);
    if (!block) {
        vd_fail(ctx, VIDI_E_MEMORY, "out of memory: %llu bytes were asked for",
                (unsigned long long)bytes);
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    heap->live_bytes += bytes;
    if (heap->live_bytes > heap->peak_bytes) heap->peak_bytes = heap->live_bytes;
    return block + HEAD;
}

void vd_zero(void *ptr, uint64_t bytes) {
    static void *(*const volatile set)(void *, int, size_t) = memset;
    set(ptr, 0, (size_t)bytes);
}

void vd_free(struct vd_ctx *ctx, void *ptr) {
    if (!ptr) return;
    char *block = (char *)ptr - HEAD;
    uint64_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    ctx->heap.live_bytes -= bytes;
    if (ctx->heap.zero_on_free) vd_zero(block, bytes + HEAD);
    free(block);
}
