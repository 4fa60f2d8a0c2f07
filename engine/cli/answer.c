#define _POSIX_C_SOURCE 200809L
#include "answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "interrupt.h"

vidi_status pictures_read(struct session *s, const struct words *names, enum picture_origin origin,
                          struct pictures *out) {
    *out = (struct pictures){.items = calloc((size_t)names->n + 1, sizeof *out->items)};
    if (!out->items) return VIDI_E_MEMORY;
    for (int i = 0; i < names->n; i++) {
        const vidi_status status = picture_open(s, names->items[i], origin, &out->items[i]);
        if (status != VIDI_OK) return status;
        out->n++;
    }
    return VIDI_OK;
}

vidi_status pictures_move(struct pictures *to, struct pictures *from) {
    const size_t n = (size_t)(to->n + from->n);
    vidi_image *items = realloc(to->items, (n + 1) * sizeof *items);
    if (!items) return VIDI_E_MEMORY;
    if (from->n > 0) memcpy(items + to->n, from->items, (size_t)from->n * sizeof *items);
    *to = (struct pictures){.items = items, .n = (int)n};
    from->n = 0;
    return VIDI_OK;
}

void pictures_free(struct session *s, struct pictures *p) {
    for (int i = 0; i < p->n; i++) vidi_image_free(s->v, &p->items[i]);
    free(p->items);
    *p = (struct pictures){0};
}

static vidi_status say_picture(struct session *s, const vidi_image *image, struct answer *a) {
    const vidi_status status = vidi_say_image(s->c, image);
    if (status != VIDI_OK) return status;
    vidi_stats stats;
    vidi_chat_stats(s->c, &stats);
    int tiles = stats.tiles; /* of all pictures so far */
    for (int i = 0; i < a->n_seen; i++) tiles -= a->seen[i].tiles;
    a->seen[a->n_seen++] = (struct seen_picture){
        .width = image->width,
        .height = image->height,
        .used_width = stats.used_width,
        .used_height = stats.used_height,
        .tiles = tiles,
    };
    return VIDI_OK;
}

const char *picture_marks_wrong(const char *text, int pictures, char words[96]) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, PICTURE_MARK)); at += strlen(PICTURE_MARK)) n++;
    if (n == 0 || n == pictures) return NULL;
    snprintf(words, 96, "the question holds %s %d time%s, but there %s %d picture%s", PICTURE_MARK,
             n, n == 1 ? "" : "s", pictures == 1 ? "is" : "are", pictures,
             pictures == 1 ? "" : "s");
    return words;
}

/* The words up to the next mark. */
static vidi_status say_part(struct session *s, const char *text, size_t len) {
    if (len == 0) return VIDI_OK;
    char *part = strndup(text, len);
    const vidi_status status = part ? vidi_say_part(s->c, part) : VIDI_E_MEMORY;
    free(part);
    return status;
}

vidi_status answer_ask(struct session *s, const struct pictures *pictures, const char *system,
                       const char *text, struct answer *a) {
    a->seen = calloc((size_t)pictures->n + 1, sizeof *a->seen);
    if (!a->seen) return VIDI_E_MEMORY;
    vidi_status status = system ? vidi_say_text(s->c, VIDI_SYSTEM, system) : VIDI_OK;
    for (int i = 0; i < pictures->n && status == VIDI_OK; i++) {
        const char *mark = strstr(text, PICTURE_MARK);
        if (mark) {
            status = say_part(s, text, (size_t)(mark - text));
            text = mark + strlen(PICTURE_MARK);
        }
        if (status == VIDI_OK) status = say_picture(s, &pictures->items[i], a);
    }
    return status == VIDI_OK ? vidi_say_text(s->c, VIDI_USER, text) : status;
}

/* Makes room for `more` behind `used` elements. */
static bool grow(void **items, size_t size, size_t used, size_t more, size_t *cap) {
    if (used + more <= *cap) return true;
    const size_t wanted = (used + more) * 2 + 64;
    void *larger = realloc(*items, wanted * size);
    if (!larger) return false;
    *items = larger;
    *cap = wanted;
    return true;
}

static bool keep_piece(struct answer *a, const vidi_piece *piece) {
    size_t tokens_cap = (size_t)a->tokens_cap;
    void *text = a->text, *tokens = a->tokens;
    const bool room = grow(&text, 1, a->len, piece->len, &a->cap) &&
                      grow(&tokens, sizeof *a->tokens, (size_t)a->n_tokens, 1, &tokens_cap);
    a->text = text;
    a->tokens = tokens;
    a->tokens_cap = (int)tokens_cap;
    if (!room) return false;
    if (piece->len > 0) memcpy(a->text + a->len, piece->text, piece->len);
    a->len += piece->len;
    if (piece->token >= 0) a->tokens[a->n_tokens++] = piece->token;
    return true;
}

static vidi_status take_piece(struct cli *cli, struct answer *a, const vidi_piece *piece) {
    if (a->keep && !keep_piece(a, piece)) return VIDI_E_MEMORY;
    if (!a->stream) return VIDI_OK;
    progress_erase(&cli->progress);
    out_foreign(&cli->out, piece->text, piece->len);
    a->gone = !out_flush(&cli->out);
    return VIDI_OK;
}

