/* spec.h - what the words that name a source mean. Opens nothing but the head of a file. */
#ifndef SPEC_H
#define SPEC_H
#include <stdbool.h>
#include <stddef.h>

enum spec_kind {
    SPEC_CAMERA, /* a v4l2 device */
    SPEC_SCREEN, /* x11grab */
    SPEC_FILE,
    SPEC_URL,
    SPEC_INPUT /* one of FFmpeg's inputs by name */
};

enum { SPEC_NAME = 32, SPEC_ARGUMENT = 4096 };

struct spec {
    enum spec_kind kind;
    char format[SPEC_NAME];       /* of FFmpeg; "": it finds out */
    char argument[SPEC_ARGUMENT]; /* device, path, URL, display or what the input is told */
    int camera;                   /* the n-th camera of the list; -1: argument says which */
    /* As far as the words tell; an input that is open knows better. */
    bool live;  /* it does not wait for a slow reader, and has no end */
    bool paced; /* frames come faster than they are meant to be seen */
};

/* False: it names nothing; `words` has one sentence (the texts of the spec cut). */
bool spec_parse(struct spec *out, const char *text, char *words, int cap);

/* Its first bytes are those of a picture that the engine reads; a GIF or AVIF that moves is none.
 */
bool spec_is_still(const char *path);
/* A list of other files or addresses to play; `words` says so. */
bool spec_is_playlist(const char *path, char *words, size_t cap);
#endif
