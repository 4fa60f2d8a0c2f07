#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gpu/inside.h"

/* --- choosing --------------------------------------------------------------------------------- */

static bool contains(const char *text, const char *part) {
    const size_t len = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, len) == 0) return true;
    return len == 0;
}

/* All names for an error message: "0 llvmpipe (...), 1 SwiftShader ... (unusable: why)". */
static void list_names(const struct probe *probes, uint32_t n, char *out, size_t cap) {
    size_t len = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < n && len < cap; i++) {
        const struct gpu_caps *c = &probes[i].caps;
        const char *open = c->usable ? "" : " (unusable: ", *close = c->usable ? "" : ")";
        const int wrote = snprintf(out + len, cap - len, "%s%u \"%s\"%s%s%s", i ? ", " : "", i,
                                   c->name, open, c->reason, close);
        if (wrote < 0) return;
        len += (size_t)wrote;
    }
}

static const struct probe *by_rank(const struct probe *probes, uint32_t n) {
    static const int rank[] = {[GPU_DISCRETE] = 4,
                               [GPU_INTEGRATED] = 3,
                               [GPU_VIRTUAL] = 2,
                               [GPU_CPU] = 1,
                               [GPU_OTHER] = 0};
    const struct probe *best = NULL;
    for (uint32_t i = 0; i < n; i++)
        if (probes[i].caps.usable && (!best || rank[probes[i].caps.type] > rank[best->caps.type]))
            best = &probes[i];
    return best;
}

/* By index, else the first usable one whose name holds the words, else any such. */
static const struct probe *by_name(const struct probe *probes, uint32_t n, const char *name) {
    char *end;
    const unsigned long index = strtoul(name, &end, 10);
    if (isdigit((unsigned char)name[0]) && !*end && index < n) return &probes[index];
    const struct probe *found = NULL;
    for (uint32_t i = 0; i < n; i++)
        if (contains(probes[i].caps.name, name) &&
            (!found || (probes[i].caps.usable && !found->caps.usable)))
            found = &probes[i];
    return found;
}

/* A driver that computes on the CPU is slow, and taken where nothing else can be: said once. A
 * warning where there is a GPU that cannot be used; else only who asks for more is told. */
static void tell_of_cpu(struct gpu *gpu, uint32_t n, const char *names) {
    if (gpu->probe.caps.type != GPU_CPU) return;
    vd_log(gpu->ctx, n > 1 ? VD_LOG_WARN : VD_LOG_INFO,
           "no GPU can be used, so %s computes on the CPU; there are: %s", gpu->probe.caps.name,
           names);
}

static vidi_status choose(struct gpu *gpu, const char *name) {
    struct probe *probes;
    uint32_t n;
    TRY(probe_all(&gpu->arena, gpu->instance.handle, &probes, &n));
    char names[700];
    list_names(probes, n, names, sizeof names);
    const struct probe *p = name ? by_name(probes, n, name) : by_rank(probes, n);
    if (!p && name)
        return vd_fail(gpu->ctx, VIDI_E_DEVICE, "no device is called \"%.100s\"; there are: %s",
                       name, names);
    if (!p) return vd_fail(gpu->ctx, VIDI_E_DEVICE, "no device can be used; there are: %s", names);
    if (!p->caps.usable)
        return vd_fail(gpu->ctx, VIDI_E_DEVICE, "%s cannot be used: %s", p->caps.name,
                       p->caps.reason);
    gpu->probe = *p;
    if (!name) tell_of_cpu(gpu, n, names);
    if (gpu->cfg.staged) gpu->probe.caps.unified = false;
    return VIDI_OK;
}

vidi_status gpu_devices(struct vd_ctx *ctx, void (*each)(void *user, const struct gpu_caps *caps),
                        void *user) {
    struct instance in = {0};
    struct arena a;
    struct probe *probes;
    uint32_t n = 0;
    arena_open(&a, ctx);
    vidi_status status = instance_open(&in, ctx, false, false);
    if (status == VIDI_OK) status = probe_all(&a, in.handle, &probes, &n);
    if (status == VIDI_OK)
        for (uint32_t i = 0; i < n; i++) {
            probe_budget(&probes[i]);
            each(user, &probes[i].caps);
        }
    arena_close(&a);
    instance_close(&in);
    return status;
}

