/* gguf_write.h - a GGUF file, version 3, written piece by piece.
 *
 * It is there from gguf_write_done() on, whole; gguf_write_close() without that leaves what was
 * there before (base/replace.h). What was said of n, name and bytes in
 * gguf_write_head() must come as data in the same order. Threads: one at a time. */
#ifndef VD_GGUF_WRITE_H
#define VD_GGUF_WRITE_H
#include "base/replace.h"
#include "io/gguf.h"

struct gguf_writer {
    struct vd_ctx *ctx;
    const char *path;
    struct replace *file;
    uint64_t at; /* bytes written */
    unsigned char *buffer;
    uint32_t waiting; /* bytes of the buffer */
};

struct gguf_head {
    const struct gguf_value *const *values;
    uint32_t n_values;
    const struct gguf_tensor *tensors; /* name, gguf_type, n_dims, dims and bytes are used */
    uint32_t n_tensors;
};

/* The path must outlive the writer. VIDI_E_IO, VIDI_E_MEMORY. */
vidi_status gguf_write_open(struct vd_ctx *ctx, const char *path, struct gguf_writer *out);
/* Keys, values and the table of tensors. */
vidi_status gguf_write_head(struct gguf_writer *w, const struct gguf_head *head);
/* Bytes of the tensor that is next; where `last`, zeros follow up to the next one's place. */
vidi_status gguf_write_data(struct gguf_writer *w, const void *data, uint64_t bytes, bool last);
vidi_status gguf_write_done(struct gguf_writer *w);
void gguf_write_close(struct gguf_writer *w); /* safe after any failure, and on a zeroed one */
#endif
