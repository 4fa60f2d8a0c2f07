#include "text/vocab.h"

#include <string.h>

#include "base/checked.h"
#include "text/chat_form.h"
#include "text/utf8.h"

static const char *const end_words[] = {
    "<|im_end|>",      "<|eot_id|>", "<|eom_id|>",         "<|end|>",        "<|endoftext|>",
    "<|end_of_text|>", "</s>",       "<end_of_turn>",      "<|return|>",     "<|eot|>",
    "<|end_of_turn|>", "<EOT>",      "<end_of_utterance>", "<|endofchunk|>",
};

static vidi_status read_kind(struct tokenizer *t) {
    struct str model;
    TRY(gguf_str(t->file, "tokenizer.ggml.model", &model));
    static const struct {
        const char *name;
        enum vocab_kind kind;
    } kinds[] = {{"gpt2", VOCAB_BPE},
                 {"llama", VOCAB_SPM},
                 {"wordpiece", VOCAB_WORDPIECE},
                 {"t5", VOCAB_UNIGRAM}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (model.len != strlen(kinds[i].name) || memcmp(model.ptr, kinds[i].name, model.len) != 0)
            continue;
        t->kind = kinds[i].kind;
        return VIDI_OK;
    }
    return vd_fail(t->ctx, VIDI_E_UNSUPPORTED,
                   "%s: tokenizer.ggml.model is \"%s\"; gpt2, llama, wordpiece and "
                   "t5 are supported",
                   t->file->path, shown(model.ptr, model.len).text);
}

static vidi_status read_words(struct tokenizer *t) {
    TRY(gguf_array(t->file, "tokenizer.ggml.tokens", GGUF_STRING, &t->tokens));
    if (t->tokens->n == 0 || t->tokens->n > VOCAB_WORDS)
        return vd_fail(t->ctx, VIDI_E_FORMAT,
                       "%s: tokenizer.ggml.tokens has %llu entries; 1 to %d are allowed",
                       t->file->path, (unsigned long long)t->tokens->n, VOCAB_WORDS);
    t->n = (uint32_t)t->tokens->n;
    TRY(map_open(&t->words, &t->arena, t->n));
    for (uint32_t i = 0; i < t->n; i++) {
        const struct str word = gguf_str_at(t->tokens, i);
        if (word.len > VOCAB_WORD_BYTES)
            return vd_fail(t->ctx, VIDI_E_FORMAT,
                           "%s: tokenizer.ggml.tokens[%u] has %llu bytes; at most %d are allowed",
                           t->file->path, i, (unsigned long long)word.len, VOCAB_WORD_BYTES);
        if (word.len > t->longest_word) t->longest_word = (uint32_t)word.len;
        if (word.len > 0) TRY(map_put(&t->words, word.ptr, (uint32_t)word.len, i, NULL));
    }
    return VIDI_OK;
}

/* "<0x0A>" -> 10; -1: not of that form. */
static int32_t byte_of_word(struct str word) {
    static const char digits[] = "0123456789ABCDEF0123456789abcdef";
    if (word.len != 6 || memcmp(word.ptr, "<0x", 3) != 0 || word.ptr[5] != '>') return -1;
    const char *high = memchr(digits, word.ptr[3], sizeof digits - 1);
    const char *low = memchr(digits, word.ptr[4], sizeof digits - 1);
    return high && low ? (int32_t)((high - digits) % 16 * 16 + (low - digits) % 16) : -1;
}

/* Whose words are SentencePiece's. */
static bool is_pieces(const struct tokenizer *t) {
    return t->kind == VOCAB_SPM || t->kind == VOCAB_UNIGRAM;
}

/* Files without types: all words are normal, but for the bytes of the llama kind and what the named
 * ids are. */
static void guess_types(struct tokenizer *t) {
    for (uint32_t i = 0; i < t->n; i++)
        t->types[i] =
            is_pieces(t) && byte_of_word(gguf_str_at(t->tokens, i)) >= 0 ? WORD_BYTE : WORD_NORMAL;
    const int32_t named[] = {t->bos, t->eos, t->eot};
    for (int i = 0; i < 3; i++)
        if (named[i] >= 0) t->types[named[i]] = WORD_CONTROL;
    if (t->unknown >= 0) t->types[t->unknown] = WORD_UNKNOWN;
}

