/* .npy files: what NumPy writes is read, what is unsound is refused, what is written reads back. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/npy.h"

/* A file of version 1 (or 2, 3) with this header text and `bytes` bytes of data. */
static uint64_t make(unsigned char *to, int version, const char *text, const void *data,
                     uint64_t bytes) {
    const uint64_t len = strlen(text), head = version == 1 ? 10 : 12;
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (unsigned char)version;
    to[7] = 0;
    for (uint64_t i = 8; i < head; i++) to[i] = (unsigned char)(len >> 8 * (i - 8));
    memcpy(to + head, text, len);
    if (bytes) memcpy(to + head + len, data, bytes);
    return head + len + bytes;
}

#define HEAD(descr, shape) \
    "{'descr': '" descr "', 'fortran_order': False, 'shape': " shape ", }  \n"

static struct npy decoded(struct arena *a, int version, const char *text, const void *data,
                          uint64_t bytes) {
    unsigned char file[1024];
    struct npy n;
    const uint64_t len = make(file, version, text, data, bytes);
    if (npy_decode(a, "F", file, len, &n) != VIDI_OK) fail_msg("%s: %s", text, a->ctx->error);
    return n;
}

static void test_types(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    static const float f4[6] = {1, -2.5f, 3e38f, -0.0f, 1e-45f, 6};
    static const double f8[3] = {0.1, -1e-300, 3.4e38};
    static const int32_t i4[2] = {INT32_MIN, INT32_MAX};
    static const int64_t i8[3] = {INT32_MIN, INT32_MAX, -1};
    for (int version = 1; version <= 3; version++) {
        struct npy n = decoded(&a, version, HEAD("<f4", "(3, 2)"), f4, 24);
        assert_true(n.n_dims == 2 && n.dims[0] == 3 && n.dims[1] == 2 && n.count == 6 && !n.i);
        assert_memory_equal(n.f, f4, 24);
        n = decoded(&a, version, HEAD("<f8", "(3,)"), f8, 24);
        assert_true(n.n_dims == 1 && n.f[0] == 0.1f && n.f[1] == 0 && n.f[2] == 3.4e38f);
        n = decoded(&a, version, HEAD("<i4", "(1, 2, 1)"), i4, 8);
        assert_true(n.n_dims == 3 && !n.f && n.i[0] == INT32_MIN && n.i[1] == INT32_MAX);
        n = decoded(&a, version, HEAD("<i8", "(3,)"), i8, 24);
        assert_true(n.i[0] == INT32_MIN && n.i[1] == INT32_MAX && n.i[2] == -1);
    }
    struct npy n = decoded(&a, 1, HEAD("<f4", "()"), f4, 4);
    assert_true(n.n_dims == 0 && n.count == 1 && n.f[0] == 1);
    n = decoded(&a, 1, HEAD("<f4", "(4, 0)"), f4, 0);
    assert_true(n.n_dims == 2 && n.count == 0 && n.f);
    n = decoded(&a, 1, "{\"shape\":(2,),\"descr\":\"<f4\",\"fortran_order\":False}", f4, 8);
    assert_true(n.count == 2);
    arena_close(&a);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
        uint64_t bytes;
    } bad[] = {
        {HEAD("<f4", "(3, 2)"), "need 24 bytes, and 20 are there", 20},
        {HEAD("<f4", "(3, 2)"), "need 24 bytes, and 28 are there", 28},
        {HEAD(">f4", "(3,)"), "F: header at byte 25: descr is not one of <f4 <f8 <i4 <i8", 12},
        {HEAD("<f2", "(3,)"), "descr is not one of", 6},
        {HEAD("|u1", "(3,)"), "descr is not one of", 3},
        {HEAD("<f4", "(4294967296, 4294967296)"), "more bytes than 2^64", 0},
        {HEAD("<f4", "(4611686018427387904,)"), "more bytes than 2^64", 0},
        {HEAD("<f4", "(0, 4294967296, 4294967296)"), "more bytes than 2^64", 0},
        {HEAD("<f4", "(99999999999999999999,)"), "a dim is above 2^64 - 1", 0},
        {HEAD("<f4", "(-1,)"), "a dim was expected", 0},
        {HEAD("<f4", "(3 2)"), "shape lacks a comma or its )", 24},
        {HEAD("<f4", "(1,1,1,1,1,1,1,1,1)"), "shape has more than 8 dims", 4},
        {HEAD("<f4", "3"), "shape does not begin with (", 12},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", "only C order is read", 8},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "fortran_order is not False", 8},
        {"{'descr': '<f4', 'fortran_order': False, }", "lacks one of descr", 4},
        {"{'descr': '<f4', 'shape': (), }", "lacks one of descr", 4},
        {"{'shape': (), 'fortran_order': False, }", "lacks one of descr", 4},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "in quotes", 4},
        {"{'descr': '<f4", "a text does not end", 0},
        {"{'descr' '<f4'", "a : was expected", 0},
        {"{'what': 1}", "a key is not one of", 0},
        {"{'descr': '<f4' 'shape': ()}", "lacks a comma or its }", 4},
        {HEAD("<f4", "()") "x", "goes on after its }", 4},
        {"", "does not begin with {", 4},
        {"{'descr': '<f4', 'fortran_order': Fals", "fortran_order is not False", 0},
        {"{'shape': (1,", "a dim was expected", 0},
    };
    struct vd_ctx ctx = {0};
    struct arena a;
    arena_open(&a, &ctx);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned char file[1024];
        static const unsigned char zeros[64];
        struct npy n = {.count = 77};
        const uint64_t len = make(file, 1, bad[i].text, zeros, bad[i].bytes);
        if (npy_decode(&a, "F", file, len, &n) != VIDI_E_FORMAT)
            fail_msg("%s was read", bad[i].text);
        assert_words(&ctx, bad[i].words);
        assert_int_equal(n.count, 77);
    }
    unsigned char file[64] = "\x93NUMPX\1";
    struct npy n;
    assert_int_equal(npy_decode(&a, "F", file, 64, &n), VIDI_E_FORMAT);
    assert_words(&ctx, "F: header at byte 0: does not begin with \\x93NUMPY");
    make(file, 1, "{}", "", 0);
    for (int version = 0; version < 256; version++) {
        if (version >= 1 && version <= 3) continue;
        file[6] = (unsigned char)version;
        assert_int_equal(npy_decode(&a, "F", file, 64, &n), VIDI_E_FORMAT);
        assert_words(&ctx, "header at byte 6: version is not 1, 2 or 3");
    }
    memset(file + 6, 255, 10);
    file[6] = 2;
    assert_int_equal(npy_decode(&a, "F", file, 64, &n), VIDI_E_FORMAT);
    assert_words(&ctx, "is cut");
    arena_close(&a);
}

