/* gpu.h - a device, its memory, and programs recorded once and replayed.
 *
 * The only module that includes Vulkan; nothing of Vulkan shows here.
 *
 *     struct gpu *gpu;
 *     TRY(gpu_open(ctx, &(struct gpu_config){ .device = "0" }, &gpu));
 *     struct gpu_list list;                       // what to run, in order
 *     gpu_list_open(&list, gpu);
 *     k_rmsnorm(&list, 0, groups(rows), .x = ..., .y = ...);
 *     struct gpu_program *p;
 *     TRY(gpu_program_record(&list, "norm", &p)); // barriers derived, descriptor sets written
 *     TRY(gpu_run(p));                            // submit and wait, as often as wanted
 *
 * Failure: vidi_status, words in the context given to gpu_open(). A list keeps its first failure
 * and gpu_program_record() returns it. After VIDI_E_DEVICE only gpu_close() is of use.
 * Threads: one at a time, but for the flag that gpu_submit() reads. */
#ifndef VD_GPU_H
#define VD_GPU_H
#include <stdatomic.h>

#include "base/arena.h"
#include "gpu/kernel.h"

struct gpu;
struct gpu_buffer;
struct gpu_program;

/* A range of a buffer. buffer == NULL: nothing. Offsets are multiples of caps.align. */
struct vd_span {
    struct gpu_buffer *buffer;
    uint64_t offset, bytes;
};

enum gpu_type { GPU_OTHER, GPU_INTEGRATED, GPU_DISCRETE, GPU_VIRTUAL, GPU_CPU };

struct gpu_caps {
    char name[256], driver[256];
    uint32_t vendor_id, device_id, api_version;
    enum gpu_type type;
    bool usable;
    char reason[256]; /* why not usable; "" when it is */
    uint32_t has;     /* kernel_needs bits this device meets */
    uint32_t subgroup_size;
    uint32_t matrix_side;     /* of pieces that matrix units multiply: 16 or 8; 0: none */
    uint32_t max_invocations; /* of a workgroup */
    uint32_t max_groups[3];
    uint32_t shared_bytes;
    uint32_t align;        /* of a span's offset in bytes, at least 16 */
    uint64_t max_range;    /* largest span that can be bound */
    uint64_t memory_bytes; /* largest device-local heap */
    uint64_t budget_bytes; /* what of it this program may have; 0: the driver does not say */
    bool unified;          /* the device reads host memory as fast as its own */
    bool import_host;      /* can use host memory without a copy */
    bool timestamps;
    float timestamp_ns; /* a tick */
};

struct gpu_config {
    /* Part of a name or an index; NULL: discrete > integrated > virtual > cpu. */
    const char *device;
    const char *cache_dir; /* of the pipeline cache; NULL: none */
    bool validate;         /* the Khronos validation layer with synchronization validation */
    bool labels;           /* debug names and labels */
    bool profile;          /* a timestamp behind every dispatch of programs recorded from now on */
    bool robust;           /* robustBufferAccess; off by default */
    bool staged;           /* for tests: device memory counts as out of the host's reach */
    bool no_barriers;      /* for tests: programs are recorded without derived barriers */
    bool no_stamp;         /* for tests: submissions leave their completion marker out */
    bool zero_on_free;     /* memory holds zeros when the driver gets it back */
    /* Pipelines are made and nothing runs: buffers are names and sizes, programs cannot be
     * recorded. The compiler of a GPU that is not here can be asked so. */
    bool compile_only;
    /* Not 0: stop; what was going on fails with VIDI_E_CANCELLED. */
    int (*progress)(void *user, const char *phase, uint64_t done, uint64_t total);
    void *user;
};

struct gpu_counters { /* since gpu_open() */
    uint64_t submissions, recordings /* command buffers */, buffer_allocations;
    uint64_t descriptor_updates; /* sets written */
    uint64_t device_bytes;       /* taken from the device now, room for more buffers included */
    uint64_t validation_messages;
    double longest_ms; /* of a submission of a program, from handing it over to its end */
};

vidi_status gpu_open(struct vd_ctx *ctx, const struct gpu_config *cfg, struct gpu **out);
/* Frees every buffer and program too. After a driver that hangs nothing is freed, since it may
 * still be at work on all of it. */
void gpu_close(struct gpu *gpu);
const struct gpu_caps *gpu_caps(const struct gpu *gpu);
struct gpu_counters gpu_counters(const struct gpu *gpu);
struct vd_ctx *gpu_ctx(struct gpu *gpu);

/* Calls `each` for every physical device. VIDI_E_DEVICE: no loader or no driver at all. */
vidi_status gpu_devices(struct vd_ctx *ctx, void (*each)(void *user, const struct gpu_caps *caps),
                        void *user);

/* --- memory ---------------------------------------------------------------------------------- */

enum gpu_memory {
    GPU_DEVICE, /* fast for the device; the host reaches it through upload and download */
    GPU_HOST,   /* mapped and coherent for its whole life; the device reads and writes it too */
};

/* A buffer with its own VkBuffer. Its content is zero. The name shows in errors and labels.
 * In check and debug builds one buffer a tensor lets the validation layer see every overrun. */
vidi_status gpu_buffer_new(struct gpu *gpu, uint64_t bytes, enum gpu_memory memory,
                           const char *name, struct gpu_buffer **out);
void gpu_buffer_free(struct gpu *gpu, struct gpu_buffer *buffer); /* no program may still use it */
void *gpu_buffer_map(struct gpu_buffer *buffer); /* GPU_HOST: its bytes; else NULL */
uint64_t gpu_buffer_bytes(const struct gpu_buffer *buffer);

