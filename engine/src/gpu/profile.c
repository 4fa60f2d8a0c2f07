#include "gpu/inside.h"

static double ticks_ms(const struct gpu *gpu, uint64_t from, uint64_t to) {
    const uint32_t bits = gpu->probe.timestamp_bits;
    const uint64_t mask = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return (double)((to - from) & mask) * (double)gpu->probe.caps.timestamp_ns * 1e-6;
}

static bool read_ticks(const struct gpu_program *p, uint32_t query, uint64_t *ticks) {
    return vkGetQueryPoolResults(p->gpu->device, p->queries, query, 1, sizeof *ticks, ticks,
                                 sizeof *ticks, VK_QUERY_RESULT_64_BIT) == VK_SUCCESS;
}

bool segment_measure(struct gpu_program *p, const struct segment *s, double *ms) {
    uint64_t from, to;
    if (!p->queries || !read_ticks(p, s->query, &from) ||
        !read_ticks(p, s->query + s->n_queries - 1, &to))
        return false;
    const double measured = ticks_ms(p->gpu, from, to);
    /* A clock that jumped tells nothing. */
    if (measured > 60e3) return false;
    *ms = measured;
    return true;
}

static vidi_status segment_timings(struct gpu_program *p, const struct segment *s,
                                   void (*each)(void *user, const struct gpu_timing *t),
                                   void *user) {
    uint64_t before, after;
    bool ok = read_ticks(p, s->query, &before);
    for (uint32_t i = 0; ok && i < s->n; i++) {
        ok = read_ticks(p, s->query + 1 + i, &after);
        const struct dispatch_note *note = &p->notes[s->first + i];
        const struct kernel *k = &kernel_table[note->kernel];
        const struct gpu_timing t = {.label = note->label,
                                     .kernel = k->name,
                                     .variant = k->variants[note->variant].name,
                                     .ms = ok ? ticks_ms(p->gpu, before, after) : 0,
                                     .bytes = note->bytes,
                                     .flops = note->flops};
        if (ok) each(user, &t);
        before = after;
    }
    if (!ok)
        return vd_fail(p->gpu->ctx, VIDI_E_DEVICE, "program \"%s\": timestamps are missing",
                       p->name);
    return VIDI_OK;
}

vidi_status gpu_program_timings(struct gpu_program *p,
                                void (*each)(void *user, const struct gpu_timing *t), void *user) {
    struct vd_ctx *ctx = p->gpu->ctx;
    if (!p->gpu->probe.caps.timestamps)
        return vd_fail(ctx, VIDI_E_UNSUPPORTED, "%s has no timestamps", p->gpu->probe.caps.name);
    if (!p->profiled)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "program \"%s\" was not recorded for profiling",
                       p->name);
    if (!p->ticket) return vd_fail(ctx, VIDI_E_ARGUMENT, "program \"%s\" has not run", p->name);
    TRY(gpu_wait(p->gpu, p->ticket));
    for (uint32_t i = 0; i < p->n_segments; i++)
        TRY(segment_timings(p, &p->segments[i], each, user));
    return VIDI_OK;
}
