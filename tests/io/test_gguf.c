/* GGUF: what is read from sound files, what is said of unsound ones, and that nothing gets past. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/oracle_gguf.h"
#include "gguf_make.h"
#include "io/safetensors.h"

static void opened(struct gguf *g, struct vd_ctx *ctx, const struct make *m) {
    if (gguf_open_memory(ctx, "F", m->data, m->n, g) != VIDI_OK) fail_msg("%s", ctx->error);
}

static void test_values(void **state) {
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        struct make m = make_sample(version);
        opened(&g, &ctx, &m);
        assert_int_equal(g.version, version);
        assert_int_equal(g.alignment, 64);
        assert_int_equal(g.n_values, 26);
        static const int64_t ints[] = {0x10, 0x10, 0x3210, 0x3210, 0x76543210, 0x76543210};
        static const char *const names[] = {"u8", "i8", "u16", "i16", "u32", "i32"};
        for (int i = 0; i < 6; i++) {
            uint32_t u;
            char array[16] = "a.";
            assert_int_equal(gguf_u32(&g, names[i], &u), VIDI_OK);
            assert_int_equal(u, ints[i]);
            const struct gguf_value *v = gguf_find(&g, strcat(array, names[i]));
            assert_non_null(v);
            assert_int_equal(v->n, 3);
            for (int k = 0; k < 3; k++) assert_int_equal(gguf_int_at(v, k), ints[i] + k);
            assert_true(gguf_float_at(v, 2) == (double)(ints[i] + 2));
            assert_int_equal(gguf_str_at(v, 0).len, 0);
        }
        float f;
        bool b = false;
        struct str s;
        const struct gguf_value *v;
        assert_int_equal(gguf_f32(&g, "f32", &f), VIDI_OK);
        assert_true(f == 1.5f);
        assert_int_equal(gguf_f32(&g, "f64", &f), VIDI_OK);
        assert_true(f == -2.5f);
        assert_int_equal(gguf_bool(&g, "bool", &b), VIDI_OK);
        assert_true(b);
        assert_int_equal(gguf_str(&g, "string", &s), VIDI_OK);
        assert_true(s.len == 5 && memcmp(s.ptr, "words", 5) == 0);
        assert_int_equal(gguf_array(&g, "a.string", GGUF_STRING, &v), VIDI_OK);
        for (unsigned i = 0; i < 3; i++) {
            s = gguf_str_at(v, i);
            assert_true(s.len == 3 - i && memcmp(s.ptr, &"abc"[i], 3 - i) == 0);
        }
        assert_int_equal(gguf_int_at(v, 1), 0);
        assert_int_equal(gguf_array(&g, "none", GGUF_STRING, &v), VIDI_OK);
        assert_int_equal(v->n, 0);
        assert_int_equal(gguf_int_at(gguf_find(&g, "u64"), 0), INT64_MAX); /* too large: the end */
        assert_int_equal(gguf_int_at(gguf_find(&g, "i64"), 0),
                         (int64_t)UINT64_C(0xfedcba9876543210));
        assert_int_equal(gguf_int_at(gguf_find(&g, "a.bool"), 1), 1);
        assert_int_equal(gguf_int_at(gguf_find(&g, "f64"), 0), -2);
        gguf_close(&g);
        assert_int_equal(ctx.heap.live_bytes, 0);
        free(m.data);
    }
}

static void test_tensors(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct make m = make_sample(3);
    opened(&g, &ctx, &m);
    static const struct {
        const char *name;
        enum vd_type type;
        uint32_t n_dims;
        uint64_t dims[4], bytes, offset;
    } want[] = {
        {"x.f32", VD_F32, 2, {3, 2, 1, 1}, 24, 64},
        {"x.q4_0", VD_Q4_0, 4, {64, 2, 1, 3}, 216, 128},
        {"x.tq1_0", VD_TYPE_NONE, 1, {256, 1, 1, 1}, 54, 384},
        {"x.first", VD_BF16, 1, {8, 1, 1, 1}, 16, 0},
        {"x.scalar", VD_F64, 0, {1, 1, 1, 1}, 8, 448},
    };
    assert_int_equal(g.n_tensors, 5);
    assert_int_equal(g.data_start % 64, 0);
    for (int i = 0; i < 5; i++) {
        const struct gguf_tensor *t = gguf_tensor(&g, want[i].name);
        assert_ptr_equal(t, &g.tensors[i]); /* in the order of the file */
        assert_int_equal(t->type, want[i].type);
        assert_int_equal(t->n_dims, want[i].n_dims);
        assert_memory_equal(t->dims, want[i].dims, sizeof t->dims);
        assert_int_equal(t->bytes, want[i].bytes);
        assert_ptr_equal(t->data, m.data + g.data_start + want[i].offset);
    }
    assert_null(gguf_tensor(&g, "x.none"));
    assert_null(gguf_tensor(&g, ""));
    gguf_close(&g);
    free(m.data);
}

