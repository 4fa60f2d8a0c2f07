/* bytes.h - numbers from bytes, in either order and at any alignment; `n` is 1 .. 8. */
#ifndef VD_BYTES_H
#define VD_BYTES_H
#include <stdint.h>

static inline uint64_t load_le(const unsigned char *p, uint32_t n) {
    uint64_t v = 0;
    for (uint32_t i = n; i-- > 0;) v = v << 8 | p[i];
    return v;
}

static inline uint64_t load_be(const unsigned char *p, uint32_t n) {
    uint64_t v = 0;
    for (uint32_t i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}
#endif
