#include <string.h>

#include "base/clock.h"
#include "gpu/inside.h"

/* --- the completion marker -------------------------------------------------------------------- */

static vidi_status find_stamp(struct gpu *gpu, uint32_t *kernel) {
    for (uint32_t i = 0; i < kernel_count; i++) {
        const struct kernel *k = &kernel_table[i];
        if (strcmp(k->name, "stamp") != 0) continue;
        *kernel = i;
        return VIDI_OK;
    }
    return vd_fail(gpu->ctx, VIDI_E_UNSUPPORTED, "this build has no kernel \"stamp\"");
}

static vidi_status make_stamp_set(struct gpu *gpu, uint32_t kernel, VkDescriptorSet *set) {
    struct submitter *s = &gpu->submitter;
    struct kernel_layout layout;
    TRY(pipeline_layout(gpu, kernel, &layout));
    const uint32_t n = kernel_table[kernel].n_bindings;
    const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, n};
    const VkDescriptorPoolCreateInfo pool = {VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = 1, .poolSizeCount = 1, .pPoolSizes = &size};
    TRY_MAKE(gpu->ctx, s->stamp_sets, vkCreateDescriptorPool,
             (gpu->device, &pool, NULL, &s->stamp_sets));
    const VkDescriptorSetAllocateInfo info = {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                              .descriptorPool = s->stamp_sets,
                                              .descriptorSetCount = 1, .pSetLayouts = &layout.set};
    TRY_VK(gpu->ctx, vkAllocateDescriptorSets, (gpu->device, &info, set));
    for (uint32_t b = 0; b < n; b++) {
        const VkDescriptorBufferInfo buffer = {s->stamp->handle, 0, s->stamp->bytes};
        const VkWriteDescriptorSet write = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                            .dstSet = *set,
                                            .dstBinding = b,
                                            .descriptorCount = 1,
                                            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                            .pBufferInfo = &buffer};
        vkUpdateDescriptorSets(gpu->device, 1, &write, 0, NULL);
    }
    return VIDI_OK;
}

/* Waits for everything before it, counts, and lets the host see all that was written. */
static vidi_status record_stamp(struct gpu *gpu, uint32_t kernel, uint32_t pipeline,
                                VkDescriptorSet set) {
    const VkCommandBuffer cmd = gpu->submitter.stamp_cmd;
    const VkCommandBufferBeginInfo begin = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    const VkPipelineStageFlags work =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    TRY_VK(gpu->ctx, vkBeginCommandBuffer, (cmd, &begin));
    record_barrier(cmd, work, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    if (!gpu->cfg.no_stamp) {
        vkCmdBindPipeline(cmd, VK_PIPELINE_BIND_POINT_COMPUTE,
                          gpu->pipelines.items[pipeline].handle);
        vkCmdBindDescriptorSets(cmd, VK_PIPELINE_BIND_POINT_COMPUTE,
                                gpu->pipelines.layouts[kernel].pipeline, 0, 1, &set, 0, NULL);
        vkCmdDispatch(cmd, 1, 1, 1);
    }
    record_barrier(cmd, work, VK_PIPELINE_STAGE_HOST_BIT);
    TRY_VK(gpu->ctx, vkEndCommandBuffer, (cmd));
    return VIDI_OK;
}

static vidi_status open_stamp(struct gpu *gpu) {
    uint32_t kernel = 0, pipeline = 0;
    VkDescriptorSet set;
    TRY(find_stamp(gpu, &kernel));
    uint32_t specs[8] = {0};
    const struct kernel *k = &kernel_table[kernel];
    for (uint32_t i = 0; i < k->n_specs && i < 8; i++) specs[i] = k->specs[i].value;
    const struct gpu_dispatch d = {.kernel = kernel, .specs = specs};
    TRY(pipelines_prepare(gpu, &d, 1, &pipeline));
    TRY(gpu_buffer_new(gpu, 16, GPU_HOST, "stamp", &gpu->submitter.stamp));
    TRY(make_stamp_set(gpu, kernel, &set));
    return record_stamp(gpu, kernel, pipeline, set);
}

static uint32_t stamps(const struct gpu *gpu) {
    return *(const volatile uint32_t *)gpu->submitter.stamp->map;
}

/* --- opening and closing ---------------------------------------------------------------------- */

vidi_status submitter_open(struct gpu *gpu) {
    struct submitter *s = &gpu->submitter;
    s->pace = 1;
    const VkSemaphoreTypeCreateInfo type = {VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    TRY_MAKE(gpu->ctx, s->timeline, vkCreateSemaphore, (gpu->device, &info, NULL, &s->timeline));
    const VkCommandPoolCreateInfo pool = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = gpu->probe.family};
    TRY_MAKE(gpu->ctx, s->pool, vkCreateCommandPool, (gpu->device, &pool, NULL, &s->pool));
    const VkCommandBufferAllocateInfo commands = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                  .commandPool = s->pool, .commandBufferCount = 1};
    TRY_VK(gpu->ctx, vkAllocateCommandBuffers, (gpu->device, &commands, &s->stamp_cmd));
    return open_stamp(gpu);
}

