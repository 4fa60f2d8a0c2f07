/* The seeds of the fuzz targets, in every build: good_* is accepted, bad_* is refused, and what the
 * targets check holds for all of them. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/oracle_gguf.h"
#include "io/npy.h"
#include "io/picture.h"
#include "io/safetensors.h"

typedef vidi_status try_fn(struct vd_ctx *ctx, const void *data, uint64_t bytes);

static vidi_status try_gguf(struct vd_ctx *ctx, const void *data, uint64_t bytes) {
    struct gguf g;
    const vidi_status status = gguf_open_memory(ctx, "F", data, bytes, &g);
    gguf_close(&g);
    if (!oracle_gguf(data, bytes)) fail_msg("%s", oracle_failed);
    return status;
}

static vidi_status try_npy(struct vd_ctx *ctx, const void *data, uint64_t bytes) {
    struct arena a;
    struct npy n;
    arena_open(&a, ctx);
    const vidi_status status = npy_decode(&a, "F", data, bytes, &n);
    arena_close(&a);
    return status;
}

static vidi_status try_picture(struct vd_ctx *ctx, const void *data, uint64_t bytes) {
    struct picture p;
    const vidi_status status = picture_decode(ctx, "F", data, bytes, &p);
    picture_free(ctx, &p);
    return status;
}

static vidi_status try_safetensors(struct vd_ctx *ctx, const void *data, uint64_t bytes) {
    struct safetensors s;
    const vidi_status status = safetensors_open_memory(ctx, "F", data, bytes, &s);
    safetensors_close(&s);
    return status;
}

static void each_seed(const char *target, try_fn *attempt, vidi_status refused, int at_least) {
    char path[512];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s", target);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int n = 0, wrong = 0;
    for (const struct dirent *e; (e = readdir(folder));) {
        const bool good = strncmp(e->d_name, "good_", 5) == 0;
        if (!good && strncmp(e->d_name, "bad_", 4) != 0) continue;
        snprintf(path, sizeof path, "tests/fuzz/corpus/%s/%.200s", target, e->d_name);
        struct vd_ctx ctx = {0};
        uint64_t bytes = 0;
        unsigned char *data = slurp(path, &bytes);
        assert_non_null(data);
        unsigned char *exact =
            malloc(bytes ? bytes : 1); /* a sanitizer sees the first byte too many */
        memcpy(exact, data, bytes);
        const vidi_status status = attempt(&ctx, exact, bytes);
        if (status != (good ? VIDI_OK : refused)) {
            print_message("%s gives %d: %s\n", path, status, ctx.error);
            wrong++;
        }
        if (status != VIDI_OK) assert_int_equal(strncmp(ctx.error, "F: ", 3), 0);
        assert_int_equal(ctx.heap.live_bytes, 0);
        free(exact);
        free(data);
        n++;
    }
    closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(n >= at_least);
}

static void test_gguf(void **state) {
    (void)state;
    each_seed("gguf", try_gguf, VIDI_E_FORMAT, 200);
}

static void test_npy(void **state) {
    (void)state;
    each_seed("npy", try_npy, VIDI_E_FORMAT, 60);
}

static void test_picture(void **state) {
    (void)state;
    each_seed("picture", try_picture, VIDI_E_IMAGE, 200);
}

static void test_safetensors(void **state) {
    (void)state;
    each_seed("safetensors", try_safetensors, VIDI_E_FORMAT, 13);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gguf), cmocka_unit_test(test_npy),
                                       cmocka_unit_test(test_safetensors),
                                       cmocka_unit_test(test_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
