/* json_file.h - files of JSON as they lie about: the one place where such a file is read.
 *
 * A mark of byte order (BOM) before the text and NULs behind it are dropped; numbers that no 64
 * bits hold (tokenizers write 1e30, "no limit", with all its digits) have every number read as a
 * real. What JSON does not know (NaN, Infinity, a key twice, text that is not UTF-8) is refused in
 * words. */
#ifndef VD_JSON_FILE_H
#define VD_JSON_FILE_H
#include <jansson.h>

#include "io/file.h"

/* The object in the file; the caller's to decref. VIDI_E_FORMAT: it is none; else as file_read().
 */
vidi_status json_file_read(struct vd_ctx *ctx, const char *path, struct file_limit limit,
                           json_t **out);
#endif
