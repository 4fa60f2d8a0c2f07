/* batch.h - `ask --batch`: many questions, one loaded model, one line of JSON each.
 *
 * A line that fails prints {"error", "exit"} in its place, so that lines in and out stay together;
 * the exit code of the command is that of the first such line, and one line on stderr counts them.
 * A lost device or Ctrl-C ends it. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H
#include "cli.h"

int batch_run(struct cli *cli);
#endif
