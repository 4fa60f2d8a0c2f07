#define _POSIX_C_SOURCE 200809L
#include "source.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frame.h"
#include "input.h"
#include "mailbox.h"
#include "words.h"

_Static_assert((int)SOURCE_CONSUMERS == (int)MAILBOX_READERS, "a slot for each consumer");

enum {
    FIRST_PAUSE_MS = 250, /* before a source that broke down is opened again; doubles */
    LONGEST_PAUSE_MS = 4000,
    CLOSE_MS = 500,         /* what source_close() grants the thread before it leaves it alone */
    RATE_MS = 1000,         /* over which frames are counted */
    SILENT_MS = 2500,       /* no frame for so long: the rate is 0 */
    BEHIND_MS = 500,        /* a reader this late gives up catching up */
    LEAST_FRAME_MS = 1,     /* of a source that says nothing about time */
    ORDINARY_FRAME_MS = 40, /* the last frame of a file that begins again */
    JUMP_MS = 10000,        /* the time stamps jumped: nobody waits for that */
    STEP_LOOK_MS = 200      /* between two looks whether it is to stop */
};

struct source {
    char *text, *name; /* the spec; and how it is called, without passwords */
    struct source_config cfg;
    struct spec spec;
    struct mailbox box;
    atomic_bool stop;
    pthread_t thread;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool again;             /* source_restart() was called */
    bool held;              /* source_go() was not called yet */
    bool done;              /* the thread touches nothing but its share any more */
    int shares;             /* who still has it: the owner, the thread */
    struct source_status s; /* but the counts, which the mailbox has */
    int64_t newest_ms;      /* of the newest frame */

    pthread_mutex_t wake_lock; /* held while wake() runs, so that closing waits for it */
    bool woken_no_more;

    /* The thread's own. */
    uint64_t next_id;
    int64_t rate_from_ms;
    int rate_frames;
    unsigned attempt;  /* opened in a row without a frame, or broken down */
    bool ran;          /* had a frame once */
    int64_t next_step; /* of a film that is stepped through, from 0 */
    int64_t anchor_ms; /* clock minus the input's time; of what is paced */
    bool anchored;
};

bool source_available(void) { return true; }

/* ---- state ---- */

static void wake(struct source *s) {
    pthread_mutex_lock(&s->wake_lock);
    if (!s->woken_no_more && s->cfg.wake) s->cfg.wake(s->cfg.user);
    pthread_mutex_unlock(&s->wake_lock);
}

static void enter(struct source *s, enum source_state state, const char *words) {
    pthread_mutex_lock(&s->lock);
    s->s.state = state;
    if (words) words_copy(s->s.words, sizeof s->s.words, words);
    if (state != SOURCE_RUNNING) s->s.fps = 0;
    pthread_mutex_unlock(&s->lock);
    mailbox_set_over(&s->box, state == SOURCE_ENDED || state == SOURCE_FAILED);
    wake(s);
}

/* Sleeps until the clock says `until_ms` (0: without end), or until it is to stop or to restart.
 * True: it slept its time. */
static bool sleep_until(struct source *s, int64_t until_ms) {
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int late = 0;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stop) && !s->again && late == 0)
        late = until_ms > 0 ? pthread_cond_timedwait(&s->changed, &s->lock, &until)
                            : pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return late != 0;
}

static bool take_again(struct source *s) {
    pthread_mutex_lock(&s->lock);
    const bool again = s->again;
    s->again = false;
    if (again) s->s.restarts++;
    pthread_mutex_unlock(&s->lock);
    return again;
}

/* ---- frames ---- */

static void count_rate(struct source *s, int64_t now) {
    s->rate_frames++;
    if (s->rate_frames == 1) s->rate_from_ms = now;
    const int64_t span = now - s->rate_from_ms;
    if (span < RATE_MS) return;
    s->s.fps = (s->rate_frames - 1) * 1000.0 / (double)span;
    s->rate_frames = 1;
    s->rate_from_ms = now;
}

