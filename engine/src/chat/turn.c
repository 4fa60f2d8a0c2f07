#include <math.h>
#include <string.h>

#include "chat/internal.h"

/* Rows of the cache turn by tables on the device, a row of angles each. Where the rows of a picture
 * turn by their place in it (M-RoPE), they get their own rows of angles when it is read, and what
 * follows turns by less than its row of the cache: by `lag`. */

static struct vd_span all(struct gpu_buffer *b) { return span_of(b, 0, gpu_buffer_bytes(b)); }

/* What YaRN leaves of a scale for pair i. */
static double stretched(const struct rope_stretch *s, uint32_t i, double scale) {
    if (s->high == 0) return scale;
    const double at = ((double)i - s->low) / (s->high - s->low);
    const double ramp = at < 0 ? 0 : at > 1 ? 1 : at;
    return scale * ramp + (1 - ramp);
}

/* How far each pair turns a position. */
static vidi_status inverse_of(vidi_chat *c, float base, float scale,
                              const struct gguf_tensor *factors, const struct rope_stretch *s,
                              double *inverse) {
    const uint32_t dim = c->model->shape.rope_dim, half = dim / 2;
    const bool usable = factors && factors->type == VD_F32 && factors->dims[0] == half &&
                        factors->bytes == half * sizeof(float);
    if (!inverse) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < half; i++) {
        float factor = 1;
        if (usable)
            TRY(gguf_copy(&c->model->file, factors, i * sizeof factor, &factor, sizeof factor));
        inverse[i] = stretched(s, i, scale) * pow(base, -2.0 * i / dim) / factor;
    }
    return VIDI_OK;
}

/* cos and sin of every position, in double so that long contexts stay exact to f32. */
static void fill(float *table, const double *inverse, double amount, uint32_t positions,
                 uint32_t half) {
    for (uint32_t p = 0; p < positions; p++)
        for (uint32_t i = 0; i < half; i++) {
            *table++ = (float)(amount * cos(p * inverse[i]));
            *table++ = (float)(amount * sin(p * inverse[i]));
        }
}

/* The table on the device, and the host's copy where the caller wants it. */
static vidi_status make_table(vidi_chat *c, uint32_t capacity, float base, float scale,
                              const struct gguf_tensor *factors, const struct rope_stretch *s,
                              struct gpu_buffer **out, float **copy) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    struct gpu *gpu = c->model->v->gpu;
    const uint32_t half = c->model->shape.rope_dim / 2;
    const uint64_t bytes = (uint64_t)capacity * half * 2 * sizeof(float);
    TRY(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "rope table", out));
    float *table = vd_alloc(ctx, bytes);
    double *inverse = vd_alloc(ctx, half * sizeof *inverse);
    vidi_status status = table ? inverse_of(c, base, scale, factors, s, inverse) : VIDI_E_MEMORY;
    if (status == VIDI_OK) {
        fill(table, inverse, s->amount != 0 ? s->amount : 1, capacity, half);
        status = gpu_upload(gpu, all(*out), table, bytes);
    }
    vd_free(ctx, inverse);
    if (copy)
        *copy = table;
    else
        vd_free(ctx, table);
    return status;
}

vidi_status chat_turn_open(vidi_chat *c, uint32_t capacity) {
    const struct shape *s = &c->model->shape;
    static const char *const names[] = {"rope_freqs.weight", "rope_factors_short.weight",
                                        "rope_factors_long.weight"};
    const struct rope_stretch *stretch = &s->rope_stretch, none = {0};
    const bool long_ones = stretch->original && capacity > stretch->original;
    const struct gguf *file = &c->model->file;
    const struct gguf_tensor *factors = gguf_tensor(file, names[0]);
    if (gguf_tensor(file, names[1]) || gguf_tensor(file, names[2])) {
        factors = gguf_tensor(file, names[1 + long_ones]);
        if (!factors || factors->type != VD_F32 || factors->dims[0] != s->rope_dim / 2)
            return vd_fail(&c->model->v->ctx, VIDI_E_FORMAT,
                           "%s: %s is missing or has not %u numbers", file->path,
                           names[1 + long_ones], s->rope_dim / 2);
    }
    const bool places = s->picture.rows && s->rope_sections[0];
    TRY(make_table(c, capacity, s->rope_base, s->rope_scale, factors, stretch, &c->rope,
                   places ? &c->angles : NULL));
    if (s->rope_local_base == 0) return VIDI_OK;
    return make_table(c, capacity, s->rope_local_base,
                      s->rope_local_scale != 0 ? s->rope_local_scale : 1, NULL, &none,
                      &c->rope_local, NULL);
}

