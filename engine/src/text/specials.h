/* specials.h - the special words of a vocabulary, found in a text in time linear in its length.
 *
 *     specials_open(&s, &arena);
 *     specials_add(&s, word, len, id, free);      // each word
 *     specials_link(&s);
 *     struct special_search f = {.words = &s, .arena = &scratch, .text = text, ...};
 *     specials_at(&f, at, &id, &len);             // `at` never goes back
 *
 * The words are kept from their ends on, with the links of Aho and Corasick: one walk over a
 * stretch of text from its end to its start tells the longest word at every byte. */
#ifndef VD_SPECIALS_H
#define VD_SPECIALS_H
#include "text/pairs.h"
#include "text/tokenizer.h"

enum { SPECIAL_BYTES = 1 << 24 }; /* of all words together */

/* What was read so far, from the end on, is the longest that some word ends with. */
struct special_node {
    uint32_t depth;           /* bytes */
    uint32_t link;            /* the node of the longest text that this one ends with; 0: none */
    int32_t id;               /* the word that is the whole of this text; -1: none */
    uint32_t word, free_word; /* the longest words that this text ends with: their nodes; 0: none */
};

struct specials {
    struct pairs trie;          /* (node, byte) -> rank: next node */
    struct special_node *nodes; /* [n_nodes], the first is where all words start from */
    uint32_t n_nodes, cap, longest;
    bool starts[256], ends[256]; /* bytes that words start and end with */
    bool has_free;
};

vidi_status specials_open(struct specials *s, struct arena *a);
/* A free word may be said anywhere. Of equal words the first is kept, empty ones are not. */
vidi_status specials_add(struct specials *s, const char *text, uint32_t len, int32_t id, bool free);
vidi_status specials_link(struct specials *s); /* when all are added */

struct special_search {
    const struct specials *words;
    struct arena *arena; /* scratch */
    const char *text;    /* the parts in a row */
    uint32_t len;
    const struct text_part *parts; /* words that are not free lie in one special part */
    uint64_t steps;                /* bytes and links that were followed */
    /* Its own: */
    uint32_t *found; /* [cap] nodes of the longest words at start .. end - 1 */
    uint32_t cap, start, end;
    uint32_t part; /* that holds `start` */
    uint64_t part_start;
};

/* The longest word that starts at `at`; *len is 0 when there is none. VIDI_E_MEMORY. */
vidi_status specials_at(struct special_search *f, uint32_t at, int32_t *id, uint32_t *len);
#endif
