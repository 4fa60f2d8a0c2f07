/* file.h - whole files, in and out, with words when it fails.
 *
 * Only regular files are opened: a directory, a device or a FIFO is refused at once and never
 * waited for. */
#ifndef VD_FILE_H
#define VD_FILE_H
#include "base/status.h"

/* A descriptor for reading and the size of the file. The caller closes it. VIDI_E_IO. */
vidi_status file_open(struct vd_ctx *ctx, const char *path, int *fd, uint64_t *bytes);

/* The whole file into memory from vd_alloc, with a NUL behind it. VIDI_E_IO, also when the length
 * changes meanwhile; VIDI_E_MEMORY; the limit's own status when the file is longer than that. */
struct file_limit {
    uint64_t bytes;
    vidi_status status;
};
vidi_status file_read(struct vd_ctx *ctx, const char *path, struct file_limit limit, void **data,
                      uint64_t *bytes);

/* A file of these parts, one behind the other, by base/replace.h. VIDI_E_IO, VIDI_E_MEMORY. */
struct file_part {
    const void *data;
    uint64_t bytes;
};
vidi_status file_write(struct vd_ctx *ctx, const char *path, const struct file_part *parts,
                       uint32_t n_parts);
#endif
