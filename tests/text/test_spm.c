/* SentencePiece BPE against the ids of an independent tokenizer, and by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "vocab_build.h"

#define BLANK "\xE2\x96\x81"

static void open_golden(struct fixture *f, bool prefix) {
    struct gguf g;
    *f = (struct fixture){0};
    if (gguf_open(&f->ctx, "tests/text/data/spm.gguf", &g) != VIDI_OK) fail_msg("%s", f->ctx.error);
    build_start(&f->build);
    build_str(&f->build, "tokenizer.ggml.model", "llama");
    build_copy(&f->build, &g, "tokenizer.ggml.tokens");
    build_copy(&f->build, &g, "tokenizer.ggml.token_type");
    build_copy(&f->build, &g, "tokenizer.ggml.scores");
    build_bool(&f->build, "tokenizer.ggml.add_space_prefix", prefix);
    gguf_close(&g);
    if (fixture_open(f) != VIDI_OK) fail_msg("%s", f->ctx.error);
}

static void equals_golden(void **state) {
    (void)state;
    for (int prefix = 0; prefix < 2; prefix++) {
        struct fixture f;
        int n;
        open_golden(&f, prefix);
        const char *right = prefix ? "spm-prefix" : "spm-plain";
        const char *wrong = prefix ? "spm-plain" : "spm-prefix";
        assert_int_equal(compare_golden(&f, right, 0, true, &n), 0);
        assert_true(n >= 200);
        assert_true(compare_golden(&f, wrong, 0, false, &n) > 100);
        fixture_close(&f);
    }
}

struct piece {
    const char *text;
    int32_t type;
    float score;
};

/* A vocabulary by hand, ended and not yet opened; scores may be cut short. */
static void build_pieces(struct fixture *f, const struct piece *pieces, size_t n, size_t n_scores) {
    struct str words[64];
    int32_t types[64];
    float scores[64];
    for (size_t i = 0; i < n; i++) {
        words[i] = (struct str){pieces[i].text, strlen(pieces[i].text)};
        types[i] = pieces[i].type;
        scores[i] = pieces[i].score;
    }
    *f = (struct fixture){0};
    build_start(&f->build);
    build_str(&f->build, "tokenizer.ggml.model", "llama");
    build_strs(&f->build, "tokenizer.ggml.tokens", words, n);
    build_i32s(&f->build, "tokenizer.ggml.token_type", types, n);
    build_f32s(&f->build, "tokenizer.ggml.scores", scores, n_scores);
}

static const struct piece few[] = {
    {"<unk>", UNKNOWN, 0}, {"<s>", CONTROL, 0}, {"</s>", CONTROL, 0},   {"a", NORMAL, -10},
    {"b", NORMAL, -11},    {"c", NORMAL, -12},  {BLANK, NORMAL, -13},   {"ab", NORMAL, -2},
    {"bc", NORMAL, -1},    {"abc", NORMAL, -3}, {BLANK "a", NORMAL, 0}, {"<0xC3>", BYTE, 0},
    {"<0xA9>", BYTE, 0},   {"<img>", USER, 0},  {"aa", NORMAL, -5},     {"cc", UNUSED, 0},
};
enum { UNK, BOS, EOS, A, B, C, MARK, AB, BC, ABC, MARK_A, BYTE_C3, BYTE_A9, IMG, AA, N_FEW = 16 };

static void open_few(struct fixture *f, bool prefix) {
    build_pieces(f, few, N_FEW, N_FEW);
    build_bool(&f->build, "tokenizer.ggml.add_space_prefix", prefix);
    if (fixture_open(f) != VIDI_OK) fail_msg("%s", f->ctx.error);
}

static void best_score_first_then_leftmost(void **state) {
    (void)state;
    struct fixture f;
    open_few(&f, false);
    fixture_expect(&f, "abc", 0, (int32_t[]){ABC, -1});
    fixture_expect(&f, "abcab", 0, (int32_t[]){ABC, AB, -1});
    fixture_expect(&f, "bca", 0, (int32_t[]){BC, A, -1});
    fixture_expect(&f, "aaa", 0, (int32_t[]){AA, A, -1});
    fixture_expect(&f, "cc", 0, (int32_t[]){C, C, -1});
    fixture_expect(&f, "b a", 0, (int32_t[]){B, MARK_A, -1});
    fixture_expect(&f, "", 0, (int32_t[]){-1});
    fixture_close(&f);
}

