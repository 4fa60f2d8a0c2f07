/* vidi.h - ask questions about pictures, locally, on any Vulkan 1.2 device.
 *
 *     vidi *v; vidi_model *m; vidi_chat *c; vidi_piece p;
 *     vidi_open(NULL, &v);
 *     vidi_model_open(v, "picturebook.gguf", &m);
 *     vidi_chat_open(m, NULL, &c);
 *     vidi_say_image(c, &image);
 *     vidi_say_text(c, VIDI_USER, "What is on the table?");
 *     while (vidi_next(c, &p) == VIDI_OK) fwrite(p.text, 1, p.len, stdout);
 *
 * Ownership: X_open() makes, X_close() frees it and everything opened under it; closing NULL is
 * fine. Inputs are copied before a call returns. Outputs live until the next call on the same
 * object. Threads:   one thread at a time per vidi, except vidi_cancel(), which any thread may
 * call. Failure:   every fallible call returns vidi_status; vidi_error() has the words. The library
 * never aborts, exits, prints or reads the environment. */
#ifndef VIDI_H
#define VIDI_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vidi vidi;             /* one device */
typedef struct vidi_model vidi_model; /* weights: shared, read-only */
typedef struct vidi_chat vidi_chat;   /* one conversation: KV cache, position, sampler */

typedef enum vidi_status {
    VIDI_OK = 0,
    VIDI_END = 1,            /* nothing more to return; not a failure */
    VIDI_E_ARGUMENT = -1,    /* the caller broke the contract in this header */
    VIDI_E_IO = -2,          /* a file could not be read */
    VIDI_E_FORMAT = -3,      /* a file was read and is not what it claims */
    VIDI_E_UNSUPPORTED = -4, /* valid, but this build or device cannot run it */
    VIDI_E_MEMORY = -5,      /* host or device memory ran out */
    VIDI_E_DEVICE = -6,      /* no usable device, or the driver failed: the vidi must be closed */
    VIDI_E_CANCELLED = -7,   /* vidi_cancel() was heard; the chat goes on from the last piece */
    VIDI_E_CONTEXT = -8,     /* the conversation does not fit the context */
    VIDI_E_IMAGE = -9        /* a picture is damaged, too large, or not a picture */
} vidi_status;

typedef enum vidi_role { VIDI_SYSTEM, VIDI_USER, VIDI_ASSISTANT } vidi_role;
typedef enum vidi_pixels { VIDI_RGB8, VIDI_RGBA8 } vidi_pixels;

typedef struct vidi_config {
    const char *device;    /* part of a name, or "0", "1", ...; NULL: the best one */
    const char *debug;     /* "validate,profile"; NULL: nothing. See vidi_debug_options() */
    const char *cache_dir; /* where compiled pipelines are kept; NULL: they are not */
    void (*log)(void *user, int level, const char *line); /* 0 error, 1 warning, 2 info, 3 debug */
    /* What is being waited for: "loading weights" 3 of 12, ... From inside the call that works. Not
     * 0: that call should stop, and fails with VIDI_E_CANCELLED. */
    int (*progress)(void *user, const char *phase, uint64_t done, uint64_t total);
    void *user;
    /* The work is handed to the device in parts of about this long, in milliseconds: what a stop
     * waits for, and what a desktop on the same device waits for. 0: 100; at most 200. */
    double submit_ms;
    /* 1: memory is overwritten with zeros before it is given back, on the host and on the device:
     * pictures by vidi_image_free(), what a conversation was told, its keys, values and answers by
     * vidi_chat_close(), and what passed through staging memory by vidi_close(). Not what libraries
     * for picture files and the driver keep for themselves. What is rewound stays until the end. */
    int zero_on_free;
} vidi_config;

typedef struct vidi_image {
    const void *data;
    int width, height, stride; /* in pixels, pixels, bytes */
    vidi_pixels pixels;        /* RGBA8 is laid over white */
} vidi_image;

/* How keys and values of what was read are kept. Q8_0, signed bytes with an f16 scale for each 32
 * of them, takes about 27 % of the memory of F32 and 54 % of that of F16, and moves the logits a
 * little; heads that are not a multiple of 32 numbers cannot be kept so (VIDI_E_UNSUPPORTED). */
typedef enum vidi_cache {
    VIDI_CACHE_DEFAULT, /* F16, on a CPU device F32 */
    VIDI_CACHE_F32,
    VIDI_CACHE_F16,
    VIDI_CACHE_Q8_0
} vidi_cache;

