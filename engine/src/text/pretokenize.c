#include "text/pretokenize.h"

#include <string.h>

#include "text/utf8.h"

/* PCRE2's \s knows one code point too many (U+180E), so the class of white space is spelt out. */
#define SPACE      "\\t-\\r\\x20\\x{85}\\p{Z}"
#define SPACES     "[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"
#define LINES      "[" SPACE "]*[\\r\\n]+|" SPACES
#define APOSTROPHE "'(?:s|t|re|ve|m|ll|d)"
#define UPPER      "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define LEAD       "[^\\r\\n\\p{L}\\p{N}]?"

#define GPT2 APOSTROPHE "| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE "\\p{L}\\p{N}]+|" SPACES
#define LETTERS_THEN(digits) \
    "(?i:" APOSTROPHE ")|" LEAD "\\p{L}+|" digits "| ?[^" SPACE "\\p{L}\\p{N}]+[\\r\\n]*|" LINES
#define CASED(after, digits)                                                                   \
    LEAD UPPER "*" LOWER "+" after "|" LEAD UPPER "+" LOWER "*" after "|" digits "| ?[^" SPACE \
               "\\p{L}\\p{N}]+[\\r\\n/]*|" LINES

typedef const char *const patterns[PRETOKENIZE_STAGES + 1];
static patterns gpt2 = {GPT2};
static patterns digits_first = {"\\p{N}", GPT2};
static patterns llama3 = {LETTERS_THEN("\\p{N}{1,3}")};
static patterns qwen2 = {LETTERS_THEN("\\p{N}")};
static patterns qwen35 = {"(?i:" APOSTROPHE ")|" LEAD "[\\p{L}\\p{M}]+|\\p{N}"
                          "| ?[^" SPACE "\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" LINES};
static patterns tekken = {CASED("", "\\p{N}")};
static patterns gpt4o = {CASED("(?i:" APOSTROPHE ")?", "\\p{N}{1,3}")};
static patterns falcon = {"[\\p{P}$+<=>^~|`]+", GPT2, "[0-9]{3}"};
static patterns fallback = {"[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9]{3}"};
static patterns deepseek3 = {"\\p{N}{1,3}", "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{30FF}]+",
                             "[!-/:-@\\[-`{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                             "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" LINES};
static patterns deepseek_coder = {"[\\r\\n]", "[" SPACE "]?\\p{L}+", "[" SPACE "]?\\p{P}+",
                                  "[\\x{800}-\\x{9FA5}\\x{AC00}-\\x{D7FF}]+", "\\p{N}"};

static const struct row {
    const char *name;
    patterns *stages;
    bool whole_words, adds_bos;
} rows[] = {
    {"default", &fallback, false, false},
    {"gpt-2", &gpt2, false, false},
    {"phi-2", &gpt2, false, false},
    {"mpt", &gpt2, false, false},
    {"olmo", &gpt2, false, false},
    {"jais", &gpt2, false, false},
    {"roberta-bpe", &gpt2, false, false},
    {"granite-docling", &gpt2, false, false},
    {"smollm", &digits_first, false, false},
    {"starcoder", &digits_first, false, false},
    {"refact", &digits_first, false, false},
    {"command-r", &digits_first, false, false},
    {"codeshell", &digits_first, false, false},
    {"llama-bpe", &llama3, true, true},
    {"llama3", &llama3, true, true},
    {"llama-v3", &llama3, true, true},
    {"falcon3", &llama3, true, true},
    {"pixtral", &llama3, true, true},
    {"lfm2", &llama3, true, true},
    {"smaug-bpe", &llama3, false, false},
    {"dbrx", &llama3, false, false},
    {"glm4", &llama3, false, false},
    {"chatglm-bpe", &llama3, false, false},
    {"qwen2", &qwen2, false, false},
    {"qwen", &qwen2, true, false}, /* of qwen.tiktoken, where merges do not make every word */
    {"stablelm2", &qwen2, false, false},
    {"deepseek-r1-qwen", &qwen2, false, false},
    {"hunyuan", &qwen2, false, false},
    {"qwen35", &qwen35, false, false},
    {"tekken", &tekken, true, true},
    {"gpt-4o", &gpt4o, false, false},
    {"llama4", &gpt4o, false, false},
    {"falcon", &falcon, false, false},
    {"deepseek-v3", &deepseek3, false, false},
    {"deepseek-coder", &deepseek_coder, false, false},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

const char *pretokenizer_name(uint32_t i) { return i < N_ROWS ? rows[i].name : NULL; }

static void *take(PCRE2_SIZE bytes, void *ctx) { return vd_alloc(ctx, bytes); }
static void give(void *block, void *ctx) { vd_free(ctx, block); }

static vidi_status compile(struct vd_ctx *ctx, struct pretokenizer *p, const struct row *row) {
    p->memory = pcre2_general_context_create(take, give, ctx);
    pcre2_compile_context *how = p->memory ? pcre2_compile_context_create(p->memory) : NULL;
    if (!how) return VIDI_E_MEMORY;
    int error = 0;
    for (; p->n_stages < PRETOKENIZE_STAGES && (*row->stages)[p->n_stages]; p->n_stages++) {
        PCRE2_SIZE at;
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)(*row->stages)[p->n_stages],
                                         PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &at, how);
        if (!code) break;
        /* Where there is no JIT, or no memory for it, the interpreter does the same. */
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
        p->stages[p->n_stages] = code;
    }
    const bool whole = (*row->stages)[p->n_stages] == NULL;
    pcre2_compile_context_free(how);
    if (whole) return VIDI_OK;
    return vd_fail(ctx, VIDI_E_MEMORY,
                   "out of memory: pattern %u of the pre-tokenizer %s needs more (PCRE2: %d)",
                   p->n_stages, row->name, error);
}

