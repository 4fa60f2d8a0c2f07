#include "hub_http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    REDIRECTS_MAX = 8,
    HEADERS_MAX = 64 << 10,
    ERROR_BODY_MAX = 64 << 10,
    CONNECT_S = 20,
    STALL_S = 30,
    ATTEMPTS_MAX = 5,
    WAIT_MAX_S = 300,
    BACKOFF_MAX_S = 30,
};

struct exchange {
    struct http *h;
    const struct http_request *request;
    struct http_reply *reply;
    size_t ignored; /* bytes of a body nobody wants */
    bool begun, refused;
};

struct origin {
    char *scheme, *host, *port;
};

static void origin_free(struct origin *o) {
    curl_free(o->scheme);
    curl_free(o->host);
    curl_free(o->port);
    *o = (struct origin){0};
}

static bool origin_of(struct origin *o, const char *url) {
    CURLU *u = curl_url();
    *o = (struct origin){0};
    const bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                      curl_url_get(u, CURLUPART_SCHEME, &o->scheme, 0) == CURLUE_OK &&
                      curl_url_get(u, CURLUPART_HOST, &o->host, 0) == CURLUE_OK &&
                      curl_url_get(u, CURLUPART_PORT, &o->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    curl_url_cleanup(u);
    if (good && (strcasecmp(o->scheme, "http") == 0 || strcasecmp(o->scheme, "https") == 0))
        return true;
    origin_free(o);
    return false;
}

/* Whether a URL is at the endpoint, and whether going there keeps what its scheme promises. */
static bool judge(const struct http *h, const char *url, bool *at_home) {
    struct origin home, there = {0};
    bool good = origin_of(&home, h->endpoint) && origin_of(&there, url);
    if (good) {
        *at_home = strcasecmp(home.scheme, there.scheme) == 0 &&
                   strcasecmp(home.host, there.host) == 0 && strcmp(home.port, there.port) == 0;
        good = strcasecmp(home.scheme, "https") != 0 || strcasecmp(there.scheme, "https") == 0;
    }
    origin_free(&home);
    origin_free(&there);
    return good;
}

bool http_open(struct http *h) {
    struct origin o;
    if (!origin_of(&o, h->endpoint)) {
        snprintf(h->error, sizeof h->error, "HF_ENDPOINT: %.200s is no http or https address",
                 h->endpoint);
        return false;
    }
    origin_free(&o);
    for (const char *c = h->token; c && *c; c++)
        if (!isgraph((unsigned char)*c)) {
            snprintf(h->error, sizeof h->error, "the token (HF_TOKEN) has characters no token has");
            return false;
        }
    h->curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!h->curl) snprintf(h->error, sizeof h->error, "libcurl could not be started");
    return h->curl != NULL;
}

void http_close(struct http *h) {
    if (!h->curl) return;
    curl_easy_cleanup(h->curl);
    curl_global_cleanup();
    h->curl = NULL;
}

bool http_append(char url[HTTP_URL], const char *text) {
    size_t n = strlen(url);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        const bool plain = isalnum(*c) || strchr("-._~/", *c);
        if (n + 4 > HTTP_URL) return false;
        n += (size_t)snprintf(url + n, HTTP_URL - n, plain ? "%c" : "%%%02X", *c);
    }
    return true;
}

static int64_t number(const char *text) {
    errno = 0;
    char *end;
    if (!isdigit((unsigned char)*text)) return -1;
    const long long value = strtoll(text, &end, 10);
    return errno == 0 && (*end == '\0' || strchr(" /-", *end)) ? (int64_t)value : -1;
}

/* "bytes 100-199/200", "bytes 100-199/" and a star */
static void read_range(struct http_reply *reply, const char *text) {
    reply->range_start = reply->range_end = reply->range_total = -1;
    if (strncasecmp(text, "bytes ", 6) != 0) return;
    const char *dash = strchr(text, '-'), *slash = strchr(text, '/');
    if (!dash || !slash || slash < dash) return;
    reply->range_start = number(text + 6);
    reply->range_end = number(dash + 1);
    reply->range_total = number(slash + 1);
}

static void reply_clear(struct http_reply *reply) {
    *reply = (struct http_reply){
        .linked_size = -1, .length = -1, .range_start = -1, .range_end = -1, .range_total = -1};
}