static void test_getters_refuse(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct make m = make_sample(3);
    opened(&g, &ctx, &m);
    uint32_t u = 7;
    float f = 7;
    bool b;
    struct str s;
    const struct gguf_value *v;
    assert_int_equal(gguf_u32(&g, "not.there", &u), VIDI_E_FORMAT);
    assert_words(&ctx, "F: key not.there is missing");
    assert_int_equal(gguf_u32(&g, "i64", &u), VIDI_E_FORMAT);
    assert_words(&ctx, "is -81985529216486896, not in 0 to 4294967295");
    assert_int_equal(gguf_u32(&g, "u64", &u), VIDI_E_FORMAT);
    assert_words(&ctx, "is 18364758544493064720, not in");
    assert_int_equal(gguf_u32(&g, "f32", &u), VIDI_E_FORMAT);
    assert_words(&ctx, "is f32, not an integer");
    assert_int_equal(gguf_u32(&g, "bool", &u), VIDI_E_FORMAT);
    assert_int_equal(gguf_u32(&g, "a.u32", &u), VIDI_E_FORMAT);
    assert_words(&ctx, "is an array of u32, not an integer");
    assert_int_equal(u, 7);
    assert_int_equal(gguf_f32(&g, "u32", &f), VIDI_E_FORMAT);
    assert_int_equal(gguf_f32(&g, "a.f32", &f), VIDI_E_FORMAT);
    const double big = 1e300;
    memcpy(m.data + make_find(&m, "f64") + 3 + 4, &big, 8);
    assert_int_equal(gguf_f32(&g, "f64", &f), VIDI_E_FORMAT);
    assert_words(&ctx, "is 1e+300, more than a float holds");
    assert_true(f == 7);
    assert_int_equal(gguf_bool(&g, "u8", &b), VIDI_E_FORMAT);
    assert_int_equal(gguf_str(&g, "u8", &s), VIDI_E_FORMAT);
    assert_int_equal(gguf_str(&g, "a.string", &s), VIDI_E_FORMAT);
    assert_int_equal(gguf_array(&g, "u8", GGUF_U8, &v), VIDI_E_FORMAT);
    assert_int_equal(gguf_array(&g, "a.u8", GGUF_I8, &v), VIDI_E_FORMAT);
    assert_words(&ctx, "is an array of u8, not an array of i8");
    gguf_close(&g);
    free(m.data);
}

/* One place of the sample changed: `delta` bytes behind the first byte of a name (or of the file).
 */
