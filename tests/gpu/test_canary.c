/* The validation layer reports what it is there for; silence elsewhere then means something: an
 * invalid call, a leak, missing barriers between dispatches (read after write, write after read,
 * write after write) and around transfers, and, where it looks into shaders
 * (VK_LAYER_GPUAV_ENABLE), accesses past a bound range or a whole buffer and races in shared
 * memory.
 *
 * The other tests ask for the calls and the barriers alone: looking into shaders takes some three
 * times as long. What they cannot see so is an access past the end, which the guard bands of
 * tests/kernels find, and a race in shared memory, which shows there as a wrong number, or not.
 * Without the layer there is nothing to show: the program says so and is skipped (77), or fails
 * where VIDI_TEST_VALIDATE says that there must be one. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <stdio.h>
#include <string.h>

#include "gpu/inside.h"

enum { SKIPPED = 77 };
enum hazard { READ_AFTER_WRITE, WRITE_AFTER_READ, WRITE_AFTER_WRITE, HAZARDS };
static const char *const hazard_names[HAZARDS] = {"READ-AFTER-WRITE", "WRITE-AFTER-READ",
                                                  "WRITE-AFTER-WRITE"};

/* Two copies among three buffers. Returns the layer's messages. */
static uint64_t run_chain(const char *device, bool no_barriers, enum hazard hazard) {
    static const int copies[HAZARDS][2][2] = {{{0, 1}, {1, 2}}, {{1, 2}, {0, 1}}, {{0, 2}, {1, 2}}};
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const struct gpu_config cfg = {
        .device = device, .validate = true, .labels = true, .no_barriers = no_barriers};
    assert_int_equal(gpu_open(&l.ctx, &cfg, &gpu), VIDI_OK);
    struct vd_span s[3];
    for (int i = 0; i < 3; i++) {
        struct gpu_buffer *b;
        assert_int_equal(gpu_buffer_new(gpu, 4096, GPU_DEVICE, "link", &b), VIDI_OK);
        s[i] = span_of(b, 0, 4096);
    }
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    for (int i = 0; i < 2; i++) list_copy(&list, s[copies[hazard][i][0]], s[copies[hazard][i][1]]);
    assert_int_equal(gpu_program_record(&list, "chain", &p), VIDI_OK);
    gpu_list_close(&list);
    assert_int_equal(gpu_run(p), VIDI_OK);
    assert_int_equal(gpu_run(p), VIDI_OK);
    const uint64_t n = gpu_counters(gpu).validation_messages;
    if (n) assert_non_null(strstr(l.last, hazard_names[hazard]));
    gpu_close(gpu);
    assert_int_equal(l.n[VD_LOG_ERROR], n);
    logged_close(&l);
    return n;
}

static void hazards_on(const char *device) {
    for (enum hazard h = 0; h < HAZARDS; h++) {
        assert_true(run_chain(device, true, h) > 0);
        assert_int_equal(run_chain(device, false, h), 0);
    }
}

static void a_missing_barrier_is_reported(void **state) {
    (void)state;
    on_every_device(hazards_on);
}

/* --- what takes Vulkan by itself -------------------------------------------------------------- */

/* A device that counts the messages that have a word in them, and prints none. */
struct ear {
    struct vd_ctx ctx;
    struct gpu *gpu;
    const char *word;
    int heard;
};

static void hear(void *user, int level, const char *line) {
    struct ear *e = user;
    if (level == VD_LOG_ERROR && strstr(line, e->word)) e->heard++;
}

static void ear_open(struct ear *e, const char *device, const char *word) {
    *e = (struct ear){.word = word};
    e->ctx.log = hear;
    e->ctx.user = e;
    const struct gpu_config cfg = {.device = device, .validate = true};
    assert_int_equal(gpu_open(&e->ctx, &cfg, &e->gpu), VIDI_OK);
}

