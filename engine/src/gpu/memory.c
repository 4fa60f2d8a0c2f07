#include "gpu/inside.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

enum { FIRST_BLOCK = 1 << 20, LARGEST_BLOCK = 64 << 20 };

/* --- which memory ----------------------------------------------------------------------------- */

enum {
    LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    MAPPED = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    VISIBLE = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
    KNOWN = LOCAL | MAPPED | CACHED,
};

/* The first row that a memory type meets wins. */
static const struct preference {
    bool unified;
    enum gpu_memory memory;
    VkMemoryPropertyFlags want, avoid;
} preferences[] = {
    {true, GPU_DEVICE, LOCAL | MAPPED | CACHED, 0},
    {true, GPU_DEVICE, LOCAL | MAPPED, 0},
    {true, GPU_DEVICE, MAPPED, 0},
    {false, GPU_DEVICE, LOCAL, VISIBLE},
    {false, GPU_DEVICE, LOCAL, 0},
    {false, GPU_DEVICE, 0, 0},
    {true, GPU_HOST, MAPPED | CACHED, 0},
    {true, GPU_HOST, MAPPED, 0},
    {false, GPU_HOST, MAPPED | CACHED, LOCAL},
    {false, GPU_HOST, MAPPED | CACHED, 0},
    {false, GPU_HOST, MAPPED, 0},
};

static bool find_type(const struct gpu *gpu, enum gpu_memory memory, uint32_t allowed,
                      uint32_t *type) {
    const VkPhysicalDeviceMemoryProperties *m = &gpu->probe.memory;
    for (size_t i = 0; i < sizeof preferences / sizeof preferences[0]; i++) {
        const struct preference *p = &preferences[i];
        if (p->unified != gpu->probe.caps.unified || p->memory != memory) continue;
        for (uint32_t t = 0; t < m->memoryTypeCount; t++) {
            const VkMemoryPropertyFlags flags = m->memoryTypes[t].propertyFlags;
            const bool fits = (flags & p->want) == p->want && !(flags & (p->avoid | ~KNOWN));
            if (!(allowed >> t & 1) || !fits) continue;
            *type = t;
            return true;
        }
    }
    return false;
}

static bool is_mapped(const struct gpu *gpu, uint32_t type, enum gpu_memory memory) {
    const VkMemoryPropertyFlags flags = gpu->probe.memory.memoryTypes[type].propertyFlags;
    return (flags & MAPPED) == MAPPED && (memory == GPU_HOST || gpu->probe.caps.unified);
}

/* --- blocks ----------------------------------------------------------------------------------- */

static vidi_status take_block(struct gpu *gpu, uint32_t type, uint64_t bytes, bool mapped) {
    struct gpu_block *block = vd_alloc(gpu->ctx, sizeof *block);
    if (!block) return VIDI_E_MEMORY;
    block->bytes = bytes;
    block->type = type;
    const VkMemoryAllocateInfo info = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .allocationSize = bytes, .memoryTypeIndex = type};
    const char *call = "vkAllocateMemory";
    VkResult r = vkAllocateMemory(gpu->device, &info, NULL, &block->memory);
    if (r >= 0 && mapped) {
        void *map;
        call = "vkMapMemory";
        r = vkMapMemory(gpu->device, block->memory, 0, VK_WHOLE_SIZE, 0, &map);
        if (r >= 0)
            block->map = map;
        else
            vkFreeMemory(gpu->device, block->memory, NULL);
    }
    if (r < 0) {
        vd_free(gpu->ctx, block);
        return vk_fail(gpu->ctx, r, call);
    }
    block->next = gpu->blocks;
    gpu->blocks = block;
    gpu->counters.device_bytes += bytes;
    return VIDI_OK;
}

static void drop_block(struct gpu *gpu, struct gpu_block *block) {
    struct gpu_block **at = &gpu->blocks;
    while (*at != block) at = &(*at)->next;
    *at = block->next;
    gpu->counters.device_bytes -= block->bytes;
    if (block->map && gpu->cfg.zero_on_free) vd_zero(block->map, block->bytes);
    vkFreeMemory(gpu->device, block->memory, NULL);
    vd_free(gpu->ctx, block);
}

