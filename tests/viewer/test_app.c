/* What the viewer does, without its looks: pictures, questions, live mode, failures; with the model
 * that ships inside, on every run of the same kind as the window's. */
#define _POSIX_C_SOURCE 200809L
#include "viewer/app.h"

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

static const char picture[] = "tests/families/picturebook/picture.png";
static const char moving[] = "lavfi:testsrc2=size=320x240:rate=15";
enum { PATIENCE_MS = 600000 }; /* kernels may have to be compiled, under a sanitizer */

static void wake(void *user) { (void)user; }

static void open_app(struct app *a) {
    assert_true(app_open(a, &(struct app_options){.wake = wake}, NULL));
    app_begin(a);
}

static void turn(struct app *a) {
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    app_turn(a);
}

/* Turns until the condition holds. */
#define UNTIL(a, condition)                                                            \
    do {                                                                               \
        const double until_ = clock_ms() + PATIENCE_MS;                                \
        while (!(condition)) {                                                         \
            if (clock_ms() > until_)                                                   \
                fail_msg("line %d: not in time: %s; banner: %s", __LINE__, #condition, \
                         (a)->banner.words);                                           \
            turn(a);                                                                   \
        }                                                                              \
    } while (0)

static struct entry *newest(struct app *a) {
    assert_true(a->talk.n > 0);
    return &a->talk.items[a->talk.n - 1];
}

static void show(struct app *a, const char *path) {
    const uint64_t before = a->shot ? a->shot->id : 0;
    app_show(a, path);
    UNTIL(a, a->shot && a->shot->id != before);
}

static void ask(struct app *a, const char *question) {
    assert_true(app_ask(a, question));
    UNTIL(a, !a->busy && !a->opening);
}

static void test_conversation(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY && !a.looking);
    assert_true(a.choices.n_models >= 1 && a.choices.n_devices >= 1);
    show(&a, picture);
    ask(&a, "What is this?");
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_true(strlen(newest(&a)->answer) > 3);
    assert_non_null(newest(&a)->picture);
    assert_non_null(newest(&a)->stats);
    assert_non_null(strstr(newest(&a)->stats, "tokens/s"));
    assert_true(strlen(a.facts) > 0);
    ask(&a, "What color is it?");
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_null(newest(&a)->picture); /* not encoded again */
    assert_int_equal(a.talk.n, 2);
    assert_true(app_ask_again(&a));
    UNTIL(&a, !a.busy);
    assert_int_equal(a.talk.n, 2);
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_string_equal(newest(&a)->question, "What color is it?");
    app_clear(&a);
    assert_int_equal(a.talk.n, 0);
    ask(&a, "What is this?");
    assert_non_null(newest(&a)->picture); /* a new conversation sees it again */
    assert_false(app_ask(&a, " \n"));
    assert_true(strlen(a.toast) > 0);
    assert_true(app_close(&a));
}

/* A picture that cannot be opened leaves what was there, and says why. */
static void test_bad_pictures(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    show(&a, picture);
    const uint64_t id = a.shot->id;
    app_show(&a, "no/such/picture.png");
    UNTIL(&a, a.banner.words[0]);
    assert_non_null(strstr(a.banner.words, "no/such/picture.png"));
    assert_int_equal(a.banner.remedy, REMEDY_OPEN);
    app_dismiss(&a);
    /* The head of a PNG of 60000 x 60000. */
    static const uint8_t bomb[] = {0x89, 'P',  'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,
                                   13,   'I',  'H', 'D', 'R',  0,    0,    0xea, 0x60, 0,    0,
                                   0xea, 0x60, 8,   2,   0,    0,    0,    0x0f, 0xb0, 0xe2, 0x15};
    uint8_t *bytes = malloc(sizeof bomb);
    assert_non_null(bytes);
    memcpy(bytes, bomb, sizeof bomb);
    app_show_bytes(&a, bytes, sizeof bomb, "pasted picture");
    UNTIL(&a, a.banner.words[0]);
    assert_non_null(strstr(a.banner.words, "Pasted picture"));
    assert_non_null(strstr(a.banner.words, "60000 x 60000 pixels"));
    assert_int_equal(a.shot->id, id);
    ask(&a, "What is this?");
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_true(app_close(&a));
}

