/* hf_tokens.c - tokenizer.json, tokenizer_config.json and the chat template as tokenizer.ggml.*.
 *
 * Byte-level BPE keeps its merges; the BPE that SentencePiece models are published as gets scores
 * in their place, in the order of its merges, which is what the other form goes by. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/hf_inside.h"

enum { WORDS_MOST = 1 << 20, MERGES_MOST = 1 << 22, TEMPLATE_MOST = 16 << 20 };
enum word { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE }; /* by their numbers in a GGUF */

struct tokens {
    struct hf *h;
    json_t *json, *model, *settings; /* tokenizer.json, its model, tokenizer_config.json */
    uint32_t n;
    const char **words;
    int32_t *types;
    struct map ids;
    const char *folder, *table; /* "" or "NAME/", where its files lie; the tensor of its words */
    bool bytes;                 /* byte-level; else as SentencePiece writes it, or */
    bool pieces;                /* BERT's WordPiece, or */
    bool unigram;               /* SentencePiece's other model */
    bool own;                   /* from tokenizer.model */
    float *scores;              /* [n] of these two */
};

__attribute__((format(printf, 2, 3))) static vidi_status bad(struct tokens *t, const char *fmt,
                                                             ...) {
    char words[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    return vd_fail(t->h->ctx, VIDI_E_FORMAT, "%.600s/%stokenizer.json: %s", t->h->folder, t->folder,
                   words);
}

/* --- words -------------------------------------------------------------------------------------
 */

static uint64_t height(const struct gguf *g, const char *table) {
    for (uint32_t i = 0; i < g->n_tensors; i++)
        if (strcmp(g->tensors[i].name.ptr, table) == 0) return g->tensors[i].dims[1];
    return 0;
}

/* Rows of the table of words, and of words that were added: what the model can say. */
static uint32_t rows_of_words(const struct gguf *g, const char *table) {
    const uint64_t more =
        strcmp(table, "token_embd.weight") == 0 ? height(g, "token_embd_more.weight") : 0;
    const uint64_t rows = height(g, table) + more;
    return rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX;
}

static vidi_status set_word_at(struct tokens *t, const char *word, uint32_t at, enum word type) {
    if (t->words[at] && strcmp(t->words[at], word) != 0)
        return bad(t, "id %u stands for '%.64s' and '%.64s'", at, t->words[at], word);
    if (!t->words[at]) {
        t->words[at] = word;
        TRY(map_put(&t->ids, word, (uint32_t)strlen(word), at, NULL));
    }
    t->types[at] = (int32_t)type;
    return VIDI_OK;
}

static vidi_status set_word(struct tokens *t, const char *word, const json_t *id, enum word type) {
    const json_int_t at = json_integer_value(id);
    if (!json_is_integer(id) || at < 0 || at >= t->n)
        return bad(t, "the word '%.64s' has no id from 0 to %u, the rows of the model's words",
                   word, t->n - 1);
    return set_word_at(t, word, (uint32_t)at, type);
}

static bool is_byte(const char *word) {
    unsigned byte;
    char again[8];
    if (strlen(word) != 6 || sscanf(word, "<0x%2X>", &byte) != 1) return false;
    snprintf(again, sizeof again, "<0x%02X>", byte);
    return strcmp(word, again) == 0;
}

static vidi_status read_words(struct tokens *t) {
    const json_t *vocab = json_object_get(t->model, "vocab");
    const char *word, *unknown = json_string_value(json_object_get(t->model, "unk_token"));
    json_t *id;
    if (!json_is_object(vocab)) return bad(t, "model.vocab is missing or no object");
    json_object_foreach((json_t *)vocab, word, id) {
        const bool byte = !t->bytes && !t->pieces && is_byte(word);
        const bool lost = unknown && strcmp(unknown, word) == 0;
        TRY(set_word(t, word, id, byte ? BYTE : lost ? UNKNOWN : NORMAL));
    }
    return VIDI_OK;
}

/* SentencePiece's number of what a piece is. */
static enum word type_of(json_int_t number) {
    static const enum word types[] = {NORMAL, NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE};
    return number >= 1 && number <= 6 ? types[number] : NORMAL;
}

/* [["word", score], ...], the id of each its place; from tokenizer.model each with its type. */
static vidi_status read_pieces(struct tokens *t) {
    const json_t *vocab = json_object_get(t->model, "vocab");
    const json_t *unknown = json_object_get(t->model, "unk_id");
    const bool bytes = json_is_true(json_object_get(t->model, "byte_fallback"));
    if (!json_is_array(vocab)) return bad(t, "model.vocab is missing or no list");
    if (json_array_size(vocab) > t->n)
        return bad(t, "model.vocab has %zu words, the model %u", json_array_size(vocab), t->n);
    t->scores = arena_new(t->h->arena, float, t->n);
    if (!t->scores) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < json_array_size(vocab); i++) {
        const json_t *pair = json_array_get(vocab, i);
        const char *word = json_string_value(json_array_get(pair, 0));
        const json_t *score = json_array_get(pair, 1);
        const bool lost = json_is_integer(unknown) && json_integer_value(unknown) == i;
        if (!word || !json_is_number(score))
            return bad(t, "model.vocab[%u] is no word with its score", i);
        const enum word plain = lost ? UNKNOWN : bytes && is_byte(word) ? BYTE : NORMAL;
        const json_t *type = json_array_get(pair, 2);
        TRY(set_word_at(t, word, i, type ? type_of(json_integer_value(type)) : plain));
        t->scores[i] = (float)json_number_value(score);
    }
    return VIDI_OK;
}

