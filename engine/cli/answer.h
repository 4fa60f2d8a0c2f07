/* answer.h - one question and its answer: pictures in, pieces out, and the account of both. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H
#include <jansson.h>

#include "picture_open.h"
#include "session.h"

/* Pictures read from files, before anything slow is started. */
struct pictures {
    vidi_image *items;
    int n;
};

struct seen_picture {
    int width, height, used_width, used_height, tiles;
};

enum { ANSWER_BOXES = 64 };

struct answer {
    char *text; /* all of it, when it is kept */
    size_t len, cap;
    int32_t *tokens;
    int n_tokens, tokens_cap;
    struct seen_picture *seen; /* one a picture */
    int n_seen;
    vidi_box boxes[ANSWER_BOXES]; /* what it names of the newest picture, when text is kept */
    int n_boxes;
    bool keep;      /* keep text and tokens for answer_json() */
    bool stream;    /* write the text to stdout piece by piece */
    bool cancelled; /* by Ctrl-C; stats are of what was answered until then */
    bool gone;      /* nobody reads stdout any more */
    vidi_stats stats;
};

/* No complaint: the status and session_words() tell. Free in any case. */
vidi_status pictures_read(struct session *s, const struct words *names, enum picture_origin origin,
                          struct pictures *out);
/* Appends the pictures of one to the other and empties it. */
vidi_status pictures_move(struct pictures *to, struct pictures *from);
void pictures_free(struct session *s, struct pictures *p);

/* Where a picture stands in a text, as llama.cpp has it. Without any, pictures stand in front. */
#define PICTURE_MARK "<__media__>"
/* What is wrong with such a text and so many pictures; NULL: nothing. Fills words. */
const char *picture_marks_wrong(const char *text, int pictures, char words[96]);

/* Says the pictures and the text to the chat. system: said first; NULL: nothing. No complaint:
 * the status and vidi_error() tell. */
vidi_status answer_ask(struct session *s, const struct pictures *pictures, const char *system,
                       const char *text, struct answer *a);
/* Pulls the answer to its end; Ctrl-C cancels it. VIDI_OK: complete, cancelled or unread. */
vidi_status answer_pull(struct cli *cli, struct session *s, struct answer *a);
void answer_free(struct answer *a);

/* The object of `ask --json`; NULL when memory ran out. */
json_t *answer_json(const struct answer *a, const char *device);
/* Says on stderr that the answer was cut, where it was: by -n, or by the end of the context. */
void answer_note_cut(struct cli *cli, const struct answer *a);
/* One line on stderr: how long it took and how fast it was. */
void answer_note(struct cli *cli, const struct answer *a);
#endif
