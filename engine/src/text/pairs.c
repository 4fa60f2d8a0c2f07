#include "text/pairs.h"

static uint64_t key_of(uint32_t left, uint32_t right) { return ((uint64_t)left << 32 | right) + 1; }

static struct pair_slot *find(struct pair_slot *slots, uint32_t cap, uint64_t key) {
    uint32_t i = (uint32_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (cap - 1);
    while (slots[i].key && slots[i].key != key) i = (i + 1) & (cap - 1);
    return &slots[i];
}

static vidi_status resize(struct pairs *p, uint32_t cap) {
    struct pair_slot *slots = arena_new(p->arena, struct pair_slot, cap);
    if (!slots) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < p->cap; i++)
        if (p->slots[i].key) *find(slots, cap, p->slots[i].key) = p->slots[i];
    p->slots = slots;
    p->cap = cap;
    return VIDI_OK;
}

vidi_status pairs_open(struct pairs *p, struct arena *a, uint32_t expected) {
    *p = (struct pairs){.arena = a};
    if (expected > 1u << 28)
        return vd_fail(a->ctx, VIDI_E_MEMORY, "a table of %u pairs is too large", expected);
    uint32_t cap = 16;
    while (cap < expected + expected / 2) cap *= 2;
    return resize(p, cap);
}

struct pair_slot *pairs_put(struct pairs *p, uint32_t left, uint32_t right, bool *is_new) {
    if (p->n + p->n / 2 >= p->cap && resize(p, p->cap * 2) != VIDI_OK) return NULL;
    const uint64_t key = key_of(left, right);
    struct pair_slot *slot = find(p->slots, p->cap, key);
    if (is_new) *is_new = slot->key == 0;
    if (slot->key == 0) p->n++;
    slot->key = key;
    return slot;
}

const struct pair_slot *pairs_find(const struct pairs *p, uint32_t left, uint32_t right) {
    const struct pair_slot *slot = find(p->slots, p->cap, key_of(left, right));
    return slot->key ? slot : NULL;
}
