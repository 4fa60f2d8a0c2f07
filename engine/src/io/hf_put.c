#include "io/hf_put.h"

#include <string.h>

static void keep(struct put *p, bool good) {
    if (!good && p->status == VIDI_OK) p->status = VIDI_E_MEMORY;
}

static struct gguf_value *add_value(struct put *p, const char *key, enum gguf_kind kind) {
    struct gguf *g = p->g;
    if (p->status != VIDI_OK) return NULL;
    if (g->n_values == p->cap_values) {
        struct gguf_value *more =
            arena_grow(&g->arena, g->values, &p->cap_values, sizeof *g->values);
        keep(p, more != NULL);
        if (!more) return NULL;
        g->values = more;
    }
    const char *full = arena_print(&g->arena, "%s%s", key[0] == '.' ? p->prefix : "", key);
    keep(p, full != NULL);
    if (!full) return NULL;
    struct gguf_value *v = &g->values[g->n_values++];
    *v = (struct gguf_value){.key = {full, strlen(full)}, .kind = kind, .item = kind, .n = 1};
    return v;
}

/* n numbers of `size` bytes, copied. */
static void add_numbers(struct put *p, struct gguf_value *v, const void *numbers, uint64_t n,
                        uint64_t size) {
    if (!v) return;
    unsigned char *data = arena_alloc(&p->g->arena, n ? n : 1, size);
    keep(p, data != NULL);
    if (!data) return;
    if (n) memcpy(data, numbers, n * size);
    v->data = data;
    v->n = n;
}

void put_u32(struct put *p, const char *key, uint32_t value) {
    add_numbers(p, add_value(p, key, GGUF_U32), &value, 1, sizeof value);
}

void put_f32(struct put *p, const char *key, double value) {
    const float f = (float)value;
    add_numbers(p, add_value(p, key, GGUF_F32), &f, 1, sizeof f);
}

void put_bool(struct put *p, const char *key, bool value) {
    const unsigned char byte = value;
    add_numbers(p, add_value(p, key, GGUF_BOOL), &byte, 1, 1);
}

static void add_array(struct put *p, const char *key, enum gguf_kind item, const void *numbers,
                      uint32_t n) {
    struct gguf_value *v = add_value(p, key, GGUF_ARRAY);
    if (!v) return;
    v->item = item;
    add_numbers(p, v, numbers, n, 4);
}

void put_ints(struct put *p, const char *key, const int32_t *numbers, uint32_t n) {
    add_array(p, key, GGUF_I32, numbers, n);
}

void put_floats(struct put *p, const char *key, const float *numbers, uint32_t n) {
    add_array(p, key, GGUF_F32, numbers, n);
}

enum { LENGTH = 8 }; /* bytes of a length in front of each string, as in a file */

static void add_strings(struct put *p, struct gguf_value *v, const struct str *items, uint32_t n) {
    if (!v) return;
    uint64_t bytes = 1, at = 0;
    for (uint32_t i = 0; i < n; i++) bytes += LENGTH + items[i].len;
    unsigned char *data = arena_new(&p->g->arena, unsigned char, bytes);
    uint64_t *offsets = arena_new(&p->g->arena, uint64_t, (uint64_t)n + 1);
    keep(p, data && offsets);
    if (!data || !offsets) return;
    for (uint32_t i = 0; i < n; i++) {
        offsets[i] = at;
        if (items[i].len) memcpy(data + at + LENGTH, items[i].ptr, items[i].len);
        at += LENGTH + items[i].len;
    }
    offsets[n] = at;
    v->data = data;
    v->offsets = offsets;
    v->n = n;
}

void put_text(struct put *p, const char *key, const char *text, uint64_t len) {
    add_strings(p, add_value(p, key, GGUF_STRING), &(struct str){text, len}, 1);
}

void put_words(struct put *p, const char *key, const char *const *words, uint32_t n) {
    struct gguf_value *v = add_value(p, key, GGUF_ARRAY);
    if (!v) return;
    v->item = GGUF_STRING;
    struct str *items = arena_new(&p->g->arena, struct str, (uint64_t)n + 1);
    keep(p, items != NULL);
    if (!items) return;
    for (uint32_t i = 0; i < n; i++) items[i] = (struct str){words[i], strlen(words[i])};
    add_strings(p, v, items, n);
}

void put_tensor(struct put *p, const char *name, const struct gguf_tensor *t) {
    struct gguf *g = p->g;
    if (p->status != VIDI_OK) return;
    if (g->n_tensors == p->cap_tensors) {
        struct gguf_tensor *more =
            arena_grow(&g->arena, g->tensors, &p->cap_tensors, sizeof *g->tensors);
        keep(p, more != NULL);
        if (!more) return;
        g->tensors = more;
    }
    const char *kept = arena_text(&g->arena, name, strlen(name));
    keep(p, kept != NULL);
    if (!kept) return;
    g->tensors[g->n_tensors] = *t;
    g->tensors[g->n_tensors++].name = (struct str){kept, strlen(kept)};
}

static vidi_status index_one(struct put *p, struct map *map, struct str name, uint32_t i,
                             const char *what) {
    bool twice = false;
    TRY(map_put(map, name.ptr, (uint32_t)name.len, i, &twice));
    if (!twice) return VIDI_OK;
    return vd_fail(p->g->ctx, VIDI_E_FORMAT, "%.600s: two %ss stand for %.128s", p->g->path, what,
                   name.ptr);
}

vidi_status put_done(struct put *p) {
    struct gguf *g = p->g;
    TRY(p->status);
    TRY(map_open(&g->keys, &g->arena, g->n_values));
    TRY(map_open(&g->names, &g->arena, g->n_tensors));
    for (uint32_t i = 0; i < g->n_values; i++)
        TRY(index_one(p, &g->keys, g->values[i].key, i, "value"));
    for (uint32_t i = 0; i < g->n_tensors; i++)
        TRY(index_one(p, &g->names, g->tensors[i].name, i, "tensor"));
    return VIDI_OK;
}
