/* status.h - failure is a value; its words live in the context.
 *
 *     if (len < sizeof(struct header))
 *         return vd_fail(ctx, VIDI_E_FORMAT, "%s: %zu bytes is too short for a header", path, len);
 *     TRY(read_tensors(ctx, map, &out->tensors));
 *
 * Threads: a context belongs to one thread at a time. Nothing here prints, exits or aborts. */
#ifndef VD_STATUS_H
#define VD_STATUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vidi/vidi.h"

/* Every allocation of the engine goes through a context, so tests can count them and make the
 * n-th one fail. */
struct vd_heap {
    uint64_t n_allocs;   /* calls so far */
    uint64_t live_bytes; /* allocated and not yet freed */
    uint64_t peak_bytes; /* largest live_bytes seen */
    uint64_t fail_at;    /* the call with this number fails (1 = the first); 0: none */
    bool zero_on_free;   /* what is freed is overwritten first */
    uint64_t most_bytes; /* calls that would make live_bytes more than this fail; 0: none does */
};

struct vd_ctx {
    char error[1024];   /* words of the newest failure; "" when there was none */
    vidi_status status; /* its code */
    struct vd_heap heap;
    void (*log)(void *user, int level, const char *line); /* NULL: silent */
    void *user;
};

enum { VD_LOG_ERROR, VD_LOG_WARN, VD_LOG_INFO, VD_LOG_DEBUG };

/* Keeps the words and returns `status`, so that `return vd_fail(...)` reads well. */
vidi_status vd_fail(struct vd_ctx *ctx, vidi_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One line to the log callback, without a newline at its end. */
void vd_log(struct vd_ctx *ctx, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* malloc and free with counting. NULL on failure; the words are kept in the context.
 * vd_free takes NULL. Memory is zeroed. */
void *vd_alloc(struct vd_ctx *ctx, uint64_t bytes);
void vd_free(struct vd_ctx *ctx, void *ptr);

/* Zeros that no compiler leaves out because nobody reads them. */
void vd_zero(void *ptr, uint64_t bytes);

#define TRY(call)                                       \
    do {                                                \
        const vidi_status try_status_ = (call);         \
        if (try_status_ != VIDI_OK) return try_status_; \
    } while (0)

/* For our own mistakes, never for input. Compiled out with NDEBUG. */
#ifdef NDEBUG
#define VD_ASSERT(cond) ((void)0)
#else
#define VD_ASSERT(cond) ((cond) ? (void)0 : __builtin_trap())
#endif
#endif