typedef struct vidi_chat_config {
    int context; /* tokens a conversation may hold; 0: what the model was made for, at most 4096 */
    int max_tokens;    /* longest answer; 0: until the model stops or the context is full */
    float temperature; /* 0: always the likeliest token */
    int top_k;         /* 0: all tokens */
    float top_p;       /* 0 or 1: off */
    float min_p;       /* 0: off */
    uint64_t seed; /* the same seed gives the same answer to the same turns on the same device */
    int raw;       /* 1: text goes to the model without its prompt form, as it does, with a warning
                    * to the log, where a model without eyes has no template */
    vidi_cache cache;
    const char *date; /* "28 Nov 2026", for prompt forms that say what day it is; NULL: the day that
                       * the model's template says by itself. Copied. */
    const char *today; /* the same, said where `date` is NULL and the template asks for the day: the
                        * library asks no clock. NULL: 26 Jul 2024, which such templates fall back
                        * to. Copied. */
} vidi_chat_config;

typedef struct vidi_piece {
    const char *text; /* UTF-8, never a broken sequence; may be empty; NUL-terminated */
    size_t len;
    int32_t token;
} vidi_piece;

typedef enum vidi_stop {
    VIDI_STOP_NONE,
    VIDI_STOP_END,
    VIDI_STOP_LENGTH,
    VIDI_STOP_CONTEXT
} vidi_stop;

typedef struct vidi_stats {
    int prompt_tokens, image_tokens, answer_tokens; /* of the newest answer; prompt counts both */
    int context_used, context;
    double load_ms, image_ms, prompt_ms, answer_ms;
    int image_width, image_height; /* as given */
    int used_width, used_height;   /* what the encoder saw */
    int tiles; /* that the encoder reads, of all pictures said since the answer before */
    vidi_stop stop;
    uint64_t device_bytes, host_peak_bytes;
    uint64_t submissions, recordings, allocations; /* counters since vidi_open() */
    double longest_submission_ms; /* since vidi_open(): what a stop had to wait for at most */
} vidi_stats;

typedef struct vidi_device {
    const char *name, *vendor, *type, *driver; /* type: discrete, integrated, virtual, cpu, other */
    uint64_t memory_bytes;
    uint32_t api_version; /* as Vulkan packs it */
    uint32_t subgroup_size;
    int usable; /* 0: too old or lacks something; `reason` says what */
    const char *reason;
    const char *features;  /* words separated by blanks: "subgroup f16 int_dot" */
    uint64_t budget_bytes; /* what of its memory this program may have; 0: nobody knows */
} vidi_device;

/* One device. cfg may be NULL. On failure *out still holds an object whose vidi_error() has the
 * words (NULL only when not even that could be allocated); close it as usual. */
vidi_status vidi_open(const vidi_config *cfg, vidi **out);
void vidi_close(vidi *v);
const char *vidi_error(const vidi *v); /* "" when nothing failed; never NULL, v may be NULL */
const char *vidi_status_name(vidi_status s);
const char *vidi_version(void);
const char *vidi_device_name(const vidi *v);

/* Every Vulkan device of this machine, usable or not. The strings live during the call of `each`.
 */
vidi_status vidi_devices(const vidi_config *cfg, void (*each)(void *user, const vidi_device *d),
                         void *user, char *error, size_t error_cap);

/* Weights. path NULL: the model that ships inside (VIDI_E_UNSUPPORTED when it was left out). */
vidi_status vidi_model_open(vidi *v, const char *path, vidi_model **out);
/* What matrices of f32, f16 and bf16 become while they are loaded: Q8_0 takes 8.5 bits a number,
 * the others 4.5. Those of the vocabulary become Q8_0 in any case; rows that are no multiple of
 * 256 numbers become Q8_0 instead of Q4_K, no multiple of 32 F16. All else stays, as do matrices
 * that are quantised already. */
typedef enum vidi_weights {
    VIDI_WEIGHTS_OWN, /* as the file has them */
    VIDI_WEIGHTS_Q8_0,
    VIDI_WEIGHTS_Q4_0,
    VIDI_WEIGHTS_Q4_K
} vidi_weights;
typedef struct vidi_model_config {
    const char *path;      /* as above */
    const char *mmproj;    /* GGUF file of the vision part; NULL: the folder's, or the one beside
                            * the file that fits it, if there is one; "": none */
    const char *chat_form; /* name of a prompt form; NULL: by the file's own template */
    vidi_weights weights;
    int mmproj_any; /* 1: mmproj is taken although what the files say of themselves tells that it is
                     * another model's (architecture, projector type, words for pictures) */
} vidi_model_config;
/* Writes the model and its vision part as one GGUF file with cfg->weights, which is not OWN;
 * chat_form is not used. The file appears whole or not at all. Needs no device. VIDI_E_ARGUMENT
 * when `to` is a file of the model itself. */
