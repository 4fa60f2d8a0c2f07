/* Streaming text out of tokens: never half a character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/utf8.h"
#include "vocab_build.h"

static const struct word words[] = {{"<|end|>", CONTROL}, {NULL, 0}};
enum { END = 256 };

static void open_bytes(struct fixture *f) {
    *f = (struct fixture){0};
    fixture_bpe(f, &(struct vocab){"gpt-2", words, NULL, 0});
}

static bool valid_utf8(const char *text, uint32_t len) {
    for (uint32_t i = 0; i < len;) {
        const uint32_t step = utf8_length(text + i, len - i);
        if (step == 0) return false;
        i += step;
    }
    return true;
}

/* Feeds bytes one token each; every piece is checked as it comes. */
static void stream(struct fixture *f, const char *bytes, size_t len, char *all) {
    struct detok d = {0};
    size_t n = 0;
    for (size_t i = 0; i <= len; i++) {
        char out[16];
        const int32_t id = i < len ? (unsigned char)bytes[i] : -1;
        const uint32_t got = detok_next(f->tokenizer, &d, id, out, sizeof out);
        assert_true(got < sizeof out && out[got] == '\0');
        assert_true(valid_utf8(out, got));
        memcpy(all + n, out, got);
        n += got;
    }
    all[n] = '\0';
    assert_int_equal(d.n, 0);
}

static void whole_characters_come_out(void **state) {
    (void)state;
    struct fixture f;
    open_bytes(&f);
    const char *text = "a\xC3\xA9 \xE4\xBD\xA0 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"
                       "\xF0\x9F\x8F\xBD\xEF\xB8\x8F.";
    char all[128];
    stream(&f, text, strlen(text), all);
    assert_string_equal(all, text);
    fixture_close(&f);
}

/* A text cut anywhere: what is whole comes out, the rest as one mark. */
static void every_cut_is_sound(void **state) {
    (void)state;
    struct fixture f;
    open_bytes(&f);
    const char *text = "\xF0\x9F\x91\xA9\xE2\x80\x8D\xE4\xBD\xA0\xC3\xA9z";
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        char all[64], expected[64] = "";
        size_t whole = 0;
        while (utf8_length(text + whole, cut - whole) > 0)
            whole += utf8_length(text + whole, cut - whole);
        memcpy(expected, text, whole);
        strcpy(expected + whole, whole < cut ? "\xEF\xBF\xBD" : "");
        stream(&f, text, cut, all);
        assert_string_equal(all, expected);
    }
    fixture_close(&f);
}

#define MARK "\xEF\xBF\xBD"
static void broken_bytes_become_marks(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"\x80", MARK},
        {"a\xC3z", "a" MARK "z"},
        {"\xC3\xC3\xA9", MARK "\xC3\xA9"},
        {"\xC0\xAF", MARK MARK},
        {"\xE0\x80\x80", MARK MARK MARK},
        {"\xED\xA0\x80", MARK MARK MARK},
        {"\xF4\x90\x80\x80", MARK MARK MARK MARK},
        {"\xF0\x9F\x91z", MARK "z"},
        {"\xF0\x9F\xF0\x9F\x91\xA9", MARK "\xF0\x9F\x91\xA9"},
        {"\xFF\xFE", MARK MARK},
        {"\xE4\xBD", MARK},
    };
    struct fixture f;
    open_bytes(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char all[64];
        stream(&f, cases[i][0], strlen(cases[i][0]), all);
        assert_string_equal(all, cases[i][1]);
    }
    fixture_close(&f);
}

static void random_bytes_stay_sound(void **state) {
    (void)state;
    const unsigned int seed = 3;
    print_message("seed %u\n", seed);
    srand(seed);
    struct fixture f;
    open_bytes(&f);
    for (int i = 0; i < 500; i++) {
        char bytes[64], all[256];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (char)(rand() % 2 ? rand() : "\xF0\x9F\x91\xA9\xE2\xC3\xED\xF4"[rand() % 8]);
        stream(&f, bytes, sizeof bytes, all);
        assert_true(valid_utf8(all, (uint32_t)strlen(all)));
    }
    fixture_close(&f);
}

static void control_words_say_nothing(void **state) {
    (void)state;
    struct fixture f;
    open_bytes(&f);
    struct detok d = {0};
    char out[16] = "old";
    assert_int_equal(detok_next(f.tokenizer, &d, END, out, sizeof out), 0);
    assert_string_equal(out, "");
    assert_int_equal(detok_next(f.tokenizer, &d, 0xC3, out, sizeof out), 0);
    assert_int_equal(detok_next(f.tokenizer, &d, END, out, sizeof out), 0);
    assert_int_equal(detok_next(f.tokenizer, &d, 0xA9, out, sizeof out), 2);
    assert_string_equal(out, "\xC3\xA9");
    assert_int_equal(detok_next(f.tokenizer, &d, 1000000, out, sizeof out), 0);
    fixture_close(&f);
}

static void promised_room_is_enough(void **state) {
    (void)state;
    struct fixture f = {0};
    const struct word wide[] = {{"\xC4\xA4\xC4\xA4\xC4\xA4\xC4\xA4\xC4\xA4", NORMAL}, {NULL, 0}};
    fixture_bpe(&f, &(struct vocab){"gpt-2", wide, NULL, 0});
    const uint32_t longest = tokenizer_longest(f.tokenizer), cap = 8 + 3 * longest + 3;
    assert_int_equal(longest, 5);
    char *out = malloc(cap);
    assert_non_null(out);
    struct detok d = {0};
    assert_int_equal(detok_next(f.tokenizer, &d, 0xF0, out, cap), 0);
    assert_int_equal(detok_next(f.tokenizer, &d, 256, out, cap), 3 * 6);
    assert_int_equal(detok_next(f.tokenizer, &d, -1, out, 1), 0);
    assert_int_equal(out[0], 0);
    free(out);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_characters_come_out), cmocka_unit_test(every_cut_is_sound),
        cmocka_unit_test(broken_bytes_become_marks), cmocka_unit_test(random_bytes_stay_sound),
        cmocka_unit_test(control_words_say_nothing), cmocka_unit_test(promised_room_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
