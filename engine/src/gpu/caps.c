#include <stdio.h>
#include <string.h>

#include "gpu/inside.h"

static const struct {
    const char *name;
    uint32_t bit;
} extensions[] = {
    {VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, EXT_INT_DOT},
    {VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, EXT_SIZE_CONTROL},
    {VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME, EXT_IMPORT_HOST},
    {"VK_KHR_portability_subset", EXT_PORTABILITY}, /* must be enabled where it exists */
    {VK_EXT_MEMORY_BUDGET_EXTENSION_NAME, EXT_BUDGET},
    {VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME, EXT_STATISTICS},
#ifdef VK_KHR_cooperative_matrix
    {VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME, EXT_COOPMAT},
#endif
};
enum { N_EXTENSIONS = sizeof extensions / sizeof extensions[0] };

const char *probe_extension_name(uint32_t i, uint32_t *bit) {
    if (i >= N_EXTENSIONS) return NULL;
    *bit = extensions[i].bit;
    return extensions[i].name;
}

/* --- what the house asks of every device ------------------------------------------------------ */

enum { MIN_INVOCATIONS = 256, MIN_BUFFERS = 8, MIN_PUSH = 128, MIN_SHARED = 16384 };

static bool is_new(const struct probe *p) { return p->caps.api_version >= VK_API_VERSION_1_2; }
static bool has_timeline(const struct probe *p) { return p->v12.timelineSemaphore; }
static bool computes(const struct probe *p) { return p->family != UINT32_MAX; }
static bool has_invocations(const struct probe *p) {
    return p->caps.max_invocations >= MIN_INVOCATIONS;
}
static bool has_buffers(const struct probe *p) {
    return p->properties.limits.maxPerStageDescriptorStorageBuffers >= MIN_BUFFERS;
}
static bool has_push(const struct probe *p) {
    return p->properties.limits.maxPushConstantsSize >= MIN_PUSH;
}
static bool has_shared(const struct probe *p) { return p->caps.shared_bytes >= MIN_SHARED; }

static const struct {
    bool (*met)(const struct probe *p);
    const char *reason;
} requirements[] = {
    {is_new, "its driver is older than Vulkan 1.2"},
    {has_timeline, "its driver has no timeline semaphores"},
    {computes, "it has no queue that computes"},
    {has_invocations, "its workgroups hold less than 256 invocations"},
    {has_buffers, "a shader sees less than 8 storage buffers"},
    {has_push, "it has less than 128 bytes of push constants"},
    {has_shared, "it has less than 16 KiB of shared memory"},
};

const char *probe_judge(const struct probe *p) {
    for (size_t i = 0; i < sizeof requirements / sizeof requirements[0]; i++)
        if (!requirements[i].met(p)) return requirements[i].reason;
    return NULL;
}

/* --- what kernels may ask for ----------------------------------------------------------------- */

static bool meets_subgroup(const struct probe *p, const VkPhysicalDeviceVulkan11Properties *v11) {
    const VkSubgroupFeatureFlags all =
        VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_VOTE_BIT |
        VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_BALLOT_BIT |
        VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    (void)p;
    return (v11->subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
           (v11->subgroupSupportedOperations & all) == all;
}

/* A texel is 16 bytes. Two software drivers allow 2^27 of them and 2^16, so it is worth asking. */
static bool has_long_texels(const VkPhysicalDeviceLimits *limits, const struct gpu_caps *caps) {
    return limits->maxTexelBufferElements >= caps->max_range / 16 &&
           limits->minTexelBufferOffsetAlignment <= caps->align;
}

/* The side of square pieces of halves that a subgroup multiplies and sums in f32: 16, else 8; 0:
 * none. Headers that are too old to know go with compilers that are. */
static uint32_t matrix_side(const struct probe *p, VkInstance instance) {
    uint32_t side = 0;
#ifdef VK_KHR_cooperative_matrix
    const PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)vkGetInstanceProcAddr(
            instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    VkCooperativeMatrixPropertiesKHR all[64];
    uint32_t n = sizeof all / sizeof *all;
    for (uint32_t i = 0; i < n; i++)
        all[i] = (VkCooperativeMatrixPropertiesKHR){
            .sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR};
    /* The kernel counts on workgroups of whole subgroups of the size that was told, and its SPIR-V
     * names the memory model. */
    const bool whole = p->size_control.subgroupSizeControl &&
                       p->size_control.computeFullSubgroups && p->v12.vulkanMemoryModel;
    if (!(p->extensions & EXT_COOPMAT) || !p->coopmat || !whole || !get ||
        get(p->physical, &n, all) < 0)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        const VkCooperativeMatrixPropertiesKHR *m = &all[i];
        const bool half = m->AType == VK_COMPONENT_TYPE_FLOAT16_KHR && m->BType == m->AType;
        const bool sums = m->CType == VK_COMPONENT_TYPE_FLOAT32_KHR && m->ResultType == m->CType;
        const bool square = m->MSize == m->NSize && m->MSize == m->KSize;
        if (half && sums && square && m->scope == VK_SCOPE_SUBGROUP_KHR &&
            (m->MSize == 16 || m->MSize == 8) && m->MSize > side)
            side = m->MSize;
    }
#endif
    (void)p, (void)instance;
    return side;
}

