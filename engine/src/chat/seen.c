#include "chat/internal.h"

/* Pictures that a decoder's layers ask (shape.seen_cols) have no rows of its own. Before a prompt
 * is read all of its pictures are encoded, and K and V of their rows are kept one behind the other.
 * Each row of the prompt then says which kept rows it asks: those of the newest picture before it,
 * or of the newest ones that stand side by side. */

static struct vd_span all(struct gpu_buffer *b) { return span_of(b, 0, gpu_buffer_bytes(b)); }

/* As many pictures as the family wants, but of the device's memory an eighth at most, or one. */
static uint32_t kept_pictures(const vidi_chat *c, enum kv_type type) {
    const struct shape *s = &c->model->shape;
    const uint64_t room = gpu_caps(c->model->v->gpu)->memory_bytes / 8;
    uint64_t each = 0;
    for (uint32_t i = 0; i < s->layers; i++)
        each += 2ull * s->picture.rows * kv_row_bytes(type, s->seen_dim[i]);
    uint32_t n = s->picture.kept;
    while (n > 1 && n * each > room) n--;
    return n;
}

/* Rows that are written once and asked by every word are not worth q8_0's rounding: f16 then. */
vidi_status chat_seen_open(vidi_chat *c, enum kv_type type) {
    struct gpu *gpu = c->model->v->gpu;
    const struct shape *s = &c->model->shape;
    if (!s->seen_cols) return VIDI_OK;
    if (type == KV_Q8_0) type = KV_F16;
    const uint32_t capacity = s->picture.rows * kept_pictures(c, type);
    TRY(seen_open(gpu, &c->arena, s->layers, s->seen_dim, capacity, type, &c->seen));
    TRY(gpu_buffer_new(gpu, s->picture.rows * sizeof(uint32_t), GPU_HOST, "places", &c->places));
    TRY(gpu_buffer_new(gpu, c->chunk * 2 * sizeof(uint32_t), GPU_HOST, "spans", &c->spans));
    TRY(gpu_buffer_new(gpu, c->chunk * sizeof(int32_t), GPU_HOST, "asks", &c->asks));
    c->seen.places = all(c->places);
    c->seen.spans = all(c->spans);
    c->seen.asks = all(c->asks);
    return VIDI_OK;
}

void chat_seen_close(vidi_chat *c) {
    struct gpu *gpu = c->model->v->gpu;
    seen_close(gpu, &c->seen);
    gpu_buffer_free(gpu, c->places);
    gpu_buffer_free(gpu, c->spans);
    gpu_buffer_free(gpu, c->asks);
}

/* Of the encoder's rows those that come first belong to the picture; what is left of its tiles
 * stands for tiles that it has not. */
static uint32_t own_rows(const struct shape *s, const struct said_picture *p) {
    if (s->picture.fit != FIT_CANVAS) return s->picture.rows;
    const uint32_t side = s->picture.multiple;
    return s->picture.rows / s->picture.most_tiles * (p->width / side) * (p->height / side);
}

/* Where each picture's rows will be; how many there are of them all. */
static uint64_t lay_out(vidi_chat *c, uint32_t *n) {
    uint64_t rows = c->seen_rows;
    *n = 0;
    for (uint32_t i = c->read_seen; i < c->pending.n; i++) {
        if (c->pending.ids[i] >= 0) continue;
        struct said_picture *p = &c->pictures[~c->pending.ids[i]];
        p->kept_first = (uint32_t)rows;
        p->kept_rows = own_rows(&c->model->shape, p);
        rows += p->kept_rows;
        ++*n;
    }
    return rows;
}

static vidi_status see(vidi_chat *c, struct said_picture *p, uint32_t *spare) {
    const struct shape *s = &c->model->shape;
    uint32_t *places = gpu_buffer_map(c->places);
    TRY(chat_encode(c, p));
    for (uint32_t r = 0; r < s->picture.rows; r++)
        places[r] = r < p->kept_rows ? p->kept_first + r
                    : c->seen_rows   ? c->seen.capacity
                                     : (*spare)++;
    c->stats.image_tokens += (int)p->kept_rows;
    return chat_run(c, c->see, s->picture.rows, true);
}

vidi_status chat_see_pending(vidi_chat *c) {
    const struct shape *s = &c->model->shape;
    uint32_t n;
    if (!c->seen.n_layers) return VIDI_OK;
    const uint64_t rows = lay_out(c, &n);
    const uint64_t need = c->seen_rows ? rows : (uint64_t)n * s->picture.rows;
    if (need > c->seen.capacity)
        return vd_fail(&c->model->v->ctx, VIDI_E_CONTEXT,
                       "the conversation keeps %u rows of pictures, which leaves no room for %llu "
                       "more",
                       c->seen.capacity, (unsigned long long)(rows - c->seen_rows));
    uint32_t spare = (uint32_t)rows;
    for (uint32_t i = c->read_seen; i < c->pending.n; i++)
        if (c->pending.ids[i] < 0) TRY(see(c, &c->pictures[~c->pending.ids[i]], &spare));
    c->read_seen = c->pending.n;
    if (!c->seen_rows) c->unasked_to = s->picture.unasked_see_all ? spare : 0;
    c->seen_rows = (uint32_t)rows;
    return VIDI_OK;
}

void chat_look_at(vidi_chat *c, const struct said_picture *p) {
    if (!p->beside || !c->model->shape.picture.together) c->asked_from = p->kept_first;
    c->asked_to = p->kept_first + p->kept_rows;
}

void chat_note_asked(vidi_chat *c, uint32_t row) {
    if (!c->seen.n_layers) return;
    uint32_t *span = (uint32_t *)gpu_buffer_map(c->spans) + 2 * (uint64_t)row;
    const bool asks = c->asked_from < c->asked_to;
    span[0] = asks ? c->asked_from : 0;
    span[1] = asks ? c->asked_to : c->unasked_to;
    ((int32_t *)gpu_buffer_map(c->asks))[row] = asks ? (int32_t)row : -1;
}
