/* mapped.h - a whole file seen as memory, read-only.
 *
 * Reading behind the end of a file that was cut meanwhile ends the program (SIGBUS), so whoever
 * reads asks mapped_still_whole() before and after. Threads: may be shared. */
#ifndef VD_MAPPED_H
#define VD_MAPPED_H
#include "base/status.h"

struct mapped {
    const unsigned char *data;
    uint64_t bytes; /* 0: nothing is mapped */
    int fd;
};

/* VIDI_E_FORMAT for an empty file, which is not `what` ("a GGUF file"); VIDI_E_IO; VIDI_E_MEMORY.
 */
vidi_status mapped_open(struct vd_ctx *ctx, const char *path, const char *what, struct mapped *out);
void mapped_close(struct mapped *m); /* safe on a zeroed one */
/* Fails when the file's size has changed. OK when nothing is mapped. */
vidi_status mapped_still_whole(struct vd_ctx *ctx, const char *path, const struct mapped *m);
#endif
