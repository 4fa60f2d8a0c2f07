/* hf_tiktoken.c - qwen.tiktoken as tokenizer.ggml.*: byte strings in base64, a line each, in the
 * order of their ranks, which are their ids. The words of control stand behind them.
 *
 * Such a file has no merges: two neighbours join wherever what they make is a word, the lowest rank
 * first. What a word is made of last is always the same two, as nothing beside a word has a say in
 * it, so each word's own string tells its merge. */
#include <stdio.h>
#include <string.h>

#include "base/letters.h"
#include "base/map.h"
#include "io/file.h"
#include "io/hf_inside.h"

enum { FILE_MOST = 16 << 20, WORD_MOST = 512, WORDS_MOST = 1 << 20, EXTRAS = 205 };
enum { NORMAL = 1, CONTROL = 3, USER = 4, UNUSED = 5 }; /* types, by their numbers in a GGUF */

static const char name[] = "qwen.tiktoken";
static const char *const opening[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
/* Of models that see. Boxes are a part of answers, whoever writes them. */
static const struct {
    const char *word;
    int type;
} closing[] = {{"<ref>", USER},    {"</ref>", USER},    {"<box>", USER},
               {"</box>", USER},   {"<quad>", USER},    {"</quad>", USER},
               {"<img>", CONTROL}, {"</img>", CONTROL}, {"<imgpad>", CONTROL}};
enum { N_OPENING = 3, N_CLOSING = 9, IMAGE_START = 6 };

struct word {
    const char *bytes;
    uint32_t len;
};

struct ranks {
    struct hf *h;
    struct arena scratch;
    struct map map; /* bytes -> rank */
    struct word *words;
    uint32_t n, cap, most; /* most: rows of the model's words */
    const char **names, **merges;
    int32_t *types;
    uint32_t n_merges, lost; /* lost: words that no merge makes */
};

static vidi_status bad_line(const struct ranks *r, const char *words) {
    return vd_fail(r->h->ctx, VIDI_E_FORMAT, "%.600s/%s: line %u %s", r->h->folder, name, r->n + 1,
                   words);
}

/* --- lines -------------------------------------------------------------------------------------
 */

static int value_of(char c) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

unsigned char *hf_base64(struct arena *a, const char *text, uint64_t len, uint64_t *n) {
    uint64_t pad = 0;
    *n = 0;
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=') pad++;
    unsigned char *out = len % 4 ? NULL : arena_new(a, unsigned char, len / 4 * 3 + 1);
    uint32_t bits = 0;
    for (uint64_t i = 0; out && i < len; i++) {
        const int value = i < len - pad ? value_of(text[i]) : 0;
        if (value < 0) return NULL;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 3) continue;
        for (int k = 2; k >= 0; k--) out[(*n)++] = (unsigned char)(bits >> 8 * k);
    }
    *n -= out ? pad : 0;
    return out;
}

static bool is_number(const char *text, uint64_t len, uint32_t number) {
    char digits[16];
    const int n = snprintf(digits, sizeof digits, "%u", number);
    return len == (uint64_t)n && memcmp(text, digits, len) == 0;
}

static vidi_status add_word(struct ranks *r, const char *bytes, uint64_t len) {
    bool was_there;
    if (r->n == r->cap) {
        struct word *more = arena_grow(&r->scratch, r->words, &r->cap, sizeof *more);
        if (!more) return VIDI_E_MEMORY;
        r->words = more;
    }
    TRY(map_put(&r->map, bytes, (uint32_t)len, r->n, &was_there));
    if (was_there) return bad_line(r, "repeats a word");
    r->words[r->n++] = (struct word){bytes, (uint32_t)len};
    return VIDI_OK;
}

static vidi_status read_line(struct ranks *r, const char *line, uint64_t len) {
    const char *blank = memchr(line, ' ', len);
    uint64_t n;
    if (!blank) return bad_line(r, "is no word with its rank");
    const uint64_t letters = (uint64_t)(blank - line);
    if (!is_number(blank + 1, len - letters - 1, r->n)) {
        char words[64];
        snprintf(words, sizeof words, "has not the rank %u", r->n);
        return bad_line(r, words);
    }
    if (letters > (WORD_MOST + 2) / 3 * 4)
        return bad_line(r, "holds a word of more than 512 bytes");
    const unsigned char *bytes = hf_base64(&r->scratch, line, letters, &n);
    if (!bytes || n == 0) return bad_line(r, "holds no word in base64");
    if (n > WORD_MOST) return bad_line(r, "holds a word of more than 512 bytes");
    if (r->n == WORDS_MOST) return bad_line(r, "is one more than there may be");
    return add_word(r, (const char *)bytes, n);
}