vidi_status vidi_quantize(vidi *v, const vidi_model_config *cfg, const char *to);
/* vidi_model_open() with more said. cfg->path may be a folder that holds a model and its vision
 * part. */
vidi_status vidi_model_open_with(vidi *v, const vidi_model_config *cfg, vidi_model **out);
void vidi_model_close(vidi_model *m);
int vidi_model_sees(const vidi_model *m); /* 1: it takes pictures; 0: text alone */

/* Low-rank adapters (LoRA, arXiv 2106.09685) from GGUF files, in place of those used before; n 0:
 * none, at most 8. The model's own weights are neither loaded again nor changed. Conversations keep
 * what they have read and go on with the new ones; not while an answer goes on. On failure those
 * before stay. */
typedef struct vidi_adapter {
    const char *path;
    float scale; /* times alpha / rank of the file; 1: as it was trained */
} vidi_adapter;
vidi_status vidi_model_adapt(vidi_model *m, const vidi_adapter *list, int n);

/* A picture file (JPEG, PNG, BMP, PPM, PGM and, by what the build has, GIF, WebP, TIFF, HEIC, AVIF;
 * the first or main picture of several), upright by its EXIF orientation. Free with
 * vidi_image_free(). At most 64 million pixels; JPEGs of up to 200 million are read at half their
 * size. That, and what is missing of a JPEG that ends early or is damaged, goes to the log as a
 * warning. */
vidi_status vidi_image_read(vidi *v, const char *path, vidi_image *out);
/* The same from memory; `name` stands for the path in error messages. */
vidi_status vidi_image_decode(vidi *v, const void *data, size_t bytes, const char *name,
                              vidi_image *out);
void vidi_image_free(vidi *v, vidi_image *image);

vidi_status vidi_chat_open(vidi_model *m, const vidi_chat_config *cfg, vidi_chat **out);
void vidi_chat_close(vidi_chat *c);
/* Other max_tokens, temperature, top_k, top_p, min_p and seed, from the next answer on, whose
 * random numbers begin anew. */
vidi_status vidi_chat_sampling(vidi_chat *c, const vidi_chat_config *cfg);
/* What is said waits until vidi_next() or vidi_prefill(); a picture belongs to the text after it.
 */
vidi_status vidi_say_image(vidi_chat *c, const vidi_image *image);
vidi_status vidi_say_text(vidi_chat *c, vidi_role role, const char *utf8);
/* Words of a user's turn that goes on: pictures and words said next stand in the same turn, in
 * their order, and vidi_say_text() or the answer ends it. */
vidi_status vidi_say_part(vidi_chat *c, const char *utf8);
/* Reads what was said without answering yet. vidi_next() does so by itself. */
vidi_status vidi_prefill(vidi_chat *c);
/* The next piece of the answer. VIDI_END: complete (see stats.stop); *out then holds what is left
 * of a character that the length cut, mostly nothing, and token -1. */
vidi_status vidi_next(vidi_chat *c, vidi_piece *out);
/* From any thread: the vidi_next() or vidi_prefill() that goes on, or comes next, fails with
 * VIDI_E_CANCELLED. What is said, marked or rewound in between forgets it. */
void vidi_cancel(vidi_chat *c);
vidi_status vidi_chat_mark(vidi_chat *c, int *mark);  /* remember this point ... */
vidi_status vidi_chat_rewind(vidi_chat *c, int mark); /* ... and drop all said since */
void vidi_chat_stats(const vidi_chat *c, vidi_stats *out);

/* A place of the picture that an answer names: sides as parts of its width and height, 0..1, from
 * the left and from the top, x0 < x1 and y0 < y1. */
typedef struct vidi_box {
    float x0, y0, x1, y1;
    char label[64]; /* UTF-8, cut to whole characters; "": none */
} vidi_box;
/* Reads them from an answer, in the forms that PaliGemma, Kosmos-2, InternVL and the Qwen models
 * write. used_width and used_height: of vidi_stats. Returns how many there are in `out`, at most
 * cap. From any thread. */
int vidi_boxes(const vidi_model *m, const char *answer, size_t len, int used_width, int used_height,
               vidi_box *out, int cap);

#ifdef __cplusplus
}
#endif
#endif
