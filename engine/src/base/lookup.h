/* lookup.h - the one hash table: from a key to the number of an entry that the owner keeps.
 *
 * map.h (bytes) and text/pairs.h (two numbers) are its owners: both keep their entries in the order
 * in which they came, so nothing depends on where the table puts them. The hash is keyed and each
 * table draws a key of its own: nobody can choose keys that make it slow, and honest ones are never
 * taken for such. The table lives in an arena and grows there; look-ups never allocate. */
#ifndef VD_LOOKUP_H
#define VD_LOOKUP_H
#include "base/arena.h"
#include "base/hash.h"

struct lookup {
    struct arena *arena;
    struct hash_key key;
    struct lookup_slot *slots; /* cap of them, a power of two */
    uint32_t n, cap;
    uint64_t steps; /* slots that lookup_put() has looked at, but for the first of each search */
};

struct lookup_slot {
    uint32_t hash;  /* its lower half */
    uint32_t entry; /* plus one; 0: free */
};

/* Whether this is the key of the owner's entry. */
typedef bool lookup_same(const void *owner, uint32_t entry, const void *key, uint32_t len);

/* Room for `expected` keys at once. VIDI_E_MEMORY. */
vidi_status lookup_open(struct lookup *t, struct arena *a, uint32_t expected);
/* The entry of a key in *entry: that of an equal one, or the number of keys before it. The owner
 * must have written that entry before the next call. VIDI_E_MEMORY; the table is then as before. */
vidi_status lookup_put(struct lookup *t, const void *key, uint32_t len, lookup_same *same,
                       const void *owner, uint32_t *entry);
bool lookup_get(const struct lookup *t, const void *key, uint32_t len, lookup_same *same,
                const void *owner, uint32_t *entry);
#endif
