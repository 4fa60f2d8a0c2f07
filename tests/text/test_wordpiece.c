/* WordPiece against the reference's ids for texts of every kind, and what its words say again. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/hf_folder.h"
#include "text/tokenizer.h"

static const char folder[] = "tests/families/folders/instructblip";

struct fixture {
    struct vd_ctx ctx;
    struct gguf g;
    struct tokenizer *tokenizer;
    struct arena arena;
};

static void open_fixture(struct fixture *f) {
    *f = (struct fixture){0};
    if (hf_folder_open(&f->ctx, folder, HF_EYES, &f->g) != VIDI_OK) fail_msg("%s", f->ctx.error);
    if (tokenizer_open(&f->ctx, &f->g, &f->tokenizer) != VIDI_OK) fail_msg("%s", f->ctx.error);
    arena_open(&f->arena, &f->ctx);
}

static void close_fixture(struct fixture *f) {
    arena_close(&f->arena);
    tokenizer_close(f->tokenizer);
    gguf_close(&f->g);
    assert_int_equal(f->ctx.heap.live_bytes, 0);
}

/* The reference's ids stand between the two words around a text. */
static void ids_are_exact(void **state) {
    (void)state;
    struct fixture f;
    json_error_t error;
    json_t *all = json_load_file("tests/families/folders/instructblip/qformer_tokenizer/words.json",
                                 JSON_ALLOW_NUL, &error);
    open_fixture(&f);
    assert_int_equal(json_array_size(all), 14);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *text = json_array_get(json_array_get(all, i), 0);
        const json_t *ids = json_array_get(json_array_get(all, i), 1);
        const size_t n = json_array_size(ids);
        struct tokens got = {.arena = &f.arena};
        assert_int_equal(tokenize(f.tokenizer, json_string_value(text), json_string_length(text),
                                  TOKENIZE_SPECIAL, &got),
                         VIDI_OK);
        if (got.n + 2 != n) fail_msg("text %zu: %u words, not %zu", i, got.n, n - 2);
        assert_int_equal(json_integer_value(json_array_get(ids, 0)), tokenizer_bos(f.tokenizer));
        assert_int_equal(json_integer_value(json_array_get(ids, n - 1)),
                         tokenizer_last(f.tokenizer));
        for (uint32_t k = 0; k < got.n; k++)
            if (got.ids[k] != json_integer_value(json_array_get(ids, k + 1)))
                fail_msg("text %zu: word %u is %d", i, k, got.ids[k]);
    }
    json_decref(all);
    close_fixture(&f);
}

static void broken_bytes_are_left_out(void **state) {
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct tokens got = {.arena = &f.arena};
    assert_int_equal(tokenize(f.tokenizer, "f\xFFo\xC3x", 5, 0, &got), VIDI_OK);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.ids[0], tokenizer_find(f.tokenizer, "fox"));
    close_fixture(&f);
}

static void words_are_said_again(void **state) {
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct tokens got = {.arena = &f.arena};
    struct detok d = {.opens_text = true};
    char out[64], said[256] = "";
    assert_int_equal(tokenize(f.tokenizer, "The foxes, it is.", 17, 0, &got), VIDI_OK);
    for (uint32_t i = 0; i < got.n; i++) {
        detok_next(f.tokenizer, &d, got.ids[i], out, sizeof out);
        strcat(said, out);
    }
    assert_string_equal(said, "the foxes, it is.");
    close_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_exact),
        cmocka_unit_test(broken_bytes_are_left_out),
        cmocka_unit_test(words_are_said_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
