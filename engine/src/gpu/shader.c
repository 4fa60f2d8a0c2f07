#include <string.h>

#include "gpu/inside.h"

enum { MAX_STATISTICS = 64, MAX_NAMES = 4 };

/* As drivers call them: AMD, NVIDIA, Apple, Adreno. */
static const char *const names[GPU_NUMBERS][MAX_NAMES] = {
    [GPU_REGISTERS] = {"VGPRs", "Number of GPRs", "GPRs", "Registers used"},
    [GPU_SCALARS] = {"SGPRs"},
    [GPU_SPILLED] = {"Spilled VGPRs", "Spills to memory", "Spills", "STP Count"},
    [GPU_SPILLED_2] = {"Spilled SGPRs", "Fills from memory", "Fills", "LDP Count"},
    [GPU_SCRATCH] = {"Scratch size", "SLM size", "Scratch"},
    [GPU_SHARED] = {"LDS size", "Shared memory"},
    [GPU_CODE] = {"Code size", "Code Size"},
    [GPU_STEPS] = {"Instructions", "Instruction count", "Instruction Count"},
    [GPU_CYCLES] = {"Latency", "Static cycle count", "ALU"},
};

static int64_t find(const VkPipelineExecutableStatisticKHR *all, uint32_t n,
                    const char *const *wanted) {
    for (int k = 0; k < MAX_NAMES && wanted[k]; k++)
        for (uint32_t i = 0; i < n; i++)
            if (strcmp(all[i].name, wanted[k]) == 0) return (int64_t)all[i].value.u64;
    return -1;
}

static vidi_status read_numbers(struct gpu *gpu, PFN_vkGetPipelineExecutableStatisticsKHR get,
                                VkPipeline pipeline, int64_t numbers[GPU_NUMBERS]) {
    VkPipelineExecutableStatisticKHR all[MAX_STATISTICS];
    uint32_t n = MAX_STATISTICS;
    for (uint32_t i = 0; i < MAX_STATISTICS; i++)
        all[i] = (VkPipelineExecutableStatisticKHR){
            .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    const VkPipelineExecutableInfoKHR info = {VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
                                              .pipeline = pipeline};
    TRY_VK(gpu->ctx, get, (gpu->device, &info, &n, all));
    for (int i = 0; i < GPU_NUMBERS; i++) numbers[i] = find(all, n, names[i]);
    return VIDI_OK;
}

static vidi_status compile(struct gpu *gpu, const struct gpu_list *list) {
    struct arena scratch;
    arena_open(&scratch, gpu->ctx);
    uint32_t *index = arena_new(&scratch, uint32_t, list->n);
    const vidi_status status =
        index ? pipelines_prepare(gpu, list->items, list->n, index) : VIDI_E_MEMORY;
    arena_close(&scratch);
    return status;
}

vidi_status gpu_list_shaders(struct gpu_list *list,
                             void (*each)(void *user, const struct gpu_shader *s), void *user) {
    struct gpu *gpu = list->gpu;
    TRY(list->status);
    const PFN_vkGetPipelineExecutableStatisticsKHR get =
        (PFN_vkGetPipelineExecutableStatisticsKHR)vkGetDeviceProcAddr(
            gpu->device, "vkGetPipelineExecutableStatisticsKHR");
    if (!gpu->statistics || !get)
        return vd_fail(gpu->ctx, VIDI_E_UNSUPPORTED,
                       "the driver of %s does not tell what its compiler did",
                       gpu->probe.caps.name);
    TRY(compile(gpu, list));
    for (uint32_t i = 0; i < gpu->pipelines.n; i++) {
        const struct pipeline *p = &gpu->pipelines.items[i];
        struct gpu_shader s = {.kernel = p->kernel, .variant = p->variant, .specs = p->specs};
        TRY(read_numbers(gpu, get, p->handle, s.numbers));
        each(user, &s);
    }
    return VIDI_OK;
}