static uint32_t needs_met(const struct probe *p, const VkPhysicalDeviceVulkan11Properties *v11) {
    const bool subgroup = meets_subgroup(p, v11);
    uint32_t has = 0;
    if (subgroup) has |= NEED_SUBGROUP;
    if (p->v12.shaderFloat16 && p->v11.storageBuffer16BitAccess) has |= NEED_F16;
    if (p->int_dot.shaderIntegerDotProduct && p->int_dot_fast) has |= NEED_INT_DOT;
    if (subgroup && p->caps.type == GPU_CPU) has |= NEED_CPU;
    if (has_long_texels(&p->properties.limits, &p->caps)) has |= NEED_TEXELS;
    return has;
}

/* --- reading a device ------------------------------------------------------------------------- */

static vidi_status read_extensions(struct vd_ctx *ctx, struct probe *p) {
    uint32_t n = 0;
    TRY_VK(ctx, vkEnumerateDeviceExtensionProperties, (p->physical, NULL, &n, NULL));
    VkExtensionProperties *list = vd_alloc(ctx, (uint64_t)n * sizeof *list);
    if (!list) return VIDI_E_MEMORY;
    const VkResult r = vkEnumerateDeviceExtensionProperties(p->physical, NULL, &n, list);
    for (uint32_t i = 0; r >= 0 && i < n; i++)
        for (int e = 0; e < N_EXTENSIONS; e++)
            if (strcmp(list[i].extensionName, extensions[e].name) == 0)
                p->extensions |= extensions[e].bit;
    vd_free(ctx, list);
    return r < 0 ? vk_fail(ctx, r, "vkEnumerateDeviceExtensionProperties") : VIDI_OK;
}

/* A family that only computes leaves the desktop's queue alone; it must be able to tell the time
 * as well as the other. */