/* Which of time, row and column turns pair i. */
static uint32_t section_of(const struct shape *s, uint32_t i) {
    if (s->rope_interleaved) return i % 3 && i < 3 * s->rope_sections[i % 3] ? i % 3 : 0;
    uint32_t section = 0;
    for (uint32_t end = s->rope_sections[0]; section < 2 && i >= end;)
        end += s->rope_sections[++section];
    return section;
}

static uint32_t less(uint32_t a, uint32_t b) { return a > b ? a - b : 0; }

/* Rows of a grid that stand at cache row `at` and turn from `first` on. */
static void turn_grid(const vidi_chat *c, const struct said_picture *p, uint32_t first,
                      uint32_t rows, float *to) {
    const uint32_t half = c->model->shape.rope_dim / 2;
    const uint32_t last = (uint32_t)c->cfg.context - 1;
    for (uint32_t r = 0; r < rows; r++) {
        const uint32_t at[] = {first, first + r / p->wide, first + r % p->wide};
        for (uint32_t i = 0; i < half; i++, to += 2) {
            const uint32_t place = at[section_of(&c->model->shape, i)];
            const float *from =
                c->angles + ((uint64_t)(place < last ? place : last) * half + i) * 2;
            to[0] = from[0];
            to[1] = from[1];
        }
    }
}

/* The table from cache row `at` on: a picture's rows, if any, then words. */
static vidi_status turn_from(vidi_chat *c, uint32_t at, const struct said_picture *p,
                             uint32_t lag) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const uint32_t capacity = (uint32_t)c->cfg.context, row = c->model->shape.rope_dim;
    if (at >= capacity) return VIDI_OK;
    const uint64_t bytes = (uint64_t)(capacity - at) * row * sizeof(float);
    const uint32_t room = capacity - at, rows = !p ? 0 : p->rows < room ? p->rows : room;
    float *table = vd_alloc(ctx, bytes);
    if (!table) return VIDI_E_MEMORY;
    if (rows) turn_grid(c, p, less(at, c->lag), rows, table);
    for (uint32_t r = rows; r < room; r++)
        memcpy(table + (uint64_t)r * row, c->angles + (uint64_t)less(at + r, lag) * row,
               row * sizeof *table);
    const struct vd_span to = span_of(c->rope, (uint64_t)at * row * sizeof(float), bytes);
    const vidi_status status = gpu_upload(c->model->v->gpu, to, table, bytes);
    vd_free(ctx, table);
    return status;
}

vidi_status chat_turn_picture(vidi_chat *c, struct said_picture *p, uint32_t at) {
    if (c->model->shape.picture.unplaced && !p->placed) {
        c->lag += p->rows;
        p->placed = true;
    }
    if (!c->angles || !p->wide || p->placed) return VIDI_OK;
    const uint32_t lag = c->lag + p->rows - (p->wide > p->high ? p->wide : p->high);
    TRY(turn_from(c, at, p, lag));
    c->lag = lag;
    p->placed = true;
    return VIDI_OK;
}

vidi_status chat_turn_back(vidi_chat *c, uint32_t lag) {
    c->lag = lag;
    if (!c->angles) return VIDI_OK;
    return turn_from(c, c->position, NULL, lag);
}
