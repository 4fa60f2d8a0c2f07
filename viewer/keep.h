/* keep.h - files that are either the old or the new whole, and the folders they lie in. */
#ifndef VIEW_KEEP_H
#define VIEW_KEEP_H
#include <stdbool.h>
#include <stdio.h>

/* By base/replace.h. On failure false, errno says why, and what was there stays. */
bool keep_file(const char *path, bool (*write)(FILE *f, const void *user), const void *user);
/* A plain file for reading. NULL and errno otherwise: a pipe is not waited for (EINVAL). */
FILE *keep_open(const char *path);
/* What errno says behind keep_open() and keep_read(). */
const char *keep_words(int error);
/* The whole of a plain file of at most so many bytes, with a NUL behind it; free *text. */
bool keep_read(const char *path, size_t most, char **text, size_t *bytes);
/* A new string "DIR/NAME"; NULL without memory. */
char *keep_path(const char *dir, const char *name);
#endif
