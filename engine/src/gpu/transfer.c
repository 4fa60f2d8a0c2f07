#include <string.h>

#include "gpu/inside.h"

/* --- the ring --------------------------------------------------------------------------------- */

static vidi_status ring_open(struct gpu *gpu) {
    struct transfer *t = &gpu->transfer;
    if (t->staging) return VIDI_OK;
    const VkCommandPoolCreateInfo pool = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = gpu->probe.family};
    if (!t->pool)
        TRY_MAKE(gpu->ctx, t->pool, vkCreateCommandPool, (gpu->device, &pool, NULL, &t->pool));
    if (!t->slots[0].cmd) {
        VkCommandBuffer commands[TRANSFER_SLOTS];
        const VkCommandBufferAllocateInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                  .commandPool = t->pool,
                                                  .commandBufferCount = TRANSFER_SLOTS};
        TRY_VK(gpu->ctx, vkAllocateCommandBuffers, (gpu->device, &info, commands));
        for (int i = 0; i < TRANSFER_SLOTS; i++) t->slots[i].cmd = commands[i];
    }
    return gpu_buffer_new(gpu, TRANSFER_SLOTS * (uint64_t)TRANSFER_BYTES, GPU_HOST, "staging",
                          &t->staging);
}

/* The current slot, ready to record; waits for its former work. */
static vidi_status slot_open(struct gpu *gpu) {
    TRY(ring_open(gpu));
    struct transfer *t = &gpu->transfer;
    const uint32_t i = t->current;
    if (t->slots[i].open) return VIDI_OK;
    TRY(gpu_wait(gpu, t->slots[i].ticket));
    const VkCommandBufferBeginInfo begin = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    TRY_VK(gpu->ctx, vkBeginCommandBuffer, (t->slots[i].cmd, &begin));
    t->slots[i].open = true;
    t->slots[i].used = 0;
    return VIDI_OK;
}

/* Every command of the ring waits for the one before it: the ring moves megabytes at a time, so
 * what this costs does not show. */
static VkCommandBuffer next_command(struct gpu *gpu) {
    const VkCommandBuffer cmd = gpu->transfer.slots[gpu->transfer.current].cmd;
    record_barrier(cmd,
                   VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT |
                       VK_PIPELINE_STAGE_HOST_BIT,
                   VK_PIPELINE_STAGE_TRANSFER_BIT);
    return cmd;
}

static vidi_status send(struct gpu *gpu, uint32_t slot) {
    struct transfer *t = &gpu->transfer;
    TRY_VK(gpu->ctx, vkEndCommandBuffer, (t->slots[slot].cmd));
    return submit_commands(gpu, &t->slots[slot].cmd, 1, &t->slots[slot].ticket);
}

vidi_status transfer_flush(struct gpu *gpu) {
    struct transfer *t = &gpu->transfer;
    const uint32_t i = t->current;
    if (!t->slots[i].open) return VIDI_OK;
    t->slots[i].open = false;
    const vidi_status status = send(gpu, i);
    /* What was to be copied is gone, so nothing that is computed from now on can be right. */
    if (status != VIDI_OK) gpu->lost = true;
    t->current = (i + 1) % TRANSFER_SLOTS;
    return status;
}

/* Room in the current slot: at least one byte; *at is its place in the staging buffer. */
static vidi_status make_room(struct gpu *gpu, uint64_t *at, uint64_t *room) {
    struct transfer *t = &gpu->transfer;
    if (t->slots[t->current].open && t->slots[t->current].used >= TRANSFER_BYTES)
        TRY(transfer_flush(gpu));
    TRY(slot_open(gpu));
    const uint64_t used = t->slots[t->current].used;
    *at = t->current * (uint64_t)TRANSFER_BYTES + used;
    *room = TRANSFER_BYTES - used;
    return VIDI_OK;
}

static void mark_used(struct gpu *gpu, uint64_t bytes) {
    gpu->transfer.slots[gpu->transfer.current].used += (bytes + 15) & ~(uint64_t)15;
}

void transfer_close(struct gpu *gpu) {
    if (gpu->transfer.pool) vkDestroyCommandPool(gpu->device, gpu->transfer.pool, NULL);
    gpu->transfer.pool = VK_NULL_HANDLE;
}

vidi_status transfer_zero(struct gpu *gpu, struct gpu_buffer *buffer) {
    TRY(slot_open(gpu));
    vkCmdFillBuffer(next_command(gpu), buffer->handle, 0, VK_WHOLE_SIZE, 0);
    return VIDI_OK;
}

/* --- what callers see ------------------------------------------------------------------------- */

static vidi_status check_span(struct gpu *gpu, const char *what, struct vd_span s, uint64_t bytes) {
    if (!s.buffer) return vd_fail(gpu->ctx, VIDI_E_ARGUMENT, "%s without a buffer", what);
    if (s.offset > s.buffer->bytes || s.bytes > s.buffer->bytes - s.offset || bytes > s.bytes)
        return vd_fail(gpu->ctx, VIDI_E_ARGUMENT,
                       "%s of %llu bytes at %llu + %llu leaves buffer \"%s\" of %llu bytes", what,
                       (unsigned long long)bytes, (unsigned long long)s.offset,
                       (unsigned long long)s.bytes, s.buffer->name,
                       (unsigned long long)s.buffer->bytes);
    return VIDI_OK;
}

vidi_status gpu_upload(struct gpu *gpu, struct vd_span dst, const void *src, uint64_t bytes) {
    TRY(check_span(gpu, "an upload", dst, bytes));
    if (dst.buffer->map) {
        /* What was submitted before must not see it. */
        TRY(gpu_wait(gpu, gpu->submitter.submitted));
        memcpy(dst.buffer->map + dst.offset, src, bytes);
        return VIDI_OK;
    }
    for (uint64_t done = 0, at, room; done < bytes; done += room) {
        TRY(make_room(gpu, &at, &room));
        if (room > bytes - done) room = bytes - done;
        memcpy(gpu->transfer.staging->map + at, (const char *)src + done, room);
        const VkBufferCopy copy = {at, dst.offset + done, room};
        vkCmdCopyBuffer(next_command(gpu), gpu->transfer.staging->handle, dst.buffer->handle, 1,
                        &copy);
        mark_used(gpu, room);
    }
    return VIDI_OK;
}

vidi_status gpu_download(struct gpu *gpu, void *dst, struct vd_span src, uint64_t bytes) {
    TRY(check_span(gpu, "a download", src, bytes));
    if (src.buffer->map) {
        TRY(gpu_wait(gpu, gpu->submitter.submitted));
        memcpy(dst, src.buffer->map + src.offset, bytes);
        return VIDI_OK;
    }
    for (uint64_t done = 0, at, room; done < bytes; done += room) {
        TRY(make_room(gpu, &at, &room));
        if (room > bytes - done) room = bytes - done;
        const VkBufferCopy copy = {src.offset + done, at, room};
        vkCmdCopyBuffer(next_command(gpu), src.buffer->handle, gpu->transfer.staging->handle, 1,
                        &copy);
        TRY(transfer_flush(gpu));
        TRY(gpu_wait(gpu, gpu->submitter.submitted));
        memcpy((char *)dst + done, gpu->transfer.staging->map + at, room);
    }
    return VIDI_OK;
}
