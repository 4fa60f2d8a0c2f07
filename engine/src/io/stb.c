#include "io/stb.h"

#include <limits.h>
#include <string.h>

/* In front of each block: the decoder loses some when it fails in the middle, so all are known. */
struct block {
    _Alignas(16) struct block *next;
    struct block **link; /* what points here */
};

/* The decoder's hooks have no argument for a user, so the heap of the call in progress stands in a
 * variable of its thread. */
static _Thread_local struct {
    struct vd_ctx *ctx;
    struct block *blocks;
    uint64_t cap, base; /* base: live bytes when the call began */
    bool capped, out_of_memory;
} heap;

static void *heap_alloc(size_t bytes) {
    const uint64_t used = heap.ctx->heap.live_bytes - heap.base;
    if (bytes > heap.cap - used || sizeof(struct block) > heap.cap - used - bytes) {
        heap.capped = true;
        return NULL;
    }
    struct block *block = vd_alloc(heap.ctx, bytes + sizeof *block);
    if (!block) {
        heap.out_of_memory = true;
        return NULL;
    }
    *block = (struct block){heap.blocks, &heap.blocks};
    if (block->next) block->next->link = &block->next;
    heap.blocks = block;
    return block + 1;
}

/* Takes a block out of the list, but leaves it allocated. */
static struct block *heap_keep(void *data) {
    struct block *block = (struct block *)data - 1;
    *block->link = block->next;
    if (block->next) block->next->link = block->link;
    return block;
}

static void heap_free(void *data) {
    if (data) vd_free(heap.ctx, heap_keep(data));
}

static void *heap_realloc(void *old, size_t old_bytes, size_t bytes) {
    void *data = heap_alloc(bytes);
    if (!data) return NULL;
    if (old) memcpy(data, old, old_bytes < bytes ? old_bytes : bytes);
    heap_free(old);
    return data;
}

#define STBI_MALLOC(bytes)                         heap_alloc(bytes)
#define STBI_FREE(data)                            heap_free(data)
#define STBI_REALLOC_SIZED(data, old_bytes, bytes) heap_realloc(data, old_bytes, bytes)
#define STBI_ASSERT(cond)                          ((void)0)
#define STBI_MAX_DIMENSIONS                        65535
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_ONLY_PNG
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
/* Some of its static functions are declared only; that is told at the end of this file. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>

static vidi_status failed(struct vd_ctx *ctx, const struct stb_input *in) {
    if (heap.out_of_memory) return VIDI_E_MEMORY;
    if (heap.capped)
        return vd_fail(ctx, VIDI_E_IMAGE,
                       "%.600s: decoding needs more than the limit of %llu bytes", in->name,
                       (unsigned long long)in->cap);
    const char *why = stbi_failure_reason();
    return vd_fail(ctx, VIDI_E_IMAGE, "%.600s: the picture is damaged or of an unusual kind: %s",
                   in->name, why ? why : "unknown");
}

vidi_status stb_decode(struct vd_ctx *ctx, const struct stb_input *in, struct stb_pixels *out) {
    if (in->bytes > INT_MAX)
        return vd_fail(ctx, VIDI_E_IMAGE, "%.600s: has %llu bytes, and the limit is %d", in->name,
                       (unsigned long long)in->bytes, INT_MAX);
    heap.ctx = ctx;
    heap.cap = in->cap;
    heap.base = ctx->heap.live_bytes;
    heap.capped = heap.out_of_memory = false;
    int width = 0, height = 0, channels = 0;
    stbi_uc *data = stbi_load_from_memory(in->data, (int)in->bytes, &width, &height, &channels, 0);
    if (data) heap_keep(data);
    while (heap.blocks) heap_free(heap.blocks + 1);
    heap.ctx = NULL;
    if (!data) return failed(ctx, in);
    *out = (struct stb_pixels){data, (uint32_t)width, (uint32_t)height, (uint32_t)channels};
    return VIDI_OK;
}

void stb_free(struct vd_ctx *ctx, struct stb_pixels *pixels) {
    vd_free(ctx, (struct block *)(void *)pixels->data - 1);
    *pixels = (struct stb_pixels){0};
}
