/* safetensors.h - Hugging Face safetensors files and folders of shards, memory-mapped and checked.
 *
 * A file is 8 bytes of header length, the header (JSON: name -> dtype, shape, [begin, end)), and
 * the data. safetensors_open() accepts it only when the tensors fill the data without a gap or an
 * overlap and each has the bytes that its dtype and shape need. Failures name the file, the tensor
 * and the field in one sentence.
 * Limits: a header of 32 MiB, 65,536 tensors a file, names of 512 bytes, 8 dims of at most 2^31-1,
 * 512 shards. Threads: what is open is read-only and may be shared. */
#ifndef VD_SAFETENSORS_H
#define VD_SAFETENSORS_H
#include "base/arena.h"
#include "base/format.h"
#include "base/map.h"
#include "io/mapped.h"

struct st_tensor {
    const char *name;
    const char *dtype; /* "BF16", as the file says */
    enum vd_type type; /* VD_TYPE_NONE: a known dtype that the engine does not read */
    uint32_t n_dims;
    uint64_t dims[8]; /* dims[0] is the outermost, as in the file */
    const void *data;
    uint64_t bytes;
};

struct safetensors {
    struct vd_ctx *ctx;
    const char *path;
    uint32_t n_tensors;
    struct st_tensor *tensors;
    struct map names;
    struct arena arena;
    struct mapped file; /* empty: the memory belongs to the caller */
};

vidi_status safetensors_open(struct vd_ctx *ctx, const char *path, struct safetensors *out);
/* The same from memory that outlives it; `name` stands for the path in messages. */
vidi_status safetensors_open_memory(struct vd_ctx *ctx, const char *name, const void *data,
                                    uint64_t bytes, struct safetensors *out);
void safetensors_close(struct safetensors *s); /* safe on a zeroed one, and after a failed open */
const struct st_tensor *safetensors_find(const struct safetensors *s, const char *name);
vidi_status safetensors_still_whole(const struct safetensors *s);

/* A model's folder: model.safetensors, or the shards that model.safetensors.index.json names. Every
 * tensor of the index must be in the shard it says, and no shard may hold one that is not in it. */
struct safetensors_folder {
    uint32_t n_shards;
    struct safetensors *shards;
    struct arena arena;
    struct vd_ctx *ctx;
};
vidi_status safetensors_folder_open(struct vd_ctx *ctx, const char *folder,
                                    struct safetensors_folder *out);
void safetensors_folder_close(struct safetensors_folder *f);
const struct st_tensor *safetensors_folder_find(const struct safetensors_folder *f,
                                                const char *name);
#endif