static int ear_close(struct ear *e) {
    vkDeviceWaitIdle(e->gpu->device); /* some layers look at what happened only then */
    gpu_close(e->gpu);
    assert_int_equal(e->ctx.heap.live_bytes, 0);
    return e->heard;
}

/* race.comp on a buffer, ready to be recorded. */
struct racer {
    VkShaderModule module;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkDescriptorPool sets;
    VkDescriptorSet set;
    VkCommandPool commands;
    VkCommandBuffer cmd;
};

static const uint32_t race_code[] = {
#include "race.inc"
};

static void racer_pipeline(struct racer *r, VkDevice d, uint32_t waits) {
    const VkShaderModuleCreateInfo code = {VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = sizeof race_code, .pCode = race_code};
    assert_int_equal(vkCreateShaderModule(d, &code, NULL, &r->module), VK_SUCCESS);
    const VkDescriptorSetLayoutBinding binding = {0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
                                                  VK_SHADER_STAGE_COMPUTE_BIT, NULL};
    const VkDescriptorSetLayoutCreateInfo set = {
        VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = 1,
        .pBindings = &binding};
    assert_int_equal(vkCreateDescriptorSetLayout(d, &set, NULL, &r->set_layout), VK_SUCCESS);
    const VkPipelineLayoutCreateInfo layout = {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .setLayoutCount = 1, .pSetLayouts = &r->set_layout};
    assert_int_equal(vkCreatePipelineLayout(d, &layout, NULL, &r->layout), VK_SUCCESS);
    const VkSpecializationMapEntry entry = {0, 0, 4};
    const VkSpecializationInfo special = {1, &entry, 4, &waits};
    const VkComputePipelineCreateInfo info = {
        VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT, .module = r->module, .pName = "main",
                  .pSpecializationInfo = &special},
        .layout = r->layout};
    assert_int_equal(vkCreateComputePipelines(d, VK_NULL_HANDLE, 1, &info, NULL, &r->pipeline),
                     VK_SUCCESS);
}

static void racer_open(struct racer *r, struct gpu *gpu, VkBuffer y, bool waits) {
    const VkDevice d = gpu->device;
    racer_pipeline(r, d, waits);
    const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1};
    const VkDescriptorPoolCreateInfo pool = {VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = 1, .poolSizeCount = 1, .pPoolSizes = &size};
    assert_int_equal(vkCreateDescriptorPool(d, &pool, NULL, &r->sets), VK_SUCCESS);
    const VkDescriptorSetAllocateInfo set = {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                             .descriptorPool = r->sets, .descriptorSetCount = 1,
                                             .pSetLayouts = &r->set_layout};
    assert_int_equal(vkAllocateDescriptorSets(d, &set, &r->set), VK_SUCCESS);
    const VkDescriptorBufferInfo range = {y, 0, 256};
    const VkWriteDescriptorSet write = {
        VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = r->set, .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .pBufferInfo = &range};
    vkUpdateDescriptorSets(d, 1, &write, 0, NULL);
    const VkCommandPoolCreateInfo commands = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                              .queueFamilyIndex = gpu->probe.family};
    assert_int_equal(vkCreateCommandPool(d, &commands, NULL, &r->commands), VK_SUCCESS);
    const VkCommandBufferAllocateInfo one = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                             .commandPool = r->commands, .commandBufferCount = 1};
    assert_int_equal(vkAllocateCommandBuffers(d, &one, &r->cmd), VK_SUCCESS);
}

static void racer_close(struct racer *r, VkDevice d) {
    vkDestroyCommandPool(d, r->commands, NULL);
    vkDestroyDescriptorPool(d, r->sets, NULL);
    vkDestroyPipeline(d, r->pipeline, NULL);
    vkDestroyPipelineLayout(d, r->layout, NULL);
    vkDestroyDescriptorSetLayout(d, r->set_layout, NULL);
    vkDestroyShaderModule(d, r->module, NULL);
}

/* What is recorded before the shader runs, each with a barrier in between or without. */
enum before { NOTHING, A_FILL, A_FILL_AND_A_COPY };

