/* address.h - what addresses stand for: %XX, file:, data: and the home folder. */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H
#include <stdbool.h>
#include <stddef.h>

/* Writes the bytes that `text` stands for to `to`, which has room for as many as text has and may
 * be text, and their number to *n. False: a % without two digits behind it. */
bool address_bytes(const char *text, char *to, size_t *n);

/* Text begins with file:/. */
bool address_is_file(const char *text);

/* Makes the path of such an address: file:///a, file://localhost/a, file:/a. NULL: it is made. Else
 * why it names no file here. */
const char *address_to_path(char *address);

/* Text begins with data:, whose data address_data() reads into *data, from malloc(). NULL: it did.
 * Else what is wrong. */
bool address_is_data(const char *text);
const char *address_data(const char *address, char **data, size_t *bytes);

/* The path with ~ in front of it as $HOME; from malloc(), NULL: no memory. */
char *address_at_home(const char *path);
#endif
