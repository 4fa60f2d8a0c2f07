#include <string.h>

#include "base/checked.h"
#include "chat/internal.h"

static const uint32_t sides_limit = 65535;

static vidi_status open_into(vidi_chat *c, const vidi_chat_config *cfg) {
    vidi_model *m = c->model;
    struct vd_ctx *ctx = &m->v->ctx;
    if (cfg) c->cfg = *cfg;
    if (c->cfg.context < 0 || c->cfg.max_tokens < 0 || !(c->cfg.temperature >= 0))
        return vd_fail(ctx, VIDI_E_ARGUMENT,
                       "context, max_tokens and temperature cannot be negative");
    if ((unsigned)c->cfg.cache > VIDI_CACHE_Q8_0)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%d is no kind of cache", (int)c->cfg.cache);
    const uint32_t context = model_context(m, c->cfg.context);
    if (context > m->shape.context || context < 2)
        return vd_fail(ctx, VIDI_E_ARGUMENT,
                       "a context of %u is outside 2 to %u, what the model was made for", context,
                       m->shape.context);
    c->cfg.context = (int)context;
    if (m->completes && !c->cfg.raw) {
        c->cfg.raw = 1;
        vd_log(ctx, VD_LOG_WARN,
               "%s: the model has no chat template, so the text is completed as it is",
               m->file.path);
    }
    const char *today = c->model->form->asks_day ? c->cfg.today : NULL;
    const char *date = c->cfg.date ? c->cfg.date : today;
    c->cfg.date = c->cfg.today = NULL;
    if (date) {
        c->date = arena_text(&c->arena, date, strlen(date));
        if (!c->date) return VIDI_E_MEMORY;
    }
    c->text_cap = tokenizer_longest(m->tokenizer) * 3 + 16;
    c->text = arena_new(&c->arena, char, c->text_cap);
    if (!c->text) return VIDI_E_MEMORY;
    return chat_programs(c);
}

vidi_status vidi_chat_open(vidi_model *m, const vidi_chat_config *cfg, vidi_chat **out) {
    *out = NULL;
    struct vd_ctx *ctx = &m->v->ctx;
    vidi_chat *c = vd_alloc(ctx, sizeof *c);
    if (!c) return VIDI_E_MEMORY;
    c->model = m;
    c->next = m->chats;
    m->chats = c;
    arena_open(&c->arena, ctx);
    c->pending.arena = &c->arena;
    const double start = clock_ms();
    const vidi_status status = open_into(c, cfg);
    c->stats.load_ms = m->load_ms + clock_ms() - start;
    if (status != VIDI_OK)
        vidi_chat_close(c);
    else
        *out = c;
    return status;
}

void vidi_chat_close(vidi_chat *c) {
    if (!c) return;
    vidi_model *m = c->model;
    struct vd_ctx *ctx = &m->v->ctx;
    for (vidi_chat **at = &m->chats; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    (void)chat_settle(c);
    chat_programs_free(c);
    chat_pixels_free(c);
    for (int i = 0; i < CHAT_PICTURES; i++) said_picture_free(ctx, &c->pictures[i]);
    arena_close(&c->arena);
    vd_free(ctx, c);
}

vidi_status vidi_chat_sampling(vidi_chat *c, const vidi_chat_config *cfg) {
    if (!cfg || cfg->max_tokens < 0 || !(cfg->temperature >= 0))
        return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT,
                       "max_tokens and temperature cannot be negative");
    const vidi_chat_config was = c->cfg;
    c->cfg = *cfg;
    c->cfg.context = was.context;
    c->cfg.raw = was.raw;
    c->cfg.cache = was.cache;
    c->reseeded = true;
    return VIDI_OK;
}

void vidi_cancel(vidi_chat *c) { atomic_store(&c->cancel, 1); }

/* --- what is said ----------------------------------------------------------------------------- */

static void copy_row(uint8_t *dst, const uint8_t *src, uint32_t width, vidi_pixels pixels) {
    if (pixels == VIDI_RGB8) {
        memcpy(dst, src, width * 3u);
        return;
    }
    for (uint32_t x = 0; x < width; x++)
        for (int i = 0; i < 3; i++) {
            const uint32_t alpha = src[x * 4 + 3];
            dst[x * 3 + i] = (uint8_t)((src[x * 4 + i] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
}

/* Names the file that is missing, as those who publish such pairs name it. */
static vidi_status fail_blind(const struct gguf *file) {
    const char *slash = strrchr(file->path, '/');
    if (file->folder)
        return vd_fail(file->ctx, VIDI_E_UNSUPPORTED,
                       "%s: this model reads text only, not pictures", file->path);
    return vd_fail(file->ctx, VIDI_E_UNSUPPORTED,
                   "%s: this model reads text only, not pictures, unless its vision part, a file "
                   "such as mmproj-%s, is given, too; beside it lies none that fits",
                   file->path, slash ? slash + 1 : file->path);
}

static vidi_status check_image(vidi_chat *c, const vidi_image *image) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    if (!c->model->shape.picture.rows) return fail_blind(&c->model->file);
    const int bytes = image->pixels == VIDI_RGBA8 ? 4 : 3;
    if (!image->data || image->width < 1 || image->height < 1 || image->width > (int)sides_limit ||
        image->height > (int)sides_limit || image->stride < image->width * bytes)
        return vd_fail(ctx, VIDI_E_IMAGE,
                       "a picture of %d x %d with rows of %d bytes is not usable", image->width,
                       image->height, image->stride);
    /* Those that are not cut wait in their full size. */
    const uint32_t most =
        c->model->shape.picture.fit == FIT_STRETCH ? CHAT_WHOLE_PICTURES : CHAT_PICTURES;
    if (c->model->shape.picture.single && c->n_pictures)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%s: this model takes one picture in a turn",
                       c->model->file.path);
    if (c->model->shape.picture.trained_on_one && c->n_pictures == 1)
        vd_log(ctx, VD_LOG_WARN,
               "%s: this model was trained on one picture at a time; do not trust what it says of "
               "several",
               c->model->file.path);
    if (c->n_pictures >= most)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "more than %u pictures in one turn", most);
    return VIDI_OK;
}

