#define _POSIX_C_SOURCE 200809L
#include "edit.h"

#include <pango/pango.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/intake.h"

struct ui_edit *ui_edit_open(void) {
    struct ui_edit *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->cap = 256;
    e->goal = -1;
    e->text = calloc(1, (size_t)e->cap);
    if (e->text) return e;
    free(e);
    return NULL;
}

static void forget(struct edit_state *states, int *n) {
    while (*n > 0) free(states[--*n].text);
}

void ui_edit_close(struct ui_edit *e) {
    if (!e) return;
    forget(e->undo, &e->n_undo);
    forget(e->redo, &e->n_redo);
    free(e->text);
    free(e);
}

const char *ui_edit_text(const struct ui_edit *e) { return e->text; }

/* ---- changes --------------------------------------------------------------------------------- */

static void push(struct edit_state *states, int *n, const struct ui_edit *e) {
    char *copy = strdup(e->text);
    if (!copy) return;
    if (*n == EDIT_UNDO) {
        free(states[0].text);
        memmove(states, states + 1, (EDIT_UNDO - 1) * sizeof *states);
        --*n;
    }
    states[(*n)++] = (struct edit_state){copy, e->cursor};
}

static void remember(struct ui_edit *e) {
    push(e->undo, &e->n_undo, e);
    forget(e->redo, &e->n_redo);
}

static bool make_room(struct ui_edit *e, int bytes) {
    int cap = e->cap;
    while (cap < bytes) cap *= 2;
    if (cap == e->cap) return true;
    char *more = realloc(e->text, (size_t)cap);
    if (!more) return false;
    e->text = more;
    e->cap = cap;
    return true;
}

/* What was joined may be one grapheme now: the next place that is one. */
static int settle(const struct ui_edit *e, int at) {
    const int next = edit_step(e, at, EDIT_GRAPHEME, true);
    return at == 0 || edit_step(e, next, EDIT_GRAPHEME, false) == at ? at : next;
}

static void replace(struct ui_edit *e, int from, int to, const char *text, int n) {
    if (!make_room(e, e->len - (to - from) + n + 1)) return;
    memmove(e->text + from + n, e->text + to, (size_t)(e->len - to + 1));
    memcpy(e->text + from, text, (size_t)n);
    e->len += n - (to - from);
    e->cursor = e->anchor = from + n < e->len ? settle(e, from + n) : e->len;
    e->goal = -1;
}

static int low(const struct ui_edit *e) { return e->cursor < e->anchor ? e->cursor : e->anchor; }
static int high(const struct ui_edit *e) { return e->cursor < e->anchor ? e->anchor : e->cursor; }

static int room_in(const struct ui_edit *e) { return EDIT_MOST - (e->len - (high(e) - low(e))); }

/* Sound UTF-8 without control characters but '\n', which CR becomes, and '\t'; from malloc(). */
static char *clean(const char *text, int most, int *len) {
    char *valid = g_utf8_make_valid(text, -1);
    char *out = malloc(strlen(valid) + 1);
    int n = 0;
    for (const char *at = valid; out && *at; at = g_utf8_next_char(at)) {
        const int bytes = (int)(g_utf8_next_char(at) - at);
        const unsigned char c = (unsigned char)*at;
        const bool end = c == '\r' && at[1] != '\n', c1 = c == 0xc2 && (unsigned char)at[1] < 0xa0;
        if (!end && ((c < 32 && c != '\n' && c != '\t') || c == 127 || c1)) continue;
        if (n + bytes > most) break;
        memcpy(out + n, end ? "\n" : at, (size_t)bytes);
        n += bytes;
    }
    g_free(valid);
    if (out) out[n] = '\0';
    *len = n;
    return out;
}

static void put(struct ui_edit *e, const char *text, bool typed) {
    int n;
    char *sound = clean(text, room_in(e), &n);
    if (sound && (n > 0 || high(e) > low(e))) {
        if (!typed || !e->typing || high(e) > low(e)) remember(e);
        replace(e, low(e), high(e), sound, n);
        e->typing = typed && sound[0] != ' ' && sound[0] != '\n';
    }
    free(sound);
}

void ui_edit_insert(struct ui_edit *e, const char *text) { put(e, text, false); }

