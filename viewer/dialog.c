#include "dialog.h"

#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "portal.h"

struct asking {
    void (*done)(void *user, const char *path, bool none);
    void *user;
    char *path; /* from malloc(); NULL: nothing was chosen */
    bool found;
};

#define TITLE "Open a picture, a video or a model"

static const char *const programs[][6] = {
    {"zenity", "--file-selection", "--title=" TITLE, NULL},
    {"kdialog", "--title", TITLE, "--getopenfilename", ".", NULL},
};

static bool run_program(const char *const *argv, char **path) {
    enum { LONGEST = 1 << 16, NOT_THERE = 127 };
    struct child_output said = {0};
    const bool found = child_run(argv, LONGEST, 0, &said) && said.exit != NOT_THERE;
    char *line = (char *)said.bytes;
    if (line) line[strcspn(line, "\r\n")] = '\0';
    if (found && said.exit == 0 && line && line[0])
        *path = line;
    else
        free(line);
    return found;
}

static void run(void *user) {
    struct asking *a = user;
    a->found = portal_open_file(TITLE, &a->path) != PORTAL_MISSING;
    for (size_t i = 0; i < sizeof programs / sizeof *programs && !a->found; i++)
        a->found = run_program(programs[i], &a->path);
}

static void finished(void *user) {
    struct asking *a = user;
    a->done(a->user, a->path, !a->found);
    free(a->path);
    free(a);
}

bool dialog_open(struct jobs *jobs, void (*done)(void *user, const char *path, bool none),
                 void *user) {
    struct asking *a = calloc(1, sizeof *a);
    if (!a) return false;
    a->done = done;
    a->user = user;
    if (jobs_run(jobs, run, finished, a)) return true;
    free(a);
    return false;
}
