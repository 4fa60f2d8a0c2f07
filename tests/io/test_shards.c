/* A model in several GGUF files: opened by the first, refused with words when one is wrong. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gguf_make.h"
#include "io/gguf.h"

struct part {
    unsigned no, count, in_all; /* what its keys say; in_all 0: no such key */
    const char *tensor;         /* NULL: none */
    float value;
};

static char folder[600];

static int new_folder(void **state) {
    (void)state;
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(folder, sizeof folder, "%s/shards.XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *write_part(const char *name, const struct part *p) {
    static char path[700];
    struct make m = {0};
    make_head(&m, 3, p->tensor ? 1 : 0, p->in_all ? 3 : 2);
    make_key(&m, "split.no", GGUF_U16);
    make_number(&m, p->no, 2);
    make_key(&m, "split.count", GGUF_U16);
    make_number(&m, p->count, 2);
    if (p->in_all) {
        make_key(&m, "split.tensors.count", GGUF_I32);
        make_number(&m, p->in_all, 4);
    }
    if (p->tensor) make_tensor(&m, p->tensor, (const uint64_t[]){1}, 1, 0, 0);
    make_pad(&m, 32);
    if (p->tensor) make_bytes(&m, &p->value, sizeof p->value);
    if (p->tensor) make_pad(&m, 32);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(m.data, 1, m.n, f), m.n);
    fclose(f);
    free(m.data);
    return path;
}

/* The path of the first of three. */
static const char *write_three(void) {
    write_part("m-00003-of-00003.gguf", &(struct part){2, 3, 0, "c", 3});
    write_part("m-00002-of-00003.gguf", &(struct part){1, 3, 0, "b", 2});
    return write_part("m-00001-of-00003.gguf", &(struct part){0, 3, 3, "a", 1});
}

static void test_joined(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    if (gguf_open(&ctx, write_three(), &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(g.n_tensors, 3);
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        const struct gguf_tensor *t = gguf_tensor(&g, names[i]);
        assert_non_null(t);
        assert_true(*(const float *)t->data == (float)(i + 1));
    }
    assert_int_equal(gguf_still_whole(&g), VIDI_OK);
    char path[700];
    snprintf(path, sizeof path, "%s/m-00002-of-00003.gguf", folder);
    assert_int_equal(truncate(path, 40), 0);
    assert_int_equal(gguf_still_whole(&g), VIDI_E_FORMAT);
    assert_words(&ctx, "m-00002-of-00003.gguf");
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

/* The first file of models that were split that way has no tensors at all. */
static void test_empty_first(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    write_part("e-00002-of-00002.gguf", &(struct part){1, 2, 0, "a", 7});
    const char *first = write_part("e-00001-of-00002.gguf", &(struct part){0, 2, 1, NULL, 0});
    if (gguf_open(&ctx, first, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(g.n_tensors, 1);
    assert_non_null(gguf_tensor(&g, "a"));
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void refused(const char *path, vidi_status status, const char *words) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    const vidi_status got = gguf_open(&ctx, path, &g);
    if (got != status || !strstr(ctx.error, words))
        fail_msg("%d instead of %d: %s", (int)got, (int)status, ctx.error);
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_refused(void **state) {
    (void)state;
    char first[700], second[700];
    snprintf(first, sizeof first, "%s", write_three());
    snprintf(second, sizeof second, "%s/m-00002-of-00003.gguf", folder);
    refused(second, VIDI_E_ARGUMENT, "m-00001-of-00003.gguf");

    write_part("m-00002-of-00003.gguf", &(struct part){1, 3, 0, "a", 2});
    refused(first, VIDI_E_FORMAT, "tensor a is in an earlier file too");
    write_part("m-00002-of-00003.gguf", &(struct part){2, 3, 0, "b", 2});
    refused(first, VIDI_E_FORMAT, "m-00002-of-00003.gguf: split.no and split.count are 2 and 3");
    write_part("m-00002-of-00003.gguf", &(struct part){1, 4, 0, "b", 2});
    refused(first, VIDI_E_FORMAT, "are 1 and 4, not 1 and 3");
    write_part("m-00002-of-00003.gguf", &(struct part){1, 3, 0, NULL, 0});
    refused(first, VIDI_E_FORMAT, "split.tensors.count is 3, but its files hold 2");
    assert_int_equal(unlink(second), 0);
    refused(first, VIDI_E_IO, "m-00002-of-00003.gguf");

    refused(write_part("other.gguf", &(struct part){0, 3, 0, "a", 1}), VIDI_E_FORMAT,
            "should end in -00001-of-00003.gguf");
    refused(write_part("h-00001-of-09999.gguf", &(struct part){0, 9999, 0, "a", 1}), VIDI_E_FORMAT,
            "split.count is 9999");
}

static void test_later(void **state) {
    (void)state;
    assert_true(gguf_is_later_shard("a/m-00002-of-00003.gguf"));
    assert_true(gguf_is_later_shard("m-00003-of-00003.gguf"));
    assert_false(gguf_is_later_shard("m-00001-of-00003.gguf"));
    assert_false(gguf_is_later_shard("m-00004-of-00003.gguf"));
    assert_false(gguf_is_later_shard("m-0002-of-00003.gguf"));
    assert_false(gguf_is_later_shard("m.gguf"));
    assert_false(gguf_is_later_shard("-00002-of-00003.gguf"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_later),
                                       cmocka_unit_test_setup(test_joined, new_folder),
                                       cmocka_unit_test_setup(test_empty_first, new_folder),
                                       cmocka_unit_test_setup(test_refused, new_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