void submitter_close(struct gpu *gpu) {
    struct submitter *s = &gpu->submitter;
    vkDestroyDescriptorPool(gpu->device, s->stamp_sets, NULL);
    vkDestroyCommandPool(gpu->device, s->pool, NULL);
    vkDestroySemaphore(gpu->device, s->timeline, NULL);
}

/* --- submitting ------------------------------------------------------------------------------- */

static vidi_status lose(struct gpu *gpu, vidi_status status) {
    if (status == VIDI_E_DEVICE) gpu->lost = true;
    return status;
}

static vidi_status check_lost(struct gpu *gpu) {
    if (!gpu->lost) return VIDI_OK;
    return vd_fail(gpu->ctx, VIDI_E_DEVICE, "%s was lost and must be closed", gpu->probe.caps.name);
}

vidi_status submit_commands(struct gpu *gpu, const VkCommandBuffer *commands, uint32_t n,
                            uint64_t *ticket) {
    TRY(check_lost(gpu));
    struct submitter *s = &gpu->submitter;
    const uint64_t value = s->submitted + 1;
    const VkTimelineSemaphoreSubmitInfo timeline = {
        VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &value};
    const VkSubmitInfo batches[2] = {
        {VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = n, .pCommandBuffers = commands},
        {VK_STRUCTURE_TYPE_SUBMIT_INFO, .pNext = &timeline, .commandBufferCount = 1,
         .pCommandBuffers = &s->stamp_cmd, .signalSemaphoreCount = 1,
         .pSignalSemaphores = &s->timeline}};
    const VkResult r = vkQueueSubmit(gpu->queue, 2, batches, VK_NULL_HANDLE);
    if (r < 0) return lose(gpu, vk_fail(gpu->ctx, r, "vkQueueSubmit"));
    *ticket = s->submitted = value;
    gpu->counters.submissions++;
    return VIDI_OK;
}

/* What the segments of a finished submission took; without timestamps the wall time is shared out
 * as it was estimated. */
static void learn(struct submitter *s, const struct flight *f) {
    struct gpu_program *p = f->program;
    double measured = 0, estimated = 0;
    for (uint32_t i = f->first; i < f->first + f->n; i++) estimated += p->segments[i].estimate_ms;
    const double wall = clock_ms() - f->start_ms;
    for (uint32_t i = f->first; i < f->first + f->n; i++) {
        struct segment *seg = &p->segments[i];
        if (!p->queries)
            seg->ms = wall * seg->estimate_ms / estimated;
        else if (!segment_measure(p, seg, &seg->ms))
            return;
        measured += seg->ms;
    }
    s->pace = 0.75 * s->pace + 0.25 * (measured / estimated);
    if (s->pace < 0.01) s->pace = 0.01;
    if (s->pace > 100) s->pace = 100;
}

/* Takes finished submissions off the list. */
static void retire(struct gpu *gpu) {
    struct submitter *s = &gpu->submitter;
    while (s->n_flights && s->flights[0].ticket <= s->reached) {
        const struct flight f = s->flights[0];
        s->n_flights--;
        memmove(s->flights, s->flights + 1, s->n_flights * sizeof f);
        /* One that runs again right now is writing the same timestamps. */
        const bool again =
            s->n_flights && s->flights[0].program == f.program && s->flights[0].first <= f.first;
        if (f.program && !again) learn(s, &f);
        const double ms = clock_ms() - f.start_ms;
        if (ms > gpu->counters.longest_ms) gpu->counters.longest_ms = ms;
    }
}

void forget_flights(struct gpu *gpu, const struct gpu_program *p) {
    struct submitter *s = &gpu->submitter;
    for (uint32_t i = 0; i < s->n_flights; i++)
        if (s->flights[i].program == p) s->flights[i].program = NULL;
}

/* Parts are cut to 200 ms; a software driver on a busy machine takes many times that, and the first
 * run of a part is a guess. What is not over after all this never will be. */
