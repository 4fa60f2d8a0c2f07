/* safetensors files and folders: what is sound opens, what is not is refused by name. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/safetensors.h"

/* A file with this header and `data_bytes` bytes of data 0, 1, 2 ..; its length. */
static uint64_t make(unsigned char *to, const char *header, uint64_t data_bytes) {
    const uint64_t len = strlen(header);
    for (int i = 0; i < 8; i++) to[i] = (unsigned char)(len >> 8 * i);
    memcpy(to + 8, header, len);
    for (uint64_t i = 0; i < data_bytes; i++) to[8 + len + i] = (unsigned char)i;
    return 8 + len + data_bytes;
}

#define ENTRY(name, dtype, shape, from, to)                                                        \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]" \
    "}"

static void sound_files_open(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    unsigned char file[2048];
    struct safetensors s;
    const uint64_t n = make(
        file,
        "{\"__metadata__\":{\"format\":\"pt\"}," ENTRY("b", "BF16", "[2,3]", "4", "16") "," ENTRY(
            "a", "F32", "[1]", "0", "4") "," ENTRY("none", "I64", "[0,7]", "16",
                                                   "16") "," ENTRY("flags", "BOOL", "[5]", "16",
                                                                   "21") "}  ",
        21);
    if (safetensors_open_memory(&ctx, "F", file, n, &s) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(s.n_tensors, 4);
    const struct st_tensor *a = safetensors_find(&s, "a"), *b = safetensors_find(&s, "b");
    assert_non_null(a);
    assert_non_null(b);
    assert_null(safetensors_find(&s, "c"));
    assert_null(safetensors_find(&s, "__metadata__"));
    assert_true(a->type == VD_F32 && a->n_dims == 1 && a->bytes == 4);
    assert_true(b->type == VD_BF16 && b->n_dims == 2 && b->dims[0] == 2 && b->dims[1] == 3);
    assert_int_equal(((const unsigned char *)b->data)[0], 4);
    assert_int_equal(safetensors_find(&s, "none")->bytes, 0);
    assert_int_equal(safetensors_find(&s, "flags")->type, VD_TYPE_NONE);
    assert_string_equal(safetensors_find(&s, "flags")->dtype, "BOOL");
    safetensors_close(&s);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static const struct {
    const char *header;
    uint64_t bytes;
    const char *words;
} broken[] = {
    {"", 0, "header"},
    {"[]", 0, "no object"},
    {"{\"a\":1}", 0, "no object"},
    {"{" ENTRY("a", "F32", "[1]", "0", "4"), 4, "near byte"},
    {"{" ENTRY("a", "F32", "[1]", "0", "4") "," ENTRY("a", "F32", "[1]", "4", "8") "}", 8,
     "duplicate"},
    {"{" ENTRY("", "F32", "[1]", "0", "4") "}", 4, "names have"},
    {"{" ENTRY("a", "F31", "[1]", "0", "4") "}", 4, "dtype F31 is unknown"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "shape is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets"},
    {"{" ENTRY("a", "F32", "[-1]", "0", "4") "}", 4, "whole numbers"},
    {"{" ENTRY("a", "F32", "[1.0]", "0", "4") "}", 4, "whole numbers"},
    {"{" ENTRY("a", "F32", "[true]", "0", "4") "}", 4, "whole numbers"},
    {"{" ENTRY("a", "F32", "[2147483648]", "0", "4") "}", 4, "whole numbers"},
    {"{" ENTRY("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, "more than 8"},
    {"{" ENTRY("a", "F32", "[2147483647,2147483647,2147483647]", "0", "4") "}", 4, "overflows"},
    {"{" ENTRY("a", "F32", "[2]", "0", "4") "}", 4, "its shape needs 8"},
    {"{" ENTRY("a", "F32", "[1]", "0", "8") "}", 4, "outside the 4 bytes"},
    {"{" ENTRY("a", "F32", "[1]", "4", "0") "}", 4, "outside the 4 bytes"},
    {"{" ENTRY("a", "F32", "[1]", "-4", "0") "}", 4, "not two whole numbers"},
    {"{" ENTRY("a", "F32", "[2]", "0", "8") "," ENTRY("b", "F32", "[1]", "4", "8") "}", 8,
     "overlaps"},
    {"{" ENTRY("a", "F32", "[1]", "0", "4") "," ENTRY("b", "F32", "[1]", "8", "12") "}", 12, "gap"},
    {"{" ENTRY("a", "F32", "[1]", "4", "8") "}", 8, "gap"},
    {"{" ENTRY("a", "F32", "[1]", "0", "4") "}", 5, "1 bytes behind the last tensor"},
};

static void broken_files_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct vd_ctx ctx = {0};
        unsigned char file[2048];
        struct safetensors s;
        const uint64_t n = make(file, broken[i].header, broken[i].bytes);
        if (safetensors_open_memory(&ctx, "F", file, n, &s) != VIDI_E_FORMAT)
            fail_msg("accepted: %s", broken[i].header);
        assert_words(&ctx, "F: ");
        assert_words(&ctx, broken[i].words);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

static void every_cut_is_refused(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    unsigned char file[512];
    struct safetensors s;
    const uint64_t n = make(file, "{" ENTRY("a", "F32", "[3]", "0", "12") "}", 12);
    for (uint64_t len = 0; len < n; len++)
        assert_int_equal(safetensors_open_memory(&ctx, "F", file, len, &s), VIDI_E_FORMAT);
    file[7] = 0xff; /* a header length of 2^63 and more */
    assert_int_equal(safetensors_open_memory(&ctx, "F", file, n, &s), VIDI_E_FORMAT);
    assert_words(&ctx, "header of");
    print_message("%d cuts\n", (int)n);
}

/* A folder of these files; NULL text: not written. */
struct shard {
    const char *name, *header;
    uint64_t bytes;
};
static const char *folder_of(const char *index, const struct shard *shards, size_t n) {
    static char folder[512];
    snprintf(folder, sizeof folder, "%s", scratch("shards"));
    char path[1024];
    assert_int_equal(mkdir(folder, 0700), 0);
    for (size_t i = 0; i <= n; i++) {
        unsigned char data[1024];
        uint64_t bytes;
        if (i < n) {
            bytes = make(data, shards[i].header, shards[i].bytes);
            snprintf(path, sizeof path, "%s/%s", folder, shards[i].name);
        } else {
            if (!index) break;
            bytes = strlen(index);
            memcpy(data, index, bytes);
            snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
        }
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(data, 1, bytes, f), bytes);
        fclose(f);
    }
    return folder;
}

static void remove_folder(const char *folder, const struct shard *shards, size_t n) {
    char path[1024];
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, shards[i].name);
        remove(path);
    }
    snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
    remove(path);
    assert_int_equal(rmdir(folder), 0);
}

static const struct shard two[] = {
    {"x-1.safetensors", "{" ENTRY("a", "F32", "[1]", "0", "4") "}", 4},
    {"x-2.safetensors", "{" ENTRY("b", "F16", "[2]", "0", "4") "}", 4},
};
#define INDEX(map) "{\"metadata\":{},\"weight_map\":{" map "}}"
static const char right[] = INDEX("\"a\":\"x-1.safetensors\",\"b\":\"x-2.safetensors\"");

static void shards_become_one(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct safetensors_folder f;
    const char *folder = folder_of(right, two, 2);
    if (safetensors_folder_open(&ctx, folder, &f) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(f.n_shards, 2);
    assert_int_equal(safetensors_folder_find(&f, "a")->type, VD_F32);
    assert_int_equal(safetensors_folder_find(&f, "b")->type, VD_F16);
    assert_null(safetensors_folder_find(&f, "c"));
    safetensors_folder_close(&f);
    assert_int_equal(ctx.heap.live_bytes, 0);
    remove_folder(folder, two, 2);

    const struct shard one[] = {{"model.safetensors", two[0].header, 4}};
    folder = folder_of(NULL, one, 1);
    assert_int_equal(safetensors_folder_open(&ctx, folder, &f), VIDI_OK);
    assert_non_null(safetensors_folder_find(&f, "a"));
    safetensors_folder_close(&f);
    remove_folder(folder, one, 1);
}

static void broken_folders_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *index, *words;
        size_t shards;
    } cases[] = {
        {NULL, "holds neither model.safetensors nor", 2},
        {"{", "index.json: ", 2},
        {"{}", "weight_map is missing", 2},
        {INDEX(""), "names no file", 2},
        {INDEX("\"a\":\"../x-1.safetensors\""), "wants the name of a file", 2},
        {INDEX("\"a\":7"), "wants the name of a file", 2},
        {right, "x-2.safetensors", 1},
        {INDEX("\"a\":\"x-1.safetensors\",\"b\":\"x-2.safetensors\",\"c\":\"x-2.safetensors\""),
         "tensor c is not in x-2.safetensors", 2},
        {INDEX("\"a\":\"x-1.safetensors\",\"b\":\"x-1.safetensors\""), "tensor b is not in", 2},
        {INDEX("\"b\":\"x-2.safetensors\",\"c\":\"x-1.safetensors\""), "is not", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_ctx ctx = {0};
        struct safetensors_folder f;
        const char *folder = folder_of(cases[i].index, two, cases[i].shards);
        if (safetensors_folder_open(&ctx, folder, &f) == VIDI_OK)
            fail_msg("accepted: %s", cases[i].index);
        assert_words(&ctx, cases[i].words);
        assert_int_equal(ctx.heap.live_bytes, 0);
        remove_folder(folder, two, cases[i].shards);
    }
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    const char *folder = folder_of(right, two, 2);
    vidi_status status = VIDI_E_MEMORY;
    uint64_t fail_at = 0;
    while (status != VIDI_OK && fail_at < 1000) {
        struct vd_ctx ctx = {.heap.fail_at = ++fail_at};
        struct safetensors_folder f;
        status = safetensors_folder_open(&ctx, folder, &f);
        assert_true(status == VIDI_OK || status == VIDI_E_MEMORY);
        safetensors_folder_close(&f);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
    assert_true(fail_at > 5 && fail_at < 1000);
    remove_folder(folder, two, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_files_open),           cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(every_cut_is_refused),       cmocka_unit_test(shards_become_one),
        cmocka_unit_test(broken_folders_are_refused), cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
