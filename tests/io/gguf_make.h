/* gguf_make.h - GGUF files for tests, byte by byte. */
#ifndef GGUF_MAKE_H
#define GGUF_MAKE_H
#include <stdint.h>

struct make {
    unsigned char *data; /* malloc'd; free it */
    uint64_t n, cap;
};

void make_bytes(struct make *m, const void *data, uint64_t n);
void make_number(struct make *m, uint64_t value, int bytes); /* little-endian */
void make_str(struct make *m, const char *text);             /* length and bytes */
void make_head(struct make *m, uint32_t version, uint64_t n_tensors, uint64_t n_keys);
void make_key(struct make *m, const char *name, uint32_t kind);
void make_tensor(struct make *m, const char *name, const uint64_t *dims, uint32_t n_dims,
                 uint32_t type, uint64_t offset);
void make_pad(struct make *m, uint64_t to);

/* Where `text` first stands in the bytes. Fails the test when it does not. */
uint64_t make_find(const struct make *m, const char *text);

/* A sound file: a key of every kind, an array of every kind, five tensors. */
struct make make_sample(uint32_t version);
#endif
