/* What json_cost() says is never less than what jansson takes. */
#include "base/json_cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <cmocka.h>

enum { HEAD = 16, OWN = 16, MOST = 1 << 19 };
static uint64_t live, peak;

static void *count_alloc(size_t bytes) {
    char *block = malloc(bytes + HEAD);
    if (!block) return NULL;
    memcpy(block, &bytes, sizeof bytes);
    live += bytes + OWN; /* what an allocator adds of its own */
    if (live > peak) peak = live;
    return block + HEAD;
}

static void count_free(void *ptr) {
    size_t bytes;
    if (!ptr) return;
    memcpy(&bytes, (char *)ptr - HEAD, sizeof bytes);
    live -= bytes + OWN;
    free((char *)ptr - HEAD);
}

static void expect_enough(const char *name, const char *text, size_t bytes) {
    json_error_t error;
    live = peak = 0;
    json_t *doc = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    json_decref(doc);
    const uint64_t cost = json_cost(text, bytes);
    print_message("%-12s %8zu bytes: %9llu taken, %9llu said, %s\n", name, bytes,
                  (unsigned long long)peak, (unsigned long long)cost, doc ? "sound" : error.text);
    assert_true(peak <= cost);
    if (doc) assert_true(cost <= 4 * peak + 65536); /* near it, or honest files would be refused */
}

/* `head`, then `piece` again and again with a number in it, then `tail`. */
static void repeat(const char *head, const char *piece, const char *tail) {
    static char text[MOST + 4096];
    for (size_t most = 100; most <= MOST; most *= 4) {
        size_t n = strlen(head);
        memcpy(text, head, n);
        for (int i = 0; n < most; i++) {
            const char *number = strchr(piece, '#');
            const size_t first = number ? (size_t)(number - piece) : strlen(piece);
            memcpy(text + n, piece, first);
            n += first;
            if (number) n += (size_t)sprintf(text + n, "%x%s", i, number + 1);
        }
        memcpy(text + n, tail, strlen(tail));
        expect_enough(piece, text, n + strlen(tail));
    }
}

static void test_repeated(void **state) {
    (void)state;
    repeat("[", "{},", "0]");
    repeat("[", "[],", "0]");
    repeat("[", "[0],", "0]");
    repeat("[", "{\"a\":{}},", "0]");
    repeat("{", "\"#\":0,", "\"x\":0}");
    repeat("{", "\"#\":{},", "\"x\":0}");
    repeat("{", "\"#\":[\"\",\"\"],", "\"x\":0}");
    repeat("{", "\"a long word that is a key #\":\"and a value\",", "\"x\":0}");
    repeat("[", "0,", "0]");
    repeat("[", "1.5,", "0]");
    repeat("[", "\"\",", "0]");
    repeat("[", "\"#\",", "0]");
    repeat("[\"", "\\u00e4", "\"]");
    repeat("[\"", "\\n", "\"]");
    repeat("[\"", "a", "\"]");
    repeat("{\"", "a", "\":0}");
    repeat("[", "0,", "\"no end");
    repeat("", "[", "");
    repeat("", "{\"\":", "");
}

int main(void) {
    json_set_alloc_funcs(count_alloc, count_free);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_repeated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