static vidi_status read_lines(struct ranks *r, const char *text, uint64_t bytes) {
    for (const char *at = text, *end = text + bytes; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        uint64_t len = (uint64_t)(stop - at);
        if (len && at[len - 1] == '\r') len--;
        if (len) TRY(read_line(r, at, len));
        at = stop + 1;
    }
    for (int byte = 0; byte < 256; byte++) {
        const char one = (char)byte;
        uint32_t rank;
        if (!map_get(&r->map, &one, 1, &rank))
            return vd_fail(r->h->ctx, VIDI_E_FORMAT, "%.600s/%s: has no word for the byte %d",
                           r->h->folder, name, byte);
    }
    return VIDI_OK;
}

static vidi_status read_ranks(struct ranks *r) {
    const struct file_limit limit = {FILE_MOST, VIDI_E_FORMAT};
    const char *path = arena_print(&r->scratch, "%s/%s", r->h->folder, name);
    void *text;
    uint64_t bytes;
    if (!path) return VIDI_E_MEMORY;
    if (!hf_holds(r->h, "", name))
        return vd_fail(r->h->ctx, VIDI_E_IO, "%.600s: holds no %s", r->h->folder, name);
    TRY(map_open(&r->map, &r->scratch, 0));
    TRY(file_read(r->h->ctx, path, limit, &text, &bytes));
    const vidi_status status = read_lines(r, text, bytes);
    vd_free(r->h->ctx, text);
    return status;
}

/* --- merges ------------------------------------------------------------------------------------
 */

/* A word in pieces: piece i lies from starts[i] to starts[i + 1]; ranks[i] is that of what it makes
 * with the next one, UINT32_MAX: no word. */
struct pieces {
    const struct ranks *r;
    const char *bytes;
    uint32_t n, starts[WORD_MOST + 1], ranks[WORD_MOST];
};

static void note_rank(struct pieces *p, uint32_t i) {
    p->ranks[i] = UINT32_MAX;
    if (i + 1 < p->n)
        map_get(&p->r->map, p->bytes + p->starts[i], p->starts[i + 2] - p->starts[i], &p->ranks[i]);
}

static void join(struct pieces *p, uint32_t i) {
    p->n--;
    memmove(p->starts + i + 1, p->starts + i + 2, (p->n - i) * sizeof *p->starts);
    if (i + 1 < p->n)
        memmove(p->ranks + i + 1, p->ranks + i + 2, (p->n - i - 1) * sizeof *p->ranks);
    note_rank(p, i);
    if (i > 0) note_rank(p, i - 1);
}

/* Joins until two are left; false: there are more, and none of them join. */
static bool halve(struct pieces *p, const struct word *w) {
    p->bytes = w->bytes;
    p->n = w->len;
    for (uint32_t i = 0; i <= w->len; i++) p->starts[i] = i;
    for (uint32_t i = 0; i < w->len; i++) note_rank(p, i);
    while (p->n > 2) {
        uint32_t best = 0;
        for (uint32_t i = 1; i + 1 < p->n; i++)
            if (p->ranks[i] < p->ranks[best]) best = i;
        if (p->ranks[best] == UINT32_MAX) return false;
        join(p, best);
    }
    return true;
}

static uint32_t write_letters(const uint16_t letters[256], const char *bytes, uint32_t len,
                              char *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < len; i++) n += letter_write(letters[(unsigned char)bytes[i]], out + n);
    return n;
}

