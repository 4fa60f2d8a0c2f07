/* engine_thread.h - the one thread that owns the device, the model and the conversation.
 *
 *     struct engine *e = engine_start(wake, user);
 *     engine_load(e, &(struct engine_setup){.model = path});
 *     engine_ask(e, &(struct engine_question){.id = 1, .text = "What is this?", .shot = s});
 *     while (engine_take(e, &event)) { ...; engine_event_free(&event); }
 *
 * Requests return at once; what came of them arrives as events, in order. wake() is called from
 * the engine's thread when the first event waits. Every question ends with exactly one ENGINE_DONE
 * or ENGINE_FAILED, also one that never began. All calls belong to one thread, the window's. */
#ifndef VIEW_ENGINE_THREAD_H
#define VIEW_ENGINE_THREAD_H
#include <stdbool.h>
#include <stdint.h>

#include "shot.h"
#include "vidi/vidi.h"

struct engine;

struct engine_setup {
    const char *model;     /* a path; NULL: the model that ships inside */
    const char *mmproj;    /* its vision part; NULL: none, or the folder's */
    const char *device;    /* as vidi_config.device */
    const char *debug;     /* as vidi_config.debug */
    const char *cache_dir; /* as vidi_config.cache_dir */
    const char *chat_form; /* as vidi_model_config.chat_form */
    const vidi_adapter *adapters;
    int n_adapters;
    int context;      /* tokens; 0: the library's choice */
    vidi_cache cache; /* as vidi_chat_config.cache */
    vidi_weights weights;
};

enum engine_history {
    ENGINE_FOLLOW, /* goes on from the newest answer */
    ENGINE_FRESH,  /* forgets everything first */
    ENGINE_AGAIN   /* takes the newest question back first */
};

struct engine_question {
    uint64_t id; /* not 0 */
    const char *text;
    struct shot *shot; /* shown with the question; NULL: the pictures before it stay */
    enum engine_history history;
    int max_tokens;    /* 0: until the model stops */
    float temperature; /* 0: always the likeliest token */
    uint64_t seed;
};

enum { ENGINE_BOXES = 64 };

enum engine_kind {
    ENGINE_PHASE, /* text: what is being done; done of total (total 0: unknown) */
    ENGINE_READY, /* text: the device's name; context: tokens; sees: the model takes pictures */
    ENGINE_BEGUN, /* the question `id` is being worked on */
    ENGINE_SEEN,  /* stats: what is known of its picture by now */
    ENGINE_TEXT,  /* more of the answer `id` */
    ENGINE_DONE,  /* the answer `id` is complete: stats; first_ms: from question to first word */
    ENGINE_FAILED /* status and text; id 0: the loading failed and there is no model now */
};

struct engine_event {
    enum engine_kind kind;
    uint64_t id;
    char *text; /* UTF-8, owned by the event; NULL: none */
    uint64_t done, total;
    vidi_status status;
    vidi_stats stats;
    double first_ms, total_ms;
    double at;       /* clock_ms() when it came to wait; of several joined ones: the first */
    double calm_ms;  /* of ENGINE_READY: submissions are this long since the device was lost; 0: not
                        shorter than ever */
    vidi_box *boxes; /* of ENGINE_DONE: what the answer names, owned by the event; NULL: nothing */
    int n_boxes, context;
    bool sees;
    bool reloading; /* of ENGINE_FAILED: the device was lost; the engine loads everything again */
};

/* NULL: no memory or no thread. */
struct engine *engine_start(void (*wake)(void *user), void *user);
/* Everything ends as soon as it can; nothing else may be asked for but engine_close(). */
void engine_quit(struct engine *e);
/* The same, and waits for it, at most so long. false: a driver does not come back; the program
 * should end by _exit(). */
bool engine_close(struct engine *e, int most_ms);

/* Loads another model or device; what runs is stopped, what waits is dropped. Of a loading before
 * it nothing is told any more. */
bool engine_load(struct engine *e, const struct engine_setup *setup);
/* Stops what runs and takes the place of what waits. */
bool engine_ask(struct engine *e, const struct engine_question *q);
/* Ends the answer that goes on and drops the question that waits; a loading goes on. */
void engine_drop(struct engine *e);
/* Ends the loading, encoding, reading or answering that goes on, and drops what waits. */
void engine_stop(struct engine *e);
/* The next question begins a new conversation. */
void engine_clear(struct engine *e);

bool engine_take(struct engine *e, struct engine_event *out);
void engine_event_free(struct engine_event *event);
#endif
