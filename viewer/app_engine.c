/* app_engine.c - what the engine tells becomes what is shown. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app.h"
#include "base/clock.h"
#include "uilog.h"

/* A sampled answer where the same one again would be of no use. */
static const float again_temperature = 0.8F;
static const char *const brevity = " Answer in a few words.";

/* at: when it began */
static void set_phase(struct app *a, const char *text, uint64_t done, uint64_t total, double at) {
    if (!a->phase[0]) a->work_since = at;
    if (strcmp(a->phase, text) != 0) {
        a->phase_since = at;
        uilog("phase", "{s:s}", "text", text);
    }
    snprintf(a->phase, sizeof a->phase, "%s", text);
    a->phase_done = done;
    a->phase_total = total;
    a->dirty = true;
}

/* While it stops nothing else is told of what it does. */
static void go_on(struct app *a, const char *text, const struct engine_event *ev) {
    if (!a->stopping) set_phase(a, text, ev->done, ev->total, ev->at);
}

static void be_idle(struct app *a) {
    a->stopping = false;
    set_phase(a, "", 0, 0, clock_ms());
}

void app_stop(struct app *a) {
    if (a->live) app_live(a, false);
    uilog("stop", "{s:s}", "phase", a->phase);
    if (a->grabbing) { /* the question after it is not asked */
        a->open_count++;
        a->opening = a->grabbing = false;
    }
    if (a->busy || a->model == MODEL_LOADING) {
        set_phase(a, "stopping…", 0, 0, clock_ms());
        a->stopping = true;
    }
    engine_stop(a->engine);
    a->dirty = true;
}

void app_start_question(struct app *a, const char *question, struct shot *shot,
                        enum engine_history history, bool live) {
    static uint64_t seed = 1;
    const uint64_t id = ++a->asked;
    struct entry *e = transcript_add(&a->talk, id, question);
    const bool brief = a->settings.brief;
    const size_t cap = strlen(question) + strlen(brevity) + 1;
    char *text = malloc(cap);
    if (!e || !text) {
        free(text);
        app_banner(a, CAUSE_ANSWER, REMEDY_CLEAR, "There is no memory for another question.");
        return;
    }
    snprintf(text, cap, "%s%s", question, brief ? brevity : "");
    e->live = live;
    if (!live) app_forget_boxes(a);
    if (shot) {
        entry_set(e, &e->name, shot->name);
        e->frame = shot->frame;
        a->shot_unsaid = false;
        a->asked_shot = shot->id;
    }
    const struct engine_question q = {.id = id,
                                      .text = text,
                                      .shot = shot,
                                      .history = history,
                                      .max_tokens = a->settings.max_tokens,
                                      .temperature =
                                          history == ENGINE_AGAIN ? again_temperature : 0,
                                      .seed = seed++};
    a->busy = true;
    a->stopping = false;
    uilog("question", "{s:I,s:s,s:b,s:I,s:I,s:i}", "id", (json_int_t)id, "text", text, "live", live,
          "shot", (json_int_t)(shot ? shot->id : 0), "frame", (json_int_t)(shot ? shot->frame : 0),
          "history", (int)history);
    if (!engine_ask(a->engine, &q)) {
        a->busy = false;
        app_banner(a, CAUSE_ANSWER, REMEDY_ASK_AGAIN, "There is no memory for another question.");
    }
    free(text);
    a->dirty = true;
}

/* --- words of an answer ----------------------------------------------------------------------- */

static void picture_facts(const vidi_stats *s, char *out, size_t cap) {
    int n = 0;
    out[0] = '\0';
    if (s->image_width > 0)
        n = snprintf(out, cap, "%d × %d → %d × %d", s->image_width, s->image_height, s->used_width,
                     s->used_height);
    if (n > 0 && (size_t)n < cap && s->tiles > 0 && s->image_tokens > 0)
        snprintf(out + n, cap - (size_t)n, ", %d tile%s, %d tokens", s->tiles,
                 s->tiles == 1 ? "" : "s", s->image_tokens);
}

static void answer_facts(const struct app *a, const struct engine_event *ev, char *out,
                         size_t cap) {
    const vidi_stats *s = &ev->stats;
    const double seconds = s->answer_ms / 1000;
    char picture[48] = "";
    if (s->tiles > 0) snprintf(picture, sizeof picture, "picture %.0f ms · ", s->image_ms);
    snprintf(out, cap, "%sfirst word %.0f ms · %.1f tokens/s · %d in, %d out · context %d/%d · %s",
             picture, ev->first_ms, seconds > 0 ? s->answer_tokens / seconds : 0.0,
             s->prompt_tokens, s->answer_tokens, s->context_used, s->context, a->device_name);
}

