#include "text/specials.h"

#include <string.h>

/* Bytes whose words are found at once, unless the longest word is longer: what is read twice is
 * never more than what is read once. */
enum { STRETCH = 1 << 16 };

static vidi_status add_node(struct specials *s, uint32_t depth) {
    if (s->n_nodes == s->cap) {
        struct special_node *more =
            arena_grow(s->trie.table.arena, s->nodes, &s->cap, sizeof *s->nodes);
        if (!more) return VIDI_E_MEMORY;
        s->nodes = more;
    }
    s->nodes[s->n_nodes++] = (struct special_node){.depth = depth, .id = -1};
    return VIDI_OK;
}

vidi_status specials_open(struct specials *s, struct arena *a) {
    *s = (struct specials){0};
    TRY(pairs_open(&s->trie, a, 0));
    return add_node(s, 0);
}

vidi_status specials_add(struct specials *s, const char *text, uint32_t len, int32_t id,
                         bool free) {
    if (len == 0) return VIDI_OK;
    uint32_t node = 0;
    for (uint32_t i = len; i-- > 0;) {
        bool is_new;
        struct pair *step = pairs_put(&s->trie, node, (unsigned char)text[i], &is_new);
        if (!step) return VIDI_E_MEMORY;
        if (is_new) {
            step->rank = s->n_nodes;
            TRY(add_node(s, len - i));
        }
        node = step->rank;
    }
    s->starts[(unsigned char)text[0]] = true;
    s->ends[(unsigned char)text[len - 1]] = true;
    if (len > s->longest) s->longest = len;
    if (s->nodes[node].id >= 0) return VIDI_OK;
    s->nodes[node].id = id;
    s->nodes[node].word = node;
    s->nodes[node].free_word = free ? node : 0;
    s->has_free = s->has_free || free;
    return VIDI_OK;
}

/* The numbers of the steps, those to lower depths first. */
static uint32_t *by_depth(const struct specials *s, struct arena *a) {
    const uint32_t n = s->n_nodes - 1;
    uint32_t *order = arena_new(a, uint32_t, n);
    uint32_t *at = arena_new(a, uint32_t, (uint64_t)s->longest + 2);
    if (!order || !at) return NULL;
    for (uint32_t i = 0; i < n; i++) at[s->nodes[i + 1].depth + 1]++;
    for (uint32_t d = 1; d <= s->longest; d++) at[d + 1] += at[d];
    for (uint32_t i = 0; i < n; i++) order[at[s->nodes[i + 1].depth]++] = i;
    return order;
}

/* The node behind `node` and a byte, by links where there is no step. */
static uint32_t follow(const struct specials *s, uint32_t node, unsigned char byte,
                       uint64_t *steps) {
    for (;; node = s->nodes[node].link) {
        ++*steps;
        if (node == 0 && !s->ends[byte]) return 0;
        const struct pair *step = pairs_find(&s->trie, node, byte);
        if (step) return step->rank;
        if (node == 0) return 0;
    }
}

static void link_nodes(struct specials *s, const uint32_t *order) {
    uint64_t steps = 0;
    for (uint32_t i = 0; i + 1 < s->n_nodes; i++) {
        const struct pair *step = &s->trie.entries[order[i]];
        struct special_node *node = &s->nodes[step->rank];
        if (step->left != 0)
            node->link = follow(s, s->nodes[step->left].link, (unsigned char)step->right, &steps);
        const struct special_node *shorter = &s->nodes[node->link];
        if (node->word == 0) node->word = shorter->word;
        if (node->free_word == 0) node->free_word = shorter->free_word;
    }
}

vidi_status specials_link(struct specials *s) {
    struct arena scratch;
    arena_open(&scratch, s->trie.table.arena->ctx);
    const uint32_t *order = by_depth(s, &scratch);
    if (order) link_nodes(s, order);
    arena_close(&scratch);
    return order ? VIDI_OK : VIDI_E_MEMORY;
}

/* Room for the words of the stretch from `at` on. */
static vidi_status begin_stretch(struct special_search *f, uint32_t at) {
    const uint32_t longest = f->words->longest, most = longest > STRETCH ? longest : STRETCH;
    const uint32_t n = f->len - at < most ? f->len - at : most;
    if (n > f->cap) {
        f->found = arena_new(f->arena, uint32_t, n);
        if (!f->found) return VIDI_E_MEMORY;
        f->cap = n;
    }
    f->start = at;
    f->end = at + n;
    return VIDI_OK;
}

static void next_part(struct special_search *f, uint32_t *part, uint64_t *start, uint32_t at) {
    while (at >= *start + f->parts[*part].len) *start += f->parts[(*part)++].len;
}

/* From the end of the longest word that may start in the stretch. */
static void walk_stretch(struct special_search *f) {
    const struct specials *s = f->words;
    const uint32_t from = f->len - f->end < s->longest ? f->len : f->end + s->longest;
    next_part(f, &f->part, &f->part_start, f->start);
    uint32_t part = f->part, node = 0, free_node = 0;
    uint64_t part_start = f->part_start;
    next_part(f, &part, &part_start, from - 1);
    for (uint32_t i = from; i-- > f->start;) {
        const unsigned char byte = (unsigned char)f->text[i];
        for (; i < part_start; node = 0) part_start -= f->parts[--part].len;
        if (s->has_free) free_node = follow(s, free_node, byte, &f->steps);
        if (f->parts[part].flags & TOKENIZE_SPECIAL) node = follow(s, node, byte, &f->steps);
        if (i >= f->end) continue;
        const uint32_t word = s->nodes[node].word, free_word = s->nodes[free_node].free_word;
        const bool longer = s->nodes[word].depth >= s->nodes[free_word].depth;
        f->found[i - f->start] = longer ? word : free_word;
    }
}

vidi_status specials_at(struct special_search *f, uint32_t at, int32_t *id, uint32_t *len) {
    *len = 0;
    *id = -1;
    if (at >= f->len || !f->words->starts[(unsigned char)f->text[at]]) return VIDI_OK;
    if (at >= f->end) {
        TRY(begin_stretch(f, at));
        walk_stretch(f);
    }
    const struct special_node *node = &f->words->nodes[f->found[at - f->start]];
    *id = node->id;
    *len = node->depth;
    return VIDI_OK;
}