/* A JPEG that ends early is shown as far as it goes, and that is said. */
static void test_cut_picture(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    FILE *file = fopen("tests/io/data/full.jpg", "rb");
    assert_non_null(file);
    enum { BYTES = 1175 };
    uint8_t *bytes = malloc(BYTES);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, BYTES, file), BYTES);
    fclose(file);
    app_show_bytes(&a, bytes, BYTES, "cut.jpg");
    UNTIL(&a, a.shot);
    assert_int_equal(a.shot->height, 24);
    assert_non_null(strstr(a.toast, "cut.jpg: the file ends too early"));
    assert_string_equal(a.banner.words, "");
    assert_true(app_close(&a));
}

/* Another picture while an answer runs: that answer ends, the next is about the new one. */
static void test_replaced(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    show(&a, picture);
    assert_true(app_ask(&a, "Describe the picture."));
    const uint64_t first = a.asked;
    UNTIL(&a, a.phase[0]);
    show(&a, "tests/families/picturebook/picture.png");
    UNTIL(&a, !a.busy);
    const struct entry *e = transcript_find(&a.talk, first);
    assert_non_null(e);
    assert_true(e->state == ENTRY_STOPPED || e->state == ENTRY_DONE);
    ask(&a, "What is this?");
    assert_non_null(newest(&a)->picture);
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_true(app_close(&a));
}

static void test_stop(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    show(&a, picture);
    assert_true(app_ask(&a, "Describe the picture."));
    UNTIL(&a, newest(&a)->answer[0] || newest(&a)->state == ENTRY_DONE);
    app_stop(&a);
    UNTIL(&a, !a.busy);
    assert_true(newest(&a)->state == ENTRY_STOPPED || newest(&a)->state == ENTRY_DONE);
    ask(&a, "What color is it?");
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_true(app_close(&a));
}

static void test_models(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    app_set_model(&a, "no-such-model.gguf", NULL);
    UNTIL(&a, a.model == MODEL_NONE && a.banner.words[0]);
    assert_non_null(strstr(a.banner.words, "no-such-model.gguf"));
    assert_int_equal(a.banner.remedy, REMEDY_PICK_MODEL);
    assert_non_null(app_why_not_ask(&a));
    app_set_model(&a, "README.md", NULL);
    UNTIL(&a, a.banner.words[0] && strstr(a.banner.words, "README.md"));
    app_set_model(&a, NULL, NULL);
    UNTIL(&a, a.model == MODEL_READY);
    assert_string_equal(a.banner.words, "");
    assert_false(a.blind);
    app_set_model(&a, "tests/families/llama/tiny.gguf", NULL);
    UNTIL(&a, a.model == MODEL_READY);
    assert_true(a.blind);
    show(&a, picture);
    assert_true(app_ask(&a, "What is this?"));
    UNTIL(&a, newest(&a)->state == ENTRY_FAILED);
    assert_non_null(strstr(a.banner.words, "reads text only"));
    app_set_model(&a, NULL, NULL);
    UNTIL(&a, a.model == MODEL_READY);
    app_set_device(&a, "no such device");
    UNTIL(&a, a.model == MODEL_NONE && a.banner.words[0]);
    app_set_device(&a, NULL);
    UNTIL(&a, a.model == MODEL_READY);
    assert_true(app_close(&a));
}

/* --- sources ---------------------------------------------------------------------------------- */

/* Every answer is about a newer frame than the one before. */
static void assert_newer_frames(const struct app *a) {
    uint64_t before = 0;
    for (size_t i = 0; i < a->talk.n; i++) {
        const struct entry *e = &a->talk.items[i];
        assert_true(e->live);
        assert_true(e->frame > before);
        before = e->frame;
        assert_non_null(e->picture);
    }
}

