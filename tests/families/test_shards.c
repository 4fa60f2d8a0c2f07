/* Tiny models split over several GGUF files, as gguf-split writes them: the same words. */
#define _POSIX_C_SOURCE 200809L
#include "family.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"
#include "io/gguf_write.h"

enum { ANSWER = 32, PARTS = 3 };

static const double limit = 1e-9;
static const char model[] = "tests/families/mmproj/internvl";
static const char golden[] = "tests/families/mmproj/internvl/one";

struct number {
    const char *key;
    enum gguf_kind kind;
    int32_t value;
};

/* Keys of the whole model only in the first part; tensors first .. end. */
static void write_part(const struct gguf *g, const char *folder, int part, uint32_t first,
                       uint32_t end) {
    char path[700];
    struct gguf_writer w;
    const struct number numbers[] = {{"split.no", GGUF_U16, part},
                                     {"split.count", GGUF_U16, PARTS},
                                     {"split.tensors.count", GGUF_I32, (int32_t)g->n_tensors}};
    struct gguf_value own[3];
    const struct gguf_value **values = calloc(g->n_values + 3, sizeof *values);
    assert_non_null(values);
    uint32_t n = 0;
    for (int i = 0; i < 3; i++) {
        own[i] = (struct gguf_value){.key = {numbers[i].key, strlen(numbers[i].key)},
                                     .kind = numbers[i].kind,
                                     .item = numbers[i].kind,
                                     .n = 1,
                                     .data = (const unsigned char *)&numbers[i].value};
        values[n++] = &own[i];
    }
    for (uint32_t i = 0; part == 0 && i < g->n_values; i++) values[n++] = &g->values[i];
    snprintf(path, sizeof path, "%s/tiny-%05d-of-%05d.gguf", folder, part + 1, PARTS);
    const struct gguf_head head = {values, n, g->tensors + first, end - first};
    assert_int_equal(gguf_write_open(g->ctx, path, &w), VIDI_OK);
    assert_int_equal(gguf_write_head(&w, &head), VIDI_OK);
    for (uint32_t i = first; i < end; i++)
        assert_int_equal(gguf_write_data(&w, g->tensors[i].data, g->tensors[i].bytes, true),
                         VIDI_OK);
    assert_int_equal(gguf_write_done(&w), VIDI_OK);
    gguf_write_close(&w);
    free(values);
}

/* The language model in three parts, and its vision part beside them. */
static void write_folder(char *folder, size_t cap) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    char from[300], root[512], eyes[1000], beside[700];
    snprintf(folder, cap, "%s", family_folder("shards"));
    snprintf(from, sizeof from, "%s/tiny.gguf", model);
    assert_int_equal(gguf_open(&ctx, from, &g), VIDI_OK);
    for (int i = 0; i < PARTS; i++)
        write_part(&g, folder, i, g.n_tensors * (uint32_t)i / PARTS,
                   g.n_tensors * (uint32_t)(i + 1) / PARTS);
    gguf_close(&g);
    assert_non_null(getcwd(root, sizeof root));
    snprintf(eyes, sizeof eyes, "%s/%s/mmproj-tiny.gguf", root, model);
    snprintf(beside, sizeof beside, "%s/mmproj-tiny.gguf", folder);
    unlink(beside);
    assert_int_equal(symlink(eyes, beside), 0);
}

static void split(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char folder[600], first[700];
    write_folder(folder, sizeof folder);
    snprintf(first, sizeof first, "%s/tiny-00001-of-00003.gguf", folder);
    for (int named = 0; named < 2; named++) { /* by the folder, then by the first part alone */
        ask_open(&a, device, "kv_f32", named ? first : folder,
                 &(vidi_chat_config){.raw = named, .max_tokens = ANSWER});
        assert_int_equal(a.m->file.n_shards, PARTS - 1);
        const char *dump = family_folder("shards_dump");
        if (named) {
            ask(&a, NULL, "What?", NULL, NULL, ids, 1, &n);
            assert_int_equal(n, 1);
        } else {
            ask(&a, "tests/families/mmproj/internvl/wide.png", "What?", "*", dump, ids, ANSWER, &n);
            expect_alike(a.v, golden, dump, limit, 4);
            assert_int_equal(n, ANSWER);
            expect_answer(golden, ids, n);
        }
        ask_close(&a);
    }
}

static void test_split(void **state) {
    (void)state;
    on_devices(split);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
