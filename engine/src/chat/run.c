#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "chat/internal.h"

enum { CHUNK_GPU = 512, CHUNK_CPU = 128, OPENING_WORDS = 256 };

static struct step *step_of(vidi_chat *c) { return gpu_buffer_map(c->step); }

static struct vd_span all(struct gpu_buffer *b) {
    return b ? span_of(b, 0, gpu_buffer_bytes(b)) : (struct vd_span){0};
}

/* Before anything is taken: a context that cannot fit should not first fill the memory. */
static vidi_status check_context(vidi_chat *c, uint32_t capacity, enum kv_type type) {
    const struct shape *s = &c->model->shape;
    const struct gpu_caps *caps = gpu_caps(c->model->v->gpu);
    uint64_t widest = s->rope_dim * sizeof(float), all_bytes = widest;
    for (uint32_t i = 0; i < s->layers; i++) {
        const uint64_t plane = kv_row_bytes(type, s->kv_dim[i]);
        widest = plane > widest ? plane : widest;
        all_bytes += 2 * plane;
    }
    if (capacity > caps->max_range / widest)
        return vd_fail(&c->model->v->ctx, VIDI_E_MEMORY,
                       "a context of %d tokens is too long for %s: about %llu fit into one buffer",
                       c->cfg.context, caps->name, (unsigned long long)(caps->max_range / widest));
    if (capacity > caps->memory_bytes / all_bytes)
        return vd_fail(&c->model->v->ctx, VIDI_E_MEMORY,
                       "a context of %d tokens needs %.1f GiB, %s has %.1f", c->cfg.context,
                       (double)capacity * (double)all_bytes / 0x1p30, caps->name,
                       (double)caps->memory_bytes / 0x1p30);
    return VIDI_OK;
}

static enum kv_type kv_type_of(const vidi_chat *c) {
    static const enum kv_type types[] = {
        [VIDI_CACHE_F32] = KV_F32, [VIDI_CACHE_F16] = KV_F16, [VIDI_CACHE_Q8_0] = KV_Q8_0};
    if (c->cfg.cache != VIDI_CACHE_DEFAULT) return types[c->cfg.cache];
    const struct vidi *v = c->model->v;
    return v->debug.kv_f32 || gpu_caps(v->gpu)->type == GPU_CPU ? KV_F32 : KV_F16;
}

/* Rows of all slots. */
static uint32_t kept_rows(const vidi_chat *c) {
    const struct shape *s = &c->model->shape;
    if (s->picture.fit == FIT_NATIVE)
        return c->area / (s->picture.multiple * s->picture.multiple) * (1 + s->picture.levels);
    return s->picture.rows * (s->picture.slots ? s->picture.slots : 1);
}

static vidi_status make_buffers(vidi_chat *c, uint32_t capacity) {
    const vidi_model *m = c->model;
    struct gpu *gpu = m->v->gpu;
    const struct shape *s = &m->shape;
    const enum kv_type type = kv_type_of(c);
    TRY(check_context(c, capacity, type));
    TRY(kv_open(gpu, &c->arena, s->layers, s->kv_dim, capacity, type, &c->kv));
    TRY(chat_turn_open(c, capacity));
    TRY(gpu_buffer_new(gpu, sizeof(struct step), GPU_HOST, "step", &c->step));
    TRY(gpu_buffer_new(gpu, c->chunk * sizeof(int32_t), GPU_HOST, "ids", &c->ids));
    TRY(gpu_buffer_new(gpu, TOKEN_RING * sizeof(int32_t), GPU_HOST, "tokens", &c->tokens));
    TRY(gpu_buffer_new(gpu, s->dim * sizeof(float), GPU_DEVICE, "last row", &c->last));
    TRY(gpu_buffer_new(gpu, s->vocab * sizeof(float), GPU_DEVICE, "logits", &c->logits));
    if (!s->picture.rows) return VIDI_OK;
    if (s->picture.words)
        TRY(gpu_buffer_new(gpu, s->picture.most_words * sizeof(int32_t), GPU_HOST, "asked",
                           &c->asked));
    const uint64_t example = (uint64_t)s->picture.width * s->picture.height;
    const uint64_t pixels = 3 * (c->area > example ? c->area : example);
    TRY(gpu_buffer_new(gpu, pixels * sizeof(float), GPU_DEVICE, "pixels", &c->pixels));
    const uint32_t cols = s->seen_cols ? s->seen_cols : s->dim;
    TRY(chat_seen_open(c, type));
    return gpu_buffer_new(gpu, (uint64_t)kept_rows(c) * cols * sizeof(float), GPU_DEVICE,
                          "picture rows", &c->rows);
}