/* True: the frame went into the mailbox. */
static bool publish(struct source *s, const struct input *in, const AVFrame *pixels) {
    void *frames[MAILBOX_READERS];
    const int64_t now = source_now_ms();
    /* What is paced was read before it is meant to be seen. */
    const struct frame from = {.id = s->next_id,
                               .t_ms = in->paced ? now : in->arrived_ms,
                               .film_ms = in->live ? -1 : input_time_ms(in, pixels)};
    for (int i = 0; i < MAILBOX_READERS; i++) {
        frames[i] = frame_new(pixels, &from, in->turn);
        if (frames[i]) continue;
        while (i-- > 0) frame_release(frames[i]);
        return false;
    }
    const struct frame head = *(struct frame *)frames[0];
    pthread_mutex_lock(&s->lock);
    const bool first = s->s.state != SOURCE_RUNNING;
    s->s.width = head.width;
    s->s.height = head.height;
    s->newest_ms = now;
    if (first) s->rate_frames = 0;
    count_rate(s, now);
    pthread_mutex_unlock(&s->lock);
    s->next_id++;
    s->ran = true;
    s->attempt = 0;
    mailbox_put(&s->box, frames);
    if (first)
        enter(s, SOURCE_RUNNING, s->name);
    else
        wake(s);
    return true;
}

/* Waits until the frame is meant to be seen. False: it is to stop. */
static bool pace(struct source *s, const struct input *in, const AVFrame *pixels) {
    const int64_t at = input_time_ms(in, pixels), now = source_now_ms();
    if (at < 0) return sleep_until(s, now + LEAST_FRAME_MS);
    const int64_t ahead = s->anchor_ms + at - now;
    if (!s->anchored || ahead < -BEHIND_MS || ahead > JUMP_MS) {
        s->anchor_ms = now - at;
        s->anchored = true;
        return true;
    }
    return ahead <= 0 || sleep_until(s, now + ahead);
}

/* After the first frame of a film that is held: until source_go(), from which its clock runs.
 * False: it is to stop. */
static bool wait_to_go(struct source *s, int64_t at_ms) {
    pthread_mutex_lock(&s->lock);
    const bool was_held = s->held;
    while (!atomic_load(&s->stop) && !s->again && s->held) pthread_cond_wait(&s->changed, &s->lock);
    const bool go = !s->held;
    pthread_mutex_unlock(&s->lock);
    if (was_held && at_ms >= 0) s->anchor_ms = source_now_ms() - at_ms;
    return go;
}

/* Whether a film's next step falls on this frame: the first one that is not before it. Times are
 * whole milliseconds, so that a step may seem to be one later than its frame. */
static bool is_step(struct source *s, int64_t at_ms) {
    if (at_ms < 0) return true;
    const double steps = (double)(at_ms + 1) * s->cfg.steps / 1000;
    if (steps < (double)s->next_step) return false;
    s->next_step = (int64_t)steps + 1;
    return true;
}

/* Until the frame was taken. False: it is to stop. */
static bool wait_taken(struct source *s) {
    while (!atomic_load(&s->stop))
        if (mailbox_wait_taken(&s->box, SOURCE_ENGINE, STEP_LOOK_MS)) return true;
    return false;
}

/* ---- one life of an input ---- */

enum outcome { OUTCOME_STOP, OUTCOME_END, OUTCOME_BROKEN };

enum shown { SHOWN, SHOWN_NOT, SHOWN_STOP }; /* NOT: no memory */

/* One frame at its time, and what a film waits for behind it. */
static enum shown show(struct source *s, const struct input *in, const AVFrame *pixels) {
    const bool steps = s->cfg.steps > 0 && !in->live;
    const int64_t at = input_time_ms(in, pixels);
    if (steps && !is_step(s, at)) return SHOWN;
    if (in->paced && !steps && !pace(s, in, pixels)) return SHOWN_STOP;
    if (!publish(s, in, pixels)) return SHOWN_NOT;
    if (steps) return wait_taken(s) ? SHOWN : SHOWN_STOP;
    return in->live || wait_to_go(s, at) ? SHOWN : SHOWN_STOP;
}

