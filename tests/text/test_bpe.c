/* Byte-level BPE against the ids of an independent tokenizer, and by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "text/pretokenize.h"
#include "vocab_build.h"

static const char *const pres[] = {"gpt-2",   "smollm",      "llama-bpe",     "qwen2",
                                   "qwen35",  "gpt-4o",      "tekken",        "falcon",
                                   "default", "deepseek-v3", "deepseek-coder"};
enum { N_PRES = sizeof pres / sizeof *pres };

/* data/bpe.gguf with another pre-tokenizer. */
static void open_with(struct fixture *f, const char *pre) {
    struct gguf g;
    *f = (struct fixture){0};
    if (gguf_open(&f->ctx, "tests/text/data/bpe.gguf", &g) != VIDI_OK) fail_msg("%s", f->ctx.error);
    build_start(&f->build);
    build_str(&f->build, "tokenizer.ggml.model", "gpt2");
    build_str(&f->build, "tokenizer.ggml.pre", pre);
    build_copy(&f->build, &g, "tokenizer.ggml.tokens");
    build_copy(&f->build, &g, "tokenizer.ggml.token_type");
    build_copy(&f->build, &g, "tokenizer.ggml.merges");
    gguf_close(&g);
    if (fixture_open(f) != VIDI_OK) fail_msg("%s", f->ctx.error);
}

static void equals_golden(void **state) {
    (void)state;
    for (int i = 0; i < N_PRES; i++) {
        struct fixture f;
        int n;
        open_with(&f, pres[i]);
        assert_int_equal(compare_golden(&f, pres[i], TOKENIZE_SPECIAL, true, &n), 0);
        assert_true(n >= 200);
        fixture_close(&f);
    }
}

/* The goldens tell each pre-tokenizer from its nearest kin. */
static void golden_notices_wrong_twin(void **state) {
    (void)state;
    static const char *const twins[][2] = {{"gpt-2", "smollm"},    {"smollm", "gpt-2"},
                                           {"qwen2", "llama-bpe"}, {"llama-bpe", "qwen2"},
                                           {"qwen2", "qwen35"},    {"gpt-4o", "tekken"},
                                           {"gpt-2", "default"},   {"qwen2", "gpt-2"},
                                           {"smollm", "qwen35"},   {"deepseek-v3", "llama-bpe"}};
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        struct fixture f;
        int n;
        open_with(&f, twins[i][1]);
        if (compare_golden(&f, twins[i][0], TOKENIZE_SPECIAL, false, &n) == 0)
            fail_msg("%s passes for %s", twins[i][1], twins[i][0]);
        fixture_close(&f);
    }
}

static const struct word letters[] = {{"ab", NORMAL},
                                      {"bc", NORMAL},
                                      {"abc", NORMAL},
                                      {"aa", NORMAL},
                                      {"aaaa", NORMAL},
                                      {"\xC4\xA0"
                                       "a",
                                       NORMAL},
                                      {"xyz", NORMAL},
                                      {NULL, 0}};
enum { AB = 256, BC, ABC, AA, AAAA, BLANK_A, XYZ };

static void merges_by_rank_then_place(void **state) {
    (void)state;
    struct fixture f = {0};
    const char *const merges[] = {"b c", "a b", "a a", "aa aa", "\xC4\xA0 a", "a bc", NULL};
    fixture_bpe(&f, &(struct vocab){"gpt-2", letters, merges, 0});
    fixture_expect(&f, "abc", 0, (int32_t[]){ABC, -1});
    fixture_expect(&f, "ab", 0, (int32_t[]){AB, -1});
    fixture_expect(&f, "aaa", 0, (int32_t[]){AA, 'a', -1});
    fixture_expect(&f, "aaaaaaa", 0, (int32_t[]){AAAA, AA, 'a', -1});
    fixture_expect(&f, "b a", 0, (int32_t[]){'b', BLANK_A, -1});
    fixture_expect(&f, "", 0, (int32_t[]){-1});
    fixture_close(&f);
}

static void whole_words_pass_merges(void **state) {
    (void)state;
    struct fixture f = {0};
    fixture_bpe(&f, &(struct vocab){"llama-bpe", letters, NULL, 0});
    fixture_expect(&f, "xyz", 0, (int32_t[]){XYZ, -1});
    fixture_expect(&f, "xyzz", 0, (int32_t[]){'x', 'y', 'z', 'z', -1});
    fixture_close(&f);
    fixture_bpe(&f, &(struct vocab){"qwen2", letters, NULL, 0});
    fixture_expect(&f, "xyz", 0, (int32_t[]){'x', 'y', 'z', -1});
    fixture_close(&f);
}

