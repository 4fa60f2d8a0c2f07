/* The thread that owns model and conversation: what it is asked arrives as events, whatever
 * happens in between. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "vidi/inspect.h"
#include "viewer/engine_thread.h"

static const char picture[] = "tests/families/picturebook/picture.png";
enum { PATIENCE_MS = 600000, POLL_US = 20, TRIES = 40 };

static void wake(void *user) { ++*(_Atomic int *)user; }

static struct shot *take_picture(void) {
    vidi *v;
    vidi_image image;
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    assert_int_equal(vidi_image_read(v, picture, &image), VIDI_OK);
    const size_t bytes = (size_t)image.stride * (size_t)image.height;
    uint8_t *rgb = malloc(bytes);
    assert_non_null(rgb);
    memcpy(rgb, image.data, bytes);
    struct shot *s = shot_new(rgb, image.width, image.height, "picture.png");
    vidi_image_free(v, &image);
    vidi_close(v);
    assert_non_null(s);
    return s;
}

/* The next event; phases are left out unless they are wanted. */
static struct engine_event next(struct engine *e, bool phases) {
    struct engine_event ev;
    for (const double until = clock_ms() + PATIENCE_MS; clock_ms() < until;) {
        if (!engine_take(e, &ev)) {
            nanosleep(&(struct timespec){.tv_nsec = POLL_US * 1000}, NULL);
            continue;
        }
        if (ev.kind != ENGINE_PHASE || phases) return ev;
        engine_event_free(&ev);
    }
    fail_msg("no event came in time");
    return ev;
}

static void expect(struct engine *e, enum engine_kind kind, uint64_t id) {
    struct engine_event ev = next(e, false);
    if (ev.kind != kind || ev.id != id)
        fail_msg("event %d of %d, not %d of %d: %s", (int)ev.kind, (int)ev.id, (int)kind, (int)id,
                 ev.text);
    engine_event_free(&ev);
}

/* Up to the event that ends the question; text is what it answered. */
static struct engine_event finish(struct engine *e, uint64_t id, char *text, size_t cap) {
    text[0] = '\0';
    for (;;) {
        struct engine_event ev = next(e, false);
        assert_int_equal(ev.id, id);
        if (ev.kind == ENGINE_TEXT) strncat(text, ev.text, cap - strlen(text) - 1);
        if (ev.kind == ENGINE_FAILED) print_message("%d: %s\n", (int)id, ev.text);
        engine_event_free(&ev);
        if (ev.kind == ENGINE_DONE || ev.kind == ENGINE_FAILED) return ev;
    }
}

static struct engine *loaded(_Atomic int *woken) {
    struct engine *e = engine_start(wake, (void *)woken);
    assert_non_null(e);
    assert_true(engine_load(e, &(struct engine_setup){0}));
    expect(e, ENGINE_READY, 0);
    return e;
}

static void test_answers(void **state) {
    (void)state;
    _Atomic int woken = 0;
    struct engine *e = loaded(&woken);
    struct shot *shot = take_picture();
    char first[512], second[512], third[512];
    struct engine_question q = {.id = 7, .text = "What is this?", .shot = shot, .max_tokens = 12};
    assert_true(engine_ask(e, &q));
    struct engine_event ev = finish(e, 7, first, sizeof first);
    assert_int_equal(ev.kind, ENGINE_DONE);
    assert_true(ev.stats.image_tokens > 0 && ev.first_ms > 0 && ev.total_ms >= ev.first_ms);
    assert_true(strlen(first) > 3);
    const int used = ev.stats.context_used;

    /* Follows on: the picture is not encoded again. */
    q = (struct engine_question){.id = 8, .text = "What color is it?", .max_tokens = 12};
    assert_true(engine_ask(e, &q));
    ev = finish(e, 8, second, sizeof second);
    assert_int_equal(ev.kind, ENGINE_DONE);
    assert_int_equal(ev.stats.image_tokens, 0);
    assert_true(ev.stats.context_used > used);

    /* Afresh, the same question has the same answer. */
    q = (struct engine_question){
        .id = 9, .text = "What is this?", .shot = shot, .history = ENGINE_FRESH, .max_tokens = 12};
    assert_true(engine_ask(e, &q));
    ev = finish(e, 9, third, sizeof third);
    assert_int_equal(ev.stats.context_used, used);
    assert_string_equal(third, first);
    assert_true(woken > 0);
    shot_drop(shot);
    assert_true(engine_close(e, 1000));
}

/* Stopped in a phase it ends as cancelled, and the next question is answered as ever. False: the
 * phase was over before it was seen. */
static bool stop_in(const char *phase, bool in_text) {
    _Atomic int woken = 0;
    struct engine *e = loaded(&woken);
    struct shot *shot = take_picture();
    char text[512];
    struct engine_question q = {.id = 1, .text = "Describe the picture.", .shot = shot};
    assert_true(engine_ask(e, &q));
    bool stopped = false;
    for (;;) {
        struct engine_event ev = next(e, true);
        const bool there = in_text ? ev.kind == ENGINE_TEXT
                                   : ev.kind == ENGINE_PHASE && strcmp(ev.text, phase) == 0;
        if (there && !stopped) {
            engine_stop(e);
            stopped = true;
        }
        const bool over = ev.kind == ENGINE_DONE || ev.kind == ENGINE_FAILED;
        /* The last word may have been on its way already. */
        if (ev.kind == ENGINE_FAILED) {
            assert_true(stopped);
            assert_int_equal(ev.status, VIDI_E_CANCELLED);
        }
        engine_event_free(&ev);
        if (over) break;
    }
    q = (struct engine_question){
        .id = 2, .text = "What is this?", .shot = shot, .history = ENGINE_FRESH, .max_tokens = 8};
    assert_true(engine_ask(e, &q));
    assert_int_equal(finish(e, 2, text, sizeof text).kind, ENGINE_DONE);
    assert_true(strlen(text) > 3);
    shot_drop(shot);
    assert_true(engine_close(e, 1000));
    return stopped;
}