enum { WAIT_STEP_S = 10, WAIT_STEPS = 30 };

static vidi_status wait_for(struct gpu *gpu, uint64_t ticket) {
    struct submitter *s = &gpu->submitter;
    const VkSemaphoreWaitInfo info = {VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, .semaphoreCount = 1,
                                      .pSemaphores = &s->timeline, .pValues = &ticket};
    VkResult r = VK_TIMEOUT;
    for (int i = 0; i < WAIT_STEPS && r == VK_TIMEOUT; i++)
        r = vkWaitSemaphores(gpu->device, &info, WAIT_STEP_S * 1000000000ull);
    if (r == VK_SUCCESS) return VIDI_OK;
    if (r != VK_TIMEOUT) return lose(gpu, vk_fail(gpu->ctx, r, "vkWaitSemaphores"));
    gpu->hung = true;
    return lose(gpu, vd_fail(gpu->ctx, VIDI_E_DEVICE,
                             "%s has not finished its work after %d seconds: its driver hangs",
                             gpu->probe.caps.name, WAIT_STEP_S * WAIT_STEPS));
}

vidi_status gpu_wait(struct gpu *gpu, uint64_t ticket) {
    struct submitter *s = &gpu->submitter;
    if (ticket > s->submitted)
        return vd_fail(gpu->ctx, VIDI_E_ARGUMENT, "nothing was submitted as %llu yet",
                       (unsigned long long)ticket);
    if (ticket <= s->reached) return VIDI_OK;
    TRY(check_lost(gpu));
    TRY(wait_for(gpu, ticket));
    s->reached = ticket;
    /* Submissions run in order, so the count is at least the ticket; it wraps at 2^32. */
    const uint32_t count = stamps(gpu);
    if ((int32_t)(count - (uint32_t)ticket) < 0)
        return lose(gpu, vd_fail(gpu->ctx, VIDI_E_DEVICE,
                                 "%s did not run a submission to its end: marker %u, expected %u",
                                 gpu->probe.caps.name, count, (uint32_t)ticket));
    retire(gpu);
    return VIDI_OK;
}

/* --- programs --------------------------------------------------------------------------------- */

enum { DEFAULT_BUDGET_MS = 100, LARGEST_BUDGET_MS = 200 };

static double predict_ms(const struct gpu_program *p, uint32_t i) {
    const struct segment *s = &p->segments[i];
    return s->ms > 0 ? s->ms : s->estimate_ms * p->gpu->submitter.pace;
}

/* Segments from `first` on that fit the budget; at least one. */
static uint32_t group(const struct gpu_program *p, uint32_t first, double budget_ms) {
    double ms = predict_ms(p, first);
    uint32_t n = 1;
    while (first + n < p->n_segments && (ms += predict_ms(p, first + n)) <= budget_ms) n++;
    return n;
}

static bool is_set(const atomic_int *flag) { return flag && atomic_load(flag); }

static vidi_status submit_group(struct gpu_program *p, uint32_t first, uint32_t n) {
    struct gpu *gpu = p->gpu;
    struct submitter *s = &gpu->submitter;
    TRY(submit_commands(gpu, p->commands + first, n, &p->ticket));
    s->flights[s->n_flights++] = (struct flight){p, first, n, p->ticket, clock_ms()};
    return VIDI_OK;
}

vidi_status gpu_submit(struct gpu_program *p, double budget_ms, const atomic_int *cancel,
                       uint64_t *ticket) {
    struct gpu *gpu = p->gpu;
    struct submitter *s = &gpu->submitter;
    if (budget_ms <= 0) budget_ms = DEFAULT_BUDGET_MS;
    if (budget_ms > LARGEST_BUDGET_MS) budget_ms = LARGEST_BUDGET_MS;
    TRY(check_lost(gpu));
    TRY(transfer_flush(gpu));
    for (uint32_t first = 0, n; first < p->n_segments; first += n) {
        if (s->n_flights == MAX_IN_FLIGHT) TRY(gpu_wait(gpu, s->flights[0].ticket));
        *ticket = s->submitted;
        if (is_set(cancel)) return vd_fail(gpu->ctx, VIDI_E_CANCELLED, "cancelled");
        n = group(p, first, budget_ms);
        TRY(submit_group(p, first, n));
    }
    *ticket = p->ticket;
    return VIDI_OK;
}

vidi_status gpu_run(struct gpu_program *p) {
    uint64_t ticket;
    TRY(gpu_submit(p, 0, NULL, &ticket));
    return gpu_wait(p->gpu, ticket);
}
