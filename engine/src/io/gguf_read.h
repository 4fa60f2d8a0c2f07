/* gguf_read.h - the part of gguf.c that reads the metadata. For io/gguf*.c only.
 *
 * Fills everything in *g but ctx, path, arena, map and file, which are set before. The
 * caller closes *g when this fails. */
#ifndef VD_GGUF_READ_H
#define VD_GGUF_READ_H
#include "io/gguf.h"

vidi_status gguf_parse(struct gguf *g, const unsigned char *base, uint64_t bytes);

/* Bytes of one value of a kind; 0 for strings and arrays. */
uint32_t gguf_kind_bytes(enum gguf_kind kind);
const char *gguf_kind_name(enum gguf_kind kind); /* "u32" */

/* Text from a file, fit for a message: at most `cap` - 1 bytes, no control characters. */
const char *gguf_shown(struct str text, char *buf, uint64_t cap);
#endif