vidi_status pretokenizer_open(struct vd_ctx *ctx, const char *name, uint64_t len,
                              struct pretokenizer *out) {
    *out = (struct pretokenizer){0};
    for (uint32_t i = 0; i < N_ROWS; i++) {
        if (strlen(rows[i].name) != len || memcmp(rows[i].name, name, len) != 0) continue;
        out->whole_words = rows[i].whole_words;
        out->adds_bos = rows[i].adds_bos;
        return compile(ctx, out, &rows[i]);
    }
    return vd_fail(ctx, VIDI_E_UNSUPPORTED, "pre-tokenizer \"%s\" is not known",
                   shown(name, len).text);
}

void pretokenizer_close(struct pretokenizer *p) {
    for (uint32_t i = 0; i < p->n_stages; i++) pcre2_code_free(p->stages[i]);
    pcre2_general_context_free(p->memory);
    *p = (struct pretokenizer){0};
}

vidi_status splitter_open(struct splitter *s, const struct pretokenizer *p, struct arena *a) {
    *s = (struct splitter){.rules = p, .arena = a};
    s->memory = pcre2_general_context_create(take, give, a->ctx);
    if (s->memory) s->limits = pcre2_match_context_create(s->memory);
    if (s->limits) s->match = pcre2_match_data_create(4, s->memory);
    return s->match ? VIDI_OK : VIDI_E_MEMORY;
}

void splitter_close(struct splitter *s) {
    pcre2_match_data_free(s->match);
    pcre2_match_context_free(s->limits);
    pcre2_general_context_free(s->memory);
    *s = (struct splitter){0};
}

static vidi_status push(struct splitter *s, uint32_t end) {
    struct pieces *p = &s->now;
    if (p->n == p->cap) {
        uint32_t *ends = arena_grow(s->arena, p->ends, &p->cap, sizeof *ends);
        if (!ends) return VIDI_E_MEMORY;
        p->ends = ends;
    }
    p->ends[p->n++] = end;
    return VIDI_OK;
}

/* Runs of valid UTF-8 and runs of other bytes, by turns. */
static vidi_status cut_invalid(struct splitter *s, const char *text, uint32_t len) {
    for (uint32_t i = 0; i < len;) {
        const bool valid = utf8_length(text + i, len - i) > 0;
        uint32_t step;
        while (i < len && ((step = utf8_length(text + i, len - i)) > 0) == valid)
            i += valid ? step : 1;
        TRY(push(s, i));
    }
    return VIDI_OK;
}

static int next_match(struct splitter *s, const pcre2_code *code, const char *text, uint32_t len,
                      uint32_t from) {
    const PCRE2_SPTR subject = (PCRE2_SPTR)text;
    int found = pcre2_match(code, subject, len, from, PCRE2_NO_UTF_CHECK, s->match, s->limits);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = pcre2_match(code, subject, len, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, s->match,
                            s->limits);
    return found;
}

static vidi_status apply(struct splitter *s, const pcre2_code *code, const char *text,
                         uint32_t start, uint32_t end) {
    const PCRE2_SIZE *const bounds = pcre2_get_ovector_pointer(s->match);
    const uint32_t len = end - start;
    uint32_t at = 0;
    while (at < len) {
        const int found = next_match(s, code, text + start, len, at);
        if (found == PCRE2_ERROR_NOMATCH) break;
        if (found == PCRE2_ERROR_NOMEMORY) return VIDI_E_MEMORY;
        if (found < 0)
            return vd_fail(s->arena->ctx, VIDI_E_MEMORY,
                           "a text of %u bytes could not be cut into words (PCRE2: %d)", len,
                           found);
        VD_ASSERT(bounds[1] > bounds[0] && bounds[0] >= at);
        if (bounds[0] > at) TRY(push(s, start + (uint32_t)bounds[0]));
        at = (uint32_t)bounds[1];
        TRY(push(s, start + at));
    }
    return at < len ? push(s, end) : VIDI_OK;
}

static vidi_status run_stage(struct splitter *s, const pcre2_code *code, const char *text) {
    const struct pieces swap = s->before;
    s->before = s->now;
    s->now = swap;
    s->now.n = 0;
    for (uint32_t i = 0, start = 0; i < s->before.n; start = s->before.ends[i++]) {
        const uint32_t end = s->before.ends[i];
        if (utf8_length(text + start, end - start) > 0)
            TRY(apply(s, code, text, start, end));
        else
            TRY(push(s, end));
    }
    return VIDI_OK;
}

vidi_status split(struct splitter *s, const char *text, uint32_t len) {
    enum { STEPS_A_MATCH = 10000000, STEPS_A_BYTE = 16, HEAP_KIB = 1 << 18 };
    const uint64_t steps = STEPS_A_MATCH + (uint64_t)len * STEPS_A_BYTE;
    pcre2_set_match_limit(s->limits, steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps);
    pcre2_set_heap_limit(s->limits, HEAP_KIB);
    s->now.n = 0;
    TRY(cut_invalid(s, text, len));
    for (uint32_t i = 0; i < s->rules->n_stages; i++) TRY(run_stage(s, s->rules->stages[i], text));
    return VIDI_OK;
}
