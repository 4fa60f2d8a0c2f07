#include "hub_picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECONDS_MOST = 60 };

struct fetching {
    char *data;
    size_t bytes, cap;
    double until_s;
    bool late, large, no_memory;
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool is_late(void *user) {
    struct fetching *f = user;
    f->late = now_s() > f->until_s;
    return f->late;
}

/* An answer begins, perhaps not the first attempt's. */
static bool begin(void *user, const struct http_reply *reply) {
    struct fetching *f = user;
    f->bytes = 0;
    f->large = reply->length > PICTURE_BYTES;
    return !f->large;
}

static bool keep(void *user, const void *bytes, size_t n) {
    struct fetching *f = user;
    f->large = n > PICTURE_BYTES - f->bytes;
    if (f->large) return false;
    if (f->bytes + n > f->cap) {
        const size_t cap = 2 * (f->bytes + n);
        char *larger = realloc(f->data, cap);
        f->no_memory = !larger;
        if (!larger) return false;
        f->data = larger;
        f->cap = cap;
    }
    memcpy(f->data + f->bytes, bytes, n);
    f->bytes += n;
    return true;
}

static const char *why_not(const struct fetching *f, const struct http *h) {
    if (f->late) return "it took longer than 60 s";
    if (f->large) return "it has more than 256 MiB";
    if (f->no_memory) return "there is no memory for it";
    return h->error;
}

bool hub_picture(const char *url, void **data, size_t *bytes, char words[HTTP_WORDS]) {
    struct fetching f = {.until_s = now_s() + SECONDS_MOST};
    /* Without a token; redirects go to http and https alone, and never from https to http. */
    struct http h = {.endpoint = url, .stopped = is_late, .user = &f};
    const struct http_request request = {.url = url, .begin = begin, .bytes = keep, .user = &f};
    struct http_reply reply;
    const bool good =
        strlen(url) < HTTP_URL && http_open(&h) && http_do(&h, &request, &reply) == HTTP_DONE;
    if (!good) {
        snprintf(words, HTTP_WORDS, "%.200s: cannot be fetched: %.500s", url,
                 strlen(url) < HTTP_URL ? why_not(&f, &h) : "the address is too long");
        free(f.data);
        f.data = NULL;
    }
    http_close(&h);
    *data = f.data;
    *bytes = f.bytes;
    return good;
}
