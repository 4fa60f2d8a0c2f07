#include <string.h>

#include "gpu/inside.h"

void record_barrier(VkCommandBuffer cmd, VkPipelineStageFlags src, VkPipelineStageFlags dst) {
    static const struct {
        VkPipelineStageFlags stage;
        VkAccessFlags write, all;
    } accesses[] = {
        {VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
         VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_SHADER_READ_BIT},
        {VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
         VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT},
        {VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_WRITE_BIT,
         VK_ACCESS_HOST_WRITE_BIT | VK_ACCESS_HOST_READ_BIT},
    };
    VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        if (src & accesses[i].stage) barrier.srcAccessMask |= accesses[i].write;
        if (dst & accesses[i].stage) barrier.dstAccessMask |= accesses[i].all;
    }
    vkCmdPipelineBarrier(cmd, src, dst, 0, 1, &barrier, 0, NULL, 0, NULL);
}

/* --- what a dispatch may cost ----------------------------------------------------------------- */

enum { SEGMENT_MS = 4 };

/* Guesses, only for cutting programs into segments before anything was measured. */
static const struct {
    double bytes_ms, flops_ms, start_ms;
} speeds[] = {
    [GPU_OTHER] = {4e6, 2e7, 0.02},     [GPU_INTEGRATED] = {2e7, 3e8, 0.005},
    [GPU_DISCRETE] = {2e8, 4e9, 0.004}, [GPU_VIRTUAL] = {2e7, 3e8, 0.01},
    [GPU_CPU] = {4e6, 2e7, 0.02},
};

static double estimate_ms(const struct gpu *gpu, const struct gpu_dispatch *d) {
    const enum gpu_type type = gpu->probe.caps.type;
    uint64_t bytes = d->bytes;
    for (uint32_t b = 0; !d->bytes && b < kernel_table[d->kernel].n_bindings; b++)
        bytes += d->spans[b].bytes;
    const double move = (double)bytes / speeds[type].bytes_ms;
    const double count = (double)d->flops / speeds[type].flops_ms;
    return speeds[type].start_ms + (move > count ? move : count);
}

static vidi_status cut_segments(struct gpu_program *p, const struct gpu_list *list) {
    const double most = SEGMENT_MS / p->gpu->submitter.pace;
    p->segments = arena_new(&p->arena, struct segment, list->n);
    if (!p->segments) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < list->n; i++) {
        const double ms = estimate_ms(p->gpu, &list->items[i]);
        struct segment *s = p->n_segments ? &p->segments[p->n_segments - 1] : NULL;
        if (!s || s->estimate_ms + ms > most) {
            s = &p->segments[p->n_segments++];
            s->first = i;
        }
        s->n++;
        s->estimate_ms += ms;
    }
    if (!p->gpu->probe.caps.timestamps) return VIDI_OK;
    for (uint32_t i = 0; i < p->n_segments; i++) {
        p->segments[i].query = p->n_queries;
        p->segments[i].n_queries = p->profiled ? p->segments[i].n + 1 : 2;
        p->n_queries += p->segments[i].n_queries;
    }
    return VIDI_OK;
}

/* --- descriptor sets -------------------------------------------------------------------------- */

static vidi_status make_sets_pool(struct gpu_program *p, const struct gpu_list *list) {
    struct gpu *gpu = p->gpu;
    uint32_t n = 1, n_texels = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct kernel *k = &kernel_table[list->items[i].kernel];
        n += k->n_bindings;
        for (uint32_t b = 0; b < k->n_bindings; b++) n_texels += k->texel_mask >> b & 1;
    }
    p->views = arena_new(&p->arena, VkBufferView, n_texels);
    if (n_texels && !p->views) return VIDI_E_MEMORY;
    const VkDescriptorPoolSize sizes[] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, n},
        {VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, n_texels},
    };
    const VkDescriptorPoolCreateInfo info = {VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = list->n, .poolSizeCount = n_texels ? 2 : 1,
                                             .pPoolSizes = sizes};
    TRY_MAKE(gpu->ctx, p->sets_pool, vkCreateDescriptorPool,
             (gpu->device, &info, NULL, &p->sets_pool));
    return VIDI_OK;
}

static VkDescriptorBufferInfo bound(const struct gpu *gpu, const struct vd_span *span) {
    if (!span->buffer) return (VkDescriptorBufferInfo){gpu->zero->handle, 0, gpu->zero->bytes};
    return (VkDescriptorBufferInfo){span->buffer->handle, span->offset, span->bytes};
}

static vidi_status make_view(struct gpu_program *p, const VkDescriptorBufferInfo *range,
                             VkBufferView *out) {
    struct gpu *gpu = p->gpu;
    const VkBufferViewCreateInfo info = {
        VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO, .buffer = range->buffer,
        .format = VK_FORMAT_R32G32B32A32_UINT, .offset = range->offset, .range = range->range};
    TRY_MAKE(gpu->ctx, *out, vkCreateBufferView, (gpu->device, &info, NULL, out));
    p->views[p->n_views++] = *out;
    return VIDI_OK;
}

