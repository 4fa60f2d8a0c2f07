/* mapped.h - a whole file seen as memory, read-only.
 *
 * Reading behind the end of a file that was cut meanwhile ends the program (SIGBUS). So what is
 * needed for long is kept by mapped_keep(), all else is copied by survive_copy(), and whoever
 * reads asks mapped_still_whole() before and after. Threads: may be shared. */
#ifndef VD_MAPPED_H
#define VD_MAPPED_H
#include "base/status.h"

struct mapped {
    const unsigned char *data;
    uint64_t bytes; /* 0: nothing is mapped */
    int fd;
    int64_t changed_s, changed_ns; /* when it was written to, as it was opened */
};

/* VIDI_E_FORMAT for an empty file, which is not `what` ("a GGUF file"); VIDI_E_IO; VIDI_E_MEMORY.
 */
vidi_status mapped_open(struct vd_ctx *ctx, const char *path, const char *what, struct mapped *out);
/* The first `bytes` stay as they are, whatever becomes of the file; addresses do not change. Fails
 * where they are gone already. Nothing to do when nothing is mapped. */
vidi_status mapped_keep(struct vd_ctx *ctx, const char *path, const struct mapped *m,
                        uint64_t bytes);
void mapped_close(struct mapped *m); /* safe on a zeroed one */
/* Fails when the file's size has changed, or it was written to. OK when nothing is mapped. */
vidi_status mapped_still_whole(struct vd_ctx *ctx, const char *path, const struct mapped *m);
#endif
