/* document.h - JSON documents: reading fields that may be missing, and printing. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H
#include <jansson.h>
#include <stddef.h>

#include "session.h"

/* A field of an object, or the other value when it is missing or of another type. */
const char *document_text(const json_t *object, const char *key, const char *other);
double document_number(const json_t *object, const char *key, double other);

/* "a, b, c" from a list of texts, or of objects by their field `key`; cut where it does not fit. */
void document_join(char *dst, size_t cap, const json_t *list, const char *key);

/* A JSON string; bytes that are no UTF-8 become U+FFFD. */
json_t *document_string(const char *text, size_t len);
/* A time rounded to microseconds, so that it prints short. */
json_t *document_ms(double ms);

/* One line on stdout and a newline; frees the document. NULL is taken for lack of memory. */
int document_print(struct cli *cli, json_t *document);

/* Parses a text of the library and frees it. NULL: complained, *code has the exit code. */
json_t *document_read(struct cli *cli, struct session *s, char *text, int *code);
/* Prints a text of the library as it is, and frees it. */
int document_pass(struct cli *cli, struct session *s, char *text);
#endif