static void record_before(VkCommandBuffer cmd, VkBuffer y, VkBuffer z, enum before before,
                          bool barriers) {
    if (before == NOTHING) return;
    vkCmdFillBuffer(cmd, y, 0, 256, 1);
    if (barriers)
        record_barrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                       VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    if (before == A_FILL) return;
    const VkBufferCopy range = {0, 0, 256};
    vkCmdCopyBuffer(cmd, y, z, 1, &range);
    record_barrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
}

/* How often the layer says the word about all this. */
static int run_racer(const char *device, const char *word, enum before before, bool right) {
    struct ear e;
    struct racer r = {0};
    struct gpu_buffer *y, *z;
    uint64_t ticket;
    ear_open(&e, device, word);
    assert_int_equal(gpu_buffer_new(e.gpu, 256, GPU_DEVICE, "y", &y), VIDI_OK);
    assert_int_equal(gpu_buffer_new(e.gpu, 256, GPU_DEVICE, "z", &z), VIDI_OK);
    assert_int_equal(transfer_flush(e.gpu), VIDI_OK); /* what zeroes them */
    assert_int_equal(gpu_wait(e.gpu, e.gpu->submitter.submitted), VIDI_OK);
    racer_open(&r, e.gpu, y->handle, before != NOTHING || right);
    const VkCommandBufferBeginInfo begin = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = 0};
    assert_int_equal(vkBeginCommandBuffer(r.cmd, &begin), VK_SUCCESS);
    record_before(r.cmd, y->handle, z->handle, before, right);
    vkCmdBindPipeline(r.cmd, VK_PIPELINE_BIND_POINT_COMPUTE, r.pipeline);
    vkCmdBindDescriptorSets(r.cmd, VK_PIPELINE_BIND_POINT_COMPUTE, r.layout, 0, 1, &r.set, 0, NULL);
    vkCmdDispatch(r.cmd, 1, 1, 1);
    assert_int_equal(vkEndCommandBuffer(r.cmd), VK_SUCCESS);
    assert_int_equal(submit_commands(e.gpu, &r.cmd, 1, &ticket), VIDI_OK);
    assert_int_equal(gpu_wait(e.gpu, ticket), VIDI_OK);
    vkDeviceWaitIdle(e.gpu->device);
    racer_close(&r, e.gpu->device);
    return ear_close(&e);
}

static void transfers_on(const char *device) {
    assert_true(run_racer(device, hazard_names[WRITE_AFTER_WRITE], A_FILL, false) > 0);
    assert_true(run_racer(device, hazard_names[READ_AFTER_WRITE], A_FILL_AND_A_COPY, false) > 0);
    assert_int_equal(run_racer(device, "", A_FILL, true), 0);
    assert_int_equal(run_racer(device, "", A_FILL_AND_A_COPY, true), 0);
}

static void a_missing_barrier_at_a_transfer_is_reported(void **state) {
    (void)state;
    on_every_device(transfers_on);
}

/* --- what is seen in shaders alone ------------------------------------------------------------ */

/* Copies 256 bytes more than are bound of the buffer that is written to, which has 4096. */
static int run_past(const char *device, uint64_t bound, const char *word) {
    struct ear e;
    struct gpu_buffer *a, *b;
    struct gpu_program *p;
    struct gpu_list list;
    ear_open(&e, device, word);
    assert_int_equal(gpu_buffer_new(e.gpu, 8192, GPU_DEVICE, "from", &a), VIDI_OK);
    assert_int_equal(gpu_buffer_new(e.gpu, 4096, GPU_DEVICE, "to", &b), VIDI_OK);
    gpu_list_open(&list, e.gpu);
    const uint32_t n = (uint32_t)bound / 16 + 16;
    k_copy_words(&list, 0, groups((n + 63) / 64), .x = span_of(a, 0, 8192),
                 .y = span_of(b, 0, bound), .n = n, .per_lane = 1);
    assert_int_equal(gpu_program_record(&list, "past", &p), VIDI_OK);
    gpu_list_close(&list);
    assert_int_equal(gpu_run(p), VIDI_OK);
    return ear_close(&e);
}