static void answer_brief(const struct engine_event *ev, char *out, size_t cap) {
    const vidi_stats *s = &ev->stats;
    const double seconds = s->answer_ms / 1000;
    snprintf(out, cap, "first word %.0f ms · %.0f tokens/s · %d token%s", ev->first_ms,
             seconds > 0 ? s->answer_tokens / seconds : 0.0, s->answer_tokens,
             s->answer_tokens == 1 ? "" : "s");
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_phase(struct app *a, const struct engine_event *ev) { go_on(a, ev->text, ev); }

static void tell_calm(struct app *a, double ms) {
    app_banner(
        a, CAUSE_MODEL, REMEDY_NONE,
        "The device was lost again. It now gets its work in parts of %.0f ms, which is slower "
        "and asks less of it.",
        ms);
    a->banner.good = true;
}

static void on_ready(struct app *a, const struct engine_event *ev) {
    snprintf(a->device_name, sizeof a->device_name, "%s", ev->text);
    a->model = MODEL_READY;
    a->context = ev->context;
    a->blind = !ev->sees;
    if (!a->busy) be_idle(a);
    if (ev->calm_ms < a->calm_ms || (ev->calm_ms > 0 && a->calm_ms <= 0)) tell_calm(a, ev->calm_ms);
    a->calm_ms = ev->calm_ms;
    uilog("ready", "{s:s,s:s,s:i,s:b,s:f}", "device", ev->text, "model", a->model_name, "context",
          ev->context, "sees", ev->sees, "load_ms", ev->stats.load_ms);
}

static void on_begun(struct app *a, const struct engine_event *ev) {
    struct entry *e = transcript_find(&a->talk, ev->id);
    if (e) e->state = ENTRY_RUNNING;
    go_on(a, "reading the question", ev);
}

static void on_text(struct app *a, const struct engine_event *ev) {
    struct entry *e = transcript_find(&a->talk, ev->id);
    if (!e) return;
    if (!e->answer[0]) uilog("first", "{s:I}", "id", (json_int_t)ev->id);
    entry_append(e, ev->text);
    go_on(a, "answering", ev);
}

static void ended(struct app *a, const struct engine_event *ev) {
    if (ev->id != a->asked) return;
    a->busy = false;
    be_idle(a);
    if (a->live) app_live_answered(a);
}

static const char *const state_words[] = {"waiting", "running", "done", "stopped", "failed"};

static void log_answer(const struct entry *e, const struct engine_event *ev) {
    uilog("answer", "{s:I,s:s,s:s,s:f,s:f,s:i,s:i,s:i,s:i,s:f,s:f,s:s}", "id", (json_int_t)ev->id,
          "state", state_words[e->state], "text", e->answer, "first_ms", ev->first_ms, "total_ms",
          ev->total_ms, "prompt_tokens", ev->stats.prompt_tokens, "answer_tokens",
          ev->stats.answer_tokens, "image_tokens", ev->stats.image_tokens, "context_used",
          ev->stats.context_used, "image_ms", ev->stats.image_ms, "longest_submission_ms",
          ev->stats.longest_submission_ms, "error", e->error ? e->error : "");
}

void app_forget_boxes(struct app *a) {
    free(a->boxes);
    a->boxes = NULL;
    a->n_boxes = 0;
}

static void take_boxes(struct app *a, const struct engine_event *ev) {
    app_forget_boxes(a);
    a->boxes = ev->n_boxes ? malloc((size_t)ev->n_boxes * sizeof *a->boxes) : NULL;
    if (!a->boxes) return;
    memcpy(a->boxes, ev->boxes, (size_t)ev->n_boxes * sizeof *a->boxes);
    a->n_boxes = ev->n_boxes;
    json_t *labels = json_array();
    for (int i = 0; i < a->n_boxes; i++)
        json_array_append_new(labels, json_string(a->boxes[i].label));
    uilog("named", "{s:O}", "labels", labels);
    json_decref(labels);
}

/* What became of the picture, as soon as it is known. */
static void on_seen(struct app *a, const struct engine_event *ev) {
    struct entry *e = transcript_find(&a->talk, ev->id);
    char words[400];
    picture_facts(&ev->stats, words, sizeof words);
    if (!e || !words[0] || (e->picture && !strcmp(e->picture, words))) return;
    entry_set(e, &e->picture, words);
    snprintf(a->facts, sizeof a->facts, "%.150s", words);
    uilog("facts", "{s:I,s:s,s:s}", "id", (json_int_t)ev->id, "phase", a->phase, "words", words);
}

static void on_done(struct app *a, const struct engine_event *ev) {
    struct entry *e = transcript_find(&a->talk, ev->id);
    char words[400];
    a->context_used = ev->stats.context_used;
    on_seen(a, ev);
    if (e) {
        e->state = ENTRY_DONE;
        answer_facts(a, ev, words, sizeof words);
        entry_set(e, &e->stats, words);
        answer_brief(ev, words, sizeof words);
        entry_set(e, &e->brief, words);
        log_answer(e, ev);
        take_boxes(a, ev);
    }
    ended(a, ev);
}

/* A file that is no model is told so first, and what is wrong in it after that. */
static bool says_no_model(struct app *a, const struct engine_event *ev) {
    const char *path = a->settings.model ? a->settings.model : "", *text = ev->text;
    const size_t n = strlen(path), name = strlen(a->model_name);
    if (ev->status != VIDI_E_FORMAT || !n) return false;
    const size_t head = !strncmp(text, path, n)               ? n
                        : !strncmp(text, a->model_name, name) ? name
                                                              : 0;
    if (!head || text[head] != ':') return false;
    app_banner(a, CAUSE_MODEL, REMEDY_PICK_MODEL,
               "%s is damaged, or no model. Choose another one. (%s)", a->model_name,
               text + head + 1 + (text[head + 1] == ' '));
    return true;
}

static void load_failed(struct app *a, const struct engine_event *ev) {
    a->model = MODEL_NONE;
    be_idle(a);
    uilog("load_failed", "{s:s,s:s}", "status", vidi_status_name(ev->status), "words", ev->text);
    if (ev->status == VIDI_E_CANCELLED)
        app_banner(a, CAUSE_MODEL, REMEDY_RETRY_LOAD, "Loading was stopped.");
    else if (ev->status == VIDI_E_DEVICE)
        app_banner(a, CAUSE_MODEL, REMEDY_DEVICES, "%s. Choose another device, or try again.",
                   ev->text);
    else if (!says_no_model(a, ev))
        app_banner(a, CAUSE_MODEL, REMEDY_PICK_MODEL, "%s. Choose another model.", ev->text);
}

/* Why an answer failed, and what to do. */
static void explain(struct app *a, const struct engine_event *ev) {
    static const struct {
        vidi_status status;
        enum remedy remedy;
        const char *step;
    } steps[] = {
        {VIDI_E_DEVICE, REMEDY_ASK_AGAIN, "It is being opened again; then ask once more."},
        {VIDI_E_MEMORY, REMEDY_CLEAR, "A shorter conversation or a smaller model needs less."},
        {VIDI_E_CONTEXT, REMEDY_CLEAR, "Clear the conversation to go on."},
        {VIDI_E_UNSUPPORTED, REMEDY_PICK_MODEL, "Another model may."},
        {VIDI_E_IMAGE, REMEDY_OPEN, "Open another picture."},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].status == ev->status) {
            app_banner(a, CAUSE_ANSWER, steps[i].remedy, "%s. %s", ev->text, steps[i].step);
            return;
        }
    app_banner(a, CAUSE_ANSWER, REMEDY_ASK_AGAIN, "%s.", ev->text);
}

