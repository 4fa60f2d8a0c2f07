/* vidi_shader_stats - what a driver's compiler makes of every kernel.
 *
 *     vidi_shader_stats TARGET [BUDGET_FILE]
 *
 * Compiles every variant whose needs the first Vulkan device meets, with the default of every
 * specialisation constant, and prints registers, spills, scratch and size as the driver reports
 * them. With a budget, exit status 1 when a kernel spills more than its row for TARGET allows;
 * 77 when there is no device, or none that tells. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#include "gpu/kernel.h"

enum { MAX_STATS = 64, MAX_SPECS = 32, MAX_ROWS = 256, SKIP = 77 };

enum column { VGPRS, SGPRS, SPILLED_V, SPILLED_S, SCRATCH, SHARED, CODE, STEPS, CYCLES, N_COLUMNS };
enum { MAX_NAMES = 4 };
static const struct {
    const char *title;
    const char *names[MAX_NAMES]; /* as drivers call it: AMD, NVIDIA, Apple, Adreno */
} columns[N_COLUMNS] = {
    [VGPRS] = {"regs", {"VGPRs", "Number of GPRs", "GPRs", "Registers used"}},
    [SGPRS] = {"sgprs", {"SGPRs"}},
    [SPILLED_V] = {"spilled", {"Spilled VGPRs", "Spills to memory", "Spills", "STP Count"}},
    [SPILLED_S] = {"spilled_s", {"Spilled SGPRs", "Fills from memory", "Fills", "LDP Count"}},
    [SCRATCH] = {"scratch", {"Scratch size", "SLM size", "Scratch"}},
    [SHARED] = {"shared", {"LDS size", "Shared memory"}},
    [CODE] = {"code", {"Code size", "Code Size"}},
    [STEPS] = {"steps", {"Instructions", "Instruction count", "Instruction Count"}},
    [CYCLES] = {"cycles", {"Latency", "Static cycle count", "ALU"}},
};

struct row { /* of the budget: a '*' fits everything */
    char target[32], kernel[64], variant[64];
    unsigned long long spilled_v, spilled_s, scratch;
};

struct target {
    const char *name;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    uint32_t has; /* kernel_needs */
    PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;
    struct row rows[MAX_ROWS];
    uint32_t n_rows;
    unsigned n_compiled, n_over, n_failed;
};

static bool read_budget(struct target *t, const char *path) {
    FILE *f = fopen(path, "r");
    if (!f) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    char line[256];
    bool ok = true;
    while (fgets(line, sizeof line, f) && ok) {
        if (line[0] == '#' || line[0] == '\n') continue;
        struct row *r = &t->rows[t->n_rows++];
        ok = t->n_rows < MAX_ROWS &&
             sscanf(line, "%31s %63s %63s %llu %llu %llu", r->target, r->kernel, r->variant,
                    &r->spilled_v, &r->spilled_s, &r->scratch) == 6;
        if (!ok) fprintf(stderr, "%s: no row: %s", path, line);
    }
    fclose(f);
    return ok;
}

static bool fits(const char *pattern, const char *text) {
    return !strcmp(pattern, "*") || !strcmp(pattern, *text ? text : "-");
}

static bool has_extension(VkPhysicalDevice device, const char *name) {
    uint32_t n = 0;
    vkEnumerateDeviceExtensionProperties(device, NULL, &n, NULL);
    VkExtensionProperties *list = calloc(n ? n : 1, sizeof *list);
    bool found = false;
    if (list && vkEnumerateDeviceExtensionProperties(device, NULL, &n, list) == VK_SUCCESS)
        for (uint32_t i = 0; i < n; i++) found |= !strcmp(list[i].extensionName, name);
    free(list);
    return found;
}

static uint32_t needs_met(VkPhysicalDevice device, const VkPhysicalDeviceVulkan11Features *f11,
                          const VkPhysicalDeviceVulkan12Features *f12,
                          const VkPhysicalDeviceVulkan13Features *f13) {
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
    VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                     .pNext = &subgroup};
    vkGetPhysicalDeviceProperties2(device, &p);
    const VkSubgroupFeatureFlags wanted =
        VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_BALLOT_BIT;
    uint32_t has = 0;
    if ((subgroup.supportedOperations & wanted) == wanted) has |= NEED_SUBGROUP;
    if (f12->shaderFloat16 && f11->storageBuffer16BitAccess) has |= NEED_F16;
    if (f13->shaderIntegerDotProduct) has |= NEED_INT_DOT;
