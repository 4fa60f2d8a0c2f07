#include "prompt.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/replace.h"
#include "intake.h"
#include "interrupt.h"

enum { HISTORY_LINES = 1000 };

/* A terminal that is asked to sends what is pasted between two words of its own, so that the ends
 * of its lines are told from Enter. */
#define PASTE_BEGINS "[200~"
#define PASTE_ENDS   "\033[201~"
static const char pastes_on[] = "\033[?2004h", pastes_off[] = "\033[?2004l";

struct prompt {
    EditLine *editor;    /* NULL: stdin is no terminal */
    bool pastes;         /* asked of the terminal */
    struct termios mode; /* of the terminal, before the editor changed it */
    History *history;
    char *path, *line;
    size_t cap;
    struct intake lines; /* where stdin is no terminal */
};

static char *prompt_text(EditLine *editor) {
    (void)editor;
    static char text[] = "> ";
    return text;
}

static char *history_path(const char *folder) {
    if (!folder) return NULL;
    const size_t cap = strlen(folder) + sizeof "/history";
    char *path = malloc(cap);
    if (path) snprintf(path, cap, "%s/history", folder);
    return path;
}

struct pasted {
    wchar_t *text;
    size_t len, cap;
};

static bool keep_letter(struct pasted *in, wchar_t letter) {
    if (in->len + 1 >= in->cap) {
        const size_t cap = in->cap ? 2 * in->cap : 256;
        wchar_t *larger = realloc(in->text, cap * sizeof *larger);
        if (!larger) return false;
        in->text = larger;
        in->cap = cap;
    }
    in->text[in->len++] = letter;
    in->text[in->len] = L'\0';
    return true;
}

/* What the terminal sends up to the end of the paste. False: it sends no more, or no memory. */
static bool read_paste(EditLine *editor, struct pasted *in) {
    static const wchar_t end[] = L"" PASTE_ENDS;
    const size_t n = sizeof end / sizeof *end - 1;
    wchar_t letter;
    while (el_wgetc(editor, &letter) == 1) {
        if (!keep_letter(in, letter)) return false;
        if (in->len < n || wmemcmp(in->text + in->len - n, end, n) != 0) continue;
        in->text[in->len -= n] = L'\0';
        return true;
    }
    return false;
}

/* The ends of lines as LF, whatever the terminal makes of them, and none at the end. NUL would be
 * the end of the text: it becomes the sign for a character that is none. */
static void tidy_paste(struct pasted *in) {
    size_t to = 0;
    for (size_t i = 0; i < in->len; i++) {
        const wchar_t c = in->text[i];
        if (c == L'\n' && i > 0 && in->text[i - 1] == L'\r') continue;
        in->text[to++] = c == L'\r' ? L'\n' : c ? c : 0xfffd;
    }
    while (to > 0 && in->text[to - 1] == L'\n') to--;
    in->text[in->len = to] = L'\0';
}

static unsigned char paste(EditLine *editor, int key) {
    (void)key;
    struct pasted in = {0};
    const bool whole = read_paste(editor, &in);
    bool kept = whole;
    if (whole) {
        tidy_paste(&in);
        kept = in.len == 0 || el_winsertstr(editor, in.text) == 0;
    }
    free(in.text);
    return !whole ? CC_EOF : kept ? CC_REFRESH : CC_ERROR;
}

/* Also where a signal ends the program: the terminal is left as it was. */
static void expect_pastes(struct prompt *p, const struct environment *env) {
    if (env->dumb || tcgetattr(STDIN_FILENO, &p->mode) != 0) return;
    p->pastes = true;
    /* By el_set() libedit would copy both names, and never free them. */
    el_wset(p->editor, EL_ADDFN, L"vidi-paste", L"take a paste as one text", paste);
    el_set(p->editor, EL_BIND, "\\e" PASTE_BEGINS, "vidi-paste", NULL);
    interrupt_terminal(&p->mode, pastes_off);
}

