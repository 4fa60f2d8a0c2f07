/* out.h - what goes to stdout, and text made safe and readable for it.
 *
 * Writes go through a buffer of our own to file descriptor 1, so that a reader that goes away, a
 * full disk and Ctrl-C in the middle of a blocked write are all seen where they happen. */
#ifndef CLI_OUT_H
#define CLI_OUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CLI_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define CLI_PRINTF(fmt, first)
#endif

struct out {
    char buf[4096];
    size_t len;
    int error;     /* errno of the first write that failed; 0: none. EPIPE: the reader went away */
    bool terminal; /* stdout is one */
    bool styled;   /* ... and bold and dim are welcome on it */
    bool mid_line; /* the last character was no newline */
};

void out_open(struct out *o, bool plain);
void out_write(struct out *o, const char *text, size_t len);
void out_print(struct out *o, const char *fmt, ...) CLI_PRINTF(2, 3);
/* Text that others wrote: on a terminal without what could drive it, see steer.h. */
void out_foreign(struct out *o, const char *text, size_t len);
/* A JSON text and a newline. In its strings what a terminal could obey becomes \uXXXX, which means
 * the same. */
void out_json(struct out *o, const char *json);
/* false once a write failed: nobody reads any more. */
bool out_flush(struct out *o);

/* Switch bold or dim on, and both off again; nothing where stdout is not styled. */
void out_bold(struct out *o);
void out_dim(struct out *o);
void out_plain(struct out *o);

/* Copies text to dst, always with its NUL: control characters become \n, \t or \xNN,
 * those that steer the direction of text \uNNNN, and what does not fit is cut at a whole character
 * and ends in "...". Returns dst. */
char *text_visible(char *dst, size_t cap, const char *text, size_t len);
/* Columns a UTF-8 text takes, one a character. */
size_t text_columns(const char *text);
/* "512 B", "4.2 KiB", "19.8 MiB", "1.21 GiB" */
char *text_bytes(char *dst, size_t cap, double bytes);
/* "950", "4.25 k", "135 M", "1.7 G" */
char *text_count(char *dst, size_t cap, double count);
#endif