#ifdef VK_KHR_cooperative_matrix
    if (has_extension(device, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME)) has |= NEED_COOPMAT;
#endif
    if (p.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU) has |= NEED_CPU;
    has |= NEED_TEXELS; /* a limit, which no compiler reads */
    printf("%s, driver version %u\n", p.properties.deviceName, p.properties.driverVersion);
    return has;
}

/* Every feature of the core versions is switched on: only the compiler matters here. */
static bool make_device(struct target *t) {
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR stats = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR};
    VkPhysicalDeviceVulkan13Features f13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, .pNext = &stats};
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &f13};
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f12};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &f11};
#ifdef VK_KHR_cooperative_matrix
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    if (has_extension(t->physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME)) stats.pNext = &matrix;
#endif
    vkGetPhysicalDeviceFeatures2(t->physical, &features);
    features.features.robustBufferAccess = VK_FALSE;
    t->has = needs_met(t->physical, &f11, &f12, &f13);
    const char *names[2] = {VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME};
    uint32_t n_names = 1;
#ifdef VK_KHR_cooperative_matrix
    if (t->has & NEED_COOPMAT) names[n_names++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
#endif
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = &features,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue,
                                     .enabledExtensionCount = n_names,
                                     .ppEnabledExtensionNames = names};
    if (vkCreateDevice(t->physical, &info, NULL, &t->device) != VK_SUCCESS) return false;
    t->get_statistics = (PFN_vkGetPipelineExecutableStatisticsKHR)vkGetDeviceProcAddr(
        t->device, "vkGetPipelineExecutableStatisticsKHR");
    return t->get_statistics != NULL;
}

static bool open_target(struct target *t) {
    const VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                   .apiVersion = VK_API_VERSION_1_3};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &app};
    uint32_t n = 1;
    if (vkCreateInstance(&info, NULL, &t->instance) != VK_SUCCESS) return false;
    const VkResult found = vkEnumeratePhysicalDevices(t->instance, &n, &t->physical);
    if ((found != VK_SUCCESS && found != VK_INCOMPLETE) || n == 0) return false;
    if (!has_extension(t->physical, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME))
        return false;
    return make_device(t);
}

static void close_target(struct target *t) {
    if (t->device) vkDestroyDevice(t->device, NULL);
    if (t->instance) vkDestroyInstance(t->instance, NULL);
}

static VkPipelineLayout make_layout(struct target *t, const struct kernel *k,
                                    VkDescriptorSetLayout *set) {
    VkDescriptorSetLayoutBinding bindings[32];
    for (uint32_t i = 0; i < k->n_bindings; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = k->texel_mask >> i & 1 ? VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER
                                                     : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = k->n_bindings,
        .pBindings = bindings};
    if (vkCreateDescriptorSetLayout(t->device, &set_info, NULL, set) != VK_SUCCESS)
        return VK_NULL_HANDLE;
    const VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, k->push_bytes};
    const VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                             .setLayoutCount = 1,
                                             .pSetLayouts = set,
                                             .pushConstantRangeCount = k->push_bytes > 0,
                                             .pPushConstantRanges = &push};
    VkPipelineLayout layout = VK_NULL_HANDLE;
    vkCreatePipelineLayout(t->device, &info, NULL, &layout);
    return layout;
}

static VkPipeline make_pipeline(struct target *t, const struct kernel *k, VkShaderModule module,
                                VkPipelineLayout layout) {
    VkSpecializationMapEntry entries[MAX_SPECS];
    uint32_t values[MAX_SPECS];
    for (uint32_t i = 0; i < k->n_specs && i < MAX_SPECS; i++) {
        entries[i] = (VkSpecializationMapEntry){k->specs[i].id, i * 4, 4};
        values[i] = k->specs[i].value;
    }
    const VkSpecializationInfo specs = {k->n_specs, entries, k->n_specs * 4, values};
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &specs},
        .layout = layout};
    VkPipeline pipeline = VK_NULL_HANDLE;
    vkCreateComputePipelines(t->device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline);
    return pipeline;
}

