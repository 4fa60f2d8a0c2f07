/* npy.h - NumPy .npy files, versions 1 to 3, little-endian, C order: '<f4' '<f8' '<i4' '<i8'.
 *
 * Read into float (f4, f8) or int32 (i4, i8); everything else is refused with words. */
#ifndef VD_NPY_H
#define VD_NPY_H
#include "base/arena.h"

struct npy {
    uint32_t n_dims;
    uint64_t dims[8];
    uint64_t count; /* product of dims; 1 for a scalar */
    float *f;       /* exactly one of these is set; in the arena */
    int32_t *i;
};

vidi_status npy_read(struct arena *a, const char *path, struct npy *out);
vidi_status npy_decode(struct arena *a, const char *name, const void *data, uint64_t bytes,
                       struct npy *out);
/* Written to PATH.tmp and renamed, so that a reader never sees half a file. */
vidi_status npy_write_f32(struct vd_ctx *ctx, const char *path, const float *data,
                          const uint64_t *dims, uint32_t n_dims);
vidi_status npy_write_i32(struct vd_ctx *ctx, const char *path, const int32_t *data,
                          const uint64_t *dims, uint32_t n_dims);
#endif
