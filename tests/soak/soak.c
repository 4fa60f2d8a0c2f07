/* soak.c - what only shows after many times.
 *
 *     soak lives SECONDS [SEED]   opens a device, a model and a conversation, asks about a picture,
 *                                 closes all of it, again and again. Each answer must be the first
 *                                 one. Prints memory, open files, and how fast memory grew over
 *                                 the second half.
 *     soak turns SECONDS [SEED]   the same question in one conversation that is rewound each time
 *     soak stops N [SEED]         vidi_cancel() from another thread at N random moments of an
 *                                 answer with its picture. Prints how long each call went on; the
 *                                 answer after each must be the first one.
 *
 * The last line is what a table can quote. Exit status 1: an answer was another one, or memory grew
 * by more than 2 % over the second half of ten minutes or more. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vidi/vidi.h"

static const char picture[] = "tests/families/picturebook/picture.png";
static const char question[] = "Describe the picture.";

struct talk {
    vidi *v;
    vidi_model *m;
    vidi_chat *c;
    vidi_image image;
    char text[1024];
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static vidi_status open_talk(struct talk *t) {
    vidi_status status = vidi_open(NULL, &t->v);
    if (status == VIDI_OK) status = vidi_model_open(t->v, NULL, &t->m);
    if (status == VIDI_OK) status = vidi_image_read(t->v, picture, &t->image);
    const vidi_chat_config cfg = {.max_tokens = 24};
    return status == VIDI_OK ? vidi_chat_open(t->m, &cfg, &t->c) : status;
}

static void close_talk(struct talk *t) {
    if (t->image.data) vidi_image_free(t->v, &t->image);
    vidi_close(t->v);
    memset(t, 0, sizeof *t);
}

static vidi_status answer(struct talk *t) {
    vidi_piece piece;
    t->text[0] = 0;
    vidi_status status = vidi_say_image(t->c, &t->image);
    if (status == VIDI_OK) status = vidi_say_text(t->c, VIDI_USER, question);
    while (status == VIDI_OK && (status = vidi_next(t->c, &piece)) == VIDI_OK)
        strncat(t->text, piece.text, sizeof t->text - strlen(t->text) - 1);
    return status == VIDI_END ? VIDI_OK : status;
}

static int fail(const struct talk *t, const char *what) {
    fprintf(stderr, "soak: %s: %s\n", what, vidi_error(t->v));
    return 1;
}

/* --- memory ------------------------------------------------------------------------------------
 */