/* --- the logical device ----------------------------------------------------------------------- */

/* What is switched on, and the chain that says so. */
struct features {
    VkPhysicalDeviceFeatures2 all;
    VkPhysicalDeviceVulkan11Features v11;
    VkPhysicalDeviceVulkan12Features v12;
    VkPhysicalDeviceShaderIntegerDotProductFeatures int_dot;
    VkPhysicalDeviceSubgroupSizeControlFeatures size_control;
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics;
#ifdef VK_KHR_cooperative_matrix
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR coopmat;
#endif
};

static void choose_features(struct features *f, const struct probe *p, bool robust,
                            bool statistics) {
    *f = (struct features){
        .all = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &f->v11,
                .features = {.robustBufferAccess = robust,
                             .shaderInt16 = p->features.features.shaderInt16}},
        .v11 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f->v12,
                .storageBuffer16BitAccess = p->v11.storageBuffer16BitAccess},
        .v12 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .timelineSemaphore = VK_TRUE,
                .shaderFloat16 = p->v12.shaderFloat16,
                .vulkanMemoryModel = (p->caps.has & NEED_COOPMAT) != 0,
                .shaderSubgroupExtendedTypes = p->v12.shaderSubgroupExtendedTypes},
        .int_dot = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
                    .shaderIntegerDotProduct = VK_TRUE},
        .size_control = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                         .subgroupSizeControl = VK_TRUE, .computeFullSubgroups = VK_TRUE},
        .statistics =
            {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
             .pipelineExecutableInfo = VK_TRUE},
    };
    if (statistics) {
        f->statistics.pNext = f->all.pNext;
        f->all.pNext = &f->statistics;
    }
#ifdef VK_KHR_cooperative_matrix
    f->coopmat = (VkPhysicalDeviceCooperativeMatrixFeaturesKHR){
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
        .cooperativeMatrix = VK_TRUE};
    if (p->caps.has & NEED_COOPMAT) {
        f->coopmat.pNext = f->all.pNext;
        f->all.pNext = &f->coopmat;
    }
#endif
    if (p->caps.has & NEED_INT_DOT) {
        f->int_dot.pNext = f->all.pNext;
        f->all.pNext = &f->int_dot;
    }
    if (p->size_control.subgroupSizeControl && p->size_control.computeFullSubgroups) {
        f->size_control.pNext = f->all.pNext;
        f->all.pNext = &f->size_control;
    }
}

static vidi_status make_device(struct gpu *gpu) {
    const struct probe *p = &gpu->probe;
    struct features features;
    gpu->statistics = gpu->cfg.compile_only && (p->extensions & EXT_STATISTICS);
    choose_features(&features, p, gpu->cfg.robust, gpu->statistics);
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = p->family, .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const char *names[32];
    VkDeviceCreateInfo info = {VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &features.all,
                               .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue,
                               .ppEnabledExtensionNames = names};
    /* Extensions that became part of 1.3 need no naming there. */
    const bool v13 = p->caps.api_version >= VK_API_VERSION_1_3;
    const uint32_t wanted = p->extensions & ~(v13 ? EXT_INT_DOT | EXT_SIZE_CONTROL : 0u) &
                            ~(gpu->statistics ? 0u : EXT_STATISTICS) &
                            ~(p->caps.has & NEED_COOPMAT ? 0u : EXT_COOPMAT);
    const char *name;
    for (uint32_t i = 0, bit; (name = probe_extension_name(i, &bit)); i++)
        if (wanted & bit) names[info.enabledExtensionCount++] = name;
    const VkResult r = vkCreateDevice(p->physical, &info, NULL, &gpu->device);
    if (r < 0) {
        gpu->device = VK_NULL_HANDLE;
        return vd_fail(gpu->ctx, vk_status(r), "%s could not be opened: vkCreateDevice failed: %s",
                       p->caps.name, vk_result_name(r));
    }
    gpu->full_subgroups =
        p->size_control.subgroupSizeControl && p->size_control.computeFullSubgroups;
    vkGetDeviceQueue(gpu->device, p->family, 0, &gpu->queue);
    return VIDI_OK;
}

