/* inside.h - what the files of gpu/ share with each other and with nobody else.
 *
 * The only header that includes Vulkan. Lifetimes: everything hangs off struct gpu and is freed by
 * gpu_close(), in reverse order of its making, also after gpu_open() failed half way: handles that
 * were never made are VK_NULL_HANDLE and freeing them does nothing. */
#ifndef VD_GPU_INSIDE_H
#define VD_GPU_INSIDE_H
#include <pthread.h>
#include <stdatomic.h>
#include <vulkan/vulkan.h>

#include "base/map.h"
#include "gpu/gpu.h"

/* --- Vulkan's results (result.c) -------------------------------------------------------------- */

const char *vk_result_name(VkResult r);
vidi_status vk_status(VkResult r);
/* Keeps "<call> failed: <result>" and returns the matching status. */
vidi_status vk_fail(struct vd_ctx *ctx, VkResult r, const char *call);

/* TRY_VK(ctx, vkCreateFence, (device, &info, NULL, &fence)); */
#define TRY_VK(ctx, call, args)                                         \
    do {                                                                \
        const VkResult try_result_ = call args;                         \
        if (try_result_ < 0) return vk_fail((ctx), try_result_, #call); \
    } while (0)

/* The same for calls that make something: what they leave behind on failure is not a handle. */
#define TRY_MAKE(ctx, handle, call, args)          \
    do {                                           \
        const VkResult try_result_ = call args;    \
        if (try_result_ >= 0) break;               \
        (handle) = VK_NULL_HANDLE;                 \
        return vk_fail((ctx), try_result_, #call); \
    } while (0)

/* --- instance, layer and messages (instance.c) ------------------------------------------------ */

/* Messages of the validation layer. They may come from the threads that create pipelines; what
 * they say is kept until the calling thread can log it. */
struct messages {
    struct vd_ctx *ctx;
    pthread_mutex_t lock;
    atomic_uint_least64_t n;
    bool held;       /* other threads are at work: keep the words */
    char kept[2048]; /* the first of them */
};

struct instance {
    VkInstance handle;
    VkDebugUtilsMessengerEXT messenger;
    bool debug_utils;
    struct messages messages;
};

vidi_status instance_open(struct instance *in, struct vd_ctx *ctx, bool validate, bool labels);
void instance_close(struct instance *in);
void instance_leave(struct instance *in);  /* no more messages; it stays as it is */
void messages_hold(struct messages *m);    /* before threads start */
void messages_release(struct messages *m); /* after they are joined: logs what was kept */

/* --- what a physical device can do (caps.c) --------------------------------------------------- */

struct probe {
    VkPhysicalDevice physical;
    struct gpu_caps caps;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceSubgroupSizeControlFeatures size_control;
    VkPhysicalDeviceShaderIntegerDotProductFeatures int_dot;
    VkPhysicalDeviceVulkan12Features v12;
    VkPhysicalDeviceVulkan11Features v11;
    VkPhysicalDeviceFeatures2 features;
    uint8_t cache_uuid[VK_UUID_SIZE];
    uint32_t family; /* of the queue; UINT32_MAX: none computes */
    uint32_t timestamp_bits;
    uint32_t extensions; /* enum probe_extension bits that the device has */
    uint32_t min_subgroup, max_subgroup;
    uint64_t max_allocation, max_buffer, import_align;
    bool int_dot_fast, coopmat;
};

enum probe_extension {
    EXT_INT_DOT = 1,
    EXT_SIZE_CONTROL = 2,
    EXT_IMPORT_HOST = 4,
    EXT_PORTABILITY = 8,
    EXT_BUDGET = 16,
    EXT_COOPMAT = 64,
    EXT_STATISTICS = 32, /* switched on with config.compile_only alone */
};

/* Extension i of the table, or NULL behind its end. */
const char *probe_extension_name(uint32_t i, uint32_t *bit);
/* The first requirement of the house that a device fails, in words; NULL: it is usable. */
const char *probe_judge(const struct probe *p);
vidi_status probe_device(struct vd_ctx *ctx, VkInstance instance, VkPhysicalDevice physical,
                         struct probe *out);
/* Every physical device, in an arena. */
vidi_status probe_all(struct arena *a, VkInstance instance, struct probe **out, uint32_t *n);

/* --- memory (memory.c, transfer.c) ------------------------------------------------------------ */

struct gpu_block {
    struct gpu_block *next;
    VkDeviceMemory memory;
    uint64_t bytes;
    uint32_t type;
    char *map;                /* NULL: the host cannot reach it */
    struct gpu_buffer *first; /* by offset */
};

struct gpu_buffer {
    struct gpu_buffer *next; /* in its block, by offset */
    struct gpu_block *block;
    VkBuffer handle;
    uint64_t offset, taken; /* in the block */
    uint64_t bytes;         /* as asked for */
    enum gpu_memory memory;
    char *map;
    char name[];
};

void memory_close(struct gpu *gpu);

enum { TRANSFER_SLOTS = 4, TRANSFER_BYTES = 4 << 20 };

/* A ring of command buffers with a piece of staging memory each. */
struct transfer {
    struct gpu_buffer *staging; /* made when first needed */
    VkCommandPool pool;
    struct {
        VkCommandBuffer cmd;
        uint64_t ticket, used;
        bool open;
    } slots[TRANSFER_SLOTS];
    uint32_t current;
};

vidi_status transfer_zero(struct gpu *gpu, struct gpu_buffer *buffer);
vidi_status transfer_flush(struct gpu *gpu); /* submits what waits in the current slot */
void transfer_close(struct gpu *gpu);

/* --- pipelines (pipeline.c, cache.c) ---------------------------------------------------------- */

struct kernel_layout {
    VkDescriptorSetLayout set;
    VkPipelineLayout pipeline;
};

struct pipeline {
    uint32_t kernel, variant;
    const uint32_t *specs;
    VkPipeline handle; /* VK_NULL_HANDLE: not yet made */
    VkResult result;
    const char *call; /* that gave the result */
};

struct pipelines {
    struct kernel_layout *layouts; /* [kernel_count], made when first needed */
    struct map by_key;
    struct pipeline *items;
    uint32_t n, cap;
    VkPipelineCache cache;
    char *cache_path;    /* NULL: not kept */
    bool grown;          /* since the cache was read */
    uint64_t cache_hash; /* of the file as read */
};

static inline VkDescriptorType descriptor_type(const struct kernel *k, uint32_t binding) {
    return k->texel_mask >> binding & 1 ? VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER
                                        : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

vidi_status pipelines_open(struct gpu *gpu);
void pipelines_close(struct gpu *gpu);
vidi_status pipeline_layout(struct gpu *gpu, uint32_t kernel, struct kernel_layout *out);
/* index[i] becomes the place of item i's pipeline in gpu->pipelines.items; all exist then. */
vidi_status pipelines_prepare(struct gpu *gpu, const struct gpu_dispatch *items, uint32_t n,
                              uint32_t *index);

/* Runs each once over nothing, where the driver compiles only then (warm.c). */
bool pipelines_want_warming(const struct gpu *gpu);
vidi_status pipelines_warm(struct gpu *gpu, const uint32_t *jobs, uint32_t n);

/* Width of a workgroup of a compiled shader with these specialisation constants (spirv.c); 0: it
 * cannot be told. */
uint32_t spirv_local_size_x(const struct kernel *k, const struct kernel_variant *v,
                            const uint32_t *specs);

/* The cache starts empty where the file is absent, damaged or of another driver. */
vidi_status cache_open(struct gpu *gpu, const char *dir);
void cache_save(struct gpu *gpu); /* failures are warnings */

/* --- barriers (hazard.c) ---------------------------------------------------------------------- */

/* What was touched since the last barrier. */
struct hazards {
    struct arena *arena;
    struct touch {
        struct vd_span span;
        bool write;
    } * touched;
    uint32_t n, cap;
};

/* Notes a dispatch. *needed: it must wait for one noted since the last barrier; the note then
 * starts anew with this dispatch. */
vidi_status hazards_note(struct hazards *h, const struct kernel *k, const struct vd_span *spans,
                         bool *needed);

/* --- programs (record.c, submit.c, profile.c) ------------------------------------------------- */

struct segment {
    uint32_t first, n;         /* dispatches */
    uint32_t query, n_queries; /* the first is at its start, the last at its end */
    double estimate_ms, ms;    /* ms: measured; 0: not yet */
};

struct gpu_program {
    struct gpu_program *next, *prev;
    struct gpu *gpu;
    struct arena arena;
    const char *name;
    struct dispatch_note {
        const char *label;
        uint32_t kernel, variant;
        uint64_t bytes, flops;
        bool waits; /* a barrier stands before it */
    } * notes;
    uint32_t n, n_barriers, n_segments;
    struct segment *segments;
    VkCommandBuffer *commands; /* [n_segments] */
    VkCommandPool pool;
    VkDescriptorPool sets_pool;
    VkBufferView *views; /* of texel buffers, in the arena */
    uint32_t n_views;
    VkQueryPool queries; /* VK_NULL_HANDLE: the device has no timestamps */
    uint32_t n_queries;
    uint64_t ticket; /* of its newest submission */
    bool profiled;
};

enum { MAX_IN_FLIGHT = 2 };

struct flight {
    struct gpu_program *program;
    uint32_t first, n; /* segments */
    uint64_t ticket;
    double start_ms;
};

struct submitter {
    VkSemaphore timeline;
    uint64_t submitted, reached;
    struct flight flights[MAX_IN_FLIGHT]; /* oldest first */
    uint32_t n_flights;
    VkCommandPool pool;
    VkCommandBuffer stamp_cmd;
    VkDescriptorPool stamp_sets;
    struct gpu_buffer *stamp; /* counts the submissions that ran */
    double pace;              /* measured over estimated time */
};

vidi_status submitter_open(struct gpu *gpu);
void submitter_close(struct gpu *gpu);
/* Submits command buffers and then the completion marker. */
vidi_status submit_commands(struct gpu *gpu, const VkCommandBuffer *commands, uint32_t n,
                            uint64_t *ticket);
/* Milliseconds of a segment that has run; false: not known. */
bool segment_measure(struct gpu_program *p, const struct segment *s, double *ms);
void program_destroy(struct gpu_program *p); /* the device must be done with it */
void forget_flights(struct gpu *gpu, const struct gpu_program *p);

/* A barrier for everything before it in the queue. */
void record_barrier(VkCommandBuffer cmd, VkPipelineStageFlags src, VkPipelineStageFlags dst);

/* Names an object for debuggers and the validation layer; nothing without config.labels. */
void debug_name(struct gpu *gpu, VkObjectType type, uint64_t handle, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void debug_label_begin(struct gpu *gpu, VkCommandBuffer cmd, const char *label);
void debug_label_end(struct gpu *gpu, VkCommandBuffer cmd);

/* --- the device (device.c) -------------------------------------------------------------------- */

struct gpu {
    struct vd_ctx *ctx;
    struct gpu_config cfg; /* device and cache_dir are not kept */
    struct arena arena;
    struct instance instance;
    struct probe probe;
    VkDevice device;
    VkQueue queue;
    bool lost;           /* VIDI_E_DEVICE was returned */
    bool hung;           /* ... since work never ended; nothing that it may use is freed */
    bool full_subgroups; /* kernels may ask for workgroups of whole subgroups */
    bool statistics;     /* pipelines keep what their compiler counted */
    struct gpu_counters counters;
    struct gpu_block *blocks;
    struct gpu_buffer *zero; /* bound where a span names no buffer */
    struct transfer transfer;
    struct pipelines pipelines;
    struct submitter submitter;
    struct gpu_program *programs;
    PFN_vkSetDebugUtilsObjectNameEXT set_name;
    PFN_vkCmdBeginDebugUtilsLabelEXT begin_label;
    PFN_vkCmdEndDebugUtilsLabelEXT end_label;
};

static inline uint64_t vk_id(const void *handle) { return (uint64_t)(uintptr_t)handle; }
#endif
