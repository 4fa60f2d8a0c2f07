/* cmd_watch.c - the camera loop without a window: the same question about the newest frame, an
 * answer a line. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engine/cli/answer.h"
#include "engine/cli/document.h"
#include "engine/cli/interrupt.h"
#include "viewer/source/source.h"

enum { LOOK_MS = 50, RETRIES = 5 };

struct watch {
    struct cli *cli;
    struct session s;
    struct source *source; /* NULL: a picture that stands still */
    const char *name;      /* how it is called, without passwords */
    double every_ms, due;
    int64_t start_ms;
    int mark, answers;
    bool over; /* nobody reads the answers */
    bool gone; /* a film's clock runs */
    uint64_t taken, skipped,
        dropped; /* frames: seen; looked like the one before; replaced by newer ones */
    struct frame_thumb before;
};

/* "1s", "250ms", "0.5": seconds where nothing is said. False: it is no time. */
static bool read_time(const char *text, double *ms) {
    char *end;
    const double value = strtod(text, &end);
    if (end == text || !(value >= 0 && value <= 86400)) return false;
    *ms = value * 1000;
    if (strcmp(end, "ms") == 0) *ms = value;
    return !*end || strcmp(end, "s") == 0 || strcmp(end, "ms") == 0;
}

/* ---- one answer ------------------------------------------------------------------------------ */

static vidi_status ask_about(struct watch *w, const vidi_image *image, struct answer *a) {
    vidi_status status = vidi_chat_rewind(w->s.c, w->mark);
    if (status == VIDI_OK) status = vidi_say_image(w->s.c, image);
    if (status == VIDI_OK) status = vidi_say_text(w->s.c, VIDI_USER, w->cli->opt.prompt);
    return status == VIDI_OK ? answer_pull(w->cli, &w->s, a) : status;
}

/* An answer of several lines is still one line. */
static void print_line(struct watch *w, const struct answer *a) {
    char *line = calloc(1, a->len + 2);
    if (!line) return;
    if (a->len) memcpy(line, a->text, a->len);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r') *c = ' ';
    out_foreign(&w->cli->out, line, strlen(line));
    out_write(&w->cli->out, "\n", 1);
    free(line);
}

