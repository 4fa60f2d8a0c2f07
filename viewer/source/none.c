/* none.c - in place of all that needs FFmpeg: sources that say so. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source.h"
#include "words.h"

struct source {
    char *name;
    struct source_status s;
};

bool source_available(void) { return false; }

struct source *source_open(const struct source_config *cfg) {
    struct source *s = calloc(1, sizeof *s);
    char *name = words_name(cfg->spec ? cfg->spec : "");
    if (!s || !name) {
        free(s);
        free(name);
        return NULL;
    }
    s->s.state = SOURCE_FAILED;
    snprintf(s->s.words, sizeof s->s.words,
             "%.150s: this build shows no video: it was made without FFmpeg's libraries "
             "(libavdevice-dev)",
             name);
    s->name = name;
    if (cfg->wake) cfg->wake(cfg->user);
    return s;
}

void source_close(struct source *s) {
    if (s) free(s->name);
    free(s);
}

void source_restart(struct source *s) { (void)s; }
void source_go(struct source *s) { (void)s; }
const char *source_name(const struct source *s) { return s->name; }
void source_status(struct source *s, struct source_status *out) { *out = s->s; }

struct frame *source_take(struct source *s, enum source_consumer who) {
    (void)s;
    (void)who;
    return NULL;
}

bool source_wait(struct source *s, enum source_consumer who, int timeout_ms) {
    (void)s;
    (void)who;
    (void)timeout_ms;
    return false;
}

int64_t source_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool frame_view(struct frame *f, struct frame_view *out) {
    (void)f;
    (void)out;
    return false;
}

bool frame_rgb(struct frame *f, uint8_t *rgb, size_t bytes, bool mirror) {
    (void)f;
    (void)rgb;
    (void)bytes;
    (void)mirror;
    return false;
}

struct frame *frame_hold(const struct frame *f) {
    (void)f;
    return NULL;
}

void frame_release(struct frame *f) { (void)f; }
void frame_thumb(struct frame *f, struct frame_thumb *out) {
    (void)f;
    out->valid = false;
}
