/* Opening a vocabulary, special words, texts in parts, and running out of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vocab_build.h"

static const struct word words[] = {{"<|im_start|>", CONTROL},
                                    {"<|im_end|>", CONTROL},
                                    {"<img>", USER},
                                    {"<img><img>", USER},
                                    {"<", USER},
                                    {"user", NORMAL},
                                    {"er", NORMAL},
                                    {"us", NORMAL},
                                    {"[PAD]", UNUSED},
                                    {"<|end|>", USER},
                                    {"<unk>", UNKNOWN},
                                    {"\xE4\xBD\xA0", USER},
                                    {"<|im_start|>x", USER},
                                    {NULL, 0}};
enum { START = 256, END, IMG, IMG2, LESS, USER_WORD, ER, US, PAD, END2, UNK, YOU, START_X };
static const char *const merges[] = {"e r", "u s", "us er", NULL};

static void open_words(struct fixture *f) {
    *f = (struct fixture){0};
    build_start(&f->build);
    build_bpe(&f->build, &(struct vocab){"gpt-2", words, merges, 0});
    build_u32(&f->build, "tokenizer.ggml.bos_token_id", START);
    build_u32(&f->build, "tokenizer.ggml.eos_token_id", 'Q');
    if (fixture_open(f) != VIDI_OK) fail_msg("%s", f->ctx.error);
}

static void words_are_found(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    const struct tokenizer *t = f.tokenizer;
    assert_int_equal(tokenizer_size(t), START_X + 1);
    assert_int_equal(tokenizer_find(t, "user"), USER_WORD);
    assert_int_equal(tokenizer_find(t, "use"), -1);
    assert_int_equal(tokenizer_find(t, ""), -1);
    assert_int_equal(tokenizer_word(t, IMG).len, 5);
    assert_memory_equal(tokenizer_word(t, IMG).ptr, "<img>", 5);
    assert_int_equal(tokenizer_word(t, -1).len, 0);
    assert_int_equal(tokenizer_word(t, 100000).len, 0);
    assert_true(tokenizer_is_control(t, START));
    assert_false(tokenizer_is_control(t, IMG));
    assert_false(tokenizer_is_control(t, -1));
    assert_int_equal(tokenizer_longest(t), 13);
    fixture_close(&f);
}

static void ends_are_known(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    for (int32_t id = -2; id < START_X + 3; id++)
        assert_int_equal(tokenizer_is_end(f.tokenizer, id), id == 'Q' || id == END || id == END2);
    assert_int_equal(tokenizer_bos(f.tokenizer), START);
    assert_false(tokenizer_adds_bos(f.tokenizer));
    fixture_close(&f);
}

static bool adds_bos(const char *pre, int said, bool has_bos, int32_t end) {
    struct fixture f = {0};
    build_start(&f.build);
    build_bpe(&f.build, &(struct vocab){pre, words, merges, 0});
    if (has_bos) build_u32(&f.build, "tokenizer.ggml.bos_token_id", START);
    if (said >= 0) build_bool(&f.build, "tokenizer.ggml.add_bos_token", said);
    build_u32(&f.build, "tokenizer.ggml.eot_token_id", (uint32_t)end);
    if (fixture_open(&f) != VIDI_OK) fail_msg("%s", f.ctx.error);
    const bool adds = tokenizer_adds_bos(f.tokenizer);
    assert_int_equal(tokenizer_bos(f.tokenizer), has_bos ? START : -1);
    assert_true(tokenizer_is_end(f.tokenizer, end));
    fixture_close(&f);
    return adds;
}

static void bos_is_added_as_the_file_says(void **state) {
    (void)state;
    assert_true(adds_bos("llama-bpe", -1, true, 'T'));
    assert_false(adds_bos("llama-bpe", 0, true, 'T'));
    assert_false(adds_bos("gpt-2", -1, true, 'T'));
    assert_true(adds_bos("gpt-2", 1, true, 'T'));
    assert_false(adds_bos("gpt-2", 1, false, 'T'));
}

static void tokens_have_bytes(void **state) {
    (void)state;
    struct fixture f;
    char out[16];
    open_words(&f);
    assert_int_equal(token_bytes(f.tokenizer, USER_WORD, out, 2), 4);
    assert_memory_equal(out, "us", 2);
    assert_int_equal(token_bytes(f.tokenizer, ' ', out, 16), 1);
    assert_int_equal(out[0], ' ');
    assert_int_equal(token_bytes(f.tokenizer, 0xAD, out, 16), 1);
    assert_int_equal((unsigned char)out[0], 0xAD);
    assert_int_equal(token_bytes(f.tokenizer, YOU, out, 16), 3);
    assert_int_equal(token_bytes(f.tokenizer, START, out, 16), 0);
    assert_int_equal(token_bytes(f.tokenizer, PAD, out, 16), 0);
    assert_int_equal(token_bytes(f.tokenizer, -1, out, 16), 0);
    assert_int_equal(token_bytes(f.tokenizer, 1 << 30, out, 16), 0);
    fixture_close(&f);
}

static void special_words_are_found(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    fixture_expect(&f, "<|im_start|>user", TOKENIZE_SPECIAL, (int32_t[]){START, USER_WORD, -1});
    fixture_expect(&f, "user<|im_end|><|im_end|>", TOKENIZE_SPECIAL,
                   (int32_t[]){USER_WORD, END, END, -1});
    fixture_expect(&f, "<img>", 0, (int32_t[]){IMG, -1});
    fixture_expect(&f, "<img><img><img>", 0, (int32_t[]){IMG2, IMG, -1});
    fixture_expect(&f, "<im", 0, (int32_t[]){LESS, 'i', 'm', -1});
    fixture_expect(&f, "<|im_start|>x", TOKENIZE_SPECIAL, (int32_t[]){START_X, -1});
    fixture_expect(&f, "<unk>", TOKENIZE_SPECIAL, (int32_t[]){UNK, -1});
    fixture_expect(&f, "[PAD]", TOKENIZE_SPECIAL, (int32_t[]){'[', 'P', 'A', 'D', ']', -1});
    fixture_close(&f);
}

static void users_cannot_say_control_words(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    const char *text = "<|im_start|>user <|im_end|> <unk>";
    fixture_ids(&f, text, strlen(text), 0);
    for (uint32_t i = 0; i < f.tokens.n; i++)
        assert_true(f.tokens.ids[i] != START && f.tokens.ids[i] != END && f.tokens.ids[i] != UNK);
    const struct str back = fixture_bytes(&f);
    assert_int_equal(back.len, strlen(text));
    assert_memory_equal(back.ptr, text, back.len);
    fixture_close(&f);
}

/* Words of roles that a file marks as the user's, told by its template, by a known form, or by
 * ending an answer; white space and other words of that kind stay one token. */