/* -1 where the driver has no such number. */
static void read_statistics(struct target *t, VkPipeline pipeline, long long out[N_COLUMNS]) {
    VkPipelineExecutableStatisticKHR stats[MAX_STATS];
    uint32_t n = MAX_STATS;
    for (uint32_t i = 0; i < MAX_STATS; i++)
        stats[i] = (VkPipelineExecutableStatisticKHR){
            .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    const VkPipelineExecutableInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline};
    for (int c = 0; c < N_COLUMNS; c++) out[c] = -1;
    if (t->get_statistics(t->device, &info, &n, stats) < 0) return;
    for (int c = 0; c < N_COLUMNS; c++)
        for (int j = 0; j < MAX_NAMES && columns[c].names[j]; j++)
            for (uint32_t i = 0; i < n; i++)
                if (out[c] < 0 && !strcmp(stats[i].name, columns[c].names[j]))
                    out[c] = (long long)stats[i].value.u64;
}

static bool within(const struct target *t, const struct kernel *k, const char *variant,
                   const long long n[N_COLUMNS]) {
    static const struct row nothing = {.target = "*"};
    const struct row *row = &nothing;
    for (uint32_t i = t->n_rows; i-- > 0;) /* the first that fits counts */
        if (fits(t->rows[i].target, t->name) && fits(t->rows[i].kernel, k->name) &&
            fits(t->rows[i].variant, variant))
            row = &t->rows[i];
    return n[SPILLED_V] <= (long long)row->spilled_v && n[SPILLED_S] <= (long long)row->spilled_s &&
           n[SCRATCH] <= (long long)row->scratch;
}

static void print_line(struct target *t, const struct kernel *k, const char *variant,
                       const long long n[N_COLUMNS]) {
    printf("%-24s %-16s", k->name, *variant ? variant : "-");
    for (int c = 0; c < N_COLUMNS; c++)
        if (n[c] < 0)
            printf(" %9s", "-");
        else
            printf(" %9lld", n[c]);
    const bool ok = within(t, k, variant, n);
    printf("%s\n", ok ? "" : "  OVER BUDGET");
    if (!ok) t->n_over++;
}

static void measure(struct target *t, const struct kernel *k, const struct kernel_variant *v) {
    const VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = v->n_words * 4,
                                           .pCode = v->words};
    VkShaderModule module = VK_NULL_HANDLE;
    VkDescriptorSetLayout set = VK_NULL_HANDLE;
    vkCreateShaderModule(t->device, &info, NULL, &module);
    VkPipelineLayout layout = make_layout(t, k, &set);
    VkPipeline pipeline = module && layout ? make_pipeline(t, k, module, layout) : VK_NULL_HANDLE;
    if (pipeline) {
        long long numbers[N_COLUMNS];
        read_statistics(t, pipeline, numbers);
        print_line(t, k, v->name, numbers);
        t->n_compiled++;
    } else {
        printf("%-24s %-16s DOES NOT COMPILE\n", k->name, v->name);
        t->n_failed++;
    }
    vkDestroyPipeline(t->device, pipeline, NULL);
    vkDestroyPipelineLayout(t->device, layout, NULL);
    vkDestroyDescriptorSetLayout(t->device, set, NULL);
    vkDestroyShaderModule(t->device, module, NULL);
}

static void measure_all(struct target *t) {
    printf("%-24s %-16s", "kernel", "variant");
    for (int c = 0; c < N_COLUMNS; c++) printf(" %9s", columns[c].title);
    printf("\n");
    for (uint32_t i = 0; i < kernel_count; i++) {
        const struct kernel *k = &kernel_table[i];
        if (k->needs & ~t->has) continue;
        for (uint32_t j = 0; j < k->n_variants; j++) measure(t, k, &k->variants[j]);
    }
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: vidi_shader_stats TARGET [BUDGET_FILE]\n");
        return 2;
    }
    static struct target t;
    t.name = argv[1];
    if (argc == 3 && !read_budget(&t, argv[2])) return 2;
    if (!open_target(&t)) {
        printf("skipped: no device for %s that tells what its compiler did\n", t.name);
        close_target(&t);
        return SKIP;
    }
    measure_all(&t);
    printf("%s: %u variants compiled, %u failed, %u over budget\n", t.name, t.n_compiled,
           t.n_failed, t.n_over);
    close_target(&t);
    return t.n_over || t.n_failed ? 1 : 0;
}
