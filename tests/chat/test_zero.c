/* zero_on_free: after everything is closed, no page of this process holds what was said or shown.
 * On a CPU device its memory is among them. The test keeps its own copies changed. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/status.h"
#include "chat/internal.h"
#include "validated.h"
#include "vidi/vidi.h"

enum { LETTERS = 48, TOKENS = 8, SIDE = 64, ROW = SIDE * 3, CHUNK = 1 << 20, MASK = 0x5a };
static const uint64_t largest_region = UINT64_C(8) << 30; /* a sanitizer's own are larger */

/* What is looked for, each byte changed by MASK. */
static struct secrets { unsigned char text[LETTERS], tokens[TOKENS * 4], pixels[ROW]; } hidden;

static void make_secrets(void) {
    const int fd = open("/dev/urandom", O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, &hidden, sizeof hidden), sizeof hidden);
    close(fd);
    for (int i = 0; i < LETTERS; i++)
        hidden.text[i] = (unsigned char)(('a' + hidden.text[i] % 26) ^ MASK);
}

static int count_in(const unsigned char *at, size_t n, const unsigned char *secret, size_t len) {
    int found = 0;
    for (size_t i = 0; i + len <= n; i++) {
        size_t k = 0;
        while (k < len && at[i + k] == (secret[k] ^ MASK)) k++;
        found += k == len;
    }
    return found;
}

struct scan {
    int memory;
    unsigned char *buffer; /* of its own, and not looked at */
    int text, tokens, pixels;
};

static void scan_region(struct scan *s, uint64_t from, uint64_t to) {
    const uint64_t own = (uint64_t)(uintptr_t)s->buffer;
    if (to - from > largest_region || (from < own + CHUNK && own < to)) return;
    /* Chunks overlap, so that nothing is cut. */
    for (uint64_t at = from; at < to; at += CHUNK - ROW) {
        const size_t want = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
        const ssize_t n = pread(s->memory, s->buffer, want, (off_t)at);
        if (n <= 0) return;
        s->text += count_in(s->buffer, (size_t)n, hidden.text, LETTERS);
        s->tokens += count_in(s->buffer, (size_t)n, hidden.tokens, sizeof hidden.tokens);
        s->pixels += count_in(s->buffer, (size_t)n, hidden.pixels, ROW);
    }
}

static struct scan scan_all(void) {
    struct scan s = {.memory = open("/proc/self/mem", O_RDONLY)};
    FILE *maps = fopen("/proc/self/maps", "r");
    s.buffer = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(s.memory >= 0 && maps && s.buffer != MAP_FAILED);
    char line[1024];
    unsigned long long from, to;
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%llx-%llx r", &from, &to) == 2 && strstr(line, " rw"))
            scan_region(&s, from, to);
    fclose(maps);
    munmap(s.buffer, CHUNK);
    close(s.memory);
    return s;
}

/* Some of the words' tokens, from the middle of what waits to be read. */
static void hide_tokens(const vidi_chat *c) {
    const uint32_t n = c->pending.n, from = n / 2;
    assert_true(n - from >= TOKENS);
    memcpy(hidden.tokens, c->pending.ids + from, sizeof hidden.tokens);
    for (size_t i = 0; i < sizeof hidden.tokens; i++) hidden.tokens[i] ^= MASK;
}

static void say(vidi_chat *c) {
    char text[LETTERS + 1] = "";
    unsigned char *pixels = malloc(SIDE * ROW);
    assert_non_null(pixels);
    for (int i = 0; i < LETTERS; i++) text[i] = (char)(hidden.text[i] ^ MASK);
    for (int y = 0; y < SIDE; y++)
        for (int i = 0; i < ROW; i++) pixels[y * ROW + i] = hidden.pixels[i] ^ MASK;
    const vidi_image image = {pixels, SIDE, SIDE, ROW, VIDI_RGB8};
    assert_int_equal(vidi_say_image(c, &image), VIDI_OK);
    assert_int_equal(vidi_say_text(c, VIDI_USER, text), VIDI_OK);
    hide_tokens(c);
    vd_zero(text, sizeof text);
    vd_zero(pixels, SIDE * ROW);
    free(pixels);
}

/* What is found while the conversation is there, and when all is closed. */
static void live(int zero, struct scan *during, struct scan *after) {
    vidi *v;
    vidi_model *m;
    vidi_chat *c;
    vidi_piece piece;
    vidi_status status;
    const vidi_config cfg = {
        .debug = validated_debug(), .log = validated_log, .zero_on_free = zero};
    make_secrets();
    assert_int_equal(vidi_open(&cfg, &v), VIDI_OK);
    assert_int_equal(vidi_model_open(v, NULL, &m), VIDI_OK);
    assert_int_equal(vidi_chat_open(m, &(vidi_chat_config){.max_tokens = 4}, &c), VIDI_OK);
    say(c);
    *during = scan_all();
    while ((status = vidi_next(c, &piece)) == VIDI_OK) continue;
    assert_int_equal(status, VIDI_END);
    vidi_close(v);
    *after = scan_all();
    print_message("zero_on_free %d: pixels %d times, tokens %d and text %d; then %d, %d and %d\n",
                  zero, during->pixels, during->tokens, during->text, after->pixels, after->tokens,
                  after->text);
}

static void nothing_is_left(void **state) {
    (void)state;
    struct scan during, after;
    live(1, &during, &after);
    assert_true(during.tokens > 0 && during.pixels > 0);
    assert_int_equal(after.text, 0);
    assert_int_equal(after.tokens, 0);
    assert_int_equal(after.pixels, 0);
}

static void without_it_something_is(void **state) {
    (void)state;
    struct scan during, after;
    live(0, &during, &after);
    assert_true(during.tokens > 0 && during.pixels > 0);
    assert_true(after.text + after.tokens + after.pixels > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left),
        cmocka_unit_test(without_it_something_is),
    };
    return validated_end(cmocka_run_group_tests(tests, NULL, NULL));
}