static vidi_status read_added(struct tokens *t) {
    const json_t *added = json_object_get(t->json, "added_tokens");
    const char *unknown = json_string_value(json_object_get(t->model, "unk_token"));
    size_t i;
    json_t *one;
    if (added && !json_is_array(added)) return bad(t, "added_tokens is no list");
    json_array_foreach(added, i, one) {
        const char *word = json_string_value(json_object_get(one, "content"));
        if (!word || !word[0]) return bad(t, "added_tokens[%zu].content is missing", i);
        const bool special =
            json_is_true(json_object_get(one, "special")) && !hf_kosmos2_says(t->h, word);
        const bool lost = unknown && !t->bytes && strcmp(unknown, word) == 0;
        if (json_integer_value(json_object_get(one, "id")) >= t->n) continue; /* never said */
        TRY(set_word(t, word, json_object_get(one, "id"),
                     lost      ? UNKNOWN
                     : special ? CONTROL
                               : USER));
    }
    return VIDI_OK;
}

/* What tokenizer_config.json says of added words: those that tokenizer.json lacks are added, and
 * the ids of all others are the same there. */
static vidi_status read_decoder(struct tokens *t) {
    const json_t *decoder = json_object_get(t->settings, "added_tokens_decoder");
    const char *key;
    json_t *one;
    json_object_foreach((json_t *)decoder, key, one) {
        const char *word = json_string_value(json_object_get(one, "content"));
        char *end;
        const unsigned long id = strtoul(key, &end, 10);
        uint32_t at;
        if (!word || !word[0] || *end || id >= t->n) continue; /* never said */
        const bool known = map_get(&t->ids, word, (uint32_t)strlen(word), &at);
        if (known && at == id) continue;
        if (known || t->words[id])
            return vd_fail(t->h->ctx, VIDI_E_FORMAT,
                           "%.600s/%stokenizer_config.json: added_tokens_decoder.%lu is '%.64s', "
                           "but tokenizer.json has '%.64s' there",
                           t->h->folder, t->folder, id, word,
                           t->words[id] ? t->words[id] : "no word");
        const bool special = json_is_true(json_object_get(one, "special"));
        TRY(set_word_at(t, word, (uint32_t)id, special ? CONTROL : USER));
    }
    return VIDI_OK;
}

/* Words that white space behind them belongs to. */
static vidi_status put_eats(struct tokens *t) {
    const json_t *added = json_object_get(t->json, "added_tokens");
    int32_t *ids = arena_new(t->h->arena, int32_t, json_array_size(added) + 1);
    uint32_t n = 0;
    size_t i;
    json_t *one;
    if (!ids) return VIDI_E_MEMORY;
    json_array_foreach(added, i, one) {
        const json_int_t id = json_integer_value(json_object_get(one, "id"));
        if (json_is_true(json_object_get(one, "rstrip")) && id < t->n) ids[n++] = (int32_t)id;
    }
    if (n) put_ints(&t->h->put, "tokenizer.ggml.eats_space_ids", ids, n);
    return VIDI_OK;
}

/* Rows of the table without a word: the models were padded to round sizes. */
static vidi_status fill_gaps(struct tokens *t) {
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->words[i]) continue;
        t->words[i] = arena_print(t->h->arena, "[PAD%u]", i);
        if (!t->words[i]) return VIDI_E_MEMORY;
        t->types[i] = UNUSED;
    }
    return VIDI_OK;
}

/* --- merges ------------------------------------------------------------------------------------
 */

