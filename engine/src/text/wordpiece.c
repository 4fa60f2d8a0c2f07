/* wordpiece.c - BERT's words: text is cleaned, cut at blanks and around punctuation, and each piece
 * is read as the longest words in a row, of which all but the first are stored with ## in front. */
#include <string.h>
#include <utf8proc.h>

#include "text/utf8.h"
#include "text/vocab.h"

enum { LETTERS_MOST = 100, MARK = 2, BYTES_MOST = MARK + 4 * LETTERS_MOST };

/* A piece that is being collected; room for the mark stays in front of it. */
struct piece {
    char text[BYTES_MOST];
    uint32_t len, letters; /* letters may count more than were kept */
};

static bool is_space(utf8proc_int32_t code, utf8proc_category_t category) {
    return code == '\t' || code == '\n' || code == '\r' || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* Neither seen nor a blank. */
static bool is_dropped(utf8proc_int32_t code, utf8proc_category_t category) {
    return code == 0 || code == 0xFFFD || category == UTF8PROC_CATEGORY_CC ||
           category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

static bool is_punctuation(utf8proc_int32_t code, utf8proc_category_t category) {
    if (code < 0x80)
        return code > ' ' && code < 0x7F && category != UTF8PROC_CATEGORY_ND &&
               category != UTF8PROC_CATEGORY_LU && category != UTF8PROC_CATEGORY_LL;
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

/* Each ideograph is a piece. */
static bool is_ideograph(utf8proc_int32_t code) {
    static const utf8proc_int32_t ranges[][2] = {
        {0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
        {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1]) return true;
    return false;
}

/* The longest word that starts at `at`; 0: none. */
static uint32_t longest_word(const struct tokenizer *t, struct piece *p, uint32_t at, int32_t *id) {
    uint32_t first = at, end = p->len, found;
    if (at > MARK) memcpy(p->text + (first = at - MARK), "##", MARK); /* over what was read */
    while (end > at) {
        if (map_get(&t->words, p->text + first, end - first, &found) &&
            t->types[found] == WORD_NORMAL) {
            *id = (int32_t)found;
            return end - at;
        }
        do end--;
        while (end > at && ((unsigned char)p->text[end] & 0xC0) == 0x80);
    }
    return 0;
}

/* All words of the piece, or the unknown one alone. */
static vidi_status end_piece(const struct tokenizer *t, struct piece *p, struct tokens *out) {
    const uint32_t before = out->n;
    bool known = p->letters <= LETTERS_MOST;
    for (uint32_t at = MARK, n; known && at < p->len; at += n) {
        int32_t id = -1;
        n = longest_word(t, p, at, &id);
        known = n != 0;
        if (known) TRY(tokens_push(out, id));
    }
    if (!known) {
        out->n = before;
        if (t->unknown >= 0) TRY(tokens_push(out, t->unknown));
    }
    p->len = MARK;
    p->letters = 0;
    return VIDI_OK;
}

static void add_letter(struct piece *p, utf8proc_int32_t code) {
    if (p->letters++ < LETTERS_MOST)
        p->len += (uint32_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)p->text + p->len);
}

/* One letter behind cleaning, alone or as part of the piece. */
static vidi_status take(const struct tokenizer *t, struct piece *p, utf8proc_int32_t code,
                        bool alone, struct tokens *out) {
    const utf8proc_category_t category = utf8proc_category(code);
    if (t->strips_accents && category == UTF8PROC_CATEGORY_MN) return VIDI_OK;
    if (t->lowers) code = utf8proc_tolower(code);
    alone = alone || is_punctuation(code, category);
    if (alone) TRY(end_piece(t, p, out));
    add_letter(p, code);
    return alone ? end_piece(t, p, out) : VIDI_OK;
}

static vidi_status read_letter(const struct tokenizer *t, struct piece *p, utf8proc_int32_t code,
                               struct tokens *out) {
    enum { PARTS = 8 };
    utf8proc_int32_t parts[PARTS] = {code};
    utf8proc_ssize_t n = 1;
    int boundary = 0;
    const utf8proc_category_t category = utf8proc_category(code);
    if (is_space(code, category)) return end_piece(t, p, out);
    if (is_dropped(code, category)) return VIDI_OK;
    const bool alone = is_ideograph(code);
    if (t->strips_accents)
        n = utf8proc_decompose_char(code, parts, PARTS, UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < n && i < PARTS; i++) TRY(take(t, p, parts[i], alone, out));
    return VIDI_OK;
}

vidi_status wordpiece_encode(const struct tokenizer *t, const char *text, uint32_t len,
                             struct tokens *out) {
    struct piece p = {.len = MARK};
    for (uint32_t i = 0; i < len;) {
        const uint32_t n = utf8_length(text + i, len - i);
        if (n) TRY(read_letter(t, &p, (utf8proc_int32_t)utf8_decode(text + i, n), out));
        i += n ? n : 1;
    }
    return end_piece(t, &p, out);
}

/* Blanks stand before words, not before their parts or what ends a sentence. */
uint32_t wordpiece_decode(struct str word, char *out) {
    const bool part = word.len > MARK && memcmp(word.ptr, "##", MARK) == 0;
    const bool stop = word.len == 1 && strchr(".,!?", word.ptr[0]);
    const uint64_t skip = part ? MARK : 0;
    uint32_t n = 0;
    if (!part && !stop && word.len) out[n++] = ' ';
    if (word.len) memcpy(out + n, word.ptr + skip, word.len - skip);
    return n + (uint32_t)(word.len - skip);
}