vidi_status answer_pull(struct cli *cli, struct session *s, struct answer *a) {
    if (cli->opt.verbose) cli_note(cli, "answering");
    interrupt_cancels(s->c);
    vidi_piece piece;
    vidi_status status = VIDI_OK;
    bool stale =
        true; /* a cancel of the time between two answers may still be waiting to be heard */
    while (status == VIDI_OK && !a->gone && !interrupt_seen()) {
        piece = (vidi_piece){.text = "", .token = -1};
        status = vidi_next(s->c, &piece);
        if (status == VIDI_E_CANCELLED && stale && !interrupt_seen()) {
            stale = false;
            status = VIDI_OK;
            continue;
        }
        /* The end may come with the rest of a character that was cut. */
        if (status == VIDI_OK || status == VIDI_END)
            status = take_piece(cli, a, &piece) == VIDI_OK ? status : VIDI_E_MEMORY;
    }
    a->cancelled = interrupt_seen() && (status == VIDI_OK || status == VIDI_E_CANCELLED);
    interrupt_resumes();
    progress_erase(&cli->progress);
    vidi_chat_stats(s->c, &a->stats);
    a->n_boxes = vidi_boxes(s->m, a->text, a->len, a->stats.used_width, a->stats.used_height,
                            a->boxes, ANSWER_BOXES);
    return status == VIDI_END || a->cancelled || a->gone ? VIDI_OK : status;
}

void answer_free(struct answer *a) {
    free(a->text);
    free(a->tokens);
    free(a->seen);
    *a = (struct answer){0};
}

static json_t *seen_json(const struct answer *a) {
    if (a->n_seen == 0) return json_null();
    json_t *list = json_array();
    for (int i = 0; i < a->n_seen; i++) {
        const struct seen_picture *p = &a->seen[i];
        json_array_append_new(list, json_pack("{s:i,s:i,s:i,s:i,s:i}", "width", p->width, "height",
                                              p->height, "used_width", p->used_width, "used_height",
                                              p->used_height, "tiles", p->tiles));
    }
    return list;
}

/* In pixels of the picture as it was given. */
static json_t *boxes_json(const struct answer *a) {
    json_t *list = json_array();
    const double w = a->stats.image_width, h = a->stats.image_height;
    for (int i = 0; i < a->n_boxes; i++) {
        const vidi_box *b = &a->boxes[i];
        json_array_append_new(
            list,
            json_pack("{s:o,s:[I,I,I,I]}", "label", document_string(b->label, strlen(b->label)),
                      "box", (json_int_t)lround(b->x0 * w), (json_int_t)lround(b->y0 * h),
                      (json_int_t)lround(b->x1 * w), (json_int_t)lround(b->y1 * h)));
    }
    return list;
}

static const char *stop_name(const struct answer *a) {
    static const char *const names[] = {
        [VIDI_STOP_NONE] = "none",
        [VIDI_STOP_END] = "end",
        [VIDI_STOP_LENGTH] = "length",
        [VIDI_STOP_CONTEXT] = "context",
    };
    return a->cancelled ? "cancelled" : names[a->stats.stop];
}

json_t *answer_json(const struct answer *a, const char *device) {
    json_t *tokens = json_array();
    for (int i = 0; i < a->n_tokens; i++) json_array_append_new(tokens, json_integer(a->tokens[i]));
    const vidi_stats *st = &a->stats;
    return json_pack("{s:o,s:o,s:i,s:i,s:o,s:o,s:s,s:{s:o,s:o,s:o,s:o},s:o}", "text",
                     document_string(a->text, a->len), "tokens", tokens, "prompt_tokens",
                     st->prompt_tokens, "image_tokens", st->image_tokens, "image", seen_json(a),
                     "boxes", boxes_json(a), "stop_reason", stop_name(a), "ms", "load",
                     document_ms(st->load_ms), "image", document_ms(st->image_ms), "prompt",
                     document_ms(st->prompt_ms), "answer", document_ms(st->answer_ms), "device",
                     document_string(device, strlen(device)));
}

void answer_note_cut(struct cli *cli, const struct answer *a) {
    const vidi_stats *st = &a->stats;
    if (a->cancelled || a->gone) return;
    if (st->stop == VIDI_STOP_LENGTH)
        cli_note(cli, "the answer was cut at %d tokens, as -n says", st->answer_tokens);
    if (st->stop == VIDI_STOP_CONTEXT)
        cli_note(cli, "the answer was cut: the context of %d tokens is full (-c)", st->context);
}

static double rate(int tokens, double ms) { return ms > 0 ? tokens * 1e3 / ms : 0; }

void answer_note(struct cli *cli, const struct answer *a) {
    const vidi_stats *st = &a->stats;
    cli_note(cli,
             "loaded in %.0f ms; picture %.0f ms; prompt %d tokens, %.0f/s; answer %d tokens, "
             "%.1f/s; stopped by %s",
             st->load_ms, st->image_ms, st->prompt_tokens, rate(st->prompt_tokens, st->prompt_ms),
             st->answer_tokens, rate(st->answer_tokens, st->answer_ms), stop_name(a));
}