static vidi_status write_set(struct gpu_program *p, const struct gpu_dispatch *d,
                             VkDescriptorSet *set) {
    struct gpu *gpu = p->gpu;
    const struct kernel *k = &kernel_table[d->kernel];
    struct kernel_layout layout;
    TRY(pipeline_layout(gpu, d->kernel, &layout));
    const VkDescriptorSetAllocateInfo info = {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                              .descriptorPool = p->sets_pool,
                                              .descriptorSetCount = 1, .pSetLayouts = &layout.set};
    TRY_VK(gpu->ctx, vkAllocateDescriptorSets, (gpu->device, &info, set));
    VkDescriptorBufferInfo buffers[32]; /* pipeline_layout() allows no more */
    VkBufferView views[32];
    VkWriteDescriptorSet writes[32];
    for (uint32_t b = 0; b < k->n_bindings; b++) {
        buffers[b] = bound(gpu, &d->spans[b]);
        if (k->texel_mask >> b & 1) TRY(make_view(p, &buffers[b], &views[b]));
        writes[b] = (VkWriteDescriptorSet){VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstSet = *set,
                                           .dstBinding = b,
                                           .descriptorCount = 1,
                                           .descriptorType = descriptor_type(k, b),
                                           .pBufferInfo = &buffers[b],
                                           .pTexelBufferView = &views[b]};
    }
    vkUpdateDescriptorSets(gpu->device, k->n_bindings, writes, 0, NULL);
    gpu->counters.descriptor_updates++;
    return VIDI_OK;
}

/* --- command buffers -------------------------------------------------------------------------- */

/* What recording needs and the program does not keep. */
struct recording {
    const struct gpu_list *list;
    const uint32_t *pipelines; /* [list->n] places in the gpu's table */
    VkDescriptorSet *sets;     /* [list->n] */
    struct hazards hazards;
};

static vidi_status record_dispatch(struct gpu_program *p, struct recording *r, VkCommandBuffer cmd,
                                   uint32_t i) {
    struct gpu *gpu = p->gpu;
    const struct gpu_dispatch *d = &r->list->items[i];
    const struct kernel *k = &kernel_table[d->kernel];
    const VkPipelineLayout layout = gpu->pipelines.layouts[d->kernel].pipeline;
    bool wait;
    TRY(hazards_note(&r->hazards, k, d->spans, &wait));
    if (wait && !gpu->cfg.no_barriers) {
        record_barrier(cmd, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                       VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
        p->n_barriers++;
        p->notes[i].waits = true;
    }
    debug_label_begin(gpu, cmd, d->label);
    vkCmdBindPipeline(cmd, VK_PIPELINE_BIND_POINT_COMPUTE,
                      gpu->pipelines.items[r->pipelines[i]].handle);
    vkCmdBindDescriptorSets(cmd, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &r->sets[i], 0,
                            NULL);
    if (k->push_bytes)
        vkCmdPushConstants(cmd, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, k->push_bytes, d->push);
    vkCmdDispatch(cmd, d->groups.x, d->groups.y, d->groups.z);
    debug_label_end(gpu, cmd);
    return VIDI_OK;
}

static void stamp_time(struct gpu_program *p, VkCommandBuffer cmd, uint32_t query) {
    if (p->queries)
        vkCmdWriteTimestamp(cmd, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, p->queries, query);
}

/* Segments run in order and nothing of the host or of another program comes between those of one
 * run, so only the first waits for what was before; hazards are followed across the cuts. */
static vidi_status record_segment(struct gpu_program *p, struct recording *r, uint32_t index) {
    struct gpu *gpu = p->gpu;
    const struct segment *s = &p->segments[index];
    const VkCommandBuffer cmd = p->commands[index];
    const VkCommandBufferBeginInfo begin = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    TRY_VK(gpu->ctx, vkBeginCommandBuffer, (cmd, &begin));
    if (p->queries) vkCmdResetQueryPool(cmd, p->queries, s->query, s->n_queries);
    if (index == 0)
        record_barrier(cmd,
                       VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT |
                           VK_PIPELINE_STAGE_HOST_BIT,
                       VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    stamp_time(p, cmd, s->query);
    for (uint32_t i = 0; i < s->n; i++) {
        TRY(record_dispatch(p, r, cmd, s->first + i));
        if (p->profiled) stamp_time(p, cmd, s->query + 1 + i);
    }
    if (!p->profiled) stamp_time(p, cmd, s->query + 1);
    TRY_VK(gpu->ctx, vkEndCommandBuffer, (cmd));
    gpu->counters.recordings++;
    return VIDI_OK;
}

static vidi_status make_commands(struct gpu_program *p) {
    struct gpu *gpu = p->gpu;
    const VkCommandPoolCreateInfo pool = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = gpu->probe.family};
    TRY_MAKE(gpu->ctx, p->pool, vkCreateCommandPool, (gpu->device, &pool, NULL, &p->pool));
    p->commands = arena_new(&p->arena, VkCommandBuffer, p->n_segments);
    if (!p->commands) return VIDI_E_MEMORY;
    const VkCommandBufferAllocateInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = p->pool,
                                              .commandBufferCount = p->n_segments};
    TRY_VK(gpu->ctx, vkAllocateCommandBuffers, (gpu->device, &info, p->commands));
    if (!p->n_queries) return VIDI_OK;
    const VkQueryPoolCreateInfo queries = {VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                           .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                           .queryCount = p->n_queries};
    TRY_MAKE(gpu->ctx, p->queries, vkCreateQueryPool, (gpu->device, &queries, NULL, &p->queries));
    return VIDI_OK;
}

