/* clipboard.h - what another program has copied: a picture, files, or text.
 *
 * X11 by a connection of its own, Wayland by wl-paste; on a thread of its own either way, so that a
 * slow program does not hold up the window. */
#ifndef VIEW_CLIPBOARD_H
#define VIEW_CLIPBOARD_H
#include <stdbool.h>
#include <stddef.h>

#include "viewer/jobs.h"

struct pasted {
    void *picture; /* a file's bytes, from malloc(); the receiver's; NULL: no picture */
    size_t bytes;
    const char *text; /* what should be UTF-8, or URIs, with a NUL behind it; NULL: none */
    size_t text_bytes;
    const char *why; /* one sentence; NULL: there is something */
};

struct clipboard;
/* got(): on the thread that calls jobs_poll(). NULL: no memory. */
struct clipboard *clipboard_open(struct jobs *jobs, void (*got)(void *user, struct pasted *p),
                                 void *user);
void clipboard_close(struct clipboard *c);
/* False: it is being asked already. `display` NULL: that of the environment; `wayland`: wl-paste.
 */
bool clipboard_ask(struct clipboard *c, bool wayland);
#endif
