/* internal.h - the objects behind vidi.h, shared by the files of chat/. */
#ifndef VD_CHAT_INTERNAL_H
#define VD_CHAT_INTERNAL_H
#include <stdatomic.h>

#include "base/clock.h"
#include "graph/program.h"
#include "models/families.h"
#include "ops/ops.h"
#include "text/chat_form.h"
#include "text/tokenizer.h"

/* What the words of vidi_config.debug switch; the table is in debug.c. */
struct debug {
    bool validate, labels, profile, robust, separate, apart, kv_f32;
};
vidi_status debug_parse(struct vd_ctx *ctx, const char *words, struct debug *out);

struct vidi {
    struct vd_ctx ctx;
    struct debug debug;
    struct gpu *gpu; /* NULL: bare */
    int (*progress)(void *user, const char *phase, uint64_t done, uint64_t total);
    void *user;
    double submit_ms; /* longest submission aimed at */
    vidi_model *models;
};

struct vidi_model {
    vidi *v;
    vidi_model *next;
    vidi_chat *chats;
    struct arena arena;
    struct gguf file;
    const struct family *family;
    void *cfg;
    struct gguf eyes; /* the vision part of a file of its own */
    const struct vision *vision;
    void *vision_cfg;
    struct shape shape;
    struct tokenizer *tokenizer;
    struct tokenizer *asking; /* of the eyes, where they read what is asked; else NULL */
    const struct chat_form *form;
    bool completes; /* nothing tells a form: what is said is gone on with as it is */
    struct weights *weights;
    struct adapter *adapters[ADAPTERS_MOST]; /* files in use */
    uint32_t n_adapters;
    struct adapters *adapted; /* what they make of the weights; NULL: none */
    double load_ms;
};

/* What was said and not yet read: token ids, and pictures as ~index into the chat's list. */
struct said_picture {
    uint8_t *rgb; /* [height][stride] */
    uint32_t width, height, stride;
    char before[64], after[64]; /* words of the form around the picture's rows */
    uint32_t rows;              /* of the decoder that it becomes; 0: it is only encoded and kept */
    uint32_t slot;              /* of the chat's rows, where what the encoder gives is kept */
    uint32_t wide, high;        /* a grid of rows that turn by their place; 0: none */
    bool placed;                /* their angles are on the device */
    int32_t *asked;             /* [n_asked] what the encoder reads beside it */
    uint32_t n_asked;
    bool beside;                    /* nothing was said between the picture before and this one */
    uint32_t kept_first, kept_rows; /* of what layers ask of it */
    uint32_t *layout; /* [rows] which of the kept rows; NULL: the first ones in order */
};
void said_picture_free(struct vd_ctx *ctx, struct said_picture *p); /* and clears it */
enum {
    CHAT_PICTURES = 300, /* tiles of pictures count */
    CHAT_WHOLE_PICTURES = 16,
    CHAT_ENCODERS = 4,
    STEPS_IN_FLIGHT = 2
};

struct mark {
    uint32_t position, shown, numbered, lag, seen_rows, asked_from, asked_to;
    bool started;
    int last_role;
    int32_t newest;
};

struct vidi_chat {
    vidi_model *model;
    vidi_chat *next;
    vidi_chat_config cfg;
    struct arena arena;
    atomic_int cancel;

    struct kv kv;
    struct gpu_buffer *scratch; /* the arena of all programs */
    struct gpu_buffer *step, *ids, *tokens, *rope, *rope_local, *rows, *pixels, *last, *logits,
        *asked;
    struct seen seen;                         /* of pictures that layers ask */
    struct gpu_buffer *places, *spans, *asks; /* what it says of rows */
    uint32_t chunk;                           /* rows of the prompt program */
    uint32_t chunk_rows;                      /* of them, used by its newest run */
    struct program *prompt, *head, *answer, *encode, *see;
    struct encoder { /* of pictures or questions of other sizes than the encoder's own, the oldest
                        goes first */
        uint32_t width, height, words;
        struct program *program;
        struct gpu_buffer *scratch; /* its own, where the chat's is too small */
    } encoders[CHAT_ENCODERS];
    uint32_t next_encoder;
    struct program *encoded; /* the one that ran last; NULL: none has */
    struct gpu_program
        *keep[FAMILY_SLOTS]; /* moves the encoder's rows to a slot; [0] is not used */
    struct picture_program *picture;
    const char *dump_glob, *dump_dir;

