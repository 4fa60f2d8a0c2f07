/* family.h - what a family file must provide. Nothing else in the tree names one.
 *
 * A family reads its numbers from the model file (config), says what the engine must set up for
 * it (shape), and builds its graphs (encode, decode, head). One file a family, one line in
 * families.h, one golden set in tests/families/. */
#ifndef VD_FAMILY_H
#define VD_FAMILY_H
#include "graph/graph.h"

struct meta; /* the model file's key/value pairs, read with the architecture as prefix */

/* Each fails sticky, like the builder: the first bad key is kept. Values outside lo .. hi are
 * refused with the key, the value and the limits. What comes back is within lo .. hi whatever
 * happened, and lo from the first failure on, so that config() can go on calculating with it;
 * shape() and the builders never see a config that failed. */
uint32_t meta_int(struct meta *m, const char *key, uint32_t lo, uint32_t hi);
uint32_t meta_int_or(struct meta *m, const char *key, uint32_t lo, uint32_t hi, uint32_t missing);
float meta_float(struct meta *m, const char *key, float lo, float hi);
float meta_float_or(struct meta *m, const char *key, float lo, float hi, float missing);
/* An array of exactly n numbers, or one number for all n. All of `out` is written. */
void meta_ints(struct meta *m, const char *key, uint32_t n, uint32_t lo, uint32_t hi,
               uint32_t *out);
void meta_floats(struct meta *m, const char *key, uint32_t n, float lo, float hi, float *out);
/* False where it is missing; what is neither a flag nor a whole number is refused. */
bool meta_flag(struct meta *m, const char *key);
void meta_flags(struct meta *m, const char *key, uint32_t n, bool *out); /* an array of n */
/* Which of the words a text is; any other is refused. 0: the first, or it is missing. */
uint32_t meta_word(struct meta *m, const char *key, const char *const *words, uint32_t n);
bool meta_has(struct meta *m, const char *key);                       /* is it in the file? */
bool meta_has_tensor(struct meta *m, const char *name);               /* the same of a tensor */
uint32_t meta_length(struct meta *m, const char *key, uint32_t most); /* entries; 0: not there */
uint32_t meta_vocab(struct meta *m);                                  /* words of the tokenizer; 1
                                                                       * after a failure */
