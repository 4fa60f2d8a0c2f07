/* vocab_build.h - small GGUF files in memory for the tests of this folder. */
#ifndef VOCAB_BUILD_H
#define VOCAB_BUILD_H
#include "io/gguf.h"
#include "text/tokenizer.h"

enum { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE };

struct build {
    unsigned char *data; /* malloc'd; the header comes first */
    size_t len, cap;
    uint64_t n_keys;
};

void build_start(struct build *b);
void build_str(struct build *b, const char *key, const char *text);
void build_u32(struct build *b, const char *key, uint32_t number);
void build_bool(struct build *b, const char *key, bool value);
void build_strs(struct build *b, const char *key, const struct str *items, size_t n);
void build_i32s(struct build *b, const char *key, const int32_t *items, size_t n);
void build_f32s(struct build *b, const char *key, const float *items, size_t n);
void build_copy(struct build *b, const struct gguf *g, const char *key); /* arrays of a file */
void build_end(struct build *b);
void build_free(struct build *b);

/* A vocabulary: the 256 letters of bytes first (ids 0 .. 255), then `words`, each with a type. */
struct word {
    const char *text;
    int32_t type;
};
struct vocab {
    const char *pre;           /* NULL: no key */
    const struct word *words;  /* the last one has text NULL; NULL: none */
    const char *const *merges; /* the last one is NULL; NULL: none */
    int lacks;                 /* byte that gets another word, 0: none */
};
/* Adds everything but the ids, then the caller may add keys and end it. */
void build_bpe(struct build *b, const struct vocab *v);

/* A whole open tokenizer, and the memory below it. */
struct fixture {
    struct vd_ctx ctx;
    struct build build;
    struct gguf file;
    struct tokenizer *tokenizer;
    struct arena arena;
    struct tokens tokens; /* of the newest fixture_ids() */
};
vidi_status fixture_open(struct fixture *f);                /* of f->build, which is ended first */
void fixture_bpe(struct fixture *f, const struct vocab *v); /* fails the test when it cannot */
void fixture_close(struct fixture *f);                      /* fails the test when memory is left */
const int32_t *fixture_ids(struct fixture *f, const char *text, uint64_t len, int flags);
/* The bytes of f->tokens in a row, in f's arena. */
struct str fixture_bytes(struct fixture *f);
/* Fails the test with both lists when the ids are others. The list ends with -1. */
void fixture_expect(struct fixture *f, const char *text, int flags, const int32_t *ids);

/* A whole file of tests/text/data, NUL behind it; free it. */
char *read_data(const char *name, size_t *len);
/* Compares every text of texts.hex with the ids of data/NAME.ids; returns the number of lines that
 * differ, and the number compared in *n. Prints the first difference when `tell`. */
int compare_golden(struct fixture *f, const char *name, int flags, bool tell, int *n);
#endif
