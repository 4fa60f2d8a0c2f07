/* intake.h - text that comes from outside: lines of a conversation, of a batch, of a file. */
#ifndef CLI_INTAKE_H
#define CLI_INTAKE_H
#include <stdbool.h>
#include <stddef.h>

/* Makes one line of `len` bytes, which ends in NUL, what its writer meant: a byte order mark in
 * front of the first line goes, and the line's end, LF, CR or both. Returns the new length. */
size_t intake_line(char *line, size_t len, bool first);

/* The same for a text of several lines, whose last one may end or not; inside, CR LF becomes LF. */
size_t intake_text(char *text, size_t len);

/* NULL: it is UTF-8 without NUL. Else what is wrong with it and at which byte, counted from 1, in
 * `words`. */
const char *intake_fault(const char *text, size_t len, char words[96]);
#endif
