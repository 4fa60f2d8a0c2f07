/* arena.h - memory that lives and dies together.
 *
 * One arena a lifetime: device, model, chat, call. Nothing in it is freed singly.
 *     struct arena a;
 *     arena_open(&a, ctx);
 *     struct row *rows = arena_new(&a, struct row, n);   // NULL when memory ran out
 *     arena_close(&a);
 * Blocks are zeroed and aligned to 16 bytes. Threads: those of its context. */
#ifndef VD_ARENA_H
#define VD_ARENA_H
#include <stdarg.h>

#include "base/status.h"

struct arena_chunk;
struct arena {
    struct vd_ctx *ctx;
    struct arena_chunk *newest;
};

void arena_open(struct arena *a, struct vd_ctx *ctx);
void arena_close(struct arena *a); /* safe on a zeroed arena */

/* NULL on overflow or when memory ran out; the context then has the words. */
void *arena_alloc(struct arena *a, uint64_t count, uint64_t bytes_each);
#define arena_new(a, type, count) ((type *)arena_alloc((a), (count), sizeof(type)))

/* Doubles an array that is full: `items` holds *cap entries. The old block stays in the arena,
 * so the total waste is at most the final size. NULL when memory ran out. */
void *arena_grow(struct arena *a, void *items, uint32_t *cap, uint64_t bytes_each);

/* Copies of text, with a NUL at the end. NULL when memory ran out. */
char *arena_text(struct arena *a, const char *text, uint64_t len);
char *arena_print(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