static vidi_status read_types(struct tokenizer *t) {
    t->types = arena_new(&t->arena, uint8_t, t->n);
    if (!t->types) return VIDI_E_MEMORY;
    if (!gguf_find(t->file, "tokenizer.ggml.token_type")) {
        guess_types(t);
        return VIDI_OK;
    }
    const struct gguf_value *types;
    TRY(gguf_array(t->file, "tokenizer.ggml.token_type", GGUF_I32, &types));
    if (types->n != t->n)
        return vd_fail(t->ctx, VIDI_E_FORMAT,
                       "%s: tokenizer.ggml.token_type has %llu entries, tokenizer.ggml.tokens %u",
                       t->file->path, (unsigned long long)types->n, t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const int64_t type = gguf_int_at(types, i);
        if (type < 0 || type > WORD_BYTE)
            return vd_fail(t->ctx, VIDI_E_FORMAT,
                           "%s: tokenizer.ggml.token_type[%u] is %lld; 0 to %d are allowed",
                           t->file->path, i, (long long)type, WORD_BYTE);
        if (type == WORD_BYTE && byte_of_word(gguf_str_at(t->tokens, i)) < 0)
            return vd_fail(t->ctx, VIDI_E_FORMAT,
                           "%s: tokenizer.ggml.tokens[%u] is a byte by its type, but its word is "
                           "not of the form <0x00>",
                           t->file->path, i);
        t->types[i] = type == 0 ? WORD_NORMAL : (uint8_t)type;
    }
    return VIDI_OK;
}

static vidi_status read_id(struct tokenizer *t, const char *key, int32_t *out) {
    *out = -1;
    if (!gguf_find(t->file, key)) return VIDI_OK;
    uint32_t id;
    TRY(gguf_u32(t->file, key, &id));
    if (id >= t->n)
        return vd_fail(t->ctx, VIDI_E_FORMAT, "%s: %s is %u, but there are only %u words",
                       t->file->path, key, id, t->n);
    *out = (int32_t)id;
    return VIDI_OK;
}

static vidi_status read_ids(struct tokenizer *t) {
    TRY(read_id(t, "tokenizer.ggml.bos_token_id", &t->bos));
    TRY(read_id(t, "tokenizer.ggml.eos_token_id", &t->eos));
    TRY(read_id(t, "tokenizer.ggml.eot_token_id", &t->eot));
    return read_id(t, "tokenizer.ggml.unknown_token_id", &t->unknown);
}

static vidi_status read_flag(struct tokenizer *t, const char *key, bool absent, bool *out) {
    *out = absent;
    return gguf_find(t->file, key) ? gguf_bool(t->file, key, out) : VIDI_OK;
}

/* Older files of the llama kind leave the ids out; theirs are always the first three words. */
static void name_first_words(struct tokenizer *t) {
    static const char *const words[] = {"<unk>", "<s>", "</s>"};
    int32_t *const named[] = {&t->unknown, &t->bos, &t->eos};
    for (int32_t i = 0; i < 3; i++)
        if (*named[i] < 0 && tokenizer_find(t, words[i]) == i) *named[i] = i;
}

/* Any number of them, as a folder's files name them. */
static vidi_status mark_listed_ends(struct tokenizer *t) {
    static const char key[] = "tokenizer.ggml.end_token_ids";
    const struct gguf_value *ids;
    if (!gguf_find(t->file, key)) return VIDI_OK;
    TRY(gguf_array(t->file, key, GGUF_I32, &ids));
    for (uint64_t i = 0; i < ids->n; i++) {
        const int64_t id = gguf_int_at(ids, i);
        if (id < 0 || id >= t->n)
            return vd_fail(t->ctx, VIDI_E_FORMAT, "%s: %s[%llu] is %lld, but there are %u words",
                           t->file->path, key, (unsigned long long)i, (long long)id, t->n);
        t->ends[id] = true;
    }
    return VIDI_OK;
}

static vidi_status mark_ends(struct tokenizer *t) {
    t->ends = arena_new(&t->arena, bool, t->n);
    if (!t->ends) return VIDI_E_MEMORY;
    TRY(mark_listed_ends(t));
    if (t->eos >= 0) t->ends[t->eos] = true;
    if (t->eot >= 0) t->ends[t->eot] = true;
    for (size_t i = 0; i < sizeof end_words / sizeof *end_words; i++) {
        const int32_t id = tokenizer_find(t, end_words[i]);
        if (id >= 0 && (t->types[id] == WORD_CONTROL || t->types[id] == WORD_USER))
            t->ends[id] = true;
    }
    return VIDI_OK;
}

