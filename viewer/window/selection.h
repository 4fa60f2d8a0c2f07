/* selection.h - what the CLIPBOARD selection of X11 holds (ICCCM 2), read over a connection of its
 * own. Blocks, for some seconds at most. */
#ifndef VIEW_SELECTION_H
#define VIEW_SELECTION_H
#include <stdbool.h>
#include <stddef.h>

struct selection {
    unsigned char *bytes; /* from malloc(), with a NUL behind them; NULL: nothing */
    size_t n;
    bool picture;
    const char *why; /* a sentence, when there is nothing */
};

/* What can be taken, the best first; the first so many are pictures. */
enum { SELECTION_TYPES = 8, SELECTION_PICTURES = 4 };
extern const char *const selection_types[SELECTION_TYPES];

void selection_read(size_t most, struct selection *out);
#endif
