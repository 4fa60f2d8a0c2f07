/* Special words in a text, against a search that tries every word at every byte. */
#include "text/specials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = 12, WORD = 9, PARTS = 5, TEXT = 160 };

struct sample {
    char words[WORDS][WORD];
    uint32_t lens[WORDS];
    bool free[WORDS];
    char text[TEXT];
    struct text_part parts[PARTS];
    uint32_t n_words, n_parts, len;
};

static uint32_t below(uint32_t n) { return (uint32_t)rand() % n; }

static void draw(struct sample *s) {
    const uint32_t letters = 1 + below(3), longest = 1 + below(WORD);
    const bool all_free = below(4) == 0;
    *s = (struct sample){.n_words = 1 + below(WORDS), .n_parts = 1 + below(PARTS)};
    for (uint32_t i = 0; i < s->n_words; i++) {
        s->lens[i] = below(longest + 1);
        s->free[i] = all_free || below(3) == 0;
        for (uint32_t k = 0; k < s->lens[i]; k++) s->words[i][k] = (char)('a' + below(letters));
    }
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const uint32_t n = below(4) == 0 ? 0 : below(TEXT / PARTS + 1);
        s->parts[i] = (struct text_part){s->text + s->len, n, below(2) ? TOKENIZE_SPECIAL : 0};
        for (uint32_t k = 0; k < n; k++)
            s->text[s->len++] = (char)(below(9) == 0 ? 'z' : 'a' + below(letters));
    }
}

static void open_words(struct specials *words, struct arena *a, const struct sample *s) {
    assert_int_equal(specials_open(words, a), VIDI_OK);
    for (uint32_t i = 0; i < s->n_words; i++)
        assert_int_equal(specials_add(words, s->words[i], s->lens[i], (int32_t)i, s->free[i]),
                         VIDI_OK);
    assert_int_equal(specials_link(words), VIDI_OK);
}

/* Whether word i stands at `at` and may be said there; of equal words the first. */
static bool stands(const struct sample *s, uint32_t i, uint32_t at) {
    const uint32_t len = s->lens[i];
    if (len == 0 || len > s->len - at || memcmp(s->text + at, s->words[i], len) != 0) return false;
    for (uint32_t k = 0; k < i; k++)
        if (s->lens[k] == len && memcmp(s->words[k], s->words[i], len) == 0) return false;
    if (s->free[i]) return true;
    uint64_t part_end = 0;
    uint32_t part = 0;
    while (at >= part_end + s->parts[part].len) part_end += s->parts[part++].len;
    part_end += s->parts[part].len;
    return (s->parts[part].flags & TOKENIZE_SPECIAL) && at + len <= part_end;
}

static int32_t longest_at(const struct sample *s, uint32_t at) {
    int32_t best = -1;
    for (uint32_t i = 0; i < s->n_words; i++)
        if (stands(s, i, at) && (best < 0 || s->lens[i] > s->lens[best])) best = (int32_t)i;
    return best;
}

static uint32_t compare(const struct sample *s, int round) {
    struct vd_ctx ctx = {0};
    struct arena a;
    struct specials words;
    uint32_t n = 0;
    arena_open(&a, &ctx);
    open_words(&words, &a, s);
    struct special_search f = {
        .words = &words, .arena = &a, .text = s->text, .len = s->len, .parts = s->parts};
    for (uint32_t at = 0; at < s->len; at++) {
        const int32_t best = longest_at(s, at);
        int32_t id;
        uint32_t len;
        assert_int_equal(specials_at(&f, at, &id, &len), VIDI_OK);
        if (id != best || len != (best < 0 ? 0 : s->lens[best]))
            fail_msg("round %d, byte %u: word %d of %u bytes, not word %d", round, at, id, len,
                     best);
        n += best >= 0;
    }
    assert_true(f.steps <= 8 * (uint64_t)s->len);
    arena_close(&a);
    return n;
}

static void the_longest_is_found_everywhere(void **state) {
    (void)state;
    const unsigned int seed = 29;
    print_message("seed %u\n", seed);
    srand(seed);
    uint64_t n = 0;
    for (int round = 0; round < 20000; round++) {
        struct sample s;
        draw(&s);
        n += compare(&s, round);
    }
    assert_true(n > 100000);
}

/* The word is all but found at every byte, and another one, or none, is taken there. */
static void check_work(const char *other, uint32_t n_text, uint32_t n_found) {
    enum { LONG = 65535 };
    struct vd_ctx ctx = {0};
    struct arena a;
    struct specials words;
    arena_open(&a, &ctx);
    char *word = arena_new(&a, char, LONG), *text = arena_new(&a, char, n_text);
    assert_true(word && text);
    memset(word, 'a', LONG);
    memset(text, 'a', n_text);
    word[LONG - 1] = 'b';
    assert_int_equal(specials_open(&words, &a), VIDI_OK);
    assert_int_equal(specials_add(&words, word, LONG, 0, true), VIDI_OK);
    word[LONG - 1] = 'a';
    word[0] = 'b';
    assert_int_equal(specials_add(&words, word, LONG, 1, false), VIDI_OK);
    assert_int_equal(specials_add(&words, other, (uint32_t)strlen(other), 2, true), VIDI_OK);
    assert_int_equal(specials_link(&words), VIDI_OK);
    const struct text_part part = {text, n_text, TOKENIZE_SPECIAL};
    struct special_search f = {
        .words = &words, .arena = &a, .text = text, .len = n_text, .parts = &part};
    uint32_t n = 0;
    for (uint32_t at = 0, len; at<n_text; at += len> 0 ? len : 1) {
        int32_t id;
        assert_int_equal(specials_at(&f, at, &id, &len), VIDI_OK);
        assert_true(len == 0 || id == 2);
        n += len > 0;
    }
    assert_int_equal(n, n_found);
    assert_true(f.steps > 0 && f.steps <= 8 * (uint64_t)n_text);
    arena_close(&a);
}

static void long_words_cost_no_more_than_the_text(void **state) {
    (void)state;
    check_work("", 100000, 0);
    check_work("a", 100000, 100000);
    check_work("aa", 1000000, 500000);
}

/* Words over the seams of the stretches in which a text is read. */
static void long_texts_have_no_seams(void **state) {
    (void)state;
    enum { N = 300000 };
    static char text[N];
    struct vd_ctx ctx = {0};
    struct arena a;
    struct specials words;
    arena_open(&a, &ctx);
    for (uint32_t i = 0; i < N; i++) text[i] = "abcdefg"[i % 7];
    assert_int_equal(specials_open(&words, &a), VIDI_OK);
    assert_int_equal(specials_add(&words, "efgab", 5, 0, false), VIDI_OK);
    assert_int_equal(specials_add(&words, "efgabcdefgabc", 13, 1, true), VIDI_OK);
    assert_int_equal(specials_link(&words), VIDI_OK);
    const struct text_part part = {text, N, TOKENIZE_SPECIAL};
    struct special_search f = {
        .words = &words, .arena = &a, .text = text, .len = N, .parts = &part};
    for (uint32_t at = 0; at < N; at++) {
        const uint32_t left = N - at, there = left >= 13 ? 13 : left >= 5 ? 5 : 0;
        int32_t id;
        uint32_t len;
        assert_int_equal(specials_at(&f, at, &id, &len), VIDI_OK);
        assert_int_equal(len, at % 7 == 4 ? there : 0);
    }
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_is_found_everywhere),
        cmocka_unit_test(long_words_cost_no_more_than_the_text),
        cmocka_unit_test(long_texts_have_no_seams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
