/* What the viewer remembers, and what becomes of files that people or accidents have changed. */
#define _POSIX_C_SOURCE 200809L
#include "viewer/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[600];

static int new_folder(void **state) {
    (void)state;
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(folder, sizeof folder, "%s/settings.XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static void write_file(const char *name, const char *text) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_round_trip(void **state) {
    (void)state;
    struct settings s;
    char problem[400];
    settings_read(&s, folder, problem, sizeof problem);
    assert_string_equal(problem, "");
    assert_string_equal(s.theme, "dark");
    strcpy(s.theme, "light");
    s.scale = 1.5;
    s.width = 900;
    s.mirror = true;
    s.every_s = 0.25;
    settings_text(&s.device, "llvm \"pipe\" \xc3\xa9");
    for (int i = 0; i < SETTINGS_RECENT + 3; i++) {
        char path[32];
        snprintf(path, sizeof path, "/m/%d.gguf", i);
        settings_remember_model(&s, path);
    }
    settings_remember_model(&s, "/m/5.gguf");
    assert_true(settings_write(&s));
    settings_free(&s);
    settings_read(&s, folder, problem, sizeof problem);
    assert_string_equal(problem, "");
    assert_string_equal(s.theme, "light");
    assert_true(s.scale == 1.5 && s.width == 900 && s.mirror && s.every_s == 0.25);
    assert_string_equal(s.device, "llvm \"pipe\" \xc3\xa9");
    assert_int_equal(s.n_recent, SETTINGS_RECENT);
    assert_string_equal(s.recent[0], "/m/5.gguf");
    assert_string_equal(s.recent[1], "/m/10.gguf");
    for (int i = 1; i < s.n_recent; i++) assert_string_not_equal(s.recent[i], "/m/5.gguf");
    settings_free(&s);
}

/* One bad value costs that value; what is unknown stays in the file. */
static void test_bad_value(void **state) {
    (void)state;
    struct settings s;
    char problem[400], path[700], text[4096];
    write_file("viewer.json", "{\"scale\": 400, \"width\": 1000, \"from_a_later_version\": [1]}");
    settings_read(&s, folder, problem, sizeof problem);
    assert_non_null(strstr(problem, "viewer.json"));
    assert_non_null(strstr(problem, "\"scale\""));
    assert_true(s.scale == 1 && s.width == 1000);
    assert_true(settings_write(&s));
    settings_free(&s);
    snprintf(path, sizeof path, "%s/viewer.json", folder);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    assert_non_null(strstr(text, "from_a_later_version"));
}

static void test_damaged(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "{\"scale\": 1",
                                      "[]",
                                      "\x01\x02\xff",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"theme\": \"pink\"}",
                                      "{\"max_tokens\": 1e99}",
                                      "{\"width\": \"wide\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct settings s;
        char problem[400];
        write_file("viewer.json", bad[i]);
        settings_read(&s, folder, problem, sizeof problem);
        if (!strstr(problem, "viewer.json")) fail_msg("no complaint about %s", bad[i]);
        assert_string_equal(s.theme, "dark");
        assert_int_equal(s.max_tokens, 512);
        assert_true(settings_write(&s));
        settings_free(&s);
        settings_read(&s, folder, problem, sizeof problem);
        assert_string_equal(problem, "");
        settings_free(&s);
    }
}

static void test_presets(void **state) {
    (void)state;
    struct settings plain, s;
    char problem[400];
    settings_read(&plain, NULL, problem, sizeof problem);
    write_file("questions.txt", "# mine\n\n  Is the door open?\r\nFruit = Which fruit is there?\n");
    settings_read(&s, folder, problem, sizeof problem);
    const int n = plain.n_presets;
    assert_int_equal(s.n_presets, n + 2);
    assert_string_equal(s.presets[n].name, "Is the door open?");
    assert_string_equal(s.presets[n].question, "Is the door open?");
    assert_string_equal(s.presets[n + 1].name, "Fruit");
    assert_string_equal(s.presets[n + 1].question, "Which fruit is there?");
    settings_free(&plain);
    settings_free(&s);
}

