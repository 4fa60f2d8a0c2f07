#include "gpu/inside.h"

static bool overlap(const struct vd_span *a, const struct vd_span *b) {
    return a->buffer == b->buffer && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

static bool must_wait(const struct hazards *h, const struct vd_span *span, bool write) {
    for (uint32_t i = 0; i < h->n; i++)
        if ((write || h->touched[i].write) && overlap(&h->touched[i].span, span)) return true;
    return false;
}

vidi_status hazards_note(struct hazards *h, const struct kernel *k, const struct vd_span *spans,
                         bool *needed) {
    *needed = false;
    for (uint32_t b = 0; b < k->n_bindings && !*needed; b++)
        if (spans[b].buffer) *needed = must_wait(h, &spans[b], k->write_mask >> b & 1);
    if (*needed) h->n = 0;
    for (uint32_t b = 0; b < k->n_bindings; b++) {
        if (!spans[b].buffer) continue;
        if (h->n == h->cap) {
            struct touch *more = arena_grow(h->arena, h->touched, &h->cap, sizeof *more);
            if (!more) return VIDI_E_MEMORY;
            h->touched = more;
        }
        h->touched[h->n++] = (struct touch){spans[b], k->write_mask >> b & 1};
    }
    return VIDI_OK;
}
