#include "remake.h"

#include <string.h>

#include "family.h"
#include "io/gguf_write.h"

static bool is_name(struct str s, const char *name) {
    return name && strlen(name) == s.len && memcmp(name, s.ptr, s.len) == 0;
}

static bool holds(struct str s, const char *part) {
    const size_t len = part ? strlen(part) : 0;
    for (size_t i = 0; i + len <= s.len; i++)
        if (memcmp(s.ptr + i, part ? part : "", len) == 0) return true;
    return false;
}

static bool changes(const struct gguf_tensor *t, enum vd_type type, const char *only) {
    return holds(t->name, only) && t->n_dims > 1 && (t->type == VD_F32 || t->type == VD_F16) &&
           t->type != type;
}

static struct gguf_tensor plan(const struct gguf_tensor *t, enum vd_type type, const char *only,
                               const char *doubled) {
    struct gguf_tensor to = *t;
    if (changes(t, type, only)) {
        to.type = type;
        to.gguf_type = vd_formats[type].gguf_id;
        to.bytes = type == VD_F32 ? t->bytes * 2 : t->bytes / 2;
    }
    if (is_name(t->name, doubled)) {
        to.dims[0] *= 2;
        to.bytes *= 2;
    }
    return to;
}

/* n numbers of f32 or f16 as the other. */
static void convert(const unsigned char *from, enum vd_type type, uint64_t n, unsigned char *to) {
    for (uint64_t i = 0; i < n; i++) {
        float f;
        uint16_t h;
        if (type == VD_F32) {
            memcpy(&h, from + i * sizeof h, sizeof h);
            f = f16_to_f32(h);
            memcpy(to + i * sizeof f, &f, sizeof f);
        } else {
            memcpy(&f, from + i * sizeof f, sizeof f);
            h = f32_to_f16(f);
            memcpy(to + i * sizeof h, &h, sizeof h);
        }
    }
}

static void write_tensor(struct gguf_writer *w, const struct gguf *g, const struct gguf_tensor *t,
                         const struct gguf_tensor *to) {
    const uint64_t times = to->dims[0] / t->dims[0], bytes = to->bytes / times;
    const uint64_t rows = times > 1 ? t->dims[1] : 1;
    unsigned char *data = malloc(t->bytes), *made = malloc(bytes);
    assert_true(data && made);
    assert_int_equal(gguf_copy(g, t, 0, data, t->bytes), VIDI_OK);
    if (to->type != t->type)
        convert(data, to->type, bytes / (to->type == VD_F32 ? 4 : 2), made);
    else
        memcpy(made, data, bytes);
    for (uint64_t i = 0; i < rows * times; i++)
        assert_int_equal(gguf_write_data(w, made + i / times * (bytes / rows), bytes / rows,
                                         i + 1 == rows * times),
                         VIDI_OK);
    free(data);
    free(made);
}

void remake(const char *from, const char *to, enum vd_type type, const char *only,
            const char *doubled) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct gguf_writer w;
    if (gguf_open(&ctx, from, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    const struct gguf_value **values = calloc(g.n_values, sizeof *values);
    struct gguf_tensor *tensors = calloc(g.n_tensors, sizeof *tensors);
    assert_true(values && tensors);
    for (uint32_t i = 0; i < g.n_values; i++) values[i] = &g.values[i];
    for (uint32_t i = 0; i < g.n_tensors; i++)
        tensors[i] = plan(&g.tensors[i], type, only, doubled);
    const struct gguf_head head = {values, g.n_values, tensors, g.n_tensors};
    assert_int_equal(gguf_write_open(&ctx, to, &w), VIDI_OK);
    assert_int_equal(gguf_write_head(&w, &head), VIDI_OK);
    for (uint32_t i = 0; i < g.n_tensors; i++) write_tensor(&w, &g, &g.tensors[i], &tensors[i]);
    if (gguf_write_done(&w) != VIDI_OK) fail_msg("%s", ctx.error);
    gguf_write_close(&w);
    gguf_close(&g);
    free(values);
    free(tensors);
}

/* The value of a change, in the arena. */
static struct gguf_value *value_of(struct arena *a, const struct rekey *change) {
    struct gguf_value *v = arena_new(a, struct gguf_value, 1);
    unsigned char *data = arena_new(a, unsigned char, 256);
    uint64_t *offsets = arena_new(a, uint64_t, 2);
    assert_true(v && data && offsets);
    const bool text = change->kind == GGUF_STRING, array = change->kind == GGUF_ARRAY;
    const uint64_t len = text ? strlen(change->data) : change->number;
    assert_true(len < 60 || !(text || array));
    if (text) memcpy(data, &len, sizeof len);
    if (text) memcpy(data + sizeof len, change->data, len);
    if (array) memcpy(data, change->data, len * sizeof(int32_t));
    if (!text && !array) memcpy(data, &change->number, sizeof change->number);
    offsets[1] = sizeof len + len;
    *v = (struct gguf_value){.key = {change->name, strlen(change->name)},
                             .kind = change->kind,
                             .item = array ? GGUF_I32 : change->kind,
                             .n = array ? len : 1,
                             .data = data,
                             .offsets = text ? offsets : NULL};
    return v;
}

static uint32_t change_values(struct arena *a, const struct gguf *g, const struct rekey *changes,
                              uint32_t n, const struct gguf_value **values) {
    uint32_t kept = 0, found = 0;
    for (uint32_t i = 0; i < g->n_values; i++) {
        const struct gguf_value *v = &g->values[i];
        for (uint32_t c = 0; c < n && v; c++)
            if (is_name(g->values[i].key, changes[c].key)) {
                v = changes[c].name ? value_of(a, &changes[c]) : NULL;
                found++;
            }
        if (v) values[kept++] = v;
    }
    for (uint32_t c = 0; c < n; c++)
        if (!changes[c].key) {
            values[kept++] = value_of(a, &changes[c]);
            found++;
        }
    assert_int_equal(found, n);
    return kept;
}

void remake_keys(const char *from, const char *to, const struct rekey *changes, uint32_t n,
                 const char *without) {
    struct vd_ctx ctx = {0};
    struct arena arena;
    struct gguf g;
    struct gguf_writer w;
    uint32_t n_tensors = 0;
    arena_open(&arena, &ctx);
    if (gguf_open(&ctx, from, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    const struct gguf_value **values =
        arena_new(&arena, const struct gguf_value *, g.n_values + n + 1);
    struct gguf_tensor *tensors = arena_new(&arena, struct gguf_tensor, g.n_tensors);
    assert_true(values && tensors);
    for (uint32_t i = 0; i < g.n_tensors; i++)
        if (!without || !holds(g.tensors[i].name, without)) tensors[n_tensors++] = g.tensors[i];
    assert_true(!without || n_tensors < g.n_tensors);
    const uint32_t n_values = change_values(&arena, &g, changes, n, values);
    assert_int_equal(gguf_write_open(&ctx, to, &w), VIDI_OK);
    assert_int_equal(gguf_write_head(&w, &(struct gguf_head){values, n_values, tensors, n_tensors}),
                     VIDI_OK);
    for (uint32_t i = 0; i < n_tensors; i++) write_tensor(&w, &g, &tensors[i], &tensors[i]);
    if (gguf_write_done(&w) != VIDI_OK) fail_msg("%s", ctx.error);
    gguf_write_close(&w);
    gguf_close(&g);
    arena_close(&arena);
}