static void test_values_that_do_not_fit(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    struct npy n;
    unsigned char file[256];
    arena_open(&a, &ctx);
    const double f8[2] = {1, -1e39}, inf[2] = {(double)INFINITY, -(double)INFINITY};
    const int64_t above[2] = {0, INT64_C(1) << 31}, below[2] = {0, -(INT64_C(1) << 31) - 1};
    assert_int_equal(npy_decode(&a, "F", file, make(file, 1, HEAD("<f8", "(2,)"), f8, 16), &n),
                     VIDI_E_FORMAT);
    assert_words(&ctx, "F: entry 1 at byte ");
    assert_int_equal(npy_decode(&a, "F", file, make(file, 1, HEAD("<f8", "(2,)"), inf, 16), &n),
                     VIDI_OK);
    assert_true(n.f[0] == INFINITY && n.f[1] == -INFINITY);
    assert_int_equal(npy_decode(&a, "F", file, make(file, 1, HEAD("<i8", "(2,)"), above, 16), &n),
                     VIDI_E_FORMAT);
    assert_int_equal(npy_decode(&a, "F", file, make(file, 1, HEAD("<i8", "(2,)"), below, 16), &n),
                     VIDI_E_FORMAT);
    assert_words(&ctx, "does not fit an i4");
    arena_close(&a);
}

