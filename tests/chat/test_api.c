/* The public API where the command line does not lead: stopping, pictures in memory, sampling. */
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
#include "vidi/inspect.h"
#include "vidi/vidi.h"

static const char picture[] = "tests/families/picturebook/picture.png";
static const char question[] = "Describe the picture.";

/* --- stopping --------------------------------------------------------------------------------- */

struct stopper {
    const char *phase; /* to be stopped in; NULL: none */
    int met;
};

static int on_progress(void *user, const char *phase, uint64_t done, uint64_t total) {
    struct stopper *s = user;
    if (total) assert_true(done <= total);
    if (!s->phase || strcmp(phase, s->phase) != 0) return 0;
    s->met++;
    return 1;
}

struct talk {
    struct stopper *s;
    double submit_ms;
    vidi *v;
    vidi_model *m;
    vidi_chat *c;
    char text[512];
};

/* Opening compiles too, and can be stopped there; the object is then of no use. */
static vidi_status open_talk(struct talk *t) {
    const vidi_config cfg = {.debug = validated_debug(),
                             .log = validated_log,
                             .progress = on_progress,
                             .user = t->s,
                             .submit_ms = t->submit_ms};
    const vidi_status status = vidi_open(&cfg, &t->v);
    if (status == VIDI_OK) return status;
    assert_string_equal(vidi_error(t->v), "cancelled");
    vidi_close(t->v);
    t->v = NULL;
    return status;
}

/* Everything up to the end of an answer, from where it had come to. */
static vidi_status go_on(struct talk *t) {
    vidi_image image;
    vidi_piece piece;
    vidi_status status = VIDI_OK;
    if (!t->v && (status = open_talk(t)) != VIDI_OK) return status;
    if (!t->m && (status = vidi_model_open(t->v, NULL, &t->m)) != VIDI_OK) return status;
    if (!t->c) {
        status = vidi_chat_open(t->m, &(vidi_chat_config){.max_tokens = 12}, &t->c);
        if (status != VIDI_OK) return status;
        if ((status = vidi_image_read(t->v, picture, &image)) != VIDI_OK) return status;
        assert_int_equal(vidi_say_image(t->c, &image), VIDI_OK);
        assert_int_equal(vidi_say_text(t->c, VIDI_USER, question), VIDI_OK);
        vidi_image_free(t->v, &image);
    }
    while ((status = vidi_next(t->c, &piece)) == VIDI_OK)
        strncat(t->text, piece.text, sizeof t->text - strlen(t->text) - 1);
    return status;
}

/* A phase that was stopped fails as such; the same objects then do the whole. */
static void test_stop(void **state) {
    (void)state;
    static const char *const phases[] = {"loading weights", "compiling kernels", "encoding picture",
                                         "reading prompt"};
    struct stopper s = {0};
    struct talk t;
    char undisturbed[512];
    t = (struct talk){.s = &s};
    assert_int_equal(go_on(&t), VIDI_END);
    assert_true(strlen(t.text) > 0);
    snprintf(undisturbed, sizeof undisturbed, "%s", t.text);
    vidi_close(t.v);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        s = (struct stopper){.phase = phases[i]};
        t = (struct talk){.s = &s};
        const vidi_status status = go_on(&t);
        if (status != VIDI_E_CANCELLED || s.met < 1)
            fail_msg("%s: %s (%d)", phases[i], vidi_status_name(status), s.met);
        if (t.v) assert_string_equal(vidi_error(t.v), "cancelled");
        s.phase = NULL;
        assert_int_equal(go_on(&t), VIDI_END);
        assert_string_equal(t.text, undisturbed);
        vidi_close(t.v);
    }
}

/* A stop that came too late for an answer is no stop for the next. */
static void test_late_cancel(void **state) {
    (void)state;
    struct stopper s = {0};
    struct talk t = {.s = &s};
    vidi_piece piece;
    int mark;
    assert_int_equal(go_on(&t), VIDI_END);
    vidi_cancel(t.c);
    assert_int_equal(vidi_chat_mark(t.c, &mark), VIDI_OK);
    vidi_cancel(t.c);
    assert_int_equal(vidi_say_text(t.c, VIDI_USER, question), VIDI_OK);
    assert_int_equal(vidi_next(t.c, &piece), VIDI_OK);
    vidi_cancel(t.c);
    assert_int_equal(vidi_next(t.c, &piece), VIDI_E_CANCELLED);
    vidi_cancel(t.c);
    assert_int_equal(vidi_chat_rewind(t.c, mark), VIDI_OK);
    assert_int_equal(vidi_prefill(t.c), VIDI_OK);
    vidi_close(t.v);
}

