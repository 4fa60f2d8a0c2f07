/* How long the window stood still: between frames, and into the first one of the work. */
#include "viewer/window/gaps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static double longest(const struct gaps *g, const char *phase, unsigned *frames) {
    for (int i = 0; i < g->n; i++) {
        if (strcmp(g->rows[i].phase, phase) != 0) continue;
        *frames = g->rows[i].frames;
        return g->rows[i].longest_ms;
    }
    fail_msg("nothing was seen of %s", phase);
    return 0;
}

static void test_gaps(void **state) {
    struct gaps g = {0};
    unsigned frames;
    (void)state;
    gaps_frame(&g, "", 0, 1000); /* long before: it does not count */
    gaps_frame(&g, "encode", 5000, 5070);
    assert_true(longest(&g, "encode", &frames) == 70 && frames == 1);
    gaps_frame(&g, "encode", 5000, 5100);
    gaps_frame(&g, "answer", 5000, 5190); /* from the frame before, whatever it showed */
    assert_true(longest(&g, "encode", &frames) == 70 && frames == 2);
    assert_true(longest(&g, "answer", &frames) == 90 && frames == 1);
    gaps_frame(&g, "", 5000, 5300);
    gaps_report(&g);
    assert_int_equal(g.n, 0);
    gaps_frame(&g, "encode", 9000, 9010);
    assert_true(longest(&g, "encode", &frames) == 10 && frames == 1);
    assert_int_equal(g.drawn, 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
