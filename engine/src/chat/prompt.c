#include <string.h>

#include "chat/internal.h"

/* A piece of what is said. The form's own words may hold control tokens; what a person said never
 * becomes one. */
static struct text_part words(const char *text) {
    return (struct text_part){text, strlen(text), TOKENIZE_SPECIAL};
}

/* Without the white space in front of it, or behind it. */
static struct text_part trimmed(const char *text, bool front, bool end) {
    uint64_t len = strlen(text);
    text_trim(&text, &len, front, end);
    return (struct text_part){text, len, 0};
}

/* The token that starts a text leaves its beginning one, and so do pictures before it; unless the
 * family's processor writes that token as a word of the text. */
static bool is_start(const vidi_chat *c) {
    const struct tokenizer *t = c->model->tokenizer;
    const struct tokens *said = &c->pending;
    uint32_t before = 0;
    while (c->model->shape.pictures_lead && before < said->n && said->ids[before] < 0) before++;
    const bool bos =
        tokenizer_adds_bos(t) && said->n == before + 1 && said->ids[before] == tokenizer_bos(t);
    return c->position == 0 && (said->n == before || (bos && !c->model->shape.bos_in_text));
}

/* Words that are said one after another are those of the whole text. A picture stands there as a
 * control word, behind which SentencePiece begins a text anew. */
static bool goes_on(const vidi_chat *c) {
    const struct tokens *said = &c->pending;
    const int32_t before = said->n ? said->ids[said->n - 1] : c->newest;
    if (said->n && before < 0)
        return !is_start(c) && !tokenizer_begins_behind_control(c->model->tokenizer);
    return !is_start(c) && !tokenizer_begins_behind(c->model->tokenizer, before);
}

static vidi_status push_parts(vidi_chat *c, struct text_part *parts, uint32_t n) {
    if (goes_on(c)) parts[0].flags |= TOKENIZE_CONTINUE;
    return tokenize_parts(c->model->tokenizer, parts, n, &c->pending);
}

enum { OPEN_PARTS = 3, LEAD_MOST = OPEN_PARTS + 2 };

/* Pictures and the words around each, behind the n words of `lead`, which are one text with the
 * first picture's; what follows the last of them is left in *after. */
static vidi_status push_pictures(vidi_chat *c, const struct text_part *lead, uint32_t n,
                                 const char **after) {
    const uint32_t first = c->n_pictures - c->n_waiting;
    struct text_part between[LEAD_MOST + 1];
    if (n) memcpy(between, lead, n * sizeof *lead);
    *after = "";
    for (uint32_t i = first; i < c->n_pictures; i++) {
        c->pictures[i].beside = i > first;
        if (i > first) between[n++] = words(*after);
        between[n++] = words(c->pictures[i].before);
        uint64_t len = 0;
        for (uint32_t k = 0; k < n; k++) len += between[k].len;
        if (len) TRY(push_parts(c, between, n));
        TRY(tokens_push(&c->pending, ~(int32_t)i));
        *after = c->pictures[i].after;
        n = 0;
    }
    c->n_waiting = 0;
    return VIDI_OK;
}

/* The blank that the family's processor writes between a picture and the words behind it, where the
 * vocabulary puts none there. */
static struct text_part blank_behind(const vidi_chat *c, const char *after, struct text_part text) {
    static const char none_before[] = " \t\n\r\v\f<";
    const bool glued = text.len && !memchr(none_before, text.text[0], sizeof none_before - 1);
    const bool puts = c->model->shape.picture.blank_behind && after[0] && glued &&
                      !tokenizer_begins_behind_control(c->model->tokenizer);
    return words(puts ? " " : "");
}

/* A whole text of the eyes' own vocabulary. */
static vidi_status tokenize_asked(const vidi_model *m, const char *text, struct tokens *out) {
    struct vd_ctx *ctx = &m->v->ctx;
    const int32_t last = tokenizer_last(m->asking);
    const uint32_t most = m->shape.picture.most_words;
    if (tokenizer_adds_bos(m->asking)) TRY(tokens_push(out, tokenizer_bos(m->asking)));
    TRY(tokenize(m->asking, text, strlen(text), 0, out));
    if (out->n + (last >= 0) > most) {
        vd_log(ctx, VD_LOG_WARN, "of %u words asked about the picture its encoder reads %u", out->n,
               most);
        out->n = most - (last >= 0);
    }
    if (last >= 0) TRY(tokens_push(out, last));
    return out->n ? VIDI_OK : vd_fail(ctx, VIDI_E_ARGUMENT, "nothing is asked about the picture");
}

static vidi_status keep_asked(vidi_chat *c, const struct tokens *asked) {
    for (uint32_t i = c->n_pictures - c->n_waiting; i < c->n_pictures; i++) {
        struct said_picture *p = &c->pictures[i];
        p->asked = vd_alloc(&c->model->v->ctx, asked->n * sizeof *p->asked);
        if (!p->asked) return VIDI_E_MEMORY;
        memcpy(p->asked, asked->ids, asked->n * sizeof *p->asked);
        p->n_asked = asked->n;
    }
    return VIDI_OK;
}

/* What is asked about the waiting pictures, for encoders that read it. */
static vidi_status ask_pictures(vidi_chat *c, const char *text) {
    struct arena arena;
    struct tokens asked = {.arena = &arena};
    if (!c->model->asking || !c->n_waiting) return VIDI_OK;
    arena_open(&arena, &c->model->v->ctx);
    vidi_status status = tokenize_asked(c->model, text, &asked);
    if (status == VIDI_OK) status = keep_asked(c, &asked);
    arena_close(&arena);
    return status;
}

