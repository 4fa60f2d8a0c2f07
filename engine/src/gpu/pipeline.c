#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gpu/inside.h"

enum { MAX_THREADS = 16, MAX_SPECS = 32, MAX_BINDINGS = 32 };

vidi_status pipelines_open(struct gpu *gpu) {
    struct pipelines *p = &gpu->pipelines;
    p->layouts = arena_new(&gpu->arena, struct kernel_layout, kernel_count);
    if (!p->layouts) return VIDI_E_MEMORY;
    return map_open(&p->by_key, &gpu->arena, 64);
}

void pipelines_close(struct gpu *gpu) {
    struct pipelines *p = &gpu->pipelines;
    for (uint32_t i = 0; i < p->n; i++) vkDestroyPipeline(gpu->device, p->items[i].handle, NULL);
    for (uint32_t k = 0; p->layouts && k < kernel_count; k++) {
        vkDestroyPipelineLayout(gpu->device, p->layouts[k].pipeline, NULL);
        vkDestroyDescriptorSetLayout(gpu->device, p->layouts[k].set, NULL);
    }
    vkDestroyPipelineCache(gpu->device, p->cache, NULL);
}

vidi_status pipeline_layout(struct gpu *gpu, uint32_t kernel, struct kernel_layout *out) {
    struct kernel_layout *l = &gpu->pipelines.layouts[kernel];
    const struct kernel *k = &kernel_table[kernel];
    if (k->n_bindings > MAX_BINDINGS)
        return vd_fail(gpu->ctx, VIDI_E_UNSUPPORTED, "kernel %s has %u bindings", k->name,
                       k->n_bindings);
    if (!l->set) {
        VkDescriptorSetLayoutBinding bindings[MAX_BINDINGS];
        for (uint32_t b = 0; b < k->n_bindings; b++)
            bindings[b] = (VkDescriptorSetLayoutBinding){b, descriptor_type(k, b), 1,
                                                         VK_SHADER_STAGE_COMPUTE_BIT, NULL};
        const VkDescriptorSetLayoutCreateInfo info = {
            VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = k->n_bindings,
            .pBindings = bindings};
        TRY_MAKE(gpu->ctx, l->set, vkCreateDescriptorSetLayout,
                 (gpu->device, &info, NULL, &l->set));
    }
    if (!l->pipeline) {
        const VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                          (k->push_bytes + 3u) & ~3u};
        const VkPipelineLayoutCreateInfo info = {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                                 .setLayoutCount = 1, .pSetLayouts = &l->set,
                                                 .pushConstantRangeCount = push.size != 0,
                                                 .pPushConstantRanges = &push};
        TRY_MAKE(gpu->ctx, l->pipeline, vkCreatePipelineLayout,
                 (gpu->device, &info, NULL, &l->pipeline));
    }
    *out = *l;
    return VIDI_OK;
}

/* --- the table -------------------------------------------------------------------------------- */

static vidi_status find_or_add(struct gpu *gpu, const struct gpu_dispatch *d, uint32_t *index) {
    struct pipelines *p = &gpu->pipelines;
    const struct kernel *k = &kernel_table[d->kernel];
    uint32_t key[2 + MAX_SPECS] = {d->kernel, d->variant};
    if (k->n_specs > MAX_SPECS)
        return vd_fail(gpu->ctx, VIDI_E_UNSUPPORTED, "kernel %s has %u specialisation constants",
                       k->name, k->n_specs);
    memcpy(key + 2, d->specs, k->n_specs * sizeof *key);
    const uint32_t len = (2 + k->n_specs) * sizeof *key;
    if (map_get(&p->by_key, (const char *)key, len, index)) return VIDI_OK;
    if (p->n == p->cap) {
        struct pipeline *more = arena_grow(&gpu->arena, p->items, &p->cap, sizeof *more);
        if (!more) return VIDI_E_MEMORY;
        p->items = more;
    }
    uint32_t *kept = arena_alloc(&gpu->arena, len, 1);
    if (!kept) return VIDI_E_MEMORY;
    memcpy(kept, key, len);
    TRY(map_put(&p->by_key, (const char *)kept, len, p->n, NULL));
    p->items[p->n] =
        (struct pipeline){.kernel = d->kernel, .variant = d->variant, .specs = kept + 2};
    *index = p->n++;
    return VIDI_OK;
}

/* --- making them, on many threads ------------------------------------------------------------- */

struct work {
    struct gpu *gpu;
    const uint32_t *jobs; /* places in the table */
    uint32_t n, total;    /* total: what progress is told, the warming included */
    atomic_uint next, done;
    bool stopped;
};

/* Where a driver may choose among subgroup sizes, whole subgroups of the size it told are what
 * subgroup kernels count on. Only legal when the workgroup is made of them. */
static bool wants_full_subgroups(const struct gpu *gpu, const struct pipeline *p) {
    const struct kernel *k = &kernel_table[p->kernel];
    const uint32_t size = gpu->probe.caps.subgroup_size;
    if (!gpu->full_subgroups || !(k->needs & (NEED_SUBGROUP | NEED_CPU | NEED_COOPMAT)))
        return false;
    const uint32_t width = spirv_local_size_x(k, &k->variants[p->variant], p->specs);
    return width && width % size == 0;
}

