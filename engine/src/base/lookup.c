#include "base/lookup.h"

enum { LEAST = 16, MOST = 1 << 28 };

/* Two thirds are full at most: a search then takes two steps or three. */
static vidi_status resize(struct lookup *t, uint32_t cap) {
    struct lookup_slot *slots = arena_new(t->arena, struct lookup_slot, cap);
    if (!slots) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < t->cap; i++) {
        if (!t->slots[i].entry) continue;
        uint32_t at = t->slots[i].hash & (cap - 1);
        while (slots[at].entry) at = (at + 1) & (cap - 1);
        slots[at] = t->slots[i];
    }
    t->slots = slots;
    t->cap = cap;
    return VIDI_OK;
}

vidi_status lookup_open(struct lookup *t, struct arena *a, uint32_t expected) {
    *t = (struct lookup){.arena = a, .key = hash_draw()};
    if (expected > MOST)
        return vd_fail(a->ctx, VIDI_E_MEMORY, "a table of %u entries is too large", expected);
    uint32_t cap = LEAST;
    while (cap < expected + expected / 2) cap *= 2;
    return resize(t, cap);
}

/* The key's slot, or the free one where it belongs. */
static struct lookup_slot *find(const struct lookup *t, uint32_t hash, const void *key,
                                uint32_t len, lookup_same *same, const void *owner,
                                uint64_t *steps) {
    uint32_t i = hash & (t->cap - 1);
    for (; t->slots[i].entry; ++*steps) {
        if (t->slots[i].hash == hash && same(owner, t->slots[i].entry - 1, key, len)) break;
        i = (i + 1) & (t->cap - 1);
    }
    return &t->slots[i];
}

vidi_status lookup_put(struct lookup *t, const void *key, uint32_t len, lookup_same *same,
                       const void *owner, uint32_t *entry) {
    if (t->n >= MOST)
        return vd_fail(t->arena->ctx, VIDI_E_MEMORY, "a table of %u entries is too large", t->n);
    if (t->n + t->n / 2 >= t->cap) TRY(resize(t, t->cap * 2));
    const uint32_t hash = (uint32_t)hash_keyed(&t->key, key, len);
    struct lookup_slot *slot = find(t, hash, key, len, same, owner, &t->steps);
    if (!slot->entry) *slot = (struct lookup_slot){hash, ++t->n};
    *entry = slot->entry - 1;
    return VIDI_OK;
}

bool lookup_get(const struct lookup *t, const void *key, uint32_t len, lookup_same *same,
                const void *owner, uint32_t *entry) {
    uint64_t steps = 0;
    const uint32_t hash = (uint32_t)hash_keyed(&t->key, key, len);
    const struct lookup_slot *slot = find(t, hash, key, len, same, owner, &steps);
    if (!slot->entry) return false;
    *entry = slot->entry - 1;
    return true;
}
