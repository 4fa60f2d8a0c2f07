/* pairs.h - two numbers to two numbers: merges of a vocabulary, steps of a trie.
 *
 * Both keys are below 2^31. The table lives in an arena and grows there; look-ups never allocate.
 */
#ifndef VD_PAIRS_H
#define VD_PAIRS_H
#include "base/arena.h"

struct pair_slot {
    uint64_t key; /* 0: free */
    uint32_t rank;
    int32_t id;
};

struct pairs {
    struct arena *arena;
    struct pair_slot *slots; /* cap of them, a power of two */
    uint32_t n, cap;
};

vidi_status pairs_open(struct pairs *p, struct arena *a, uint32_t expected);

/* The slot of (left, right), made when it is new (*is_new may be NULL). It stays where it is until
 * the next pairs_put(). NULL when memory ran out. */
struct pair_slot *pairs_put(struct pairs *p, uint32_t left, uint32_t right, bool *is_new);

const struct pair_slot *pairs_find(const struct pairs *p, uint32_t left, uint32_t right);
#endif
