#include "text/tokenizer.h"

#include <string.h>

#include "base/checked.h"
#include "text/utf8.h"
#include "text/vocab.h"

enum { TEXT_BYTES = 1 << 29 };

vidi_status tokens_push(struct tokens *t, int32_t id) {
    if (t->n == t->cap) {
        int32_t *ids = arena_grow(t->arena, t->ids, &t->cap, sizeof *ids);
        if (!ids) return VIDI_E_MEMORY;
        t->ids = ids;
    }
    t->ids[t->n++] = id;
    return VIDI_OK;
}

vidi_status tokenizer_open(struct vd_ctx *ctx, const struct gguf *g, struct tokenizer **out) {
    *out = NULL;
    struct tokenizer *t = vd_alloc(ctx, sizeof *t);
    if (!t) return VIDI_E_MEMORY;
    t->ctx = ctx;
    t->file = g;
    arena_open(&t->arena, ctx);
    const vidi_status status = vocab_read(t);
    if (status != VIDI_OK) {
        tokenizer_close(t);
        return status;
    }
    *out = t;
    return VIDI_OK;
}

void tokenizer_close(struct tokenizer *t) {
    if (!t) return;
    pretokenizer_close(&t->pre);
    arena_close(&t->arena);
    vd_free(t->ctx, t);
}

static bool has(const struct tokenizer *t, int32_t id) { return id >= 0 && (uint32_t)id < t->n; }

uint32_t tokenizer_size(const struct tokenizer *t) { return t->n; }
uint32_t tokenizer_longest(const struct tokenizer *t) { return t->longest; }
int32_t tokenizer_bos(const struct tokenizer *t) { return t->bos; }
bool tokenizer_adds_bos(const struct tokenizer *t) { return t->adds_bos; }
int32_t tokenizer_last(const struct tokenizer *t) { return t->adds_eos ? t->eos : -1; }
bool tokenizer_is_end(const struct tokenizer *t, int32_t id) { return has(t, id) && t->ends[id]; }

bool tokenizer_is_control(const struct tokenizer *t, int32_t id) {
    return has(t, id) && t->types[id] == WORD_CONTROL;
}

bool tokenizer_begins_behind(const struct tokenizer *t, int32_t id) {
    const bool special = tokenizer_is_control(t, id) || (has(t, id) && t->types[id] == WORD_USER);
    return special && tokenizer_begins_behind_control(t);
}

bool tokenizer_begins_behind_control(const struct tokenizer *t) {
    return t->space_prefix && !t->prefix_once;
}

int32_t tokenizer_find(const struct tokenizer *t, const char *word) {
    const size_t len = strlen(word);
    uint32_t id;
    if (len == 0 || len > VOCAB_WORD_BYTES) return -1;
    return map_get(&t->words, word, (uint32_t)len, &id) ? (int32_t)id : -1;
}

struct str tokenizer_word(const struct tokenizer *t, int32_t id) {
    return has(t, id) ? gguf_str_at(t->tokens, (uint64_t)id) : (struct str){"", 0};
}

uint32_t token_bytes(const struct tokenizer *t, int32_t id, char *out, uint32_t cap) {
    if (!has(t, id)) return 0;
    const uint32_t len = t->starts[id + 1] - t->starts[id], n = len < cap ? len : cap;
    if (n > 0) memcpy(out, t->bytes + t->starts[id], n);
    return len;
}

/* One call of tokenize. */
struct work {
    const struct tokenizer *tokenizer;
    struct arena arena;
    struct merger merger;
    struct splitter splitter;
    const char *text; /* the parts in a row */
    uint32_t len;
    bool prefix; /* the next run of plain text gets a blank in front */
    struct tokens *out;
};

static vidi_status join(struct work *w, const struct text_part *parts, uint32_t n) {
    uint64_t len = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!add_ok(&len, len, parts[i].len) || len > TEXT_BYTES)
            return vd_fail(w->arena.ctx, VIDI_E_ARGUMENT,
                           "a text of more than %d bytes cannot be tokenized", TEXT_BYTES);
    w->len = (uint32_t)len;
    w->text = n > 0 ? parts[0].text : "";
    if (n < 2) return VIDI_OK;
    char *text = arena_new(&w->arena, char, len + 1);
    if (!text) return VIDI_E_MEMORY;
    w->text = text;
    for (uint32_t i = 0; i < n; text += parts[i++].len)
        if (parts[i].len > 0) memcpy(text, parts[i].text, parts[i].len);
    return VIDI_OK;
}

/* Bytes of white space from `at` on. */
static uint32_t white_space(const struct work *w, uint32_t at) {
    uint32_t end = at;
    while (end < w->len) {
        const uint32_t len = utf8_length(w->text + end, w->len - end);
        if (!len || !utf8_is_space(utf8_decode(w->text + end, len))) break;
        end += len;
    }
    return end - at;
}

static vidi_status encode_run(struct work *w, uint32_t start, uint32_t end) {
    if (start == end) return VIDI_OK;
    const char *text = w->text + start;
    const bool prefix = w->prefix;
    w->prefix = false;
    if (w->tokenizer->kind == VOCAB_WORDPIECE)
        return wordpiece_encode(w->tokenizer, text, end - start, w->out);
    if (w->tokenizer->kind == VOCAB_UNIGRAM)
        return unigram_encode(&w->arena, w->tokenizer, text, end - start, prefix, w->out);
    if (w->tokenizer->kind == VOCAB_SPM)
        return spm_encode(&w->merger, text, end - start, prefix, w->out);
    return bpe_encode(&w->merger, &w->splitter, text, end - start, w->out);
}

static vidi_status encode_parts(struct work *w, const struct text_part *parts) {
    const struct tokenizer *t = w->tokenizer;
    struct special_search search = {
        .words = &t->specials, .arena = &w->arena, .text = w->text, .len = w->len, .parts = parts};
    uint32_t run = 0, at = 0;
    while (at < w->len) {
        int32_t id;
        uint32_t len;
        TRY(specials_at(&search, at, &id, &len));
        if (len == 0) {
            at++;
            continue;
        }
        TRY(encode_run(w, run, at));
        TRY(tokens_push(w->out, id));
        w->prefix = t->space_prefix && !t->prefix_once;
        at += len;
        if (t->eats && t->eats[id]) at += white_space(w, at);
        run = at;
    }
    return encode_run(w, run, at);
}

static vidi_status run_work(struct work *w, const struct text_part *parts, uint32_t n) {
    TRY(join(w, parts, n));
    if (w->len == 0) return VIDI_OK;
    if (w->tokenizer->kind == VOCAB_BPE)
        TRY(splitter_open(&w->splitter, &w->tokenizer->pre, &w->arena));
    w->prefix = w->tokenizer->space_prefix && !(parts[0].flags & TOKENIZE_CONTINUE);
    return encode_parts(w, parts);
}

vidi_status tokenize_parts(const struct tokenizer *t, const struct text_part *parts, uint32_t n,
                           struct tokens *out) {
    struct work w = {.tokenizer = t, .out = out};
    arena_open(&w.arena, out->arena->ctx);
    w.merger = (struct merger){.arena = &w.arena, .tokenizer = t};
    const vidi_status status = run_work(&w, parts, n);
    splitter_close(&w.splitter);
    arena_close(&w.arena);
    return status;
}

vidi_status tokenize(const struct tokenizer *t, const char *text, uint64_t len, int flags,
                     struct tokens *out) {
    return tokenize_parts(t, &(struct text_part){text, len, flags}, 1, out);
}
