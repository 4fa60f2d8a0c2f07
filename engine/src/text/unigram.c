/* unigram.c - SentencePiece's unigram model (arXiv 1804.10959): of all ways to write a piece of
 * text as words, the one whose scores sum to most. */
#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "text/utf8.h"
#include "text/vocab.h"

static const char mark[] = "\xE2\x96\x81"; /* U+2581 stands for a blank */
enum { MARK_BYTES = 3 };
static const double unknown_penalty = 10;

vidi_status unigram_open(struct tokenizer *t) {
    const struct gguf_value *scores,
        *map = gguf_find(t->file, "tokenizer.ggml.precompiled_charsmap");
    TRY(gguf_array(t->file, "tokenizer.ggml.scores", GGUF_F32, &scores));
    if (scores->n != t->n)
        return vd_fail(t->ctx, VIDI_E_FORMAT,
                       "%s: tokenizer.ggml.scores has %llu entries, tokenizer.ggml.tokens %u",
                       t->file->path, (unsigned long long)scores->n, t->n);
    t->scores = arena_new(&t->arena, float, t->n);
    if (!t->scores) return VIDI_E_MEMORY;
    double least = INFINITY;
    for (uint32_t i = 0; i < t->n; i++) {
        t->scores[i] = (float)gguf_float_at(scores, i);
        if (!isfinite(t->scores[i]))
            return vd_fail(t->ctx, VIDI_E_FORMAT,
                           "%s: tokenizer.ggml.scores[%u] is not a finite number", t->file->path,
                           i);
        if (t->scores[i] < least && t->types[i] != WORD_UNUSED) least = t->scores[i];
    }
    t->unknown_score = least - unknown_penalty;
    if (!map) return VIDI_OK;
    struct str bytes;
    TRY(gguf_str(t->file, "tokenizer.ggml.precompiled_charsmap", &bytes));
    return charsmap_open(t->ctx, t->file->path, &t->arena, bytes, &t->charsmap);
}

/* The best way to write a piece up to each of its bytes. */
struct end {
    double score;
    uint32_t from; /* of the word that ends here; UINT32_MAX: none does */
    int32_t id;    /* -1: unknown */
};

struct paths {
    const struct tokenizer *t;
    struct arena *arena;
    struct end *ends;
    uint32_t cap;
    int32_t *ids; /* of the best path, last word first */
    uint32_t *froms, n_ids, cap_ids, cap_froms;
};

static void offer(struct end *to, double score, uint32_t from, int32_t id) {
    if (to->from == UINT32_MAX || score > to->score) *to = (struct end){score, from, id};
}

/* Whether the word may stand for text; the reference reads those of bytes as text, too. */
static bool is_text(const struct tokenizer *t, uint32_t id) {
    return t->types[id] == WORD_NORMAL || t->types[id] == WORD_BYTE;
}

/* All words that start at `at`. */
static void try_words(struct paths *p, const char *text, uint32_t len, uint32_t at) {
    const struct tokenizer *t = p->t;
    const uint32_t valid = utf8_length(text + at, len - at), first = valid ? valid : 1;
    const double here = p->ends[at].score;
    bool single = false;
    for (uint32_t n = first; n <= t->longest_word && n <= len - at;) {
        uint32_t id;
        if (map_get(&t->words, text + at, n, &id) && is_text(t, id)) {
            offer(&p->ends[at + n], here + t->scores[id], at, (int32_t)id);
            single = single || n == first;
        }
        const uint32_t more = n < len - at ? utf8_length(text + at + n, len - at - n) : 0;
        n += more ? more : 1;
    }
    if (!single) offer(&p->ends[at + first], here + t->unknown_score, at, -1);
}

/* Bytes that are no word: as bytes, or else the unknown word, once a run. */
static vidi_status push_unknown(const struct tokenizer *t, const char *text, uint32_t len,
                                bool *was, struct tokens *out) {
    bool all = true;
    for (uint32_t i = 0; i < len; i++) all = all && t->byte_ids[(unsigned char)text[i]] >= 0;
    if (!all && !*was && t->unknown >= 0) TRY(tokens_push(out, t->unknown));
    *was = !all;
    for (uint32_t i = 0; all && i < len; i++)
        TRY(tokens_push(out, t->byte_ids[(unsigned char)text[i]]));
    return VIDI_OK;
}

static vidi_status note(struct paths *p, int32_t id, uint32_t from) {
    if (p->n_ids == p->cap_ids) {
        int32_t *ids = arena_grow(p->arena, p->ids, &p->cap_ids, sizeof *ids);
        uint32_t *froms = arena_grow(p->arena, p->froms, &p->cap_froms, sizeof *froms);
        if (!ids || !froms) return VIDI_E_MEMORY;
        p->ids = ids;
        p->froms = froms;
    }
    p->ids[p->n_ids] = id;
    p->froms[p->n_ids++] = from;
    return VIDI_OK;
}

