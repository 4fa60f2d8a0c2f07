/* jobs.h - short pieces of work beside the window: each on a thread of its own.
 *
 * run() works on the job's thread; then the window's thread calls done() from jobs_poll(). Both get
 * `user`, which is theirs alone until done() returns. */
#ifndef VIEW_JOBS_H
#define VIEW_JOBS_H
#include <stdbool.h>

struct jobs;

/* wake(): called on a job's thread when it has run. NULL: no memory. */
struct jobs *jobs_open(void (*wake)(void *user), void *user);
/* Jobs that still run are left alone; their done() is never called. false: there were such. */
bool jobs_close(struct jobs *j);
/* false: no memory or no thread; then neither is called. */
bool jobs_run(struct jobs *j, void (*run)(void *user), void (*done)(void *user), void *user);
/* Finishes what has run. */
void jobs_poll(struct jobs *j);
#endif
