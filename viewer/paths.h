/* paths.h - texts that mean a file. */
#ifndef VIEW_PATHS_H
#define VIEW_PATHS_H
#include <stdbool.h>

/* The path of the first file that a text of paths or file: URIs (RFC 8089), a line each, names and
 * that exists: percent signs decoded, ~ and quotes taken away. From malloc(); NULL: the text is
 * about something else. */
char *paths_in(const char *text);
/* "FOLDER/vidi-2026-11-23-101502.png", a name that is not taken; folder NULL: the home or where we
 * are. From malloc(). */
char *paths_fresh(const char *folder, const char *ending);
#endif