/* "a b" or ["a", "b"]; the parts are views. */
static bool pair_of(const json_t *merge, struct str *a, struct str *b) {
    if (json_is_string(merge)) {
        const char *text = json_string_value(merge);
        const char *gap = text[0] ? strchr(text + 1, ' ') : NULL;
        if (!gap || !gap[1]) return false;
        *a = (struct str){text, (uint64_t)(gap - text)};
        *b = (struct str){gap + 1, strlen(gap + 1)};
        return true;
    }
    const char *left = json_string_value(json_array_get(merge, 0));
    const char *right = json_string_value(json_array_get(merge, 1));
    if (json_array_size(merge) != 2 || !left || !right || !left[0] || !right[0]) return false;
    *a = (struct str){left, strlen(left)};
    *b = (struct str){right, strlen(right)};
    return true;
}

static vidi_status put_merges(struct tokens *t, const json_t *merges) {
    const uint32_t n = (uint32_t)json_array_size(merges);
    const char **lines = arena_new(t->h->arena, const char *, (uint64_t)n + 1);
    if (!lines) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        struct str a, b;
        if (!pair_of(json_array_get(merges, i), &a, &b))
            return bad(t, "model.merges[%u] is no pair of words", i);
        lines[i] = arena_print(t->h->arena, "%.*s %.*s", (int)a.len, a.ptr, (int)b.len, b.ptr);
        if (!lines[i]) return VIDI_E_MEMORY;
    }
    put_words(&t->h->put, "tokenizer.ggml.merges", lines, n);
    return VIDI_OK;
}

/* The earlier a word is merged, the higher its score; what is never merged gets the lowest. */
static vidi_status put_scores(struct tokens *t, const json_t *merges) {
    const uint32_t n = (uint32_t)json_array_size(merges);
    float *scores = arena_new(t->h->arena, float, t->n);
    char *joined = NULL;
    uint32_t cap = 0;
    if (!scores) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < t->n; i++) scores[i] = -(float)(n + 1);
    for (uint32_t i = n; i-- > 0;) { /* the first merge of a word is written last */
        struct str a, b;
        uint32_t id;
        if (!pair_of(json_array_get(merges, i), &a, &b))
            return bad(t, "model.merges[%u] is no pair of words", i);
        while (cap < a.len + b.len) {
            joined = arena_grow(t->h->arena, joined, &cap, 1);
            if (!joined) return VIDI_E_MEMORY;
        }
        memcpy(joined, a.ptr, a.len);
        memcpy(joined + a.len, b.ptr, b.len);
        if (!map_get(&t->ids, joined, (uint32_t)(a.len + b.len), &id))
            return bad(t, "model.merges[%u] makes no word of the vocabulary", i);
        scores[id] = -(float)i;
    }
    put_floats(&t->h->put, "tokenizer.ggml.scores", scores, t->n);
    return VIDI_OK;
}

/* --- cutting text into pieces ------------------------------------------------------------------
 */

#define QWEN2_TAIL  "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define LLAMA3_TAIL "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define LETTERS     "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define CASES                                                                                   \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+" \
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
#define TEKKEN_TAIL "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* What cuts, written down: "digits", "split:PATTERN" and "words" (GPT-2's pattern) in their order,
 * each followed by a newline -> the name of the same rules in a GGUF. whole: a piece that is a word
 * is that word, whatever the merges say (ignore_merges). */
static const struct {
    const char *rules, *name, *whole;
} cutters[] = {
    {"words\n", "gpt-2", NULL},
    {"digits\nwords\n", "smollm", NULL},
    {"split:" LETTERS LLAMA3_TAIL "\n", "dbrx", "llama-bpe"},
    {"split:" LETTERS QWEN2_TAIL "\n", "qwen2", NULL},
    {"split:" CASES TEKKEN_TAIL "\n", NULL, "tekken"},
};

/* One rule behind the others; false: unknown, or too long. */
static bool note_rule(const json_t *rule, char *out, size_t cap) {
    const char *type = json_string_value(json_object_get(rule, "type"));
    const char *pattern =
        json_string_value(json_object_get(json_object_get(rule, "pattern"), "Regex"));
    const size_t used = strlen(out);
    int n = -1;
    if (!type) return false;
    if (strcmp(type, "ByteLevel") == 0 && !json_is_true(json_object_get(rule, "add_prefix_space")))
        n = snprintf(out + used, cap - used, "%s",
                     json_is_false(json_object_get(rule, "use_regex")) ? "" : "words\n");
    if (strcmp(type, "Digits") == 0 && json_is_true(json_object_get(rule, "individual_digits")))
        n = snprintf(out + used, cap - used, "digits\n");
    if (strcmp(type, "Split") == 0 && pattern && !json_is_true(json_object_get(rule, "invert")))
        n = snprintf(out + used, cap - used, "split:%s\n", pattern);
    return n >= 0 && (size_t)n < cap - used;
}

