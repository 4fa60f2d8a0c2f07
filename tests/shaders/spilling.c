/* vidi_spilling - what a driver's compiler makes of the kernels of tests/shaders/fixture, as `vidi
 * shaders --json` would say it. Exit status 77 when there is no device. */
#include <stdio.h>

#include "gpu/gpu.h"

static void print_shader(void *user, const struct gpu_shader *s) {
    static const char *const keys[] = {"registers", "spilled", "spilled_2", "scratch"};
    static const enum gpu_number numbers[] = {GPU_REGISTERS, GPU_SPILLED, GPU_SPILLED_2,
                                              GPU_SCRATCH};
    bool *begun = user;
    printf("%s{\"kernel\": \"%s\", \"variant\": \"%s\", \"specs\": {}", *begun ? ", " : "",
           kernel_table[s->kernel].name, kernel_table[s->kernel].variants[s->variant].name);
    for (int i = 0; i < 4; i++)
        printf(", \"%s\": %lld", keys[i], (long long)s->numbers[numbers[i]]);
    printf("}");
    *begun = true;
}

/* Every span is the whole buffer; push constants and specialisation constants are 0. */
static vidi_status compile(struct gpu *gpu) {
    static const uint64_t bytes = 1 << 16;
    struct gpu_buffer *any;
    TRY(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "any", &any));
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    struct {
        struct vd_span spans[8];
        uint32_t zeros[64];
    } args = {0};
    for (uint32_t k = 0; k < kernel_count; k++) {
        for (uint32_t b = 0; b < 8; b++) args.spans[b] = (struct vd_span){0};
        for (uint32_t b = 0; b < kernel_table[k].n_bindings; b++)
            args.spans[b] = span_of(any, 0, bytes);
        for (uint32_t v = 0; v < kernel_table[k].n_variants; v++)
            gpu_dispatch(&list, k, (int)v, groups(1), &args);
    }
    bool begun = false;
    printf("{\"shaders\": [");
    const vidi_status status = gpu_list_shaders(&list, print_shader, &begun);
    printf("]}\n");
    gpu_list_close(&list);
    gpu_buffer_free(gpu, any);
    return status;
}

int main(void) {
    struct vd_ctx ctx = {0};
    struct gpu *gpu;
    if (gpu_open(&ctx, &(struct gpu_config){.compile_only = true}, &gpu) != VIDI_OK) {
        fprintf(stderr, "skipped: %s\n", ctx.error);
        return 77;
    }
    const vidi_status status = compile(gpu);
    if (status != VIDI_OK) fprintf(stderr, "%s\n", ctx.error);
    gpu_close(gpu);
    return status == VIDI_OK ? 0 : 1;
}