static void keep_header(struct http_reply *reply, const char *name, const char *value) {
    const struct {
        const char *name;
        char *text;
        int64_t *whole;
    } rows[] = {
        {"ETag", reply->etag, NULL},
        {"X-Linked-Etag", reply->linked_etag, NULL},
        {"X-Repo-Commit", reply->commit, NULL},
        {"X-Linked-Size", NULL, &reply->linked_size},
        {"Content-Length", NULL, &reply->length},
    };
    if (strcasecmp(name, "Content-Range") == 0) read_range(reply, value);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcasecmp(name, rows[i].name) != 0) continue;
        if (rows[i].text && strlen(value) < HTTP_ETAG)
            snprintf(rows[i].text, HTTP_ETAG, "%s", value);
        if (rows[i].whole) *rows[i].whole = number(value);
    }
}

static size_t on_header(char *text, size_t one, size_t n, void *user) {
    struct exchange *x = user;
    (void)one;
    char line[2048];
    x->reply->header_bytes += n;
    if (x->reply->header_bytes > HEADERS_MAX) return 0;
    if (n >= sizeof line) return n;
    memcpy(line, text, n);
    line[n] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0) { /* after "100 Continue" the real headers follow */
        const size_t bytes = x->reply->header_bytes;
        reply_clear(x->reply);
        x->reply->header_bytes = bytes;
        return n;
    }
    char *colon = strchr(line, ':');
    if (!colon) return n;
    *colon = '\0';
    keep_header(x->reply, line, colon + 1 + strspn(colon + 1, " \t"));
    return n;
}

static bool begin(struct exchange *x) {
    if (x->begun) return true;
    x->begun = true;
    if (!x->request->begin || x->request->begin(x->request->user, x->reply)) return true;
    x->refused = true;
    return false;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *user) {
    struct exchange *x = user;
    (void)one;
    curl_easy_getinfo(x->h->curl, CURLINFO_RESPONSE_CODE, &x->reply->status);
    if (x->reply->status != 200 && x->reply->status != 206) {
        x->ignored += n;
        return x->ignored > ERROR_BODY_MAX ? 0 : n;
    }
    if (!begin(x)) return 0;
    if (!x->request->bytes || x->request->bytes(x->request->user, bytes, n)) return n;
    x->refused = true;
    return 0;
}

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    struct exchange *x = user;
    (void)a, (void)b, (void)c, (void)d;
    return x->h->stopped && x->h->stopped(x->h->user);
}

static struct curl_slist *headers_for(const struct http *h, const struct http_request *request,
                                      bool at_home) {
    /* Sizes and ranges count the bytes of the file itself. */
    struct curl_slist *list = curl_slist_append(NULL, "Accept-Encoding: identity");
    char line[2200];
    if (h->token && at_home) {
        snprintf(line, sizeof line, "Authorization: Bearer %.2000s", h->token);
        list = curl_slist_append(list, line);
    }
    if (request->from > 0 && request->validator && request->validator[0]) {
        snprintf(line, sizeof line, "If-Range: %.250s", request->validator);
        list = curl_slist_append(list, line);
    }
    return list;
}

static CURLcode perform(struct exchange *x, const char *url, bool at_home) {
    CURL *curl = x->h->curl;
    char range[32];
    curl_easy_reset(curl);
    reply_clear(x->reply);
    x->begun = false;
    x->ignored = 0;
    struct curl_slist *headers = headers_for(x->h, x->request, at_home);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOBODY, x->request->head ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "vidi");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
    if (x->request->from > 0) {
        snprintf(range, sizeof range, "%" PRIu64 "-", x->request->from);
        curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
    const CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &x->reply->status);
    return code;
}

static bool among(long value, const long *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == value) return true;
    return false;
}

#define AMONG(value, list) among((long)(value), list, sizeof(list) / sizeof *(list))

static enum http_result transport_failed(struct exchange *x, CURLcode code) {
    /* clang-format off */
    static const long lasting[] = {
        CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CACERT_BADFILE, CURLE_OUT_OF_MEMORY, CURLE_WRITE_ERROR};
    /* clang-format on */
    struct http *h = x->h;
    if (h->stopped && h->stopped(h->user)) return HTTP_STOPPED;
    if (x->refused) return HTTP_REFUSED;
    if (x->reply->header_bytes > HEADERS_MAX || x->ignored > ERROR_BODY_MAX) {
        snprintf(h->error, sizeof h->error, "the server's answer is beyond all measure");
        return HTTP_FAILED;
    }
    snprintf(h->error, sizeof h->error, "%s", curl_easy_strerror(code));
    return AMONG(code, lasting) ? HTTP_FAILED : HTTP_AGAIN;
}

