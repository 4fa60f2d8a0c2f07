#include "base/map.h"

#include <string.h>

/* The hash is public, so a file can carry names that all begin their search in one place, and the
 * time to build the table would grow with the square of their number. In a table that is at most
 * two thirds full, chance makes the longest of a million searches about 200 steps long. */
enum { MAX_STEPS = 512 };

uint64_t hash_bytes(const void *data, uint64_t len) {
    const unsigned char *bytes = data;
    uint64_t h = 14695981039346656037u;
    for (uint64_t i = 0; i < len; i++) h = (h ^ bytes[i]) * 1099511628211u;
    return h;
}

/* The key's slot, or the free one where it belongs; *steps tells how far that was. */
static struct map_slot *find(struct map_slot *slots, uint32_t cap, const char *key, uint32_t len,
                             uint32_t *steps) {
    uint32_t i = (uint32_t)(hash_bytes(key, len) >> 7) & (cap - 1);
    for (*steps = 0; slots[i].key; ++*steps) {
        if (slots[i].len == len && memcmp(slots[i].key, key, len) == 0) break;
        i = (i + 1) & (cap - 1);
    }
    return &slots[i];
}

static vidi_status resize(struct map *m, uint32_t cap) {
    struct map_slot *slots = arena_new(m->arena, struct map_slot, cap);
    if (!slots) return VIDI_E_MEMORY;
    uint32_t steps;
    for (uint32_t i = 0; i < m->cap; i++)
        if (m->slots[i].key)
            *find(slots, cap, m->slots[i].key, m->slots[i].len, &steps) = m->slots[i];
    m->slots = slots;
    m->cap = cap;
    return VIDI_OK;
}

vidi_status map_open(struct map *m, struct arena *a, uint32_t expected) {
    *m = (struct map){.arena = a};
    if (expected > 1u << 28)
        return vd_fail(a->ctx, VIDI_E_MEMORY, "a table of %u names is too large", expected);
    uint32_t cap = 16;
    while (cap < expected + expected / 2) cap *= 2;
    return resize(m, cap);
}

vidi_status map_put(struct map *m, const char *key, uint32_t len, uint32_t value, bool *was_there) {
    if (m->n + m->n / 2 >= m->cap) TRY(resize(m, m->cap * 2));
    uint32_t steps;
    struct map_slot *slot = find(m->slots, m->cap, key, len, &steps);
    if (steps > MAX_STEPS)
        return vd_fail(m->arena->ctx, VIDI_E_FORMAT,
                       "%u names that were chosen to make a table slow", m->n);
    if (was_there) *was_there = slot->key != NULL;
    if (slot->key) return VIDI_OK;
    *slot = (struct map_slot){.key = key, .len = len, .value = value};
    m->n++;
    return VIDI_OK;
}

bool map_get(const struct map *m, const char *key, uint32_t len, uint32_t *value) {
    uint32_t steps;
    const struct map_slot *slot = find(m->slots, m->cap, key, len, &steps);
    if (!slot->key) return false;
    *value = slot->value;
    return true;
}
