#include <math.h>
#include <string.h>

#include "text/utf8.h"
#include "text/vocab.h"

static const char space_mark[] = "\xE2\x96\x81"; /* U+2581 stands for a blank */
enum { SPACE_MARK_BYTES = 3 };

/* Maps scores to numbers that grow as scores fall. */
static uint32_t rank_of(float score) {
    uint32_t bits;
    score += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &score, sizeof bits);
    const uint32_t growing = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return ~growing;
}

vidi_status spm_open(struct tokenizer *t) {
    const struct gguf_value *scores;
    TRY(gguf_array(t->file, "tokenizer.ggml.scores", GGUF_F32, &scores));
    if (scores->n != t->n)
        return vd_fail(t->ctx, VIDI_E_FORMAT,
                       "%s: tokenizer.ggml.scores has %llu entries, tokenizer.ggml.tokens %u",
                       t->file->path, (unsigned long long)scores->n, t->n);
    t->ranks = arena_new(&t->arena, uint32_t, t->n);
    if (!t->ranks) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < t->n; i++) {
        const float score = (float)gguf_float_at(scores, i);
        if (!isfinite(score))
            return vd_fail(t->ctx, VIDI_E_FORMAT,
                           "%s: tokenizer.ggml.scores[%u] is not a finite number", t->file->path,
                           i);
        t->ranks[i] = rank_of(score);
    }
    return VIDI_OK;
}

/* Only normal words take part: what looks like a control word in the text is text. */
static int32_t find_normal(const struct tokenizer *t, const char *text, uint32_t len) {
    uint32_t id;
    if (len > VOCAB_WORD_BYTES || !map_get(&t->words, text, len, &id)) return -1;
    return t->types[id] == WORD_NORMAL ? (int32_t)id : -1;
}

static bool may_merge(const struct merger *m, const struct symbol *left, const struct symbol *right,
                      uint32_t *rank, int32_t *id) {
    const uint32_t len = left->len + right->len;
    if (len > m->tokenizer->longest_word) return false;
    *id = find_normal(m->tokenizer, m->text + left->start, len);
    if (*id < 0) return false;
    *rank = m->tokenizer->ranks[*id];
    return true;
}

/* A character that is no word: its bytes, or else the unknown word, once a run. */
static vidi_status push_bytes(const struct merger *m, const struct symbol *s, bool *was_unknown,
                              struct tokens *out) {
    const struct tokenizer *t = m->tokenizer;
    bool all = true;
    for (uint32_t i = 0; i < s->len; i++)
        all = all && t->byte_ids[(unsigned char)m->text[s->start + i]] >= 0;
    if (!all && t->unknown >= 0 && !*was_unknown) TRY(tokens_push(out, t->unknown));
    *was_unknown = !all;
    for (uint32_t i = 0; all && i < s->len; i++)
        TRY(tokens_push(out, t->byte_ids[(unsigned char)m->text[s->start + i]]));
    return VIDI_OK;
}

static uint32_t put_mark(char *out) {
    memcpy(out, space_mark, SPACE_MARK_BYTES);
    return SPACE_MARK_BYTES;
}

/* Blanks become marks, and one more stands before the text when `prefix`. NULL: no memory. */
static char *mark_spaces(struct arena *a, const char *text, uint32_t len, bool prefix,
                         uint32_t *out_len) {
    uint64_t n_marks = prefix;
    for (uint32_t i = 0; i < len; i++) n_marks += text[i] == ' ';
    char *out = arena_new(a, char, len + SPACE_MARK_BYTES * n_marks);
    if (!out) return NULL;
    uint32_t n = prefix ? put_mark(out) : 0;
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == ' ')
            n += put_mark(out + n);
        else
            out[n++] = text[i];
    }
    *out_len = n;
    return out;
}

static bool starts_blank(const char *text, uint32_t len) {
    return text[0] == ' ' ||
           (len >= SPACE_MARK_BYTES && memcmp(text, space_mark, SPACE_MARK_BYTES) == 0);
}

vidi_status spm_encode(struct merger *m, const char *text, uint32_t len, bool prefix,
                       struct tokens *out) {
    uint32_t n;
    if (len == 0) return VIDI_OK;
    if (m->tokenizer->prefix_lone && starts_blank(text, len)) prefix = false;
    m->text = mark_spaces(m->arena, text, len, prefix, &n);
    if (!m->text) return VIDI_E_MEMORY;
    m->n = 0;
    for (uint32_t i = 0; i < n;) {
        const uint32_t valid = utf8_length(m->text + i, n - i);
        const uint32_t step = valid > 0 ? valid : 1;
        TRY(merge_add(m, i, step, find_normal(m->tokenizer, m->text + i, step)));
        i += step;
    }
    TRY(merge_all(m, may_merge));
    bool was_unknown = false;
    for (int32_t i = 0; i >= 0; i = m->symbols[i].next) {
        const struct symbol *s = &m->symbols[i];
        if (s->id < 0) TRY(push_bytes(m, s, &was_unknown, out));
        if (s->id < 0) continue;
        was_unknown = false;
        TRY(tokens_push(out, s->id));
    }
    return VIDI_OK;
}