static inline struct vd_span span_of(struct gpu_buffer *buffer, uint64_t offset, uint64_t bytes) {
    return (struct vd_span){buffer, offset, bytes};
}

/* Copies through a staging ring (or straight, where device memory is mapped), 4-byte granularity.
 * Upload may return before the copy ran; every later submission waits for it. */
vidi_status gpu_upload(struct gpu *gpu, struct vd_span dst, const void *src, uint64_t bytes);
vidi_status gpu_download(struct gpu *gpu, void *dst, struct vd_span src, uint64_t bytes);

/* --- lists of dispatches --------------------------------------------------------------------- */

struct gpu_dispatch {
    uint32_t kernel, variant;
    struct vd_groups groups;
    const struct vd_span *spans; /* kernel's n_bindings */
    const void *push;            /* push_bytes */
    const uint32_t *specs;       /* n_specs, defaults filled in */
    const char *label;           /* what of the graph this is: "blk.0.attn_q" */
    uint64_t bytes, flops;       /* moved and done, as the op counts them; 0 when unknown */
};

struct gpu_list {
    struct gpu *gpu;
    struct arena arena;
    struct gpu_dispatch *items;
    uint32_t n, cap;
    vidi_status status; /* the first failure; later calls then do nothing */
    const char *label;  /* given to dispatches from now on; NULL: the kernel's name */
    const char *only;   /* tests: ops must choose the kernel of this name, or fail */
};

void gpu_list_open(struct gpu_list *list, struct gpu *gpu);
void gpu_list_close(struct gpu_list *list);
void gpu_list_label(struct gpu_list *list, const char *label); /* copied; NULL clears */
void gpu_list_fail(struct gpu_list *list, vidi_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What the generated k_*() macros call. `args` is the kernel's generated struct. Checks: variant
 * exists, device meets the needs, groups are within limits and not 0, spans lie in their buffers,
 * are not longer than max_range, and start on caps.align. */
void gpu_dispatch(struct gpu_list *list, uint32_t kernel, int variant, struct vd_groups g,
                  const void *args);
/* Bytes moved and multiply-adds x 2 of the newest dispatch, for profile and time bounds. */
void gpu_list_cost(struct gpu_list *list, uint64_t bytes, uint64_t flops);

/* --- what a driver's compiler makes of kernels -------------------------------------------------
 */

enum gpu_number {
    GPU_REGISTERS,
    GPU_SCALARS,   /* registers that all lanes of a subgroup share */
    GPU_SPILLED,   /* registers, or stores and loads: what the driver counts */
    GPU_SPILLED_2, /* scalar registers, or loads */
    GPU_SCRATCH,   /* bytes, of a lane or a subgroup */
    GPU_SHARED,    /* bytes of a workgroup */
    GPU_CODE,      /* bytes */
    GPU_STEPS,     /* instructions */
    GPU_CYCLES,    /* what the compiler expects */
    GPU_NUMBERS
};
struct gpu_shader {
    uint32_t kernel, variant;
    const uint32_t *specs;        /* the kernel's n_specs */
    int64_t numbers[GPU_NUMBERS]; /* -1 where the driver has no such number */
};
/* Compiles what the list asks for and calls `each` once for each pipeline that is not like another.
 * For config.compile_only; VIDI_E_UNSUPPORTED: the driver does not tell. */
vidi_status gpu_list_shaders(struct gpu_list *list,
                             void (*each)(void *user, const struct gpu_shader *s), void *user);

/* --- programs -------------------------------------------------------------------------------- */

/* Creates pipelines (in parallel, from the cache), writes descriptor sets, derives barriers from
 * the access masks (only where a later dispatch touches what an earlier one wrote, or writes what
 * one read), and records command buffers: one a segment. Segments end where the estimated
 * time passes a few milliseconds, so that submissions can be bounded. The list may be closed
 * afterwards. A program may be submitted again while an earlier submission still runs. */
vidi_status gpu_program_record(struct gpu_list *list, const char *name, struct gpu_program **out);
void gpu_program_free(struct gpu *gpu, struct gpu_program *p); /* waits for it first */
uint32_t gpu_program_dispatches(const struct gpu_program *p);
uint32_t gpu_program_barriers(const struct gpu_program *p);
/* Calls `each` for every dispatch in order; waits: a barrier stands before it. */
void gpu_program_each(const struct gpu_program *p,
                      void (*each)(void *user, const char *label, bool waits), void *user);

/* Submits the whole program as one or more submissions, each bounded to about `budget_ms` by
 * measured times (0: 100). *cancel (may be NULL) is read between them: VIDI_E_CANCELLED. At most
 * two submissions are in flight. *ticket is reached when all of it has run. */
vidi_status gpu_submit(struct gpu_program *p, double budget_ms, const atomic_int *cancel,
                       uint64_t *ticket);
/* Waits (a blocking wait, no spin), then checks the completion markers of everything up to the
 * ticket: a submission that the driver dropped, or does not end in five minutes, is VIDI_E_DEVICE.
 */
vidi_status gpu_wait(struct gpu *gpu, uint64_t ticket);
vidi_status gpu_run(struct gpu_program *p); /* submit and wait */

/* Profile of the newest finished run, when recorded with config.profile: calls `each` a dispatch.
 */
struct gpu_timing {
    const char *label, *kernel, *variant;
    double ms;
    uint64_t bytes, flops;
};
vidi_status gpu_program_timings(struct gpu_program *p,
                                void (*each)(void *user, const struct gpu_timing *t), void *user);
#endif
