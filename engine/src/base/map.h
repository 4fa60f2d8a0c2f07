/* map.h - bytes to a number: names of tensors, words of a vocabulary.
 *
 * Keys are not copied: they must outlive the map. Entries stand in the order in which they came. */
#ifndef VD_MAP_H
#define VD_MAP_H
#include "base/lookup.h"

struct map_entry {
    const char *key;
    uint32_t len, value;
};

struct map {
    struct lookup table;
    struct map_entry *entries; /* [table.n] */
    uint32_t cap;
};

/* Room for `expected` keys at once, so that a count already checked costs two allocations. */
vidi_status map_open(struct map *m, struct arena *a, uint32_t expected);

/* Adds a key. *was_there tells whether it existed (its value then stays); may be NULL.
 * VIDI_E_MEMORY; the map is then as before. */
vidi_status map_put(struct map *m, const char *key, uint32_t len, uint32_t value, bool *was_there);

bool map_get(const struct map *m, const char *key, uint32_t len, uint32_t *value);
#endif