static const struct {
    const char *name;
    uint64_t delta;
    int bytes;
    uint64_t value;
    const char *words;
} changes[] = {
    {"GGUF", 0, 4, 0x47475546, "F: magic at byte 0: is 46 55 47 47, not \"GGUF\""},
    {"GGUF", 4, 4, 1, "F: version at byte 4: is 1, and 2 and 3 can be read"},
    {"GGUF", 4, 4, 4, "version at byte 4: is 4,"},
    {"GGUF", 4, 4, 0x03000000, "big-endian"},
    {"GGUF", 8, 8, 65537, "count of tensors at byte 8: is 65537, more than the limit of 65536"},
    {"GGUF", 8, 8, 2000, "count of tensors at byte 8: is 2000, but the bytes left have room for"},
    {"GGUF", 8, 8, UINT64_MAX, "is 18446744073709551615, more than the limit of 65536"},
    {"GGUF", 16, 8, 65537, "count of keys at byte 16: is 65537"},
    {"GGUF", 16, 8, 30000, "count of keys at byte 16: is 30000, but the bytes left have room for"},
    {"general.alignment", 21, 4, 0,
     "key 0 (general.alignment), value at byte 53: is 0, not a power"},
    {"general.alignment", 21, 4, 4, "is 4, not a power of two in 8 to 65536"},
    {"general.alignment", 21, 4, 96, "is 96, not a power of two"},
    {"general.alignment", 21, 4, 131072, "is 131072, not a power of two"},
    {"general.alignment", 17, 4, 5, "is of type i32, not u32"},
    {"general.alignment", 17, 4, 13, "type at byte 49: is 13, more than the limit of 12"},
    {"none", 0, 1, 'f', ""},
    {"none", 4, 4, 99, "key 1 (none), type at byte"},
    {"none", 8, 4, 9, "is an array, and arrays do not nest"},
    {"none", 8, 4, 77, "type of the entries at byte"},
    {"none", 12, 8, UINT64_MAX, "count of entries at byte"},
    {"none", 12, 8, UINT64_MAX / 8 + 2, "more than the limit"},
    {"none", 12, 8, 400, "is 400, but the bytes left have room for"},
    {"a.u8", 12, 8, 65536, "is 65536, but the bytes left have room for"},
    {"bool", 8, 1, 2, "(bool), value at byte"},
    {"a.bool", 22 + 1, 1, 3, "is 3, but a bool is 0 or 1"},
    {"string", 10, 8, UINT64_MAX, "(string), value at byte"},
    {"string", 10, 8, 67108865, "is 67108865, more than the limit of 67108864"},
    {"string", 10, 8, 5000, "needs 5000 bytes, but the file ends at byte"},
    {"x.f32", 5, 4, 5, "tensor 0 (x.f32), count of dims at byte"},
    {"x.f32", 9, 8, 0, "tensor 0 (x.f32), dim 0 at byte"},
    {"x.f32", 17, 8, UINT64_C(1) << 31, "dim 1 at byte"},
    {"x.f32", 17, 8, UINT64_MAX, "is 18446744073709551615, more than the limit of 2147483647"},
    {"x.f32", 17, 8, 1000, "and 12000 bytes from there do not lie in the file"},
    {"x.f32", 25, 4, 4, "type at byte"},
    {"x.f32", 25, 4, 4, "is 4, which is no type that is known here"},
    {"x.f32", 25, 4, 40, "is 40, which is no type"},
    {"x.f32", 25, 4, UINT32_MAX, "is 4294967295, which is no type"},
    {"x.f32", 25, 4, 12, "is q4_K in blocks of 256, but a row has 3 elements"},
    {"x.f32", 25, 4, 39, "is mxfp4 in blocks of 32, but a row has 3 elements"},
    {"x.f32", 29, 8, 65, "is 65, no multiple of the alignment of 64"},
    {"x.f32", 29, 8, UINT64_MAX - 63, "do not lie in the file"},
    {"x.f32", 29, 8, 512, "is 512, and 24 bytes from there do not lie in the file"},
    {"x.f32", 29, 8, 128, "inside tensor"},
    {"x.f32", 29, 8, 0, "inside tensor"},
    {"x.q4_0", 6 + 4 + 32 + 4, 8, 64, "inside tensor"},
    {"x.q4_0", 6 + 4 + 24, 8, 4, "is 384, inside tensor 1 (x.q4_0), which ends at 416"},
    {"x.scalar", 8 + 4 + 4, 8, 512, "offset at byte"},
    {"x.first", 0, 5, 0x3233662e78, ""}, /* "x.f32st" is another name: sound */
};

static void test_changes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        struct make m = make_sample(3);
        uint64_t at = make_find(&m, changes[i].name) + changes[i].delta;
        for (int b = 0; b < changes[i].bytes; b++)
            m.data[at + b] = (unsigned char)(changes[i].value >> 8 * b);
        const vidi_status status = gguf_open_memory(&ctx, "F", m.data, m.n, &g);
        if ((status == VIDI_E_FORMAT) != (changes[i].words[0] != 0))
            fail_msg("change %d gives %d: %s", (int)i, status, ctx.error);
        assert_words(&ctx, changes[i].words);
        gguf_close(&g);
        assert_int_equal(ctx.heap.live_bytes, 0);
        if (!oracle_gguf(m.data, m.n)) fail_msg("change %d: %s", (int)i, oracle_failed);
        free(m.data);
    }
}

