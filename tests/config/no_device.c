#include "no_device.h"

/* A device's memory; what needs more is refused as a device would. */
static const uint64_t room = 1ull << 32;

struct kept {
    uint64_t bytes;
};

static struct vd_ctx *context;
static int anything;

struct gpu *no_device(struct vd_ctx *ctx) {
    context = ctx;
    return (struct gpu *)&anything;
}

struct vd_ctx *__wrap_gpu_ctx(struct gpu *gpu);
struct vd_ctx *__wrap_gpu_ctx(struct gpu *gpu) {
    (void)gpu;
    return context;
}

const struct gpu_caps *__wrap_gpu_caps(const struct gpu *gpu);
const struct gpu_caps *__wrap_gpu_caps(const struct gpu *gpu) {
    static const struct gpu_caps caps = {.name = "no device",
                                         .usable = true,
                                         .subgroup_size = 32,
                                         .max_invocations = 1024,
                                         .max_groups = {65535, 65535, 65535},
                                         .shared_bytes = 32768,
                                         .align = 256,
                                         .max_range = 1u << 30,
                                         .memory_bytes = 1ull << 32};
    (void)gpu;
    return &caps;
}

vidi_status __wrap_gpu_buffer_new(struct gpu *gpu, uint64_t bytes, enum gpu_memory memory,
                                  const char *name, struct gpu_buffer **out);
vidi_status __wrap_gpu_buffer_new(struct gpu *gpu, uint64_t bytes, enum gpu_memory memory,
                                  const char *name, struct gpu_buffer **out) {
    (void)gpu, (void)memory;
    *out = NULL;
    if (bytes > room)
        return vd_fail(context, VIDI_E_MEMORY, "no device: %s: %llu bytes are too many", name,
                       (unsigned long long)bytes);
    struct kept *kept = vd_alloc(context, sizeof *kept);
    if (!kept) return VIDI_E_MEMORY;
    kept->bytes = bytes;
    *out = (struct gpu_buffer *)kept;
    return VIDI_OK;
}

void __wrap_gpu_buffer_free(struct gpu *gpu, struct gpu_buffer *buffer);
void __wrap_gpu_buffer_free(struct gpu *gpu, struct gpu_buffer *buffer) {
    (void)gpu;
    vd_free(context, buffer);
}

uint64_t __wrap_gpu_buffer_bytes(const struct gpu_buffer *buffer);
uint64_t __wrap_gpu_buffer_bytes(const struct gpu_buffer *buffer) {
    return ((const struct kept *)buffer)->bytes;
}

/* Reads what is sent, as the driver would, and stays within the buffer. */
vidi_status __wrap_gpu_upload(struct gpu *gpu, struct vd_span dst, const void *src, uint64_t bytes);
vidi_status __wrap_gpu_upload(struct gpu *gpu, struct vd_span dst, const void *src,
                              uint64_t bytes) {
    (void)gpu;
    if (!dst.buffer || dst.offset + bytes > ((const struct kept *)dst.buffer)->bytes)
        __builtin_trap();
    const volatile unsigned char *from = src;
    return bytes && from[0] + from[bytes - 1] < 0 ? VIDI_E_DEVICE : VIDI_OK;
}
