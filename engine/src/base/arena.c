#include "base/arena.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

enum { FIRST_CHUNK = 4096, LARGEST_STEP = 1 << 20, ALIGN = 16 };

struct arena_chunk {
    struct arena_chunk *older;
    uint64_t used, size; /* bytes behind this header */
};

void arena_open(struct arena *a, struct vd_ctx *ctx) { *a = (struct arena){.ctx = ctx}; }

void arena_close(struct arena *a) {
    while (a->newest) {
        struct arena_chunk *older = a->newest->older;
        vd_free(a->ctx, a->newest);
        a->newest = older;
    }
}

static struct arena_chunk *add_chunk(struct arena *a, uint64_t bytes) {
    uint64_t size = a->newest ? a->newest->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_STEP) size = LARGEST_STEP;
    if (size < bytes) size = bytes;
    struct arena_chunk *chunk = vd_alloc(a->ctx, size + sizeof *chunk + ALIGN);
    if (!chunk) return NULL;
    *chunk = (struct arena_chunk){.older = a->newest, .size = size};
    a->newest = chunk;
    return chunk;
}

static void *too_much(struct arena *a, uint64_t count, uint64_t bytes_each) {
    vd_fail(a->ctx, VIDI_E_MEMORY, "out of memory: %llu x %llu bytes were asked for",
            (unsigned long long)count, (unsigned long long)bytes_each);
    return NULL;
}

void *arena_alloc(struct arena *a, uint64_t count, uint64_t bytes_each) {
    uint64_t bytes;
    if (!mul_ok(&bytes, count, bytes_each) || !align_ok(&bytes, bytes, ALIGN) ||
        bytes > UINT64_MAX / 2)
        return too_much(a, count, bytes_each);
    struct arena_chunk *chunk = a->newest;
    if (!chunk || chunk->size - chunk->used < bytes) chunk = add_chunk(a, bytes);
    if (!chunk) return NULL;
    const uint64_t head = align_up(sizeof *chunk, ALIGN);
    char *block = (char *)chunk + head + chunk->used;
    chunk->used += bytes;
    return block;
}

void *arena_grow(struct arena *a, void *items, uint32_t *cap, uint64_t bytes_each) {
    const uint32_t bigger = *cap ? *cap * 2 : 16;
    if (bigger < *cap) return too_much(a, UINT64_C(2) * *cap, bytes_each);
    void *block = arena_alloc(a, bigger, bytes_each);
    if (!block) return NULL;
    if (*cap) memcpy(block, items, *cap * bytes_each);
    *cap = bigger;
    return block;
}

char *arena_text(struct arena *a, const char *text, uint64_t len) {
    char *copy = len == UINT64_MAX ? too_much(a, len, 1) : arena_alloc(a, len + 1, 1);
    if (copy && len) memcpy(copy, text, len);
    return copy;
}

char *arena_print(struct arena *a, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = len < 0 ? too_much(a, UINT64_C(1) << 31, 1) : arena_alloc(a, (uint64_t)len + 1, 1);
    if (!text) return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return text;
}