const char *ui_edit_paste(struct ui_edit *e, const char *text, size_t len, char words[160]) {
    char fault[96];
    snprintf(words, 160, "There is no memory for the text.");
    char *copy = malloc(len + 1);
    if (!copy) return words;
    memcpy(copy, text, len);
    copy[len] = '\0';
    const bool bad = intake_fault(copy, len, fault) != NULL;
    const size_t left = bad ? 0 : intake_text(copy, len);
    const bool fits = left <= (size_t)room_in(e);
    if (bad)
        snprintf(words, 160, "This is no text: %s.", fault);
    else if (!fits)
        snprintf(words, 160, "The text has %zu bytes, and there is room for %d.", left, room_in(e));
    else
        ui_edit_insert(e, copy);
    free(copy);
    return bad || !fits ? words : NULL;
}

void edit_type(struct ui_edit *e, const char *text) { put(e, text, true); }

void ui_edit_set(struct ui_edit *e, const char *text) {
    e->anchor = 0;
    e->cursor = e->len;
    put(e, text, false);
}

void edit_delete(struct ui_edit *e, enum edit_by by, bool on) {
    int from = low(e), to = high(e);
    if (from == to) {
        const int other = edit_step(e, e->cursor, by, on);
        from = on ? e->cursor : other;
        to = on ? other : e->cursor;
    }
    if (from == to) return;
    remember(e);
    e->typing = false;
    replace(e, from, to, "", 0);
}

static bool restore(struct ui_edit *e, struct edit_state *from, int *n_from, struct edit_state *to,
                    int *n_to) {
    if (*n_from == 0) return false;
    push(to, n_to, e);
    const struct edit_state s = from[--*n_from];
    const int n = (int)strlen(s.text);
    replace(e, 0, e->len, s.text, n);
    e->cursor = e->anchor = s.cursor <= n ? s.cursor : n;
    e->typing = false;
    free(s.text);
    return true;
}

bool edit_undo(struct ui_edit *e) { return restore(e, e->undo, &e->n_undo, e->redo, &e->n_redo); }
bool edit_redo(struct ui_edit *e) { return restore(e, e->redo, &e->n_redo, e->undo, &e->n_undo); }

/* ---- places ---------------------------------------------------------------------------------- */

static bool is_place(const PangoLogAttr *a, enum edit_by by, bool on) {
    if (!a->is_cursor_position) return false; /* words end within graphemes, too */
    return by != EDIT_WORD || (on ? a->is_word_end : a->is_word_start);
}

static int step_line(const struct ui_edit *e, int from, bool on) {
    while (on ? from < e->len && e->text[from] != '\n' : from > 0 && e->text[from - 1] != '\n')
        from += on ? 1 : -1;
    return from;
}

int edit_step(const struct ui_edit *e, int from, enum edit_by by, bool on) {
    if (by == EDIT_ALL) return on ? e->len : 0;
    if (by == EDIT_LINE) return step_line(e, from, on);
    const int chars = (int)g_utf8_strlen(e->text, e->len);
    PangoLogAttr *attrs = calloc((size_t)chars + 1, sizeof *attrs);
    if (!attrs) return from;
    pango_get_log_attrs(e->text, e->len, -1, pango_language_get_default(), attrs, chars + 1);
    int at = (int)g_utf8_pointer_to_offset(e->text, e->text + from);
    do at += on ? 1 : -1;
    while (at > 0 && at < chars && !is_place(&attrs[at], by, on));
    free(attrs);
    if (at < 0) at = 0;
    if (at > chars) at = chars;
    return (int)(g_utf8_offset_to_pointer(e->text, at) - e->text);
}

void edit_go(struct ui_edit *e, int to, bool select) {
    e->cursor = to;
    if (!select) e->anchor = to;
    e->typing = false;
}

void edit_select_word(struct ui_edit *e, int at) {
    const int end = edit_step(e, at, EDIT_WORD, true);
    e->anchor = edit_step(e, end, EDIT_WORD, false);
    e->cursor = end;
    if (e->anchor > at) e->anchor = at;
}

char *edit_selected(const struct ui_edit *e) {
    return high(e) > low(e) ? strndup(e->text + low(e), (size_t)(high(e) - low(e))) : NULL;
}
