#include "vocab_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct build *b, const void *data, size_t len) {
    if (b->len + len > b->cap) {
        b->cap = 2 * (b->len + len);
        b->data = realloc(b->data, b->cap);
        assert_non_null(b->data);
    }
    if (len > 0) memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void add_u32(struct build *b, uint32_t n) { add(b, &n, sizeof n); }
static void add_u64(struct build *b, uint64_t n) { add(b, &n, sizeof n); }

static void add_text(struct build *b, const char *text, size_t len) {
    add_u64(b, len);
    add(b, text, len);
}

static void add_key(struct build *b, const char *key, enum gguf_kind kind) {
    add_text(b, key, strlen(key));
    add_u32(b, kind);
    b->n_keys++;
}

static void add_array(struct build *b, const char *key, enum gguf_kind item, uint64_t n) {
    add_key(b, key, GGUF_ARRAY);
    add_u32(b, item);
    add_u64(b, n);
}

void build_start(struct build *b) {
    *b = (struct build){0};
    add(b, "GGUF", 4);
    add_u32(b, 3);
    add_u64(b, 0);
    add_u64(b, 0);
}

void build_end(struct build *b) { memcpy(b->data + 16, &b->n_keys, sizeof b->n_keys); }

void build_free(struct build *b) {
    free(b->data);
    *b = (struct build){0};
}

void build_str(struct build *b, const char *key, const char *text) {
    add_key(b, key, GGUF_STRING);
    add_text(b, text, strlen(text));
}

void build_u32(struct build *b, const char *key, uint32_t number) {
    add_key(b, key, GGUF_U32);
    add_u32(b, number);
}

void build_bool(struct build *b, const char *key, bool value) {
    add_key(b, key, GGUF_BOOL);
    add(b, &(unsigned char){value}, 1);
}

void build_strs(struct build *b, const char *key, const struct str *items, size_t n) {
    add_array(b, key, GGUF_STRING, n);
    for (size_t i = 0; i < n; i++) add_text(b, items[i].ptr, items[i].len);
}

void build_i32s(struct build *b, const char *key, const int32_t *items, size_t n) {
    add_array(b, key, GGUF_I32, n);
    add(b, items, n * sizeof *items);
}

void build_f32s(struct build *b, const char *key, const float *items, size_t n) {
    add_array(b, key, GGUF_F32, n);
    add(b, items, n * sizeof *items);
}

void build_copy(struct build *b, const struct gguf *g, const char *key) {
    const struct gguf_value *value = gguf_find(g, key);
    assert_non_null(value);
    add_array(b, key, value->item, value->n);
    if (value->item == GGUF_STRING) {
        for (uint64_t i = 0; i < value->n; i++) {
            const struct str s = gguf_str_at(value, i);
            add_text(b, s.ptr, s.len);
        }
        return;
    }
    add(b, value->data, value->n * 4);
}

static void letter_of(int byte, char out[3]) {
    static int others;
    if (byte == 0) others = 0;
    const bool plain = (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || byte > 173;
    const int code = plain ? byte : 256 + others++;
    memset(out, 0, 3);
    if (code < 128) {
        out[0] = (char)code;
        return;
    }
    out[0] = (char)(0xC0 + code / 64);
    out[1] = (char)(0x80 + code % 64);
}

void build_bpe(struct build *b, const struct vocab *v) {
    static char letters[256][3];
    struct str items[1024];
    int32_t types[1024];
    size_t n = 0;
    for (; n < 256; n++) {
        letter_of((int)n, letters[n]);
        const bool absent = v->lacks && (int)n == v->lacks;
        items[n] =
            absent ? (struct str){"[absent]", 8} : (struct str){letters[n], strlen(letters[n])};
        types[n] = NORMAL;
    }
    for (const struct word *w = v->words; w && w->text; w++, n++) {
        items[n] = (struct str){w->text, strlen(w->text)};
        types[n] = w->type;
    }
    build_str(b, "tokenizer.ggml.model", "gpt2");
    if (v->pre) build_str(b, "tokenizer.ggml.pre", v->pre);
    build_strs(b, "tokenizer.ggml.tokens", items, n);
    build_i32s(b, "tokenizer.ggml.token_type", types, n);
    for (n = 0; v->merges && v->merges[n]; n++)
        items[n] = (struct str){v->merges[n], strlen(v->merges[n])};
    build_strs(b, "tokenizer.ggml.merges", items, n);
}

vidi_status fixture_open(struct fixture *f) {
    build_end(&f->build);
    arena_open(&f->arena, &f->ctx);
    f->tokens = (struct tokens){.arena = &f->arena};
    const vidi_status status =
        gguf_open_memory(&f->ctx, "memory", f->build.data, f->build.len, &f->file);
    return status == VIDI_OK ? tokenizer_open(&f->ctx, &f->file, &f->tokenizer) : status;
}

void fixture_bpe(struct fixture *f, const struct vocab *v) {
    build_start(&f->build);
    build_bpe(&f->build, v);
    if (fixture_open(f) != VIDI_OK) fail_msg("%s", f->ctx.error);
}

void fixture_close(struct fixture *f) {
    tokenizer_close(f->tokenizer);
    gguf_close(&f->file);
    arena_close(&f->arena);
    build_free(&f->build);
    assert_int_equal(f->ctx.heap.live_bytes, 0);
    *f = (struct fixture){0};
}

const int32_t *fixture_ids(struct fixture *f, const char *text, uint64_t len, int flags) {
    f->tokens.n = 0;
    if (tokenize(f->tokenizer, text, len, flags, &f->tokens) != VIDI_OK)
        fail_msg("%s", f->ctx.error);
    return f->tokens.ids;
}

struct str fixture_bytes(struct fixture *f) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < f->tokens.n; i++)
        n += token_bytes(f->tokenizer, f->tokens.ids[i], NULL, 0);
    char *out = arena_new(&f->arena, char, n + 1);
    assert_non_null(out);
    uint64_t at = 0;
    for (uint32_t i = 0; i < f->tokens.n; i++)
        at += token_bytes(f->tokenizer, f->tokens.ids[i], out + at, (uint32_t)(n - at));
    return (struct str){out, n};
}

