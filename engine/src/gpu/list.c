#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gpu/inside.h"

void gpu_list_open(struct gpu_list *list, struct gpu *gpu) {
    *list = (struct gpu_list){.gpu = gpu};
    arena_open(&list->arena, gpu->ctx);
}

void gpu_list_close(struct gpu_list *list) { arena_close(&list->arena); }

void gpu_list_fail(struct gpu_list *list, vidi_status status, const char *fmt, ...) {
    if (list->status != VIDI_OK) return;
    char words[sizeof list->gpu->ctx->error];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    list->status = vd_fail(list->gpu->ctx, status, "%s", words);
}

void gpu_list_label(struct gpu_list *list, const char *label) {
    list->label = NULL;
    if (!label || list->status != VIDI_OK) return;
    list->label = arena_text(&list->arena, label, strlen(label));
    if (!list->label) list->status = VIDI_E_MEMORY;
}

void gpu_list_cost(struct gpu_list *list, uint64_t bytes, uint64_t flops) {
    if (list->status != VIDI_OK || !list->n) return;
    list->items[list->n - 1].bytes = bytes;
    list->items[list->n - 1].flops = flops;
}

/* --- checks of one dispatch ------------------------------------------------------------------- */

static const struct {
    uint32_t bit;
    const char *name;
} needs[] = {
    {NEED_SUBGROUP, "subgroup operations"},    {NEED_F16, "16-bit floats"},
    {NEED_INT_DOT, "integer dot products"},    {NEED_COOPMAT, "cooperative matrices"},
    {NEED_CPU, "a driver that runs on a CPU"}, {NEED_TEXELS, "texel buffers of any length"},
};

static bool check_needs(struct gpu_list *list, const struct kernel *k) {
    const uint32_t missing = k->needs & ~list->gpu->probe.caps.has;
    for (size_t i = 0; missing && i < sizeof needs / sizeof needs[0]; i++)
        if (missing & needs[i].bit)
            gpu_list_fail(list, VIDI_E_UNSUPPORTED, "kernel %s needs %s, which %s lacks", k->name,
                          needs[i].name, list->gpu->probe.caps.name);
    const uint32_t most = list->gpu->probe.properties.limits.maxPerStageDescriptorStorageBuffers;
    if (k->n_bindings > most)
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "kernel %s binds %u buffers; %s allows %u", k->name,
                      k->n_bindings, list->gpu->probe.caps.name, most);
    return list->status == VIDI_OK;
}

static bool check_groups(struct gpu_list *list, const struct kernel *k, const struct vd_groups *g) {
    const uint32_t *most = list->gpu->probe.caps.max_groups;
    if (!g->x || !g->y || !g->z || g->x > most[0] || g->y > most[1] || g->z > most[2])
        gpu_list_fail(list, VIDI_E_ARGUMENT, "kernel %s: %u x %u x %u groups; 1 to %u x %u x %u",
                      k->name, g->x, g->y, g->z, most[0], most[1], most[2]);
    return list->status == VIDI_OK;
}

static bool check_spans(struct gpu_list *list, const struct kernel *k,
                        const struct vd_span *spans) {
    const struct gpu_caps *caps = &list->gpu->probe.caps;
    for (uint32_t b = 0; b < k->n_bindings; b++) {
        const struct vd_span *s = &spans[b];
        const char *name = k->binding_names[b], *wrong = NULL;
        if (!s->buffer)
            wrong = k->write_mask >> b & 1 ? "is written but names no buffer" : NULL;
        else if (!s->bytes)
            wrong = "is empty";
        else if (s->offset > s->buffer->bytes || s->bytes > s->buffer->bytes - s->offset)
            wrong = "leaves its buffer";
        else if (s->bytes > caps->max_range)
            wrong = "is longer than the device can bind";
        else if (s->offset % caps->align)
            wrong = "does not start on a multiple of caps.align";
        else if (k->texel_mask >> b & 1 && s->bytes % 16)
            wrong = "is not made of whole texels";
        if (!wrong) continue;
        gpu_list_fail(list, VIDI_E_ARGUMENT, "kernel %s: %s = \"%s\" %llu + %llu of %llu %s",
                      k->name, name, s->buffer ? s->buffer->name : "",
                      (unsigned long long)s->offset, (unsigned long long)s->bytes,
                      (unsigned long long)(s->buffer ? s->buffer->bytes : 0), wrong);
        return false;
    }
    return true;
}

/* --- adding one ------------------------------------------------------------------------------- */

/* Copies what the generated struct holds behind its spans; see kernel.h for its layout. */
static bool copy_args(struct gpu_list *list, const struct kernel *k, const void *args,
                      struct gpu_dispatch *d) {
    const uint64_t span_bytes = k->n_bindings * sizeof(struct vd_span);
    const char *push = (const char *)args + span_bytes;
    const char *given = push + ((k->push_bytes + 3u) & ~3u);
    struct vd_span *spans = arena_new(&list->arena, struct vd_span, k->n_bindings);
    char *push_copy = arena_alloc(&list->arena, k->push_bytes, 1);
    uint32_t *specs = arena_new(&list->arena, uint32_t, k->n_specs);
    if (!spans || !push_copy || !specs) {
        list->status = VIDI_E_MEMORY;
        return false;
    }
    memcpy(spans, args, span_bytes);
    memcpy(push_copy, push, k->push_bytes);
    memcpy(specs, given, k->n_specs * sizeof *specs);
    for (uint32_t i = 0; i < k->n_specs; i++)
        if (!specs[i]) specs[i] = k->specs[i].value;
    d->spans = spans;
    d->push = push_copy;
    d->specs = specs;
    return true;
}

static bool grow(struct gpu_list *list) {
    if (list->n < list->cap) return true;
    struct gpu_dispatch *more = arena_grow(&list->arena, list->items, &list->cap, sizeof *more);
    if (more)
        list->items = more;
    else
        list->status = VIDI_E_MEMORY;
    return more;
}

void gpu_dispatch(struct gpu_list *list, uint32_t kernel, int variant, struct vd_groups g,
                  const void *args) {
    if (list->status != VIDI_OK) return;
    if (kernel >= kernel_count) {
        gpu_list_fail(list, VIDI_E_ARGUMENT, "there is no kernel %u", kernel);
        return;
    }
    const struct kernel *k = &kernel_table[kernel];
    if (variant < 0 || (uint32_t)variant >= k->n_variants) {
        gpu_list_fail(list, VIDI_E_UNSUPPORTED, "kernel %s has no variant %d", k->name, variant);
        return;
    }
    struct gpu_dispatch d = {.kernel = kernel,
                             .variant = (uint32_t)variant,
                             .label = list->label ? list->label : k->name};
    if (!check_needs(list, k) || !check_groups(list, k, &g) || !check_spans(list, k, args)) return;
    if (!copy_args(list, k, args, &d) || !grow(list)) return;
    d.groups = g;
    list->items[list->n++] = d;
}