static void in_shaders_on(const char *device) {
    static const char race[] = "SharedMemoryDataRace", part[] = "1024 bytes were bound",
                      whole[] = "4096 bytes were bound";
    assert_int_equal(run_past(device, 1024, part), 0);
    assert_int_equal(run_past(device, 4096, whole), 0);
    assert_int_equal(run_racer(device, race, NOTHING, false), 0);
    setenv("VK_LAYER_GPUAV_ENABLE", "true", 1);
    setenv("VK_LAYER_GPUAV_SHARED_MEMORY_DATA_RACE", "true", 1);
    const int heard[] = {run_past(device, 1024, part), run_past(device, 4096, whole),
                         run_racer(device, race, NOTHING, false),
                         run_racer(device, race, NOTHING, true)};
    unsetenv("VK_LAYER_GPUAV_ENABLE");
    unsetenv("VK_LAYER_GPUAV_SHARED_MEMORY_DATA_RACE");
    print_message("past a range %d, past a buffer %d, races %d and %d\n", heard[0], heard[1],
                  heard[2], heard[3]);
    assert_true(heard[0] > 0 && heard[1] > 0 && heard[2] > 0 && heard[3] == 0);
}

static void what_shaders_do_is_reported(void **state) {
    (void)state;
    on_every_device(in_shaders_on);
}

/* --- calls and objects ------------------------------------------------------------------------ */

static void invalid_on(const char *device) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const struct gpu_config cfg = {.device = device, .validate = true};
    assert_int_equal(gpu_open(&l.ctx, &cfg, &gpu), VIDI_OK);
    assert_int_equal(gpu_counters(gpu).validation_messages, 0);
    const VkBufferCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = 0, /* may not be */
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
    VkBuffer b;
    if (vkCreateBuffer(gpu->device, &info, NULL, &b) >= 0) vkDestroyBuffer(gpu->device, b, NULL);
    assert_true(gpu_counters(gpu).validation_messages > 0);
    gpu_close(gpu);
    logged_close(&l);
}

static void an_invalid_call_is_reported(void **state) {
    (void)state;
    on_every_device(invalid_on);
}

/* Of LeakSanitizer, where the test is built with it: the leak below is wanted. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* What the engine leaves behind would be told when the device goes. */
static void leak_on(const char *device) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const struct gpu_config cfg = {.device = device, .validate = true};
    assert_int_equal(gpu_open(&l.ctx, &cfg, &gpu), VIDI_OK);
    const VkFenceCreateInfo info = {VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, NULL, 0};
    VkFence fence;
    if (__lsan_disable) __lsan_disable();
    assert_int_equal(vkCreateFence(gpu->device, &info, NULL, &fence), VK_SUCCESS);
    if (__lsan_enable) __lsan_enable();
    gpu_close(gpu);
    assert_true(l.n[VD_LOG_ERROR] > 0);
    logged_close(&l);
}

static void a_leaked_object_is_reported(void **state) {
    (void)state;
    on_every_device(leak_on);
}

static bool has_layer(void) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    const vidi_status status = gpu_open(&l.ctx, &(struct gpu_config){.validate = true}, &gpu);
    gpu_close(gpu);
    if (status == VIDI_E_UNSUPPORTED) fprintf(stderr, "skipped: %s\n", l.ctx.error);
    return status != VIDI_E_UNSUPPORTED;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_barrier_is_reported),
        cmocka_unit_test(a_missing_barrier_at_a_transfer_is_reported),
        cmocka_unit_test(what_shaders_do_is_reported),
        cmocka_unit_test(an_invalid_call_is_reported),
        cmocka_unit_test(a_leaked_object_is_reported),
    };
    if (!has_layer()) return getenv("VIDI_TEST_VALIDATE") ? 1 : SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
