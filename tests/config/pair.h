/* pair.h - a model of tests/families and its vision part with some of their keys changed, opened as
 * far as it goes without a device: numbers, shapes, plans for pictures, graphs. */
#ifndef VD_TEST_PAIR_H
#define VD_TEST_PAIR_H
#include "chat/internal.h"

struct pair_name {
    const char *text, *eyes; /* eyes NULL: none; the same as text: a folder that sees */
};
extern const struct pair_name pair_names[];
extern const uint32_t n_pair_names;

struct pair {
    struct vd_ctx ctx;
    struct gguf files[2]; /* the model, its vision part; the second may be empty */
    uint32_t n_files;
};
/* From the root of the repository. False: it cannot be opened; ctx has the words. */
bool pair_open(struct pair *p, const struct pair_name *name);
void pair_close(struct pair *p);

/* What becomes of a key. */
enum change_kind {
    CHANGE_REMOVE,
    CHANGE_INT,
    CHANGE_FLOAT,
    CHANGE_FLAG,
    CHANGE_TEXT,
    CHANGE_LENGTH
};
struct change {
    uint32_t file, value; /* index into files[file].values */
    enum change_kind kind;
    uint32_t entry; /* of an array, which of its numbers */
    bool whole;     /* an array becomes this one number */
    int64_t number; /* CHANGE_INT, CHANGE_FLAG; CHANGE_LENGTH: entries, no more than there are */
    double real;    /* CHANGE_FLOAT */
    struct str text;
};

struct pair_picture {
    uint32_t width, height;
};

/* How far it came. */
enum pair_stage { PAIR_CONFIG, PAIR_GRAPHS, PAIR_PICTURES, PAIR_DONE };

/* Opens with the changes made: VIDI_OK, or the words are in p->ctx.error. A picture that is refused
 * is no failure. Nothing is left behind. */
vidi_status pair_try(struct pair *p, const struct change *changes, uint32_t n,
                     const struct pair_picture *pictures, uint32_t n_pictures,
                     enum pair_stage *reached);

/* A key whose change says nothing about the families: words, templates, names. */
bool pair_leaves(const struct gguf_value *v);
#endif
