#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { ENDS, CANCELS, DEFERS, NOTES };

static struct {
    atomic_int mode, before, count;
    _Atomic(vidi_chat *) chat;
    bool newline; /* the terminal's cursor stands behind "^C" */
    _Atomic(const struct termios *) terminal;
    _Atomic(const char *) words; /* with `terminal` */
} state;

static void leave_terminal(void) {
    const struct termios *mode = atomic_load(&state.terminal);
    const char *words = atomic_load(&state.words);
    if (words && write(STDERR_FILENO, words, strlen(words)) < 0) return;
    if (mode) tcsetattr(STDIN_FILENO, TCSANOW, mode);
}

static void on_interrupt(int signal_number) {
    const int saved = errno;
    const int mode = atomic_load(&state.mode);
    const int before = atomic_fetch_add(&state.count, 1);
    /* What ends the program from outside ends it, but between two pieces of work. */
    if (signal_number != SIGINT && (mode != DEFERS || before > 0)) {
        leave_terminal();
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        return;
    }
    if (mode == ENDS || (mode != NOTES && before > 0)) {
        leave_terminal();
        if (state.newline && write(STDERR_FILENO, "\n", 1) < 0) _exit(130);
        _exit(130);
    }
    vidi_chat *chat = atomic_load(&state.chat);
    if (mode == CANCELS && chat) vidi_cancel(chat);
    errno = saved;
}

void interrupt_install(void) {
    state.newline = isatty(STDERR_FILENO);
    /* Without SA_RESTART, so that a write to a reader who does not read comes back. */
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    /* Who was started with interrupts ignored (nohup, a shell's background) keeps it so. */
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT}, silent[] = {SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction inherited;
        if (sigaction(ends[i], NULL, &inherited) == 0 && inherited.sa_handler != SIG_IGN)
            sigaction(ends[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) sigaction(silent[i], &action, NULL);
}

static void enter(int mode) {
    atomic_store(&state.mode, NOTES);
    atomic_store(&state.chat, NULL);
    atomic_store(&state.count, 0);
    atomic_store(&state.mode, mode);
}

void interrupt_ends(void) { enter(ENDS); }
void interrupt_notes(void) { enter(NOTES); }
void interrupt_defers(void) { enter(DEFERS); }

void interrupt_terminal(const struct termios *mode, const char *words) {
    atomic_store(&state.terminal, NULL);
    atomic_store(&state.words, words);
    atomic_store(&state.terminal, mode);
}

void interrupt_cancels(vidi_chat *chat) {
    atomic_store(&state.chat, chat);
    atomic_store(&state.before, atomic_load(&state.mode));
    atomic_store(&state.mode, CANCELS);
}

void interrupt_resumes(void) {
    atomic_store(&state.mode, atomic_load(&state.before));
    atomic_store(&state.chat, NULL);
}

bool interrupt_seen(void) { return atomic_load(&state.count) > 0; }
