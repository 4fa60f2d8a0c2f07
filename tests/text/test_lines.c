/* Ten thousand lines through every kind of tokenizer: the ids are those of independent programs.
 *
 * data/lines.sums holds a row for each kind: its name and a sum of the ids of each hundred lines.
 * make_lines.py writes it. To look at a difference:
 *     test_text_lines print          the lines in hexadecimal digits; an empty one: not UTF-8
 *     test_text_lines ids NAME       the ids of each line */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/hf_folder.h"
#include "lines.h"
#include "vocab_build.h"

enum { STEP = 100, SUMS = LINES / STEP };

static uint32_t add(uint32_t sum, uint32_t word) {
    for (int i = 0; i < 4; i++) sum = (sum ^ (word >> 8 * i & 0xFF)) * 16777619u;
    return sum;
}

/* tokenizer.json of a folder of tests/families. */
static void open_folder(struct fixture *f, const char *name) {
    char path[128];
    snprintf(path, sizeof path, "tests/families/folders/%s", name);
    *f = (struct fixture){0};
    arena_open(&f->arena, &f->ctx);
    f->tokens = (struct tokens){.arena = &f->arena};
    if (hf_folder_open(&f->ctx, path, HF_TEXT, &f->file) != VIDI_OK ||
        tokenizer_open(&f->ctx, &f->file, &f->tokenizer) != VIDI_OK)
        fail_msg("%s", f->ctx.error);
}

static void open_data(struct fixture *f, const char *name) {
    if (strncmp(name, "folder-", 7) == 0) {
        open_folder(f, name + 7);
        return;
    }
    const bool spm = strncmp(name, "spm-", 4) == 0;
    struct gguf g;
    *f = (struct fixture){0};
    const char *path = spm ? "tests/text/data/spm.gguf" : "tests/text/data/bpe.gguf";
    if (gguf_open(&f->ctx, path, &g) != VIDI_OK) fail_msg("%s", f->ctx.error);
    build_start(&f->build);
    build_str(&f->build, "tokenizer.ggml.model", spm ? "llama" : "gpt2");
    build_copy(&f->build, &g, "tokenizer.ggml.tokens");
    build_copy(&f->build, &g, "tokenizer.ggml.token_type");
    build_copy(&f->build, &g, spm ? "tokenizer.ggml.scores" : "tokenizer.ggml.merges");
    if (spm) build_bool(&f->build, "tokenizer.ggml.add_space_prefix", !strcmp(name, "spm-prefix"));
    if (!spm) build_str(&f->build, "tokenizer.ggml.pre", name);
    gguf_close(&g);
    if (fixture_open(f) != VIDI_OK) fail_msg("%s", f->ctx.error);
}

static bool holds(const struct line *l, const char *word) {
    const size_t n = strlen(word);
    for (uint32_t i = 0; i + n <= l->len; i++)
        if (memcmp(l->bytes + i, word, n) == 0) return true;
    return false;
}

/* Where a blank goes before a user-defined word is where the programs part ways; and sentencepiece
 * takes control words for text. */
static bool is_compared(const char *name, const struct line *l) {
    static const char *const users[] = {"<image>", "<tab>", NULL};
    static const char *const control[] = {"<image>", "<unk>", "<s>", "</s>", NULL};
    const bool own = strncmp(name, "folder-pieces", strlen("folder-pieces")) == 0;
    const char *const *words = own ? control : strcmp(name, "spm-prefix") == 0 ? users : NULL;
    if (!line_is_utf8(l)) return false;
    for (; words && *words; words++)
        if (holds(l, *words)) return false;
    return true;
}

static const int32_t *ids_of(struct fixture *f, const char *name, const struct line *l) {
    return fixture_ids(f, l->bytes, l->len, strncmp(name, "spm-", 4) == 0 ? 0 : TOKENIZE_SPECIAL);
}

/* The sums that the tokenizer `rules` gives where those of `name` are wanted; returns the number of
 * lines that were compared. */
static int sum_ids(const char *name, const char *rules, uint32_t sums[SUMS]) {
    struct fixture f;
    struct line *line = malloc(sizeof *line);
    int n = 0;
    assert_non_null(line);
    open_data(&f, rules);
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t *sum = &sums[i / STEP];
        if (i % STEP == 0) *sum = 2166136261u;
        line_make(line, i);
        if (!is_compared(name, line)) continue;
        const int32_t *ids = ids_of(&f, name, line);
        for (uint32_t k = 0; k < f.tokens.n; k++) *sum = add(*sum, (uint32_t)ids[k]);
        *sum = add(*sum, UINT32_MAX);
        n++;
    }
    fixture_close(&f);
    free(line);
    return n;
}

