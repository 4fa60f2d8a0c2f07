/* dialog.h - the desktop's own way of choosing a file, where it has one: its portal,
 * else zenity or kdialog. */
#ifndef VIEW_DIALOG_H
#define VIEW_DIALOG_H
#include <stdbool.h>

#include "jobs.h"

/* done() comes from jobs_poll(): with the path, or NULL when nothing was chosen; none: there is no
 * such program. False: no memory, or no thread; then done() is not called. */
bool dialog_open(struct jobs *jobs, void (*done)(void *user, const char *path, bool none),
                 void *user);
#endif