/* Of the moment that the monotonic clock calls t_ms: "2026-12-01T09:30:00.250Z". */
static void wall_clock(int64_t t_ms, char *text, size_t cap) {
    struct timespec now;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t ms =
        (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - (source_now_ms() - t_ms);
    const time_t s = (time_t)(ms / 1000);
    char seconds[32];
    gmtime_r(&s, &day);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(text, cap, "%s.%03dZ", seconds, (int)(ms % 1000));
}

/* Where the frame comes from, and when. */
static json_t *frame_object(struct watch *w, const struct frame *f, double age_ms) {
    char time[64];
    wall_clock(f->t_ms, time, sizeof time);
    return json_pack("{s:o,s:I,s:s,s:o,s:o,s:o,s:I,s:I}", "source",
                     document_string(w->name, strlen(w->name)), "frame", (json_int_t)f->id, "time",
                     time, "film_ms",
                     f->film_ms < 0 ? json_null() : document_ms((double)f->film_ms), "t_ms",
                     document_ms((double)(f->t_ms - w->start_ms)), "age_ms", document_ms(age_ms),
                     "skipped", (json_int_t)w->skipped, "dropped", (json_int_t)w->dropped);
}

static int print_object(struct watch *w, const struct frame *f, double age_ms,
                        const struct answer *a) {
    const vidi_stats *s = &a->stats;
    json_t *o = frame_object(w, f, age_ms);
    json_t *more = json_pack("{s:o,s:i,s:i,s:{s:o,s:o,s:o}}", "text",
                             document_string(a->text ? a->text : "", a->len), "prompt_tokens",
                             s->prompt_tokens, "answer_tokens", s->answer_tokens, "ms", "image",
                             document_ms(s->image_ms), "prompt", document_ms(s->prompt_ms),
                             "answer", document_ms(s->answer_ms));
    const bool whole = o && more && json_object_update(o, more) == 0;
    json_decref(more);
    if (whole) return document_print(w->cli, o);
    json_decref(o);
    return cli_fail(w->cli, CLI_MEMORY, "no memory for an answer's object");
}

static int answer_image(struct watch *w, const struct frame *f, const vidi_image *image) {
    const double age_ms = (double)(source_now_ms() - f->t_ms);
    struct answer a = {.keep = true};
    int code = CLI_OK;
    const vidi_status status = ask_about(w, image, &a);
    if (status != VIDI_OK)
        code = session_fail(w->cli, &w->s, STAGE_RUN, status);
    else if (a.cancelled)
        code = CLI_INTERRUPTED;
    else if (w->cli->opt.json)
        code = print_object(w, f, age_ms, &a);
    else
        print_line(w, &a);
    if (!w->answers) answer_note_cut(w->cli, &a); /* the others are alike */
    w->over |= !out_flush(&w->cli->out);          /* nobody reads any more */
    answer_free(&a);
    w->answers++;
    return code;
}

static int answer_frame(struct watch *w, struct frame *f) {
    const size_t bytes = (size_t)f->width * (size_t)f->height * 3;
    uint8_t *rgb = malloc(bytes);
    if (!rgb || !frame_rgb(f, rgb, bytes, false)) {
        free(rgb);
        return cli_fail(w->cli, CLI_MEMORY, "no memory for a frame of %d x %d", f->width,
                        f->height);
    }
    const vidi_image image = {rgb, f->width, f->height, f->width * 3, VIDI_RGB8};
    const int code = answer_image(w, f, &image);
    free(rgb);
    return code;
}

/* ---- a picture that stands still ------------------------------------------------------------- */

/* Read as `ask` reads it, and asked about once: nothing in it changes. */
static int answer_still(struct watch *w, const char *path) {
    vidi_image image;
    const vidi_status status = vidi_image_read(w->s.v, path, &image);
    if (status != VIDI_OK) return session_fail(w->cli, &w->s, STAGE_PICTURE, status);
    const struct frame head = {.id = 1,
                               .t_ms = source_now_ms(),
                               .film_ms = -1,
                               .width = image.width,
                               .height = image.height};
    const int code = answer_image(w, &head, &image);
    vidi_image_free(w->s.v, &image);
    return code;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* The newest frame once it is due; NULL: there is none yet, or it looks like the one before. */
static struct frame *next_frame(struct watch *w) {
    struct frame_thumb now;
    if (!source_wait(w->source, SOURCE_ENGINE, LOOK_MS) || clock_ms() < w->due) return NULL;
    struct frame *f = source_take(w->source, SOURCE_ENGINE);
    if (!f) return NULL;
    w->dropped = f->id - ++w->taken;
    if (w->cli->opt.all || w->cli->opt.steps > 0) return f;
    frame_thumb(f, &now);
    if (source_frame_changed(&w->before, &now)) {
        w->before = now;
        return f;
    }
    w->skipped++;
    frame_release(f);
    return NULL;
}

/* The source gives no more: its end is a good one, its failure is told. False: it goes on. */
static bool is_over(struct watch *w, int *code) {
    struct source_status s;
    source_status(w->source, &s);
    if (s.consumer[SOURCE_ENGINE].waiting) return false;
    if (s.state == SOURCE_FAILED) *code = cli_fail(w->cli, CLI_PICTURE, "%s", s.words);
    return s.state == SOURCE_FAILED || s.state == SOURCE_ENDED;
}

/* Steps are counted in a film's own time, which nothing live has. */
static bool may_step(struct watch *w) {
    struct source_status s;
    source_status(w->source, &s);
    if (w->cli->opt.steps <= 0 || !s.live) return true;
    cli_fail(w->cli, CLI_USAGE,
             "--fps steps through a film, and %s is live; --every says how often", w->name);
    return false;
}

static int loop(struct watch *w) {
    const int most = w->cli->opt.frames;
    int code = CLI_OK;
    while (code == CLI_OK && !w->over && (!most || w->answers < most)) {
        if (interrupt_seen()) return CLI_INTERRUPTED;
        struct frame *f = next_frame(w);
        if (!f) {
            if (is_over(w, &code)) break;
            if (clock_ms() < w->due) source_wait(w->source, SOURCE_UI, LOOK_MS);
            continue;
        }
        w->due = clock_ms() + w->every_ms;
        if (!w->gone && f->film_ms >= 0) f->t_ms = source_now_ms(); /* it was held until now */
        code = may_step(w) ? answer_frame(w, f) : CLI_USAGE;
        w->gone = true;
        source_go(w->source); /* the clock of a film starts with the first answer */
        frame_release(f);
    }
    return code;
}

static int prepare(struct watch *w) {
    int code = session_device(w->cli, &w->s);
    if (code == CLI_OK) code = session_model(w->cli, &w->s, w->cli->opt.model);
    if (code == CLI_OK) code = session_chat(w->cli, &w->s);
    if (code != CLI_OK) return code;
    const vidi_status status = vidi_chat_mark(w->s.c, &w->mark);
    return status == VIDI_OK ? CLI_OK : session_fail(w->cli, &w->s, STAGE_RUN, status);
}

/* --every, --continuous or --fps: one of them. */
static int read_pace(struct watch *w) {
    const struct options *o = &w->cli->opt;
    if (o->every && !read_time(o->every, &w->every_ms))
        return cli_fail(w->cli, CLI_USAGE,
                        "--every wants a time such as 1s, 250ms or 0.5, not \"%.40s\"", o->every);
    if (o->every && o->continuous)
        return cli_fail(w->cli, CLI_USAGE,
                        "--every and --continuous are two answers to one question");
    if (o->steps > 0 && (o->every || o->continuous))
        return cli_fail(w->cli, CLI_USAGE,
                        "--fps goes by a film's time, %s by the clock: one of them",
                        o->every ? "--every" : "--continuous");
    if (o->continuous || o->steps > 0) w->every_ms = 0;
    return CLI_OK;
}

int cmd_watch(struct cli *cli) {
    struct options *o = &cli->opt;
    struct watch w = {.cli = cli, .every_ms = 1000};
    const int wrong = read_pace(&w);
    if (wrong != CLI_OK) return wrong;
    if (!o->prompt) o->prompt = "What is this?";
    const char *spec = o->rest.items[0];
    const bool still = source_spec_is_still(spec);
    if (still && o->steps > 0)
        return cli_fail(cli, CLI_USAGE, "--fps steps through a film, and %s is a picture", spec);
    if (!still) {
        w.source = source_open(&(struct source_config){
            .spec = spec, .retries = RETRIES, .held = true, .steps = o->steps});
        if (!w.source) return cli_fail(cli, CLI_MEMORY, "no memory to open %s", spec);
    }
    w.name = still ? spec : source_name(w.source);
    w.start_ms = source_now_ms();
    int code = prepare(&w);
    if (code == CLI_OK) {
        interrupt_defers();
        code = still ? answer_still(&w, spec) : loop(&w);
        interrupt_ends();
    }
    source_close(w.source);
    session_close(&w.s);
    return code;
}