/* The graphs of a chat, by name; each becomes one program. */
enum { PROMPT, HEAD, ANSWER, ENCODE, SEE, PROGRAMS };

static void build_encode(vidi_chat *c, graph *g, uint32_t width, uint32_t height) {
    const uint64_t pixels = 3ull * width * height * sizeof(float);
    const tensor y = model_encode(
        c->model, g, graph_input(g, "pixels", span_of(c->pixels, 0, pixels), 3 * height, width));
    const uint64_t bytes = (uint64_t)tensor_rows(g, y) * tensor_cols(g, y) * sizeof(float);
    if (bytes > gpu_buffer_bytes(c->rows))
        graph_fail(g, "a picture of %u x %u gives %u rows", width, height, tensor_rows(g, y));
    graph_output(g, y, span_of(c->rows, 0, bytes));
}

static void build(vidi_chat *c, graph *g, int which) {
    const vidi_model *m = c->model;
    const struct shape *s = &m->shape;
    if (which == ENCODE) {
        build_encode(c, g, s->picture.width, s->picture.height);
        return;
    }
    tensor row = T_NONE;
    if (which == SEE) {
        const uint64_t bytes = (uint64_t)s->picture.rows * s->seen_cols * sizeof(float);
        m->family->see(
            g, m->cfg,
            graph_input(g, "rows", span_of(c->rows, 0, bytes), s->picture.rows, s->seen_cols));
        return;
    }
    if (which == HEAD) row = graph_input(g, "last", all(c->last), 1, s->dim);
    if (which == PROMPT) {
        const tensor last = g_last_row(g, m->family->decode(g, m->cfg));
        graph_output(g, last, all(c->last));
        return;
    }
    if (which == ANSWER) row = m->family->decode(g, m->cfg);
    const tensor logits = m->family->head(g, m->cfg, row);
    graph_output(g, logits, all(c->logits));
    graph_sample(g, logits);
}

static struct graph_env env_of(vidi_chat *c, int which) {
    const vidi_model *m = c->model;
    const bool asked = m->shape.seen_cols != 0 && c->seen.n_layers;
    const bool rows = which == PROMPT && !asked; /* of pictures stand among those of words */
    return (struct graph_env){.step = all(c->step),
                              .rope = all(c->rope),
                              .rope_local = all(c->rope_local),
                              .ids = all(c->ids),
                              .pictures = rows ? all(c->rows) : (struct vd_span){0},
                              .tokens = all(c->tokens),
                              .asked = all(c->asked),
                              .n_asked = m->shape.picture.words,
                              .rows = which == PROMPT ? c->chunk : 1,
                              .picture_rows = rows ? kept_rows(c) : 0,
                              .levels = which == PROMPT ? m->shape.picture.levels : 0,
                              .kv = &c->kv,
                              .seen = asked ? &c->seen : NULL,
                              .keep = c->dump_glob,
                              .separate = m->v->debug.separate,
                              .apart = m->v->debug.apart};
}

static vidi_status open_graph(vidi_chat *c, int which, graph **g, uint64_t *bytes) {
    const struct graph_env env = env_of(c, which);
    TRY(graph_open(c->model->v->gpu, c->model->weights, &env, g));
    build(c, *g, which);
    uint64_t need = 0;
    TRY(graph_plan(*g, &need));
    if (need > *bytes) *bytes = need;
    return VIDI_OK;
}

static vidi_status record_all(vidi_chat *c) {
    static const char *const names[] = {"prompt", "head", "step", "picture", "see"};
    struct gpu *gpu = c->model->v->gpu;
    struct program **programs[] = {&c->prompt, &c->head, &c->answer, &c->encode, &c->see};
    const struct shape *s = &c->model->shape;
    const int n = !s->picture.rows ? ENCODE : s->seen_cols ? PROGRAMS : SEE;
    graph *graphs[PROGRAMS] = {0};
    uint64_t bytes = 256;
    vidi_status status = VIDI_OK;
    for (int i = 0; i < n && status == VIDI_OK; i++) status = open_graph(c, i, &graphs[i], &bytes);
    if (status == VIDI_OK && !c->scratch)
        status = gpu_buffer_new(gpu, bytes, GPU_DEVICE, "activations", &c->scratch);
    for (int i = 0; i < n && status == VIDI_OK; i++)
        status = graph_record(graphs[i], c->scratch, names[i], programs[i]);
    for (int i = 0; i < n; i++) graph_close(graphs[i]);
    return status;
}

