#include "engine_thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/cli/environment.h"

/* A desktop stays smooth when the device is asked for parts of this length. */
static const double calm_submit_ms = 15, least_submit_ms = 4;
enum { LOSSES_UNTIL_CALMER = 2, BACKGROUND_NICENESS = 5 };

struct setup {
    char *model, *mmproj, *device, *debug, *cache_dir, *chat_form;
    vidi_adapter *adapters; /* their paths from malloc(), too */
    int n_adapters, context;
    vidi_cache cache;
    vidi_weights weights;
    void (*log)(void *user, int level, const char *line);
    void *log_user;
};

struct ask {
    struct engine_question q;
    char *text;
};

struct link {
    struct engine_event event;
    struct link *next;
};

struct engine {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, finished;
    void (*wake)(void *user);
    void *user;

    /* under the lock */
    bool quit, done, clear, loading;
    struct setup *load;
    struct ask *ask;
    vidi_chat *chat; /* for vidi_cancel(); the engine's thread alone changes it */
    struct link *first, *last;

    atomic_int stop;

    /* of the engine's thread */
    struct setup *setup;
    vidi *v;
    vidi_model *model;
    int start_mark, question_mark;
    int losses;
    double submit_ms;
};

/* --- requests and their memory ---------------------------------------------------------------- */

static void free_setup(struct setup *s) {
    if (!s) return;
    char *all[] = {s->model, s->mmproj, s->device, s->debug, s->cache_dir, s->chat_form};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    for (int i = 0; i < s->n_adapters; i++) free((char *)s->adapters[i].path);
    free(s->adapters);
    free(s);
}

static bool copy_adapters(struct setup *s, const struct engine_setup *in) {
    if (!in->n_adapters) return true;
    s->adapters = calloc((size_t)in->n_adapters, sizeof *s->adapters);
    for (int i = 0; s->adapters && i < in->n_adapters; i++) {
        s->adapters[i] = in->adapters[i];
        s->adapters[i].path = strdup(in->adapters[i].path);
        s->n_adapters = i + 1;
        if (!s->adapters[i].path) return false;
    }
    return s->adapters != NULL;
}

static struct setup *copy_setup(const struct engine_setup *in) {
    struct setup *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->context = in->context;
    s->cache = in->cache;
    s->weights = in->weights;
    s->log = in->log;
    s->log_user = in->log_user;
    const struct {
        char **to;
        const char *from;
    } texts[] = {{&s->model, in->model},         {&s->mmproj, in->mmproj},
                 {&s->device, in->device},       {&s->debug, in->debug},
                 {&s->cache_dir, in->cache_dir}, {&s->chat_form, in->chat_form}};
    bool good = copy_adapters(s, in);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].from && !(*texts[i].to = strdup(texts[i].from))) good = false;
    if (good) return s;
    free_setup(s);
    return NULL;
}

static void free_ask(struct ask *a) {
    if (!a) return;
    shot_drop(a->q.shot);
    free(a->text);
    free(a);
}

static struct ask *copy_ask(const struct engine_question *q) {
    struct ask *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    *a = (struct ask){.q = *q, .text = strdup(q->text ? q->text : "")};
    a->q.text = a->text;
    shot_keep(a->q.shot);
    if (a->text) return a;
    free_ask(a);
    return NULL;
}

void engine_event_free(struct engine_event *event) {
    free(event->text);
    free(event->boxes);
    event->text = NULL;
    event->boxes = NULL;
}

/* --- events ----------------------------------------------------------------------------------- */

/* What came to wait joins what waits already, so that a slow reader does not let the list grow. */
static bool join(struct engine *e, struct engine_event *event) {
    struct engine_event *last = e->last ? &e->last->event : NULL;
    if (!last || last->kind != event->kind || last->id != event->id) return false;
    if (event->kind == ENGINE_PHASE) {
        if (!last->text || strcmp(last->text, event->text) != 0) return false; /* each is told */
        event->at = last->at;
        engine_event_free(last);
        *last = *event;
        return true;
    }
    if (event->kind != ENGINE_TEXT) return false;
    const size_t had = strlen(last->text), more = strlen(event->text);
    char *both = realloc(last->text, had + more + 1);
    if (!both) return false;
    memcpy(both + had, event->text, more + 1);
    last->text = both;
    engine_event_free(event);
    return true;
}