static bool note_rules(const json_t *pre, char *out, size_t cap) {
    const json_t *list = json_object_get(pre, "pretokenizers");
    bool known = true;
    out[0] = 0;
    if (!json_is_array(list)) return note_rule(pre, out, cap);
    for (size_t i = 0; known && i < json_array_size(list); i++)
        known = note_rule(json_array_get(list, i), out, cap);
    return known;
}

static bool is_byte_level(const json_t *pre) {
    const char *type = json_string_value(json_object_get(pre, "type"));
    const json_t *list = json_object_get(pre, "pretokenizers");
    if (type && strcmp(type, "ByteLevel") == 0) return true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        type = json_string_value(json_object_get(json_array_get(list, i), "type"));
        if (type && strcmp(type, "ByteLevel") == 0) return true;
    }
    return false;
}

static vidi_status put_cutter(struct tokens *t) {
    char rules[2048];
    const json_t *pre = json_object_get(t->json, "pre_tokenizer");
    const bool whole = json_is_true(json_object_get(t->model, "ignore_merges"));
    const bool known = note_rules(pre, rules, sizeof rules);
    for (size_t i = 0; known && i < sizeof cutters / sizeof *cutters; i++) {
        if (strcmp(cutters[i].rules, rules) != 0) continue;
        const char *name = whole && cutters[i].whole ? cutters[i].whole : cutters[i].name;
        if (!name) name = cutters[i].whole;
        put_text(&t->h->put, "tokenizer.ggml.pre", name, strlen(name));
        return VIDI_OK;
    }
    return vd_fail(t->h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/tokenizer.json: pre_tokenizer cuts text in a way that is not known",
                   t->h->folder);
}

/* Whether a blank is put in front of a text: by a normaliser, or by Metaspace; *once: not behind
 * special words; *lone: not where the text has one. */