static void test_twice(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct make m = make_sample(3);
    memcpy(m.data + make_find(&m, "i8"), "u8", 2);
    assert_int_equal(gguf_open_memory(&ctx, "F", m.data, m.n, &g), VIDI_E_FORMAT);
    assert_words(&ctx, "key 4 (u8), name at byte");
    assert_words(&ctx, "stands in the file twice");
    free(m.data);
    m = make_sample(3);
    memcpy(m.data + make_find(&m, "x.q4_0"), "x.f32s", 6);
    memcpy(m.data + make_find(&m, "x.tq1_0"), "x.scala", 7);
    assert_true(oracle_gguf(m.data, m.n));
    uint64_t at = make_find(&m, "x.first");
    memcpy(m.data + at, "x.scala", 7);
    assert_int_equal(gguf_open_memory(&ctx, "F", m.data, m.n, &g), VIDI_E_FORMAT);
    assert_words(&ctx, "tensor 3 (x.scala), name at byte");
    free(m.data);
}

/* Sizes that wrap in 64 bits, or in a signed or a padded 64-bit sum. */
static void test_wrapping_sizes(void **state) {
    (void)state;
    static const struct {
        uint64_t dims[4];
        uint32_t type;
        uint64_t offset;
    } bad[] = {
        {{0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff}, 0, 0},
        {{0x40000000, 0x40000000, 4, 1}, 0, 0},   /* 2^64 exactly: 0 bytes */
        {{0x40000000, 0x40000000, 16, 1}, 24, 0}, /* i8, 2^64 */
        {{0x7fffffff, 0x7fffffff, 2, 1}, 24, 64}, /* nearly 2^63, past it with the offset */
        {{0x7fffffff, 0x7fffffff, 4, 1}, 24, 0},
        {{0x7fffffe0, 0x7fffffff, 7, 1}, 2, 0},
        {{0x7fffff00, 0x7fffffff, 16, 1}, 15, 0},
        {{1, 1, 1, 1}, 24, UINT64_MAX - 63},
        {{1, 1, 1, 1}, 24, UINT64_MAX - 127},
        {{1, 1, 1, 1}, 24, UINT64_C(1) << 63},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        struct make m = {0};
        make_head(&m, 3, 2, 0);
        make_tensor(&m, "a", bad[i].dims, 4, bad[i].type, bad[i].offset);
        make_tensor(&m, "b", (const uint64_t[]){32}, 1, 24, 128);
        make_pad(&m, 32);
        make_bytes(&m, make_find, 160); /* any bytes */
        if (gguf_open_memory(&ctx, "F", m.data, m.n, &g) != VIDI_E_FORMAT)
            fail_msg("shape %d was accepted", (int)i);
        assert_words(&ctx, "tensor 0 (a), ");
        assert_true(oracle_gguf(m.data, m.n));
        free(m.data);
    }
}

/* The bytes in a block of their exact size, so that a sanitizer sees the first one too many. */
static void walk_exactly(const unsigned char *data, uint64_t n, uint64_t at, const char *how) {
    unsigned char *exact = malloc(n ? n : 1);
    memcpy(exact, data, n);
    if (!oracle_gguf(exact, n)) fail_msg("%s at %d: %s", how, (int)at, oracle_failed);
    free(exact);
}

/* Every cut, every flipped bit and boundary values at every place of the metadata. */
static void test_walk(void **state) {
    (void)state;
    static const uint64_t bounds[] = {
        0,     1,     2,     3,          4,          7,          8,         31,
        32,    33,    63,    64,         127,        128,        255,       256,
        65535, 65536, 65537, 0x7fffffff, 0x80000000, UINT32_MAX, INT64_MAX, UINT64_MAX};
    struct make m = make_sample(3);
    struct vd_ctx ctx = {0};
    struct gguf g;
    opened(&g, &ctx, &m);
    const uint64_t metadata = g.data_start;
    gguf_close(&g);
    for (uint64_t n = 0; n < m.n; n++) {
        walk_exactly(m.data, n, n, "cut");
        assert_int_equal(gguf_open_memory(&ctx, "F", m.data, n, &g), VIDI_E_FORMAT);
    }
    unsigned char *data = malloc(m.n);
    int runs = 0;
    for (uint64_t at = 0; at < metadata; at++) {
        for (int bit = 0; bit < 8; bit++, runs++) {
            memcpy(data, m.data, m.n);
            data[at] ^= (unsigned char)(1 << bit);
            walk_exactly(data, m.n, at, "flip");
        }
        for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
            for (uint64_t width = 4; width <= 8 && at + width <= metadata; width += 4, runs++) {
                memcpy(data, m.data, m.n);
                for (uint64_t i = 0; i < width; i++)
                    data[at + i] = (unsigned char)(bounds[b] >> 8 * i);
                walk_exactly(data, m.n, at, "value");
            }
    }
    print_message("%d cuts, %d changed files\n", (int)m.n, runs);
    free(data);
    free(m.data);
}