/* Takes a copy of `text`. Without memory for it the event comes without words. */
static void post_locked(struct engine *e, struct engine_event event, const char *text) {
    event.text = strdup(text ? text : "");
    event.at = clock_ms();
    if (event.text && join(e, &event)) return;
    struct link *l = calloc(1, sizeof *l);
    if (!l) {
        engine_event_free(&event);
        return;
    }
    l->event = event;
    const bool was_empty = !e->first;
    if (was_empty)
        e->first = l;
    else
        e->last->next = l;
    e->last = l;
    if (was_empty) e->wake(e->user);
}

static void post(struct engine *e, struct engine_event event, const char *text) {
    pthread_mutex_lock(&e->lock);
    post_locked(e, event, text);
    pthread_mutex_unlock(&e->lock);
}

/* Of a loading, unless another was asked for meanwhile: then nobody waits for this one's end. */
static void post_load(struct engine *e, struct engine_event event, const char *text) {
    pthread_mutex_lock(&e->lock);
    if (!e->load) post_locked(e, event, text);
    pthread_mutex_unlock(&e->lock);
}

static void drop_loads(struct engine *e) {
    struct link *last = NULL;
    for (struct link **at = &e->first, *l; (l = *at);) {
        if (l->event.id == 0) {
            *at = l->next;
            engine_event_free(&l->event);
            free(l);
        } else {
            last = l;
            at = &l->next;
        }
    }
    e->last = last;
}

bool engine_take(struct engine *e, struct engine_event *out) {
    pthread_mutex_lock(&e->lock);
    struct link *l = e->first;
    if (l) {
        e->first = l->next;
        if (!e->first) e->last = NULL;
        *out = l->event;
    }
    pthread_mutex_unlock(&e->lock);
    free(l);
    return l != NULL;
}

/* --- on the engine's thread: loading ---------------------------------------------------------- */

static int on_progress(void *user, const char *phase, uint64_t done, uint64_t total) {
    struct engine *e = user;
    post(e, (struct engine_event){.kind = ENGINE_PHASE, .done = done, .total = total}, phase);
    return atomic_load(&e->stop);
}

static void on_log(void *user, int level, const char *line) {
    const struct setup *s = ((struct engine *)user)->setup;
    if (s->log) s->log(s->log_user, level, line);
}

static void publish(struct engine *e, vidi_chat *chat, bool loading) {
    pthread_mutex_lock(&e->lock);
    e->chat = chat;
    e->loading = loading;
    pthread_mutex_unlock(&e->lock);
}

static void unload(struct engine *e, bool loading) {
    publish(e, NULL, loading);
    vidi_close(e->v);
    e->v = NULL;
    e->model = NULL;
}

static vidi_status open_all(struct engine *e, vidi_chat **chat) {
    const struct setup *s = e->setup;
    const vidi_config cfg = {.device = s->device,
                             .debug = s->debug,
                             .cache_dir = s->cache_dir,
                             .log = on_log,
                             .progress = on_progress,
                             .user = e,
                             .submit_ms = e->submit_ms};
    on_progress(e, "opening the device", 0, 0);
    vidi_status status = vidi_open(&cfg, &e->v);
    if (status != VIDI_OK) return status;
    on_progress(e, "reading the model file", 0, 0);
    const vidi_model_config files = {
        .path = s->model, .mmproj = s->mmproj, .chat_form = s->chat_form, .weights = s->weights};
    status = vidi_model_open_with(e->v, &files, &e->model);
    if (status == VIDI_OK && s->n_adapters)
        status = vidi_model_adapt(e->model, s->adapters, s->n_adapters);
    if (status != VIDI_OK) return status;
    char day[32];
    const vidi_chat_config chat_cfg = {
        .context = s->context, .cache = s->cache, .today = environment_today(day)};
    status = vidi_chat_open(e->model, &chat_cfg, chat);
    return status == VIDI_OK ? vidi_chat_mark(*chat, &e->start_mark) : status;
}

static void load(struct engine *e) {
    unload(e, true);
    vidi_chat *chat = NULL;
    const vidi_status status = open_all(e, &chat);
    if (status != VIDI_OK) {
        post_load(e, (struct engine_event){.kind = ENGINE_FAILED, .status = status},
                  vidi_error(e->v));
        unload(e, false);
        return;
    }
    e->question_mark = e->start_mark;
    vidi_stats stats;
    vidi_chat_stats(chat, &stats);
    publish(e, chat, false);
    post_load(e,
              (struct engine_event){.kind = ENGINE_READY,
                                    .stats = stats,
                                    .context = stats.context,
                                    .calm_ms = e->submit_ms < calm_submit_ms ? e->submit_ms : 0,
                                    .sees = vidi_model_sees(e->model) != 0},
              vidi_device_name(e->v));
}

/* --- on the engine's thread: answering -------------------------------------------------------- */