/* Of a context, the rows of one picture take three quarters at most. */
static uint32_t largest_area(const struct shape *s, uint32_t context) {
    if (s->picture.fit != FIT_NATIVE) return s->picture.area;
    const uint64_t side = s->picture.multiple, room = ((uint64_t)context * 3 + 3) / 4;
    return room * side * side < s->picture.area ? (uint32_t)(room * side * side) : s->picture.area;
}

vidi_status chat_programs(vidi_chat *c) {
    struct gpu *gpu = c->model->v->gpu;
    if (!c->step) {
        const uint32_t capacity = (uint32_t)c->cfg.context;
        c->chunk = gpu_caps(gpu)->type == GPU_CPU ? CHUNK_CPU : CHUNK_GPU;
        /* The rows of a picture stay together. */
        const struct shape *s = &c->model->shape;
        const bool whole = s->picture.fit != FIT_NATIVE && !s->seen_cols;
        if (c->chunk < s->picture.rows && whole) c->chunk = s->picture.rows;
        if (s->picture.mutual > MUTUAL_PICTURE) c->chunk += OPENING_WORDS;
        if (c->chunk > capacity) c->chunk = capacity;
        c->area = largest_area(s, capacity);
        TRY(make_buffers(c, capacity));
    }
    return record_all(c);
}

static void free_encoder(vidi_chat *c, struct encoder *e) {
    struct gpu *gpu = c->model->v->gpu;
    if (c->encoded == e->program) c->encoded = NULL;
    program_free(gpu, e->program);
    gpu_buffer_free(gpu, e->scratch);
    *e = (struct encoder){0};
}

static vidi_status make_encoder(vidi_chat *c, struct encoder *e, graph *g) {
    struct gpu *gpu = c->model->v->gpu;
    uint64_t bytes;
    build_encode(c, g, e->width, e->height);
    TRY(graph_plan(g, &bytes));
    if (bytes > gpu_buffer_bytes(c->scratch))
        TRY(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "activations", &e->scratch));
    return graph_record(g, e->scratch ? e->scratch : c->scratch, "picture", &e->program);
}

static bool fits_encoder(const struct encoder *e, const struct said_picture *p, bool any_size) {
    const bool size = !any_size || (e->width == p->width && e->height == p->height);
    return size && e->words == p->n_asked;
}

/* The program for pictures of this size; others than the encoder's own are made when they come. */
static vidi_status encoder_of(vidi_chat *c, const struct said_picture *p, struct program **out) {
    const struct shape *s = &c->model->shape;
    const struct encoder own = {
        .width = s->picture.width, .height = s->picture.height, .words = s->picture.words};
    *out = c->encode;
    if (fits_encoder(&own, p, s->picture.area)) return VIDI_OK;
    for (int i = 0; i < CHAT_ENCODERS; i++) {
        const struct encoder *e = &c->encoders[i];
        *out = e->program;
        if (e->program && fits_encoder(e, p, s->picture.area)) return VIDI_OK;
    }
    struct encoder *e = &c->encoders[c->next_encoder];
    c->next_encoder = (c->next_encoder + 1) % CHAT_ENCODERS;
    free_encoder(c, e);
    e->width = s->picture.area ? p->width : own.width;
    e->height = s->picture.area ? p->height : own.height;
    e->words = p->n_asked;
    struct graph_env env = env_of(c, ENCODE);
    env.n_asked = e->words;
    graph *g;
    vidi_status status = graph_open(c->model->v->gpu, c->model->weights, &env, &g);
    if (status == VIDI_OK) status = make_encoder(c, e, g);
    graph_close(g);
    if (status != VIDI_OK) free_encoder(c, e);
    *out = e->program;
    return status;
}

static void free_programs(vidi_chat *c) {
    struct gpu *gpu = c->model->v->gpu;
    for (int i = 0; i < CHAT_ENCODERS; i++) free_encoder(c, &c->encoders[i]);
    struct program **programs[] = {&c->prompt, &c->head, &c->answer, &c->encode, &c->see};
    for (int i = 0; i < PROGRAMS; i++) {
        program_free(gpu, *programs[i]);
        *programs[i] = NULL;
    }
    gpu_buffer_free(gpu, c->scratch);
    c->scratch = NULL;
}