static void open_editor(struct prompt *p, const struct environment *env) {
    HistEvent event;
    /* The prompt goes to stderr: stdout is for answers. */
    p->editor = el_init("vidi", stdin, stderr, stderr);
    if (!p->editor) return;
    el_set(p->editor, EL_PROMPT, prompt_text);
    el_set(p->editor, EL_EDITOR, "emacs");
    el_set(p->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    p->path = history_path(env->state_dir);
    p->history = history_init();
    if (p->history) {
        history(p->history, &event, H_SETSIZE, HISTORY_LINES);
        history(p->history, &event, H_SETUNIQUE, 1);
        if (p->path) history(p->history, &event, H_LOAD, p->path);
        el_set(p->editor, EL_HIST, history, p->history);
        el_source(p->editor, NULL);
    }
    expect_pastes(p, env); /* behind the user's own file, which may change what keys mean */
}

struct prompt *prompt_open(struct cli *cli) {
    struct prompt *p = calloc(1, sizeof *p);
    if (p && isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) open_editor(p, &cli->env);
    return p;
}

/* A full disk cannot cost the old history. */
static void save_history(struct prompt *p, const char *folder) {
    HistEvent event;
    struct replace r;
    if (!folder_make(folder) || !replace_open(&r, p->path, 0600)) return;
    const int fd = dup(r.fd);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool good = file && history(p->history, &event, H_SAVE_FP, file) >= 0;
    if (file)
        good = fclose(file) == 0 && good;
    else if (fd >= 0)
        close(fd);
    if (good)
        replace_done(&r);
    else
        replace_drop(&r);
}

void prompt_close(struct prompt *p) {
    if (!p) return;
    if (p->history && p->path) {
        char *slash = strrchr(p->path, '/');
        char *folder = malloc((size_t)(slash - p->path) + 1);
        if (folder) {
            memcpy(folder, p->path, (size_t)(slash - p->path));
            folder[slash - p->path] = '\0';
            save_history(p, folder);
            free(folder);
        }
    }
    if (p->pastes) {
        fputs(pastes_off, stderr);
        interrupt_terminal(NULL, NULL);
    }
    if (p->editor) el_end(p->editor);
    if (p->history) history_end(p->history);
    free(p->path);
    free(p->line);
    free(p);
}

bool prompt_is_terminal(const struct prompt *p) { return p->editor != NULL; }

static const char *keep_line(struct prompt *p, const char *line, size_t len) {
    if (p->cap < len + 1) {
        char *larger = realloc(p->line, len + 1);
        if (!larger) return NULL;
        p->line = larger;
        p->cap = len + 1;
    }
    memcpy(p->line, line, len);
    p->line[len] = '\0';
    return p->line;
}

static const char *edited_line(struct prompt *p) {
    for (;;) {
        int n = 0;
        /* Each time: a shell that had the terminal in between may have switched them off. */
        if (p->pastes) fputs(pastes_on, stderr);
        interrupt_notes();
        const char *line = el_gets(p->editor, &n);
        if (interrupt_seen()) {
            el_reset(p->editor);
            fputs("\n", stderr);
            continue;
        }
        interrupt_ends();
        if (!line || n <= 0) {
            fputs("\n", stderr);
            return NULL;
        }
        size_t len = strlen(line); /* lines of a paste are inside */
        if (len > 0 && line[len - 1] == '\n') len--;
        HistEvent event;
        if (len > 0 && p->history) history(p->history, &event, H_ENTER, line);
        return keep_line(p, line, len);
    }
}

const char *prompt_line(struct prompt *p, size_t *length) {
    if (p->editor) {
        const char *line = edited_line(p);
        if (line) *length = strlen(line);
        return line;
    }
    p->lines.file = stdin;
    const ssize_t len = intake_read(&p->lines, &p->line, &p->cap);
    if (len < 0) return NULL;
    *length = (size_t)len;
    return p->line;
}