static vidi_status say(struct engine *e, const struct engine_question *q) {
    const int back = q->history == ENGINE_AGAIN ? e->question_mark : e->start_mark;
    vidi_status status = VIDI_OK;
    if (q->history != ENGINE_FOLLOW) status = vidi_chat_rewind(e->chat, back);
    if (status == VIDI_OK) status = vidi_chat_mark(e->chat, &e->question_mark);
    const vidi_chat_config sampling = {
        .max_tokens = q->max_tokens, .temperature = q->temperature, .seed = q->seed};
    if (status == VIDI_OK) status = vidi_chat_sampling(e->chat, &sampling);
    if (status == VIDI_OK && q->shot) {
        const vidi_image image = {q->shot->rgb, q->shot->width, q->shot->height, q->shot->width * 3,
                                  VIDI_RGB8};
        status = vidi_say_image(e->chat, &image);
    }
    if (status == VIDI_OK) status = vidi_say_text(e->chat, VIDI_USER, q->text);
    return status;
}

struct run {
    double start, first_ms;
    int words;
    char *text; /* the answer so far, from malloc(); not all of it where memory ran out */
    size_t len;
};

static void keep_text(struct run *r, const vidi_piece *piece) {
    char *more = realloc(r->text, r->len + piece->len);
    if (!more) return;
    memcpy(more + r->len, piece->text, piece->len);
    r->text = more;
    r->len += piece->len;
}

static void find_boxes(struct engine *e, const struct run *r, struct engine_event *end) {
    vidi_box found[ENGINE_BOXES];
    const int n = vidi_boxes(e->model, r->text, r->len, end->stats.used_width,
                             end->stats.used_height, found, ENGINE_BOXES);
    end->boxes = n ? malloc((size_t)n * sizeof *found) : NULL;
    if (!end->boxes) return;
    memcpy(end->boxes, found, (size_t)n * sizeof *found);
    end->n_boxes = n;
}

/* What is known of the picture by now. */
static void tell_picture(struct engine *e, const struct engine_question *q) {
    struct engine_event seen = {.kind = ENGINE_SEEN, .id = q->id};
    if (!q->shot) return;
    vidi_chat_stats(e->chat, &seen.stats);
    post(e, seen, NULL);
}

static vidi_status answer(struct engine *e, const struct engine_question *q, struct run *r) {
    vidi_status status = say(e, q);
    vidi_piece piece;
    if (status == VIDI_OK) tell_picture(e, q);
    while (status == VIDI_OK) {
        /* A stop may have come before the chat listened. */
        if (atomic_load(&e->stop)) return VIDI_E_CANCELLED;
        status = vidi_next(e->chat, &piece);
        if ((status != VIDI_OK && status != VIDI_END) || !piece.len) continue;
        if (!r->words++) {
            r->first_ms = clock_ms() - r->start;
            tell_picture(e, q);
        }
        keep_text(r, &piece);
        post(e, (struct engine_event){.kind = ENGINE_TEXT, .id = q->id}, piece.text);
    }
    return status;
}

/* A question that never came to its first word leaves no trace in the conversation. */
static void take_back(struct engine *e, vidi_status status, const struct run *r) {
    if (status != VIDI_END && !r->words) (void)vidi_chat_rewind(e->chat, e->question_mark);
}

static void lose_device(struct engine *e) {
    if (++e->losses >= LOSSES_UNTIL_CALMER && e->submit_ms > least_submit_ms) e->submit_ms /= 2;
    load(e);
}

static void work_on(struct engine *e, const struct engine_question *q) {
    if (!e->chat) {
        post(
            e,
            (struct engine_event){.kind = ENGINE_FAILED, .id = q->id, .status = VIDI_E_UNSUPPORTED},
            "there is no model loaded");
        return;
    }
    post(e, (struct engine_event){.kind = ENGINE_BEGUN, .id = q->id}, NULL);
    struct run r = {.start = clock_ms()};
    const vidi_status status = answer(e, q, &r);
    struct engine_event end = {.kind = status == VIDI_END ? ENGINE_DONE : ENGINE_FAILED,
                               .id = q->id,
                               .status = status,
                               .first_ms = r.first_ms,
                               .total_ms = clock_ms() - r.start,
                               .reloading = status == VIDI_E_DEVICE};
    vidi_chat_stats(e->chat, &end.stats);
    end.context = end.stats.context;
    if (status == VIDI_END) find_boxes(e, &r, &end);
    free(r.text);
    post(e, end, status == VIDI_END ? NULL : vidi_error(e->v));
    if (end.reloading)
        lose_device(e);
    else
        take_back(e, status, &r);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* On CPU drivers the device's threads come from this one: those of the window go first. */
static void step_back(void) {
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), BACKGROUND_NICENESS);
}