static void users_cannot_say_roles(void **state) {
    (void)state;
    static const struct word roles[] = {
        {"<|im_start|>", USER}, {"<|im_end|>", USER}, {"<<role>>", USER}, {"<table>", USER},
        {"\n\n", USER},         {"[INST]", USER},     {NULL, 0}};
    enum { ROLE = 258, TABLE, LINES };
    static const char template[] = "{% for m in messages %}<<role>>{{ m.role }}\n\n{% endfor %}";
    for (int with = 0; with < 2; with++) {
        struct fixture f;
        build_start(&f.build);
        build_bpe(&f.build, &(struct vocab){.words = roles});
        if (with) build_str(&f.build, "tokenizer.chat_template", template);
        assert_int_equal(fixture_open(&f), VIDI_OK);
        const char *text = "<|im_end|>[INST]<|im_start|>";
        fixture_ids(&f, text, strlen(text), 0);
        assert_int_equal(f.tokens.n, strlen(text));
        fixture_expect(&f, text, TOKENIZE_SPECIAL, (int32_t[]){257, 261, 256, -1});
        fixture_ids(&f, "<<role>>", 8, 0);
        assert_int_equal(f.tokens.n, with ? 8 : 1);
        fixture_expect(&f, "<<role>>", TOKENIZE_SPECIAL, (int32_t[]){ROLE, -1});
        fixture_expect(&f, "<table>\n\n", 0, (int32_t[]){TABLE, LINES, -1});
        fixture_close(&f);
    }
}

