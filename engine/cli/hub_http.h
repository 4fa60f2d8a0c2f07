/* hub_http.h - requests to a hub: redirects without leaking the token, and when to try again.
 *
 * The token goes to the endpoint's own scheme, host and port, and to nobody else: the first
 * redirect elsewhere ends it for the rest of the request. An endpoint that is https is never left
 * for http. */
#ifndef CLI_HUB_HTTP_H
#define CLI_HUB_HTTP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_WORDS = 1024, HTTP_ETAG = 256, HTTP_URL = 8192 };

enum http_result {
    HTTP_DONE,
    HTTP_AGAIN,   /* it may work later: a busy server, a connection that broke */
    HTTP_FAILED,  /* it will not */
    HTTP_STOPPED, /* `stopped` said so */
    HTTP_REFUSED  /* a callback did not want the bytes */
};

struct http {
    void *curl;
    const char *endpoint;        /* no slash at its end */
    const char *token;           /* NULL: none */
    bool (*stopped)(void *user); /* asked several times a second while waiting */
    void (*on_wait)(void *user, double seconds, const char *why);
    void *user;
    char error[HTTP_WORDS]; /* of the newest failure: a clause without the file's name */
    int64_t retry_after;    /* seconds that the newest answer asked for; 0: none */
    long status;            /* of the newest answer; 0: there was none */
};

/* The facts of an answer, from its headers. Numbers that are missing are -1. */
struct http_reply {
    long status;
    char etag[HTTP_ETAG];                        /* as sent, with its quotes; "": none */
    char linked_etag[HTTP_ETAG];                 /* X-Linked-Etag */
    char commit[HTTP_ETAG];                      /* X-Repo-Commit */
    int64_t linked_size;                         /* X-Linked-Size */
    int64_t length;                              /* Content-Length */
    int64_t range_start, range_end, range_total; /* Content-Range */
    size_t header_bytes;
};

struct http_request {
    const char *url;
    bool head;             /* headers alone; a redirect with X-Linked-Etag answers it */
    uint64_t from;         /* > 0: Range from this byte */
    const char *validator; /* for If-Range; "" or NULL: none */
    /* Only for answers 200 and 206: once before the first byte, then the bytes. false: refused. */
    bool (*begin)(void *user, const struct http_reply *reply);
    bool (*bytes)(void *user, const void *bytes, size_t n);
    void *user;
};

/* false: the library is not usable, or the endpoint is no http address; `error` says so. */
bool http_open(struct http *h);
void http_close(struct http *h);

/* One attempt. */
enum http_result http_try(struct http *h, const struct http_request *request,
                          struct http_reply *reply);
/* Waits before attempt number `attempt` (from 1): doubling, with jitter, or as long as the server
 * asked. HTTP_AGAIN: go on. HTTP_FAILED: that was the last, or too long is asked for. */
enum http_result http_wait(struct http *h, int attempt);
/* Attempts until one works or http_wait() says enough. */
enum http_result http_do(struct http *h, const struct http_request *request,
                         struct http_reply *reply);

/* Appends text to a URL, with %XX for all but letters, digits and "-._~/". false: too long. */
bool http_append(char url[HTTP_URL], const char *text);
#endif
