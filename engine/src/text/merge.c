#include "text/merge.h"

vidi_status merge_add(struct merger *m, uint32_t start, uint32_t len, int32_t id) {
    if (m->n == m->cap) {
        struct symbol *symbols = arena_grow(m->arena, m->symbols, &m->cap, sizeof *symbols);
        if (!symbols) return VIDI_E_MEMORY;
        m->symbols = symbols;
    }
    const int32_t place = (int32_t)m->n++;
    m->symbols[place] =
        (struct symbol){.start = start, .len = len, .id = id, .prev = place - 1, .next = -1};
    if (place > 0) m->symbols[place - 1].next = place;
    return VIDI_OK;
}

static void sift_up(struct candidate *heap, uint32_t i) {
    const struct candidate moved = heap[i];
    while (i > 0 && heap[(i - 1) / 2].order > moved.order) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = moved;
}

static void sift_down(struct candidate *heap, uint32_t n) {
    const struct candidate moved = heap[0];
    uint32_t i = 0;
    for (uint32_t child = 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && heap[child + 1].order < heap[child].order) child++;
        if (heap[child].order >= moved.order) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moved;
}

static vidi_status consider(struct merger *m, merge_rule *rule, int32_t place) {
    if (place < 0 || m->symbols[place].next < 0) return VIDI_OK;
    const struct symbol *left = &m->symbols[place];
    const struct symbol *right = &m->symbols[left->next];
    uint32_t rank;
    int32_t id;
    if (!rule(m, left, right, &rank, &id)) return VIDI_OK;
    if (m->n_heap == m->heap_cap) {
        struct candidate *heap = arena_grow(m->arena, m->heap, &m->heap_cap, sizeof *heap);
        if (!heap) return VIDI_E_MEMORY;
        m->heap = heap;
    }
    m->heap[m->n_heap++] = (struct candidate){
        .order = (uint64_t)rank << 32 | (uint32_t)place, .len = left->len + right->len, .id = id};
    sift_up(m->heap, m->n_heap - 1);
    return VIDI_OK;
}

static struct candidate take_first(struct merger *m) {
    const struct candidate first = m->heap[0];
    m->heap[0] = m->heap[--m->n_heap];
    if (m->n_heap > 0) sift_down(m->heap, m->n_heap);
    return first;
}

/* Borders between symbols only ever vanish, so a left place and a length name one pair for good. */
static bool still_there(const struct merger *m, const struct symbol *left, uint32_t len) {
    return left->len > 0 && left->next >= 0 && left->len + m->symbols[left->next].len == len;
}

vidi_status merge_all(struct merger *m, merge_rule *rule) {
    m->n_heap = 0;
    for (uint32_t i = 0; i + 1 < m->n; i++) TRY(consider(m, rule, (int32_t)i));
    while (m->n_heap > 0) {
        const struct candidate best = take_first(m);
        const int32_t place = (int32_t)(uint32_t)best.order;
        struct symbol *left = &m->symbols[place];
        if (!still_there(m, left, best.len)) continue;
        struct symbol *right = &m->symbols[left->next];
        left->len += right->len;
        left->id = best.id;
        left->next = right->next;
        right->len = 0;
        if (left->next >= 0) m->symbols[left->next].prev = place;
        TRY(consider(m, rule, left->prev));
        TRY(consider(m, rule, place));
    }
    return VIDI_OK;
}
