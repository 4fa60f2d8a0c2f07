/* Memory runs out at allocation 1, 2, 3, ... of a model, a conversation and a short answer: each
 * time the words say so, nothing is left behind, and the same device goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chat/internal.h"
#include "validated.h"
#include "vidi/vidi.h"

struct scene {
    const char *name, *model, *mmproj, *picture;
    uint64_t attempts; /* spread over all allocations of the scene */
};

static vidi_status say(vidi *v, vidi_chat *c, const char *picture) {
    vidi_image image = {0};
    if (picture) {
        TRY(vidi_image_read(v, picture, &image));
        const vidi_status status = vidi_say_image(c, &image);
        vidi_image_free(v, &image);
        TRY(status);
    }
    return vidi_say_text(c, VIDI_USER, "What is it?");
}

static vidi_status talk(vidi *v, vidi_model *m, const struct scene *scene, char *text, size_t cap) {
    vidi_chat *c;
    vidi_piece piece;
    int mark;
    TRY(vidi_chat_open(m, &(vidi_chat_config){.max_tokens = 3}, &c));
    TRY(vidi_chat_mark(c, &mark));
    TRY(say(v, c, scene->picture));
    vidi_status status;
    while ((status = vidi_next(c, &piece)) == VIDI_OK)
        strncat(text, piece.text, cap - strlen(text) - 1);
    return status == VIDI_END ? vidi_chat_rewind(c, mark) : status;
}

/* All of it, and everything closed again. */
static vidi_status live(vidi *v, const struct scene *scene, char *text, size_t cap) {
    vidi_model *m = NULL;
    text[0] = '\0';
    const vidi_model_config cfg = {.path = scene->model, .mmproj = scene->mmproj};
    vidi_status status = vidi_model_open_with(v, &cfg, &m);
    if (status == VIDI_OK) status = talk(v, m, scene, text, cap);
    v->ctx.heap.fail_at = 0;
    vidi_model_close(m);
    return status;
}

static vidi *open_device(void) {
    const vidi_config cfg = {.debug = validated_debug(), .log = validated_log};
    vidi *v;
    if (vidi_open(&cfg, &v) != VIDI_OK) fail_msg("%s", vidi_error(v));
    return v;
}

/* true: it was refused, in words. */
static bool refused_at(vidi *v, const struct scene *scene, uint64_t k, const char *right) {
    char text[256];
    v->ctx.heap.fail_at = v->ctx.heap.n_allocs + k;
    const vidi_status status = live(v, scene, text, sizeof text);
    if (status == VIDI_OK)
        assert_string_equal(text, right); /* it was not needed after all */
    else if (status != VIDI_E_MEMORY || !strstr(vidi_error(v), "memory"))
        fail_msg("allocation %d: %s: %s", (int)k, vidi_status_name(status), vidi_error(v));
    return status != VIDI_OK;
}

static void sweep(const struct scene *scene) {
    char right[256], text[256];
    vidi *v = open_device();
    if (live(v, scene, right, sizeof right) != VIDI_OK) fail_msg("%s", vidi_error(v));
    /* What a device keeps is there by the second time. */
    const uint64_t first = v->ctx.heap.n_allocs;
    assert_int_equal(live(v, scene, right, sizeof right), VIDI_OK);
    const uint64_t n = v->ctx.heap.n_allocs - first;
    const uint64_t step = n / scene->attempts + 1, kept = v->ctx.heap.live_bytes;
    uint64_t refused = 0, tried = 0;
    for (uint64_t k = 1; k <= n; k += step, tried++) {
        refused += refused_at(v, scene, k, right);
        if (v->ctx.heap.live_bytes != kept)
            fail_msg("allocation %d: %d bytes are left (%s)", (int)k,
                     (int)(v->ctx.heap.live_bytes - kept), vidi_error(v));
        if (tried % 8) continue;
        assert_int_equal(live(v, scene, text, sizeof text), VIDI_OK);
        assert_string_equal(text, right);
    }
    print_message("%s: %d allocations, %d of %d refused\n", scene->name, (int)n, (int)refused,
                  (int)tried);
    assert_true(refused > tried * 9 / 10);
    assert_int_equal(live(v, scene, text, sizeof text), VIDI_OK);
    assert_string_equal(text, right);
    vidi_close(v);
}

static void test_words(void **state) {
    (void)state;
    const struct scene scene = {"llama", "tests/families/llama/tiny.gguf", NULL, NULL, 100};
    sweep(&scene);
}

/* The first life of a device, which makes what it keeps. */
static void test_fresh(void **state) {
    (void)state;
    const struct scene scene = {"llama", "tests/families/llama/tiny.gguf", NULL, NULL, 9};
    char right[256], text[256];
    vidi *v = open_device();
    const uint64_t before = v->ctx.heap.n_allocs;
    assert_int_equal(live(v, &scene, right, sizeof right), VIDI_OK);
    const uint64_t n = v->ctx.heap.n_allocs - before, step = n / scene.attempts + 1;
    uint64_t refused = 0, tried = 0;
    vidi_close(v);
    for (uint64_t k = 1; k <= n; k += step) {
        v = open_device();
        refused += refused_at(v, &scene, k, right);
        tried++;
        assert_int_equal(live(v, &scene, text, sizeof text), VIDI_OK);
        assert_string_equal(text, right);
        vidi_close(v);
    }
    assert_true(2 * refused > tried);
}

static void test_picture(void **state) {
    (void)state;
    sweep(&(struct scene){"smolvlm", "tests/families/mmproj/smolvlm/tiny.gguf",
                          "tests/families/mmproj/smolvlm/mmproj-tiny.gguf",
                          "tests/families/mmproj/smolvlm/wide.png", 80});
}

static void test_folder(void **state) {
    (void)state;
    sweep(&(struct scene){"idefics2", "tests/families/folders/idefics2", NULL,
                          "tests/families/folders/idefics2/wide.png", 80});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_fresh),
                                       cmocka_unit_test(test_picture),
                                       cmocka_unit_test(test_folder)};
    return validated_end(cmocka_run_group_tests(tests, NULL, NULL));
}