static enum http_result status_failed(struct http *h, long status) {
    static const long passing[] = {408, 425, 429, 500, 502, 503, 504};
    static const struct {
        long status;
        const char *words;
    } known[] = {
        {401, "it is private, gated or does not exist; a token in HF_TOKEN may open it"},
        {403, "the token in HF_TOKEN may not read it, or its terms were not accepted"},
        {404, "there is no such repository, revision or file"},
        {429, "too many requests"},
    };
    const char *words = status >= 500 ? "the server failed" : "the request was refused";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status) words = known[i].words;
    snprintf(h->error, sizeof h->error, "%s (HTTP %ld)", words, status);
    return AMONG(status, passing) ? HTTP_AGAIN : HTTP_FAILED;
}

static enum http_result answered(struct exchange *x) {
    struct http *h = x->h;
    const long status = x->reply->status;
    curl_off_t after = 0;
    curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &after);
    h->retry_after = after > 0 ? (int64_t)after : 0;
    if (status != 200 && status != 206) return status_failed(h, status);
    if (!x->request->head && !begin(x)) return HTTP_REFUSED;
    return HTTP_DONE;
}

/* The address a redirect leads to, into url. */
static enum http_result follow(struct http *h, char url[HTTP_URL], bool *at_home) {
    const char *next = NULL;
    bool there = false;
    curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &next);
    if (!next || strlen(next) >= HTTP_URL || !judge(h, next, &there)) {
        snprintf(h->error, sizeof h->error,
                 "the server redirects to an address not to be followed");
        return HTTP_FAILED;
    }
    snprintf(url, HTTP_URL, "%s", next);
    *at_home = *at_home && there;
    return HTTP_DONE;
}

enum http_result http_try(struct http *h, const struct http_request *request,
                          struct http_reply *reply) {
    static const long redirects[] = {301, 302, 303, 307, 308};
    struct exchange x = {.h = h, .request = request, .reply = reply};
    char url[HTTP_URL];
    bool at_home = true;
    h->retry_after = 0;
    h->status = 0;
    snprintf(url, sizeof url, "%s", request->url);
    for (int i = 0; i <= REDIRECTS_MAX; i++) {
        const CURLcode code = perform(&x, url, at_home);
        h->status = reply->status;
        if (code != CURLE_OK) return transport_failed(&x, code);
        if (!AMONG(reply->status, redirects)) return answered(&x);
        if (request->head && at_home && reply->linked_etag[0]) return HTTP_DONE;
        const enum http_result result = follow(h, url, &at_home);
        if (result != HTTP_DONE) return result;
    }
    snprintf(h->error, sizeof h->error, "the server redirects in circles");
    return HTTP_FAILED;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Half of the doubled time at least, the rest by chance: those who failed together come apart. */
static double backoff_s(int attempt) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const double chance = (double)(t.tv_nsec / 1000 % 1000) / 1000.0;
    return fmin(0.5 * exp2(attempt - 1), BACKOFF_MAX_S) * (0.5 + 0.5 * chance);
}

enum http_result http_wait(struct http *h, int attempt) {
    char why[HTTP_WORDS];
    if (attempt >= ATTEMPTS_MAX) return HTTP_FAILED;
    snprintf(why, sizeof why, "%s", h->error);
    if (h->retry_after > WAIT_MAX_S) {
        snprintf(h->error, sizeof h->error, "%.500s; it asks to come back in %" PRId64 " s", why,
                 h->retry_after);
        return HTTP_FAILED;
    }
    const double wait = fmax((double)h->retry_after, backoff_s(attempt)), end = now_s() + wait;
    if (h->on_wait) h->on_wait(h->user, wait, why);
    while (now_s() < end) {
        if (h->stopped && h->stopped(h->user)) return HTTP_STOPPED;
        const struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
        nanosleep(&nap, NULL);
    }
    return HTTP_AGAIN;
}

enum http_result http_do(struct http *h, const struct http_request *request,
                         struct http_reply *reply) {
    for (int attempt = 1;; attempt++) {
        enum http_result result = http_try(h, request, reply);
        if (result == HTTP_AGAIN) result = http_wait(h, attempt);
        if (result != HTTP_AGAIN) return result;
    }
}
