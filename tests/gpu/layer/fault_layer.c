#define _POSIX_C_SOURCE 200809L
#include "fault_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

__attribute__((visibility("default"))) struct fault_plan fault_plan;

static PFN_vkGetInstanceProcAddr next_instance_proc;
static PFN_vkGetDeviceProcAddr next_device_proc;
static VkInstance instance;

/* True: the file that VIDI_FAULT_FILE names holds this name; it is removed. */
static int file_says(const char *name) {
    const char *path = getenv("VIDI_FAULT_FILE");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f) return 0;
    char word[64] = "";
    const int same = fscanf(f, "%63s", word) == 1 && strcmp(word, name) == 0;
    fclose(f);
    return same && remove(path) == 0;
}

/* As long as the file that VIDI_FAULT_SLOW names says of this name. */
static void dawdle(const char *name) {
    const char *path = getenv("VIDI_FAULT_SLOW");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f) return;
    char word[64] = "";
    long ms = 0;
    if (fscanf(f, "%63s %ld", word, &ms) != 2 || strcmp(word, name) != 0) ms = 0;
    fclose(f);
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    if (ms > 0) nanosleep(&t, NULL);
}

/* True: this is the call that must fail. */
static int must_fail(const char *name) {
    dawdle(name);
    if (file_says(name)) return 1;
    if (atomic_fetch_add(&fault_plan.calls, 1) + 1 != fault_plan.fail_at) return 0;
    fault_plan.failed = name;
    return 1;
}

/* --- the calls that can fail ------------------------------------------------------------------ */

#define HOST   VK_ERROR_OUT_OF_HOST_MEMORY
#define MEMORY VK_ERROR_OUT_OF_DEVICE_MEMORY
#define LOST   VK_ERROR_DEVICE_LOST

/* X(name, result, parameters, arguments); MAKE(X, ...) is one that makes a thing from an info. */
#define MAKE(X, what, result)                                                                     \
    X(Create##what, result,                                                                       \
      (VkDevice d, const Vk##what##CreateInfo *i, const VkAllocationCallbacks *a, Vk##what *out), \
      (d, i, a, out))

#define DEVICE_CALLS(X)                                                                           \
    MAKE(X, Buffer, MEMORY)                                                                       \
    MAKE(X, BufferView, MEMORY)                                                                   \
    MAKE(X, ShaderModule, HOST)                                                                   \
    MAKE(X, DescriptorPool, MEMORY)                                                               \
    MAKE(X, DescriptorSetLayout, HOST)                                                            \
    MAKE(X, PipelineLayout, HOST)                                                                 \
    MAKE(X, PipelineCache, HOST)                                                                  \
    MAKE(X, CommandPool, MEMORY)                                                                  \
    MAKE(X, Semaphore, MEMORY)                                                                    \
    MAKE(X, QueryPool, MEMORY)                                                                    \
    X(CreateComputePipelines, HOST,                                                               \
      (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,           \
       const VkAllocationCallbacks *a, VkPipeline *out),                                          \
      (d, c, n, i, a, out))                                                                       \
    X(AllocateMemory, MEMORY,                                                                     \
      (VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a,                 \
       VkDeviceMemory *out),                                                                      \
      (d, i, a, out))                                                                             \
    X(MapMemory, VK_ERROR_MEMORY_MAP_FAILED,                                                      \
      (VkDevice d, VkDeviceMemory m, VkDeviceSize at, VkDeviceSize n, VkMemoryMapFlags f,         \
       void **out),                                                                               \
      (d, m, at, n, f, out))                                                                      \
    X(BindBufferMemory, MEMORY, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize at),      \
      (d, b, m, at))                                                                              \
    X(AllocateDescriptorSets, VK_ERROR_OUT_OF_POOL_MEMORY,                                        \
      (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *out), (d, i, out))      \
    X(AllocateCommandBuffers, MEMORY,                                                             \
      (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *out), (d, i, out))      \
    X(BeginCommandBuffer, MEMORY, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i)) \
    X(EndCommandBuffer, MEMORY, (VkCommandBuffer c), (c))                                         \
    X(WaitSemaphores, LOST, (VkDevice d, const VkSemaphoreWaitInfo *i, uint64_t t), (d, i, t))    \
    X(GetQueryPoolResults, LOST,                                                                  \
      (VkDevice d, VkQueryPool p, uint32_t first, uint32_t n, size_t bytes, void *out,            \
       VkDeviceSize stride, VkQueryResultFlags f),                                                \
      (d, p, first, n, bytes, out, stride, f))                                                    \
    X(GetPipelineCacheData, HOST, (VkDevice d, VkPipelineCache c, size_t * n, void *out),         \
      (d, c, n, out))                                                                             \
    X(DeviceWaitIdle, LOST, (VkDevice d), (d))

#define INSTANCE_CALLS(X)                                                                   \
    X(EnumeratePhysicalDevices, HOST, (VkInstance i, uint32_t * n, VkPhysicalDevice * out), \
      (i, n, out))                                                                          \
    X(EnumerateDeviceExtensionProperties, HOST,                                             \
      (VkPhysicalDevice p, const char *layer, uint32_t *n, VkExtensionProperties *out),     \
      (p, layer, n, out))