static void *run_engine(void *user) {
    struct engine *e = user;
    step_back();
    pthread_mutex_lock(&e->lock);
    while (!e->quit) {
        struct setup *to_load = e->load;
        struct ask *to_ask = to_load ? NULL : e->ask;
        if (!to_load && !to_ask) {
            pthread_cond_wait(&e->asked, &e->lock);
            continue;
        }
        atomic_store(&e->stop, 0);
        if (to_load)
            e->load = NULL;
        else
            e->ask = NULL;
        if (to_ask && e->clear) to_ask->q.history = ENGINE_FRESH;
        if (to_ask) e->clear = false;
        pthread_mutex_unlock(&e->lock);
        if (to_load) {
            free_setup(e->setup);
            e->setup = to_load;
            load(e);
        } else {
            work_on(e, &to_ask->q);
            free_ask(to_ask);
        }
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    unload(e, false);
    pthread_mutex_lock(&e->lock);
    e->done = true;
    pthread_cond_broadcast(&e->finished);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* --- the window's side ------------------------------------------------------------------------ */

static void drop_ask(struct engine *e) {
    if (!e->ask) return;
    post_locked(e,
                (struct engine_event){
                    .kind = ENGINE_FAILED, .id = e->ask->q.id, .status = VIDI_E_CANCELLED},
                "cancelled");
    free_ask(e->ask);
    e->ask = NULL;
}

static void stop_locked(struct engine *e) {
    drop_ask(e);
    atomic_store(&e->stop, 1);
    if (e->chat) vidi_cancel(e->chat);
}

bool engine_load(struct engine *e, const struct engine_setup *setup) {
    struct setup *s = copy_setup(setup);
    if (!s) return false;
    pthread_mutex_lock(&e->lock);
    stop_locked(e);
    drop_loads(e);
    free_setup(e->load);
    e->load = s;
    pthread_cond_signal(&e->asked);
    pthread_mutex_unlock(&e->lock);
    return true;
}

bool engine_ask(struct engine *e, const struct engine_question *q) {
    struct ask *a = copy_ask(q);
    if (!a) return false;
    pthread_mutex_lock(&e->lock);
    drop_ask(e);
    /* A loading that goes on is waited for. */
    if (e->chat) stop_locked(e);
    e->ask = a;
    pthread_cond_signal(&e->asked);
    pthread_mutex_unlock(&e->lock);
    return true;
}

void engine_drop(struct engine *e) {
    pthread_mutex_lock(&e->lock);
    if (e->loading || e->load)
        drop_ask(e);
    else
        stop_locked(e);
    pthread_mutex_unlock(&e->lock);
}

void engine_stop(struct engine *e) {
    pthread_mutex_lock(&e->lock);
    stop_locked(e);
    pthread_mutex_unlock(&e->lock);
}

void engine_clear(struct engine *e) {
    pthread_mutex_lock(&e->lock);
    e->clear = true;
    pthread_mutex_unlock(&e->lock);
}

static void free_engine(struct engine *e) {
    struct engine_event event;
    while (engine_take(e, &event)) engine_event_free(&event);
    free_setup(e->setup);
    free_setup(e->load);
    free_ask(e->ask);
    pthread_cond_destroy(&e->asked);
    pthread_cond_destroy(&e->finished);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

struct engine *engine_start(void (*wake)(void *user), void *user) {
    struct engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->wake = wake;
    e->user = user;
    e->submit_ms = calm_submit_ms;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->asked, NULL);
    pthread_cond_init(&e->finished, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&e->thread, NULL, run_engine, e) == 0) return e;
    free_engine(e);
    return NULL;
}

static struct timespec deadline(long ms) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

void engine_quit(struct engine *e) {
    if (!e) return;
    pthread_mutex_lock(&e->lock);
    e->quit = true;
    stop_locked(e);
    pthread_cond_signal(&e->asked);
    pthread_mutex_unlock(&e->lock);
}

bool engine_close(struct engine *e, int most_ms) {
    if (!e) return true;
    const struct timespec until = deadline(most_ms);
    engine_quit(e);
    pthread_mutex_lock(&e->lock);
    while (!e->done && pthread_cond_timedwait(&e->finished, &e->lock, &until) == 0) {}
    const bool done = e->done;
    pthread_mutex_unlock(&e->lock);
    if (!done) return false;
    pthread_join(e->thread, NULL);
    free_engine(e);
    return true;
}