static void test_live(void **state) {
    (void)state;
    if (!source_available()) skip();
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    a.settings.every_s = 0;
    app_show(&a, moving);
    UNTIL(&a, a.frame);
    assert_int_equal(a.status.state, SOURCE_RUNNING);
    app_live_question(&a, "What is this?");
    app_live(&a, true);
    assert_true(a.live);
    UNTIL(&a, a.talk.n >= 4 && newest(&a)->state == ENTRY_DONE);
    assert_newer_frames(&a);
    app_live_question(&a, "What color is it?");
    const size_t n = a.talk.n;
    UNTIL(&a, a.talk.n >= n + 2);
    assert_string_equal(newest(&a)->question, "What color is it?");
    app_stop(&a);
    assert_false(a.live);
    UNTIL(&a, !a.busy);
    struct source_status s;
    source_status(a.source, &s);
    for (int i = 0; i < SOURCE_CONSUMERS; i++)
        assert_int_equal(s.consumer[i].taken + s.consumer[i].replaced + s.consumer[i].waiting,
                         s.produced);
    assert_true(app_close(&a));
}

/* A picture that stands still is asked about once. */
static void test_still_source(void **state) {
    (void)state;
    if (!source_available()) skip();
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    a.settings.every_s = 0;
    a.settings.skip_same = true;
    app_show(&a, "lavfi:color=c=red:size=320x240:rate=15");
    UNTIL(&a, a.frame);
    app_live(&a, true);
    UNTIL(&a, a.live_skipped >= 10);
    assert_int_equal(a.talk.n, 1);
    app_live_question(&a, "What color is it?"); /* another question about the same */
    UNTIL(&a, a.talk.n == 2 && newest(&a)->state == ENTRY_DONE);
    const uint64_t skipped = a.live_skipped;
    UNTIL(&a, a.live_skipped >= skipped + 5);
    assert_int_equal(a.talk.n, 2);
    assert_true(app_close(&a));
}

/* Answers may come faster than frames do: a frame is asked about once all the same. */
static void test_slow_source(void **state) {
    (void)state;
    if (!source_available()) skip();
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    a.settings.every_s = 0;
    app_show(&a, "lavfi:testsrc2=size=320x240:rate=1/2");
    UNTIL(&a, a.frame);
    app_live_question(&a, "What is this?");
    app_live(&a, true);
    UNTIL(&a, a.talk.n >= 3 && newest(&a)->state == ENTRY_DONE);
    assert_newer_frames(&a);
    assert_true(app_close(&a));
}

static void test_frozen(void **state) {
    (void)state;
    if (!source_available()) skip();
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    app_show(&a, moving);
    UNTIL(&a, a.frame);
    app_freeze(&a, true);
    const uint64_t frozen = a.frame->id;
    ask(&a, "What is this?");
    assert_int_equal(newest(&a)->frame, frozen);
    ask(&a, "What color is it?");
    assert_int_equal(a.frame->id, frozen);
    assert_null(newest(&a)->picture);
    app_freeze(&a, false);
    UNTIL(&a, a.frame->id > frozen);
    assert_true(app_close(&a));
}

static void test_no_source(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    app_show(&a, "lavfi:nosuchfilter");
    UNTIL(&a, a.banner.words[0]);
    assert_non_null(app_why_not_ask(&a));
    assert_non_null(app_why_not_live(&a));
    show(&a, picture);
    assert_null(a.source);
    ask(&a, "What is this?");
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    assert_true(app_close(&a));
}

/* --- banners ---------------------------------------------------------------------------------- */