void chat_programs_free(vidi_chat *c) {
    struct gpu *gpu = c->model->v->gpu;
    free_programs(c);
    kv_close(gpu, &c->kv);
    chat_seen_close(c);
    vd_free(&c->model->v->ctx, c->angles);
    c->angles = NULL;
    for (int i = 0; i < FAMILY_SLOTS; i++)
        if (c->keep[i]) gpu_program_free(gpu, c->keep[i]);
    struct gpu_buffer *buffers[] = {c->step, c->ids,    c->tokens, c->rope,   c->rope_local,
                                    c->rows, c->pixels, c->last,   c->logits, c->asked};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) gpu_buffer_free(gpu, buffers[i]);
}

vidi_status chat_redo_programs(vidi_chat *c) {
    TRY(chat_settle(c));
    free_programs(c);
    return record_all(c);
}

/* --- runs ------------------------------------------------------------------------------------- */

vidi_status chat_run(vidi_chat *c, struct program *p, uint32_t rows, bool dump) {
    struct gpu *gpu = c->model->v->gpu;
    uint64_t ticket;
    TRY(gpu_submit(p->gpu, c->model->v->submit_ms, &c->cancel, &ticket));
    TRY(gpu_wait(gpu, ticket));
    return dump && c->dump_glob ? program_dump(gpu, p, c->dump_dir, rows) : VIDI_OK;
}

static vidi_status tell(vidi_chat *c, const char *phase, uint64_t done, uint64_t total) {
    vidi *v = c->model->v;
    if (!v->progress || !v->progress(v->user, phase, done, total)) return VIDI_OK;
    return vd_fail(&v->ctx, VIDI_E_CANCELLED, "cancelled");
}

/* Moves the encoder's rows out of the way of its next run. */
static vidi_status keep_rows(vidi_chat *c, uint32_t slot) {
    struct gpu *gpu = c->model->v->gpu;
    const struct shape *s = &c->model->shape;
    const uint64_t bytes = (uint64_t)s->picture.rows * s->dim * sizeof(float);
    VD_ASSERT(slot < FAMILY_SLOTS && slot < s->picture.slots);
    if (!c->keep[slot]) {
        struct gpu_list list;
        gpu_list_open(&list, gpu);
        op_rows(&list, &(struct op_rows){.x = span_of(c->rows, 0, bytes),
                                         .y = span_of(c->rows, slot * bytes, bytes),
                                         .rows = s->picture.rows,
                                         .cols = s->dim,
                                         .limit = s->picture.rows,
                                         .x_stride = s->dim,
                                         .y_stride = s->dim});
        const vidi_status status = gpu_program_record(&list, "keep rows", &c->keep[slot]);
        gpu_list_close(&list);
        TRY(status);
    }
    return gpu_run(c->keep[slot]);
}

vidi_status chat_encode(vidi_chat *c, struct said_picture *p) {
    const double start = clock_ms();
    TRY(tell(c, "encoding picture", (uint64_t)(p - c->pictures), c->n_pictures));
    TRY(chat_pixels(c, p));
    struct program *program;
    TRY(encoder_of(c, p, &program));
    /* Once more: kernels may have been compiled meanwhile, which was told. */
    TRY(tell(c, "encoding picture", (uint64_t)c->stats.tiles, c->n_pictures));
    c->encoded = program;
    if (p->n_asked) memcpy(gpu_buffer_map(c->asked), p->asked, p->n_asked * sizeof *p->asked);
    TRY(chat_run(c, program, c->model->shape.picture.rows, true));
    if (p->slot) TRY(keep_rows(c, p->slot));
    c->stats.image_ms += clock_ms() - start;
    return VIDI_OK;
}

/* Rows first .. end of the chunk are a picture's: who sees whom beyond what stands before. */
static void note_mutual(vidi_chat *c, uint32_t first, uint32_t end) {
    const enum mutual mutual = c->model->shape.picture.mutual;
    struct step *step = step_of(c);
    if (mutual == MUTUAL_NONE || mutual == MUTUAL_PROMPT) return;
    const bool opening = mutual == MUTUAL_OPENING && c->position == 0;
    step->span_from = opening ? 0 : c->position + first;
    step->span_to = c->position + end;
}

/* What one run of the prompt program reads: rows, whole items of the pending list, and behind them
 * so many rows of the next item, a picture that goes on in the next chunk. */
struct chunk {
    uint32_t rows, items, part;
    uint32_t picture_rows; /* of rows: rows of pictures */
    uint32_t free_slot;    /* slots before this one hold rows that it needs */
};