/* A file from its first frame to its last. */
static enum outcome pump(struct source *s, struct input *in, AVFrame *pixels, struct failure *why) {
    s->anchored = false;
    s->next_step = 0;
    for (;;) {
        const enum input_result result = input_read(in, pixels, why);
        if (atomic_load(&s->stop)) return OUTCOME_STOP;
        if (result == INPUT_END) return OUTCOME_END;
        if (result == INPUT_FAILED) return OUTCOME_BROKEN;
        const enum shown shown = show(s, in, pixels);
        av_frame_unref(pixels);
        if (shown == SHOWN_STOP) return OUTCOME_STOP;
        if (shown == SHOWN) continue;
        snprintf(why->words, sizeof why->words, "%.150s: no memory for a frame", s->name);
        why->hopeless = false;
        return OUTCOME_BROKEN;
    }
}

/* ... and again from the first, as long as that is wanted and there is more than one. */
static enum outcome play(struct source *s, struct input *in, AVFrame *pixels, struct failure *why) {
    for (;;) {
        const enum outcome outcome = pump(s, in, pixels, why);
        if (outcome != OUTCOME_END || !s->cfg.loop || in->frames < 2) return outcome;
        if (!sleep_until(s, source_now_ms() + ORDINARY_FRAME_MS)) return OUTCOME_STOP;
        if (input_rewind(in)) continue;
        input_close(in);
        if (!input_open(in, why)) return OUTCOME_BROKEN;
    }
}

static enum outcome live(struct source *s, struct failure *why) {
    struct input in = {.spec = &s->spec, .name = s->name, .stop = &s->stop};
    if (!spec_parse(&s->spec, s->text, why->words, sizeof why->words)) {
        why->hopeless = true;
        return OUTCOME_BROKEN;
    }
    AVFrame *pixels = av_frame_alloc();
    if (!pixels || !input_open(&in, why)) {
        if (!pixels) snprintf(why->words, sizeof why->words, "%.150s: no memory", s->name);
        av_frame_free(&pixels);
        return OUTCOME_BROKEN;
    }
    pthread_mutex_lock(&s->lock);
    s->s.live = in.live;
    s->s.duration_s = input_duration_s(&in);
    input_describe(&in, s->s.format, sizeof s->s.format);
    pthread_mutex_unlock(&s->lock);
    const enum outcome outcome = play(s, &in, pixels, why);
    input_close(&in);
    av_frame_free(&pixels);
    return outcome;
}

/* What comes after an input that is no more. True: it is to be opened again. */
static bool decide(struct source *s, enum outcome outcome, const struct failure *why) {
    if (outcome == OUTCOME_STOP) return true; /* restarted, or the loop ends by itself */
    if (outcome == OUTCOME_END) {
        char words[SOURCE_WORDS];
        snprintf(words, sizeof words, "%.200s: it is over", s->name);
        enter(s, SOURCE_ENDED, words);
        return sleep_until(s, 0);
    }
    const bool worth = s->ran || (s->cfg.patient && s->spec.live);
    const bool allowed = s->cfg.retries < 0 || s->attempt < (unsigned)s->cfg.retries;
    if (!worth || !allowed || why->hopeless) {
        enter(s, SOURCE_FAILED, why->words);
        return sleep_until(s, 0);
    }
    int64_t pause = LONGEST_PAUSE_MS;
    if (s->attempt < 4) pause = (int64_t)FIRST_PAUSE_MS << s->attempt;
    s->attempt++;
    enter(s, SOURCE_RETRYING, why->words);
    return sleep_until(s, source_now_ms() + pause);
}

static void give_up_share(struct source *s) {
    pthread_mutex_lock(&s->lock);
    s->done = true;
    const bool last = --s->shares == 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (!last) return;
    mailbox_close(&s->box);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->wake_lock);
    free(s->text);
    free(s->name);
    free(s);
}

