/* checked.h - size arithmetic that cannot wrap.
 *
 * Every size that comes from a file, a picture or a caller goes through these before it is used.
 * They return false on overflow and leave *out untouched. */
#ifndef VD_CHECKED_H
#define VD_CHECKED_H
#include <stdbool.h>
#include <stdint.h>

static inline bool mul_ok(uint64_t *out, uint64_t a, uint64_t b) {
    uint64_t r;
    if (__builtin_mul_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

static inline bool add_ok(uint64_t *out, uint64_t a, uint64_t b) {
    uint64_t r;
    if (__builtin_add_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

/* Rounds up to a multiple of `to`, which is a power of two. */
static inline bool align_ok(uint64_t *out, uint64_t a, uint64_t to) {
    uint64_t r;
    if (!add_ok(&r, a, to - 1)) return false;
    *out = r & ~(to - 1);
    return true;
}

/* For sizes already known to be small: ceil(a / b), and a rounded up to a power of two. */
static inline uint32_t div_up(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }
static inline uint64_t align_up(uint64_t a, uint64_t to) { return (a + to - 1) & ~(to - 1); }
#endif