/* What was said after an answer began ends that answer. */
static vidi_status end_answer(vidi_chat *c) {
    if (!c->answering) return VIDI_OK;
    c->answering = false;
    const uint32_t taken = c->taken;
    TRY(chat_settle(c));
    if (!taken) return VIDI_OK;
    c->position = c->first_position + taken - 1;
    return prompt_close_answer(c);
}

/* The first thing said after an answer begins a new count. */
static void begin_turn(vidi_chat *c) {
    atomic_store(&c->cancel, 0);
    if (c->said) return;
    c->said = true;
    vidi_stats *s = &c->stats;
    s->prompt_tokens = s->image_tokens = s->answer_tokens = 0;
    s->image_ms = s->prompt_ms = s->answer_ms = 0;
    s->image_width = s->image_height = s->used_width = s->used_height = s->tiles = 0;
    s->stop = VIDI_STOP_NONE;
}

vidi_status vidi_say_image(vidi_chat *c, const vidi_image *image) {
    TRY(end_answer(c));
    TRY(check_image(c, image));
    begin_turn(c);
    struct said_picture p = {.width = (uint32_t)image->width, .height = (uint32_t)image->height};
    p.stride = (uint32_t)align_up(p.width * 3ull, 4);
    p.rgb = vd_alloc(&c->model->v->ctx, (uint64_t)p.stride * p.height);
    if (!p.rgb) return VIDI_E_MEMORY;
    for (uint32_t y = 0; y < p.height; y++)
        copy_row(p.rgb + (uint64_t)y * p.stride,
                 (const uint8_t *)image->data + (uint64_t)y * (uint64_t)image->stride, p.width,
                 image->pixels);
    c->stats.image_width = image->width;
    c->stats.image_height = image->height;
    c->stats.used_width = (int)c->model->shape.picture.width;
    c->stats.used_height = (int)c->model->shape.picture.height;
    const uint32_t before = c->n_pictures;
    TRY(chat_fit(c, &p));
    c->stats.tiles += (int)(c->n_pictures - before);
    return VIDI_OK;
}

vidi_status vidi_say_text(vidi_chat *c, vidi_role role, const char *utf8) {
    if (!utf8 || role < VIDI_SYSTEM || role > VIDI_ASSISTANT)
        return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT, "nothing was said, or by nobody");
    TRY(end_answer(c));
    begin_turn(c);
    return prompt_say(c, role, utf8);
}

vidi_status vidi_say_part(vidi_chat *c, const char *utf8) {
    if (!utf8) return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT, "nothing was said");
    TRY(end_answer(c));
    begin_turn(c);
    return prompt_say_part(c, utf8);
}

/* --- answering -------------------------------------------------------------------------------- */

static vidi_status cancelled(vidi_chat *c) {
    atomic_store(&c->cancel, 0);
    return vd_fail(&c->model->v->ctx, VIDI_E_CANCELLED, "cancelled");
}

static vidi_status read_pending(vidi_chat *c) {
    const vidi_status status = chat_read_pending(c);
    return status == VIDI_E_CANCELLED ? cancelled(c) : status;
}

vidi_status vidi_prefill(vidi_chat *c) {
    TRY(end_answer(c));
    if (c->n_waiting || c->in_turn) return VIDI_OK; /* read with the text that follows */
    return read_pending(c);
}

static vidi_status begin_answer(vidi_chat *c) {
    if (!c->said) return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT, "nothing was said");
    if (c->n_waiting || c->in_turn) TRY(prompt_say(c, VIDI_USER, ""));
    if (!c->opened) {
        TRY(prompt_open_answer(c));
        c->opened = true;
    }
    TRY(read_pending(c));
    TRY(chat_first_token(c));
    c->said = c->opened = false;
    c->detok = (struct detok){.opens_text = !c->cfg.raw};
    c->answering = true;
    c->answer_start = clock_ms();
    return VIDI_OK;
}

