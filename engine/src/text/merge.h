/* merge.h - the loop that both kinds of tokenizer share: of all neighbours that may be joined, the
 * pair of the lowest rank goes first, the leftmost among equals. O(n log n) by a heap.
 *
 * A merger is scratch memory: it is opened once a call and used for piece after piece. */
#ifndef VD_MERGE_H
#define VD_MERGE_H
#include "base/arena.h"

struct tokenizer;

struct symbol {
    uint32_t start, len; /* bytes of the piece; len 0: joined to the one on its left */
    int32_t id;          /* -1: no word by itself */
    int32_t prev, next;  /* -1: none */
};

struct candidate {
    uint64_t order; /* rank, then place of the left symbol */
    uint32_t len;   /* of both together: tells whether the pair is still what it was */
    int32_t id;     /* of the word they make */
};

struct merger {
    struct arena *arena;
    const struct tokenizer *tokenizer;
    const char *text; /* of the piece */
    struct symbol *symbols;
    uint32_t n, cap;
    struct candidate *heap;
    uint32_t n_heap, heap_cap;
};

/* Whether two neighbours may be joined, into which word and how early. */
typedef bool merge_rule(const struct merger *m, const struct symbol *left,
                        const struct symbol *right, uint32_t *rank, int32_t *id);

vidi_status merge_add(struct merger *m, uint32_t start, uint32_t len, int32_t id);

/* Joins the n symbols in place. What is left hangs together by `next`, from symbol 0 on. */
vidi_status merge_all(struct merger *m, merge_rule *rule);
#endif
