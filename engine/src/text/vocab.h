/* vocab.h - what an open tokenizer holds. For the files of this folder only. */
#ifndef VD_VOCAB_H
#define VD_VOCAB_H
#include "text/charsmap.h"
#include "text/merge.h"
#include "text/pairs.h"
#include "text/pretokenize.h"
#include "text/specials.h"
#include "text/tokenizer.h"

enum { VOCAB_WORDS = 1 << 20, VOCAB_MERGES = 1 << 22, VOCAB_WORD_BYTES = 65535 };

/* By their numbers in the file. */
enum word_type {
    WORD_NORMAL = 1,
    WORD_UNKNOWN,
    WORD_CONTROL,
    WORD_USER,
    WORD_UNUSED,
    WORD_BYTE,
};

enum vocab_kind { VOCAB_BPE, VOCAB_SPM, VOCAB_WORDPIECE, VOCAB_UNIGRAM };

struct tokenizer {
    struct vd_ctx *ctx;
    struct arena arena;
    const struct gguf *file;
    const struct gguf_value *tokens;
    enum vocab_kind kind;
    uint32_t n;
    uint32_t longest, longest_word; /* bytes: of what a word decodes to, of a word as stored */
    struct map words;               /* as stored -> id; the first of equal words, no empty ones */
    uint8_t *types;                 /* [n] enum word_type */
    bool *ends;                     /* [n] */
    bool *guarded;                  /* [n] said by the form alone, whatever its type */
    bool *eats;                     /* [n] white space behind the word is part of it; or NULL */
    char *bytes;                    /* what the ids decode to, one behind the other */
    uint32_t *starts;               /* [n + 1] into bytes */
    int32_t byte_ids[256];          /* -1: the vocabulary has no word for this byte */
    uint16_t letters[256];          /* BPE: the code point that stands for a byte in stored words */
    int16_t letter_bytes[324];      /* BPE: the way back, -1: none */
    struct pairs merges;            /* BPE: (left id, right id) -> rank, joined id */
    uint32_t *ranks;                /* [n] SPM: the higher the score, the lower the rank */
    float *scores;                  /* [n] unigram */
    double unknown_score;           /* of a letter that is no word */
    struct charsmap charsmap;       /* unigram: what is replaced first; empty: nothing */
    bool by_grapheme;               /* unigram: replaces and cuts as the tokenizers package does */
    bool drops_blanks, joins_blanks; /* unigram: blanks only part words; several count as one */
    struct specials specials;
    struct pretokenizer pre; /* BPE */
    int32_t bos, eos, eot, unknown;
    bool adds_bos, space_prefix;
    bool adds_eos;
    bool lowers, strips_accents; /* WordPiece */
    bool prefix_once; /* that blank stands before a text alone, not behind special words */
    bool prefix_lone; /* and not where the text has one already */
};

/* Reads and checks the metadata of t->file. */
vidi_status vocab_read(struct tokenizer *t);

/* One run of text that holds no special words. `m` is scratch. */
vidi_status bpe_encode(struct merger *m, struct splitter *s, const char *text, uint32_t len,
                       struct tokens *out);
vidi_status spm_encode(struct merger *m, const char *text, uint32_t len, bool prefix,
                       struct tokens *out);

/* The arena is scratch. */
vidi_status unigram_encode(struct arena *a, const struct tokenizer *t, const char *text,
                           uint32_t len, bool prefix, struct tokens *out);
vidi_status wordpiece_encode(const struct tokenizer *t, const char *text, uint32_t len,
                             struct tokens *out);
/* What a stored word stands for, one byte longer than it at most. */
uint32_t wordpiece_decode(struct str word, char *out);

/* The tables of one kind, when the words are known. */
vidi_status bpe_open(struct tokenizer *t);
vidi_status spm_open(struct tokenizer *t);
vidi_status unigram_open(struct tokenizer *t);
#endif