static double seconds_of(const struct make *m, vidi_status want, const char *words) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    const vidi_status status = gguf_open_memory(&ctx, "F", m->data, m->n, &g);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (status != want) fail_msg("%d: %s", status, ctx.error);
    assert_words(&ctx, words);
    const double seconds =
        (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    print_message("%.1f MB of metadata: %.3f s, %.1f MB of heap at most (limit %.1f)\n",
                  1e-6 * (double)m->n, seconds, 1e-6 * (double)ctx.heap.peak_bytes,
                  1e-6 * (3. * (double)m->n + (16 << 20)));
    assert_true(ctx.heap.peak_bytes <= 3 * m->n + (16 << 20));
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
    return seconds;
}

/* A second for 16 MiB of metadata is promised; sanitizers and a loaded machine get ten times it. */
static void test_many(void **state) {
    (void)state;
    struct make m = {0};
    char name[32];
    make_head(&m, 3, 0, 65536); /* the most keys, as small as they can be */
    for (int i = 0; i < 65536; i++) {
        sprintf(name, "%x", i);
        make_key(&m, name, GGUF_U8);
        make_number(&m, 1, 1);
    }
    assert_true(seconds_of(&m, VIDI_OK, "") < 10);
    m.n = 0;
    make_head(&m, 3, 65536, 65536); /* and the most tensors, from the last to the first */
    for (int i = 0; i < 65536; i++) {
        sprintf(name, "%x", i);
        make_key(&m, name, GGUF_STRING);
        make_str(&m, "");
    }
    for (int i = 0; i < 65536; i++) {
        sprintf(name, "%x", i);
        make_tensor(&m, name, (const uint64_t[]){1}, 1, 24, (65535 - (uint64_t)i) * 32);
    }
    make_pad(&m, 32);
    m.data = realloc(m.data, m.cap = m.n + 65536 * 32);
    memset(m.data + m.n, 0, 65536 * 32);
    const uint64_t metadata = m.n;
    m.n = m.cap;
    struct vd_ctx ctx = {0};
    struct gguf g;
    opened(&g, &ctx, &m);
    print_message("65536 keys and tensors, %.1f MB: %.1f MB of heap\n", 1e-6 * (double)metadata,
                  1e-6 * (double)ctx.heap.peak_bytes);
    assert_true(ctx.heap.peak_bytes <= 3 * metadata + (16 << 20));
    gguf_close(&g);
    m.n = 0;
    make_head(&m, 3, 0, 1); /* two million empty strings */
    make_key(&m, "k", GGUF_ARRAY);
    make_number(&m, GGUF_STRING, 4);
    make_number(&m, 2000000, 8);
    m.data = realloc(m.data, m.cap = m.n + 16000000);
    memset(m.data + m.n, 0, 16000000);
    m.n = m.cap;
    assert_true(seconds_of(&m, VIDI_OK, "") < 10);
    m.n = 0;
    make_head(&m, 3, 0, 200); /* arrays that fill just above half a block of the arena each */
    for (int i = 0; i < 200; i++) {
        sprintf(name, "%d", i);
        make_key(&m, name, GGUF_ARRAY);
        make_number(&m, GGUF_STRING, 4);
        const int n = i % 2 ? 66000 : 1;
        make_number(&m, (uint64_t)n, 8);
        for (int k = 0; k < n; k++) make_number(&m, 0, 8);
    }
    assert_true(seconds_of(&m, VIDI_OK, "") < 30);
    free(m.data);
}

