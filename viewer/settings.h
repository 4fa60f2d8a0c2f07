/* settings.h - what the viewer remembers: one JSON file, and the user's own questions in a text
 * file beside it.
 *
 * A file that is damaged or holds a value out of its range gives a sentence and the default of what
 * is wrong; the rest is taken. Unknown keys are kept. One thread. */
#ifndef VIEW_SETTINGS_H
#define VIEW_SETTINGS_H
#include <stdbool.h>
#include <stddef.h>

enum {
    SETTINGS_RECENT = 8,
    SETTINGS_PRESETS = 40,
    SETTINGS_WIDTH = 1180, /* of the window, until it gets another size */
    SETTINGS_HEIGHT = 760
};

struct preset {
    char *name, *question;
    const char *inside; /* what the model that ships inside understands instead; NULL: the same */
};

struct settings {
    char *folder;   /* NULL: nothing is kept */
    char theme[16]; /* dark, light, contrast */
    double scale;   /* 0.5 to 3 */
    int width, height;
    char *model, *mmproj, *device, *source; /* NULL: the default */
    double every_s; /* live mode: seconds from one question to the next; 0: at once */
    bool mirror, caption, skip_same, brief;
    int max_tokens;
    char *recent[SETTINGS_RECENT]; /* models by path, newest first */
    int n_recent;
    struct preset presets[SETTINGS_PRESETS]; /* built-in ones, then the user's */
    int n_presets;
    void *rest;    /* the file as it was read */
    unsigned lent; /* a bit for each value that is of this run alone, see settings_lend() */
};

/* folder NULL: defaults that are not kept. problem: a sentence, "" when all was well. */
void settings_read(struct settings *s, const char *folder, char *problem, size_t cap);
/* Makes the folder where it is missing. false: errno says why. True without doing anything when
 * nothing is kept. */
bool settings_write(struct settings *s);
/* What the command line said is for this run: the file keeps the value it had, until the value is
 * changed by hand. key: as in the file. */
void settings_lend(struct settings *s, const char *key);
void settings_own(struct settings *s, const char *key);
void settings_free(struct settings *s);
/* Puts a copy of `text` (NULL: nothing) in place of *field. */
void settings_text(char **field, const char *text);
void settings_remember_model(struct settings *s, const char *path);
#endif