void meta_fail(struct meta *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum {
    FAMILY_LAYERS = 512,
    FAMILY_DIM = 65536,
    FAMILY_HEADS = 1024,
    FAMILY_GRIDS = 64,
    FAMILY_SLOTS = 64
};

/* How a picture of any size comes to width x height. */
enum fit {
    FIT_STRETCH, /* resized, whatever its shape */
    FIT_CROP,    /* the shorter side resized, the middle kept */
    FIT_TILES,   /* cut into tiles in rows, and the whole picture as a last tile (Idefics3) */
    FIT_GRID,    /* the grid of tiles most like it in shape, and the whole behind (InternVL) */
    FIT_NATIVE,  /* its own size, nearly: a row each multiple x multiple pixels (Qwen2-VL) */
    FIT_SLICES,  /* the whole, then cut in a grid, each near the encoder's area (MiniCPM-V) */
    FIT_BOUNDED, /* its own size, sides between two lengths; or its quarters first (Idefics2) */
    FIT_CANVAS,  /* on the canvas of whole tiles that changes its size least (mllama) */
    FIT_SQUARE,  /* to a square of its longer side first, then resized (mPLUG-Owl2) */
    FIT_ANYRES /* a best grid of tiles with the picture in its middle, and the whole (LLaVA-1.6) */
};

/* Which rows of a prompt see each other, before and behind; all others see what stands before. */
enum mutual {
    MUTUAL_NONE,
    MUTUAL_PICTURE, /* the rows of each picture */
    MUTUAL_OPENING, /* what a conversation opens with, up to the end of its first picture */
    MUTUAL_PROMPT   /* the whole first prompt */
};

/* How a model was taught longer contexts than it was made for. */
struct rope_stretch {
    float low, high;   /* YaRN: pairs up to low turn as before, from high on by rope_scale; high 0:
                        * all turn by rope_scale */
    float amount;      /* cos and sin are multiplied by it; 0: by 1 */
    uint32_t original; /* LongRoPE: contexts up to this one turn by rope_factors_short.weight,
                        * others by rope_factors_long.weight, where the file has them */
};

/* Sizes that the engine needs before it can build a graph. */
struct shape {
    uint32_t layers, dim, vocab, context; /* context: what the model was made for */
    uint32_t kv_dim[FAMILY_LAYERS];       /* kv_heads * head_dim a layer */
    uint32_t rope_dim;                    /* rotated numbers of a head */
    float rope_base, rope_scale;          /* positions are multiplied by rope_scale */
    float rope_local_base;                /* of layers that say .local; 0: there are none */
    float rope_local_scale;               /* of these; 0: 1 */
    struct rope_stretch rope_stretch;
    /* Pairs that turn by time, row and column of a picture's rows; 0: all by one position.
     * Interleaved: pairs of the three take turns, what is left over turns by time. */
    uint32_t rope_sections[3];
    bool rope_interleaved;
    /* Not 0: layers ask pictures, which have no rows of the decoder's own; rows of encode() have so
     * many columns. seen_dim: kv_heads * head_dim of what a layer keeps of them; 0: it asks none.
     */
    uint32_t seen_cols, seen_dim[FAMILY_LAYERS];
    uint32_t deep; /* layers behind which pictures' rows get what their eyes saw at lower layers */
    struct {
        uint32_t width, height, rows; /* what encode() takes; decoder rows it gives. 0: no eyes */
        /* Not 0: encode() takes any size of so many pixels at most, multiples of `multiple`, and is
         * built for each; width and height are an example. */
        uint32_t area, multiple;
        uint32_t least_tiles, most_tiles; /* FIT_GRID, FIT_CANVAS (tiles of multiple x multiple) */
        uint32_t least_area;              /* FIT_NATIVE: smaller pictures are enlarged */
        uint32_t levels;                  /* rows for these that encode() gives beside its own */
        /* Not 0: encode() reads what is asked about the picture, too: so many words at most, of the
         * vocabulary in its own file, and is built for each count of them; `words` of the example.
         */
        uint32_t most_words, words;
        uint32_t slots;       /* runs of encode() whose rows one picture keeps; 0: 1 */
        bool single;          /* a prompt takes one picture, as the model was made for */
        bool trained_on_one;  /* more in a turn are read, with a warning */
        uint32_t kept;        /* with seen_cols: pictures that a conversation keeps */
        bool together;        /* with seen_cols: those side by side are asked together */
        bool numbered;        /* "Picture 1: " stands before `before`, for each in a turn */
        bool shared_edges;    /* `before` stands before the first of those side by side alone */
        bool unasked_see_all; /* with seen_cols: rows before the first picture ask all at once */
        float mean[3], std[3];
        bool bicubic, lanczos; /* neither: bilinear */
        enum fit fit;
        uint32_t longest;  /* FIT_TILES: the longer side of a picture before it is cut */
        uint32_t shortest; /* FIT_BOUNDED: no side is shorter, none longer than `longest`;
                            * FIT_CROP: the shorter side before the crop; 0: the encoder's */
        bool split;        /* FIT_BOUNDED: four quarters, then the whole */
        bool whole;        /* FIT_TILES: the whole alone, never cut */
        struct grid {
            uint32_t height, width;
        } grids[FAMILY_GRIDS]; /* FIT_ANYRES: sizes in pixels; its last row breaks lines */
        uint32_t n_grids;
        enum mutual mutual;
        uint32_t box_parts; /* of a side, in the boxes it answers with; 0: pixels it saw */
        bool blank_behind;  /* the processor writes a blank before words right behind `after` */
        bool unplaced;      /* pictures' rows have no positions: words are counted without them */
        const char *before, *after; /* words around a picture; NULL: the fit's own */
    } picture;
    const char *form;        /* chat form; NULL: by the file's template */
    const char *likely_form; /* where neither template nor vocabulary tells one; NULL: "plain" */
    const char *raw_end;     /* behind what is said without a form, too; NULL: nothing */
    bool bos_in_text;        /* the word that starts a text is written in it: words behind it are
                              * not its beginning */
    bool pictures_first;     /* pictures stand before the turn, not inside it */
    bool pictures_lead;      /* those of the first turn stand before the token that starts a text */
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
    /* With seen_cols: what layers keep of the rows of encode(), g_keep_seen() of each that asks. */
    void (*see)(graph *g, const void *cfg, tensor rows);
};

/* The vision part of a file of its own, general.architecture = clip. Keys are read with "clip" as
 * prefix; shape() sets the picture alone. */
struct vision {
    const char *projector; /* value of clip.projector_type */
    const char *decoder;   /* goes with this architecture alone; NULL: with those of `decoders` */
    const char *decoders;  /* between blanks, " llama qwen2 ": what published pairs have */
    const char *mark; /* word that the vocabulary of its decoder has; NULL: none is asked for */
    bool own_mark;    /* which no decoder of other eyes has */
    const char *what;
    const char *last; /* the matrix that makes the decoder's rows: its rows are their width */
    bool last_turned; /* that matrix is stored with its columns as rows */
    uint32_t config_bytes;
    void (*config)(void *cfg, struct meta *m);
    void (*shape)(const void *cfg, struct shape *out);
    tensor (*encode)(graph *g, const void *cfg, tensor pixels);
};
#endif
