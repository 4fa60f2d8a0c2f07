#include "weights.h"

#include <string.h>

static uint16_t random_half(struct check *c, float low, float high) {
    const float sign = check_below(c, 2) ? 1.0f : -1.0f;
    return f32_to_f16(sign * check_between(c, low, high));
}

static void fill_plain(struct check *c, enum weight_form form, uint32_t cols, uint8_t *q) {
    for (uint32_t k = 0; k < cols; k++) {
        const float f = check_between(c, -1, 1) * (check_below(c, 8) ? 0.1f : 1e-5f);
        const uint16_t half = form == FORM_F16 ? f32_to_f16(f) : f32_to_bf16(f);
        if (form == FORM_F32)
            memcpy(q + 4 * (size_t)k, &f, 4);
        else
            memcpy(q + 2 * (size_t)k, &half, 2);
    }
}

static void fill_words(struct check *c, void *to, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) ((uint8_t *)to)[i] = (uint8_t)check_random(c);
}

/* Random planes; what pads a row is NaN in every format. */
struct ref_weight make_weight(struct check *c, enum weight_form form, uint32_t rows,
                              uint32_t cols) {
    const struct weight_layout at = weight_layout(form, cols);
    uint8_t *q = check_bytes(c, (uint64_t)rows * at.q), *h = check_bytes(c, (uint64_t)rows * at.h);
    uint16_t *s = check_bytes(c, (uint64_t)rows * at.s);
    memset(q, 0xff, (size_t)rows * at.q);
    memset(s, 0xff, (size_t)rows * at.s);
    static const uint32_t halves[FORM_COUNT] = {
        [FORM_Q8_0] = 1, [FORM_Q4_0] = 1, [FORM_Q4_1] = 2, [FORM_Q5_0] = 1,
        [FORM_Q5_1] = 2, [FORM_Q6] = 2,   [FORM_IQ4] = 1,  [FORM_Q2] = 4};
    const uint32_t scales = halves[form];
    for (uint32_t r = 0; r < rows; r++) {
        if (form <= FORM_BF16)
            fill_plain(c, form, cols, q + (size_t)r * at.q);
        else
            fill_words(c, q + (size_t)r * at.q, at.q);
        fill_words(c, h + (size_t)r * at.h, at.h);
        for (uint32_t i = 0; at.s && i < cols / 32 * scales; i++)
            s[(size_t)r * at.s / 2 + i] = random_half(c, 1e-3f, 2e-2f);
    }
    return (struct ref_weight){form, rows, cols, q, h, s};
}

struct weight upload_weight(struct check *c, const struct ref_weight *w) {
    const struct weight_layout at = weight_layout(w->form, w->cols);
    struct weight out = {.form = w->form, .rows = w->rows, .cols = w->cols};
    out.q = check_input(c, "q", w->q, (uint64_t)w->rows * at.q);
    if (at.h) out.h = check_input(c, "h", w->h, (uint64_t)w->rows * at.h);
    if (at.s) out.s = check_input(c, "s", w->s, (uint64_t)w->rows * at.s);
    return out;
}
