/* charsmap.h - the table of replacements that SentencePiece files carry (precompiled_charsmap):
 * a double-array trie (as Darts has it) of what is replaced, and what with.
 *
 * Bytes: u32 size of the trie, its units of u32, then NUL-ended texts that its values point to.
 * For the files of this folder only. */
#ifndef VD_CHARSMAP_H
#define VD_CHARSMAP_H
#include "base/arena.h"
#include "io/gguf.h"

struct charsmap {
    const uint32_t *units;
    uint32_t n_units;
    const char *texts; /* [n_texts], the last one NUL */
    uint32_t n_texts;
};

/* Everything that lookups rely on is checked: VIDI_E_FORMAT names the file. */
vidi_status charsmap_open(struct vd_ctx *ctx, const char *path, struct arena *a, struct str bytes,
                          struct charsmap *out);
/* What the shortest known beginning of the text becomes, or the longest; *used: its bytes. NULL:
 * nothing is known. */
const char *charsmap_find(const struct charsmap *m, const char *text, uint32_t len, bool longest,
                          uint32_t *used);

/* The text with all that is known replaced. As SentencePiece does it: the longest known beginning
 * at each place; by_grapheme, as the tokenizers package does it: the shortest one of each whole
 * grapheme of less than six bytes, or else of each letter. Grows in the arena; NULL: no memory. No
 * map: a copy. */
char *charsmap_apply(const struct charsmap *m, bool by_grapheme, struct arena *a, const char *text,
                     uint32_t len, uint32_t *out_len);
#endif
