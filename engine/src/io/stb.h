/* stb.h - the only door to stb_image: PNG from memory.
 *
 * The decoder takes its memory from the context, never more than a cap at once. */
#ifndef VD_STB_H
#define VD_STB_H
#include "base/status.h"

struct stb_pixels {
    uint8_t *data; /* [height][width][channels] */
    uint32_t width, height;
    uint32_t channels; /* 1 grey, 2 grey alpha, 3 RGB, 4 RGBA */
};

/* VIDI_E_IMAGE with the decoder's words, also when it wants more than `cap` bytes; VIDI_E_MEMORY.
 * `name` stands for the file in messages. At most INT_MAX bytes. Any thread. */
struct stb_input {
    const char *name;
    const void *data;
    uint64_t bytes, cap;
};
vidi_status stb_decode(struct vd_ctx *ctx, const struct stb_input *in, struct stb_pixels *out);
void stb_free(struct vd_ctx *ctx, struct stb_pixels *pixels);
#endif
