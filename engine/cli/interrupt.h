/* interrupt.h - Ctrl-C, and readers that go away.
 *
 * What Ctrl-C does depends on what is going on: it ends the program with exit code 130, or it stops
 * an answer (a second one ends the program), or it is only noted for a prompt to see. The one
 * place of the command line with state of its own: a signal handler has no other argument. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H
#include <stdbool.h>
#include <termios.h>

#include "vidi/vidi.h"

/* From now on Ctrl-C ends the program, and writing to a closed pipe, or more than a limit allows,
 * is an error, not a signal. SIGTERM, SIGHUP and SIGQUIT end it as ever, but are deferred where
 * Ctrl-C is. */
void interrupt_install(void);
void interrupt_ends(void);
void interrupt_notes(void);
/* Only noted, for work that should end between two pieces; a second one ends the program. */
void interrupt_defers(void);
/* Until interrupt_resumes(), which brings back what was before, the first Ctrl-C cancels this chat
 * and a second one ends the program. One that was noted before still counts. */
void interrupt_cancels(vidi_chat *chat);
void interrupt_resumes(void);
/* Whatever signal ends the program gives the terminal of stdin this mode and writes these words to
 * stderr first. Both must last; NULL: nothing any more. */
void interrupt_terminal(const struct termios *mode, const char *words);
/* Ctrl-C was pressed since interrupt_ends(), interrupt_notes() or interrupt_defers(). */
bool interrupt_seen(void);
#endif
