/* words.h - texts that people read. */
#ifndef SOURCE_WORDS_H
#define SOURCE_WORDS_H
#include <stddef.h>

/* What is no UTF-8 becomes a question mark, and so does what would leave the line. */
void words_mend(char *text);
/* As much of `from` as fits, mended, without half a character at its end. */
void words_copy(char *to, size_t cap, const char *from);
/* The text of a spec as it may be shown: a URL's user and password are left out. From malloc();
 * NULL without memory. */
char *words_name(const char *spec);
#endif
