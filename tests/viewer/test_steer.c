/* What a screen obeys instead of showing it: left out of answers and labels, escaped in names. */
#include "engine/cli/steer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/cli/out.h"

static const struct {
    const char *text, *answer, *name;
} rows[] = {
    {"plain, Größe 日本 🟥\n\tend", "plain, Größe 日本 🟥\n\tend",
     "plain, Größe 日本 🟥\\n\\tend"},
    {"\x1b[31mred\x07", "[31mred", "\\x1b[31mred\\x07"},
    {"a\rb\x7f\xc2\x9b"
     "c",
     "abc", "a\\x0db\\x7f\\x9bc"},
    {"gpj.\xe2\x80\xaetxt", "gpj.txt", "gpj.\\u202etxt"},
    {"\xe2\x81\xa6"
     "a\xe2\x81\xa9\xe2\x81\xaf",
     "a", "\\u2066a\\u2069\\u206f"},
    /* Marks are part of Arabic and Hebrew; joiners of one emoji. */
    {"\xd7\xa9\xe2\x80\x8f!\xd8\x9c\xe2\x80\x8e", "\xd7\xa9\xe2\x80\x8f!\xd8\x9c\xe2\x80\x8e",
     "\xd7\xa9\\u200f!\\u061c\\u200e"},
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
     "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80"},
    /* Bytes of no character, too long and cut ones. */
    {"a\x9b"
     "b\xff\xc0\x9b\xe2\x80",
     "ab", "a\\x9bb\\xff\\xc0\\x9b\\xe2\\x80"},
    {"", "", ""},
};

static void test_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct out o = {.terminal = true};
        out_foreign(&o, rows[i].text, strlen(rows[i].text));
        o.buf[o.len] = '\0';
        assert_string_equal(o.buf, rows[i].answer);
        char *clean = steer_clean(rows[i].text);
        assert_string_equal(clean, rows[i].answer);
        free(clean);
        struct out pipe = {0}; /* what no terminal shows is as it came */
        out_foreign(&pipe, rows[i].text, strlen(rows[i].text));
        assert_memory_equal(pipe.buf, rows[i].text, pipe.len);
        assert_int_equal(pipe.len, strlen(rows[i].text));
    }
}

static void test_names(void **state) {
    (void)state;
    char name[200];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_visible(name, sizeof name, rows[i].text, strlen(rows[i].text)),
                            rows[i].name);
}

/* Nothing of what is left reads on as a steering character, whatever stood around it. */
static void test_every(void **state) {
    (void)state;
    for (unsigned point = 0; point < 0x3000; point++) {
        char text[8] = "";
        const size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : 3;
        text[n - 1] = (char)(n == 1 ? point : 0x80 | (point & 63));
        if (n == 2) text[0] = (char)(0xc0 | point >> 6);
        if (n == 3)
            text[0] = (char)(0xe0 | point >> 12), text[1] = (char)(0x80 | (point >> 6 & 63));
        const bool control =
            (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
        const bool turns =
            (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x206f);
        size_t bytes;
        unsigned code;
        assert_int_equal(steer_is_left_out(steer_at(text, n, &bytes, &code)), control || turns);
        assert_int_equal(bytes, n);
        assert_int_equal(code, point);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_every)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