static void bytes_then_unknown(void **state) {
    (void)state;
    struct fixture f;
    open_few(&f, false);
    fixture_expect(&f, "\xC3\xA9", 0, (int32_t[]){BYTE_C3, BYTE_A9, -1});
    fixture_expect(&f, "a\xC3", 0, (int32_t[]){A, BYTE_C3, -1});
    fixture_expect(&f, "axyzb", 0, (int32_t[]){A, UNK, B, -1});
    fixture_expect(&f, "x\xC3\xA9y", 0, (int32_t[]){UNK, BYTE_C3, BYTE_A9, UNK, -1});
    fixture_close(&f);
}

static void blank_before_text_and_after_special(void **state) {
    (void)state;
    struct fixture f;
    open_few(&f, true);
    fixture_expect(&f, "a", 0, (int32_t[]){MARK_A, -1});
    fixture_expect(&f, " a", 0, (int32_t[]){MARK, MARK_A, -1});
    fixture_expect(&f, "a", TOKENIZE_CONTINUE, (int32_t[]){A, -1});
    fixture_expect(&f, "<s>a</s>", TOKENIZE_SPECIAL, (int32_t[]){BOS, MARK_A, EOS, -1});
    fixture_expect(&f, "a<img>b", 0, (int32_t[]){MARK_A, IMG, MARK, B, -1});
    fixture_expect(&f, "<img>", 0, (int32_t[]){IMG, -1});
    fixture_close(&f);
}

static void control_words_are_text_unless_asked(void **state) {
    (void)state;
    struct fixture f;
    open_few(&f, false);
    fixture_expect(&f, "a<s>", TOKENIZE_SPECIAL, (int32_t[]){A, BOS, -1});
    fixture_expect(&f, "a<s>", 0, (int32_t[]){A, UNK, -1});
    fixture_close(&f);
}

static void ids_have_defaults(void **state) {
    (void)state;
    struct fixture f;
    open_few(&f, true);
    assert_int_equal(tokenizer_bos(f.tokenizer), BOS);
    assert_true(tokenizer_adds_bos(f.tokenizer));
    assert_true(tokenizer_is_end(f.tokenizer, EOS));
    assert_false(tokenizer_is_end(f.tokenizer, BOS));
    fixture_close(&f);
}

static void words_decode_to_bytes(void **state) {
    (void)state;
    struct fixture f;
    char out[8];
    open_few(&f, true);
    assert_int_equal(token_bytes(f.tokenizer, MARK_A, out, sizeof out), 2);
    assert_memory_equal(out, " a", 2);
    assert_int_equal(token_bytes(f.tokenizer, BYTE_A9, out, sizeof out), 1);
    assert_memory_equal(out, "\xA9", 1);
    assert_int_equal(token_bytes(f.tokenizer, BOS, out, sizeof out), 0);
    assert_int_equal(token_bytes(f.tokenizer, IMG, out, sizeof out), 5);
    fixture_close(&f);
}

static void random_bytes_round_trip(void **state) {
    (void)state;
    const unsigned int seed = 5;
    print_message("seed %u\n", seed);
    srand(seed);
    struct fixture f;
    open_golden(&f, false);
    for (int round = 0; round < 300; round++) {
        char text[300];
        const uint64_t len = 1 + (uint64_t)(rand() % 299);
        for (uint64_t k = 0; k < len; k++)
            text[k] = (char)(round % 2 ? rand() : "ab  \n\xC3\xA9\xF0"[rand() % 8]);
        fixture_ids(&f, text, len, 0);
        const struct str back = fixture_bytes(&f);
        assert_int_equal(back.len, len);
        assert_memory_equal(back.ptr, text, len);
    }
    fixture_close(&f);
}

static void long_text_is_no_problem(void **state) {
    (void)state;
    enum { LEN = 1 << 20 };
    char *text = malloc(LEN);
    assert_non_null(text);
    struct fixture f;
    open_golden(&f, true);
    for (const char *c = "a 0\xFF"; *c; c++) {
        memset(text, *c, LEN);
        const double start = clock_ms();
        fixture_ids(&f, text, LEN, 0);
        const double ms = clock_ms() - start;
        print_message("1 MiB of %02x: %.0f ms\n", (unsigned char)*c, ms);
        assert_true(ms < 20000);
        assert_int_equal(fixture_bytes(&f).len, LEN + 1);
    }
    fixture_close(&f);
    free(text);
}

