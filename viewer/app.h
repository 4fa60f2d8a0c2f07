/* app.h - what the viewer does, without its looks: the picture, the questions, the engine's state.
 *
 * The window calls the actions, app_turn() when it was woken or a deadline has come, and draws what
 * stands here. Nothing in here waits: decoding, capturing, listing and answering are on threads of
 * their own. One thread, the window's; no SDL. */
#ifndef VIEW_APP_H
#define VIEW_APP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choices.h"
#include "engine_thread.h"
#include "jobs.h"
#include "settings.h"
#include "shot.h"
#include "source/source.h"
#include "transcript.h"

enum { APP_WORDS = 800, APP_TOASTS = 160 };

/* What the button of a banner does. */
enum remedy {
    REMEDY_NONE,
    REMEDY_RETRY_LOAD,
    REMEDY_PICK_MODEL,
    REMEDY_ASK_AGAIN,
    REMEDY_CLEAR,
    REMEDY_RETRY_SOURCE,
    REMEDY_OPEN,
    REMEDY_PLAY_AGAIN,
    REMEDY_DEVICES
};

/* What a banner is about: a newer one about the same takes its place, others wait below it. */
enum cause { CAUSE_NONE, CAUSE_MODEL, CAUSE_ANSWER, CAUSE_PICTURE, CAUSE_SOURCE, CAUSES };

struct banner {
    char words[APP_WORDS]; /* the cause and the next step; "": no banner */
    enum cause cause;
    enum remedy remedy;
    bool good; /* not a failure: a hint */
};

enum model_state { MODEL_NONE, MODEL_LOADING, MODEL_READY };

struct app_options {
    const char *hub_cache, *cache_dir, *device, *debug, *model, *mmproj;
    const char *chat_form;        /* this and the adapters belong to that model */
    const vidi_adapter *adapters; /* as long as the app is open */
    int n_adapters, context;
    vidi_cache cache;
    vidi_weights weights;
    void (*wake)(void *user); /* from any thread: app_turn() has something to do */
    void *user;
};

struct app {
    struct app_options options;
    struct settings settings;
    struct engine *engine;
    struct jobs *jobs;
    struct transcript talk;
    struct choices choices;
    bool looking;                               /* for choices */
    bool watching_cameras, looking_for_cameras; /* they are listed anew all the time */
    double cameras_due;

    enum model_state model;
    char device_name[256], model_name[160];
    int context, context_used;
    bool blind; /* the model that is ready takes no pictures */

    bool busy;           /* a question is being answered or waits */
    uint64_t asked;      /* the newest question's id */
    uint64_t asked_shot; /* the shot that came with it; 0: none */
    bool shot_unsaid;    /* `shot` is not in the conversation */
    char phase[64];      /* "": nothing goes on */
    uint64_t phase_done, phase_total;
    double phase_since; /* clock_ms() */
    double work_since;  /* when the first phase of this work was told, before anybody saw it */
    bool stopping;      /* a stop was asked for, and the engine has not come back yet */
    double calm_ms;     /* what the engine works with since the device was lost; 0: as ever */

    struct shot *shot; /* the still picture, or the frame that was asked about last */
    vidi_box *boxes;   /* what the newest answer names of it; NULL: nothing */
    int n_boxes;
    bool opening;        /* a picture is being decoded, a frame converted */
    uint64_t open_count; /* of the newest opening: older ones are dropped when they finish */
    char facts[160];     /* of the newest encoding, as shown below the picture */

    struct source *next; /* takes the place of what is shown with its first frame; NULL: none */
    char *next_spec;
    struct source *source;
    char *source_spec;
    struct source_status status;
    struct frame *frame; /* the newest one shown */
    double age_due;      /* when its age is to be told again, should no other frame come */
    bool frozen, grabbing;
    bool live; /* asks by itself */
    char *live_question;
    double live_next_ms;
    double live_asked_ms; /* capture time of the frame that is being answered */
    uint64_t live_frame;  /* the one that was asked about or passed over last; 0: none */
    struct frame_thumb live_thumb;
    uint64_t live_skipped;

    struct banner banner;          /* the newest, which is shown */
    struct banner banners[CAUSES]; /* those below it, from old to new */
    int n_banners;
    char toast[APP_TOASTS];
    unsigned toast_count; /* counts up with every new one */
    bool dirty;           /* something that is drawn has changed */
    double now;           /* clock_ms() of this turn */
};

/* folder: where settings lie, NULL: none are kept. false: no memory. */
bool app_open(struct app *a, const struct app_options *o, const char *folder);
/* Loads the model and looks for others. Not before the window can be drawn on: drivers for graphics
 * and for computing that both run on the CPU share a compiler, which two threads must not set up at
 * once (LLVM's list of targets then has no end, and neither has the search in it). */
void app_begin(struct app *a);
/* false: a thread does not end; the program should end by _exit(). */
bool app_close(struct app *a);

/* Takes what has come from the threads; starts what is due. Returns milliseconds until it wants to
 * be called again, below 0: not before somebody wakes it. */
int app_turn(struct app *a);

/* --- actions ---------------------------------------------------------------------------------- */

void app_look(struct app *a); /* for models and devices anew */
/* While it is on the list of cameras is kept up to date. */
void app_watch_cameras(struct app *a, bool on);
void app_set_model(struct app *a, const char *path, const char *mmproj);
void app_set_device(struct app *a, const char *name);
void app_reload(struct app *a);

/* A picture file, a video file, a stream, a camera: see source.h. Stops what is being answered. */
void app_show(struct app *a, const char *spec);
/* Bytes of a picture file. Takes `bytes`, from malloc(). */
void app_show_bytes(struct app *a, void *bytes, size_t n, const char *name);
void app_close_picture(struct app *a);
void app_retry_source(struct app *a);
void app_freeze(struct app *a, bool frozen);

/* false: nothing was asked, and a toast says why. */
bool app_ask(struct app *a, const char *question);
void app_stop(struct app *a);
bool app_ask_again(struct app *a);
void app_clear(struct app *a);
void app_live(struct app *a, bool on);
/* The question that the live mode asks from now on. */
void app_live_question(struct app *a, const char *question);

void app_banner(struct app *a, enum cause cause, enum remedy remedy, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void app_toast(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The one that is shown: the one below it comes up. */
void app_dismiss(struct app *a);
void app_settle(struct app *a, enum cause cause); /* what that one was about is over */

/* Why an action is not possible now; NULL: it is. */
const char *app_why_not_ask(const struct app *a);
const char *app_why_not_live(const struct app *a);
const char *app_why_not_again(const struct app *a);
/* Milliseconds since the frame that is shown was captured; below 0: no frame. */
double app_frame_age(const struct app *a);

/* app_engine.c: events of the engine */
void app_take_engine(struct app *a);
/* Nothing of the picture is marked any more. */
void app_forget_boxes(struct app *a);
void app_start_question(struct app *a, const char *question, struct shot *shot,
                        enum engine_history history, bool live);
/* app_picture.c: what comes from files, pastes and sources */
void app_take_source(struct app *a);
void app_close_source(struct app *a);
void app_close_next(struct app *a); /* what was to take its place */
/* Makes a shot of the newest frame; then a question follows it. */
bool app_grab_and_ask(struct app *a, const char *question, bool live);
/* app_live.c */
int app_live_turn(struct app *a);
void app_live_answered(struct app *a);
#endif