static vidi_status read_queues(struct vd_ctx *ctx, struct probe *p) {
    uint32_t n = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(p->physical, &n, NULL);
    VkQueueFamilyProperties *list = vd_alloc(ctx, (uint64_t)n * sizeof *list);
    if (!list) return VIDI_E_MEMORY;
    vkGetPhysicalDeviceQueueFamilyProperties(p->physical, &n, list);
    p->family = UINT32_MAX;
    int best = -1;
    for (uint32_t i = 0; i < n; i++) {
        if (!(list[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
        const int score =
            2 * (list[i].timestampValidBits != 0) + !(list[i].queueFlags & VK_QUEUE_GRAPHICS_BIT);
        if (score <= best) continue;
        best = score;
        p->family = i;
        p->timestamp_bits = list[i].timestampValidBits;
    }
    vd_free(ctx, list);
    return VIDI_OK;
}

static enum gpu_type type_of(VkPhysicalDeviceType type) {
    static const enum gpu_type types[] = {
        [VK_PHYSICAL_DEVICE_TYPE_OTHER] = GPU_OTHER,
        [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = GPU_INTEGRATED,
        [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = GPU_DISCRETE,
        [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = GPU_VIRTUAL,
        [VK_PHYSICAL_DEVICE_TYPE_CPU] = GPU_CPU,
    };
    return (uint32_t)type < sizeof types / sizeof types[0] ? types[type] : GPU_OTHER;
}

static void read_basics(struct probe *p) {
    vkGetPhysicalDeviceProperties(p->physical, &p->properties);
    const VkPhysicalDeviceLimits *limits = &p->properties.limits;
    struct gpu_caps *caps = &p->caps;
    snprintf(caps->name, sizeof caps->name, "%s", p->properties.deviceName);
    caps->vendor_id = p->properties.vendorID;
    caps->device_id = p->properties.deviceID;
    caps->api_version = p->properties.apiVersion;
    caps->type = type_of(p->properties.deviceType);
    caps->max_invocations = limits->maxComputeWorkGroupInvocations;
    memcpy(caps->max_groups, limits->maxComputeWorkGroupCount, sizeof caps->max_groups);
    caps->shared_bytes = limits->maxComputeSharedMemorySize;
    caps->align = (uint32_t)limits->minStorageBufferOffsetAlignment;
    if (caps->align < 16) caps->align = 16;
    caps->max_range = limits->maxStorageBufferRange;
    caps->timestamp_ns = limits->timestampPeriod;
    memcpy(p->cache_uuid, p->properties.pipelineCacheUUID, sizeof p->cache_uuid);
}

static void read_memory(struct probe *p) {
    vkGetPhysicalDeviceMemoryProperties(p->physical, &p->memory);
    for (uint32_t i = 0; i < p->memory.memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &p->memory.memoryHeaps[i];
        if ((heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) && heap->size > p->caps.memory_bytes)
            p->caps.memory_bytes = heap->size;
    }
    const VkMemoryPropertyFlags both = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
                                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                       VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    bool mapped = false;
    for (uint32_t i = 0; i < p->memory.memoryTypeCount; i++)
        mapped |= (p->memory.memoryTypes[i].propertyFlags & both) == both;
    p->caps.unified = p->caps.type == GPU_CPU || (p->caps.type == GPU_INTEGRATED && mapped);
}

static void read_budget(struct probe *p) {
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 all = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                             .pNext = &budget};
    if (!(p->extensions & EXT_BUDGET)) return;
    vkGetPhysicalDeviceMemoryProperties2(p->physical, &all);
    for (uint32_t i = 0; i < p->memory.memoryHeapCount; i++)
        if ((p->memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) &&
            p->memory.memoryHeaps[i].size == p->caps.memory_bytes)
            p->caps.budget_bytes = budget.heapBudget[i];
}

/* Puts a structure at the front of a chain. */
static void chain(void *head, void *link) {
    VkBaseOutStructure *h = head, *l = link;
    l->pNext = h->pNext;
    h->pNext = l;
}

static void read_features(struct probe *p) {
    const bool v13 = p->caps.api_version >= VK_API_VERSION_1_3;
#ifdef VK_KHR_cooperative_matrix
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR coopmat = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    if (p->extensions & EXT_COOPMAT) chain(&p->features, &coopmat);
#endif
    p->features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    p->v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    p->v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    p->int_dot.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES;
    p->size_control.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES;
    chain(&p->features, &p->v11);
    chain(&p->features, &p->v12);
    if (v13 || (p->extensions & EXT_INT_DOT)) chain(&p->features, &p->int_dot);
    if (v13 || (p->extensions & EXT_SIZE_CONTROL)) chain(&p->features, &p->size_control);
    vkGetPhysicalDeviceFeatures2(p->physical, &p->features);
#ifdef VK_KHR_cooperative_matrix
    p->coopmat = coopmat.cooperativeMatrix;
#endif
    p->features.pNext = NULL; /* the probe will be copied; device.c makes its own chain */
}

static void read_properties(struct probe *p) {
    const bool v13 = p->caps.api_version >= VK_API_VERSION_1_3;
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    VkPhysicalDeviceVulkan11Properties v11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
    VkPhysicalDeviceVulkan12Properties v12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
    VkPhysicalDeviceShaderIntegerDotProductProperties dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES};
    VkPhysicalDeviceSubgroupSizeControlProperties size = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
    VkPhysicalDeviceMaintenance4Properties buffers = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES,
        .maxBufferSize = UINT64_MAX};
    chain(&all, &v11);
    chain(&all, &v12);
    if (v13 || (p->extensions & EXT_INT_DOT)) chain(&all, &dot);
    if (v13 || (p->extensions & EXT_SIZE_CONTROL)) chain(&all, &size);
    if (p->extensions & EXT_IMPORT_HOST) chain(&all, &host);
    if (v13) chain(&all, &buffers);
    vkGetPhysicalDeviceProperties2(p->physical, &all);

    p->max_allocation = v11.maxMemoryAllocationSize;
    p->max_buffer = buffers.maxBufferSize;
    p->import_align = host.minImportedHostPointerAlignment;
    p->int_dot_fast = dot.integerDotProduct4x8BitPackedSignedAccelerated;
    p->min_subgroup = size.minSubgroupSize ? size.minSubgroupSize : v11.subgroupSize;
    p->max_subgroup = size.maxSubgroupSize ? size.maxSubgroupSize : v11.subgroupSize;
    p->caps.subgroup_size = v11.subgroupSize;
    p->caps.import_host = p->import_align != 0;
    p->caps.timestamps = p->timestamp_bits != 0 && p->caps.timestamp_ns > 0;
    p->caps.has = needs_met(p, &v11);
    snprintf(p->caps.driver, sizeof p->caps.driver, "%.100s %.150s", v12.driverName,
             v12.driverInfo);
}

vidi_status probe_device(struct vd_ctx *ctx, VkInstance instance, VkPhysicalDevice physical,
                         struct probe *p) {
    *p = (struct probe){.physical = physical, .max_allocation = UINT64_MAX};
    read_basics(p);
    read_memory(p);
    TRY(read_extensions(ctx, p));
    TRY(read_queues(ctx, p));
    if (is_new(p)) {
        read_features(p);
        read_properties(p);
        read_budget(p);
        p->caps.matrix_side = matrix_side(p, instance);
        if (p->caps.matrix_side) p->caps.has |= NEED_COOPMAT;
    }
    const char *reason = probe_judge(p);
    p->caps.usable = !reason;
    if (reason) snprintf(p->caps.reason, sizeof p->caps.reason, "%s", reason);
    return VIDI_OK;
}

vidi_status probe_all(struct arena *a, VkInstance instance, struct probe **out, uint32_t *n) {
    VkPhysicalDevice handles[64];
    *n = sizeof handles / sizeof handles[0];
    TRY_VK(a->ctx, vkEnumeratePhysicalDevices, (instance, n, handles));
    if (!*n)
        return vd_fail(a->ctx, VIDI_E_DEVICE, "no Vulkan driver of this machine offers a device");
    *out = arena_new(a, struct probe, *n);
    if (!*out) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < *n; i++) TRY(probe_device(a->ctx, instance, handles[i], &(*out)[i]));
    return VIDI_OK;
}
