#include "base/map.h"

#include <string.h>

vidi_status map_open(struct map *m, struct arena *a, uint32_t expected) {
    *m = (struct map){0};
    TRY(lookup_open(&m->table, a, expected));
    m->entries = arena_new(a, struct map_entry, expected);
    m->cap = expected;
    return m->entries ? VIDI_OK : VIDI_E_MEMORY;
}

static bool same(const void *owner, uint32_t entry, const void *key, uint32_t len) {
    const struct map_entry *e = &((const struct map *)owner)->entries[entry];
    return e->len == len && memcmp(e->key, key, len) == 0;
}

vidi_status map_put(struct map *m, const char *key, uint32_t len, uint32_t value, bool *was_there) {
    if (m->table.n == m->cap) {
        struct map_entry *more =
            arena_grow(m->table.arena, m->entries, &m->cap, sizeof *m->entries);
        if (!more) return VIDI_E_MEMORY;
        m->entries = more;
    }
    const uint32_t n = m->table.n;
    uint32_t entry;
    TRY(lookup_put(&m->table, key, len, same, m, &entry));
    if (was_there) *was_there = entry < n;
    if (entry == n) m->entries[entry] = (struct map_entry){key, len, value};
    return VIDI_OK;
}

bool map_get(const struct map *m, const char *key, uint32_t len, uint32_t *value) {
    uint32_t entry;
    if (!lookup_get(&m->table, key, len, same, m, &entry)) return false;
    *value = m->entries[entry].value;
    return true;
}