/* How many of the sums differ from the golden ones in a row behind its name. */
static int differ(const char *row, const uint32_t sums[SUMS]) {
    char *at = strchr(row, ' ');
    int n = 0;
    for (int i = 0; i < SUMS; i++) n += !at || strtoul(at, &at, 16) != sums[i];
    return n;
}

static const char *row_of(const char *rows, const char *name) {
    const size_t len = strlen(name);
    for (; *rows; rows = strchr(rows, '\n') + 1)
        if (strncmp(rows, name, len) == 0 && rows[len] == ' ') return rows;
    fail_msg("lines.sums has no row %s", name);
    return NULL;
}

static void ids_equal_golden(void **state) {
    (void)state;
    char *rows = read_data("lines.sums", NULL), name[32];
    int kinds = 0;
    for (const char *row = rows; *row; row = strchr(row, '\n') + 1, kinds++) {
        uint32_t sums[SUMS];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(row, " \n"), row);
        const int n = sum_ids(name, name, sums), bad = differ(row, sums);
        if (bad > 0) fail_msg("%s: %d of %d sums differ", name, bad, SUMS);
        if (n < LINES * 8 / 10) fail_msg("%s: only %d lines were compared", name, n);
    }
    assert_int_equal(kinds, 23);
    free(rows);
}

/* The lines tell each tokenizer from its nearest kin. */
static void golden_notices_wrong_twin(void **state) {
    (void)state;
    static const char *const twins[][2] = {
        {"gpt-2", "smollm"},     {"qwen2", "llama-bpe"},
        {"qwen2", "qwen35"},     {"gpt-4o", "tekken"},
        {"falcon", "default"},   {"spm-plain", "spm-prefix"},
        {"llama-bpe", "gpt-4o"}, {"folder-mistral3", "folder-mistral"}};
    char *rows = read_data("lines.sums", NULL);
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        uint32_t sums[SUMS];
        sum_ids(twins[i][0], twins[i][1], sums);
        const int bad = differ(row_of(rows, twins[i][0]), sums);
        if (bad == 0) fail_msg("%s passes for %s", twins[i][1], twins[i][0]);
    }
    free(rows);
}

/* SentencePiece writes a blank as U+2581 and cannot tell the two apart afterwards. */
static bool has_mark(const struct line *l) {
    for (uint32_t i = 0; i + 3 <= l->len; i++)
        if (memcmp(l->bytes + i, "\xE2\x96\x81", 3) == 0) return true;
    return false;
}

static void every_line_round_trips(void **state) {
    (void)state;
    struct fixture f;
    struct line *line = malloc(sizeof *line);
    int broken = 0;
    assert_non_null(line);
    for (int spm = 0; spm < 2; spm++) {
        open_data(&f, spm ? "spm-plain" : "qwen2");
        for (uint32_t i = 0; i < LINES; i++) {
            line_make(line, i);
            if (spm && has_mark(line)) continue;
            broken += !line_is_utf8(line);
            fixture_ids(&f, line->bytes, line->len, 0);
            const struct str back = fixture_bytes(&f);
            assert_int_equal(back.len, line->len);
            assert_memory_equal(back.ptr, line->bytes, line->len);
        }
        fixture_close(&f);
    }
    assert_true(broken > 1000);
    free(line);
}

static int print(const char *name) {
    struct fixture f;
    struct line *line = malloc(sizeof *line);
    if (!line) return 1;
    if (name) open_data(&f, name);
    for (uint32_t i = 0; i < LINES; i++) {
        line_make(line, i);
        const int32_t *ids = name ? ids_of(&f, name, line) : NULL;
        for (uint32_t k = 0; name && k < f.tokens.n; k++) printf("%d ", ids[k]);
        for (uint32_t k = 0; !name && line_is_utf8(line) && k < line->len; k++)
            printf("%02x", (unsigned char)line->bytes[k]);
        printf("\n");
    }
    if (name) fixture_close(&f);
    free(line);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "print") == 0) return print(NULL);
    if (argc == 3 && strcmp(argv[1], "ids") == 0) return print(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_equal_golden),
        cmocka_unit_test(golden_notices_wrong_twin),
        cmocka_unit_test(every_line_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
