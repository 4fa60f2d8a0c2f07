/* app_picture.c - pictures from files, pastes and sources. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/clock.h"
#include "engine/cli/hub_choose.h"
#include "model_path.h"
#include "uilog.h"
#include "vidi/inspect.h"

/* --- still pictures --------------------------------------------------------------------------- */

struct opening {
    struct app *a;
    uint64_t count;
    char *path;  /* or */
    void *bytes; /* this many */
    size_t n;
    char *name;
    struct shot *shot;
    char error[APP_WORDS], warning[APP_WORDS]; /* warning: of what is shown but not whole */
};

/* The library's pixels become the shot's, which outlive the library's object. */
static void decode(struct opening *o, vidi *v) {
    vidi_image image;
    const vidi_status status = o->path ? vidi_image_read(v, o->path, &image)
                                       : vidi_image_decode(v, o->bytes, o->n, o->name, &image);
    if (status != VIDI_OK) {
        snprintf(o->error, sizeof o->error, "%s", vidi_error(v));
        return;
    }
    const size_t bytes = (size_t)image.stride * (size_t)image.height;
    uint8_t *rgb = malloc(bytes);
    if (rgb) memcpy(rgb, image.data, bytes);
    if (rgb) o->shot = shot_new(rgb, image.width, image.height, o->name);
    vidi_image_free(v, &image);
    if (!o->shot) snprintf(o->error, sizeof o->error, "%s: no memory for this picture", o->name);
}

static void keep_warning(void *user, int level, const char *line) {
    struct opening *o = user;
    enum { WARNING = 1 };
    if (level == WARNING) snprintf(o->warning, sizeof o->warning, "%s", line);
}

static void opening_run(void *user) {
    struct opening *o = user;
    const vidi_config cfg = {.log = keep_warning, .user = o};
    vidi *v;
    if (vidi_open_bare(&cfg, &v) == VIDI_OK) decode(o, v);
    vidi_close(v);
}

static void free_opening(struct opening *o) {
    shot_drop(o->shot);
    free(o->path);
    free(o->bytes);
    free(o->name);
    free(o);
}

static void take_shot(struct app *a, struct shot *shot) {
    shot_drop(a->shot);
    a->shot = shot_keep(shot);
    a->shot_unsaid = true;
    a->facts[0] = '\0';
    if (!a->live) app_forget_boxes(a); /* those of a frame stay until the next answer */
    a->dirty = true;
}

/* Of a picture that could not be opened: where there is another one. */
static const char *stays(const struct app *a) {
    return a->shot || a->frame ? " What was shown before stays." : "";
}

static void opening_done(void *user) {
    struct opening *o = user;
    struct app *a = o->a;
    if (o->count == a->open_count) {
        a->opening = false;
        a->dirty = true;
        if (o->shot) {
            app_close_source(a);
            take_shot(a, o->shot);
            app_settle(a, CAUSE_PICTURE);
            if (o->warning[0]) {
                app_toast(a, "%s", o->warning);
                uilog("picture_warning", "{s:s}", "words", o->warning);
            }
            uilog("picture", "{s:I,s:s,s:i,s:i}", "id", (json_int_t)o->shot->id, "name", o->name,
                  "width", o->shot->width, "height", o->shot->height);
        } else {
            app_banner(a, CAUSE_PICTURE, REMEDY_OPEN, "%s.%s",
                       o->error[0] ? o->error : "There is no memory for this picture", stays(a));
        }
    }
    free_opening(o);
}