/* --- programs --------------------------------------------------------------------------------- */

static vidi_status keep_notes(struct gpu_program *p, const struct gpu_list *list,
                              const char *name) {
    p->n = list->n;
    p->name = arena_text(&p->arena, name, strlen(name));
    p->notes = arena_new(&p->arena, struct dispatch_note, list->n);
    if (!p->name || !p->notes) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct gpu_dispatch *d = &list->items[i];
        const char *label = arena_text(&p->arena, d->label, strlen(d->label));
        if (!label) return VIDI_E_MEMORY;
        p->notes[i] = (struct dispatch_note){.label = label,
                                             .kernel = d->kernel,
                                             .variant = d->variant,
                                             .bytes = d->bytes,
                                             .flops = d->flops};
    }
    return VIDI_OK;
}

static vidi_status record(struct gpu_program *p, const struct gpu_list *list, const char *name,
                          struct arena *scratch) {
    uint32_t *pipelines = arena_new(scratch, uint32_t, list->n);
    struct recording r = {.list = list,
                          .pipelines = pipelines,
                          .sets = arena_new(scratch, VkDescriptorSet, list->n),
                          .hazards = {.arena = scratch}};
    if (!pipelines || !r.sets) return VIDI_E_MEMORY;
    TRY(keep_notes(p, list, name));
    TRY(pipelines_prepare(p->gpu, list->items, list->n, pipelines));
    TRY(make_sets_pool(p, list));
    for (uint32_t i = 0; i < list->n; i++) TRY(write_set(p, &list->items[i], &r.sets[i]));
    TRY(cut_segments(p, list));
    TRY(make_commands(p));
    for (uint32_t i = 0; i < p->n_segments; i++) TRY(record_segment(p, &r, i));
    return VIDI_OK;
}

vidi_status gpu_program_record(struct gpu_list *list, const char *name, struct gpu_program **out) {
    struct gpu *gpu = list->gpu;
    *out = NULL;
    TRY(list->status);
    if (!list->n) return vd_fail(gpu->ctx, VIDI_E_ARGUMENT, "program \"%s\" has no dispatch", name);
    struct gpu_program *p = vd_alloc(gpu->ctx, sizeof *p);
    if (!p) return VIDI_E_MEMORY;
    p->gpu = gpu;
    p->profiled = gpu->cfg.profile && gpu->probe.caps.timestamps;
    arena_open(&p->arena, gpu->ctx);
    p->next = gpu->programs;
    if (p->next) p->next->prev = p;
    gpu->programs = p;
    struct arena scratch;
    arena_open(&scratch, gpu->ctx);
    const vidi_status status = record(p, list, name, &scratch);
    arena_close(&scratch);
    if (status != VIDI_OK) {
        program_destroy(p);
        return status;
    }
    *out = p;
    return VIDI_OK;
}

void program_destroy(struct gpu_program *p) {
    struct gpu *gpu = p->gpu;
    forget_flights(gpu, p);
    vkDestroyQueryPool(gpu->device, p->queries, NULL);
    vkDestroyCommandPool(gpu->device, p->pool, NULL);
    vkDestroyDescriptorPool(gpu->device, p->sets_pool, NULL);
    for (uint32_t i = 0; i < p->n_views; i++) vkDestroyBufferView(gpu->device, p->views[i], NULL);
    if (p->next) p->next->prev = p->prev;
    if (p->prev)
        p->prev->next = p->next;
    else
        gpu->programs = p->next;
    arena_close(&p->arena);
    vd_free(gpu->ctx, p);
}

void gpu_program_free(struct gpu *gpu, struct gpu_program *p) {
    if (!p) return;
    const bool waited = gpu_wait(gpu, p->ticket) == VIDI_OK;
    if (gpu->hung) return;
    if (!waited) vkDeviceWaitIdle(gpu->device);
    program_destroy(p);
}

uint32_t gpu_program_dispatches(const struct gpu_program *p) { return p->n; }
uint32_t gpu_program_barriers(const struct gpu_program *p) { return p->n_barriers; }

void gpu_program_each(const struct gpu_program *p,
                      void (*each)(void *user, const char *label, bool waits), void *user) {
    for (uint32_t i = 0; i < p->n; i++) each(user, p->notes[i].label, p->notes[i].waits);
}
