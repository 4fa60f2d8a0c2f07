/* gguf.h - GGUF files, versions 2 and 3, little-endian, memory-mapped and checked.
 *
 * gguf_open() accepts a file only when every count, length, type, offset and alignment in it is
 * sound: after VIDI_OK every tensor lies inside the file and no two overlap. Failures name the
 * file, the field, the byte offset, the value and the limit, in one sentence.
 * A model may be split over files NAME-00001-of-0000N.gguf: the first holds the keys and names
 * their number (split.count), and opening it opens all; the tensors of all of them are seen as one
 * list. Limits: 65,536 keys, 65,536 tensors, names of 64 bytes (tensors) and 65,535 (keys), 4 dims
 * each 1 .. 2^31-1, 512 files, alignment a power of two in 8 .. 65,536, strings of 64 MiB, metadata
 * of 512 MiB. Heap: at most 3 x metadata + 16 MiB. Keys and strings are views into the mapped
 * file, whose head is a copy of its own from the end of gguf_open() on; what tensors hold is read
 * by gguf_copy(), since the file may be cut any time.
 * Threads: an open file is read-only and may be shared. */
#ifndef VD_GGUF_H
#define VD_GGUF_H
#include "base/arena.h"
#include "base/format.h"
#include "base/map.h"
#include "io/mapped.h"

enum gguf_kind { /* value types by their numbers in the file */
                 GGUF_U8,
                 GGUF_I8,
                 GGUF_U16,
                 GGUF_I16,
                 GGUF_U32,
                 GGUF_I32,
                 GGUF_F32,
                 GGUF_BOOL,
                 GGUF_STRING,
                 GGUF_ARRAY,
                 GGUF_U64,
                 GGUF_I64,
                 GGUF_F64,
                 GGUF_KIND_COUNT
};

struct str {
    const char *ptr;
    uint64_t len;
}; /* a view, not NUL-terminated */

struct gguf_value {
    struct str key;
    enum gguf_kind kind, item; /* item: of an array; the same as kind otherwise */
    uint64_t n;                /* entries of an array; 1 otherwise */
    const unsigned char *data; /* first byte of the value (of the first entry) */
    const uint64_t *offsets;   /* strings: byte offset of each entry's length from data; [n + 1],
                                * the last is where the array ends */
};

struct gguf_tensor {
    struct str name;
    enum vd_type type; /* VD_TYPE_NONE: a ggml type that the engine does not read; its
                        * size is checked all the same, or the file is refused */
    uint32_t gguf_type;
    uint32_t n_dims;
    uint64_t dims[4]; /* dims[0] is the innermost (columns); unused ones are 1 */
    const void *data;
    uint64_t bytes;
};

struct gguf {
    struct vd_ctx *ctx;
    const char *path;
    uint32_t version, alignment;
    uint32_t n_values, n_tensors;
    struct gguf_value *values;
    struct gguf_tensor *tensors;
    uint64_t file_bytes, data_start; /* of this file; file_bytes of an opened model: of all */
    struct map keys, names;          /* to indices of values and tensors */
    struct arena arena;
    const unsigned char *map; /* the first byte of the file */
    struct mapped file;       /* empty: the memory belongs to the caller */
    struct gguf *shards;      /* the other files of a split model, in their order */
    uint32_t n_shards;
    struct safetensors_folder *folder; /* not NULL: what hf_folder.h makes of one; closed with this
                                        */
};

vidi_status gguf_open(struct vd_ctx *ctx, const char *path, struct gguf *out);
/* The same from memory that outlives the gguf; `name` stands for the path in messages. */
vidi_status gguf_open_memory(struct vd_ctx *ctx, const char *name, const void *data, uint64_t bytes,
                             struct gguf *out);
/* By its name a file of a split model that is not the first. Opens nothing. */
bool gguf_is_later_shard(const char *path);
void gguf_close(struct gguf *g); /* safe on a zeroed one, and after a failed open */

const struct gguf_value *gguf_find(const struct gguf *g, const char *key); /* NULL: not there */
const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name);

/* Typed getters; any integer kind serves, signs and ranges are checked. VIDI_E_FORMAT with words
 * when the key is missing or of another kind. */
vidi_status gguf_u32(const struct gguf *g, const char *key, uint32_t *out);
vidi_status gguf_f32(const struct gguf *g, const char *key, float *out);
vidi_status gguf_bool(const struct gguf *g, const char *key, bool *out);
vidi_status gguf_str(const struct gguf *g, const char *key, struct str *out);
vidi_status gguf_array(const struct gguf *g, const char *key, enum gguf_kind item,
                       const struct gguf_value **out);
/* Entries of arrays; i < value->n. Numbers convert to the C type; wrong kinds give 0 or "". */
struct str gguf_str_at(const struct gguf_value *value, uint64_t i);
int64_t gguf_int_at(const struct gguf_value *value, uint64_t i);
double gguf_float_at(const struct gguf_value *value, uint64_t i);

/* Bytes `at` .. `at + bytes` of a tensor, which the caller knows to lie inside it. Fails with words
 * where the file was cut. */
vidi_status gguf_copy(const struct gguf *g, const struct gguf_tensor *t, uint64_t at, void *to,
                      uint64_t bytes);
/* The file may have been cut since it was mapped: fails when its size changed. */
vidi_status gguf_still_whole(const struct gguf *g);
#endif
