/* tokenizer.h - text to token ids and back, from the vocabulary in a GGUF file.
 *
 * Kinds (tokenizer.ggml.model): "gpt2" byte-level BPE with the pre-tokenizer named by
 * tokenizer.ggml.pre (gpt-2, smollm, llama-bpe, qwen2, ... a table in pretokenize.c), and
 * "llama" SentencePiece-style BPE by scores with byte fallback, "wordpiece", BERT's, and "t5",
 * SentencePiece's unigram model, with the replacements that its file carries.
 * Text may hold any bytes: invalid UTF-8 is never an error and round-trips, as far as the
 * vocabulary has words for single bytes ("gpt2" drops one that is lacking, "llama" says unknown);
 * "wordpiece" keeps neither blanks nor, where it is told so, capitals and accents.
 * Text is taken as it is, without Unicode normalisation. Merging is O(n log n); a piece of any
 * length is fine.
 * Threads: an open tokenizer is read-only; each detok belongs to one stream. */
#ifndef VD_TOKENIZER_H
#define VD_TOKENIZER_H
#include "io/gguf.h"

struct tokenizer;

/* Ids, growing in an arena. */
struct tokens {
    struct arena *arena;
    int32_t *ids;
    uint32_t n, cap;
};
vidi_status tokens_push(struct tokens *t, int32_t id);

/* Every array of the vocabulary is checked against every other: same lengths, ids in range, merges
 * that name known words. The gguf must outlive the tokenizer. */
vidi_status tokenizer_open(struct vd_ctx *ctx, const struct gguf *g, struct tokenizer **out);
void tokenizer_close(struct tokenizer *t);

enum {
    TOKENIZE_SPECIAL = 1,  /* control tokens written out in the text become their ids */
    TOKENIZE_CONTINUE = 2, /* the text goes on where an earlier one stopped: no blank before it */
};
/* Appends to out; out->arena's context pays for the work and is told of failures. User-defined
 * words are always found, the leftmost and of these the longest. No bos is added. At most 512 MiB.
 */
vidi_status tokenize(const struct tokenizer *t, const char *text, uint64_t len, int flags,
                     struct tokens *out);

/* The parts of one text, each with its flags: the words of the prompt form may be special while the
 * user's are not, and still words join across the seams as if it were one text. */
struct text_part {
    const char *text;
    uint64_t len;
    int flags; /* TOKENIZE_CONTINUE counts in the first only */
};
vidi_status tokenize_parts(const struct tokenizer *t, const struct text_part *parts, uint32_t n,
                           struct tokens *out);

uint32_t tokenizer_size(const struct tokenizer *t);
int32_t tokenizer_find(const struct tokenizer *t, const char *word); /* exact entry, or -1 */
int32_t tokenizer_bos(const struct tokenizer *t);                    /* -1: none */
bool tokenizer_adds_bos(const struct tokenizer *t);
int32_t tokenizer_last(const struct tokenizer *t);            /* ends a whole text; -1: none */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id); /* eos, eot and their kin */
bool tokenizer_is_control(const struct tokenizer *t, int32_t id);
/* Whether text behind this word gets the blank that text begins with, as in one call of tokenize.
 */
bool tokenizer_begins_behind(const struct tokenizer *t, int32_t id);
/* The same behind a control word, whichever. */
bool tokenizer_begins_behind_control(const struct tokenizer *t);
struct str tokenizer_word(const struct tokenizer *t, int32_t id); /* the entry as stored */

/* Bytes of one token (control tokens: none), at most `cap`; returns the needed size. */
uint32_t token_bytes(const struct tokenizer *t, int32_t id, char *out, uint32_t cap);

/* Streaming: bytes of an unfinished UTF-8 sequence wait for the next token. Sequences that can
 * no longer become valid come out as U+FFFD. */
struct detok {
    char pending[4];
    uint32_t n;
    bool opens_text; /* nothing was said before: the blank that SentencePiece puts there is dropped
                      */
};
/* Appends what is complete to out (cap >= 8 + longest token x 3 + 3); returns the length.
 * id -1 flushes. out is NUL-terminated. */
uint32_t detok_next(const struct tokenizer *t, struct detok *d, int32_t id, char *out,
                    uint32_t cap);
uint32_t tokenizer_longest(const struct tokenizer *t); /* bytes of the longest token */
#endif
