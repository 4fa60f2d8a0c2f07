#include "base/json_cost.h"

#include <stdbool.h>

/* Bytes with an allocator's own, for 64 bits: tables that grow hold the old one beside the new. */
static const uint16_t costs[256] = {
    ['{'] = 224 + 48, /* the object, its first eight buckets, a number in it */
    ['['] = 128 + 48, /* the array, its first eight places, a number in it */
    [':'] = 96 + 64,  /* a pair, and its share of the buckets */
    [','] = 32 + 48,  /* a place, and a number */
    ['"'] = 48,       /* half a text: each has two of them */
};
enum { START = 4096 };

uint64_t json_cost(const void *text, uint64_t bytes) {
    const unsigned char *at = text;
    uint64_t cost = START, longest = 0;
    bool quoted = false;
    for (uint64_t i = 0, from = 0; i < bytes; i++) {
        if (at[i] == '"') {
            cost += costs['"'];
            quoted = !quoted;
            from = i;
        } else if (!quoted) {
            cost += costs[at[i]];
        } else {
            cost += 2; /* in a text, and in the key of a pair or what the reader saves */
            if (at[i] == '\\') i++, cost += 2;
            if (i - from > longest) longest = i - from;
        }
    }
    return cost + 3 * longest; /* the reader's own, while it doubles */
}