/* What is about something else waits below, and comes up again. */
static void test_banners(void **state) {
    (void)state;
    struct app a;
    open_app(&a);
    UNTIL(&a, !a.looking); /* closing waits for nobody */
    app_banner(&a, CAUSE_ANSWER, REMEDY_ASK_AGAIN, "answer");
    app_banner(&a, CAUSE_SOURCE, REMEDY_RETRY_SOURCE, "source");
    app_banner(&a, CAUSE_PICTURE, REMEDY_OPEN, "picture");
    app_banner(&a, CAUSE_SOURCE, REMEDY_RETRY_SOURCE, "source again");
    assert_string_equal(a.banner.words, "Source again");
    assert_int_equal(a.n_banners, 2);
    app_settle(&a, CAUSE_SOURCE);
    assert_string_equal(a.banner.words, "picture");
    assert_int_equal(a.banner.remedy, REMEDY_OPEN);
    app_dismiss(&a);
    assert_string_equal(a.banner.words, "answer");
    app_settle(&a, CAUSE_MODEL);
    assert_string_equal(a.banner.words, "answer");
    app_settle(&a, CAUSE_ANSWER);
    assert_string_equal(a.banner.words, "");
    assert_int_equal(a.n_banners, 0);
    assert_true(app_close(&a));
}

/* What cannot be shown leaves the picture that was, or the video. */
static void test_refused_source(void **state) {
    (void)state;
    if (!source_available()) skip();
    struct app a;
    open_app(&a);
    show(&a, picture);
    const uint64_t id = a.shot->id;
    static const char *const bad[] = {"lavfi:nosuchfilter", "no/such/video.mp4",
                                      "tests/viewer/test_app.c"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        app_show(&a, bad[i]);
        UNTIL(&a, a.banner.words[0]);
        assert_non_null(a.shot);
        assert_int_equal(a.shot->id, id);
        assert_null(a.source);
        assert_null(a.next);
        app_dismiss(&a);
    }
    ask(&a, "What is this?");
    assert_int_equal(newest(&a)->state, ENTRY_DONE);
    app_show(&a, moving);
    assert_non_null(a.shot); /* until the first frame */
    UNTIL(&a, a.frame);
    assert_null(a.shot);
    app_show(&a, "lavfi:nosuchfilter");
    UNTIL(&a, a.banner.words[0]);
    assert_string_equal(a.source_spec, moving);
    const uint64_t frame = a.frame->id;
    UNTIL(&a, a.frame->id > frame);
    assert_true(app_close(&a));
}

/* A video that ends keeps its last frame, says so, and can be played again; what lives stops. The
 * frame gets older meanwhile. */
static void test_ended(void **state) {
    (void)state;
    if (!source_available()) skip();
    struct app a;
    char spec[700];
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(spec, sizeof spec,
             "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=320x240 -frames:v 1 "
             "-pix_fmt yuv420p '%s/one.mp4'",
             tmp ? tmp : "/tmp");
    if (system(spec) != 0) skip();
    snprintf(spec, sizeof spec, "%s/one.mp4", tmp ? tmp : "/tmp");
    open_app(&a);
    UNTIL(&a, a.model == MODEL_READY);
    app_show(&a, spec);
    UNTIL(&a, a.status.state == SOURCE_ENDED);
    assert_non_null(a.frame);
    assert_non_null(strstr(a.banner.words, "ended"));
    assert_int_equal(a.banner.remedy, REMEDY_PLAY_AGAIN);
    app_live(&a, true);
    UNTIL(&a, !a.live && !a.busy && !a.opening);
    assert_non_null(strstr(a.toast, "the video ended"));
    a.dirty = false;
    UNTIL(&a, a.dirty); /* once a second */
    app_banner(&a, CAUSE_ANSWER, REMEDY_CLEAR, "something else");
    app_retry_source(&a);
    assert_string_equal(a.banner.words, "Something else");
    UNTIL(&a, a.status.state == SOURCE_ENDED && a.banner.remedy == REMEDY_PLAY_AGAIN);
    assert_int_equal(a.n_banners, 1);
    assert_true(app_close(&a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation),   cmocka_unit_test(test_bad_pictures),
        cmocka_unit_test(test_cut_picture),    cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_stop),           cmocka_unit_test(test_models),
        cmocka_unit_test(test_live),           cmocka_unit_test(test_still_source),
        cmocka_unit_test(test_slow_source),    cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_no_source),      cmocka_unit_test(test_banners),
        cmocka_unit_test(test_refused_source), cmocka_unit_test(test_ended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