/* Names chosen to fall into one place of an unkeyed table are names like others. */
static void test_colliding_names(void **state) {
    (void)state;
    struct make m = {0};
    enum { N = 1000, CAP = 8192 };
    char names[N][9];
    make_head(&m, 3, 0, N);
    for (uint32_t i = 0, n = 0; n < N; i++) {
        snprintf(names[n], sizeof names[n], "%08x", i);
        if ((hash_bytes(names[n], 8) >> 7 & (CAP - 1)) != 5) continue;
        make_key(&m, names[n], GGUF_U32);
        make_number(&m, n++, 4);
    }
    struct gguf g;
    struct vd_ctx ctx = {0};
    assert_int_equal(gguf_open_memory(&ctx, "F", m.data, m.n, &g), VIDI_OK);
    for (uint32_t n = 0; n < N; n++) {
        const struct gguf_value *v = gguf_find(&g, names[n]);
        assert_ptr_equal(v, &g.values[n]);
    }
    assert_true(g.keys.table.steps < 2 * N);
    gguf_close(&g);
    free(m.data);
}

/* Enough of everything that each table needs memory of its own. */
static struct make make_large(void) {
    struct make m = {0};
    char name[32];
    make_head(&m, 3, 500, 501);
    for (int i = 0; i < 500; i++) {
        sprintf(name, "key %d", i);
        make_key(&m, name, GGUF_STRING);
        make_str(&m, name);
    }
    make_key(&m, "strings", GGUF_ARRAY);
    make_number(&m, GGUF_STRING, 4);
    make_number(&m, 150000, 8);
    for (int i = 0; i < 150000; i++) make_number(&m, 0, 8);
    for (int i = 0; i < 500; i++) {
        sprintf(name, "tensor %d", i);
        make_tensor(&m, name, (const uint64_t[]){1}, 1, 24, 32 * (uint64_t)i);
    }
    for (int i = 0; i < 500 * 4 + 4; i++) make_number(&m, 0, 8);
    return m;
}

static void test_out_of_memory(void **state) {
    (void)state;
    struct make m = make_large();
    const char *path = scratch_file("memory.gguf", m.data, m.n);
    vidi_status status = VIDI_E_MEMORY;
    uint64_t n = 0;
    while (status != VIDI_OK) {
        struct vd_ctx ctx = {.heap.fail_at = ++n};
        struct gguf g;
        status = gguf_open(&ctx, path, &g);
        if (status != VIDI_OK && status != VIDI_E_MEMORY)
            fail_msg("allocation %d: %s", (int)n, ctx.error);
        if (status == VIDI_E_MEMORY) assert_words(&ctx, "out of memory");
        gguf_close(&g);
        assert_int_equal(ctx.heap.live_bytes, 0);
        assert_true(n < 1000);
    }
    print_message("%d allocations failed one by one\n", (int)n - 1);
    assert_true(n > 6);
    unlink(path);
    free(m.data);
}

static void test_files(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    assert_int_equal(gguf_open(&ctx, scratch("no-such.gguf"), &g), VIDI_E_IO);
    assert_words(&ctx, "cannot be opened: No such file");
    assert_int_equal(gguf_open(&ctx, "tests", &g), VIDI_E_IO);
    assert_words(&ctx, "tests: is a directory, not a file");
    assert_int_equal(gguf_open(&ctx, "/dev/null", &g), VIDI_E_IO);
    const char *path = scratch("pipe.gguf");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(gguf_open(&ctx, path, &g), VIDI_E_IO);
    assert_words(&ctx, "is a pipe, not a file");
    unlink(path);
    path = scratch_file("empty.gguf", "", 0);
    assert_int_equal(gguf_open(&ctx, path, &g), VIDI_E_FORMAT);
    assert_words(&ctx, "is empty, not a GGUF file");
    unlink(path);
    gguf_close(&g);
    gguf_close(&(struct gguf){0});
    assert_int_equal(ctx.heap.live_bytes, 0);
}

/* A long name must not push the value and the limit out of the words. */
static void test_long_path(void **state) {
    (void)state;
    char path[4000];
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = 0;
    struct vd_ctx ctx = {0};
    struct gguf g;
    assert_int_equal(gguf_open_memory(&ctx, path, "GGUF\4\0\0\0", 8, &g), VIDI_E_FORMAT);
    assert_words(&ctx, "version at byte 4: is 4, and 2 and 3 can be read");
}

