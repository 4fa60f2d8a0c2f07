/* A model file that is cut while it is loaded, and while it answers. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "validated.h"
#include "vidi/vidi.h"

static const char model[] = "tests/families/llama/tiny.gguf";
static char path[4096];

static void copy_model(void) {
    const char *folder = getenv("VIDI_TEST_TMP");
    static char buffer[1 << 20];
    snprintf(path, sizeof path, "%s/cut-model.gguf", folder ? folder : "/tmp");
    FILE *from = fopen(model, "rb"), *to = fopen(path, "wb");
    assert_non_null(from);
    assert_non_null(to);
    const size_t n = fread(buffer, 1, sizeof buffer, from);
    assert_true(n > 0 && n < sizeof buffer);
    assert_int_equal(fwrite(buffer, 1, n, to), n);
    fclose(from);
    fclose(to);
}

static int cut_while_loading(void *user, const char *phase, uint64_t done, uint64_t total) {
    int *cut = user;
    if (*cut || strcmp(phase, "loading weights") != 0 || done * 3 < total) return 0;
    *cut = 1;
    assert_int_equal(truncate(path, 0), 0);
    return 0;
}

static void test_loading(void **state) {
    (void)state;
    int cut = 0;
    vidi *v;
    vidi_model *m;
    copy_model();
    const vidi_config cfg = {.debug = validated_debug(),
                             .log = validated_log,
                             .progress = cut_while_loading,
                             .user = &cut};
    assert_int_equal(vidi_open(&cfg, &v), VIDI_OK);
    assert_int_equal(vidi_model_open(v, path, &m), VIDI_E_FORMAT);
    assert_true(cut);
    assert_non_null(strstr(vidi_error(v), "when it was opened and has 0 now"));
    vidi_close(v);
}

static vidi_status answer(vidi_chat *c, char *text, size_t cap) {
    vidi_piece piece;
    vidi_status status = vidi_say_text(c, VIDI_USER, "the and of to");
    text[0] = '\0';
    while (status == VIDI_OK)
        if ((status = vidi_next(c, &piece)) == VIDI_OK)
            strncat(text, piece.text, cap - strlen(text) - 1);
    return status;
}

/* Loaded, it needs its file no more. */
static void test_answering(void **state) {
    (void)state;
    vidi *v;
    vidi_model *m;
    vidi_chat *c;
    char whole[512], cut[512];
    int mark;
    copy_model();
    const vidi_config cfg = {.debug = validated_debug(), .log = validated_log};
    assert_int_equal(vidi_open(&cfg, &v), VIDI_OK);
    assert_int_equal(vidi_model_open(v, path, &m), VIDI_OK);
    assert_int_equal(vidi_chat_open(m, &(vidi_chat_config){.max_tokens = 8, .raw = 1}, &c),
                     VIDI_OK);
    assert_int_equal(vidi_chat_mark(c, &mark), VIDI_OK);
    assert_int_equal(answer(c, whole, sizeof whole), VIDI_END);
    assert_int_equal(vidi_chat_rewind(c, mark), VIDI_OK);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(answer(c, cut, sizeof cut), VIDI_END);
    assert_string_equal(cut, whole);
    vidi_close(v);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loading),
                                       cmocka_unit_test(test_answering)};
    return validated_end(cmocka_run_group_tests(tests, NULL, NULL));
}
