#include "gpu/inside.h"

/* Drivers that run on the CPU compile a pipeline when it is run first: then so here, where it is
 * told and can be stopped, not inside a submission that is meant to be short. No thread runs. */
static vidi_status run_nothing(struct gpu *gpu, const struct pipeline *p, struct arena *a) {
    const struct kernel *k = &kernel_table[p->kernel];
    struct gpu_dispatch d = {.kernel = p->kernel,
                             .variant = p->variant,
                             .spans = arena_new(a, struct vd_span, k->n_bindings),
                             .push = arena_alloc(a, k->push_bytes, 1),
                             .specs = p->specs,
                             .label = "warm"};
    if (!d.spans || !d.push) return VIDI_E_MEMORY;
    struct gpu_list list = {.gpu = gpu, .items = &d, .n = 1};
    struct gpu_program *program;
    TRY(gpu_program_record(&list, "warm", &program));
    vidi_status status =
        submit_commands(gpu, program->commands, program->n_segments, &program->ticket);
    if (status == VIDI_OK) status = gpu_wait(gpu, program->ticket);
    if (status == VIDI_OK)
        gpu_program_free(gpu, program); /* else gpu_close() does, which asks less */
    return status;
}

/* The zero buffer stands in for all; without marks a test wants to see its own program fail. */
bool pipelines_want_warming(const struct gpu *gpu) {
    return gpu->probe.caps.type == GPU_CPU && gpu->zero && !gpu->cfg.no_stamp;
}

vidi_status pipelines_warm(struct gpu *gpu, const uint32_t *jobs, uint32_t n) {
    const struct gpu_counters before = gpu->counters; /* they are of the caller's work */
    vidi_status status = VIDI_OK;
    for (uint32_t i = 0; i < n && status == VIDI_OK; i++) {
        struct arena a;
        arena_open(&a, gpu->ctx);
        status = run_nothing(gpu, &gpu->pipelines.items[jobs[i]], &a);
        arena_close(&a);
        if (status == VIDI_OK && gpu->cfg.progress &&
            gpu->cfg.progress(gpu->cfg.user, "compiling kernels", n + i + 1, 2 * n))
            status = vd_fail(gpu->ctx, VIDI_E_CANCELLED, "cancelled");
    }
    gpu->counters = before;
    return status;
}