static void test_cut_after_opening(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct make m = make_sample(3);
    const char *path = scratch_file("cut.gguf", m.data, m.n);
    if (gguf_open(&ctx, path, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(gguf_still_whole(&g), VIDI_OK);
    assert_int_equal(truncate(path, (off_t)m.n - 1), 0);
    assert_int_equal(gguf_still_whole(&g), VIDI_E_FORMAT);
    assert_words(&ctx, "bytes when it was opened and has");
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(gguf_still_whole(&g), VIDI_E_FORMAT);
    gguf_close(&g);

    /* Written to, and as long as before: what was read may be half of each. */
    scratch_file("cut.gguf", m.data, m.n);
    assert_int_equal(gguf_open(&ctx, path, &g), VIDI_OK);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fputc('G', f), 'G');
    assert_int_equal(fclose(f), 0);
    /* Its time moves even where the clock of the file system is slow. */
    const struct timespec times[2] = {{1000, 0}, {1000, 5}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(gguf_still_whole(&g), VIDI_E_FORMAT);
    assert_words(&ctx, "was written to while it was read");
    gguf_close(&g);

    /* Keys and names outlive the file; what tensors hold does not, and says so. */
    scratch_file("cut.gguf", m.data, m.n);
    assert_int_equal(gguf_open(&ctx, path, &g), VIDI_OK);
    const struct gguf_tensor *t = gguf_tensor(&g, "x.f32");
    unsigned char had[24], has[24];
    assert_int_equal(gguf_copy(&g, t, 0, had, sizeof had), VIDI_OK);
    assert_int_equal(truncate(path, 0), 0);
    struct str name;
    assert_int_equal(gguf_str(&g, "string", &name), VIDI_OK);
    assert_non_null(gguf_tensor(&g, "x.f32"));
    (void)gguf_copy(&g, t, 0, has, sizeof has); /* may lie in the last page of the head */
    gguf_close(&g);

    /* Another file under the same name is no harm: the old one is still mapped. */
    scratch_file("cut.gguf", m.data, m.n);
    assert_int_equal(gguf_open(&ctx, path, &g), VIDI_OK);
    assert_int_equal(rename(scratch_file("cut2.gguf", "x", 1), path), 0);
    assert_int_equal(gguf_still_whole(&g), VIDI_OK);
    assert_int_equal(gguf_tensor(&g, "x.f32")->bytes, 24);
    gguf_close(&g);
    unlink(path);
    opened(&g, &ctx, &m);
    assert_int_equal(gguf_still_whole(&g), VIDI_OK);
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
    free(m.data);
}

/* Control characters of a hostile file stay out of the words. */
static void test_names_in_words(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct make m = make_sample(3);
    memcpy(m.data + make_find(&m, "x.f32"), "\x1b[\n2J", 5);
    m.data[make_find(&m, "\x1b[\n2J") + 25] = 4;
    assert_int_equal(gguf_open_memory(&ctx, "F", m.data, m.n, &g), VIDI_E_FORMAT);
    assert_words(&ctx, "tensor 0 (?[?2J), type at byte");
    free(m.data);
}

/* What stands in a model's place is called by its name. */
static void test_other_kinds(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *words;
    } rows[] = {
        {"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n",
         "F: is a Git LFS pointer (`git lfs pull` fetches the file), not a GGUF model"},
        {"<!DOCTYPE html><p>404", "F: is an HTML page, not a GGUF model"},
        {"\xff\xd8\xff\xe0\1\1", "F: is a JPEG picture, not a GGUF model"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        assert_int_equal(gguf_open_memory(&ctx, "F", rows[i].bytes, strlen(rows[i].bytes), &g),
                         VIDI_E_FORMAT);
        assert_words(&ctx, rows[i].words);
        gguf_close(&g);
        struct safetensors t;
        assert_int_equal(
            safetensors_open_memory(&ctx, "F", rows[i].bytes, strlen(rows[i].bytes), &t),
            VIDI_E_FORMAT);
        assert_words(&ctx, ", not a safetensors file");
        safetensors_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_kinds),    cmocka_unit_test(test_values),
        cmocka_unit_test(test_tensors),        cmocka_unit_test(test_getters_refuse),
        cmocka_unit_test(test_changes),        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_wrapping_sizes), cmocka_unit_test(test_walk),
        cmocka_unit_test(test_many),           cmocka_unit_test(test_colliding_names),
        cmocka_unit_test(test_out_of_memory),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_long_path),      cmocka_unit_test(test_cut_after_opening),
        cmocka_unit_test(test_names_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
