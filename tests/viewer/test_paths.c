/* Texts that mean a file, and those that do not. */
#define _POSIX_C_SOURCE 200809L
#include "viewer/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[500], file[700];

static int make_file(void **state) {
    (void)state;
    const char *tmp = getenv("VIDI_TEST_TMP");
    char here[2048] = "";
    if (tmp && tmp[0] != '/' && !getcwd(here, sizeof here)) return -1;
    snprintf(folder, sizeof folder, "%.200s%s%.200s/paths.XXXXXX", here, here[0] ? "/" : "",
             tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) return -1;
    snprintf(file, sizeof file, "%s/a b%%c \xc3\xa9.png", folder);
    FILE *f = fopen(file, "wb");
    if (!f) return -1;
    fclose(f);
    return setenv("HOME", folder, 1);
}

static void expect(const char *fmt, bool found) {
    char text[2000];
    snprintf(text, sizeof text, fmt, folder);
    char *path = paths_in(text);
    if (!found && path) fail_msg("%s: %s", text, path);
    if (found && (!path || strcmp(path, file) != 0)) fail_msg("%s: %s", text, path ? path : "-");
    free(path);
}

static void test_meant(void **state) {
    (void)state;
    expect("%s/a b%%c \xc3\xa9.png", true);
    expect("  \"%s/a b%%c \xc3\xa9.png\" \n", true);
    expect("'%s/a b%%c \xc3\xa9.png'", true);
    expect("file://%s/a%%20b%%25c%%20%%C3%%a9.png", true);
    expect("FILE://localhost%s/a%%20b%%25c%%20%%C3%%A9.png\r\n", true);
    expect("file:%s/a%%20b%%25c%%20%%C3%%A9.png", true);
    expect("# remark\r\nfile:///no/such\r\nfile://%s/a%%20b%%25c%%20%%C3%%A9.png\r\nfile:///x",
           true);
    expect("~/a b%%c \xc3\xa9.png", true);
    expect("file://%s/a b%%25c \xc3\xa9.png", true);
    expect("~/a\\ b%%c\\ \xc3\xa9.png", true);
    expect("'%s'/a\\ b%%c' \xc3\xa9.png'\t", true);
}

static void test_not_meant(void **state) {
    (void)state;
    expect("", false);
    expect("What is this?", false);
    expect("%s", false); /* a folder */
    expect("file://elsewhere%s/a%%20b%%25c%%20%%C3%%A9.png", false);
    expect("file://%s/a%%20b%%25c%%20%%C3%%A9.png%%00", false);
    expect("file://%s/a%%2", false);
    expect("file://%s/a%%zz", false);
    expect("file:", false);
    expect("~", false);
    expect("\"", false);
    char *longest = malloc(100001);
    assert_non_null(longest);
    memset(longest, 'a', 100000);
    longest[100000] = '\0';
    assert_null(paths_in(longest));
    free(longest);
}

static void test_fresh(void **state) {
    (void)state;
    char *a = paths_fresh(folder, ".png");
    assert_non_null(a);
    FILE *f = fopen(a, "wb");
    assert_non_null(f);
    fclose(f);
    char *b = paths_fresh(folder, ".png");
    assert_string_not_equal(a, b);
    assert_int_not_equal(access(b, F_OK), 0);
    free(a);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_meant),
                                       cmocka_unit_test(test_not_meant),
                                       cmocka_unit_test(test_fresh)};
    return cmocka_run_group_tests(tests, make_file, NULL);
}
