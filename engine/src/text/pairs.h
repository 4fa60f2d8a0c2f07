/* pairs.h - two numbers to two numbers: merges of a vocabulary, steps of a trie. */
#ifndef VD_PAIRS_H
#define VD_PAIRS_H
#include "base/lookup.h"

struct pair {
    uint32_t left, right;
    uint32_t rank;
    int32_t id;
};

struct pairs {
    struct lookup table;
    struct pair *entries; /* [table.n], in the order in which they came */
    uint32_t cap;
};

vidi_status pairs_open(struct pairs *p, struct arena *a, uint32_t expected);

/* The entry of (left, right), made when it is new (*is_new may be NULL). It stays where it is until
 * the next pairs_put(). NULL when memory ran out. */
struct pair *pairs_put(struct pairs *p, uint32_t left, uint32_t right, bool *is_new);

const struct pair *pairs_find(const struct pairs *p, uint32_t left, uint32_t right);
#endif