static void find_labels(struct gpu *gpu) {
    if (!gpu->cfg.labels || !gpu->instance.debug_utils) return;
    gpu->set_name = (PFN_vkSetDebugUtilsObjectNameEXT)vkGetDeviceProcAddr(
        gpu->device, "vkSetDebugUtilsObjectNameEXT");
    gpu->begin_label = (PFN_vkCmdBeginDebugUtilsLabelEXT)vkGetDeviceProcAddr(
        gpu->device, "vkCmdBeginDebugUtilsLabelEXT");
    gpu->end_label = (PFN_vkCmdEndDebugUtilsLabelEXT)vkGetDeviceProcAddr(
        gpu->device, "vkCmdEndDebugUtilsLabelEXT");
}

/* --- opening and closing ---------------------------------------------------------------------- */

enum { ZERO_BYTES = 4096 };

static vidi_status open_parts(struct gpu *gpu, const struct gpu_config *cfg) {
    TRY(instance_open(&gpu->instance, gpu->ctx, gpu->cfg.validate, gpu->cfg.labels));
    TRY(choose(gpu, cfg->device));
    TRY(make_device(gpu));
    find_labels(gpu);
    TRY(pipelines_open(gpu));
    TRY(cache_open(gpu, cfg->cache_dir));
    if (cfg->compile_only) return VIDI_OK;
    TRY(submitter_open(gpu));
    return gpu_buffer_new(gpu, ZERO_BYTES, GPU_DEVICE, "zero", &gpu->zero);
}

vidi_status gpu_open(struct vd_ctx *ctx, const struct gpu_config *cfg, struct gpu **out) {
    *out = NULL;
    struct gpu *gpu = vd_alloc(ctx, sizeof *gpu);
    if (!gpu) return VIDI_E_MEMORY;
    gpu->ctx = ctx;
    gpu->cfg = *cfg;
    gpu->cfg.device = gpu->cfg.cache_dir = NULL;
    arena_open(&gpu->arena, ctx);
    const vidi_status status = open_parts(gpu, cfg);
    if (status != VIDI_OK) {
        gpu_close(gpu);
        return status;
    }
    gpu->counters.buffer_allocations = 0; /* from here on they are the caller's */
    *out = gpu;
    return VIDI_OK;
}

static void close_device(struct gpu *gpu) {
    /* A driver without its GPU cannot wait for it. */
    if (!gpu->cfg.compile_only && vkDeviceWaitIdle(gpu->device) < 0) vkQueueWaitIdle(gpu->queue);
    while (gpu->programs) program_destroy(gpu->programs);
    cache_save(gpu);
    submitter_close(gpu);
    transfer_close(gpu);
    pipelines_close(gpu);
    memory_close(gpu);
    vkDestroyDevice(gpu->device, NULL);
}

void gpu_close(struct gpu *gpu) {
    if (!gpu) return;
    if (gpu->device && !gpu->lost) gpu_wait(gpu, gpu->submitter.submitted);
    if (gpu->hung) {
        instance_leave(&gpu->instance);
        return;
    }
    if (gpu->device) close_device(gpu);
    instance_close(&gpu->instance);
    arena_close(&gpu->arena);
    vd_free(gpu->ctx, gpu);
}

const struct gpu_caps *gpu_caps(const struct gpu *gpu) { return &gpu->probe.caps; }
struct vd_ctx *gpu_ctx(struct gpu *gpu) {
    return gpu->ctx;
}

struct gpu_counters gpu_counters(const struct gpu *gpu) {
    struct gpu_counters c = gpu->counters;
    c.validation_messages = atomic_load(&gpu->instance.messages.n);
    return c;
}