static vidi_status encode_piece(struct paths *p, const char *text, uint32_t len,
                                struct tokens *out) {
    while (p->cap < len + 1) {
        struct end *bigger = arena_grow(p->arena, p->ends, &p->cap, sizeof *bigger);
        if (!bigger) return VIDI_E_MEMORY;
        p->ends = bigger;
    }
    for (uint32_t i = 0; i <= len; i++) p->ends[i] = (struct end){0, UINT32_MAX, -1};
    for (uint32_t at = 0; at < len;) {
        const uint32_t valid = utf8_length(text + at, len - at);
        try_words(p, text, len, at);
        at += valid ? valid : 1;
    }
    p->n_ids = 0;
    for (uint32_t at = len; at > 0; at = p->ends[at].from)
        TRY(note(p, p->ends[at].id, p->ends[at].from));
    bool unknown = false;
    for (uint32_t i = p->n_ids; i-- > 0;) {
        const uint32_t from = p->froms[i], end = i ? p->froms[i - 1] : len;
        if (p->ids[i] < 0) TRY(push_unknown(p->t, text + from, end - from, &unknown, out));
        if (p->ids[i] < 0) continue;
        unknown = false;
        TRY(tokens_push(out, p->ids[i]));
    }
    return VIDI_OK;
}

/* Blanks as Unicode has them. */
static bool is_blank(uint32_t code) {
    if (code >= 0x09 && code <= 0x0D) return true;
    if (code == 0x85) return true;
    const utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)code);
    return c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

static uint32_t put_mark(char *to) {
    memcpy(to, mark, MARK_BYTES);
    return MARK_BYTES;
}

static bool is_marked(const char *text, uint32_t len) {
    return len >= MARK_BYTES && memcmp(text, mark, MARK_BYTES) == 0;
}

/* Words between blanks, each with a mark in front; blanks are gone. */
static vidi_status encode_words(struct paths *p, const char *text, uint32_t len, bool prefix,
                                struct tokens *out) {
    char *word = arena_new(p->arena, char, (uint64_t)len + MARK_BYTES);
    if (!word) return VIDI_E_MEMORY;
    uint32_t n = MARK_BYTES;
    put_mark(word);
    for (uint32_t at = 0; at <= len;) {
        const uint32_t valid = at < len ? utf8_length(text + at, len - at) : 0;
        const bool space =
            at < len && (text[at] == ' ' ||
                         (p->t->by_grapheme && valid && is_blank(utf8_decode(text + at, valid))));
        const bool blank = at == len || space;
        const uint32_t one = valid ? valid : 1;
        if (blank && n > MARK_BYTES) {
            const bool bare = !prefix || is_marked(word + MARK_BYTES, n - MARK_BYTES);
            const uint32_t skip = bare ? MARK_BYTES : 0;
            TRY(encode_piece(p, word + skip, n - skip, out));
            n = MARK_BYTES;
        }
        if (!blank) memcpy(word + n, text + at, one);
        if (!blank) n += one;
        at += one;
    }
    return VIDI_OK;
}

/* Blanks become marks, in each of which a piece begins. */
static vidi_status encode_marked(struct paths *p, const char *text, uint32_t len, bool prefix,
                                 struct tokens *out) {
    char *all = arena_new(p->arena, char, MARK_BYTES *((uint64_t)len + 1));
    if (!all) return VIDI_E_MEMORY;
    uint32_t n = 0, start = 0;
    const bool has_one = len && (text[0] == ' ' || is_marked(text, len));
    if (prefix && len && !has_one) n += put_mark(all);
    for (uint32_t at = 0; at < len; at++) {
        const bool again = p->t->joins_blanks && at && text[at] == ' ' && text[at - 1] == ' ';
        if (again) continue;
        if (text[at] == ' ')
            n += put_mark(all + n);
        else
            all[n++] = text[at];
    }
    for (uint32_t at = 1; at <= n; at++) {
        if (at < n && !is_marked(all + at, n - at)) continue;
        TRY(encode_piece(p, all + start, at - start, out));
        start = at;
    }
    return VIDI_OK;
}

vidi_status unigram_encode(struct arena *a, const struct tokenizer *t, const char *text,
                           uint32_t len, bool prefix, struct tokens *out) {
    struct paths p = {.t = t, .arena = a};
    const char *plain = text;
    if (t->charsmap.n_units)
        plain = charsmap_apply(&t->charsmap, t->by_grapheme, a, text, len, &len);
    if (!plain) return VIDI_E_MEMORY;
    return t->drops_blanks ? encode_words(&p, plain, len, t->space_prefix, out)
                           : encode_marked(&p, plain, len, prefix, out);
}
