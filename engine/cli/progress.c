#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COUNTED_UP_TO = 999, REDRAW_MS = 50 };

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void progress_open(struct progress *p, bool dumb) {
    *p = (struct progress){.on = isatty(STDERR_FILENO) && !dumb};
}

void progress_show(struct progress *p, const char *phase, uint64_t done, uint64_t total) {
    if (!p->on) return;
    const bool same = strncmp(p->phase, phase, sizeof p->phase - 1) == 0;
    const uint64_t now = now_ms();
    if (p->shown && same && now < p->next_ms && done < total) return;
    snprintf(p->phase, sizeof p->phase, "%s", phase);
    p->next_ms = now + REDRAW_MS;
    p->shown = true;
    char amount[48] = "";
    if (total > COUNTED_UP_TO)
        snprintf(amount, sizeof amount, " %.0f %%", 100.0 * (double)done / (double)total);
    else if (total > 1)
        snprintf(amount, sizeof amount, " %" PRIu64 "/%" PRIu64, done, total);
    fprintf(stderr, "\r\033[K%s%s", p->phase, amount);
    fflush(stderr);
}

void progress_erase(struct progress *p) {
    if (!p->shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
}
