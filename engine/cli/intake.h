/* intake.h - text that comes from outside: lines of a conversation, of a batch, of a file. */
#ifndef CLI_INTAKE_H
#define CLI_INTAKE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* A stream of lines that end in LF, CR or both; a byte order mark in front of the first is none. */
struct intake {
    FILE *file;
    bool begun, after_cr;
};
/* The next line without its end, in *line of *cap bytes from malloc(), which grows. Its length; -1
 * at the end of the stream, after a failure of it, and without memory. */
ssize_t intake_read(struct intake *in, char **line, size_t *cap);

/* A path as people type, paste and drop it: blanks around it, quotes, backslashes before blanks,
 * file: addresses, ~ for $HOME. From malloc(); *rest: what stands behind it and blanks or ends
 * of lines. NULL: no memory, or an address of no file here. */
char *intake_path(const char *text, const char **rest);

/* The path that all of a text is: as it stands, where there is such a file; else blanks and letters
 * read as above. From malloc(); NULL: no memory, an address of no file here, or more than a path.
 */
char *intake_whole_path(const char *text);

/* Takes a byte order mark and the end of the last line from a text, which ends in NUL; inside, CR
 * LF and CR become LF. Returns the new length. */
size_t intake_text(char *text, size_t len);

/* NULL: it is UTF-8 without NUL. Else what is wrong with it and at which byte, counted from 1, in
 * `words`. */
const char *intake_fault(const char *text, size_t len, char words[96]);
#endif