static void open_picture(struct app *a, struct opening *o) {
    o->a = a;
    o->count = ++a->open_count;
    a->opening = true;
    a->grabbing = false;
    a->dirty = true;
    app_close_next(a);
    if (a->live) app_live(a, false);
    if (a->busy) engine_drop(a->engine);
    if (o->name && jobs_run(a->jobs, opening_run, opening_done, o)) return;
    a->opening = false;
    free_opening(o);
    app_banner(a, CAUSE_PICTURE, REMEDY_OPEN, "There is no memory to open this picture.");
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

void app_show_bytes(struct app *a, void *bytes, size_t n, const char *name) {
    struct opening *o = calloc(1, sizeof *o);
    if (!o) {
        free(bytes);
        return;
    }
    *o = (struct opening){.bytes = bytes, .n = n, .name = strdup(name)};
    open_picture(a, o);
}

/* --- sources ---------------------------------------------------------------------------------- */

static void wake_from_source(void *user) {
    const struct app *a = user;
    a->options.wake(a->options.user);
}

void app_close_source(struct app *a) {
    if (!a->source) return;
    if (a->live) app_live(a, false);
    source_status(a->source, &a->status);
    uilog("source_closed", "{s:I,s:I,s:I,s:b}", "produced", (json_int_t)a->status.produced, "shown",
          (json_int_t)a->status.consumer[SOURCE_UI].taken, "replaced",
          (json_int_t)a->status.consumer[SOURCE_UI].replaced, "waiting",
          a->status.consumer[SOURCE_UI].waiting);
    source_close(a->source);
    frame_release(a->frame);
    free(a->source_spec);
    a->source = NULL;
    a->frame = NULL;
    a->source_spec = NULL;
    a->frozen = false;
    a->status = (struct source_status){0};
    a->dirty = true;
    app_settle(a, CAUSE_SOURCE);
}

void app_close_next(struct app *a) {
    source_close(a->next);
    free(a->next_spec);
    a->next = NULL;
    a->next_spec = NULL;
}

/* It is what is shown from now on. */
static void take_next(struct app *a) {
    app_close_source(a);
    if (a->busy) engine_drop(a->engine);
    a->open_count++; /* a picture that is still being decoded comes too late */
    a->opening = a->grabbing = false;
    shot_drop(a->shot);
    a->shot = NULL;
    a->facts[0] = '\0';
    app_forget_boxes(a);
    a->source = a->next;
    a->source_spec = a->next_spec;
    a->next = NULL;
    a->next_spec = NULL;
    app_settle(a, CAUSE_PICTURE);
    a->dirty = true;
}

/* What is shown stays until there is another picture to show. */
static void open_source(struct app *a, const char *spec) {
    app_close_next(a);
    a->next = source_open(&(struct source_config){
        .spec = spec, .loop = true, .retries = -1, .wake = wake_from_source, .user = a});
    a->next_spec = strdup(spec);
    uilog("source_open", "{s:s}", "spec", spec);
    if (!a->next || !a->next_spec) {
        app_close_next(a);
        app_banner(a, CAUSE_PICTURE, REMEDY_OPEN, "There is no memory to open %s.", spec);
    } else if (a->shot || a->frame) {
        app_toast(a, "Opening %.120s…", spec);
    } else {
        take_next(a);
    }
}

static void look_at_next(struct app *a) {
    struct source_status s;
    if (!a->next) return;
    source_status(a->next, &s);
    if (s.state == SOURCE_RUNNING || s.state == SOURCE_ENDED) {
        take_next(a);
    } else if (s.state == SOURCE_FAILED) {
        uilog("source_refused", "{s:s}", "words", s.words);
        app_banner(a, CAUSE_PICTURE, REMEDY_OPEN, "%s.%s", s.words, stays(a));
        app_close_next(a);
    }
}

/* A model came the way of a picture: by a drop, the dialog, a typed path. Takes `path`. */
static void show_model(struct app *a, char *path) {
    char *eyes = NULL, *model = path;
    if (hub_is_mmproj(path)) {
        eyes = path;
        model = a->settings.model ? strdup(a->settings.model) : NULL;
    } else {
        eyes = model_path_eyes(path);
    }
    if (model)
        app_set_model(a, model, eyes);
    else
        app_banner(a, CAUSE_PICTURE, REMEDY_NONE,
                   "%s is the vision part of a model: choose that model first.", last_part(path));
    app_look(a);
    free(model);
    free(eyes);
}

void app_show(struct app *a, const char *spec) {
    app_settle(a, CAUSE_PICTURE);
    char *model = model_path_of(spec);
    if (model) {
        show_model(a, model);
        return;
    }
    if (source_spec_is_video(spec)) {
        open_source(a, spec);
        return;
    }
    struct opening *o = calloc(1, sizeof *o);
    if (!o) return;
    *o = (struct opening){.path = strdup(spec), .name = strdup(last_part(spec))};
    open_picture(a, o);
}

void app_close_picture(struct app *a) {
    app_close_next(a);
    app_close_source(a);
    if (a->busy) engine_drop(a->engine);
    a->open_count++;
    a->opening = false;
    shot_drop(a->shot);
    a->shot = NULL;
    a->shot_unsaid = false;
    a->facts[0] = '\0';
    app_clear(a);
}

void app_retry_source(struct app *a) {
    if (a->source) source_restart(a->source);
    app_settle(a, CAUSE_SOURCE);
}

void app_freeze(struct app *a, bool frozen) {
    if (!a->source || frozen == a->frozen) return;
    a->frozen = frozen;
    a->shot_unsaid = true;
    a->dirty = true;
    uilog("freeze", "{s:b}", "on", frozen);
}

static void source_changed(struct app *a, enum source_state before) {
    const struct source_status *s = &a->status;
    uilog("source", "{s:s,s:s,s:s}", "state", source_state_name(s->state), "words", s->words,
          "format", s->format);
    a->dirty = true;
    const bool over = s->state == SOURCE_ENDED || s->state == SOURCE_FAILED;
    if (s->state == SOURCE_FAILED || s->state == SOURCE_RETRYING)
        app_banner(a, CAUSE_SOURCE, REMEDY_RETRY_SOURCE, "%s.%s", s->words,
                   s->state == SOURCE_RETRYING ? " It is tried again." : "");
    else if (s->state == SOURCE_ENDED)
        app_banner(a, CAUSE_SOURCE, REMEDY_PLAY_AGAIN, "The video ended. %s",
                   a->live ? "Live mode stopped; the last frame stays." : "Its last frame stays.");
    else if (before == SOURCE_RETRYING || before == SOURCE_FAILED || before == SOURCE_ENDED)
        app_settle(a, CAUSE_SOURCE);
    if (s->state == SOURCE_ENDED) a->banner.good = true;
    if (over && a->live && !a->busy) app_live(a, false);
}

void app_take_source(struct app *a) {
    look_at_next(a);
    if (!a->source) return;
    const enum source_state before = a->status.state;
    const unsigned restarts = a->status.restarts; /* it may have come and gone since */
    const bool first = !a->status.words[0];
    source_status(a->source, &a->status);
    const enum source_state state = a->status.state;
    const bool over = state == SOURCE_ENDED || state == SOURCE_FAILED;
    if (first || before != state || (over && restarts != a->status.restarts))
        source_changed(a, before);
    struct frame *f = source_take(a->source, SOURCE_UI);
    if (!f) return;
    if (a->frozen && a->frame) {
        frame_release(f);
        return;
    }
    if (!a->frame) uilog("first_frame", "{s:i,s:i}", "width", f->width, "height", f->height);
    frame_release(a->frame);
    a->frame = f;
    a->age_due = 0;
    a->dirty = true;
}

double app_frame_age(const struct app *a) {
    return a->frame ? (double)(source_now_ms() - a->frame->t_ms) : -1;
}

/* --- a frame becomes a picture ---------------------------------------------------------------- */

struct grab {
    struct app *a;
    uint64_t count;
    struct frame *frame;
    bool mirror, live;
    char *question, *name;
    struct shot *shot;
};

static void grab_run(void *user) {
    struct grab *g = user;
    const size_t bytes = (size_t)g->frame->width * (size_t)g->frame->height * 3;
    uint8_t *rgb = malloc(bytes);
    if (rgb && !frame_rgb(g->frame, rgb, bytes, g->mirror)) {
        free(rgb);
        rgb = NULL;
    }
    if (rgb) g->shot = shot_new(rgb, g->frame->width, g->frame->height, g->name);
    if (!g->shot) return;
    g->shot->frame = g->frame->id;
    g->shot->taken_ms = (double)g->frame->t_ms;
}

static void free_grab(struct grab *g) {
    shot_drop(g->shot);
    frame_release(g->frame);
    free(g->question);
    free(g->name);
    free(g);
}

static void grab_done(void *user) {
    struct grab *g = user;
    struct app *a = g->a;
    if (g->count == a->open_count) {
        a->opening = a->grabbing = false;
        if (g->shot) {
            take_shot(a, g->shot);
            a->live_asked_ms = g->shot->taken_ms;
            app_start_question(a, g->question, g->shot, ENGINE_FRESH, g->live);
        } else {
            app_banner(a, CAUSE_ANSWER, REMEDY_ASK_AGAIN, "There is no memory for this frame.");
        }
    }
    free_grab(g);
}

bool app_grab_and_ask(struct app *a, const char *question, bool live) {
    struct grab *g = calloc(1, sizeof *g);
    if (!g) return false;
    *g = (struct grab){.a = a,
                       .count = ++a->open_count,
                       .frame = frame_hold(a->frame),
                       .mirror = a->settings.mirror,
                       .live = live,
                       .question = strdup(question),
                       .name = strdup(a->source_spec)};
    a->opening = g->frame && g->question && g->name && jobs_run(a->jobs, grab_run, grab_done, g);
    a->grabbing = a->opening;
    a->dirty = true;
    if (a->opening) return true;
    free_grab(g);
    app_banner(a, CAUSE_ANSWER, REMEDY_ASK_AGAIN, "There is no memory for this frame.");
    return false;
}
