#include <jansson.h>

#include "chat/internal.h"
#include "chat/json.h"
#include "ops/every.h"
#include "vidi/inspect.h"

static void add_shader(void *user, const struct gpu_shader *s) {
    static const char *const keys[GPU_NUMBERS] = {
        [GPU_REGISTERS] = "registers", [GPU_SCALARS] = "scalar_registers",
        [GPU_SPILLED] = "spilled",     [GPU_SPILLED_2] = "spilled_2",
        [GPU_SCRATCH] = "scratch",     [GPU_SHARED] = "shared",
        [GPU_CODE] = "code",           [GPU_STEPS] = "steps",
        [GPU_CYCLES] = "cycles"};
    const struct kernel *k = &kernel_table[s->kernel];
    json_t *specs = json_object();
    for (uint32_t i = 0; i < k->n_specs; i++)
        json_object_set_new(specs, k->specs[i].name, json_integer(s->specs[i]));
    json_t *doc = json_pack("{s:s, s:s, s:o}", "kernel", k->name, "variant",
                            k->variants[s->variant].name, "specs", specs);
    for (int i = 0; i < GPU_NUMBERS; i++)
        json_object_set_new(doc, keys[i],
                            s->numbers[i] < 0 ? json_null() : json_integer(s->numbers[i]));
    json_array_append_new(user, doc);
}

static vidi_status compile_every(struct gpu *gpu, json_t *shaders) {
    struct gpu_buffer *any;
    struct gpu_list list;
    TRY(gpu_buffer_new(gpu, EVERY_BYTES, GPU_DEVICE, "any", &any));
    gpu_list_open(&list, gpu);
    ops_every(&list, any);
    const vidi_status status = gpu_list_shaders(&list, add_shader, shaders);
    gpu_list_close(&list);
    gpu_buffer_free(gpu, any);
    return status;
}

vidi_status vidi_shaders(vidi *v, const char *device, char **out) {
    *out = NULL;
    const struct gpu_config cfg = {.device = device,
                                   .compile_only = true,
                                   .validate = v->debug.validate,
                                   .progress = v->progress,
                                   .user = v->user};
    struct gpu *gpu;
    TRY(gpu_open(&v->ctx, &cfg, &gpu));
    json_t *shaders = json_array();
    const vidi_status status = compile_every(gpu, shaders);
    json_t *doc = json_pack("{s:s, s:s, s:o}", "device", gpu_caps(gpu)->name, "driver",
                            gpu_caps(gpu)->driver, "shaders", shaders);
    gpu_close(gpu);
    if (status == VIDI_OK) return json_text(&v->ctx, doc, out);
    json_decref(doc);
    return status;
}
