/* family.h - what a family file must provide. Nothing else in the tree names one.
 *
 * A family reads its numbers from the model file (config), says what the engine must set up for
 * it (shape), and builds its graphs (encode, decode, head). One file a family, one line in
 * families.h, one golden set in tests/families/. */
#ifndef VD_FAMILY_H
#define VD_FAMILY_H
#include "graph/graph.h"

struct meta; /* the model file's key/value pairs, read with the architecture as prefix */

/* Each fails sticky, like the builder: the first bad key is kept, and 0 comes back. Values outside
 * lo .. hi are refused with the key, the value and the limits. */
uint32_t meta_int(struct meta *m, const char *key, uint32_t lo, uint32_t hi);
uint32_t meta_int_or(struct meta *m, const char *key, uint32_t lo, uint32_t hi, uint32_t missing);
float meta_float(struct meta *m, const char *key, float lo, float hi);
float meta_float_or(struct meta *m, const char *key, float lo, float hi, float missing);
/* An array of exactly n numbers, or one number for all n. */
void meta_ints(struct meta *m, const char *key, uint32_t n, uint32_t lo, uint32_t hi,
               uint32_t *out);
void meta_floats(struct meta *m, const char *key, uint32_t n, float lo, float hi, float *out);
bool meta_flag(struct meta *m, const char *key);       /* false where it is missing */
uint32_t meta_length(struct meta *m, const char *key); /* entries of an array; 0: not there */
uint32_t meta_vocab(struct meta *m);                   /* words of the tokenizer */
void meta_fail(struct meta *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum { FAMILY_LAYERS = 512, FAMILY_DIM = 65536, FAMILY_HEADS = 1024 };

/* How a picture of any size comes to width x height. */
enum fit {
    FIT_STRETCH, /* resized, whatever its shape */
    FIT_CROP,    /* the shorter side resized, the middle kept */
    FIT_TILES    /* cut into tiles in rows, and the whole picture as a last tile (Idefics3) */
};

/* Sizes that the engine needs before it can build a graph. */
struct shape {
    uint32_t layers, dim, vocab, context; /* context: what the model was made for */
    uint32_t kv_dim[FAMILY_LAYERS];       /* kv_heads * head_dim a layer */
    uint32_t rope_dim;                    /* rotated numbers of a head */
    float rope_base, rope_scale;          /* positions are multiplied by rope_scale */
    struct {
        uint32_t width, height, rows; /* what encode() takes; decoder rows it gives. 0: no eyes */
        float mean[3], std[3];
        bool bicubic;
        enum fit fit;
        uint32_t longest; /* FIT_TILES: the longer side of a picture before it is cut */
    } picture;
    const char *form;    /* chat form; NULL: by the file's template */
    bool pictures_first; /* pictures stand before the turn, not inside it */
};

struct family {
    const char *arch; /* value of general.architecture */
    const char *what; /* a few words for `vidi show` */
    uint32_t config_bytes;
    void (*config)(void *cfg, struct meta *m);
    void (*shape)(const void *cfg, struct shape *out);
    tensor (*encode)(graph *g, const void *cfg, tensor pixels); /* [3*h][w] planes -> [rows][dim] */
    tensor (*decode)(graph *g, const void *cfg); /* token ids of env -> last hidden rows */
    tensor (*head)(graph *g, const void *cfg, tensor row); /* [1][dim] -> logits [1][vocab] */
};

/* The vision part of a file of its own, general.architecture = clip. Keys are read with "clip" as
 * prefix; shape() sets the picture alone. */
struct vision {
    const char *projector; /* value of clip.projector_type */
    const char *what;
    const char *last; /* the matrix that makes the decoder's rows: its rows are their width */
    uint32_t config_bytes;
    void (*config)(void *cfg, struct meta *m);
    void (*shape)(const void *cfg, struct shape *out);
    tensor (*encode)(graph *g, const void *cfg, tensor pixels);
};
#endif
