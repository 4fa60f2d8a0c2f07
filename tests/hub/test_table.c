/* A table without memory for all its rows prints none of them and leaves a failure. */
#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>

static void print(bool failed, int error) {
    static const char *const titles[] = {"name", ">size", NULL};
    struct table t;
    struct out out = {0};
    table_open(&t, titles);
    table_cell(&t, "a");
    table_cell(&t, "%d", 1);
    t.failed = failed;
    table_print(&t, &out, "");
    assert_int_equal(out.error, error);
    assert_int_equal(out.len,
                     failed ? sizeof "name  size\n" - 1 : sizeof "name  size\na        1\n" - 1);
}

static void test_failed(void **state) {
    (void)state;
    print(false, 0);
    print(true, ENOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_failed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