static bool puts_blank(const struct tokens *t, bool *once, bool *lone) {
    const json_t *normaliser = json_object_get(t->json, "normalizer");
    const json_t *list = json_object_get(normaliser, "normalizers");
    const json_t *pre = json_object_get(t->json, "pre_tokenizer");
    const char *type = json_string_value(json_object_get(pre, "type"));
    const char *scheme = json_string_value(json_object_get(pre, "prepend_scheme"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *kind = json_string_value(json_object_get(json_array_get(list, i), "type"));
        if (kind && strcmp(kind, "Prepend") == 0) return true;
    }
    if (!type || strcmp(type, "Metaspace") != 0) return false;
    *lone = true;
    *once = scheme && strcmp(scheme, "first") == 0;
    return scheme ? strcmp(scheme, "never") != 0
                  : !json_is_false(json_object_get(pre, "add_prefix_space"));
}

/* --- special ids -------------------------------------------------------------------------------
 */

static bool find_word(const struct tokens *t, const char *word, uint32_t *id) {
    return word && map_get(&t->ids, word, (uint32_t)strlen(word), id);
}

/* "<s>" or {"content": "<s>"} */
static const char *word_of(const json_t *value) {
    return json_is_object(value) ? json_string_value(json_object_get(value, "content"))
                                 : json_string_value(value);
}

/* The word that the post-processor puts in front of a text. NULL: none. */
static const char *first_word(const json_t *processor) {
    const json_t *list = json_object_get(processor, "processors");
    const json_t *first = json_array_get(json_object_get(processor, "single"), 0);
    const char *word =
        json_string_value(json_object_get(json_object_get(first, "SpecialToken"), "id"));
    for (size_t i = 0; !word && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        first = json_array_get(json_object_get(one, "single"), 0);
        word = json_string_value(json_object_get(json_object_get(first, "SpecialToken"), "id"));
    }
    return word;
}

/* Models whose processor writes the first word itself, whatever the tokenizer does. */
static bool processor_puts_first(const struct hf *h) {
    static const char *const eyes[] = {"paligemma", "idefics", "mllama"};
    for (size_t i = 0; h->eyes && i < sizeof eyes / sizeof *eyes; i++)
        if (strcmp(h->eyes->projector, eyes[i]) == 0) return true;
    return false;
}

static void put_first(struct tokens *t) {
    const char *put = first_word(json_object_get(t->json, "post_processor"));
    const char *word = put ? put : word_of(json_object_get(t->settings, "bos_token"));
    const json_t *says = json_object_get(t->settings, "add_bos_token");
    uint32_t id;
    const bool found = find_word(t, word, &id);
    if (found) put_u32(&t->h->put, "tokenizer.ggml.bos_token_id", id);
    put_bool(&t->h->put, "tokenizer.ggml.add_bos_token",
             found && (processor_puts_first(t->h) ||
                       (json_is_boolean(says) ? json_is_true(says) : put != NULL)));
}

/* eos_token_id: one, or a list. */
static const json_t *ends_of(const struct hf *h) {
    const json_t *const places[] = {h->generation, h->config, h->numbers};
    for (int i = 0; i < 3; i++) {
        const json_t *ids = json_object_get(places[i], "eos_token_id");
        if (json_is_integer(ids) || json_array_size(ids)) return ids;
    }
    return NULL;
}

/* All of them. */
static vidi_status put_listed_ends(struct tokens *t) {
    const json_t *ids = ends_of(t->h);
    const bool many = json_is_array(ids);
    const uint32_t n = many ? (uint32_t)json_array_size(ids) : ids ? 1 : 0;
    int32_t *all = arena_new(t->h->arena, int32_t, n + 1);
    if (!all) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        all[i] = (int32_t)json_integer_value(many ? json_array_get(ids, i) : ids);
    if (n) put_ints(&t->h->put, "tokenizer.ggml.end_token_ids", all, n);
    return VIDI_OK;
}

/* The end word of the tokenizer's settings, else the first of the list; and the next of the list,
 * which other programs look for. */
static vidi_status put_ends(struct tokens *t) {
    static const char *const keys[] = {"tokenizer.ggml.eos_token_id",
                                       "tokenizer.ggml.eot_token_id"};
    const json_t *ids = ends_of(t->h);
    const size_t many = json_is_array(ids) ? json_array_size(ids) : ids ? 1 : 0;
    uint32_t id, n = 0, first = UINT32_MAX;
    if (find_word(t, word_of(json_object_get(t->settings, "eos_token")), &id)) {
        put_u32(&t->h->put, keys[n++], id);
        first = id;
    }
    for (size_t i = 0; i < many && n < 2; i++) {
        const json_t *one = json_is_array(ids) ? json_array_get(ids, i) : ids;
        const uint32_t at = (uint32_t)json_integer_value(one);
        if (at == first) continue;
        put_u32(&t->h->put, keys[n++], at);
        first = at;
    }
    return put_listed_ends(t);
}

/* A text of BERT's stands between two words. */
static void put_around(struct tokens *t) {
    static const char *const words[][2] = {{"cls_token", "[CLS]"}, {"sep_token", "[SEP]"}};
    static const char *const keys[][2] = {
        {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.add_bos_token"},
        {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.add_eos_token"}};
    for (int i = 0; i < 2; i++) {
        const char *says = word_of(json_object_get(t->settings, words[i][0]));
        uint32_t id;
        bool found = find_word(t, says ? says : words[i][1], &id);
        if (i == 0 && strcmp(t->h->text->arch, "blip") == 0) { /* starts texts with its own word */
            const json_int_t own =
                json_integer_value(json_object_get(t->h->numbers, "bos_token_id"));
            found = own >= 0 && own < t->n;
            id = (uint32_t)own;
        }
        if (found) put_u32(&t->h->put, keys[i][0], id);
        put_bool(&t->h->put, keys[i][1], found);
    }
}

static vidi_status put_ids(struct tokens *t) {
    uint32_t id;
    if (t->own) return VIDI_OK; /* put_own() */
    if (t->pieces) {
        put_around(t);
    } else {
        put_first(t);
        TRY(put_ends(t));
    }
    const json_t *unknown = json_object_get(t->model, "unk_id");
    bool found = find_word(t, json_string_value(json_object_get(t->model, "unk_token")), &id);
    if (t->unigram && json_is_integer(unknown) && json_integer_value(unknown) < t->n) {
        id = (uint32_t)json_integer_value(unknown);
        found = json_integer_value(unknown) >= 0;
    }
    if (found) put_u32(&t->h->put, "tokenizer.ggml.unknown_token_id", id);
    return VIDI_OK;
}

/* --- WordPiece ---------------------------------------------------------------------------------
 */

static bool is_type(const json_t *object, const char *type) {
    const char *says = json_string_value(json_object_get(object, "type"));
    return says && strcmp(says, type) == 0;
}

/* Text is cut and cleaned as BERT has it; what may differ is said in the metadata. */
static vidi_status put_cleaning(struct tokens *t) {
    const json_t *clean = json_object_get(t->json, "normalizer");
    const json_t *accents = json_object_get(clean, "strip_accents");
    const char *mark = json_string_value(json_object_get(t->model, "continuing_subword_prefix"));
    const json_t *most = json_object_get(t->model, "max_input_chars_per_word");
    const bool lowers = json_is_true(json_object_get(clean, "lowercase"));
    if (!is_type(clean, "BertNormalizer") || json_is_false(json_object_get(clean, "clean_text")) ||
        json_is_false(json_object_get(clean, "handle_chinese_chars")))
        return bad(t, "normalizer is not BERT's, which alone is supported with WordPiece");
    if (!is_type(json_object_get(t->json, "pre_tokenizer"), "BertPreTokenizer"))
        return bad(t, "pre_tokenizer is not BERT's, which alone is supported with WordPiece");
    if (mark && strcmp(mark, "##") != 0)
        return bad(t, "model.continuing_subword_prefix is '%.16s', not '##'", mark);
    if (most && json_integer_value(most) != 100)
        return bad(t, "model.max_input_chars_per_word is not 100");
    put_bool(&t->h->put, "tokenizer.ggml.lowercase", lowers);
    put_bool(&t->h->put, "tokenizer.ggml.strip_accents",
             json_is_boolean(accents) ? json_is_true(accents) : lowers);
    return VIDI_OK;
}

/* --- Unigram -----------------------------------------------------------------------------------
 */

/* One step of what happens to text before it is cut. */
static vidi_status put_step(struct tokens *t, const json_t *step, bool *prepends) {
    struct put *p = &t->h->put;
    const char *map = json_string_value(json_object_get(step, "precompiled_charsmap"));
    const json_t *pattern = json_object_get(step, "pattern");
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    const char *plain = json_string_value(json_object_get(pattern, "String"));
    if (is_type(step, "Precompiled")) {
        uint64_t len = 0;
        const unsigned char *bytes = map ? hf_base64(t->h->arena, map, strlen(map), &len) : NULL;
        if (!bytes) return bad(t, "normalizer.precompiled_charsmap is no base64");
        put_text(p, "tokenizer.ggml.precompiled_charsmap", (const char *)bytes, len);
        return VIDI_OK;
    }
    if (is_type(step, "Replace") && regex && strcmp(regex, " {2,}") == 0) {
        put_bool(p, "tokenizer.ggml.join_whitespaces", true);
        return VIDI_OK;
    }
    if (is_type(step, "Replace") && plain && strcmp(plain, " ") == 0) return VIDI_OK;
    *prepends = *prepends || is_type(step, "Prepend");
    if (is_type(step, "Prepend")) return VIDI_OK;
    const char *type = json_string_value(json_object_get(step, "type"));
    return bad(t, "normalizer holds '%.32s', which is not supported with Unigram",
               type ? type : "?");
}

/* How the text is cut: at marks of blanks, or also at blanks of all kinds. */
static vidi_status put_cuts(struct tokens *t, bool prepends) {
    struct put *p = &t->h->put;
    const json_t *pre = json_object_get(t->json, "pre_tokenizer");
    const json_t *list = json_object_get(pre, "pretokenizers");
    const size_t n = json_is_array(list) ? json_array_size(list) : 1;
    bool drops = false, puts = prepends, once = false;
    for (size_t i = 0; i < n && json_is_object(pre); i++) {
        const json_t *one = json_is_array(list) ? json_array_get(list, i) : pre;
        const char *scheme = json_string_value(json_object_get(one, "prepend_scheme"));
        drops = drops || is_type(one, "WhitespaceSplit");
        if (is_type(one, "Metaspace")) {
            puts = !scheme || strcmp(scheme, "never") != 0;
            once = scheme && strcmp(scheme, "first") == 0;
        } else if (!is_type(one, "WhitespaceSplit")) {
            return bad(t, "pre_tokenizer is not Metaspace, which alone is supported with Unigram");
        }
    }
    put_bool(p, "tokenizer.ggml.add_space_prefix", puts);
    if (once) put_bool(p, "tokenizer.ggml.space_prefix_once", true);
    put_bool(p, "tokenizer.ggml.remove_extra_whitespaces", drops);
    return VIDI_OK;
}

static vidi_status put_unigram(struct tokens *t) {
    const json_t *clean = json_object_get(t->json, "normalizer");
    const json_t *list = json_object_get(clean, "normalizers");
    bool prepends = false;
    if (json_is_object(clean) && !json_is_array(list)) TRY(put_step(t, clean, &prepends));
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(put_step(t, json_array_get(list, i), &prepends));
    put_floats(&t->h->put, "tokenizer.ggml.scores", t->scores, t->n);
    put_bool(&t->h->put, "tokenizer.ggml.by_grapheme", true);
    return put_cuts(t, prepends);
}

/* What tokenizer.model says of itself. */
static vidi_status put_own(struct tokens *t) {
    static const char *const keys[] = {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                                       "tokenizer.ggml.unknown_token_id"};
    static const char *const names[] = {"bos_id", "eos_id", "unk_id"};
    struct put *p = &t->h->put;
    const json_t *says = json_object_get(t->settings, "add_bos_token");
    for (int i = 0; i < 3; i++) {
        const json_int_t id = json_integer_value(json_object_get(t->model, names[i]));
        if (id >= 0 && id < t->n) put_u32(p, keys[i], (uint32_t)id);
    }
    TRY(put_listed_ends(t));
    put_bool(p, "tokenizer.ggml.add_bos_token", !says || json_is_true(says));
    put_bool(p, "tokenizer.ggml.add_space_prefix",
             json_integer_value(json_object_get(t->model, "add_dummy_prefix")) != 0);
    if (t->unigram)
        put_bool(p, "tokenizer.ggml.remove_extra_whitespaces",
                 json_integer_value(json_object_get(t->model, "remove_extra_whitespaces")) != 0);
    put_floats(p, "tokenizer.ggml.scores", t->scores, t->n);
    return VIDI_OK;
}

/* --- chat template -----------------------------------------------------------------------------
 */

/* A text, or a list of {"name", "template"} of which the one called default is meant. */
static bool put_template(struct tokens *t, const json_t *value) {
    const char *text = json_string_value(value);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i);
        const char *name = json_string_value(json_object_get(one, "name"));
        if (!text || (name && strcmp(name, "default") == 0))
            text = json_string_value(json_object_get(one, "template"));
    }
    if (text) put_text(&t->h->put, "tokenizer.chat_template", text, strlen(text));
    return text != NULL;
}

static vidi_status put_template_file(struct tokens *t, bool *found) {
    const struct file_limit limit = {TEMPLATE_MOST, VIDI_E_FORMAT};
    struct vd_ctx *ctx = t->h->ctx;
    char words[sizeof ctx->error];
    const vidi_status before = ctx->status;
    const char *path = arena_print(t->h->arena, "%s/chat_template.jinja", t->h->folder);
    void *text;
    uint64_t bytes;
    if (!path) return VIDI_E_MEMORY;
    memcpy(words, ctx->error, sizeof words);
    *found = file_read(ctx, path, limit, &text, &bytes) == VIDI_OK;
    if (*found) {
        put_text(&t->h->put, "tokenizer.chat_template", text, bytes);
        vd_free(ctx, text);
        return VIDI_OK;
    }
    memcpy(ctx->error, words, sizeof words); /* it need not be there */
    ctx->status = before;
    return VIDI_OK;
}

static vidi_status find_template(struct tokens *t) {
    json_t *other;
    bool found;
    TRY(put_template_file(t, &found));
    if (found || put_template(t, json_object_get(t->settings, "chat_template"))) return VIDI_OK;
    TRY(hf_json(t->h, "chat_template.json", false, &other));
    put_template(t, json_object_get(other, "chat_template"));
    json_decref(other);
    return VIDI_OK;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static vidi_status check_model(struct tokens *t) {
    const char *type = json_string_value(json_object_get(t->model, "type"));
    const json_t *merges = json_object_get(t->model, "merges");
    if (!json_is_object(t->model)) return bad(t, "model is missing or no object");
    if (t->pieces || t->unigram || t->own) return VIDI_OK;
    if (!type && json_is_array(merges)) type = "BPE"; /* older files leave it out */
    if (!type || strcmp(type, "BPE") != 0)
        return vd_fail(t->h->ctx, VIDI_E_UNSUPPORTED,
                       "%.600s/tokenizer.json: model.type is '%.32s', only BPE, WordPiece and "
                       "Unigram are supported",
                       t->h->folder, type ? type : "");
    if (!json_is_array(merges)) return bad(t, "model.merges is missing or no list");
    if (json_array_size(merges) > MERGES_MOST)
        return bad(t, "model.merges has %zu entries, %d are the most", json_array_size(merges),
                   MERGES_MOST);
    return VIDI_OK;
}

static vidi_status read_vocabulary(struct tokens *t) {
    t->n = rows_of_words(t->h->put.g, t->table);
    if (t->n == 0)
        return vd_fail(t->h->ctx, VIDI_E_FORMAT, "%.600s: its weights hold no %s", t->h->folder,
                       t->pieces ? "word_embeddings.weight" : "embed_tokens.weight");
    if (t->n > WORDS_MOST)
        return bad(t, "the model has %u words, %d are the most", t->n, WORDS_MOST);
    t->words = arena_new(t->h->arena, const char *, t->n);
    t->types = arena_new(t->h->arena, int32_t, t->n);
    if (!t->words || !t->types) return VIDI_E_MEMORY;
    TRY(map_open(&t->ids, t->h->arena, t->n));
    TRY(t->unigram || t->own ? read_pieces(t) : read_words(t));
    TRY(read_added(t));
    if (!t->own) TRY(read_decoder(t));
    TRY(fill_gaps(t));
    return t->folder[0] ? VIDI_OK : hf_ids_check(t->h, t->words, t->n);
}

static vidi_status put_tokenizer(struct tokens *t) {
    struct put *p = &t->h->put;
    const json_t *merges = json_object_get(t->model, "merges");
    const char *kind = t->bytes ? "gpt2" : t->pieces ? "wordpiece" : t->unigram ? "t5" : "llama";
    put_text(p, "tokenizer.ggml.model", kind, strlen(kind));
    put_words(p, "tokenizer.ggml.tokens", t->words, t->n);
    put_ints(p, "tokenizer.ggml.token_type", t->types, t->n);
    TRY(put_ids(t));
    TRY(put_eats(t));
    if (t->pieces) return put_cleaning(t);
    if (t->unigram || t->own) {
        TRY(t->own ? put_own(t) : put_unigram(t));
        return find_template(t);
    }
    bool once = false, lone = false;
    if (!t->bytes) put_bool(p, "tokenizer.ggml.add_space_prefix", puts_blank(t, &once, &lone));
    if (once) put_bool(p, "tokenizer.ggml.space_prefix_once", true);
    if (lone) put_bool(p, "tokenizer.ggml.space_prefix_lone", true);
    if (t->bytes) TRY(put_cutter(t));
    TRY(t->bytes ? put_merges(t, merges) : put_scores(t, merges));
    return find_template(t);
}

static vidi_status read_file(struct tokens *t, const char *name, bool needed, json_t **out) {
    const char *path = arena_print(t->h->arena, "%s%s", t->folder, name);
    return path ? hf_json(t->h, path, needed, out) : VIDI_E_MEMORY;
}

/* Words that were added to those of tokenizer.model, in the form of tokenizer.json. */
static vidi_status own_added(struct tokens *t, json_t *list) {
    json_t *plain = NULL, *one, *id;
    const char *key;
    TRY(read_file(t, "tokenizer_config.json", false, &t->settings));
    TRY(read_file(t, "added_tokens.json", false, &plain));
    json_object_foreach(json_object_get(t->settings, "added_tokens_decoder"), key, one) {
        json_t *copy = json_deep_copy(one);
        if (json_is_object(copy))
            json_object_set_new(copy, "id", json_integer(strtoll(key, NULL, 10)));
        json_array_append_new(list, copy);
    }
    json_object_foreach(plain, key, id) json_array_append_new(
        list, json_pack("{s:s,s:O,s:b}", "content", key, "id", id, "special", 1));
    json_decref(plain);
    return VIDI_OK;
}

static vidi_status read_own(struct tokens *t) {
    const char *path = arena_print(t->h->arena, "%s/%stokenizer.model", t->h->folder, t->folder);
    json_t *list = json_array();
    vidi_status status = path && list ? VIDI_OK : VIDI_E_MEMORY;
    if (status == VIDI_OK && !hf_holds(t->h, t->folder, "tokenizer.model"))
        status =
            vd_fail(t->h->ctx, VIDI_E_IO, "%.600s: holds no %stokenizer.json or tokenizer.model",
                    t->h->folder, t->folder);
    if (status == VIDI_OK) status = hf_spm_json(t->h, path, &t->json);
    if (status == VIDI_OK) status = own_added(t, list);
    if (t->json) json_object_set(t->json, "added_tokens", list);
    json_decref(list);
    return status;
}

static vidi_status read_tokens(struct tokens *t) {
    TRY(read_file(t, "tokenizer.json", false, &t->json));
    if (!t->json) TRY(read_own(t));
    if (!t->settings) TRY(read_file(t, "tokenizer_config.json", false, &t->settings));
    t->model = json_object_get(t->json, "model");
    t->pieces = is_type(t->model, "WordPiece");
    t->own = is_type(t->model, "SentencePiece");
    const json_int_t kind = json_integer_value(json_object_get(t->model, "model_type"));
    t->unigram = is_type(t->model, "Unigram") || (t->own && kind == 1);
    t->bytes = is_byte_level(json_object_get(t->json, "pre_tokenizer"));
    TRY(check_model(t));
    TRY(read_vocabulary(t));
    TRY(put_tokenizer(t));
    return t->h->put.status;
}

vidi_status hf_tokens(struct hf *h, const char *folder, const char *table) {
    struct tokens t = {.h = h, .folder = folder, .table = table};
    if (strcmp(h->text->model_type, "qwen") == 0)
        return hf_tiktoken(h, rows_of_words(h->put.g, table));
    const vidi_status status = read_tokens(&t);
    json_decref(t.json); /* put_* copied the words */
    json_decref(t.settings);
    return status;
}