static void test_cut(void **state) {
    (void)state;
    unsigned char file[256];
    static const float f4[6];
    const uint64_t len = make(file, 2, HEAD("<f4", "(3, 2)"), f4, 24);
    for (uint64_t n = 0; n < len; n++) {
        struct vd_ctx ctx = {0};
        struct arena a;
        struct npy out;
        unsigned char *exact = malloc(n ? n : 1);
        memcpy(exact, file, n);
        arena_open(&a, &ctx);
        assert_int_equal(npy_decode(&a, "F", exact, n, &out), VIDI_E_FORMAT);
        arena_close(&a);
        free(exact);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

static void test_written(void **state) {
    (void)state;
    static const float f[24] = {1, -1, 0.5f, NAN, INFINITY};
    static const int32_t i[24] = {INT32_MIN, -1, 0, 1, INT32_MAX};
    const uint64_t dims[8] = {1, 2, 3, 1, 4, 1, 1, 1};
    for (uint32_t n_dims = 0; n_dims <= 8; n_dims++) {
        struct vd_ctx ctx = {0};
        struct arena a;
        struct npy n;
        arena_open(&a, &ctx);
        const char *path = scratch("written.npy");
        if (npy_write_f32(&ctx, path, f, dims, n_dims) != VIDI_OK) fail_msg("%s", ctx.error);
        if (npy_read(&a, path, &n) != VIDI_OK) fail_msg("%s", ctx.error);
        assert_int_equal(n.n_dims, n_dims);
        uint64_t count = 1;
        for (uint32_t d = 0; d < n_dims; d++) {
            assert_int_equal(n.dims[d], dims[d]);
            count *= dims[d];
        }
        assert_int_equal(n.count, count);
        assert_memory_equal(n.f, f, 4 * count);
        uint64_t bytes;
        unsigned char *raw = slurp(path, &bytes);
        assert_int_equal((bytes - 4 * count) % 64, 0); /* the data is aligned, as NumPy's is */
        assert_int_equal(raw[bytes - 4 * count - 1], '\n');
        free(raw);
        assert_int_equal(npy_write_i32(&ctx, path, i, dims, n_dims), VIDI_OK);
        assert_int_equal(npy_read(&a, path, &n), VIDI_OK);
        assert_memory_equal(n.i, i, 4 * count);
        assert_null(n.f);
        unlink(path);
        arena_close(&a);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* Longest header: eight dims of twenty digits each. */
static void test_writing_fails(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    const uint64_t big[9] = {UINT64_MAX, 0,          UINT64_MAX, UINT64_MAX,
                             UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const uint64_t empty[8] = {0,          UINT64_MAX, UINT64_MAX, UINT64_MAX,
                               UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const float f = 0;
    const char *path = scratch("big.npy");
    assert_int_equal(npy_write_f32(&ctx, path, &f, big, 3), VIDI_E_ARGUMENT);
    assert_words(&ctx, "more bytes than 2^64");
    assert_int_equal(npy_write_f32(&ctx, path, &f, big, 9), VIDI_E_ARGUMENT);
    assert_int_equal(npy_write_f32(&ctx, path, &f, empty, 8), VIDI_OK);
    unlink(path);
    const char *none = scratch("no/such/folder.npy");
    assert_int_equal(npy_write_f32(&ctx, none, &f, empty, 1), VIDI_E_IO);
    assert_words(&ctx, "cannot be written: No such file");
    assert_int_equal(mkdir(path, 0700),
                     0); /* the last step fails, and its beginnings are removed */
    assert_int_equal(npy_write_f32(&ctx, path, &f, NULL, 0), VIDI_E_IO);
    rmdir(path);
    assert_int_equal(npy_write_f32(&ctx, "/dev/full/x", &f, NULL, 0), VIDI_E_IO);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_out_of_memory(void **state) {
    (void)state;
    const float f[2000] = {1};
    struct vd_ctx plain = {0};
    const char *path = scratch("memory.npy");
    assert_int_equal(npy_write_f32(&plain, path, f, (const uint64_t[]){2000}, 1), VIDI_OK);
    vidi_status status = VIDI_E_MEMORY;
    for (uint64_t n = 1; status != VIDI_OK; n++) {
        struct vd_ctx ctx = {.heap.fail_at = n};
        struct arena a;
        struct npy out;
        arena_open(&a, &ctx);
        status = npy_read(&a, path, &out);
        assert_true(status == VIDI_OK ? n > 2 : status == VIDI_E_MEMORY);
        arena_close(&a);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
    struct vd_ctx ctx = {.heap.fail_at = 1};
    assert_int_equal(npy_write_f32(&ctx, path, f, NULL, 0), VIDI_E_MEMORY);
    unlink(path);
}

static void test_files(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct arena a;
    struct npy n;
    arena_open(&a, &ctx);
    assert_int_equal(npy_read(&a, scratch("none.npy"), &n), VIDI_E_IO);
    assert_int_equal(npy_read(&a, "tests", &n), VIDI_E_IO);
    const char *path = scratch_file("empty.npy", "", 0);
    assert_int_equal(npy_read(&a, path, &n), VIDI_E_FORMAT);
    assert_words(&ctx, "header at byte 0: is cut");
    assert_int_equal(truncate(path, (INT64_C(4) << 30) + 1), 0);
    assert_int_equal(npy_read(&a, path, &n), VIDI_E_FORMAT);
    assert_words(&ctx, "has 4294967297 bytes, and the limit is 4294967296");
    unlink(path);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_values_that_do_not_fit),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_writing_fails),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
