/* gguf_read.h - what the files of gguf share. For io/gguf*.c only. */
#ifndef VD_GGUF_READ_H
#define VD_GGUF_READ_H
#include "io/gguf.h"

/* Fills everything in *g but ctx, path, arena, map and file, which are set before. The caller
 * closes *g when this fails. */
vidi_status gguf_parse(struct gguf *g, const unsigned char *base, uint64_t bytes);

/* Opens one file without looking for others of a split model. On failure the caller closes. */
vidi_status gguf_open_one(struct vd_ctx *ctx, const char *path, struct gguf *g);
/* Opens the other files of a split model and joins their tensors; nothing for a model in one. */
vidi_status gguf_join_shards(struct gguf *g);

/* Bytes of one value of a kind; 0 for strings and arrays. */
uint32_t gguf_kind_bytes(enum gguf_kind kind);
const char *gguf_kind_name(enum gguf_kind kind); /* "u32" */

/* Text from a file, fit for a message: at most `cap` - 1 bytes, no control characters. */
const char *gguf_shown(struct str text, char *buf, uint64_t cap);
#endif