/* Blocks double with what is already there, so that small programs stay small. */
static uint64_t next_block_bytes(const struct gpu *gpu, uint32_t type) {
    uint64_t all = FIRST_BLOCK;
    for (const struct gpu_block *b = gpu->blocks; b; b = b->next)
        if (b->type == type) all += b->bytes;
    return all < LARGEST_BLOCK ? all & ~(uint64_t)0xffff : LARGEST_BLOCK;
}

/* Where the device computes in the host's memory, taking more than there is would stall or kill
 * the whole machine; elsewhere the driver knows best. */
static uint64_t free_bytes(const struct gpu *gpu, uint32_t heap) {
    const uint64_t all = gpu->probe.memory.memoryHeaps[heap].size;
    if (!(gpu->probe.extensions & EXT_BUDGET) || !gpu->probe.caps.unified) return all;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &budget};
    vkGetPhysicalDeviceMemoryProperties2(gpu->probe.physical, &memory);
    const uint64_t most = budget.heapBudget[heap], used = budget.heapUsage[heap];
    return used < most ? most - used : 0;
}

static vidi_status add_block(struct gpu *gpu, uint32_t type, uint64_t bytes, bool mapped) {
    const uint64_t heap = free_bytes(gpu, gpu->probe.memory.memoryTypes[type].heapIndex);
    const uint64_t most = heap < gpu->probe.max_allocation ? heap : gpu->probe.max_allocation;
    if (bytes > most)
        return vd_fail(gpu->ctx, VIDI_E_MEMORY, "one piece may have %llu bytes at most now",
                       (unsigned long long)most);
    const uint64_t roomy = next_block_bytes(gpu, type);
    if (bytes < roomy / 2 && roomy <= heap / 4 && take_block(gpu, type, roomy, mapped) == VIDI_OK)
        return VIDI_OK;
    return take_block(gpu, type, bytes, mapped);
}

/* First fit between the buffers of a block. Sets the buffer's place and links it. */
static bool place(struct gpu_block *block, struct gpu_buffer *buffer, uint64_t align) {
    uint64_t start = 0;
    struct gpu_buffer **at = &block->first;
    for (;; at = &(*at)->next) {
        const uint64_t end = *at ? (*at)->offset : block->bytes;
        if (start <= end && end - start >= buffer->taken) break;
        if (!*at) return false;
        start = align_up((*at)->offset + (*at)->taken, align);
    }
    buffer->offset = start;
    buffer->block = block;
    buffer->next = *at;
    *at = buffer;
    return true;
}

static vidi_status find_place(struct gpu *gpu, struct gpu_buffer *buffer, uint32_t type,
                              uint64_t align, bool mapped) {
    for (struct gpu_block *b = gpu->blocks; b; b = b->next)
        if (b->type == type && !b->map == !mapped && place(b, buffer, align)) return VIDI_OK;
    TRY(add_block(gpu, type, buffer->taken, mapped));
    VD_ASSERT(gpu->blocks->bytes >= buffer->taken);
    place(gpu->blocks, buffer, align);
    return VIDI_OK;
}

/* --- buffers ---------------------------------------------------------------------------------- */

