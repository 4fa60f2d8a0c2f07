/* survive.h - reading mapped files that somebody else may cut.
 *
 * A page behind the new end of a file is still mapped, and reading it ends the program (SIGBUS).
 * Linux alone can do better; elsewhere these are a plain copy and nothing. Reentrant. */
#ifndef VD_SURVIVE_H
#define VD_SURVIVE_H
#include <stdbool.h>
#include <stddef.h>

/* Copies; false: some of it is not there any more, and `to` holds anything. */
bool survive_copy(void *to, const void *from, size_t bytes);

/* Puts a copy of its own behind the first `bytes` of a mapping, at the same addresses, so that they
 * stay whatever becomes of the file. What lies behind them up to the end of the page stays, too.
 * start: of a page. false: some of it is not there any more. Where it cannot be done (no memory, no
 * such call) the mapping stays as it was, and true is returned. */
bool survive_keep(void *start, size_t bytes);
#endif
