#include "transcript.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keep.h"

static void free_entry(struct entry *e) {
    char *texts[] = {e->question, e->answer, e->picture, e->name, e->stats, e->brief, e->error};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
}

static void remove_at(struct transcript *t, size_t i) {
    free_entry(&t->items[i]);
    memmove(t->items + i, t->items + i + 1, (t->n - i - 1) * sizeof *t->items);
    t->n--;
}

struct entry *transcript_add(struct transcript *t, uint64_t id, const char *question) {
    if (t->n == TRANSCRIPT_MOST) remove_at(t, 0);
    if (t->n == t->cap) {
        const size_t cap = t->cap ? t->cap * 2 : 32;
        struct entry *more = realloc(t->items, cap * sizeof *more);
        if (!more) return NULL;
        t->items = more;
        t->cap = cap;
    }
    struct entry e = {
        .id = id, .when = time(NULL), .question = strdup(question), .answer = strdup("")};
    if (!e.question || !e.answer) {
        free_entry(&e);
        return NULL;
    }
    t->items[t->n] = e;
    return &t->items[t->n++];
}

struct entry *transcript_find(struct transcript *t, uint64_t id) {
    for (size_t i = t->n; i-- > 0;)
        if (t->items[i].id == id) return &t->items[i];
    return NULL;
}

bool entry_append(struct entry *e, const char *text) {
    const size_t had = strlen(e->answer), more = strlen(text);
    char *both = realloc(e->answer, had + more + 1);
    if (!both) return false;
    memcpy(both + had, text, more + 1);
    e->answer = both;
    e->version++;
    return true;
}

bool entry_set(struct entry *e, char **field, const char *text) {
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy) return false;
    free(*field);
    *field = copy;
    e->version++;
    return true;
}

void transcript_remove(struct transcript *t, uint64_t id) {
    const struct entry *e = transcript_find(t, id);
    if (e) remove_at(t, (size_t)(e - t->items));
}

void transcript_clear(struct transcript *t) {
    for (size_t i = 0; i < t->n; i++) free_entry(&t->items[i]);
    free(t->items);
    *t = (struct transcript){0};
}

/* --- export ----------------------------------------------------------------------------------- */

static const char *const state_names[] = {"waiting", "running", "done", "stopped", "failed"};

static void stamp(time_t when, char out[32]) {
    struct tm local;
    localtime_r(&when, &local);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S", &local);
}

/* Lines of a quotation, so that a question of several lines stays one. */
static void quote(FILE *f, const char *text) {
    for (const char *line = text; *line;) {
        const size_t len = strcspn(line, "\n");
        fprintf(f, "> %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

static void write_entry(FILE *f, const struct entry *e) {
    char when[32];
    stamp(e->when, when);
    fprintf(f, "\n## %s%s\n\n", when, e->live ? " (live)" : "");
    if (e->name) fprintf(f, "Picture: %s (%s)\n\n", e->name, e->picture ? e->picture : "");
    quote(f, e->question);
    fprintf(f, "\n%s\n", e->answer);
    if (e->state == ENTRY_STOPPED) fputs("\n*(stopped)*\n", f);
    if (e->error) fprintf(f, "\n*Failed: %s*\n", e->error);
    if (e->stats) fprintf(f, "\n`%s`\n", e->stats);
}

static bool markdown(FILE *f, const void *user) {
    const struct transcript *t = user;
    fputs("# vidi\n", f);
    for (size_t i = 0; i < t->n; i++) write_entry(f, &t->items[i]);
    return !ferror(f);
}

static json_t *text_or_null(const char *text) {
    json_t *s = text ? json_string(text) : NULL;
    return s ? s : json_null();
}

static bool jsonl(FILE *f, const void *user) {
    const struct transcript *t = user;
    for (size_t i = 0; i < t->n; i++) {
        const struct entry *e = &t->items[i];
        char when[32];
        stamp(e->when, when);
        json_t *o = json_pack("{s:s,s:I,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "when", when, "id",
                              (json_int_t)e->id, "state", state_names[e->state], "live", e->live,
                              "question", text_or_null(e->question), "answer",
                              text_or_null(e->answer), "picture", text_or_null(e->name), "facts",
                              text_or_null(e->picture), "stats", text_or_null(e->stats), "error",
                              text_or_null(e->error), "frame", (json_int_t)e->frame);
        const bool good = o && json_dumpf(o, f, JSON_COMPACT) == 0 && fputc('\n', f) != EOF;
        json_decref(o);
        if (!good) return false;
    }
    return true;
}

bool transcript_write_markdown(const struct transcript *t, const char *path) {
    return keep_file(path, markdown, t);
}

bool transcript_write_jsonl(const struct transcript *t, const char *path) {
    return keep_file(path, jsonl, t);
}
