/* steer.h - characters that a screen obeys instead of showing them. The one place that knows them.
 *
 * Names and metadata show them escaped (text_visible), JSON has them as \uXXXX (out_json). Answers
 * on a terminal and all labels of the window leave out what could steer more than its neighbours;
 * answers that go to a file or a pipe are as the model gave them, and so is what a user typed. */
#ifndef CLI_STEER_H
#define CLI_STEER_H
#include <stdbool.h>
#include <stddef.h>

enum steer {
    STEER_NOT,
    STEER_CONTROL, /* C0 but tab and newline, DEL, C1 */
    STEER_STRAY,   /* a byte of no UTF-8 character: C1 to some terminals */
    STEER_REGION,  /* overrides, embeddings and isolates: turn round all that follows */
    STEER_MARK,    /* U+061C, U+200E, U+200F: part of right Arabic and Hebrew, invisible in names */
};
/* What stands at the start of text, its bytes and its code point (of a stray byte: its value). */
enum steer steer_at(const char *text, size_t len, size_t *bytes, unsigned *code);

/* Left out of answers and labels: all but marks. */
bool steer_is_left_out(enum steer what);

/* A copy without them, from malloc(); NULL: no memory. */
char *steer_clean(const char *text);
#endif
