/* Texts that were drawn are kept while they are used, and no more than so many bytes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#include <cmocka.h>

enum { KEPT = 48 << 20, A_FRAME = 40 };

static struct stage s;

static int set_up(void **state) {
    (void)state;
    stage_open(&s, 640, 480);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    stage_close(&s);
    return 0;
}

struct texts {
    int from, n, width;
    bool wrap;
};

/* Distinct lines, each so wide that ten thousand of them are many times what may be kept. */
static void say(struct ui *ui, void *user) {
    const struct texts *t = user;
    char text[96];
    for (int i = t->from; i < t->from + t->n; i++) {
        SDL_snprintf(text, sizeof text, "The picture of number %d shows a street by night.", i);
        ui_label(ui, NULL, (struct ui_box){0, i * 20 % 480, t->width, 20}, text,
                 &(struct ui_text){.font = UI_TITLE, .rgb = 0xffffff, .wrap = t->wrap});
    }
}

static void test_bounded(void **state) {
    size_t most = 0, all = 0, before = 0;
    (void)state;
    for (int i = 0; i < 10000; i += A_FRAME) {
        stage_frame(&s, say, &(struct texts){.from = i, .n = A_FRAME, .width = 1200});
        const size_t now = ui_text_bytes(s.ui);
        if (now > before) all += now - before;
        before = now;
        if (now > most) most = now;
    }
    assert_true(all > 3 * (size_t)KEPT); /* else this is no test */
    /* What was made since the last look comes on top. */
    assert_in_range(most, KEPT / 2, KEPT + (KEPT >> 3));
}

/* What a terminal would obey is no part of a label: nothing is drawn for it. */
static void test_obeyed(void **state) {
    (void)state;
    const int width = ui_text_width(s.ui, "red gpj.exe", UI_BODY);
    assert_int_equal(ui_text_width(s.ui,
                                   "red \x1bgpj.\xc2\x9b\xe2\x80\xae"
                                   "exe\xff",
                                   UI_BODY),
                     width);
    assert_int_equal(ui_text_height(s.ui, "a\x7f", UI_BODY, 200),
                     ui_text_height(s.ui, "a", UI_BODY, 200));
}

/* What is shown in each frame is made once. */
static void test_kept(void **state) {
    const struct texts texts = {.n = 30, .width = 600};
    (void)state;
    stage_frame(&s, say, (void *)&texts);
    const size_t once = ui_text_bytes(s.ui);
    assert_true(once > 0);
    for (int i = 0; i < 50; i++) stage_frame(&s, say, (void *)&texts);
    assert_int_equal(ui_text_bytes(s.ui), once);
    stage_frame(&s, say, &(struct texts){.n = 31, .width = 600});
    assert_true(ui_text_bytes(s.ui) > once); /* one more is more */
    const size_t more = ui_text_bytes(s.ui);
    ui_look(s.ui, ui_theme_at(0), 2);
    stage_frame(&s, say, (void *)&texts);
    assert_true(ui_text_bytes(s.ui) > more); /* and so is another size */
}

/* What a screenful needs stays, also when it alone is more than may be kept. */
static void test_screenful(void **state) {
    const struct texts texts = {.n = 400, .width = 3000};
    (void)state;
    ui_look(s.ui, ui_theme_at(0), 3);
    stage_frame(&s, say, (void *)&texts);
    const size_t once = ui_text_bytes(s.ui);
    assert_true(once > (size_t)KEPT);
    for (int i = 0; i < 3; i++) stage_frame(&s, say, (void *)&texts);
    assert_int_equal(ui_text_bytes(s.ui), once);
    for (int i = 0; i < 3; i++) /* until something else is shown */
        stage_frame(&s, say, &(struct texts){.from = 1000, .n = 1, .width = 60});
    assert_true(ui_text_bytes(s.ui) < (size_t)KEPT);
}

/* How texts are measured is how they are drawn. */
static void test_heights(void **state) {
    static const char *const texts[] = {
        "",
        "one",
        "one\ntwo",
        "\n\n",
        "a text that goes on for so long that it needs many lines\nx",
        "\u4f60\u597d\U0001f34e \u0645\u0631\u062d\u0628\u0627",
        "averyveryverylongwordwithoutend"};
    (void)state;
    ui_begin(s.ui, s.now);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int width = 30; width < 400; width += 37) {
            const struct ui_text style = {.rgb = 0xffffff, .wrap = true};
            const int said = ui_text_height(s.ui, texts[i], UI_BODY, width);
            assert_true(said > 0);
            assert_int_equal(
                ui_label(s.ui, NULL, (struct ui_box){0, 0, width, 100}, texts[i], &style), said);
        }
    assert_true(ui_text_width(s.ui, "wider", UI_BODY) > ui_text_width(s.ui, "wide", UI_BODY));
    ui_end(s.ui);
}

/* A very long line is broken, not cut; no letter of it in halves. */
static void test_long_line(void **state) {
    char *text = malloc(60001);
    (void)state;
    for (int i = 0; i < 60000; i++) text[i] = "\xe2\x82\xac"[i % 3];
    text[60000] = '\0';
    ui_begin(s.ui, s.now);
    const int all = ui_text_height(s.ui, text, UI_BODY, 400);
    text[30000] = '\0';
    const int half = ui_text_height(s.ui, text, UI_BODY, 400);
    assert_in_range(all, 2 * half - 60, 2 * half + 60);
    ui_end(s.ui);
    free(text);
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_bounded), EACH(test_kept),      EACH(test_screenful),
        EACH(test_heights), EACH(test_long_line), EACH(test_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
