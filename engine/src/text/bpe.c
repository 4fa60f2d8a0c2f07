#include <string.h>

#include "base/letters.h"
#include "text/utf8.h"
#include "text/vocab.h"

static void make_alphabet(struct tokenizer *t) {
    const int n_letters = sizeof t->letter_bytes / sizeof *t->letter_bytes;
    letters_of_bytes(t->letters);
    for (int i = 0; i < n_letters; i++) t->letter_bytes[i] = -1;
    for (int byte = 0; byte < 256; byte++) t->letter_bytes[t->letters[byte]] = (int16_t)byte;
}

static bool find_word(const struct tokenizer *t, const char *word, uint64_t len, uint32_t *id) {
    return len > 0 && len <= VOCAB_WORD_BYTES && map_get(&t->words, word, (uint32_t)len, id);
}

static vidi_status bad_merge(const struct tokenizer *t, uint64_t i, const char *what) {
    return vd_fail(t->ctx, VIDI_E_FORMAT, "%s: tokenizer.ggml.merges[%llu]: %s", t->file->path,
                   (unsigned long long)i, what);
}

static vidi_status read_merge(struct tokenizer *t, uint32_t rank, struct str line, char *joined) {
    if (line.len > 2 * VOCAB_WORD_BYTES + 1) return bad_merge(t, rank, "too long");
    const char *blank = line.len > 1 ? memchr(line.ptr + 1, ' ', line.len - 1) : NULL;
    if (!blank) return bad_merge(t, rank, "no blank between two words");
    const uint64_t left_len = (uint64_t)(blank - line.ptr), right_len = line.len - left_len - 1;
    uint32_t left, right, both;
    if (!find_word(t, line.ptr, left_len, &left))
        return bad_merge(t, rank, "its left part is no word of the vocabulary");
    if (!find_word(t, blank + 1, right_len, &right))
        return bad_merge(t, rank, "its right part is no word of the vocabulary");
    memcpy(joined, line.ptr, left_len);
    memcpy(joined + left_len, blank + 1, right_len);
    if (!find_word(t, joined, left_len + right_len, &both))
        return bad_merge(t, rank, "what it makes is no word of the vocabulary");
    /* A control word must never grow out of plain text. */
    if (t->types[both] == WORD_CONTROL || t->guarded[both]) return VIDI_OK;
    bool is_new;
    struct pair *slot = pairs_put(&t->merges, left, right, &is_new);
    if (!slot) return VIDI_E_MEMORY;
    if (is_new) {
        slot->rank = rank;
        slot->id = (int32_t)both;
    }
    return VIDI_OK;
}

static vidi_status read_merges(struct tokenizer *t) {
    const struct gguf_value *merges;
    TRY(gguf_array(t->file, "tokenizer.ggml.merges", GGUF_STRING, &merges));
    if (merges->n > VOCAB_MERGES)
        return vd_fail(t->ctx, VIDI_E_FORMAT,
                       "%s: tokenizer.ggml.merges has %llu entries; at most %d are allowed",
                       t->file->path, (unsigned long long)merges->n, VOCAB_MERGES);
    TRY(pairs_open(&t->merges, &t->arena, (uint32_t)merges->n));
    char *joined = arena_new(&t->arena, char, 2 * VOCAB_WORD_BYTES);
    if (!joined) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < merges->n; i++) TRY(read_merge(t, i, gguf_str_at(merges, i), joined));
    return VIDI_OK;
}

vidi_status bpe_open(struct tokenizer *t) {
    make_alphabet(t);
    for (int byte = 0; byte < 256; byte++) {
        char word[2];
        uint32_t id;
        const uint32_t len = letter_write(t->letters[byte], word);
        if (find_word(t, word, len, &id)) t->byte_ids[byte] = (int32_t)id;
    }
    TRY(read_merges(t));
    struct str name = {"default", 7};
    if (gguf_find(t->file, "tokenizer.ggml.pre"))
        TRY(gguf_str(t->file, "tokenizer.ggml.pre", &name));
    return pretokenizer_open(t->ctx, name.ptr, name.len, &t->pre);
}

static bool may_merge(const struct merger *m, const struct symbol *left, const struct symbol *right,
                      uint32_t *rank, int32_t *id) {
    const struct pair *slot =
        pairs_find(&m->tokenizer->merges, (uint32_t)left->id, (uint32_t)right->id);
    if (!slot) return false;
    *rank = slot->rank;
    *id = slot->id;
    return true;
}

/* The word that a piece is as a whole, or -1. */
static int32_t whole_word(const struct tokenizer *t, const char *text, uint32_t len) {
    enum { LONGEST = 512 };
    char word[2 * LONGEST];
    uint32_t n = 0, id;
    if (len > t->longest || len > LONGEST) return -1;
    for (uint32_t i = 0; i < len; i++)
        n += letter_write(t->letters[(unsigned char)text[i]], word + n);
    return find_word(t, word, n, &id) && t->types[id] == WORD_NORMAL ? (int32_t)id : -1;
}

static vidi_status encode_piece(struct merger *m, const char *text, uint32_t len,
                                struct tokens *out) {
    const struct tokenizer *t = m->tokenizer;
    const int32_t whole = t->pre.whole_words ? whole_word(t, text, len) : -1;
    if (whole >= 0) return tokens_push(out, whole);
    m->n = 0;
    for (uint32_t i = 0; i < len; i++) {
        const int32_t id = t->byte_ids[(unsigned char)text[i]];
        if (id >= 0) TRY(merge_add(m, i, 1, id));
    }
    TRY(merge_all(m, may_merge));
    for (int32_t i = m->n > 0 ? 0 : -1; i >= 0; i = m->symbols[i].next)
        TRY(tokens_push(out, m->symbols[i].id));
    return VIDI_OK;
}

vidi_status bpe_encode(struct merger *m, struct splitter *s, const char *text, uint32_t len,
                       struct tokens *out) {
    TRY(split(s, text, len));
    for (uint32_t i = 0, start = 0; i < s->now.n; start = s->now.ends[i++])
        TRY(encode_piece(m, text + start, s->now.ends[i] - start, out));
    return VIDI_OK;
}