static void *run(void *user) {
    struct source *s = user;
    while (!atomic_load(&s->stop)) {
        struct failure why = {0};
        decide(s, live(s, &why), &why);
        if (atomic_load(&s->stop)) break;
        if (!take_again(s)) {
            pthread_mutex_lock(&s->lock);
            s->s.restarts++;
            pthread_mutex_unlock(&s->lock);
            continue;
        }
        s->attempt = 0;
        enter(s, SOURCE_OPENING, s->name);
    }
    give_up_share(s);
    return NULL;
}

/* ---- for its owner ---- */

int64_t source_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop_frame(void *frame) { frame_release(frame); }

static bool make_changed(struct source *s) {
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) return false;
    const bool made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(&s->changed, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return made;
}

/* The locks and the mailbox; on failure none of them is left. */
static bool make_parts(struct source *s) {
    if (pthread_mutex_init(&s->lock, NULL) != 0) return false;
    if (pthread_mutex_init(&s->wake_lock, NULL) == 0) {
        if (make_changed(s)) {
            if (mailbox_open(&s->box, drop_frame)) return true;
            pthread_cond_destroy(&s->changed);
        }
        pthread_mutex_destroy(&s->wake_lock);
    }
    pthread_mutex_destroy(&s->lock);
    return false;
}

/* The thread takes no signals: those are the program's. */
static bool start(struct source *s) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) pthread_detach(s->thread);
    return started;
}

struct source *source_open(const struct source_config *cfg) {
    struct source *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->cfg = *cfg;
    s->text = strdup(cfg->spec ? cfg->spec : "");
    s->name = words_name(s->text ? s->text : "");
    s->cfg.spec = s->text;
    s->next_id = 1;
    s->held = cfg->held;
    s->shares = 2;
    if (s->text && s->name && make_parts(s)) {
        words_copy(s->s.words, sizeof s->s.words, s->name);
        if (start(s)) return s;
        s->shares = 1;
        give_up_share(s);
        return NULL;
    }
    free(s->text);
    free(s->name);
    free(s);
    return NULL;
}

/* A driver may not come back: its thread then keeps its share, and is left alone. */
void source_close(struct source *s) {
    if (!s) return;
    atomic_store(&s->stop, true);
    pthread_mutex_lock(&s->wake_lock);
    s->woken_no_more = true;
    pthread_mutex_unlock(&s->wake_lock);
    mailbox_set_over(&s->box, true);
    const int64_t until_ms = source_now_ms() + CLOSE_MS;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->changed);
    for (int late = 0; !s->done && late == 0;)
        late = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    pthread_mutex_unlock(&s->lock);
    give_up_share(s);
}

void source_restart(struct source *s) {
    pthread_mutex_lock(&s->lock);
    const enum source_state state = s->s.state;
    if (state != SOURCE_OPENING && state != SOURCE_RUNNING) {
        s->again = true;
        s->s.state = SOURCE_OPENING; /* from now on, so that nobody takes the old end for the new */
        mailbox_set_over(&s->box, false);
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
}

void source_go(struct source *s) {
    pthread_mutex_lock(&s->lock);
    s->held = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

const char *source_name(const struct source *s) { return s->name; }

void source_status(struct source *s, struct source_status *out) {
    struct mailbox_counts counts;
    pthread_mutex_lock(&s->lock);
    *out = s->s;
    if (source_now_ms() - s->newest_ms > SILENT_MS) out->fps = 0;
    pthread_mutex_unlock(&s->lock);
    mailbox_counts(&s->box, &counts);
    out->produced = counts.put;
    for (int i = 0; i < SOURCE_CONSUMERS; i++) {
        out->consumer[i].taken = counts.taken[i];
        out->consumer[i].replaced = counts.replaced[i];
        out->consumer[i].waiting = counts.waiting[i];
    }
}

struct frame *source_take(struct source *s, enum source_consumer who) {
    return mailbox_take(&s->box, (int)who);
}

bool source_wait(struct source *s, enum source_consumer who, int timeout_ms) {
    return mailbox_wait(&s->box, (int)who, timeout_ms);
}
