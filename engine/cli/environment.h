/* environment.h - the only reader of environment variables. */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H
#include <stdbool.h>

struct environment {
    const char *device; /* VIDI_DEVICE; NULL: unset or empty, as with all of them */
    const char *debug;  /* VIDI_DEBUG */
    char *cache_dir;    /* VIDI_CACHE_DIR, or vidi/ in XDG_CACHE_HOME or ~/.cache */
    char *state_dir;    /* vidi/ in XDG_STATE_HOME or ~/.local/state */
    bool plain;         /* NO_COLOR is set, or TERM says "dumb" */
    bool dumb;          /* TERM says "dumb": no cursor movement either */
};

void environment_read(struct environment *e);
void environment_free(struct environment *e);

/* Makes a folder and those above it, for this user alone. false: errno says why. */
bool folder_make(const char *path);
#endif