void fixture_expect(struct fixture *f, const char *text, int flags, const int32_t *ids) {
    fixture_ids(f, text, strlen(text), flags);
    uint32_t n = 0;
    while (ids[n] >= 0) n++;
    if (n == f->tokens.n && (n == 0 || memcmp(ids, f->tokens.ids, n * sizeof *ids) == 0)) return;
    fprintf(stderr, "\"%s\" became", text);
    for (uint32_t i = 0; i < f->tokens.n; i++) fprintf(stderr, " %d", f->tokens.ids[i]);
    fprintf(stderr, " instead of");
    for (uint32_t i = 0; i < n; i++) fprintf(stderr, " %d", ids[i]);
    fail_msg("other ids");
}

char *read_data(const char *name, size_t *len) {
    char path[256];
    snprintf(path, sizeof path, "tests/text/data/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s cannot be opened", path);
    size_t n = 0, cap = 1 << 20;
    char *data = malloc(cap);
    assert_non_null(data);
    n = fread(data, 1, cap - 1, file);
    assert_true(n < cap - 1);
    fclose(file);
    data[n] = '\0';
    if (len) *len = n;
    return data;
}

/* Hexadecimal digits up to the end of the line, in place. */
static size_t decode_hex(const char *hex, char *out) {
    size_t n = 0;
    for (; hex[0] > ' ' && hex[1] > ' '; hex += 2) {
        unsigned int byte;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        out[n++] = (char)byte;
    }
    return n;
}

static bool same_ids(const struct tokens *t, const char *line) {
    uint32_t n = 0;
    while (*line && *line != '\n') {
        char *end;
        const long id = strtol(line, &end, 10);
        if (n >= t->n || t->ids[n] != id) return false;
        n++;
        line = end + (*end == ' ');
    }
    return n == t->n;
}

int compare_golden(struct fixture *f, const char *name, int flags, bool tell, int *n) {
    char file[64], text[4096];
    snprintf(file, sizeof file, "%s.ids", name);
    char *texts = read_data("texts.hex", NULL), *ids = read_data(file, NULL);
    const char *t = texts, *i = ids;
    int differ = 0;
    for (*n = 0; *t; t = strchr(t, '\n') + 1, i = strchr(i, '\n') + 1) {
        assert_true(*i != '\0');
        const size_t len = decode_hex(t, text);
        if (i[0] == '-') continue;
        ++*n;
        fixture_ids(f, text, len, flags);
        if (same_ids(&f->tokens, i)) continue;
        if (differ++ > 0 || !tell) continue;
        fprintf(stderr, "%s, text %.*s: expected %.*s, got", name, (int)strcspn(t, "\n"), t,
                (int)strcspn(i, "\n"), i);
        for (uint32_t k = 0; k < f->tokens.n; k++) fprintf(stderr, " %d", f->tokens.ids[k]);
        fprintf(stderr, "\n");
    }
    free(texts);
    free(ids);
    return differ;
}
