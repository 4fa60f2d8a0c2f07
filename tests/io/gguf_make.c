#include "gguf_make.h"

#include "io_help.h"

#include <stdlib.h>
#include <string.h>

#include "io/gguf.h"

void make_bytes(struct make *m, const void *data, uint64_t n) {
    if (m->n + n > m->cap) {
        m->cap = 2 * (m->n + n);
        m->data = realloc(m->data, m->cap);
        assert_non_null(m->data);
    }
    if (n) memcpy(m->data + m->n, data, n);
    m->n += n;
}

void make_number(struct make *m, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        make_bytes(m, &(unsigned char){(unsigned char)(value >> 8 * i)}, 1);
}

void make_str(struct make *m, const char *text) {
    make_number(m, strlen(text), 8);
    make_bytes(m, text, strlen(text));
}

void make_head(struct make *m, uint32_t version, uint64_t n_tensors, uint64_t n_keys) {
    make_bytes(m, "GGUF", 4);
    make_number(m, version, 4);
    make_number(m, n_tensors, 8);
    make_number(m, n_keys, 8);
}

void make_key(struct make *m, const char *name, uint32_t kind) {
    make_str(m, name);
    make_number(m, kind, 4);
}

void make_tensor(struct make *m, const char *name, const uint64_t *dims, uint32_t n_dims,
                 uint32_t type, uint64_t offset) {
    make_str(m, name);
    make_number(m, n_dims, 4);
    for (uint32_t i = 0; i < n_dims; i++) make_number(m, dims[i], 8);
    make_number(m, type, 4);
    make_number(m, offset, 8);
}

void make_pad(struct make *m, uint64_t to) {
    while (m->n % to) make_bytes(m, "", 1);
}

uint64_t make_find(const struct make *m, const char *text) {
    const size_t len = strlen(text);
    for (uint64_t i = 0; i + len <= m->n; i++)
        if (memcmp(m->data + i, text, len) == 0) return i;
    fail_msg("no '%s' in the file", text);
    return 0;
}

struct make make_sample(uint32_t version) {
    static const uint64_t ones = UINT64_C(0xfedcba9876543210);
    static const int bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    static const char *const names[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                        "bool", "string", "array", "u64", "i64", "f64"};
    struct make m = {0};
    make_head(&m, version, 5, 2 + 2 * 12);
    make_key(&m, "general.alignment", GGUF_U32);
    make_number(&m, 64, 4);
    make_key(&m, "none", GGUF_ARRAY);
    make_number(&m, GGUF_STRING, 4);
    make_number(&m, 0, 8);
    for (uint32_t k = 0; k < GGUF_KIND_COUNT; k++) {
        if (k == GGUF_ARRAY) continue;
        char name[16] = "a.";
        make_key(&m, names[k], k);
        if (k == GGUF_STRING) make_str(&m, "words");
        const uint64_t value = k == GGUF_BOOL  ? 1
                               : k == GGUF_F32 ? 0x3fc00000
                               : k == GGUF_F64 ? UINT64_C(0xc004000000000000)
                                               : ones;
        make_number(&m, value, bytes[k]);
        make_key(&m, strcat(name, names[k]), GGUF_ARRAY);
        make_number(&m, k, 4);
        make_number(&m, 3, 8);
        for (int i = 0; i < 3; i++) {
            if (k == GGUF_STRING) make_str(&m, &"abc"[i]);
            make_number(&m, k == GGUF_BOOL ? i & 1 : value + (uint64_t)i, bytes[k]);
        }
    }
    make_tensor(&m, "x.f32", (const uint64_t[]){3, 2}, 2, 0, 64);          /* 24 bytes */
    make_tensor(&m, "x.q4_0", (const uint64_t[]){64, 2, 1, 3}, 4, 2, 128); /* 216: to 344 */
    make_tensor(&m, "x.tq1_0", (const uint64_t[]){256}, 1, 34, 384);       /* 54 */
    make_tensor(&m, "x.first", (const uint64_t[]){8}, 1, 30, 0);           /* 16 */
    make_tensor(&m, "x.scalar", NULL, 0, 28, 448);                         /* 8: to the end */
    make_pad(&m, 64);
    for (int i = 0; i < 456; i++) make_number(&m, (uint64_t)i, 1);
    return m;
}