/* "<|im_start|>", "[INST]": not a run of white space, which files mark as the user's, too. */
static bool is_mark(struct str word) {
    static const char opens[] = "<[", closes[] = ">]";
    return word.len > 2 && memchr(opens, word.ptr[0], 2) &&
           memchr(closes, word.ptr[word.len - 1], 2);
}

static bool is_end_word(struct str word) {
    for (size_t i = 0; i < sizeof end_words / sizeof *end_words; i++)
        if (strlen(end_words[i]) == word.len && !memcmp(end_words[i], word.ptr, word.len))
            return true;
    return false;
}

/* Files may mark what roles are told by as the user's words. The model's own template tells them,
 * and so do the forms that are known here: nobody but the form says these. */
static vidi_status mark_guarded(struct tokenizer *t) {
    static const char key[] = "tokenizer.chat_template";
    struct str form = {"", 0};
    t->guarded = arena_new(&t->arena, bool, t->n);
    if (!t->guarded) return VIDI_E_MEMORY;
    if (gguf_find(t->file, key)) TRY(gguf_str(t->file, key, &form));
    for (uint32_t i = 0; i < t->n; i++) {
        const struct str word = gguf_str_at(t->tokens, i);
        if (t->types[i] == WORD_USER && is_mark(word))
            t->guarded[i] = is_end_word(word) || chat_form_holds(word.ptr, word.len) ||
                            text_contains(form.ptr, form.len, word.ptr, word.len);
    }
    return VIDI_OK;
}

/* Words of tokenizer.json alone have it. */
static vidi_status mark_eats(struct tokenizer *t) {
    static const char key[] = "tokenizer.ggml.eats_space_ids";
    const struct gguf_value *ids;
    if (!gguf_find(t->file, key)) return VIDI_OK;
    TRY(gguf_array(t->file, key, GGUF_I32, &ids));
    t->eats = arena_new(&t->arena, bool, t->n);
    if (!t->eats) return VIDI_E_MEMORY;
    for (uint64_t i = 0; i < ids->n; i++) {
        const int64_t id = gguf_int_at(ids, i);
        if (id < 0 || id >= t->n)
            return vd_fail(t->ctx, VIDI_E_FORMAT, "%s: %s[%llu] is %lld; there are %u words",
                           t->file->path, key, (unsigned long long)i, (long long)id, t->n);
        t->eats[id] = true;
    }
    return VIDI_OK;
}

static uint32_t decode_letters(const struct tokenizer *t, struct str word, char *out) {
    uint32_t n = 0;
    for (uint64_t i = 0; i < word.len;) {
        const uint32_t len = utf8_length(word.ptr + i, word.len - i);
        const uint32_t letter = len > 0 ? utf8_decode(word.ptr + i, len) : UINT32_MAX;
        const bool known = letter < sizeof t->letter_bytes / sizeof *t->letter_bytes;
        if (!known || t->letter_bytes[letter] < 0) {
            /* A word that is not written in the byte alphabet stands for itself. */
            memcpy(out, word.ptr, word.len);
            return (uint32_t)word.len;
        }
        out[n++] = (char)t->letter_bytes[letter];
        i += len;
    }
    return n;
}

static uint32_t decode_spaces(struct str word, char *out) {
    uint32_t n = 0;
    for (uint64_t i = 0; i < word.len;) {
        const bool space = word.len - i >= 3 && memcmp(word.ptr + i, "\xE2\x96\x81", 3) == 0;
        out[n++] = space ? ' ' : word.ptr[i];
        i += space ? 3 : 1;
    }
    return n;
}

/* What a word stands for; longer than it by one byte at most. Control, unknown and unused words:
 * nothing. */
static uint32_t decode(const struct tokenizer *t, int32_t id, char *out) {
    const struct str word = gguf_str_at(t->tokens, (uint64_t)id);
    switch ((enum word_type)t->types[id]) {
    case WORD_UNKNOWN:
    case WORD_CONTROL:
    case WORD_UNUSED:
        return 0;
    case WORD_BYTE:
        out[0] = (char)byte_of_word(word);
        return 1;
    case WORD_NORMAL:
        if (t->kind == VOCAB_BPE) return decode_letters(t, word, out);
        if (t->kind == VOCAB_WORDPIECE) return wordpiece_decode(word, out);
        return decode_spaces(word, out);
    case WORD_USER:
        if (is_pieces(t)) return decode_spaces(word, out);
        break;
    }
    if (word.len > 0) memcpy(out, word.ptr, word.len);
    return (uint32_t)word.len;
}

