/* suggest.h - the nearest name to one that was misspelt. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H
#include <stddef.h>

/* Offer the candidates one after the other; `best` is the nearest so far, or "" when none is near
 * enough to be meant (more than a third of the letters differ). */
enum { SUGGEST_LONGEST = 40 };

struct suggestion {
    const char *word;
    char best[SUGGEST_LONGEST + 1];
    size_t distance;
};

void suggest_start(struct suggestion *s, const char *word);
void suggest_offer(struct suggestion *s, const char *candidate);
#endif
