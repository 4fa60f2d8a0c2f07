/* A build without FFmpeg's libraries: it links, and every source says in one sentence why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source/source.h"

static int woken;
static void wake(void *user) {
    (void)user;
    woken++;
}

static void test_says_so(void **state) {
    struct source_status s;
    (void)state;
    assert_false(source_available());
    assert_true(source_spec_is_video("test"));
    struct source *source =
        source_open(&(struct source_config){.spec = "rtsp://me:secret@host/a", .wake = wake});
    assert_non_null(source);
    source_status(source, &s);
    assert_int_equal(s.state, SOURCE_FAILED);
    assert_string_equal(source_state_name(s.state), "failed");
    assert_non_null(strstr(s.words, "without FFmpeg's libraries"));
    assert_null(strstr(s.words, "secret"));
    assert_int_equal(woken, 1);
    source_restart(source);
    assert_false(source_wait(source, SOURCE_UI, 10));
    assert_null(source_take(source, SOURCE_UI));
    source_close(source);
    source_close(NULL);
}

static void test_no_frames(void **state) {
    struct frame_view view;
    struct frame_thumb a, b = {.valid = true};
    uint8_t rgb[3];
    (void)state;
    assert_false(frame_view(NULL, &view));
    assert_false(frame_rgb(NULL, rgb, sizeof rgb, false));
    assert_null(frame_hold(NULL));
    frame_release(NULL);
    frame_thumb(NULL, &a);
    assert_false(a.valid);
    assert_true(source_frame_changed(&a, &b));
    assert_true(source_now_ms() > 0);
    assert_true(source_list_cameras(NULL, 0) >= 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_says_so),
                                       cmocka_unit_test(test_no_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
