/* replace.h - a file that is the old or the new whole at every moment, however the program ends.
 *
 *     struct replace r;
 *     if (!replace_open(&r, path, 0666) || !replace_write(&r, data, bytes) || !replace_done(&r))
 *         return vd_fail(ctx, VIDI_E_IO, "%s: cannot be written: %s", path, r.why);
 *
 * What is written has no name until it is complete, or a name of its own where the file system
 * cannot do that; two writers of one path never meet, and the later one's file stays. A link is
 * followed; what is there and no plain file is refused. Threads: one at a time for each. */
#ifndef VD_REPLACE_H
#define VD_REPLACE_H
#include <stdbool.h>
#include <stdint.h>

enum { REPLACE_PATH = 4096 };

struct replace {
    char path[REPLACE_PATH], beside[REPLACE_PATH]; /* beside: "" while it has no name */
    int fd;                                        /* may be written to; never close it */
    char why[128];                                 /* the reason when one of these failed */
};

/* mode: of the new file, less the umask. Each returns false with r->why and errno, and leaves
 * nothing behind; replace_drop() then has nothing to do. */
bool replace_open(struct replace *r, const char *path, unsigned mode);
/* The same with a name of its own from the beginning, as where the file system needs it. */
bool replace_open_named(struct replace *r, const char *path, unsigned mode);
bool replace_write(struct replace *r, const void *data, uint64_t bytes);
bool replace_done(struct replace *r); /* on the disk, under its name */
void replace_drop(struct replace *r); /* safe at any time behind replace_open() */
#endif
