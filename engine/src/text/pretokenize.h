/* pretokenize.h - cuts text into the pieces inside which a byte-level BPE may merge.
 *
 * A pre-tokenizer is a row of a table: a name and up to eight patterns, applied one after the
 * other, each inside the pieces of the one before. What a pattern skips is a piece too, so the
 * pieces always cover the text. Bytes that are no valid UTF-8 are pieces of their own and end the
 * text for the pattern on their left.
 * Every pattern looks at each byte a bounded number of times.
 * Threads: a pretokenizer is read-only; a splitter belongs to one call. */
#ifndef VD_PRETOKENIZE_H
#define VD_PRETOKENIZE_H
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"

enum { PRETOKENIZE_STAGES = 8 };

struct pretokenizer {
    pcre2_general_context *memory;
    pcre2_code *stages[PRETOKENIZE_STAGES];
    uint32_t n_stages;
    bool whole_words; /* a piece that is a word is that word, whatever the merges say */
    bool adds_bos;    /* when the file does not say */
};

/* VIDI_E_UNSUPPORTED when the table has no such name. The heap is that of ctx. */
vidi_status pretokenizer_open(struct vd_ctx *ctx, const char *name, uint64_t len,
                              struct pretokenizer *out);
void pretokenizer_close(struct pretokenizer *p); /* safe on a zeroed one */

/* The i-th name of the table, NULL behind the last. */
const char *pretokenizer_name(uint32_t i);

struct pieces {
    uint32_t *ends; /* piece i is bytes ends[i - 1] .. ends[i] - 1 */
    uint32_t n, cap;
};

struct splitter {
    const struct pretokenizer *rules;
    struct arena *arena;
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    pcre2_match_data *match;
    struct pieces now, before;
};

vidi_status splitter_open(struct splitter *s, const struct pretokenizer *p, struct arena *a);
void splitter_close(struct splitter *s); /* safe on a zeroed one */

/* The pieces are in s->now until the next call. */
vidi_status split(struct splitter *s, const char *text, uint32_t len);
#endif
