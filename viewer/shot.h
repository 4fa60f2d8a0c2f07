/* shot.h - one still picture, shared by reference between threads.
 *
 * Made with one reference; shot_drop() of the last one frees it. The pixels never change after
 * shot_new(), so any thread may read them. */
#ifndef VIEW_SHOT_H
#define VIEW_SHOT_H
#include <stdint.h>

enum { SHOT_PREVIEW = 1600 };

struct shot {
    uint8_t *rgb; /* [height][width][3] */
    int width, height;
    uint8_t *preview; /* the same, no larger than SHOT_PREVIEW, for the screen; or rgb itself */
    int preview_width, preview_height;
    uint64_t id;      /* counts up, 1 the first */
    uint64_t frame;   /* of a source; 0: a file or a paste */
    double taken_ms;  /* clock of the capture; 0: a file or a paste */
    char *name;       /* for people: a file's name, "pasted picture", "camera 0" */
    _Atomic int refs; /* shot_keep() and shot_drop() alone touch it */
};

/* Takes `rgb`, from malloc(); copies `name`. NULL without memory; rgb is freed then. */
struct shot *shot_new(uint8_t *rgb, int width, int height, const char *name);
struct shot *shot_keep(struct shot *s);
void shot_drop(struct shot *s); /* NULL is fine */
#endif