static double resident_kib(void) {
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = -1;
    while (f && kib < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %lf", &kib) != 1) kib = -1;
    if (f) fclose(f);
    return kib;
}

static int open_files(void) {
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n;
}

/* Least squares over the second half: the first fills caches. */
struct growth {
    double *s, *kib;
    size_t n, cap;
};

static void note(struct growth *g, double s) {
    if (g->n == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 256;
        g->s = realloc(g->s, g->cap * sizeof *g->s);
        g->kib = realloc(g->kib, g->cap * sizeof *g->kib);
        if (!g->s || !g->kib) exit(5);
    }
    g->s[g->n] = s;
    g->kib[g->n++] = resident_kib();
}

static double kib_an_hour(const struct growth *g) {
    double s = 0, k = 0, ss = 0, sk = 0;
    const size_t from = g->n / 2;
    const double n = (double)(g->n - from);
    for (size_t i = from; i < g->n; i++) s += g->s[i] / n, k += g->kib[i] / n;
    for (size_t i = from; i < g->n; i++) {
        ss += (g->s[i] - s) * (g->s[i] - s);
        sk += (g->s[i] - s) * (g->kib[i] - k);
    }
    return ss > 0 ? 3600 * sk / ss : 0;
}

static int judge(struct growth *g, const char *what, size_t rounds, double s, int files) {
    enum { LONG_ENOUGH_S = 600 }; /* caches of the driver fill before that */
    const double slope = kib_an_hour(g), last = g->kib[g->n - 1], middle = g->kib[g->n / 2];
    printf("%s: %zu rounds in %.0f s, the same answer each time; %.1f MiB, growing by %.0f KiB an "
           "hour; "
           "%d open files at the start, %d at the end\n",
           what, rounds, s, last / 1024, slope, files, open_files());
    free(g->s);
    free(g->kib);
    return s >= LONG_ENOUGH_S && last > 1.02 * middle;
}

/* --- what is repeated --------------------------------------------------------------------------
 */

static int lives(double seconds) {
    struct growth g = {0};
    char first[1024] = "";
    const double begin = now_s();
    int files = 0;
    size_t n = 0;
    for (; now_s() - begin < seconds || n < 3; n++) {
        struct talk t = {0};
        if (open_talk(&t) != VIDI_OK || answer(&t) != VIDI_OK) return fail(&t, "a life");
        if (!n) memcpy(first, t.text, sizeof first);
        if (strcmp(first, t.text) != 0) return fail(&t, t.text);
        close_talk(&t);
        if (!n) files = open_files();
        note(&g, now_s() - begin);
    }
    return judge(&g, "lives", n, now_s() - begin, files);
}

static int turns(double seconds) {
    struct growth g = {0};
    struct talk t = {0};
    char first[1024] = "";
    int mark;
    const double begin = now_s();
    if (open_talk(&t) != VIDI_OK || vidi_chat_mark(t.c, &mark) != VIDI_OK) return fail(&t, "open");
    const int files = open_files();
    size_t n = 0;
    for (; now_s() - begin < seconds || n < 3; n++) {
        if (answer(&t) != VIDI_OK || vidi_chat_rewind(t.c, mark) != VIDI_OK)
            return fail(&t, "a turn");
        if (!n) memcpy(first, t.text, sizeof first);
        if (strcmp(first, t.text) != 0) return fail(&t, t.text);
        note(&g, now_s() - begin);
    }
    close_talk(&t);
    return judge(&g, "turns", n, now_s() - begin, files);
}

struct stopper {
    vidi_chat *c;
    double after_s;
    _Atomic double at; /* when it was asked */
};

static void *stop_later(void *arg) {
    struct stopper *s = arg;
    const struct timespec t = {(time_t)s->after_s, (long)(1e9 * (s->after_s - (time_t)s->after_s))};
    nanosleep(&t, NULL);
    atomic_store(&s->at, now_s());
    vidi_cancel(s->c);
    return NULL;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One answer that is stopped, or ends first. Returns how long the stop took in ms; below 0: it was
 * not stopped. */
static double stop_one(struct talk *t, double after_s, vidi_status *status) {
    struct stopper s = {.c = t->c, .after_s = after_s};
    pthread_t thread;
    if (pthread_create(&thread, NULL, stop_later, &s) != 0) return *status = VIDI_E_MEMORY, -1;
    *status = answer(t);
    const double end = now_s();
    pthread_join(thread, NULL);
    return *status == VIDI_E_CANCELLED ? 1e3 * (end - atomic_load(&s.at)) : -1;
}

/* Rewinds, answers to the end, and compares. */
static bool answers_as_before(struct talk *t, int mark, const char *first) {
    return vidi_chat_rewind(t->c, mark) == VIDI_OK && answer(t) == VIDI_OK &&
           strcmp(first, t->text) == 0;
}

static void print_stops(double *ms, int stopped, int n) {
    qsort(ms, (size_t)stopped, sizeof *ms, by_size);
    printf("stops: %d of %d came before the end; half within %.0f ms, 99 of 100 within %.0f ms, "
           "all within %.0f ms; the same answer after each\n",
           stopped, n, ms[stopped / 2], ms[stopped * 99 / 100], ms[stopped - 1]);
}

/* At least n stops, and more until one came before the end of its answer: each that came too late
 * makes the next ones earlier, however busy the machine was while the first answer was timed. */
static int stops(int n) {
    enum { TRIES = 200 };
    struct talk t = {0};
    char first[1024];
    int mark, stopped = 0, tried = 0;
    double *ms = calloc((size_t)n + TRIES, sizeof *ms);
    if (!ms || open_talk(&t) != VIDI_OK || vidi_chat_mark(t.c, &mark) != VIDI_OK)
        return fail(&t, "open");
    const double begin = now_s();
    if (answer(&t) != VIDI_OK) return fail(&t, "the first answer");
    double whole = now_s() - begin;
    memcpy(first, t.text, sizeof first);
    for (; tried < n || (!stopped && tried < n + TRIES); tried++) {
        vidi_status status;
        if (vidi_chat_rewind(t.c, mark) != VIDI_OK) return fail(&t, "rewind");
        const double took = stop_one(&t, whole * rand() / RAND_MAX, &status);
        if (status != VIDI_OK && status != VIDI_E_CANCELLED) return fail(&t, "a stopped answer");
        if (took >= 0)
            ms[stopped++] = took;
        else
            whole *= 0.9;
        if (!answers_as_before(&t, mark, first)) return fail(&t, "the answer after a stop");
    }
    if (stopped) print_stops(ms, stopped, tried);
    free(ms);
    close_talk(&t);
    return stopped == 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 2 ? argv[1] : "";
    srand(argc > 3 ? (unsigned)atoi(argv[3]) : 1);
    if (strcmp(what, "lives") == 0) return lives(atof(argv[2]));
    if (strcmp(what, "turns") == 0) return turns(atof(argv[2]));
    if (strcmp(what, "stops") == 0 && atoi(argv[2]) > 0) return stops(atoi(argv[2]));
    fprintf(stderr, "usage: soak lives|turns SECONDS [SEED], or soak stops N [SEED]\n");
    return 2;
}