static vidi_status write_word(struct ranks *r, const uint16_t letters[256], uint32_t i,
                              struct pieces *p) {
    char line[2 * WORD_MOST + 1];
    const struct word *w = &r->words[i];
    r->types[i] = NORMAL;
    r->names[i] = arena_text(&r->scratch, line, write_letters(letters, w->bytes, w->len, line));
    if (!r->names[i]) return VIDI_E_MEMORY;
    if (w->len < 2) return VIDI_OK;
    if (!halve(p, w)) {
        r->lost++;
        return VIDI_OK;
    }
    uint32_t n = write_letters(letters, w->bytes, p->starts[1], line);
    line[n++] = ' ';
    n += write_letters(letters, w->bytes + p->starts[1], w->len - p->starts[1], line + n);
    const char *merge = arena_text(&r->scratch, line, n);
    if (!merge) return VIDI_E_MEMORY;
    r->merges[r->n_merges++] = merge;
    return VIDI_OK;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static vidi_status write_control(struct ranks *r) {
    uint32_t at = r->n;
    for (uint32_t i = 0; i < N_OPENING; i++, at++) r->names[at] = opening[i];
    for (uint32_t i = 0; i < EXTRAS; i++, at++)
        r->names[at] = arena_print(&r->scratch, "<|extra_%u|>", i);
    for (uint32_t i = r->n; i < at; i++) r->types[i] = CONTROL;
    for (uint32_t i = 0; r->h->eyes && i < N_CLOSING; i++, at++) {
        r->names[at] = closing[i].word;
        r->types[at] = closing[i].type;
    }
    for (; at < r->most; at++) {
        r->names[at] = arena_print(&r->scratch, "[PAD%u]", at);
        r->types[at] = UNUSED;
    }
    for (uint32_t i = r->n; i < r->most; i++)
        if (!r->names[i]) return VIDI_E_MEMORY;
    return VIDI_OK;
}

/* The words of control have no ids but their places. */
static vidi_status check_places(struct ranks *r) {
    const uint32_t behind = N_OPENING + EXTRAS + (r->h->eyes ? N_CLOSING : 0);
    const uint32_t image = r->n + N_OPENING + EXTRAS + IMAGE_START;
    const json_t *says = hf_get(r->h, r->h->sight, "image_start_id");
    if (r->most > WORDS_MOST || r->n + behind > r->most)
        return vd_fail(r->h->ctx, VIDI_E_FORMAT,
                       "%.600s/%s: its %u words and %u of control are more than the model's %u",
                       r->h->folder, name, r->n, behind, r->most);
    if (says && json_integer_value(says) != image) {
        char words[64];
        snprintf(words, sizeof words, "is not %u, where %s has it", image, name);
        return hf_bad(r->h, r->h->sight_at, "image_start_id", words);
    }
    return VIDI_OK;
}

static vidi_status put_all(struct ranks *r) {
    static const char chatml[] =
        "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
        "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
        "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    struct put *p = &r->h->put;
    bool raw;
    TRY(hf_qwen_raw(r->h, &raw));
    put_text(p, "tokenizer.ggml.model", "gpt2", 4);
    put_text(p, "tokenizer.ggml.pre", "qwen2", r->lost ? 4 : 5); /* qwen takes lost words whole */
    put_words(p, "tokenizer.ggml.tokens", r->names, r->most);
    put_ints(p, "tokenizer.ggml.token_type", r->types, r->most);
    put_words(p, "tokenizer.ggml.merges", r->merges, r->n_merges);
    put_u32(p, "tokenizer.ggml.eos_token_id", r->n);
    if (!raw) put_u32(p, "tokenizer.ggml.eot_token_id", r->n + 1); /* nobody else may speak */
    put_bool(p, "tokenizer.ggml.add_bos_token", false);
    put_text(p, "tokenizer.chat_template", chatml, raw ? 0 : strlen(chatml));
    return p->status;
}

static vidi_status write_all(struct ranks *r) {
    uint16_t letters[256];
    letters_of_bytes(letters);
    TRY(read_ranks(r));
    TRY(check_places(r));
    struct pieces *p = arena_new(&r->scratch, struct pieces, 1);
    r->names = arena_new(&r->scratch, const char *, r->most);
    r->types = arena_new(&r->scratch, int32_t, r->most);
    r->merges = arena_new(&r->scratch, const char *, r->n);
    if (!p || !r->names || !r->types || !r->merges) return VIDI_E_MEMORY;
    p->r = r;
    for (uint32_t i = 0; i < r->n; i++) TRY(write_word(r, letters, i, p));
    TRY(write_control(r));
    TRY(hf_ids_check(r->h, r->names, r->most));
    return put_all(r);
}

vidi_status hf_tiktoken(struct hf *h, uint32_t rows) {
    struct ranks r = {.h = h, .most = rows};
    arena_open(&r.scratch, h->ctx);
    const vidi_status status = write_all(&r); /* put_* copies the words */
    arena_close(&r.scratch);
    return status;
}
