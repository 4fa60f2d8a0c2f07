/* The list of cameras, from a folder that looks as the system's. */
#define _POSIX_C_SOURCE 200809L
#include "source/cameras.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "clips.h"

static char classes[600];

static void add(const char *device, const char *name) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", classes, device);
    mkdir(path, 0700);
    if (!name) return;
    snprintf(path, sizeof path, "%s/%s/name", classes, device);
    clip_write(path, name, strlen(name));
}

static int make_classes(void **state) {
    (void)state;
    snprintf(classes, sizeof classes, "%s", clip_path("cameras"));
    mkdir(classes, 0700);
    return 0;
}

/* /fake/video4 is no camera; 0 and 1 are one piece of hardware, 11 has no bus. */
static bool query(const char *path, char bus[CAMERA_BUS]) {
    static const char *const buses[] = {"usb-1", "usb-1", "usb-2", "usb-3"};
    int number = -1;
    assert_int_equal(sscanf(path, "/fake/video%d", &number), 1);
    if (number == 4) return false;
    if (number >= 0 && number < 4) snprintf(bus, CAMERA_BUS, "%s", buses[number]);
    return true;
}

static const struct camera_place place = {.classes = classes, .devices = "/fake", .query = query};

static void test_list(void **state) {
    struct source_camera found[8];
    (void)state;
    assert_int_equal(cameras_in(&place, found, 8), 0); /* an empty folder */
    add("video10", "Ten\n");
    add("video2", "Front\n");
    add("video1", "Front\n"); /* the second device of video0 */
    add("video0", "Front\n");
    add("video3", ""); /* it says nothing */
    add("video4", "Decoder\n");
    add("video11", NULL);
    add("video", "no number");
    add("video1x", "no number");
    add("video123456789012", "no number");
    add("vbi0", "no video");
    assert_int_equal(cameras_in(&place, found, 8), 5);
    static const char *const expected[][2] = {{"/dev/video0", "Front"},
                                              {"/dev/video2", "Front"},
                                              {"/dev/video3", "camera 3"},
                                              {"/dev/video10", "Ten"},
                                              {"/dev/video11", "camera 11"}};
    for (int i = 0; i < 5; i++) {
        assert_string_equal(found[i].spec, expected[i][0]);
        assert_string_equal(found[i].name, expected[i][1]);
    }
}

static void test_room(void **state) {
    struct source_camera found[2];
    (void)state;
    memset(found, 'x', sizeof found);
    assert_int_equal(cameras_in(&place, found, 1), 5);
    assert_string_equal(found[0].spec, "/dev/video0");
    assert_int_equal(found[1].spec[0], 'x'); /* nothing beyond cap is touched */
    assert_int_equal(cameras_in(&place, NULL, 0), 5);
}

/* A name as long as a driver may give one, in letters of three bytes. */
static void test_long_name(void **state) {
    struct source_camera found[8];
    char name[400] = "x";
    (void)state;
    for (int i = 0; i < 100; i++) strcat(name, "\xe2\x82\xac");
    add("video2", name);
    assert_int_equal(cameras_in(&place, found, 8), 5);
    assert_string_equal(found[1].spec, "/dev/video2");
    assert_true(clip_is_utf8(found[1].name));
    assert_in_range(strlen(found[1].name), 120, sizeof found[1].name - 1);
    add("video2", "Cam\xe9"
                  "ra\x1b"); /* of another coding */
    cameras_in(&place, found, 8);
    assert_string_equal(found[1].name, "Cam?ra?");
}

static void test_nowhere(void **state) {
    const struct camera_place nowhere = {"/nowhere/at/all", "/fake", query};
    struct source_camera found[1];
    (void)state;
    assert_int_equal(cameras_in(&nowhere, found, 1), 0);
    assert_true(source_list_cameras(found, 1) >= 0); /* the real one, whatever there is */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_nowhere),
    };
    return cmocka_run_group_tests(tests, make_classes, NULL);
}
