/* validated.h - for tests that open a device through the public API: where VIDI_TEST_VALIDATE is
 * set the validation layer watches, a missing one is an error of vidi_open(), and one message of it
 * fails the program. */
#ifndef VD_TESTS_VALIDATED_H
#define VD_TESTS_VALIDATED_H
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int validated_messages;

/* For vidi_config.debug. */
static inline const char *validated_debug(void) {
    return getenv("VIDI_TEST_VALIDATE") ? "validate" : NULL;
}

/* For vidi_config.log, from any thread. Nothing else logs errors. */
static inline void validated_log(void *user, int level, const char *line) {
    (void)user;
    if (level > 0) return;
    fprintf(stderr, "    %s\n", line);
    atomic_fetch_add(&validated_messages, 1);
}

/* What main() returns, from what the group of tests did. */
static inline int validated_end(int failed) {
    const int n = atomic_load(&validated_messages);
    if (n) fprintf(stderr, "the validation layer had %d things to say\n", n);
    return failed || n;
}
#endif
