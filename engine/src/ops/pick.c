#include "ops/pick.h"

#include <string.h>

uint32_t pick_kernel(struct gpu_list *list, const uint32_t *candidates, uint32_t n) {
    if (list->status != VIDI_OK) return UINT32_MAX;
    const uint32_t has = gpu_caps(list->gpu)->has;
    for (uint32_t i = 0; i < n; i++) {
        const struct kernel *k = &kernel_table[candidates[i]];
        if (k->needs & ~has) continue;
        if (!list->only || strcmp(list->only, k->name) == 0) return candidates[i];
    }
    gpu_list_fail(list, VIDI_E_UNSUPPORTED, "no kernel %s for this op on %s",
                  list->only ? list->only : "at all", gpu_caps(list->gpu)->name);
    return UINT32_MAX;
}

int pick_variant(uint32_t kernel, const char *name) {
    return kernel_variant(&kernel_table[kernel], name);
}

uint32_t pick_width(const uint32_t *numbers, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (numbers[i] % 4 != 0) return 1;
    return 4;
}

int pick_wide_variant(uint32_t kernel, uint32_t width) {
    return pick_variant(kernel, width == 4 ? "four" : "one");
}

uint32_t pick_groups(uint32_t n) { return n < 8192 ? n : 8192; }

uint32_t pick_rows(const struct gpu_list *list, uint32_t rows, uint32_t stride) {
    enum { ALIGNED = 64 };
    const uint64_t row = (uint64_t)stride * sizeof(float), max = gpu_caps(list->gpu)->max_range;
    if (rows * row <= max) return rows;
    return (uint32_t)(max / row / ALIGNED * ALIGNED);
}

struct vd_span pick_part(struct vd_span of, uint32_t from, uint32_t n, uint32_t stride) {
    const uint64_t row = (uint64_t)stride * sizeof(float), skip = from * row;
    if (!of.buffer || skip >= of.bytes) return (struct vd_span){0};
    const uint64_t left = of.bytes - skip;
    return span_of(of.buffer, of.offset + skip, n * row < left ? n * row : left);
}
