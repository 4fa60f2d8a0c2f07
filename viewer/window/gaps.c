#include "gaps.h"

#include <stdio.h>
#include <string.h>

#include "viewer/uilog.h"

static int row_of(struct gaps *g, const char *phase) {
    for (int i = 0; i < g->n; i++)
        if (strcmp(g->rows[i].phase, phase) == 0) return i;
    if (g->n == GAPS_PHASES) return -1;
    snprintf(g->rows[g->n].phase, GAPS_NAME, "%s", phase);
    return g->n++;
}

void gaps_frame(struct gaps *g, const char *phase, double since, double now) {
    const double before = g->last > 0 ? g->last : since;
    g->drawn++;
    g->last = phase[0] ? now : 0;
    if (!phase[0]) return;
    const int row = row_of(g, phase);
    if (row < 0) return;
    g->rows[row].frames++;
    if (now - before > g->rows[row].longest_ms) g->rows[row].longest_ms = now - before;
}

void gaps_report(struct gaps *g) {
    json_t *phases = g->n && uilog_is_open() ? json_object() : NULL;
    for (int i = 0; phases && i < g->n; i++)
        json_object_set_new(phases, g->rows[i].phase,
                            json_pack("{s:f,s:i}", "longest_ms", g->rows[i].longest_ms, "frames",
                                      (int)g->rows[i].frames));
    if (phases) uilog("gaps", "{s:o}", "phases", phases);
    *g = (struct gaps){.last = g->last, .drawn = g->drawn};
}