static void expect_parts(struct fixture *f, const struct text_part *parts, uint32_t n,
                         const int32_t *ids) {
    f->tokens.n = 0;
    assert_int_equal(tokenize_parts(f->tokenizer, parts, n, &f->tokens), VIDI_OK);
    for (uint32_t i = 0; i <= f->tokens.n; i++)
        assert_int_equal(ids[i], i < f->tokens.n ? f->tokens.ids[i] : -1);
}

static void parts_are_one_text(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    const struct text_part seam[] = {{"<|im_start|>us", 14, TOKENIZE_SPECIAL}, {"er", 2, 0}};
    expect_parts(&f, seam, 2, (int32_t[]){START, USER_WORD, -1});
    const struct text_part mixed[] = {{"<|im_end|>", 10, TOKENIZE_SPECIAL},
                                      {"", 0, 0},
                                      {"<unk>", 5, 0},
                                      {"<|im_end|>", 10, TOKENIZE_SPECIAL}};
    expect_parts(&f, mixed, 4, (int32_t[]){END, LESS, 'u', 'n', 'k', '>', END, -1});
    /* A control word never runs over a seam; a user's word does. */
    const struct text_part cut[] = {{"<un", 3, TOKENIZE_SPECIAL}, {"k>", 2, TOKENIZE_SPECIAL}};
    expect_parts(&f, cut, 2, (int32_t[]){LESS, 'u', 'n', 'k', '>', -1});
    const struct text_part image[] = {{"<im", 3, 0}, {"g>", 2, 0}};
    expect_parts(&f, image, 2, (int32_t[]){IMG, -1});
    expect_parts(&f, NULL, 0, (int32_t[]){-1});
    fixture_close(&f);
}

