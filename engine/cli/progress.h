/* progress.h - one line on stderr that says what is being waited for; only on a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;          /* stderr is a terminal that can erase a line */
    bool shown;       /* there is a line to erase */
    char phase[48];   /* of the line shown */
    uint64_t next_ms; /* no redraw of the same phase before this time */
};

void progress_open(struct progress *p, bool dumb);
/* "loading weights 43 %" for large totals, "compiling kernels 12/40" for small ones, the phase
 * alone when the total is 0 or 1. Redraws at most 20 times a second. */
void progress_show(struct progress *p, const char *phase, uint64_t done, uint64_t total);
void progress_erase(struct progress *p);
#endif
