/* picture_open.h - a picture that the user named: the one place that knows what a name may be.
 *
 *     a path              wins where something of that name exists; a pipe is read to its end
 *     -                   standard input
 *     data:[TYPE][;base64],DATA
 *     http://, https://   fetched: at most 256 MiB, a minute, to http and https alone */
#ifndef CLI_PICTURE_OPEN_H
#define CLI_PICTURE_OPEN_H
#include "session.h"

enum picture_origin {
    PICTURE_ARGUMENT, /* typed by the user: all of these */
    PICTURE_QUESTION, /* typed where standard input has the questions: all but that */
    PICTURE_LINE      /* out of a file: paths and data: alone */
};

/* No complaint: the status and session_words() tell. Free with vidi_image_free(). */
vidi_status picture_open(struct session *s, const char *name, enum picture_origin origin,
                         vidi_image *out);
#endif
