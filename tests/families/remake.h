/* remake.h - copies of GGUF files with other weights, for tests. */
#ifndef VD_TESTS_REMAKE_H
#define VD_TESTS_REMAKE_H
#include "io/gguf.h"

/* Writes `from` to `to` with every matrix that is f32 or f16 as the other of the two, which `type`
 * names; vectors stay. `only` (may be NULL): of the matrices only those whose names hold this.
 * `doubled` (may be NULL) names a matrix whose rows are written twice as wide, each once more
 * behind itself. Fails the test when anything fails. */
void remake(const char *from, const char *to, enum vd_type type, const char *only,
            const char *doubled);

/* A key that the copy has otherwise. */
struct rekey {
    const char *key;     /* of the file; NULL: one more */
    const char *name;    /* what it becomes; NULL: it goes */
    enum gguf_kind kind; /* GGUF_U32, GGUF_F32, GGUF_BOOL, GGUF_STRING, GGUF_ARRAY */
    uint32_t number;     /* the bits of an F32 */
    const void *data;    /* the text, or the numbers of an array of I32, `number` of them */
};
/* Writes `from` to `to` with some keys changed, and without the tensors whose names hold `without`
 * (may be NULL). */
void remake_keys(const char *from, const char *to, const struct rekey *changes, uint32_t n,
                 const char *without);
#endif