/* As many of the picture's rows as fit. False: it waits for the next chunk. */
static vidi_status add_picture(vidi_chat *c, struct chunk *k, struct said_picture *p, bool *fits) {
    if (c->model->shape.seen_cols) {
        chat_look_at(c, p);
        *fits = true;
        return VIDI_OK;
    }
    int32_t *ids = gpu_buffer_map(c->ids);
    const uint32_t begun = k->items == 0 ? c->read_rows : 0;
    const uint32_t left = p->rows - begun, room = c->chunk - k->rows;
    const uint32_t n = left < room ? left : room;
    const uint32_t first = p->slot * c->model->shape.picture.rows;
    const uint32_t each = 1 + c->model->shape.picture.levels;
    const bool together = c->model->shape.picture.mutual != MUTUAL_NONE;
    const bool counted = !c->model->shape.picture.unplaced || k->rows == k->picture_rows;
    *fits = p->slot >= k->free_slot && counted && (n == left || (n && !together));
    if (!*fits) return VIDI_OK;
    if (!begun) {
        TRY(chat_encode(c, p));
        TRY(chat_turn_picture(c, p, c->position + k->rows));
    }
    if (!n) return VIDI_OK;
    note_mutual(c, k->rows, k->rows + n);
    for (uint32_t r = begun; r < begun + n; r++)
        ids[k->rows++] = ~(int32_t)((p->layout ? p->layout[r] : first + r) * each);
    /* Slot 0 is where the encoder writes, so nothing can be kept there for later. */
    k->free_slot = p->slot ? p->slot + 1 : UINT32_MAX;
    k->picture_rows += n;
    k->part = n == left ? 0 : begun + n;
    return VIDI_OK;
}

/* The next rows of the pending list, at most a chunk; a picture's rows follow its encoding. Each
 * chunk holds rows of one picture at most, unless they keep slots of their own. */
static vidi_status fill_chunk(vidi_chat *c, struct chunk *k) {
    int32_t *ids = gpu_buffer_map(c->ids);
    *k = (struct chunk){0};
    step_of(c)->span_from = step_of(c)->span_to = 0;
    for (uint32_t i = c->read_pending; i < c->pending.n && !k->part; i++) {
        const int32_t id = c->pending.ids[i];
        bool fits = k->rows < c->chunk;
        if (id < 0) {
            TRY(add_picture(c, k, &c->pictures[~id], &fits));
        } else if (fits) {
            chat_note_asked(c, k->rows);
            ids[k->rows++] = id;
        }
        if (!fits) break;
        k->items += !k->part;
    }
    if (!k->rows && !k->items)
        return vd_fail(&c->model->v->ctx, VIDI_E_CONTEXT,
                       "the %u rows of a picture do not fit a context of %d tokens",
                       c->model->shape.picture.rows, c->cfg.context);
    return VIDI_OK;
}

static uint64_t pending_rows(const vidi_chat *c) {
    uint64_t rows = 0;
    for (uint32_t i = c->read_pending; i < c->pending.n; i++)
        rows += c->pending.ids[i] < 0 ? c->pictures[~c->pending.ids[i]].rows : 1;
    return rows - c->read_rows;
}

/* A prompt whose rows all see each other cannot be read in parts. */
static vidi_status check_mutual(vidi_chat *c, const struct chunk *k) {
    const bool whole = c->read_pending + k->items == c->pending.n && !k->part;
    if (c->model->shape.picture.mutual != MUTUAL_PROMPT || c->position || whole) return VIDI_OK;
    if (pending_rows(c) <= c->chunk)
        return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT,
                       "this model takes pictures before all words only: one stands behind words");
    return vd_fail(&c->model->v->ctx, VIDI_E_CONTEXT,
                   "this model reads a first prompt of %u tokens at most, pictures included",
                   c->chunk);
}

static void drop_pending(vidi_chat *c) {
    c->pending.n = c->read_pending = c->read_rows = c->read_seen = 0;
    c->n_pictures = 0;
    for (int i = 0; i < CHAT_PICTURES; i++) said_picture_free(&c->model->v->ctx, &c->pictures[i]);
}