#define WRAP(name, result, parameters, arguments)                      \
    static PFN_vk##name next_##name;                                   \
    static VKAPI_ATTR VkResult VKAPI_CALL my_##name parameters {       \
        return must_fail("vk" #name) ? result : next_##name arguments; \
    }
DEVICE_CALLS(WRAP)
INSTANCE_CALLS(WRAP)

/* Signals what it should, and runs nothing when it is the one to be dropped. */
static PFN_vkQueueSubmit next_QueueSubmit;
static VKAPI_ATTR VkResult VKAPI_CALL my_QueueSubmit(VkQueue q, uint32_t n, const VkSubmitInfo *s,
                                                     VkFence f) {
    if (must_fail("vkQueueSubmit")) return LOST;
    if (atomic_fetch_add(&fault_plan.submits, 1) + 1 != fault_plan.drop_at)
        return next_QueueSubmit(q, n, s, f);
    VkSubmitInfo *empty = calloc(n, sizeof *empty);
    if (!empty) return HOST;
    memcpy(empty, s, n * sizeof *empty);
    for (uint32_t i = 0; i < n; i++) empty[i].commandBufferCount = 0;
    const VkResult r = next_QueueSubmit(q, n, empty, f);
    free(empty);
    return r;
}

/* --- between the loader and the next layer ---------------------------------------------------- */

/* The link of the loader's chain that leads on; its place in the list is then taken. */
static const void *find_link(const void *info, VkStructureType type) {
    /* The heads of both kinds of link are alike. */
    const VkLayerInstanceCreateInfo *link = (const void *)((const VkBaseInStructure *)info)->pNext;
    while (link && (link->sType != type || link->function != VK_LAYER_LINK_INFO))
        link = link->pNext;
    return link;
}

static VKAPI_ATTR VkResult VKAPI_CALL my_CreateInstance(const VkInstanceCreateInfo *info,
                                                        const VkAllocationCallbacks *a,
                                                        VkInstance *out) {
    VkLayerInstanceCreateInfo *link =
        (void *)(uintptr_t)find_link(info, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    if (must_fail("vkCreateInstance")) return HOST;
    const PFN_vkCreateInstance create =
        (PFN_vkCreateInstance)next_instance_proc(NULL, "vkCreateInstance");
    const VkResult r = create(info, a, out);
    if (r < 0) return r;
    instance = *out;
#define FIND(name, result, parameters, arguments) \
    next_##name = (PFN_vk##name)next_instance_proc(instance, "vk" #name);
    INSTANCE_CALLS(FIND)
#undef FIND
    return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL my_CreateDevice(VkPhysicalDevice p,
                                                      const VkDeviceCreateInfo *info,
                                                      const VkAllocationCallbacks *a,
                                                      VkDevice *out) {
    VkLayerDeviceCreateInfo *link =
        (void *)(uintptr_t)find_link(info, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    const PFN_vkCreateDevice create =
        (PFN_vkCreateDevice)link->u.pLayerInfo->pfnNextGetInstanceProcAddr(instance,
                                                                           "vkCreateDevice");
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    if (must_fail("vkCreateDevice")) return HOST;
    const VkResult r = create(p, info, a, out);
    if (r < 0) return r;
#define FIND(name, result, parameters, arguments) \
    next_##name = (PFN_vk##name)next_device_proc(*out, "vk" #name);
    DEVICE_CALLS(FIND)
#undef FIND
    next_QueueSubmit = (PFN_vkQueueSubmit)next_device_proc(*out, "vkQueueSubmit");
    return r;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance i, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice d, const char *name);

static PFN_vkVoidFunction find(const char *name, int of_device) {
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
        int of_device;
    } mine[] = {
#define ROW(name, result, parameters, arguments) {"vk" #name, (PFN_vkVoidFunction)my_##name, 1},
        DEVICE_CALLS(ROW)
#undef ROW
#define ROW(name, result, parameters, arguments) {"vk" #name, (PFN_vkVoidFunction)my_##name, 0},
            INSTANCE_CALLS(ROW)
#undef ROW
                {"vkQueueSubmit", (PFN_vkVoidFunction)my_QueueSubmit, 1},
        {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)device_proc, 1},
        {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)instance_proc, 0},
        {"vkCreateInstance", (PFN_vkVoidFunction)my_CreateInstance, 0},
        {"vkCreateDevice", (PFN_vkVoidFunction)my_CreateDevice, 0},
    };
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
        if (mine[i].of_device >= of_device && !strcmp(name, mine[i].name)) return mine[i].function;
    return NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice d, const char *name) {
    const PFN_vkVoidFunction f = find(name, 1);
    return f ? f : next_device_proc(d, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance i, const char *name) {
    const PFN_vkVoidFunction f = find(name, 0);
    return f ? f : next_instance_proc(i, name);
}

VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *offer);

__attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *offer) {
    if (offer->loaderLayerInterfaceVersion > 2) offer->loaderLayerInterfaceVersion = 2;
    offer->pfnGetInstanceProcAddr = instance_proc;
    offer->pfnGetDeviceProcAddr = device_proc;
    offer->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
