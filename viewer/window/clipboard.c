#include "clipboard.h"

#include <stdlib.h>
#include <string.h>

#include "selection.h"
#include "viewer/child.h"

enum { MOST_BYTES = 256 << 20, WAYLAND_SECONDS = 10 };

struct clipboard {
    struct jobs *jobs;
    void (*got)(void *user, struct pasted *p);
    void *user;
    bool asking, wayland, closed;
    struct selection found;
};

struct clipboard *clipboard_open(struct jobs *jobs, void (*got)(void *user, struct pasted *p),
                                 void *user) {
    struct clipboard *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->jobs = jobs;
    c->got = got;
    c->user = user;
    return c;
}

static bool is_one_of(const char *list, const char *type) {
    const size_t n = strlen(type);
    for (const char *at = list; at && (at = strstr(at, type)); at += n)
        if ((at == list || at[-1] == '\n') && (at[n] == '\n' || at[n] == '\0')) return true;
    return false;
}

/* wl-paste lists the types, then gives one. */
static void from_wayland(struct selection *out) {
    static const char *const list[] = {"wl-paste", "--list-types", NULL};
    struct child_output types, data;
    if (!child_run(list, 1 << 16, WAYLAND_SECONDS, &types) || types.exit == 127) {
        free(types.bytes);
        out->why = "Pasting needs wl-paste here (wl-clipboard).";
        return;
    }
    for (int i = 0; i < SELECTION_TYPES && !out->bytes; i++) {
        const char *type = selection_types[i];
        const char *const get[] = {"wl-paste", "--no-newline", "--type", type, NULL};
        if (!types.bytes || !is_one_of((const char *)types.bytes, type)) continue;
        if (!child_run(get, MOST_BYTES, WAYLAND_SECONDS, &data) || data.exit != 0 || !data.n) {
            free(data.bytes);
            continue;
        }
        out->bytes = data.bytes;
        out->n = data.n;
        out->picture = i < SELECTION_PICTURES;
    }
    free(types.bytes);
    if (!out->bytes) out->why = "There is nothing in the clipboard that can be pasted here.";
}

static void run(void *user) {
    struct clipboard *c = user;
    if (c->wayland)
        from_wayland(&c->found);
    else
        selection_read(MOST_BYTES, &c->found);
}

static void done(void *user) {
    struct clipboard *c = user;
    struct selection s = c->found;
    c->found = (struct selection){0};
    c->asking = false;
    struct pasted p = {.why = s.why};
    if (s.bytes && s.picture) {
        p.picture = s.bytes;
        p.bytes = s.n;
        s.bytes = NULL;
    }
    p.text = (const char *)s.bytes;
    p.text_bytes = s.bytes ? s.n : 0;
    if (!c->closed) c->got(c->user, &p);
    free(s.bytes);
    if (c->closed) free(c);
}

bool clipboard_ask(struct clipboard *c, bool wayland) {
    if (c->asking) return false;
    c->wayland = wayland;
    c->asking = jobs_run(c->jobs, run, done, c);
    return c->asking;
}

void clipboard_close(struct clipboard *c) {
    if (!c) return;
    c->closed = true; /* what is still asked goes nowhere */
    if (!c->asking) free(c);
}