/* Rows that the pending list will take; also counts them for the statistics. */
static vidi_status check_room(vidi_chat *c) {
    const uint64_t rows = pending_rows(c);
    if (c->position + rows < (uint64_t)c->cfg.context) return VIDI_OK;
    const vidi_status status =
        vd_fail(&c->model->v->ctx, VIDI_E_CONTEXT,
                "the conversation needs %llu tokens and an answer, the context holds %d",
                (unsigned long long)(c->position + rows), c->cfg.context);
    drop_pending(c);
    /* What was dropped may have held the words before the first turn. */
    c->started = c->started && c->position > 0;
    c->said = c->opened = false;
    return status;
}

vidi_status chat_read_pending(vidi_chat *c) {
    if (c->read_pending == c->pending.n) return VIDI_OK;
    TRY(chat_settle(c));
    TRY(check_room(c));
    TRY(chat_see_pending(c));
    const double start = clock_ms(), images = c->stats.image_ms;
    while (c->read_pending < c->pending.n) {
        struct chunk k;
        TRY(fill_chunk(c, &k));
        TRY(check_mutual(c, &k));
        struct step *step = step_of(c);
        step->position = c->position;
        step->lag = c->lag;
        step->rows = k.rows;
        if (c->model->shape.picture.mutual == MUTUAL_PROMPT && c->position == 0)
            step->span_to = k.rows;
        c->chunk_rows = k.rows;
        TRY(tell(c, "reading prompt", c->read_pending, c->pending.n));
        if (k.rows) TRY(chat_run(c, c->prompt, k.rows, true));
        c->stats.image_tokens += (int)k.picture_rows;
        c->stats.prompt_tokens += (int)k.rows;
        c->read_pending += k.items;
        c->read_rows = k.part;
        c->position += k.rows;
        TRY(tell(c, "reading prompt", c->read_pending, c->pending.n));
    }
    c->newest = c->pending.ids[c->pending.n - 1];
    drop_pending(c);
    c->stats.prompt_ms += clock_ms() - start - (c->stats.image_ms - images);
    return VIDI_OK;
}

/* The head reads the last row of the newest chunk: its position and rows are still in the step
 * buffer, and sampling advances them. */
vidi_status chat_first_token(vidi_chat *c) {
    struct step *step = step_of(c);
    const double start = clock_ms();
    step->top_k = c->cfg.top_k > 0 ? (uint32_t)c->cfg.top_k : 0;
    step->temperature = c->cfg.temperature;
    step->top_p = c->cfg.top_p > 0 && c->cfg.top_p < 1 ? c->cfg.top_p : 1;
    step->min_p = c->cfg.min_p;
    step->seed_low = (uint32_t)c->cfg.seed;
    step->seed_high = (uint32_t)(c->cfg.seed >> 32);
    if (c->reseeded) step->counter = 0;
    c->reseeded = false;
    c->counter = step->counter;
    c->first_position = c->position;
    chat_note_asked(c, 0);
    c->sampled = c->taken = 0;
    TRY(gpu_submit(c->head->gpu, c->model->v->submit_ms, NULL, &c->tickets[0]));
    c->sampled = 1;
    if (c->dump_glob) {
        TRY(gpu_wait(c->model->v->gpu, c->tickets[0]));
        TRY(program_dump(c->model->v->gpu, c->head, c->dump_dir, 1));
    }
    c->stats.prompt_ms += clock_ms() - start;
    return VIDI_OK;
}

vidi_status chat_step(vidi_chat *c) {
    TRY(gpu_submit(c->answer->gpu, c->model->v->submit_ms, &c->cancel,
                   &c->tickets[c->sampled % STEPS_IN_FLIGHT]));
    c->sampled++;
    return VIDI_OK;
}

vidi_status chat_take(vidi_chat *c, int32_t *token) {
    TRY(gpu_wait(c->model->v->gpu, c->tickets[c->taken % STEPS_IN_FLIGHT]));
    const volatile int32_t *ring = gpu_buffer_map(c->tokens);
    *token = ring[(c->counter + c->taken) % TOKEN_RING];
    c->taken++;
    if (*token >= 0 && (uint32_t)*token < c->model->shape.vocab) return VIDI_OK;
    return vd_fail(
        &c->model->v->ctx, VIDI_E_DEVICE,
        "%s: the model's numbers are not finite on this device although its weights are: "
        "they grow too large, or the driver computes wrongly",
        c->model->file.path);
}

vidi_status chat_settle(vidi_chat *c) {
    if (c->taken < c->sampled)
        TRY(gpu_wait(c->model->v->gpu, c->tickets[(c->sampled - 1) % STEPS_IN_FLIGHT]));
    c->taken = c->sampled = 0;
    return VIDI_OK;
}