    uint32_t position;                        /* rows of the cache that hold the conversation */
    bool started;                             /* something was said already */
    uint32_t shown;                           /* pictures, as the person counts them */
    uint32_t numbered;                        /* of these, since the last answer, if numbered */
    uint32_t seen_rows, asked_from, asked_to; /* kept rows in use; those that the next row asks */
    uint32_t unasked_to; /* rows that have no picture before them ask all rows before this one */
    uint32_t lag;        /* rows turn by so much less than their row of the cache */
    float *angles;       /* [context][rope_dim], where pictures turn by place; NULL: they do not */
    uint32_t area;       /* most pixels of a picture, where it may have any size */
    int last_role;       /* of the newest turn; -1 before the first */
    int32_t newest;      /* the last of what was read: a word, or below 0 a picture */
    const char *date;    /* said by forms that say one; NULL: their own */
    struct tokens pending;
    uint32_t read_pending; /* of pending: already in the cache */
    uint32_t read_seen;    /* of pending: its pictures are kept for layers that ask them */
    uint32_t read_rows;    /* of the picture that comes next, likewise */
    struct said_picture pictures[CHAT_PICTURES];
    uint32_t n_pictures, n_waiting; /* waiting: said, belonging to the next text */
    struct mark *marks;
    uint32_t n_marks, cap_marks;

    bool said, opened; /* something waits for an answer; its opening words are pending */
    bool in_turn;      /* of the user, which goes on with what is said next */
    bool answering;
    uint32_t first_position; /* cache row of the first sampled token */
    uint32_t sampled, taken; /* tokens asked for and seen, of this answer */
    uint32_t counter;        /* step.counter of the first of them */
    bool reseeded;           /* the next answer's random numbers begin anew */
    uint64_t tickets[STEPS_IN_FLIGHT];
    int32_t last_token;
    struct detok detok;
    char *text;
    uint32_t text_cap;
    double answer_start;
    vidi_stats stats;
};

/* model.c */
const struct family *family_find(struct str arch); /* NULL: not supported */
vidi_status model_file_open(struct vd_ctx *ctx, const char *path, struct gguf *out);
vidi_status family_configure(struct vd_ctx *ctx, const struct gguf *file, const struct family *f,
                             void *cfg, struct shape *shape);
enum vd_type weights_type(vidi_weights wanted); /* VD_TYPE_NONE: as they are */
/* The open vision part becomes the model's, whose own config is known. */
vidi_status model_join(vidi_model *m, bool any); /* any: whoever it belongs to */
/* Builds every graph once without running it, so that all weights are fetched and checked now. */
vidi_status model_fetch_weights(vidi_model *m, vidi_weights wanted);
tensor model_encode(const vidi_model *m, graph *g, tensor pixels);
uint32_t model_context(const vidi_model *m, int wanted);

/* unmet.c: one warning, when the files ask for anything of the kind. */
void model_tell_unmet(const vidi_model *m);

/* adapt.c */
void model_drop_adapters(vidi_model *m); /* without a chat left */

/* pair.c: the vision part of a file of its own. */
bool is_vision_file(const struct gguf *g);
/* Whether a language model's file holds its vision part, too. */
struct str vision_projector(const struct gguf *g); /* clip.projector_type; "": none */
bool carries_eyes(const struct gguf *g);
/* In such a file the eyes' own words stand behind this; own_words() makes them those of `eyes`. */
#define EYES_WORDS "clip."
vidi_status own_words(struct gguf *eyes);
/* For a decoder of this architecture; NULL: for any. NULL: not supported. */
const struct vision *vision_find(const struct gguf *g, const char *arch);
vidi_status vision_require(struct vd_ctx *ctx, const struct gguf *g, const char *arch,
                           const struct vision **out);