/* Threads touch nothing but their own pipeline: no context, no arena. */
static VkResult make(struct gpu *gpu, struct pipeline *p) {
    const struct kernel *k = &kernel_table[p->kernel];
    const struct kernel_variant *v = &k->variants[p->variant];
    const VkShaderModuleCreateInfo module_info = {VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                                  .codeSize = v->n_words * sizeof(uint32_t),
                                                  .pCode = v->words};
    VkShaderModule module;
    p->call = "vkCreateShaderModule";
    VkResult r = vkCreateShaderModule(gpu->device, &module_info, NULL, &module);
    if (r < 0) return r;
    VkSpecializationMapEntry entries[MAX_SPECS];
    for (uint32_t i = 0; i < k->n_specs; i++)
        entries[i] = (VkSpecializationMapEntry){k->specs[i].id, i * 4, 4};
    const VkSpecializationInfo specs = {k->n_specs, entries, k->n_specs * sizeof(uint32_t),
                                        p->specs};
    const VkComputePipelineCreateInfo info = {
        VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .flags = gpu->statistics ? VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR : 0,
        .stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .flags = wants_full_subgroups(gpu, p)
                               ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT
                               : 0,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT, .module = module, .pName = "main",
                  .pSpecializationInfo = &specs},
        .layout = gpu->pipelines.layouts[p->kernel].pipeline};
    p->call = "vkCreateComputePipelines";
    r = vkCreateComputePipelines(gpu->device, gpu->pipelines.cache, 1, &info, NULL, &p->handle);
    if (r < 0) p->handle = VK_NULL_HANDLE;
    vkDestroyShaderModule(gpu->device, module, NULL);
    return r;
}

static void *work_on(void *user) {
    struct work *w = user;
    for (uint32_t i; (i = atomic_fetch_add(&w->next, 1)) < w->n; atomic_fetch_add(&w->done, 1)) {
        struct pipeline *p = &w->gpu->pipelines.items[w->jobs[i]];
        p->result = make(w->gpu, p);
    }
    return NULL;
}

/* The calling thread works too and is the only one that reports progress. */
static void work_and_report(struct work *w) {
    const struct gpu_config *cfg = &w->gpu->cfg;
    for (uint32_t i; (i = atomic_fetch_add(&w->next, 1)) < w->n;) {
        struct pipeline *p = &w->gpu->pipelines.items[w->jobs[i]];
        p->result = make(w->gpu, p);
        const uint32_t done = atomic_fetch_add(&w->done, 1) + 1;
        if (!cfg->progress || !cfg->progress(cfg->user, "compiling kernels", done, w->total))
            continue;
        w->stopped = true;
        atomic_store(&w->next, w->n);
    }
}

static void run_threads(struct work *w) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (uint32_t)cores;
    if (wanted > w->n) wanted = w->n;
    pthread_t threads[MAX_THREADS];
    uint32_t n = 0;
    messages_hold(&w->gpu->instance.messages);
    while (n + 1 < wanted && pthread_create(&threads[n], NULL, work_on, w) == 0) n++;
    work_and_report(w);
    for (uint32_t i = 0; i < n; i++) pthread_join(threads[i], NULL);
    messages_release(&w->gpu->instance.messages);
}

static void describe(const struct pipeline *p, char *out, size_t cap) {
    const struct kernel *k = &kernel_table[p->kernel];
    int len = snprintf(out, cap, "%s %s", k->name, k->variants[p->variant].name);
    for (uint32_t i = 0; i < k->n_specs && len >= 0 && (size_t)len < cap; i++)
        len += snprintf(out + len, cap - (size_t)len, " %s=%u", k->specs[i].name, p->specs[i]);
}

static vidi_status check_results(struct gpu *gpu, const struct work *w) {
    for (uint32_t i = 0; i < w->n; i++) {
        const struct pipeline *p = &gpu->pipelines.items[w->jobs[i]];
        char what[300];
        describe(p, what, sizeof what);
        if (p->result < 0)
            return vd_fail(gpu->ctx, vk_status(p->result),
                           "kernel %s could not be compiled: %s failed: %s", what, p->call,
                           vk_result_name(p->result));
        debug_name(gpu, VK_OBJECT_TYPE_PIPELINE, vk_id(p->handle), "%s", what);
    }
    return VIDI_OK;
}

static vidi_status make_missing(struct gpu *gpu, struct arena *scratch) {
    struct pipelines *p = &gpu->pipelines;
    uint32_t *jobs = arena_new(scratch, uint32_t, p->n);
    if (!jobs) return VIDI_E_MEMORY;
    struct work w = {.gpu = gpu, .jobs = jobs};
    for (uint32_t i = 0; i < p->n; i++) {
        struct kernel_layout unused;
        if (p->items[i].handle) continue;
        TRY(pipeline_layout(gpu, p->items[i].kernel, &unused));
        jobs[w.n++] = i;
    }
    if (!w.n) return VIDI_OK;
    const bool warm = pipelines_want_warming(gpu);
    w.total = warm ? 2 * w.n : w.n;
    if (gpu->cfg.progress && gpu->cfg.progress(gpu->cfg.user, "compiling kernels", 0, w.total))
        return vd_fail(gpu->ctx, VIDI_E_CANCELLED, "cancelled");
    run_threads(&w);
    p->grown = true;
    if (w.stopped) return vd_fail(gpu->ctx, VIDI_E_CANCELLED, "cancelled");
    TRY(check_results(gpu, &w));
    return warm ? pipelines_warm(gpu, jobs, w.n) : VIDI_OK;
}

vidi_status pipelines_prepare(struct gpu *gpu, const struct gpu_dispatch *items, uint32_t n,
                              uint32_t *index) {
    for (uint32_t i = 0; i < n; i++) TRY(find_or_add(gpu, &items[i], &index[i]));
    struct arena scratch;
    arena_open(&scratch, gpu->ctx);
    const vidi_status status = make_missing(gpu, &scratch);
    arena_close(&scratch);
    return status;
}