static vidi_status make_handle(struct gpu *gpu, struct gpu_buffer *buffer) {
    uint64_t bytes;
    if (!align_ok(&bytes, buffer->bytes, 4) || bytes > gpu->probe.max_buffer)
        return vd_fail(gpu->ctx, VIDI_E_MEMORY, "a buffer may have %llu bytes at most",
                       (unsigned long long)gpu->probe.max_buffer);
    const bool texels = gpu->probe.caps.has & NEED_TEXELS;
    const VkBufferCreateInfo info = {
        VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes,
        .usage = (texels ? VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT : 0) |
                 VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                 VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    TRY_MAKE(gpu->ctx, buffer->handle, vkCreateBuffer, (gpu->device, &info, NULL, &buffer->handle));
    debug_name(gpu, VK_OBJECT_TYPE_BUFFER, vk_id(buffer->handle), "%s", buffer->name);
    return VIDI_OK;
}

static vidi_status give_memory(struct gpu *gpu, struct gpu_buffer *buffer) {
    VkMemoryRequirements need;
    vkGetBufferMemoryRequirements(gpu->device, buffer->handle, &need);
    uint32_t type;
    if (!find_type(gpu, buffer->memory, need.memoryTypeBits, &type))
        return vd_fail(gpu->ctx, VIDI_E_DEVICE, "no memory type suits");
    const bool mapped = is_mapped(gpu, type, buffer->memory);
    buffer->taken = need.size;
    TRY(find_place(gpu, buffer, type, need.alignment, mapped));
    TRY_VK(gpu->ctx, vkBindBufferMemory,
           (gpu->device, buffer->handle, buffer->block->memory, buffer->offset));
    if (!mapped) return transfer_zero(gpu, buffer);
    buffer->map = buffer->block->map + buffer->offset;
    memset(buffer->map, 0, align_up(buffer->bytes, 4));
    return VIDI_OK;
}

static void destroy(struct gpu *gpu, struct gpu_buffer *buffer) {
    struct gpu_block *block = buffer->block;
    if (buffer->handle) vkDestroyBuffer(gpu->device, buffer->handle, NULL);
    if (block) {
        struct gpu_buffer **at = &block->first;
        while (*at != buffer) at = &(*at)->next;
        *at = buffer->next;
        if (!block->first) drop_block(gpu, block);
    }
    vd_free(gpu->ctx, buffer);
}

vidi_status gpu_buffer_new(struct gpu *gpu, uint64_t bytes, enum gpu_memory memory,
                           const char *name, struct gpu_buffer **out) {
    *out = NULL;
    if (!bytes)
        return vd_fail(gpu->ctx, VIDI_E_ARGUMENT, "buffer \"%s\" would have no bytes", name);
    struct gpu_buffer *buffer = vd_alloc(gpu->ctx, sizeof *buffer + strlen(name) + 1);
    if (!buffer) return VIDI_E_MEMORY;
    strcpy(buffer->name, name);
    buffer->bytes = bytes;
    buffer->memory = memory;
    if (gpu->cfg.compile_only) {
        *out = buffer;
        return VIDI_OK;
    }
    vidi_status status = make_handle(gpu, buffer);
    if (status == VIDI_OK) status = give_memory(gpu, buffer);
    if (status != VIDI_OK) {
        destroy(gpu, buffer);
        char why[256];
        snprintf(why, sizeof why, "%.255s", gpu->ctx->error);
        return vd_fail(gpu->ctx, status, "buffer \"%s\" of %llu bytes cannot be had: %s", name,
                       (unsigned long long)bytes, why);
    }
    gpu->counters.buffer_allocations++;
    *out = buffer;
    return VIDI_OK;
}

void gpu_buffer_free(struct gpu *gpu, struct gpu_buffer *buffer) {
    if (!buffer) return;
    const bool reached = buffer->handle && !buffer->map;
    if (reached && gpu->cfg.zero_on_free && !gpu->lost) transfer_zero(gpu, buffer);
    /* A fill or copy of it may still wait in the ring. */
    if (reached && transfer_flush(gpu) == VIDI_OK) gpu_wait(gpu, gpu->submitter.submitted);
    if (gpu->hung) return;
    if (gpu->lost) vkDeviceWaitIdle(gpu->device); /* a program that uses it may still run */
    if (buffer->map && gpu->cfg.zero_on_free) vd_zero(buffer->map, buffer->bytes);
    destroy(gpu, buffer);
}

void memory_close(struct gpu *gpu) {
    while (gpu->blocks) {
        if (gpu->blocks->first)
            destroy(gpu, gpu->blocks->first);
        else
            drop_block(gpu, gpu->blocks);
    }
}

void *gpu_buffer_map(struct gpu_buffer *buffer) {
    return buffer->memory == GPU_HOST ? buffer->map : NULL;
}

uint64_t gpu_buffer_bytes(const struct gpu_buffer *buffer) { return buffer->bytes; }
