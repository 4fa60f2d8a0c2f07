#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "chat/internal.h"

enum { CHUNK_GPU = 512, CHUNK_CPU = 128 };
static const double budget_ms = 100;

static struct step *step_of(vidi_chat *c) { return gpu_buffer_map(c->step); }

static struct vd_span all(struct gpu_buffer *b) {
    return b ? span_of(b, 0, gpu_buffer_bytes(b)) : (struct vd_span){0};
}

/* cos and sin of every position, in double so that long contexts stay exact to f32. */
static vidi_status make_rope(vidi_chat *c, uint32_t capacity) {
    const vidi_model *m = c->model;
    struct gpu *gpu = m->v->gpu;
    const uint32_t half = m->shape.rope_dim / 2;
    const uint64_t count = (uint64_t)capacity * half * 2;
    TRY(gpu_buffer_new(gpu, count * sizeof(float), GPU_DEVICE, "rope table", &c->rope));
    float *table = vd_alloc(&m->v->ctx, count * sizeof(float));
    double *inverse = vd_alloc(&m->v->ctx, half * sizeof(double));
    vidi_status status = table && inverse ? VIDI_OK : VIDI_E_MEMORY;
    if (status == VIDI_OK) {
        const struct gguf_tensor *factors = gguf_tensor(&m->file, "rope_freqs.weight");
        const bool usable = factors && factors->type == VD_F32 && factors->dims[0] == half &&
                            factors->bytes == half * sizeof(float);
        for (uint32_t i = 0; i < half; i++) {
            float factor = 1;
            if (usable)
                memcpy(&factor, (const char *)factors->data + i * sizeof factor, sizeof factor);
            inverse[i] = m->shape.rope_scale *
                         pow(m->shape.rope_base, -2.0 * i / m->shape.rope_dim) / factor;
        }
        for (uint32_t p = 0; p < capacity; p++)
            for (uint32_t i = 0; i < half; i++) {
                table[((uint64_t)p * half + i) * 2] = (float)cos(p * inverse[i]);
                table[((uint64_t)p * half + i) * 2 + 1] = (float)sin(p * inverse[i]);
            }
        status = gpu_upload(gpu, all(c->rope), table, count * sizeof(float));
    }
    vd_free(&m->v->ctx, inverse);
    vd_free(&m->v->ctx, table);
    return status;
}

