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
    const char *debug;     /* "validate,profile,nofuse"; NULL: nothing. See vidi_debug_options() */
    const char *cache_dir; /* where compiled pipelines are kept; NULL: they are not */
    void (*log)(void *user, int level, const char *line); /* 0 error, 1 warning, 2 info, 3 debug */
    /* What is being waited for: "loading weights" 3 of 12, ... From inside the call that works. */
    void (*progress)(void *user, const char *phase, uint64_t done, uint64_t total);
    void *user;
} vidi_config;

typedef struct vidi_image {
    const void *data;
    int width, height, stride; /* in pixels, pixels, bytes */
    vidi_pixels pixels;        /* RGBA8 is laid over white */
} vidi_image;

typedef struct vidi_chat_config {
    int context; /* tokens a conversation may hold; 0: what the model was made for, at most 4096 */
    int max_tokens;    /* longest answer; 0: until the model stops or the context is full */
    float temperature; /* 0: always the likeliest token */
    int top_k;         /* 0: all tokens */
    float top_p;       /* 0 or 1: off */
    float min_p;       /* 0: off */
    uint64_t seed;     /* the same seed gives the same answer on the same device */
    int raw;           /* 1: text goes to the model without its prompt form */
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
    int tiles;
    vidi_stop stop;
    uint64_t device_bytes, host_peak_bytes;
    uint64_t submissions, recordings, allocations; /* counters since vidi_open() */
} vidi_stats;

typedef struct vidi_device {
    const char *name, *vendor, *type, *driver; /* type: discrete, integrated, virtual, cpu, other */
    uint64_t memory_bytes;
    uint32_t api_version; /* as Vulkan packs it */
    uint32_t subgroup_size;
    int usable; /* 0: too old or lacks something; `reason` says what */
    const char *reason;
    const char *features; /* words separated by blanks: "subgroup f16 int_dot" */
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
/* The same with more said. path may be a folder that holds a model and its vision part. */
typedef struct vidi_model_config {
    const char *path;      /* as above */
    const char *mmproj;    /* GGUF file of the vision part; NULL: none, or the folder's */
    const char *chat_form; /* name of a prompt form; NULL: by the file's own template */
} vidi_model_config;
vidi_status vidi_model_open_with(vidi *v, const vidi_model_config *cfg, vidi_model **out);
void vidi_model_close(vidi_model *m);

/* A picture file (JPEG, PNG, BMP, PPM), upright by its EXIF orientation. Free with
 * vidi_image_free(). At most 64 million pixels. */
vidi_status vidi_image_read(vidi *v, const char *path, vidi_image *out);
void vidi_image_free(vidi *v, vidi_image *image);

vidi_status vidi_chat_open(vidi_model *m, const vidi_chat_config *cfg, vidi_chat **out);
void vidi_chat_close(vidi_chat *c);
/* What is said waits until vidi_next() or vidi_prefill(); a picture belongs to the text after it.
 */
vidi_status vidi_say_image(vidi_chat *c, const vidi_image *image);
vidi_status vidi_say_text(vidi_chat *c, vidi_role role, const char *utf8);
/* Reads what was said without answering yet. vidi_next() does so by itself. */
vidi_status vidi_prefill(vidi_chat *c);
/* The next piece of the answer. VIDI_END: complete (see stats.stop); *out then holds what is left
 * of a character that the length cut, mostly nothing, and token -1. */
vidi_status vidi_next(vidi_chat *c, vidi_piece *out);
void vidi_cancel(vidi_chat *c);                       /* from any thread */
vidi_status vidi_chat_mark(vidi_chat *c, int *mark);  /* remember this point ... */
vidi_status vidi_chat_rewind(vidi_chat *c, int mark); /* ... and drop all said since */
void vidi_chat_stats(const vidi_chat *c, vidi_stats *out);

#ifdef __cplusplus
}
#endif
#endif
