/* map.h - bytes to a number: names of tensors, words of a vocabulary.
 *
 * Keys are not copied: they must outlive the map. The table lives in an arena and grows there.
 * Look-ups never allocate. The hash is FNV-1a, 64 bits. */
#ifndef VD_MAP_H
#define VD_MAP_H
#include "base/arena.h"

struct map_slot {
    const char *key;
    uint32_t len, value;
};

struct map {
    struct arena *arena;
    struct map_slot *slots; /* power of two; key == NULL marks a free one */
    uint32_t n, cap;
};

/* Room for `expected` keys at once, so that a count already checked costs one allocation. */
vidi_status map_open(struct map *m, struct arena *a, uint32_t expected);

/* Adds a key. *was_there tells whether it existed (its value then stays); may be NULL.
 * VIDI_E_FORMAT when so many keys hash alike that it cannot be chance: building a table takes
 * linear time whatever the keys. The words then lack the name of the file. */
vidi_status map_put(struct map *m, const char *key, uint32_t len, uint32_t value, bool *was_there);

bool map_get(const struct map *m, const char *key, uint32_t len, uint32_t *value);

uint64_t hash_bytes(const void *data, uint64_t len);
#endif
