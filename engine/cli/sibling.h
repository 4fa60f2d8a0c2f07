/* sibling.h - commands that are programs of their own, because they need libraries that take long
 * to load or are not everywhere. */
#ifndef CLI_SIBLING_H
#define CLI_SIBLING_H
#include "cli.h"

/* Becomes the program of this name beside this one, or in PATH, with the command's arguments. Comes
 * back only when that fails; `without`: why it may not be there, and what does instead. */
int sibling_run(struct cli *cli, const char *program, const char *without);
#endif
