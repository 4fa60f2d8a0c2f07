/* environment.h - the only reader of environment variables. */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H
#include <stdbool.h>

struct environment {
    const char *device;       /* VIDI_DEVICE; NULL: unset or empty, as with all of them */
    const char *debug;        /* VIDI_DEBUG */
    char *cache_dir;          /* VIDI_CACHE_DIR, or vidi/ in XDG_CACHE_HOME or ~/.cache */
    char *state_dir;          /* vidi/ in XDG_STATE_HOME or ~/.local/state */
    char *config_dir;         /* vidi/ in XDG_CONFIG_HOME or ~/.config */
    const char *preload;      /* LD_PRELOAD */
    bool plain;               /* NO_COLOR is set, or TERM says "dumb" */
    bool dumb;                /* TERM says "dumb": no cursor movement either */
    const char *hub_endpoint; /* HF_ENDPOINT, or the public hub */
    const char *hub_token;    /* HF_TOKEN */
    char *hub_token_path;     /* HF_TOKEN_PATH, or token in HF_HOME */
    char *hub_cache;          /* HF_HUB_CACHE, or hub/ in HF_HOME; NULL: no home either */
    bool hub_offline;         /* HF_HUB_OFFLINE is 1, on, yes or true */
};

void environment_read(struct environment *e);
void environment_free(struct environment *e);

/* Makes a folder and those above it, for this user alone. false: errno says why. */
bool folder_make(const char *path);
/* The local day as strftime_now("%d %b %Y") of a template says it. Its months are English: of the
 * user's locale the program takes the letters alone. NULL: there is no clock. */
const char *environment_today(char text[32]);
#endif
