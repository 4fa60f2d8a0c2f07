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

/* What a kind of file may hold: its bytes, and the memory it takes by json_cost(), which says about
 * twice as much as is taken. */
struct json_limit {
    uint64_t bytes, cost;
};
/* Settings: config.json and its kin, a few KiB as published. */
static const struct json_limit json_settings = {4 << 20, 64 << 20};
/* Words: tokenizer.json has 33 MB and costs 430 MB where there are 262,000 of them. */
static const struct json_limit json_words = {64 << 20, 768 << 20};
/* Lists of tensors: a hundred bytes and 2 KB each. */
static const struct json_limit json_tensors = {32 << 20, 384 << 20};

/* The object in the file; the caller's to decref. VIDI_E_FORMAT: it is none, or beyond the limit;
 * else as file_read(). */
vidi_status json_file_read(struct vd_ctx *ctx, const char *path, struct json_limit limit,
                           json_t **out);
/* The same of a text that is there already, without marks and NULs; `name` is for the words. */
vidi_status json_affordable(struct vd_ctx *ctx, const char *name, const void *text, uint64_t bytes,
                            struct json_limit limit);
#endif