/* What opens a turn; gives the number of its parts. */
static uint32_t open_turn(vidi_chat *c, vidi_role role, struct text_part parts[OPEN_PARTS]) {
    const struct chat_form *form = c->model->form;
    const bool picture = role == VIDI_USER && c->n_waiting && form->user_picture;
    parts[0] = words(picture ? form->user_picture : chat_form_open(form, role, c->last_role));
    c->last_role = (int)role;
    if (role != VIDI_SYSTEM || !form->date) return 1;
    const char *date = c->date ? c->date : form->date;
    parts[1] = (struct text_part){date, strlen(date), 0};
    parts[2] = words(form->after_date);
    return OPEN_PARTS;
}

/* What stands before the first turn: the token that starts a text, the form's own words, and what
 * the system says by default. */
static vidi_status begin(vidi_chat *c, vidi_role first_role) {
    const struct chat_form *form = c->model->form;
    const struct tokenizer *t = c->model->tokenizer;
    if (c->started) return VIDI_OK;
    c->started = true;
    c->last_role = -1;
    const char *after;
    if (c->model->shape.pictures_lead) TRY(push_pictures(c, NULL, 0, &after));
    if (tokenizer_adds_bos(t) && tokenizer_bos(t) >= 0)
        TRY(tokens_push(&c->pending, tokenizer_bos(t)));
    if (c->cfg.raw) return VIDI_OK;
    struct text_part before[] = {words(form->before_all)};
    TRY(push_parts(c, before, 1));
    if (first_role == VIDI_SYSTEM || !form->system_default) return VIDI_OK;
    if (form->default_unseen && c->n_waiting) return VIDI_OK;
    struct text_part parts[OPEN_PARTS + 2];
    uint32_t n = open_turn(c, VIDI_SYSTEM, parts);
    parts[n++] = words(form->system_default);
    parts[n++] = words(form->turn_close[VIDI_SYSTEM]);
    return push_parts(c, parts, n);
}

/* What the family's processor writes behind a prompt that has no form, unless it is there. */
static const char *raw_end(const vidi_chat *c, const char *text, bool ends) {
    const char *end = c->model->shape.raw_end;
    const size_t n = strlen(text);
    if (!end || !ends || (n && text[n - 1] == end[0])) return "";
    return end;
}

/* All of a turn, or one part: the first opens it, the last one, which `ends`, closes it. */
static vidi_status say(vidi_chat *c, vidi_role role, const char *text, bool ends) {
    const struct chat_form *form = c->model->form;
    const bool opens = !c->in_turn;
    TRY(ask_pictures(c, text));
    TRY(begin(c, role));
    c->in_turn = !ends;
    if (role == VIDI_ASSISTANT) c->numbered = 0;
    const char *after = "";
    if (c->cfg.raw) {
        TRY(push_pictures(c, NULL, 0, &after));
        struct text_part parts[] = {words(after), blank_behind(c, after, words(text)), words(text),
                                    words(raw_end(c, text, ends))};
        return push_parts(c, parts, 4);
    }
    if (c->model->shape.pictures_first && opens) {
        TRY(push_pictures(c, NULL, 0, &after));
        struct text_part behind[] = {words(after)};
        if (after[0]) TRY(push_parts(c, behind, 1));
    }
    struct text_part parts[OPEN_PARTS + 3];
    const bool front = opens && chat_form_trims_front(form, role, c->last_role);
    const uint32_t n = opens ? open_turn(c, role, parts) : 0;
    parts[n] = words("");
    parts[n + 1] = trimmed(text, front, ends && form->trim[role]);
    parts[n + 2] = words(ends ? form->turn_close[role] : "");
    if (!c->n_waiting) return push_parts(c, parts, n + 3);
    const struct text_part said = parts[n + 1], close = parts[n + 2];
    TRY(push_pictures(c, parts, n, &after));
    struct text_part behind[] = {words(after), blank_behind(c, after, said), said, close};
    return push_parts(c, behind, 4);
}

vidi_status prompt_say(vidi_chat *c, vidi_role role, const char *text) {
    if (c->in_turn && role != VIDI_USER) TRY(say(c, VIDI_USER, "", true));
    return say(c, role, text, true);
}

vidi_status prompt_say_part(vidi_chat *c, const char *text) {
    return say(c, VIDI_USER, text, false);
}

vidi_status prompt_open_answer(vidi_chat *c) {
    c->numbered = 0;
    if (c->cfg.raw) return VIDI_OK;
    c->last_role = VIDI_ASSISTANT;
    struct text_part parts[] = {words(c->model->form->answer_open)};
    return push_parts(c, parts, 1);
}

/* The last token sampled is not in the cache yet; behind it comes what the form wants after an
 * answer, less the end token when the model has said it itself. */
vidi_status prompt_close_answer(vidi_chat *c) {
    TRY(tokens_push(&c->pending, c->last_token));
    if (c->cfg.raw) return VIDI_OK;
    const uint32_t before = c->pending.n;
    struct text_part parts[] = {words(c->model->form->turn_close[VIDI_ASSISTANT])};
    TRY(push_parts(c, parts, 1));
    if (c->pending.n > before && c->pending.ids[before] == c->last_token) {
        memmove(c->pending.ids + before, c->pending.ids + before + 1,
                (c->pending.n - before - 1) * sizeof *c->pending.ids);
        c->pending.n--;
    }
    return VIDI_OK;
}
