/* What was said, and its export. */
#define _POSIX_C_SOURCE 200809L
#include "viewer/transcript.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *scratch(const char *name) {
    static char path[600];
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(path, sizeof path, "%s/%s", tmp ? tmp : "/tmp", name);
    return path;
}

static char *slurp(const char *path) {
    static char text[1 << 16];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void test_bounded(void **state) {
    (void)state;
    struct transcript t = {0};
    for (uint64_t id = 1; id <= TRANSCRIPT_MOST + 20; id++)
        assert_non_null(transcript_add(&t, id, "again"));
    assert_int_equal(t.n, TRANSCRIPT_MOST);
    assert_null(transcript_find(&t, 20));
    assert_non_null(transcript_find(&t, 21));
    transcript_remove(&t, 22);
    transcript_remove(&t, 4711);
    assert_int_equal(t.n, TRANSCRIPT_MOST - 1);
    assert_int_equal(t.items[1].id, 23);
    transcript_clear(&t);
    assert_int_equal(t.n, 0);
}

static void test_versions(void **state) {
    (void)state;
    struct transcript t = {0};
    struct entry *e = transcript_add(&t, 1, "q");
    const uint32_t before = e->version;
    assert_true(entry_append(e, "one "));
    assert_true(entry_append(e, "two"));
    assert_string_equal(e->answer, "one two");
    assert_true(e->version > before);
    transcript_clear(&t);
}

static void fill(struct transcript *t) {
    struct entry *e = transcript_add(t, 1, "What is\nthis?");
    entry_append(e, "A \"red\" \xf0\x9f\x8d\x8e.\n# not a heading of ours");
    entry_set(e, &e->name, "apple.png");
    entry_set(e, &e->picture, "640 x 480, 1 tile");
    entry_set(e, &e->stats, "12 tokens/s");
    e->state = ENTRY_DONE;
    e = transcript_add(t, 2, "And now?");
    entry_append(e, "Half an ans");
    e->state = ENTRY_STOPPED;
    e->live = true;
    e->frame = 77;
    e = transcript_add(t, 3, "?");
    entry_set(e, &e->error, "the device was lost");
    e->state = ENTRY_FAILED;
}

static void test_jsonl(void **state) {
    (void)state;
    struct transcript t = {0};
    fill(&t);
    const char *path = scratch("transcript.jsonl");
    assert_true(transcript_write_jsonl(&t, path));
    char *line = slurp(path);
    static const char *const states[] = {"done", "stopped", "failed"};
    for (int i = 0; i < 3; i++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        json_t *o = json_loads(line, 0, NULL);
        assert_non_null(o);
        assert_int_equal(json_integer_value(json_object_get(o, "id")), i + 1);
        assert_string_equal(json_string_value(json_object_get(o, "state")), states[i]);
        assert_string_equal(json_string_value(json_object_get(o, "answer")), t.items[i].answer);
        assert_string_equal(json_string_value(json_object_get(o, "question")), t.items[i].question);
        json_decref(o);
        line = end + 1;
    }
    assert_string_equal(line, "");
    transcript_clear(&t);
}

static void test_markdown(void **state) {
    (void)state;
    struct transcript t = {0};
    fill(&t);
    const char *path = scratch("transcript.md");
    assert_true(transcript_write_markdown(&t, path));
    const char *text = slurp(path);
    static const char *const parts[] = {"> What is\n> this?\n", "apple.png", "`12 tokens/s`",
                                        "*(stopped)*",          "(live)",    "the device was lost"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i])) fail_msg("no %s in:\n%s", parts[i], text);
    transcript_clear(&t);
}

/* What was there before stays when the new one cannot be written. */
static void test_kept(void **state) {
    (void)state;
    struct transcript t = {0};
    fill(&t);
    assert_false(transcript_write_markdown(&t, scratch("no/such/folder/t.md")));
    transcript_clear(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_versions),
        cmocka_unit_test(test_jsonl), cmocka_unit_test(test_markdown), cmocka_unit_test(test_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