/* Before anything is taken: a context that cannot fit should not first fill the memory. */
static vidi_status check_context(vidi_chat *c, uint32_t capacity, bool half) {
    const struct shape *s = &c->model->shape;
    const struct gpu_caps *caps = gpu_caps(c->model->v->gpu);
    const uint64_t item = half ? sizeof(uint16_t) : sizeof(float);
    uint64_t widest = s->rope_dim * sizeof(float), all_bytes = widest;
    for (uint32_t i = 0; i < s->layers; i++) {
        const uint64_t plane = s->kv_dim[i] * item;
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

static vidi_status make_buffers(vidi_chat *c, uint32_t capacity) {
    const vidi_model *m = c->model;
    struct gpu *gpu = m->v->gpu;
    const struct shape *s = &m->shape;
    const bool half = !m->v->debug.kv_f32 && gpu_caps(gpu)->type != GPU_CPU;
    TRY(check_context(c, capacity, half));
    TRY(kv_open(gpu, &c->arena, s->layers, s->kv_dim, capacity, half, &c->kv));
    TRY(make_rope(c, capacity));
    TRY(gpu_buffer_new(gpu, sizeof(struct step), GPU_HOST, "step", &c->step));
    TRY(gpu_buffer_new(gpu, c->chunk * sizeof(int32_t), GPU_HOST, "ids", &c->ids));
    TRY(gpu_buffer_new(gpu, TOKEN_RING * sizeof(int32_t), GPU_HOST, "tokens", &c->tokens));
    TRY(gpu_buffer_new(gpu, s->dim * sizeof(float), GPU_DEVICE, "last row", &c->last));
    TRY(gpu_buffer_new(gpu, s->vocab * sizeof(float), GPU_DEVICE, "logits", &c->logits));
    if (!s->picture.rows) return VIDI_OK;
    const uint64_t pixels = 3ull * s->picture.width * s->picture.height;
    TRY(gpu_buffer_new(gpu, pixels * sizeof(float), GPU_DEVICE, "pixels", &c->pixels));
    return gpu_buffer_new(gpu, (uint64_t)s->picture.rows * s->dim * sizeof(float), GPU_DEVICE,
                          "picture rows", &c->rows);
}

/* The graphs of a chat, by name; each becomes one program. */
enum { PROMPT, HEAD, ANSWER, ENCODE, PROGRAMS };

static void build(vidi_chat *c, graph *g, int which) {
    const vidi_model *m = c->model;
    const struct shape *s = &m->shape;
    if (which == ENCODE) {
        const tensor pixels =
            graph_input(g, "pixels", all(c->pixels), 3 * s->picture.height, s->picture.width);
        graph_output(g, model_encode(m, g, pixels), all(c->rows));
        return;
    }
    tensor row = T_NONE;
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

static vidi_status open_graph(vidi_chat *c, int which, graph **g, uint64_t *bytes) {
    const vidi_model *m = c->model;
    const struct graph_env env = {.step = all(c->step),
                                  .rope = all(c->rope),
                                  .ids = all(c->ids),
                                  .pictures = all(c->rows),
                                  .tokens = all(c->tokens),
                                  .rows = which == PROMPT ? c->chunk : 1,
                                  .picture_rows = m->shape.picture.rows,
                                  .kv = &c->kv,
                                  .keep = c->dump_glob,
                                  .separate = m->v->debug.separate};
    TRY(graph_open(m->v->gpu, m->weights, &env, g));
    build(c, *g, which);
    uint64_t need = 0;
    TRY(graph_plan(*g, &need));
    if (need > *bytes) *bytes = need;
    return VIDI_OK;
}

static vidi_status record_all(vidi_chat *c) {
    static const char *const names[] = {"prompt", "head", "step", "picture"};
    struct gpu *gpu = c->model->v->gpu;
    struct program **programs[] = {&c->prompt, &c->head, &c->answer, &c->encode};
    const int n = c->model->shape.picture.rows ? PROGRAMS : ENCODE;
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

vidi_status chat_programs(vidi_chat *c) {
    struct gpu *gpu = c->model->v->gpu;
    if (!c->step) {
        const uint32_t capacity = (uint32_t)c->cfg.context;
        c->chunk = gpu_caps(gpu)->type == GPU_CPU ? CHUNK_CPU : CHUNK_GPU;
        /* The rows of a picture stay together. */
        if (c->chunk < c->model->shape.picture.rows) c->chunk = c->model->shape.picture.rows;
        if (c->chunk > capacity) c->chunk = capacity;
        TRY(make_buffers(c, capacity));
    }
    return record_all(c);
}

static void free_programs(vidi_chat *c) {
    struct gpu *gpu = c->model->v->gpu;
    struct program **programs[] = {&c->prompt, &c->head, &c->answer, &c->encode};
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
    struct gpu_buffer *buffers[] = {c->step, c->ids,    c->tokens, c->rope,
                                    c->rows, c->pixels, c->last,   c->logits};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) gpu_buffer_free(gpu, buffers[i]);
}

vidi_status chat_redo_programs(vidi_chat *c) {
    TRY(chat_settle(c));
    free_programs(c);
    return record_all(c);
}

/* --- runs ------------------------------------------------------------------------------------- */

static vidi_status run(vidi_chat *c, struct program *p, uint32_t rows, bool dump) {
    struct gpu *gpu = c->model->v->gpu;
    uint64_t ticket;
    TRY(gpu_submit(p->gpu, budget_ms, (const volatile int *)&c->cancel, &ticket));
    TRY(gpu_wait(gpu, ticket));
    return dump && c->dump_glob ? program_dump(gpu, p, c->dump_dir, rows) : VIDI_OK;
}

static vidi_status encode(vidi_chat *c, struct said_picture *p) {
    const double start = clock_ms();
    if (c->model->v->progress) c->model->v->progress(c->model->v->user, "encoding picture", 0, 1);
    TRY(chat_pixels(c, p));
    TRY(run(c, c->encode, c->model->shape.picture.rows, true));
    c->stats.image_ms += clock_ms() - start;
    c->stats.tiles++;
    return VIDI_OK;
}

/* The next rows of the pending list, at most a chunk; a picture's rows follow its encoding. Each
 * chunk holds rows of one picture at most, as there is one buffer for them. */
static vidi_status fill_chunk(vidi_chat *c, uint32_t *rows, uint32_t *items) {
    int32_t *ids = gpu_buffer_map(c->ids);
    const uint32_t picture_rows = c->model->shape.picture.rows;
    bool has_picture = false;
    *rows = *items = 0;
    for (uint32_t i = c->read_pending; i < c->pending.n; i++) {
        const int32_t id = c->pending.ids[i];
        const uint32_t n = id < 0 ? picture_rows : 1;
        if (*rows + n > c->chunk || (id < 0 && has_picture)) break;
        if (id < 0) {
            TRY(encode(c, &c->pictures[~id]));
            has_picture = true;
            for (uint32_t r = 0; r < n; r++) ids[*rows + r] = ~(int32_t)r;
        } else {
            ids[*rows] = id;
        }
        *rows += n;
        (*items)++;
    }
    if (!*items)
        return vd_fail(&c->model->v->ctx, VIDI_E_CONTEXT,
                       "the %u rows of a picture do not fit a context of %d tokens", picture_rows,
                       c->cfg.context);
    return VIDI_OK;
}

static void drop_pending(vidi_chat *c) {
    c->pending.n = c->read_pending = 0;
    c->n_pictures = 0;
    for (int i = 0; i < CHAT_PICTURES; i++) {
        vd_free(&c->model->v->ctx, c->pictures[i].rgb);
        c->pictures[i] = (struct said_picture){0};
    }
}

/* Rows that the pending list will take; also counts them for the statistics. */
static vidi_status check_room(vidi_chat *c) {
    uint64_t rows = 0;
    for (uint32_t i = c->read_pending; i < c->pending.n; i++)
        rows += c->pending.ids[i] < 0 ? c->model->shape.picture.rows : 1;
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
    const double start = clock_ms(), images = c->stats.image_ms;
    while (c->read_pending < c->pending.n) {
        uint32_t rows, items;
        TRY(fill_chunk(c, &rows, &items));
        struct step *step = step_of(c);
        step->position = c->position;
        step->rows = rows;
        c->chunk_rows = rows;
        TRY(run(c, c->prompt, rows, true));
        for (uint32_t i = 0; i < items; i++)
            if (c->pending.ids[c->read_pending + i] < 0)
                c->stats.image_tokens += (int)c->model->shape.picture.rows;
        c->stats.prompt_tokens += (int)rows;
        c->read_pending += items;
        c->position += rows;
        if (c->model->v->progress)
            c->model->v->progress(c->model->v->user, "reading prompt", c->read_pending,
                                  c->pending.n);
    }
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
    c->counter = step->counter;
    c->first_position = c->position;
    c->sampled = c->taken = 0;
    TRY(gpu_submit(c->head->gpu, budget_ms, NULL, &c->tickets[0]));
    c->sampled = 1;
    if (c->dump_glob) {
        TRY(gpu_wait(c->model->v->gpu, c->tickets[0]));
        TRY(program_dump(c->model->v->gpu, c->head, c->dump_dir, 1));
    }
    c->stats.prompt_ms += clock_ms() - start;
    return VIDI_OK;
}

vidi_status chat_step(vidi_chat *c) {
    TRY(gpu_submit(c->answer->gpu, budget_ms, (const volatile int *)&c->cancel,
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
    return vd_fail(&c->model->v->ctx, VIDI_E_DEVICE,
                   "the model's numbers are not finite: the device or the weights are damaged");
}

vidi_status chat_settle(vidi_chat *c) {
    if (c->taken < c->sampled)
        TRY(gpu_wait(c->model->v->gpu, c->tickets[(c->sampled - 1) % STEPS_IN_FLIGHT]));
    c->taken = c->sampled = 0;
    return VIDI_OK;
}