static vidi_status finish(vidi_chat *c, vidi_stop stop) {
    c->stats.stop = stop;
    c->stats.answer_ms = clock_ms() - c->answer_start;
    TRY(end_answer(c));
    return VIDI_END;
}

/* Keeps steps in flight, but none whose token could not be used. */
static vidi_status submit_steps(vidi_chat *c) {
    const uint32_t depth = gpu_caps(c->model->v->gpu)->type == GPU_CPU ? 1 : STEPS_IN_FLIGHT;
    const uint32_t limit = c->cfg.max_tokens ? (uint32_t)c->cfg.max_tokens : UINT32_MAX;
    while (c->sampled - c->taken < depth && c->sampled < limit &&
           c->first_position + c->sampled <= (uint32_t)c->cfg.context)
        TRY(chat_step(c));
    return VIDI_OK;
}

vidi_status vidi_next(vidi_chat *c, vidi_piece *out) {
    *out = (vidi_piece){.text = "", .token = -1};
    if (atomic_load(&c->cancel)) {
        TRY(end_answer(c));
        return cancelled(c);
    }
    if (!c->answering) TRY(begin_answer(c));
    const vidi_status status = c->taken < c->sampled ? VIDI_OK : submit_steps(c);
    if (status == VIDI_E_CANCELLED) {
        TRY(end_answer(c));
        return cancelled(c);
    }
    TRY(status);
    if (c->taken == c->sampled) {
        const bool length = c->cfg.max_tokens && c->taken >= (uint32_t)c->cfg.max_tokens;
        out->len = detok_next(c->model->tokenizer, &c->detok, -1, c->text, c->text_cap);
        out->text = c->text;
        return finish(c, length ? VIDI_STOP_LENGTH : VIDI_STOP_CONTEXT);
    }
    int32_t token;
    TRY(chat_take(c, &token));
    c->last_token = token;
    if (tokenizer_is_end(c->model->tokenizer, token)) return finish(c, VIDI_STOP_END);
    TRY(submit_steps(c));
    c->stats.answer_tokens++;
    c->stats.answer_ms = clock_ms() - c->answer_start;
    out->token = token;
    out->len = detok_next(c->model->tokenizer, &c->detok, token, c->text, c->text_cap);
    out->text = c->text;
    return VIDI_OK;
}

/* --- marks and statistics --------------------------------------------------------------------- */

vidi_status vidi_chat_mark(vidi_chat *c, int *mark) {
    if (c->n_marks == c->cap_marks) {
        struct mark *bigger = arena_grow(&c->arena, c->marks, &c->cap_marks, sizeof *bigger);
        if (!bigger) return VIDI_E_MEMORY;
        c->marks = bigger;
    }
    atomic_store(&c->cancel, 0);
    TRY(vidi_prefill(c));
    c->marks[c->n_marks] = (struct mark){.position = c->position,
                                         .shown = c->shown,
                                         .numbered = c->numbered,
                                         .lag = c->lag,
                                         .seen_rows = c->seen_rows,
                                         .asked_from = c->asked_from,
                                         .asked_to = c->asked_to,
                                         .started = c->started,
                                         .last_role = c->last_role,
                                         .newest = c->newest};
    *mark = (int)c->n_marks++;
    return VIDI_OK;
}

vidi_status vidi_chat_rewind(vidi_chat *c, int mark) {
    if (mark < 0 || (uint32_t)mark >= c->n_marks)
        return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT, "there is no mark %d", mark);
    atomic_store(&c->cancel, 0);
    TRY(chat_settle(c));
    c->answering = c->said = c->opened = c->in_turn = false;
    c->pending.n = c->read_pending = c->read_rows = c->read_seen = c->n_waiting = c->n_pictures = 0;
    for (int i = 0; i < CHAT_PICTURES; i++) said_picture_free(&c->model->v->ctx, &c->pictures[i]);
    c->position = c->marks[mark].position;
    c->started = c->marks[mark].started;
    c->shown = c->marks[mark].shown;
    c->numbered = c->marks[mark].numbered;
    c->last_role = c->marks[mark].last_role;
    c->newest = c->marks[mark].newest;
    c->seen_rows = c->marks[mark].seen_rows;
    c->asked_from = c->marks[mark].asked_from;
    c->asked_to = c->marks[mark].asked_to;
    c->n_marks = (uint32_t)mark + 1;
    return chat_turn_back(c, c->marks[mark].lag);
}

void vidi_chat_stats(const vidi_chat *c, vidi_stats *out) {
    const vidi_model *m = c->model;
    const struct gpu_counters n = gpu_counters(m->v->gpu);
    *out = c->stats;
    out->context = c->cfg.context;
    out->context_used =
        (int)(c->answering && c->taken ? c->first_position + c->taken - 1 : c->position);
    out->device_bytes = n.device_bytes;
    out->host_peak_bytes = m->v->ctx.heap.peak_bytes;
    out->submissions = n.submissions;
    out->recordings = n.recordings;
    out->longest_submission_ms = n.longest_ms;
    out->allocations = n.buffer_allocations + n.descriptor_updates + m->v->ctx.heap.n_allocs;
}
