#include <string.h>

#include "base/checked.h"
#include "graph/internal.h"

/* Iterative matching with one star to come back to: no recursion on input. */
bool glob_match(const char *glob, const char *name) {
    const char *star = NULL, *retry = NULL;
    while (*name) {
        if (*glob == '*') {
            star = glob++;
            retry = name;
        } else if (*glob == '?' || *glob == *name) {
            glob++;
            name++;
        } else if (star) {
            glob = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (*glob == '*') glob++;
    return !*glob;
}

static void find_lifetimes(graph *g) {
    for (uint32_t i = 0; i < g->n_tensors; i++) g->tensors[i].made = UINT32_MAX;
    for (uint32_t n = 0; n < g->n_nodes; n++)
        for (uint32_t u = 0; u < g->nodes[n].n_uses; u++) {
            struct node_tensor *t = &g->tensors[g->tensors[g->nodes[n].uses[u].tensor].base];
            if (t->made == UINT32_MAX) t->made = n;
            t->last = n;
        }
    for (uint32_t i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].keep) g->tensors[g->tensors[i].base].last = UINT32_MAX;
}

static uint64_t bytes_of(const struct node_tensor *t) {
    return (uint64_t)t->rows * t->cols * sizeof(float);
}

/* The lowest gap of `need` bytes among live tensors, which are kept sorted by offset. */
static uint64_t place(const graph *g, const uint32_t *live, uint32_t n_live, uint64_t need,
                      uint64_t align, uint32_t *at) {
    uint64_t offset = 0;
    for (*at = 0; *at < n_live; (*at)++) {
        const struct node_tensor *t = &g->tensors[live[*at]];
        if (t->offset >= offset && t->offset - offset >= need) break;
        const uint64_t end = align_up(t->offset + bytes_of(t), align);
        if (end > offset) offset = end;
    }
    return offset;
}

vidi_status graph_plan(graph *g, uint64_t *arena_bytes) {
    TRY(g->status);
    TRY(weights_check(g->weights));
    find_lifetimes(g);
    const uint64_t align = gpu_caps(g->gpu)->align;
    uint32_t *live = arena_new(&g->arena, uint32_t, g->n_tensors), n_live = 0;
    if (!live) return VIDI_E_MEMORY;
    *arena_bytes = 0;
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        for (uint32_t u = 0; u < g->nodes[n].n_uses; u++) {
            const uint32_t id = g->tensors[g->nodes[n].uses[u].tensor].base;
            struct node_tensor *t = &g->tensors[id];
            if (t->made != n || t->fixed.buffer || t->offset != 0) continue;
            bool placed = false;
            for (uint32_t i = 0; i < n_live; i++) placed = placed || live[i] == id;
            if (placed) continue;
            uint32_t at;
            t->offset = place(g, live, n_live, bytes_of(t), align, &at);
            memmove(live + at + 1, live + at, (n_live - at) * sizeof *live);
            live[at] = id;
            n_live++;
            const uint64_t end = align_up(t->offset + bytes_of(t), align);
            if (end > *arena_bytes) *arena_bytes = end;
        }
        uint32_t left = 0;
        for (uint32_t i = 0; i < n_live; i++)
            if (g->tensors[live[i]].last > n) live[left++] = live[i];
        n_live = left;
    }
    return VIDI_OK;
}
