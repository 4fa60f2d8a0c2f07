#include "app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "uilog.h"

/* --- words ------------------------------------------------------------------------------------ */

/* The engine's sentences begin small, as behind a program's name; a file's name stays as it is. */
static void begin_large(char *words) {
    const size_t n = strspn(words, "abcdefghijklmnopqrstuvwxyz");
    if (n && words[n] == ' ') words[0] = (char)(words[0] - 'a' + 'A');
}

void app_dismiss(struct app *a) {
    a->banner = a->n_banners ? a->banners[--a->n_banners] : (struct banner){0};
    a->dirty = true;
}

void app_settle(struct app *a, enum cause cause) {
    int kept = 0;
    for (int i = 0; i < a->n_banners; i++)
        if (a->banners[i].cause != cause) a->banners[kept++] = a->banners[i];
    a->n_banners = kept;
    if (a->banner.cause == cause) app_dismiss(a);
}

void app_banner(struct app *a, enum cause cause, enum remedy remedy, const char *fmt, ...) {
    app_settle(a, cause);
    if (a->banner.words[0]) a->banners[a->n_banners++] = a->banner;
    a->banner = (struct banner){.cause = cause, .remedy = remedy};
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->banner.words, sizeof a->banner.words, fmt, args);
    va_end(args);
    begin_large(a->banner.words);
    a->dirty = true;
    uilog("banner", "{s:s,s:i,s:i}", "words", a->banner.words, "remedy", (int)remedy, "below",
          a->n_banners);
}

void app_toast(struct app *a, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->toast, sizeof a->toast, fmt, args);
    va_end(args);
    a->toast_count++;
    a->dirty = true;
    uilog("toast", "{s:s}", "words", a->toast);
}

/* --- models and devices ----------------------------------------------------------------------- */

struct look {
    struct app *a;
    struct choices found;
};

static void look_run(void *user) { choices_look(&((struct look *)user)->found); }

static void look_done(void *user) {
    struct look *l = user;
    struct app *a = l->a;
    choices_free(&a->choices);
    a->choices = l->found;
    a->looking = false;
    a->dirty = true;
    uilog("choices", "{s:i,s:i}", "models", a->choices.n_models, "devices", a->choices.n_devices);
    free(l);
}

void app_look(struct app *a) {
    if (a->looking) return;
    struct look *l = calloc(1, sizeof *l);
    if (!l) return;
    l->a = a;
    settings_text(&l->found.hub_cache, a->options.hub_cache);
    settings_text(&l->found.device, a->settings.device);
    for (int i = 0; i < a->settings.n_recent; i++)
        settings_text(&l->found.recent[l->found.n_recent++], a->settings.recent[i]);
    a->looking = jobs_run(a->jobs, look_run, look_done, l);
    if (a->looking) return;
    choices_free(&l->found);
    free(l);
}

/* Only the validation layer's words are errors of the log: all others come as events. */
static void log_error(void *user, int level, const char *line) {
    (void)user;
    if (level == 0) fprintf(stderr, "vidi: error: %s\n", line);
}

struct cameras {
    struct app *a;
    struct source_camera found[CHOICES_CAMERAS];
    int n;
};

static void cameras_run(void *user) {
    struct cameras *c = user;
    c->n = source_list_cameras(c->found, CHOICES_CAMERAS);
    if (c->n > CHOICES_CAMERAS) c->n = CHOICES_CAMERAS;
}

static void cameras_done(void *user) {
    struct cameras *c = user;
    struct app *a = c->a;
    a->looking_for_cameras = false;
    a->choices.n_cameras = c->n;
    memcpy(a->choices.cameras, c->found, sizeof c->found);
    a->dirty = true;
    uilog("cameras", "{s:i}", "n", c->n);
    free(c);
}

void app_watch_cameras(struct app *a, bool on) {
    if (on && !a->watching_cameras) a->cameras_due = a->now;
    a->watching_cameras = on;
}

