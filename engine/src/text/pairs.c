#include "text/pairs.h"

#include <string.h>

vidi_status pairs_open(struct pairs *p, struct arena *a, uint32_t expected) {
    *p = (struct pairs){0};
    TRY(lookup_open(&p->table, a, expected));
    p->entries = arena_new(a, struct pair, expected);
    p->cap = expected;
    return p->entries ? VIDI_OK : VIDI_E_MEMORY;
}

static bool same(const void *owner, uint32_t entry, const void *key, uint32_t len) {
    const struct pair *pair = &((const struct pairs *)owner)->entries[entry];
    const uint32_t numbers[2] = {pair->left, pair->right};
    (void)len;
    return memcmp(numbers, key, sizeof numbers) == 0;
}

struct pair *pairs_put(struct pairs *p, uint32_t left, uint32_t right, bool *is_new) {
    if (p->table.n == p->cap) {
        struct pair *more = arena_grow(p->table.arena, p->entries, &p->cap, sizeof *p->entries);
        if (!more) return NULL;
        p->entries = more;
    }
    const uint32_t n = p->table.n, key[2] = {left, right};
    uint32_t entry;
    if (lookup_put(&p->table, key, sizeof key, same, p, &entry) != VIDI_OK) return NULL;
    if (is_new) *is_new = entry == n;
    if (entry == n) p->entries[entry] = (struct pair){.left = left, .right = right};
    return &p->entries[entry];
}

const struct pair *pairs_find(const struct pairs *p, uint32_t left, uint32_t right) {
    const uint32_t key[2] = {left, right};
    uint32_t entry;
    return lookup_get(&p->table, key, sizeof key, same, p, &entry) ? &p->entries[entry] : NULL;
}