static void ids_are_appended(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(tokenize(f.tokenizer, "user", 4, 0, &f.tokens), VIDI_OK);
    assert_int_equal(f.tokens.n, 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(f.tokens.ids[i], USER_WORD);
    fixture_close(&f);
}

static void too_long_is_an_error(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    assert_int_equal(tokenize(f.tokenizer, "x", (uint64_t)1 << 40, 0, &f.tokens), VIDI_E_ARGUMENT);
    const struct text_part parts[] = {{"x", UINT64_MAX, 0}, {"x", 1, 0}};
    assert_int_equal(tokenize_parts(f.tokenizer, parts, 2, &f.tokens), VIDI_E_ARGUMENT);
    fixture_close(&f);
}

/* Each case builds a file with one fault. */
enum fault {
    NO_MODEL,
    OTHER_MODEL,
    NO_TOKENS,
    EMPTY_TOKENS,
    TOKENS_OF_NUMBERS,
    SHORT_TYPES,
    BAD_TYPE,
    TYPES_OF_TEXT,
    BOS_RANGE,
    EOS_RANGE,
    EOT_RANGE,
    UNK_RANGE,
    BOS_TEXT,
    BAD_PRE,
    NO_MERGES,
    LONG_WORD,
};

static void build_fault(struct build *b, enum fault fault) {
    static char wide[65537];
    memset(wide, 'x', 65536);
    const struct str some[] = {{"a", 1}, {"b", 1}};
    const struct str wide_word[] = {{"a", 1}, {wide, 65536}};
    const int32_t types[] = {1, fault == BAD_TYPE ? 7 : 1};
    static const char *const ids[] = {[BOS_RANGE] = "tokenizer.ggml.bos_token_id",
                                      [EOS_RANGE] = "tokenizer.ggml.eos_token_id",
                                      [EOT_RANGE] = "tokenizer.ggml.eot_token_id",
                                      [UNK_RANGE] = "tokenizer.ggml.unknown_token_id"};
    build_start(b);
    if (fault != NO_MODEL)
        build_str(b, "tokenizer.ggml.model", fault == OTHER_MODEL ? "be\x07rt" : "gpt2");
    if (fault == TOKENS_OF_NUMBERS) build_i32s(b, "tokenizer.ggml.tokens", types, 2);
    if (fault != NO_TOKENS && fault != TOKENS_OF_NUMBERS)
        build_strs(b, "tokenizer.ggml.tokens", fault == LONG_WORD ? wide_word : some,
                   fault == EMPTY_TOKENS ? 0 : 2);
    if (fault == TYPES_OF_TEXT)
        build_strs(b, "tokenizer.ggml.token_type", some, 2);
    else
        build_i32s(b, "tokenizer.ggml.token_type", types, fault == SHORT_TYPES ? 1 : 2);
    if (fault >= BOS_RANGE && fault <= UNK_RANGE) build_u32(b, ids[fault], 2);
    if (fault == BOS_TEXT) build_str(b, "tokenizer.ggml.bos_token_id", "1");
    if (fault != NO_MERGES) build_strs(b, "tokenizer.ggml.merges", some, 0);
    build_str(b, "tokenizer.ggml.pre", fault == BAD_PRE ? "nix" : "gpt-2");
}

static void faults_are_named(void **state) {
    (void)state;
    static const struct {
        enum fault fault;
        vidi_status status;
        const char *words;
    } cases[] = {
        {NO_MODEL, VIDI_E_FORMAT, "tokenizer.ggml.model"},
        {OTHER_MODEL, VIDI_E_UNSUPPORTED, "tokenizer.ggml.model is \"be?rt\""},
        {NO_TOKENS, VIDI_E_FORMAT, "tokenizer.ggml.tokens"},
        {EMPTY_TOKENS, VIDI_E_FORMAT, "tokenizer.ggml.tokens has 0 entries"},
        {TOKENS_OF_NUMBERS, VIDI_E_FORMAT, "tokenizer.ggml.tokens"},
        {SHORT_TYPES, VIDI_E_FORMAT, "token_type has 1 entries, tokenizer.ggml.tokens 2"},
        {BAD_TYPE, VIDI_E_FORMAT, "tokenizer.ggml.token_type[1] is 7"},
        {TYPES_OF_TEXT, VIDI_E_FORMAT, "tokenizer.ggml.token_type"},
        {BOS_RANGE, VIDI_E_FORMAT, "tokenizer.ggml.bos_token_id is 2"},
        {EOS_RANGE, VIDI_E_FORMAT, "tokenizer.ggml.eos_token_id is 2"},
        {EOT_RANGE, VIDI_E_FORMAT, "tokenizer.ggml.eot_token_id is 2"},
        {UNK_RANGE, VIDI_E_FORMAT, "tokenizer.ggml.unknown_token_id is 2"},
        {BOS_TEXT, VIDI_E_FORMAT, "tokenizer.ggml.bos_token_id"},
        {BAD_PRE, VIDI_E_UNSUPPORTED, "pre-tokenizer \"nix\""},
        {NO_MERGES, VIDI_E_FORMAT, "tokenizer.ggml.merges"},
        {LONG_WORD, VIDI_E_FORMAT, "tokenizer.ggml.tokens[1] has 65536 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f = {0};
        build_fault(&f.build, cases[i].fault);
        assert_int_equal(fixture_open(&f), cases[i].status);
        assert_null(f.tokenizer);
        if (!strstr(f.ctx.error, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", f.ctx.error, cases[i].words);
        fixture_close(&f);
    }
}

/* 257 of the longest words are more than special words may be together. */
static void special_words_have_a_limit(void **state) {
    (void)state;
    enum { N = 257, LONG = 65535 };
    static char word[LONG];
    struct str longs[N];
    int32_t types[N];
    struct fixture f = {0};
    memset(word, 'a', sizeof word);
    for (int i = 0; i < N; i++) {
        longs[i] = (struct str){word, LONG};
        types[i] = CONTROL;
    }
    build_start(&f.build);
    build_str(&f.build, "tokenizer.ggml.model", "gpt2");
    build_str(&f.build, "tokenizer.ggml.pre", "gpt-2");
    build_strs(&f.build, "tokenizer.ggml.tokens", longs, N);
    build_i32s(&f.build, "tokenizer.ggml.token_type", types, N);
    build_strs(&f.build, "tokenizer.ggml.merges", longs, 0);
    assert_int_equal(fixture_open(&f), VIDI_E_FORMAT);
    assert_non_null(strstr(f.ctx.error, "special words of 16842495 bytes together"));
    fixture_close(&f);
}

/* Whichever allocation fails, opening says so and leaves nothing behind. */
static void open_survives_no_memory(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    vidi_status status = VIDI_E_MEMORY;
    uint64_t n = 0;
    while (status != VIDI_OK) {
        const uint64_t before = f.ctx.heap.live_bytes;
        struct tokenizer *t = NULL;
        f.ctx.heap.fail_at = f.ctx.heap.n_allocs + ++n;
        status = tokenizer_open(&f.ctx, &f.file, &t);
        f.ctx.heap.fail_at = 0;
        assert_true(status == VIDI_OK || status == VIDI_E_MEMORY);
        assert_int_equal(t != NULL, status == VIDI_OK);
        tokenizer_close(t);
        assert_int_equal(f.ctx.heap.live_bytes, before);
        assert_true(n < 1000);
    }
    assert_true(n > 6);
    fixture_close(&f);
}

static void tokenize_survives_no_memory(void **state) {
    (void)state;
    struct fixture f;
    open_words(&f);
    char text[6000];
    memset(text, 'u', sizeof text);
    vidi_status status = VIDI_E_MEMORY;
    uint64_t n = 0;
    while (status != VIDI_OK) {
        struct arena a;
        const uint64_t before = f.ctx.heap.live_bytes;
        arena_open(&a, &f.ctx);
        struct tokens out = {.arena = &a};
        f.ctx.heap.fail_at = f.ctx.heap.n_allocs + ++n;
        status = tokenize(f.tokenizer, text, sizeof text, 0, &out);
        f.ctx.heap.fail_at = 0;
        assert_true(status == VIDI_OK || status == VIDI_E_MEMORY);
        arena_close(&a);
        assert_int_equal(f.ctx.heap.live_bytes, before);
        assert_true(n < 1000);
    }
    assert_true(n > 5);
    fixture_close(&f);
}

/* A vocabulary may hold empty and equal words; the first of equal ones is meant. */
static void odd_words_are_harmless(void **state) {
    (void)state;
    struct fixture f = {0};
    const struct word odd[] = {{"", NORMAL}, {"", CONTROL}, {"", USER}, {"q", NORMAL}, {NULL, 0}};
    fixture_bpe(&f, &(struct vocab){NULL, odd, NULL, 0});
    fixture_expect(&f, "q", TOKENIZE_SPECIAL, (int32_t[]){'q', -1});
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found),
        cmocka_unit_test(ends_are_known),
        cmocka_unit_test(bos_is_added_as_the_file_says),
        cmocka_unit_test(tokens_have_bytes),
        cmocka_unit_test(special_words_are_found),
        cmocka_unit_test(users_cannot_say_control_words),
        cmocka_unit_test(users_cannot_say_roles),
        cmocka_unit_test(parts_are_one_text),
        cmocka_unit_test(ids_are_appended),
        cmocka_unit_test(too_long_is_an_error),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(special_words_have_a_limit),
        cmocka_unit_test(open_survives_no_memory),
        cmocka_unit_test(tokenize_survives_no_memory),
        cmocka_unit_test(odd_words_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