/* Returns milliseconds until it is due; below 0: it is not. */
static int look_for_cameras(struct app *a) {
    enum { EVERY_MS = 2000 };
    if (!a->watching_cameras) return -1;
    if (a->now < a->cameras_due) return (int)(a->cameras_due - a->now) + 1;
    a->cameras_due = a->now + EVERY_MS;
    struct cameras *c = a->looking_for_cameras ? NULL : calloc(1, sizeof *c);
    if (c) {
        c->a = a;
        a->looking_for_cameras = jobs_run(a->jobs, cameras_run, cameras_done, c);
        if (!a->looking_for_cameras) free(c);
    }
    return EVERY_MS;
}

void app_reload(struct app *a) {
    const struct engine_setup setup = {.model = a->settings.model,
                                       .mmproj = a->settings.mmproj,
                                       .device = a->settings.device,
                                       .debug = a->options.debug,
                                       .cache_dir = a->options.cache_dir,
                                       .chat_form = a->options.chat_form,
                                       .log = log_error,
                                       .adapters = a->options.adapters,
                                       .n_adapters = a->options.n_adapters,
                                       .context = a->options.context,
                                       .cache = a->options.cache,
                                       .weights = a->options.weights};
    const char *path = a->settings.model, *slash = path ? strrchr(path, '/') : NULL;
    snprintf(a->model_name, sizeof a->model_name, "%s",
             !path               ? "picturebook"
             : slash && slash[1] ? slash + 1
                                 : path);
    app_settle(a, CAUSE_MODEL);
    app_settle(a, CAUSE_ANSWER);
    a->model = MODEL_LOADING;
    a->stopping = false;
    a->blind = false;
    a->shot_unsaid = a->shot != NULL;
    a->context_used = 0;
    a->asked_shot = 0;
    uilog("load", "{s:s,s:s}", "model", a->model_name, "device",
          a->settings.device ? a->settings.device : "");
    if (engine_load(a->engine, &setup)) return;
    a->model = MODEL_NONE;
    app_banner(a, CAUSE_MODEL, REMEDY_RETRY_LOAD, "There is no memory to load a model.");
}

void app_set_model(struct app *a, const char *path, const char *mmproj) {
    settings_text(&a->settings.model, path);
    settings_text(&a->settings.mmproj, mmproj);
    settings_own(&a->settings, "model");
    settings_own(&a->settings, "mmproj");
    a->options.chat_form = NULL;
    a->options.n_adapters = 0;
    if (path) settings_remember_model(&a->settings, path);
    app_reload(a);
}

