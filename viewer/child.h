/* child.h - another program's output, without a shell. */
#ifndef VIEW_CHILD_H
#define VIEW_CHILD_H
#include <stdbool.h>
#include <stddef.h>

struct child_output {
    unsigned char *bytes; /* from malloc(), with a NUL behind them; NULL: none */
    size_t n;
    int exit; /* its exit code; 127: it is not there; below 0: it was ended */
};
/* Runs argv[0], found in PATH, and waits for it. Ended when it says more than `most` bytes, or when
 * `seconds` are over (0: never). False: it could not be run. */
bool child_run(const char *const *argv, size_t most, int seconds, struct child_output *out);
#endif