vidi_status vision_configure(struct vd_ctx *ctx, const struct gguf *g, const struct vision *vision,
                             void *cfg, struct shape *shape);
/* Fails unless the rows are as wide as the decoder's. */
vidi_status vision_matches(struct vd_ctx *ctx, const struct gguf *eyes, const struct vision *vision,
                           const struct gguf *text, uint32_t dim);
/* Fails unless published models pair such eyes with such a decoder, by what the files say of
 * themselves. Parts of one file or folder belong together. */
vidi_status vision_belongs(struct vd_ctx *ctx, const struct gguf *eyes, const struct vision *vision,
                           const struct gguf *text, const char *arch);
/* A folder's model and vision part in place of the folder. */
vidi_status find_pair(struct vd_ctx *ctx, struct arena *a, const vidi_model_config *wanted,
                      vidi_model_config *out);

/* beside.c: where no vision part is named, the one that lies beside a model's file and fits it: the
 * one named after it, or the only one beside an only model. A mmproj of "" means none. */
vidi_status find_beside(struct vd_ctx *ctx, struct arena *a, vidi_model_config *cfg);

/* fit.c: a picture said becomes the encoder's pictures, with words around them. Takes p->rgb. */
vidi_status chat_fit(vidi_chat *c, struct said_picture *p);

/* run.c: programs of a chat and their runs. */
vidi_status chat_programs(vidi_chat *c);
vidi_status chat_redo_programs(vidi_chat *c); /* after dump_glob changed */
void chat_programs_free(vidi_chat *c);
vidi_status chat_read_pending(vidi_chat *c);         /* pictures and rows into the cache */
vidi_status chat_first_token(vidi_chat *c);          /* submits the head */
vidi_status chat_step(vidi_chat *c);                 /* submits one step */
vidi_status chat_take(vidi_chat *c, int32_t *token); /* waits for the oldest */
vidi_status chat_settle(vidi_chat *c);               /* waits for all, drops what was not taken */

vidi_status chat_encode(vidi_chat *c, struct said_picture *p); /* into the chat's rows */
vidi_status chat_run(vidi_chat *c, struct program *p, uint32_t rows, bool dump); /* and wait */

/* seen.c: pictures that layers ask; all do nothing for models whose pictures are rows. */
vidi_status chat_seen_open(vidi_chat *c, enum kv_type type); /* after its chunk is known */
void chat_seen_close(vidi_chat *c);
vidi_status chat_see_pending(vidi_chat *c);
void chat_look_at(vidi_chat *c, const struct said_picture *p); /* from the next row on */
void chat_note_asked(vidi_chat *c, uint32_t row);              /* of the next run */

/* turn.c: the angles that rows of the cache turn by. */
vidi_status chat_turn_open(vidi_chat *c, uint32_t capacity);
/* Before a picture's rows are read into the cache from row `at` on; once a picture. */
vidi_status chat_turn_picture(vidi_chat *c, struct said_picture *p, uint32_t at);
vidi_status chat_turn_back(vidi_chat *c, uint32_t lag); /* after the position went back */

/* image.c: pixels of a picture for the encoder. */
vidi_status chat_pixels(vidi_chat *c, struct said_picture *p); /* may halve it */
void chat_pixels_free(vidi_chat *c);
struct gpu_program *chat_pixels_program(const vidi_chat *c); /* the newest; NULL: none */

/* prompt.c: what is said, as tokens. */
vidi_status prompt_say(vidi_chat *c, vidi_role role, const char *text);
vidi_status prompt_say_part(vidi_chat *c, const char *text); /* of a user's turn that goes on */
vidi_status prompt_open_answer(vidi_chat *c);
vidi_status prompt_close_answer(vidi_chat *c);

/* meta.c */
struct meta {
    const struct gguf *file;
    const char *arch;
    struct vd_ctx *ctx;
    vidi_status status;
};
#endif