static void expect_refused(struct fixture *f, const char *words) {
    assert_int_equal(fixture_open(f), VIDI_E_FORMAT);
    assert_null(f->tokenizer);
    if (!strstr(f->ctx.error, words)) fail_msg("\"%s\" lacks \"%s\"", f->ctx.error, words);
    fixture_close(f);
}

static void bad_vocabularies_are_refused(void **state) {
    (void)state;
    struct fixture f;
    build_pieces(&f, few, N_FEW, N_FEW - 1);
    expect_refused(&f, "tokenizer.ggml.scores has 15 entries");
    struct piece bad = {"x", NORMAL, NAN};
    build_pieces(&f, &bad, 1, 1);
    expect_refused(&f, "tokenizer.ggml.scores[0] is not a finite");
    static const char *const bytes[] = {"<0x-1>", "<0x1>",   "<0xGG>", "<0x 1>", "<0x+1>",   "0x01",
                                        "<0x01",  "<0x001>", "<0X01>", "",       "<0x1\xFF>"};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        bad = (struct piece){bytes[i], BYTE, 0};
        build_pieces(&f, &bad, 1, 1);
        expect_refused(&f, "tokenizer.ggml.tokens[0] is a byte by its type");
    }
}

/* Files without types are older ones; their words tell what they are. */
static void types_are_guessed(void **state) {
    (void)state;
    struct fixture f = {0};
    const struct str words[] = {{"<unk>", 5}, {"<s>", 3}, {"</s>", 4}, {"<0x61>", 6}, {"b", 1}};
    build_start(&f.build);
    build_str(&f.build, "tokenizer.ggml.model", "llama");
    build_strs(&f.build, "tokenizer.ggml.tokens", words, 5);
    build_f32s(&f.build, "tokenizer.ggml.scores", (float[]){0, 0, 0, 0, 0}, 5);
    build_bool(&f.build, "tokenizer.ggml.add_space_prefix", false);
    if (fixture_open(&f) != VIDI_OK) fail_msg("%s", f.ctx.error);
    assert_true(tokenizer_is_control(f.tokenizer, 1));
    fixture_expect(&f, "ab", 0, (int32_t[]){3, 4, -1});
    fixture_expect(&f, "<s>b", TOKENIZE_SPECIAL, (int32_t[]){1, 4, -1});
    fixture_close(&f);
}

static uint32_t said(struct fixture *f, bool opens, int32_t id, char *out, uint32_t cap) {
    struct detok d = {.opens_text = opens};
    return detok_next(f->tokenizer, &d, id, out, cap);
}

static void an_answer_opens_without_a_blank(void **state) {
    (void)state;
    char out[32];
    for (int prefix = 0; prefix < 2; prefix++) {
        struct fixture f;
        open_few(&f, prefix);
        assert_int_equal(said(&f, true, MARK_A, out, sizeof out), prefix ? 1 : 2);
        assert_string_equal(out, prefix ? "a" : " a");
        assert_int_equal(said(&f, false, MARK_A, out, sizeof out), 2);
        struct detok d = {.opens_text = true};
        assert_int_equal(detok_next(f.tokenizer, &d, B, out, sizeof out), 1);
        assert_int_equal(detok_next(f.tokenizer, &d, MARK_A, out, sizeof out), 2);
        fixture_close(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_golden),
        cmocka_unit_test(best_score_first_then_leftmost),
        cmocka_unit_test(bytes_then_unknown),
        cmocka_unit_test(blank_before_text_and_after_special),
        cmocka_unit_test(control_words_are_text_unless_asked),
        cmocka_unit_test(ids_have_defaults),
        cmocka_unit_test(words_decode_to_bytes),
        cmocka_unit_test(random_bytes_round_trip),
        cmocka_unit_test(long_text_is_no_problem),
        cmocka_unit_test(bad_vocabularies_are_refused),
        cmocka_unit_test(types_are_guessed),
        cmocka_unit_test(an_answer_opens_without_a_blank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