static void test_presets_from_elsewhere(void **state) {
    (void)state;
    struct settings plain, s;
    char problem[400], path[700], many[2000] = "";
    settings_read(&plain, NULL, problem, sizeof problem);
    const int n = plain.n_presets;
    settings_free(&plain);
    write_file("questions.txt", "\xef\xbb\xbfOne?\r# remark\rTwo = 2?\rGr\xf6\xdf"
                                "e?\rLast?");
    settings_read(&s, folder, problem, sizeof problem);
    assert_int_equal(s.n_presets, n + 3);
    assert_string_equal(s.presets[n].question, "One?");
    assert_string_equal(s.presets[n + 1].question, "2?");
    assert_string_equal(s.presets[n + 2].question, "Last?");
    assert_non_null(strstr(problem, "line 4 is no text and left out: byte 3 (f6) is not UTF-8"));
    settings_free(&s);
    for (int i = n; i <= SETTINGS_PRESETS; i++) strcat(many, "What?\n");
    write_file("questions.txt", many);
    settings_read(&s, folder, problem, sizeof problem);
    assert_int_equal(s.n_presets, SETTINGS_PRESETS);
    assert_non_null(strstr(problem, "there is no room"));
    settings_free(&s);
    snprintf(path, sizeof path, "%s/questions.txt", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    write_file("viewer.json", "[]");
    settings_read(&s, folder, problem, sizeof problem);
    assert_non_null(strstr(problem, "questions.txt: is a pipe or a device, not a file. "));
    assert_non_null(strstr(problem, "viewer.json cannot be read"));
    settings_free(&s);
    snprintf(path, sizeof path, "%s/viewer.json", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    settings_read(&s, folder, problem, sizeof problem);
    assert_non_null(strstr(problem, "viewer.json: is a pipe or a device, not a file"));
    settings_free(&s);
}

/* Without a folder nothing is kept; a folder that cannot be written to costs nothing else. */
static void test_nowhere(void **state) {
    (void)state;
    struct settings s;
    char problem[400], path[700];
    settings_read(&s, NULL, problem, sizeof problem);
    assert_string_equal(problem, "");
    assert_true(settings_write(&s));
    settings_free(&s);
    write_file("file", "");
    snprintf(path, sizeof path, "%s/file/below", folder);
    settings_read(&s, path, problem, sizeof problem);
    assert_string_equal(s.theme, "dark");
    assert_false(settings_write(&s));
    settings_free(&s);
}

/* On a fresh machine the folder is made, and those above it. */
static void test_fresh(void **state) {
    (void)state;
    struct settings s;
    char problem[400], path[700];
    snprintf(path, sizeof path, "%s/config/vidi", folder);
    settings_read(&s, path, problem, sizeof problem);
    assert_string_equal(problem, "");
    strcpy(s.theme, "light");
    assert_true(settings_write(&s));
    settings_free(&s);
    settings_read(&s, path, problem, sizeof problem);
    assert_string_equal(s.theme, "light");
    settings_free(&s);
}

/* What the command line said does not stay, until it is chosen by hand. */
static void test_lent(void **state) {
    (void)state;
    struct settings s;
    char problem[400];
    write_file("viewer.json", "{\"theme\": \"light\", \"device\": \"good\"}");
    for (int chosen = 0; chosen < 2; chosen++) {
        settings_read(&s, folder, problem, sizeof problem);
        settings_text(&s.device, "no such device");
        settings_text(&s.model, "/m/once.gguf");
        strcpy(s.theme, "contrast");
        s.scale = 2;
        settings_lend(&s, "device");
        settings_lend(&s, "model");
        settings_lend(&s, "theme");
        settings_lend(&s, "scale");
        if (chosen) settings_own(&s, "theme");
        assert_true(settings_write(&s));
        settings_free(&s);
        settings_read(&s, folder, problem, sizeof problem);
        assert_string_equal(problem, "");
        assert_string_equal(s.device, "good");
        assert_null(s.model);
        assert_string_equal(s.theme, chosen ? "contrast" : "light");
        assert_true(s.scale == 1);
        settings_free(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_round_trip, new_folder),
        cmocka_unit_test_setup(test_bad_value, new_folder),
        cmocka_unit_test_setup(test_damaged, new_folder),
        cmocka_unit_test_setup(test_presets, new_folder),
        cmocka_unit_test_setup(test_presets_from_elsewhere, new_folder),
        cmocka_unit_test_setup(test_nowhere, new_folder),
        cmocka_unit_test_setup(test_fresh, new_folder),
        cmocka_unit_test_setup(test_lent, new_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
