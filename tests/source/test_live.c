/* What is live is told by what comes, not by the address: a server on this machine plays a camera
 * that sends a picture behind the other without end, and a film of some length. */
#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clips.h"

enum { PICTURES = 200, PATIENCE_MS = 60000 };

struct server {
    int socket, port;
    const char *head; /* of the answer, up to its blank line; a part's when `parts` */
    unsigned char *body;
    size_t bytes;
    int parts; /* the body is sent so often, each with a head; 0: once, and the connection ends */
    atomic_bool stop;
    pthread_t thread;
};

static bool send_all(int fd, const void *data, size_t n) {
    const char *at = data;
    while (n > 0) {
        const ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool send_text(int fd, const char *text) { return send_all(fd, text, strlen(text)); }

static void send_parts(struct server *s, int fd) {
    char head[128];
    snprintf(head, sizeof head, "--next\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n",
             s->bytes);
    for (int i = 0; i < s->parts; i++)
        if (!send_text(fd, head) || !send_all(fd, s->body, s->bytes) || !send_text(fd, "\r\n"))
            return;
    /* Nothing more comes, and the connection stays. */
    while (!atomic_load(&s->stop)) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void *serve(void *arg) {
    struct server *s = arg;
    for (int fd; (fd = accept(s->socket, NULL, NULL)) >= 0; close(fd)) {
        char request[4096];
        if (recv(fd, request, sizeof request, 0) <= 0 || !send_text(fd, s->head)) continue;
        if (s->parts)
            send_parts(s, fd);
        else
            send_all(fd, s->body, s->bytes);
    }
    return NULL;
}

static void server_open(struct server *s) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    s->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->socket >= 0);
    assert_int_equal(bind(s->socket, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->socket, 8), 0);
    assert_int_equal(getsockname(s->socket, (struct sockaddr *)&at, &n), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_close(struct server *s) {
    atomic_store(&s->stop, true);
    shutdown(s->socket, SHUT_RDWR);
    close(s->socket);
    pthread_join(s->thread, NULL);
    free(s->body);
}

static void wait_for(struct source *s, uint64_t frames, struct source_status *t) {
    const int64_t until = source_now_ms() + PATIENCE_MS;
    do {
        source_status(s, t);
        if (t->produced >= frames || t->state == SOURCE_FAILED) break;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    } while (source_now_ms() < until);
    if (t->produced < frames) fail_msg("%d frames came: %s", (int)t->produced, t->words);
}

/* A camera's pictures carry no time, and FFmpeg thinks of 25 a second. Were they played so, the
 * socket would hold what is left and every answer would be later than the one before. */
static void test_camera_over_http(void **state) {
    (void)state;
    struct server server = {.head = "HTTP/1.1 200 OK\r\nContent-Type: "
                                    "multipart/x-mixed-replace; boundary=next\r\n\r\n",
                            .parts = PICTURES};
    server.body = clip_read(clip_make("one.jpg", "-f lavfi -i color=red:size=64x48 -frames:v 1"),
                            &server.bytes);
    server_open(&server);
    char spec[100];
    snprintf(spec, sizeof spec, "http://127.0.0.1:%d/video.mjpg", server.port);
    struct source_status t;
    struct source *s = source_open(&(struct source_config){.spec = spec});
    wait_for(s, PICTURES - 1, &t); /* the last one is whole when the next begins */
    assert_true(t.live);
    assert_int_equal(t.state, SOURCE_RUNNING);
    struct frame *f = source_take(s, SOURCE_ENGINE);
    assert_non_null(f);
    assert_true(f->film_ms < 0);
    assert_true(f->t_ms <= source_now_ms());
    frame_release(f);
    source_close(s);
    server_close(&server);
}

static void test_film_over_http(void **state) {
    (void)state;
    char head[200];
    struct server server = {.head = head};
    server.body =
        clip_read(clip_make("film.ts",
                            "-f lavfi -i testsrc2=size=64x48:rate=20:duration=0.5 -c:v mpeg2video"),
                  &server.bytes);
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n",
             server.bytes);
    server_open(&server);
    char spec[100];
    snprintf(spec, sizeof spec, "http://127.0.0.1:%d/film.ts", server.port);
    struct source_status t;
    struct source *s = source_open(&(struct source_config){.spec = spec});
    assert_int_equal(clip_play_out(s, PATIENCE_MS, &t), SOURCE_ENDED);
    assert_false(t.live);
    assert_in_range(t.produced, 9, 10);
    source_close(s);
    server_close(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_camera_over_http),
        cmocka_unit_test(test_film_over_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