void app_set_device(struct app *a, const char *name) {
    settings_text(&a->settings.device, name);
    settings_own(&a->settings, "device");
    app_reload(a);
    app_look(a);
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void lend(struct app *a, char **field, const char *key, const char *text) {
    settings_text(field, text);
    settings_lend(&a->settings, key);
}

bool app_open(struct app *a, const struct app_options *o, const char *folder) {
    char problem[APP_WORDS];
    *a = (struct app){.options = *o, .now = clock_ms(), .dirty = true};
    settings_read(&a->settings, folder, problem, sizeof problem);
    if (o->model) lend(a, &a->settings.model, "model", o->model);
    if (o->model) lend(a, &a->settings.mmproj, "mmproj", o->mmproj);
    if (o->device) lend(a, &a->settings.device, "device", o->device);
    a->jobs = jobs_open(o->wake, o->user);
    a->engine = a->jobs ? engine_start(o->wake, o->user) : NULL;
    if (!a->engine) return false;
    if (problem[0]) app_toast(a, "%s", problem);
    return true;
}

void app_begin(struct app *a) {
    app_reload(a);
    app_look(a);
}

bool app_close(struct app *a) {
    a->open_count++; /* a picture or a frame that is on its way comes too late */
    enum { CLOSE_MS = 900, LEAST_MS = 100 }; /* a second, with the window's own end */
    const double from = clock_ms();
    engine_quit(a->engine);
    app_close_next(a);
    app_close_source(a);
    const int left = CLOSE_MS - (int)(clock_ms() - from);
    const bool engine = engine_close(a->engine, left > LEAST_MS ? left : LEAST_MS);
    const bool jobs = jobs_close(a->jobs);
    shot_drop(a->shot);
    app_forget_boxes(a);
    transcript_clear(&a->talk);
    choices_free(&a->choices);
    settings_free(&a->settings);
    free(a->live_question);
    return engine && jobs;
}

/* --- a turn ----------------------------------------------------------------------------------- */

static int sooner(int a, int b) { return a < 0 ? b : b < 0 ? a : a < b ? a : b; }

int app_turn(struct app *a) {
    a->now = clock_ms();
    jobs_poll(a->jobs);
    app_take_engine(a);
    app_take_source(a);
    int wait = sooner(app_live_turn(a), look_for_cameras(a));
    if (a->frame) { /* the frame that stays gets older all the same */
        enum { AGE_MS = 1000 };
        if (a->now >= a->age_due) {
            a->age_due = a->now + AGE_MS;
            a->dirty = true;
        }
        wait = sooner(wait, (int)(a->age_due - a->now) + 1);
    }
    /* The clock beside a phase that goes on. */
    if (a->phase[0]) wait = sooner(wait, 100);
    return wait;
}

/* --- questions -------------------------------------------------------------------------------- */

const char *app_why_not_ask(const struct app *a) {
    if (a->model == MODEL_NONE) return "No model is loaded: choose one above.";
    if (a->opening) return "The picture is still being opened.";
    if (a->source && !a->frame) return "The source has not shown a picture yet.";
    return NULL;
}

const char *app_why_not_live(const struct app *a) {
    if (!a->source) return "Live mode needs a camera, a video or the screen.";
    return app_why_not_ask(a);
}

static const struct entry *newest(const struct app *a) {
    return a->talk.n ? &a->talk.items[a->talk.n - 1] : NULL;
}

const char *app_why_not_again(const struct app *a) {
    if (!newest(a)) return "Nothing was asked yet.";
    if (a->live) return "Live mode asks by itself.";
    if (a->model != MODEL_READY) return "No model is loaded.";
    return NULL;
}

bool app_ask(struct app *a, const char *question) {
    const char *why = app_why_not_ask(a);
    if (!why && !question[strspn(question, " \t\r\n")]) why = "Type a question first.";
    if (why) {
        app_toast(a, "%s", why);
        return false;
    }
    app_settle(a, CAUSE_ANSWER);
    if (a->source && (!a->frozen || a->shot_unsaid)) return app_grab_and_ask(a, question, false);
    const bool fresh = a->shot_unsaid;
    app_start_question(a, question, fresh ? a->shot : NULL, fresh ? ENGINE_FRESH : ENGINE_FOLLOW,
                       false);
    return true;
}

bool app_ask_again(struct app *a) {
    const char *why = app_why_not_again(a);
    const struct entry *e = newest(a);
    if (why || !e) {
        app_toast(a, "%s", why ? why : "");
        return false;
    }
    char *question = strdup(e->question);
    if (!question) return false;
    const bool with_shot = a->asked_shot && a->shot && a->shot->id == a->asked_shot;
    const bool failed = e->state == ENTRY_FAILED;
    transcript_remove(&a->talk, e->id);
    app_settle(a, CAUSE_ANSWER);
    /* A question that failed was taken back already. */
    const enum engine_history back = a->talk.n == 0 || (failed && with_shot) ? ENGINE_FRESH
                                     : failed                                ? ENGINE_FOLLOW
                                                                             : ENGINE_AGAIN;
    app_start_question(a, question, with_shot ? a->shot : NULL, back, false);
    free(question);
    return true;
}

void app_clear(struct app *a) {
    if (a->live) app_live(a, false);
    engine_drop(a->engine);
    engine_clear(a->engine);
    transcript_clear(&a->talk);
    a->shot_unsaid = a->shot != NULL;
    a->asked = a->asked_shot = 0;
    a->context_used = 0;
    a->busy = false;
    app_forget_boxes(a);
    app_settle(a, CAUSE_ANSWER);
    uilog("clear", "{}");
}
