/* chat_form.h - how a model wants a conversation written down.
 *
 * Templates of model files are programs; they are not run. Known ones are recognised by words that
 * only they contain, and written from a table:
 *     before_all, then for each turn: open + text + close, then answer_open.
 * Words of the form are tokenized with TOKENIZE_SPECIAL, the texts between them without. The token
 * that starts a text (tokenizer_adds_bos) is not part of a form. Everything here is static. */
#ifndef VD_CHAT_FORM_H
#define VD_CHAT_FORM_H
#include <stdbool.h>
#include <stdint.h>

#include "vidi/vidi.h"

struct tokenizer;

struct chat_form {
    const char *name;
    const char *system_default; /* said when the first turn is not the system's; NULL: nothing */
    const char *before_all;     /* all strings but system_default may be "" and are never NULL */
    const char *turn_open[3], *turn_close[3]; /* by vidi_role */
    const char *user_picture; /* opens a user's turn that begins with a picture; NULL: as any */
    const char *user_after_system; /* opens a user's turn right behind the system's; NULL: as any */
    const char *user_after_answer; /* the same behind the assistant's */
    const char *date, *after_date; /* of today unless the host says it, and what stands behind it:
                                    * both follow turn_open of the system; NULL: none is said */
    bool asks_day;       /* the template asks for today; `date` is what it says without a clock */
    bool default_unseen; /* no system_default where the first turn has pictures */
    const char *answer_open; /* the assistant's turn, up to where the model goes on */
    bool trim[3];            /* by vidi_role: white space around a turn's text is dropped */
    bool trim_together;      /* what the system says and the user's turn behind it, as one text */
};

const struct chat_form *chat_form_find(const char *name); /* NULL: no such form */

/* The form of a template text. len 0: the model has none, and gets "plain", which adds nothing.
 * NULL: the template is not one of the known. */
const struct chat_form *chat_form_recognise(const char *tmpl, uint64_t len);

/* The form whose marks are words of a vocabulary, for a file without a template; else "plain". */
const struct chat_form *chat_form_of_words(const struct tokenizer *t);

/* What opens a turn; `before` is the role of the turn before it, -1 for the first. */
const char *chat_form_open(const struct chat_form *form, vidi_role role, int before);

/* Whether white space in front of a turn's text is dropped; `before` as above. */
bool chat_form_trims_front(const struct chat_form *form, vidi_role role, int before);

/* Drops the white space in front of a text, or behind it: what a template's `trim` drops, which is
 * what Python takes for white space. */
void text_trim(const char **text, uint64_t *len, bool front, bool end);

/* Whether a text such as "<|im_start|>" stands in the words of any form. */
bool chat_form_holds(const char *word, uint64_t len);

/* Whether a text of that many bytes stands in another. */
bool text_contains(const char *text, uint64_t len, const char *word, uint64_t n);

const char *chat_form_name(uint32_t i); /* the i-th form, NULL behind the last */
#endif
