/* Borders of pieces, by hand; and that they always cover the text, in bounded time. */
#include "text/pretokenize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

struct bench {
    struct vd_ctx ctx;
    struct arena arena;
    struct pretokenizer rules;
    struct splitter splitter;
};

static void bench_open(struct bench *b, const char *pre) {
    *b = (struct bench){0};
    arena_open(&b->arena, &b->ctx);
    if (pretokenizer_open(&b->ctx, pre, strlen(pre), &b->rules) != VIDI_OK ||
        splitter_open(&b->splitter, &b->rules, &b->arena) != VIDI_OK)
        fail_msg("%s", b->ctx.error);
}

static void bench_close(struct bench *b) {
    splitter_close(&b->splitter);
    pretokenizer_close(&b->rules);
    arena_close(&b->arena);
    assert_int_equal(b->ctx.heap.live_bytes, 0);
}

/* The pieces of a text with '|' between them. */
static void expect_pieces(const char *pre, const char *text, const char *expected) {
    struct bench b;
    char got[512] = "";
    bench_open(&b, pre);
    assert_int_equal(split(&b.splitter, text, (uint32_t)strlen(text)), VIDI_OK);
    for (uint32_t i = 0, start = 0; i < b.splitter.now.n; start = b.splitter.now.ends[i++])
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", i ? "|" : "",
                 (int)(b.splitter.now.ends[i] - start), text + start);
    if (strcmp(got, expected) != 0) fail_msg("%s: <%s>, expected <%s>", pre, got, expected);
    bench_close(&b);
}

static void borders_are_where_they_belong(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"gpt-2", "It's 2048  dogs!\n\nOK", "It|'s| 2048| | dogs|!|\n|\n|OK"},
        {"gpt-2", "IT'S", "IT|'|S"},
        {"smollm", "x 2048 y", "x| |2|0|4|8| y"},
        {"llama-bpe", "a 12345 b", "a| |123|45| b"},
        {"llama-bpe", "IT'S (ok)\n\n  x", "IT|'S| (|ok|)\n\n| | x"},
        {"qwen2", "a 123 b", "a| |1|2|3| b"},
        {"qwen2", "don't.\r\n", "don|'t|.\r\n"},
        {"qwen35", "e\xCC\x81t\xC3\xA9", "e\xCC\x81t\xC3\xA9"},
        {"qwen2", "e\xCC\x81t\xC3\xA9", "e|\xCC\x81t\xC3\xA9"},
        {"gpt-4o", "HelloWorld's ABC a/b/\n", "Hello|World's| ABC| a|/b|/\n"},
        {"tekken", "HelloWorld's", "Hello|World|'s"},
        {"default", "x==1234", "x|==|123|4"},
        {"falcon", "a`b 1234", "a|`|b| |123|4"},
        {"deepseek-v3", "\xE4\xBD\xA0\xE5\xA5\xBD!abc 1234",
         "\xE4\xBD\xA0\xE5\xA5\xBD|!abc| |123|4"},
        {"deepseek-coder", "a\n\nb 12", "a|\n|\n|b| |1|2"},
        {"gpt-2",
         "a\xE1\xA0\x8E"
         "b",
         "a|\xE1\xA0\x8E|b"}, /* U+180E is no white space */
        {"gpt-2", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_pieces(cases[i][0], cases[i][1], cases[i][2]);
}

static void invalid_bytes_stand_alone(void **state) {
    (void)state;
    expect_pieces("gpt-2",
                  "ab\xFF\xFE"
                  "cd",
                  "ab|\xFF\xFE|cd");
    expect_pieces("gpt-2", "a  \xFFz", "a|  |\xFF|z");
    expect_pieces("qwen2", "\xE4\xBD", "\xE4\xBD");
    expect_pieces("smollm",
                  "1\xED\xA0\x80"
                  "2",
                  "1|\xED\xA0\x80|2");
}

static void unknown_name_is_refused(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct pretokenizer p;
    assert_int_equal(pretokenizer_open(&ctx, "nix\x1b[2J", 7, &p), VIDI_E_UNSUPPORTED);
    assert_string_equal(ctx.error, "pre-tokenizer \"nix?[2J\" is not known");
    assert_int_equal(pretokenizer_open(&ctx, "gpt", 3, &p), VIDI_E_UNSUPPORTED);
    pretokenizer_close(&p);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void expect_cover(struct bench *b, const char *text, uint32_t len) {
    assert_int_equal(split(&b->splitter, text, len), VIDI_OK);
    const struct pieces *p = &b->splitter.now;
    for (uint32_t i = 0, start = 0; i < p->n; start = p->ends[i++]) assert_true(p->ends[i] > start);
    assert_int_equal(p->n > 0 ? p->ends[p->n - 1] : 0, len);
}

static void pieces_cover_any_bytes(void **state) {
    (void)state;
    const unsigned int seed = 23;
    print_message("seed %u\n", seed);
    srand(seed);
    for (uint32_t i = 0; pretokenizer_name(i); i++) {
        struct bench b;
        bench_open(&b, pretokenizer_name(i));
        for (int round = 0; round < 100; round++) {
            char text[200];
            const uint32_t len = (uint32_t)(rand() % (int)sizeof text);
            for (uint32_t k = 0; k < len; k++)
                text[k] = (char)(round % 2 ? rand() : "aB1 \n\r'.\xC3\xA9\xE2\x80"[rand() % 12]);
            expect_cover(&b, text, len);
        }
        bench_close(&b);
    }
}

/* Runs that a careless pattern would walk again from every byte. */
static void long_runs_take_linear_time(void **state) {
    (void)state;
    enum { LEN = 1 << 19 };
    static const char *const units[] = {"a",  "A",  " ",        "\n",           "7",
                                        "_",  "'",  "\xCC\x81", "\xE4\xBD\xA0", " \n",
                                        "aA", "'s", "\xFF",     "a ",           "\t "};
    char *text = malloc(LEN + 8);
    assert_non_null(text);
    double worst = 0;
    for (uint32_t i = 0; pretokenizer_name(i); i++) {
        struct bench b;
        bench_open(&b, pretokenizer_name(i));
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            const uint32_t step = (uint32_t)strlen(units[u]);
            uint32_t len = 0;
            for (; len + step <= LEN; len += step) memcpy(text + len, units[u], step);
            text[len++] = 'x'; /* the run must not end where the text does */
            const double start = clock_ms();
            expect_cover(&b, text, len);
            const double ms = clock_ms() - start;
            if (ms > worst) worst = ms;
            assert_true(ms < 10000);
        }
        bench_close(&b);
    }
    print_message("slowest run of 512 KiB: %.0f ms\n", worst);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders_are_where_they_belong),
        cmocka_unit_test(invalid_bytes_stand_alone),
        cmocka_unit_test(unknown_name_is_refused),
        cmocka_unit_test(pieces_cover_any_bytes),
        cmocka_unit_test(long_runs_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