static void stop_at_last(const char *phase, bool in_text) {
    for (int i = 0; i < TRIES; i++)
        if (stop_in(phase, in_text)) return;
    fail_msg("%s was never seen", phase);
}

static void test_stop(void **state) {
    (void)state;
    stop_at_last("encoding picture", false);
    stop_at_last("reading prompt", false);
    stop_at_last("", true);
}

/* The newest question takes the place of those before it; each of them ends exactly once. */
static void test_newest_wins(void **state) {
    (void)state;
    enum { MANY = 20 };
    _Atomic int woken = 0;
    struct engine *e = loaded(&woken);
    struct shot *shot = take_picture();
    int ends[MANY + 1] = {0};
    for (uint64_t id = 1; id <= MANY; id++)
        assert_true(engine_ask(e, &(struct engine_question){.id = id,
                                                            .text = "What is this?",
                                                            .shot = shot,
                                                            .history = ENGINE_FRESH,
                                                            .max_tokens = 8}));
    for (int ended = 0; ended < MANY; ended++) {
        struct engine_event ev;
        do {
            ev = next(e, false);
            engine_event_free(&ev);
        } while (ev.kind != ENGINE_DONE && ev.kind != ENGINE_FAILED);
        assert_in_range(ev.id, 1, MANY);
        assert_int_equal(ends[ev.id]++, 0);
        if (ev.id == MANY) assert_int_equal(ev.kind, ENGINE_DONE);
    }
    shot_drop(shot);
    assert_true(engine_close(e, 1000));
}

/* Without a model: words, and no question hangs. */
static void test_no_model(void **state) {
    (void)state;
    _Atomic int woken = 0;
    struct engine *e = engine_start(wake, (void *)&woken);
    assert_non_null(e);
    assert_true(engine_load(e, &(struct engine_setup){.model = "no-such-file.gguf"}));
    struct engine_event ev = next(e, false);
    assert_int_equal(ev.kind, ENGINE_FAILED);
    assert_int_equal(ev.id, 0);
    assert_non_null(strstr(ev.text, "no-such-file.gguf"));
    engine_event_free(&ev);
    assert_true(engine_ask(e, &(struct engine_question){.id = 3, .text = "What is this?"}));
    expect(e, ENGINE_FAILED, 3);
    assert_true(engine_load(e, &(struct engine_setup){0}));
    expect(e, ENGINE_READY, 0);
    assert_true(engine_close(e, 1000));
}

/* A window may close at any moment: it is a second at most. */
static void test_close(void **state) {
    (void)state;
    static const double after_ms[] = {0, 5, 20, 60, 150, 400};
    for (size_t i = 0; i < sizeof after_ms / sizeof *after_ms; i++) {
        _Atomic int woken = 0;
        struct engine *e = engine_start(wake, (void *)&woken);
        struct shot *shot = take_picture();
        assert_non_null(e);
        assert_true(engine_load(e, &(struct engine_setup){0}));
        assert_true(engine_ask(
            e, &(struct engine_question){.id = 1, .text = "Describe the picture.", .shot = shot}));
        nanosleep(&(struct timespec){.tv_nsec = (long)(after_ms[i] * 1e6)}, NULL);
        assert_true(engine_close(e, 1000));
        shot_drop(shot);
    }
}

/* A device that is not there costs the model, and the next choice brings it back. */
static void test_no_device(void **state) {
    (void)state;
    _Atomic int woken = 0;
    struct engine *e = engine_start(wake, (void *)&woken);
    assert_non_null(e);
    assert_true(engine_load(e, &(struct engine_setup){0}));
    expect(e, ENGINE_READY, 0);
    assert_true(engine_load(e, &(struct engine_setup){.device = "no such device"}));
    struct engine_event ev = next(e, false);
    assert_int_equal(ev.kind, ENGINE_FAILED);
    assert_int_equal(ev.status, VIDI_E_DEVICE);
    engine_event_free(&ev);
    assert_true(engine_load(e, &(struct engine_setup){0}));
    expect(e, ENGINE_READY, 0);
    assert_true(engine_close(e, 1000));
}

/* Another choice while one loads: the first is not heard of again, however far it was. */
static void test_other_choice(void **state) {
    (void)state;
    static const double after_ms[] = {0, 2, 10, 40, 120, 500, 2000};
    _Atomic int woken = 0;
    struct engine *e = engine_start(wake, (void *)&woken);
    assert_non_null(e);
    for (size_t i = 0; i < sizeof after_ms / sizeof *after_ms; i++) {
        const struct timespec while_it_loads = {.tv_sec = (time_t)(after_ms[i] / 1000),
                                                .tv_nsec = (long)(after_ms[i] * 1e6) % 1000000000};
        assert_true(engine_load(e, &(struct engine_setup){0}));
        nanosleep(&while_it_loads, NULL);
        assert_true(engine_load(e, &(struct engine_setup){.model = "no-such-file.gguf"}));
        struct engine_event ev = next(e, false);
        assert_int_equal(ev.kind, ENGINE_FAILED);
        assert_non_null(strstr(ev.text, "no-such-file.gguf"));
        engine_event_free(&ev);
    }
    assert_true(engine_close(e, 1000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),     cmocka_unit_test(test_stop),
        cmocka_unit_test(test_newest_wins), cmocka_unit_test(test_no_model),
        cmocka_unit_test(test_close),       cmocka_unit_test(test_no_device),
        cmocka_unit_test(test_other_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
