/* gaps.h - how long the window went without a new frame while the engine was at work. */
#ifndef VIEW_GAPS_H
#define VIEW_GAPS_H
#include <stdbool.h>

enum { GAPS_PHASES = 12, GAPS_NAME = 48 };

struct gaps {
    struct {
        char phase[GAPS_NAME];
        double longest_ms;
        unsigned frames;
    } rows[GAPS_PHASES];
    int n;
    double last;    /* when the newest frame was done; 0: none since the start of the work */
    unsigned drawn; /* frames in all */
};

/* A frame is done at `now`, in milliseconds, while this goes on; since: when the work began, which
 * is what the first frame of it is late behind. phase "": nothing goes on, and the time until the
 * next frame does not count. */
void gaps_frame(struct gaps *g, const char *phase, double since, double now);
/* Writes what was seen to the log, if anything was, and begins anew. */
void gaps_report(struct gaps *g);
#endif
