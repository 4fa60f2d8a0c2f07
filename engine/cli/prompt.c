#include "prompt.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/replace.h"
#include "intake.h"
#include "interrupt.h"

enum { HISTORY_LINES = 1000 };

struct prompt {
    EditLine *editor; /* NULL: stdin is no terminal */
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
    if (!p->history) return;
    history(p->history, &event, H_SETSIZE, HISTORY_LINES);
    history(p->history, &event, H_SETUNIQUE, 1);
    if (p->path) history(p->history, &event, H_LOAD, p->path);
    el_set(p->editor, EL_HIST, history, p->history);
    el_source(p->editor, NULL);
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
        const size_t len = strcspn(line, "\n");
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
