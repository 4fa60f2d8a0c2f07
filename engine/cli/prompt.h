/* prompt.h - where a chat's lines come from: a terminal with editing and history, or a pipe. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H
#include "cli.h"

struct prompt;

/* NULL when memory ran out. On a terminal the history of earlier chats is read. */
struct prompt *prompt_open(struct cli *cli);
/* Keeps the history. */
void prompt_close(struct prompt *p);
bool prompt_is_terminal(const struct prompt *p);
/* The next line without its end and its length, good until the next call; NULL at the end of input.
 * What a terminal pastes is part of one line, with LF between its own lines.
 * Ctrl-C on a terminal drops the line and asks again. */
const char *prompt_line(struct prompt *p, size_t *length);
#endif