static void absent_byte_is_dropped(void **state) {
    (void)state;
    struct fixture f = {0};
    const char *const merges[] = {"a b", NULL};
    fixture_bpe(&f, &(struct vocab){"gpt-2", letters, merges, 'z'});
    fixture_expect(&f, "azb", 0, (int32_t[]){AB, -1});
    fixture_expect(&f, "z", 0, (int32_t[]){-1});
    fixture_close(&f);
}

static void control_word_never_grows(void **state) {
    (void)state;
    struct fixture f = {0};
    const struct word words[] = {{"end", CONTROL}, {"en", NORMAL}, {NULL, 0}};
    const char *const merges[] = {"e n", "en d", NULL};
    fixture_bpe(&f, &(struct vocab){"llama-bpe", words, merges, 0});
    fixture_expect(&f, "end", 0, (int32_t[]){257, 'd', -1});
    fixture_expect(&f, "end", TOKENIZE_SPECIAL, (int32_t[]){256, -1});
    fixture_close(&f);
}

static void random_bytes_round_trip(void **state) {
    (void)state;
    const unsigned int seed = 11;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < N_PRES; i++) {
        struct fixture f;
        open_with(&f, pres[i]);
        for (int round = 0; round < 60; round++) {
            char text[700];
            const uint64_t len = (uint64_t)(rand() % (int)sizeof text);
            const int kind = rand() % 3;
            for (uint64_t k = 0; k < len; k++)
                text[k] = (char)(kind == 0   ? rand()
                                 : kind == 1 ? "a \n9\xE4\xBD\xA0\xF0"[rand() % 9]
                                             : 32 + rand() % 96);
            fixture_ids(&f, text, len, 0);
            const struct str back = fixture_bytes(&f);
            assert_int_equal(back.len, len);
            if (len > 0) assert_memory_equal(back.ptr, text, len);
        }
        fixture_close(&f);
    }
}

/* A million bytes without a break. Merging that is quadratic would take minutes. */
static void long_piece_is_no_problem(void **state) {
    (void)state;
    enum { LEN = 1 << 20 };
    char *text = malloc(LEN);
    assert_non_null(text);
    struct fixture f;
    open_with(&f, "smollm");
    for (const char *c = "a 0_\n\xFF"; *c; c++) {
        memset(text, *c, LEN);
        const double start = clock_ms();
        fixture_ids(&f, text, LEN, TOKENIZE_SPECIAL);
        const double ms = clock_ms() - start;
        print_message("1 MiB of %02x: %.0f ms\n", (unsigned char)*c, ms);
        assert_true(ms < 20000);
        assert_int_equal(fixture_bytes(&f).len, LEN);
    }
    fixture_close(&f);
    free(text);
}

static void expect_refused(const struct vocab *v, const char *words) {
    struct fixture f = {0};
    build_start(&f.build);
    build_bpe(&f.build, v);
    assert_int_equal(fixture_open(&f), VIDI_E_FORMAT);
    assert_null(f.tokenizer);
    if (!strstr(f.ctx.error, words)) fail_msg("\"%s\" lacks \"%s\"", f.ctx.error, words);
    fixture_close(&f);
}

static void bad_merges_are_named(void **state) {
    (void)state;
    static const struct {
        const char *merge, *words;
    } cases[] = {
        {"ab", "merges[1]: no blank"},       {"", "merges[1]: no blank"},
        {" ", "merges[1]: no blank"},        {"nix a", "merges[1]: its left part"},
        {"a nix", "merges[1]: its right"},   {"a ", "merges[1]: its right"},
        {"b a", "merges[1]: what it makes"}, {"a b c", "merges[1]: its right"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const merges[] = {"a b", cases[i].merge, NULL};
        expect_refused(&(struct vocab){"gpt-2", letters, merges, 0}, cases[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_golden),
        cmocka_unit_test(golden_notices_wrong_twin),
        cmocka_unit_test(merges_by_rank_then_place),
        cmocka_unit_test(whole_words_pass_merges),
        cmocka_unit_test(absent_byte_is_dropped),
        cmocka_unit_test(control_word_never_grows),
        cmocka_unit_test(random_bytes_round_trip),
        cmocka_unit_test(long_piece_is_no_problem),
        cmocka_unit_test(bad_merges_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