/* Shorter submissions change how often, not what. */
static void test_submit_ms(void **state) {
    (void)state;
    struct stopper s = {0};
    struct talk t;
    vidi_stats stats[2];
    char text[2][512];
    for (int i = 0; i < 2; i++) {
        t = (struct talk){.s = &s, .submit_ms = i ? 1 : 200};
        assert_int_equal(go_on(&t), VIDI_END);
        snprintf(text[i], sizeof text[i], "%s", t.text);
        vidi_chat_stats(t.c, &stats[i]);
        vidi_close(t.v);
    }
    assert_string_equal(text[0], text[1]);
    assert_true(stats[1].submissions > stats[0].submissions);
    assert_int_equal(stats[1].recordings, stats[0].recordings);
}

/* --- pictures in memory ----------------------------------------------------------------------- */

static void *whole_file(const char *path, size_t *bytes) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(f);
    rewind(f);
    void *data = malloc(*bytes);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, f), *bytes);
    fclose(f);
    return data;
}

static void test_decode(void **state) {
    (void)state;
    vidi *v;
    vidi_image file, memory;
    size_t bytes;
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    void *data = whole_file(picture, &bytes);
    assert_int_equal(vidi_image_read(v, picture, &file), VIDI_OK);
    assert_int_equal(vidi_image_decode(v, data, bytes, "pasted", &memory), VIDI_OK);
    assert_int_equal(memory.width, file.width);
    assert_int_equal(memory.height, file.height);
    assert_int_equal(memory.stride, file.stride);
    assert_memory_equal(memory.data, file.data, (size_t)file.stride * (size_t)file.height);
    vidi_image_free(v, &file);
    vidi_image_free(v, &memory);
    assert_int_equal(vidi_image_decode(v, data, bytes / 2, "pasted", &memory), VIDI_E_IMAGE);
    assert_memory_equal(vidi_error(v), "pasted: ", 8);
    assert_null(memory.data);
    assert_int_equal(vidi_image_decode(v, NULL, 0, "pasted", &memory), VIDI_E_ARGUMENT);
    free(data);
    vidi_close(v);
}

/* --- sampling --------------------------------------------------------------------------------- */

static int answer(struct talk *t, char *text, size_t cap) {
    vidi_piece piece;
    vidi_status status;
    int n = 0;
    text[0] = '\0';
    assert_int_equal(vidi_say_text(t->c, VIDI_USER, question), VIDI_OK);
    for (; (status = vidi_next(t->c, &piece)) == VIDI_OK; n++)
        strncat(text, piece.text, cap - strlen(text) - 1);
    assert_int_equal(status, VIDI_END);
    return n;
}

static void test_sampling(void **state) {
    (void)state;
    struct stopper s = {0};
    struct talk t;
    char text[4][512];
    int mark;
    t = (struct talk){.s = &s};
    assert_int_equal(go_on(&t), VIDI_END);
    assert_int_equal(vidi_chat_mark(t.c, &mark), VIDI_OK);
    const vidi_chat_config cfgs[4] = {
        {.max_tokens = 2},
        {.max_tokens = 8, .temperature = 3, .seed = 1, .cache = VIDI_CACHE_Q8_0},
        {.max_tokens = 8, .temperature = 3, .seed = 1},
        {.max_tokens = 8, .temperature = 3, .seed = 2}};
    const vidi_chat_config opened = t.c->cfg;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(vidi_chat_sampling(t.c, &cfgs[i]), VIDI_OK);
        assert_int_equal(t.c->cfg.context, opened.context);
        assert_int_equal(t.c->cfg.cache, opened.cache);
        const int n = answer(&t, text[i], sizeof text[i]);
        assert_true(n <= cfgs[i].max_tokens);
        assert_int_equal(vidi_chat_rewind(t.c, mark), VIDI_OK);
    }
    assert_string_equal(text[1], text[2]);
    assert_string_not_equal(text[1], text[3]);
    assert_int_equal(vidi_chat_sampling(t.c, &(vidi_chat_config){.max_tokens = -1}),
                     VIDI_E_ARGUMENT);
    assert_int_equal(vidi_chat_sampling(t.c, &(vidi_chat_config){.temperature = -1}),
                     VIDI_E_ARGUMENT);
    vidi_close(t.v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop), cmocka_unit_test(test_late_cancel),
        cmocka_unit_test(test_submit_ms), cmocka_unit_test(test_decode),
        cmocka_unit_test(test_sampling)};
    return validated_end(cmocka_run_group_tests(tests, NULL, NULL));
}