static void on_failed(struct app *a, const struct engine_event *ev) {
    if (!ev->id) {
        load_failed(a, ev);
        return;
    }
    struct entry *e = transcript_find(&a->talk, ev->id);
    const bool stopped = ev->status == VIDI_E_CANCELLED;
    if (e) {
        e->state = stopped ? ENTRY_STOPPED : ENTRY_FAILED;
        if (!stopped) entry_set(e, &e->error, ev->text);
        e->version++;
        log_answer(e, ev);
    }
    /* What was shown with a question that was taken back has to be shown again. */
    if ((!e || !e->answer[0] || ev->reloading) && a->shot && ev->id == a->asked)
        a->shot_unsaid = true;
    if (ev->reloading) {
        a->model = MODEL_LOADING;
        if (a->live) app_live(a, false);
    }
    ended(a, ev);
    if (!stopped) explain(a, ev);
}

void app_take_engine(struct app *a) {
    static void (*const handlers[])(struct app * a, const struct engine_event *ev) = {
        [ENGINE_PHASE] = on_phase,   [ENGINE_READY] = on_ready, [ENGINE_BEGUN] = on_begun,
        [ENGINE_SEEN] = on_seen,     [ENGINE_TEXT] = on_text,   [ENGINE_DONE] = on_done,
        [ENGINE_FAILED] = on_failed,
    };
    struct engine_event ev;
    while (engine_take(a->engine, &ev)) {
        handlers[ev.kind](a, &ev);
        engine_event_free(&ev);
        a->dirty = true;
    }
}