static vidi_status decode_words(struct tokenizer *t) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < t->n; i++) bytes += gguf_str_at(t->tokens, i).len + 1;
    t->bytes = bytes < UINT32_MAX ? arena_new(&t->arena, char, bytes + 1) : NULL;
    t->starts = arena_new(&t->arena, uint32_t, (uint64_t)t->n + 1);
    if (!t->bytes || !t->starts)
        return vd_fail(t->ctx, VIDI_E_MEMORY, "%s: no memory for a vocabulary of %llu bytes",
                       t->file->path, (unsigned long long)bytes);
    for (uint32_t i = 0; i < t->n; i++) {
        const uint32_t len = decode(t, (int32_t)i, t->bytes + t->starts[i]);
        t->starts[i + 1] = t->starts[i] + len;
        if (len > t->longest) t->longest = len;
    }
    return VIDI_OK;
}

/* The text under which a special word is looked for; of other words none. */
static struct str special_text(const struct tokenizer *t, uint32_t id) {
    if (t->types[id] == WORD_USER)
        return (struct str){t->bytes + t->starts[id], t->starts[id + 1] - t->starts[id]};
    if (t->types[id] == WORD_CONTROL || t->types[id] == WORD_UNKNOWN)
        return gguf_str_at(t->tokens, id);
    return (struct str){"", 0};
}

static vidi_status plant_special(struct tokenizer *t) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < t->n; i++) bytes += special_text(t, i).len;
    if (bytes > SPECIAL_BYTES)
        return vd_fail(t->ctx, VIDI_E_FORMAT,
                       "%s: tokenizer.ggml.tokens has special words of %llu bytes together; at "
                       "most %d are allowed",
                       t->file->path, (unsigned long long)bytes, SPECIAL_BYTES);
    TRY(specials_open(&t->specials, &t->arena));
    for (uint32_t i = 0; i < t->n; i++) {
        const struct str text = special_text(t, i);
        const bool free = t->types[i] == WORD_USER && !t->guarded[i];
        TRY(specials_add(&t->specials, text.ptr, (uint32_t)text.len, (int32_t)i, free));
    }
    return specials_link(&t->specials);
}

static void find_bytes(struct tokenizer *t) {
    for (int i = 0; i < 256; i++) t->byte_ids[i] = -1;
    for (uint32_t i = t->n; i-- > 0;)
        if (t->types[i] == WORD_BYTE)
            t->byte_ids[byte_of_word(gguf_str_at(t->tokens, i))] = (int32_t)i;
}

vidi_status vocab_read(struct tokenizer *t) {
    TRY(read_kind(t));
    TRY(read_words(t));
    TRY(read_ids(t));
    if (t->kind == VOCAB_SPM) name_first_words(t);
    TRY(read_types(t));
    find_bytes(t);
    TRY(mark_ends(t));
    TRY(mark_guarded(t));
    TRY(mark_eats(t));
    static vidi_status (*const opens[])(struct tokenizer *) = {
        [VOCAB_BPE] = bpe_open, [VOCAB_SPM] = spm_open, [VOCAB_UNIGRAM] = unigram_open};
    if (t->kind != VOCAB_WORDPIECE) TRY(opens[t->kind](t));
    TRY(decode_words(t));
    TRY(plant_special(t));
    const bool spm = is_pieces(t), pieces = t->kind == VOCAB_WORDPIECE;
    TRY(read_flag(t, "tokenizer.ggml.add_bos_token", spm || t->pre.adds_bos, &t->adds_bos));
    TRY(read_flag(t, "tokenizer.ggml.add_eos_token", false, &t->adds_eos));
    TRY(read_flag(t, "tokenizer.ggml.add_space_prefix", spm || pieces, &t->space_prefix));
    TRY(read_flag(t, "tokenizer.ggml.lowercase", pieces, &t->lowers));
    TRY(read_flag(t, "tokenizer.ggml.strip_accents", t->lowers, &t->strips_accents));
    TRY(read_flag(t, "tokenizer.ggml.remove_extra_whitespaces", false, &t->drops_blanks));
    TRY(read_flag(t, "tokenizer.ggml.by_grapheme", false, &t->by_grapheme));
    TRY(read_flag(t, "tokenizer.ggml.join_whitespaces", false, &t->joins_blanks));
    TRY(read_flag(t, "tokenizer.ggml.space_prefix_once", false, &t->prefix_once));
    TRY(read_flag(t, "tokenizer.ggml.space_prefix_lone", false, &t->prefix_lone));
    t->adds_bos = t->adds_bos && t->bos >= 0;
    return VIDI_OK;
}
