#include "io/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "io/json_file.h"
#include "io/kind.h"

enum { LENGTH_BYTES = 8, HEADER_MOST = 32 << 20, TENSORS_MOST = 65536, NAME_MOST = 512 };
enum { DIMS_MOST = 8 };

/* Every dtype of the format; what the engine does not read still has a size to check. */
static const struct dtype {
    const char *name;
    enum vd_type type;
    uint8_t bytes;
} dtypes[] = {
    {"F32", VD_F32, 4},           {"F16", VD_F16, 2},
    {"BF16", VD_BF16, 2},         {"F64", VD_F64, 8},
    {"I64", VD_I64, 8},           {"I32", VD_I32, 4},
    {"I16", VD_I16, 2},           {"I8", VD_I8, 1},
    {"U8", VD_TYPE_NONE, 1},      {"BOOL", VD_TYPE_NONE, 1},
    {"U16", VD_TYPE_NONE, 2},     {"U32", VD_TYPE_NONE, 4},
    {"U64", VD_TYPE_NONE, 8},     {"F8_E4M3", VD_TYPE_NONE, 1},
    {"F8_E5M2", VD_TYPE_NONE, 1},
};

static vidi_status bad(const struct safetensors *s, const char *name, const char *why) {
    return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: tensor %.128s: %s", s->path, name, why);
}

/* A whole number of JSON that is not negative; booleans and fractions are none. */
static bool number(const json_t *value, uint64_t *out) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static vidi_status read_dtype(const struct safetensors *s, const json_t *entry, struct st_tensor *t,
                              uint64_t *bytes) {
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    if (!name) return bad(s, t->name, "dtype is missing or no text");
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            t->dtype = dtypes[i].name;
            t->type = dtypes[i].type;
            *bytes = dtypes[i].bytes;
            return VIDI_OK;
        }
    return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: tensor %.128s: dtype %.32s is unknown", s->path,
                   t->name, name);
}

static vidi_status read_shape(const struct safetensors *s, const json_t *entry,
                              struct st_tensor *t) {
    const json_t *shape = json_object_get(entry, "shape");
    const size_t n = json_array_size(shape);
    if (!json_is_array(shape)) return bad(s, t->name, "shape is missing or no list");
    if (n > DIMS_MOST) return bad(s, t->name, "shape has more than 8 dimensions");
    t->n_dims = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        if (!number(json_array_get(shape, i), &t->dims[i]) || t->dims[i] > INT32_MAX)
            return bad(s, t->name, "shape holds something else than whole numbers below 2^31");
    return VIDI_OK;
}

static vidi_status read_tensor(const struct safetensors *s, const json_t *entry,
                               const unsigned char *start, uint64_t room, struct st_tensor *t) {
    uint64_t bytes = 0, begin, end;
    if (!json_is_object(entry)) return bad(s, t->name, "its entry is no object");
    TRY(read_dtype(s, entry, t, &bytes));
    TRY(read_shape(s, entry, t));
    for (uint32_t i = 0; i < t->n_dims; i++)
        if (!mul_ok(&bytes, bytes, t->dims[i])) return bad(s, t->name, "its size overflows");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (json_array_size(offsets) != 2 || !number(json_array_get(offsets, 0), &begin) ||
        !number(json_array_get(offsets, 1), &end))
        return bad(s, t->name, "data_offsets are not two whole numbers");
    if (begin > end || end > room)
        return vd_fail(s->ctx, VIDI_E_FORMAT,
                       "%.600s: tensor %.128s: data_offsets %llu to %llu lie outside the %llu "
                       "bytes of data",
                       s->path, t->name, (unsigned long long)begin, (unsigned long long)end,
                       (unsigned long long)room);
    if (end - begin != bytes)
        return vd_fail(s->ctx, VIDI_E_FORMAT,
                       "%.600s: tensor %.128s: has %llu bytes, its shape needs %llu", s->path,
                       t->name, (unsigned long long)(end - begin), (unsigned long long)bytes);
    t->data = start + begin;
    t->bytes = bytes;
    return VIDI_OK;
}

static int by_place(const void *a, const void *b) {
    const struct st_tensor *x = a, *y = b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); /* empty ones first */
}

/* After sorting by place: each tensor begins where the one before ends. */
static vidi_status check_cover(const struct safetensors *s, const unsigned char *start,
                               uint64_t room) {
    const unsigned char *at = start;
    for (uint32_t i = 0; i < s->n_tensors; i++) {
        const struct st_tensor *t = &s->tensors[i];
        const unsigned char *data = t->data;
        if (data != at)
            return bad(s, t->name, data < at ? "overlaps another" : "leaves a gap before");
        at = data + t->bytes;
    }
    if (at == start + room) return VIDI_OK;
    return vd_fail(s->ctx, VIDI_E_FORMAT,
                   "%.600s: %llu bytes behind the last tensor belong to none", s->path,
                   (unsigned long long)(start + room - at));
}

static vidi_status read_entries(struct safetensors *s, json_t *header, const unsigned char *start,
                                uint64_t room) {
    const size_t n = json_object_size(header);
    if (n > TENSORS_MOST)
        return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: has %zu tensors, %d are the most", s->path,
                       n, TENSORS_MOST);
    s->tensors = arena_new(&s->arena, struct st_tensor, n + 1);
    if (!s->tensors) return VIDI_E_MEMORY;
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        const size_t len = strlen(name);
        struct st_tensor *t = &s->tensors[s->n_tensors];
        *t = (struct st_tensor){.name = "(without a name)"};
        if (len == 0 || len > NAME_MOST) return bad(s, t->name, "names have 1 to 512 bytes");
        t->name = arena_text(&s->arena, name, len);
        if (!t->name) return VIDI_E_MEMORY;
        TRY(read_tensor(s, entry, start, room, t));
        s->n_tensors++;
    }
    qsort(s->tensors, s->n_tensors, sizeof *s->tensors, by_place);
    TRY(check_cover(s, start, room));
    TRY(map_open(&s->names, &s->arena, s->n_tensors));
    for (uint32_t i = 0; i < s->n_tensors; i++) {
        const char *key = s->tensors[i].name;
        TRY(map_put(&s->names, key, (uint32_t)strlen(key), i, NULL));
    }
    return VIDI_OK;
}

/* Asked only when it cannot be read: any length may look like a signature. */
static vidi_status another_kind(const struct safetensors *s, const unsigned char *base,
                                uint64_t bytes) {
    const struct kind_found found = kind_of(base, bytes);
    if (!found.words || found.kind == KIND_MODEL) return VIDI_OK;
    return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: is %s, not a safetensors file", s->path,
                   found.words);
}

static vidi_status parse(struct safetensors *s, const unsigned char *base, uint64_t bytes) {
    if (bytes < LENGTH_BYTES) TRY(another_kind(s, base, bytes));
    if (bytes < LENGTH_BYTES)
        return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: %llu bytes are no safetensors file", s->path,
                       (unsigned long long)bytes);
    uint64_t header_bytes = 0;
    for (int i = LENGTH_BYTES; i-- > 0;) header_bytes = header_bytes << 8 | base[i];
    const uint64_t rest = bytes - LENGTH_BYTES;
    const bool fits = header_bytes <= rest && header_bytes <= HEADER_MOST;
    if (!fits) TRY(another_kind(s, base, bytes));
    if (!fits)
        return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: a header of %llu bytes, %llu are possible",
                       s->path, (unsigned long long)header_bytes,
                       (unsigned long long)(rest < HEADER_MOST ? rest : HEADER_MOST));
    TRY(json_affordable(s->ctx, s->path, base + LENGTH_BYTES, header_bytes, json_tensors));
    json_error_t error;
    json_t *header = json_loadb((const char *)base + LENGTH_BYTES, (size_t)header_bytes,
                                JSON_REJECT_DUPLICATES, &error);
    if (!header)
        return vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: header: %.100s near byte %d", s->path,
                       error.text, error.position);
    vidi_status status =
        json_is_object(header)
            ? read_entries(s, header, base + LENGTH_BYTES + header_bytes, rest - header_bytes)
            : vd_fail(s->ctx, VIDI_E_FORMAT, "%.600s: header: is no object", s->path);
    json_decref(header);
    return status;
}

static vidi_status begin(struct vd_ctx *ctx, const char *path, struct safetensors *s) {
    *s = (struct safetensors){.ctx = ctx};
    arena_open(&s->arena, ctx);
    s->path = arena_text(&s->arena, path, strlen(path));
    return s->path ? VIDI_OK : VIDI_E_MEMORY;
}

static vidi_status open_file(struct safetensors *s) {
    TRY(mapped_open(s->ctx, s->path, "a safetensors file", &s->file));
    TRY(safetensors_still_whole(s));
    TRY(parse(s, s->file.data, s->file.bytes));
    return safetensors_still_whole(s);
}

vidi_status safetensors_open(struct vd_ctx *ctx, const char *path, struct safetensors *out) {
    vidi_status status = begin(ctx, path, out);
    if (status == VIDI_OK) status = open_file(out);
    if (status != VIDI_OK) safetensors_close(out);
    return status;
}

vidi_status safetensors_open_memory(struct vd_ctx *ctx, const char *name, const void *data,
                                    uint64_t bytes, struct safetensors *out) {
    vidi_status status = begin(ctx, name, out);
    if (status == VIDI_OK) status = parse(out, data, bytes);
    if (status != VIDI_OK) safetensors_close(out);
    return status;
}

void safetensors_close(struct safetensors *s) {
    mapped_close(&s->file);
    if (s->ctx) arena_close(&s->arena);
    *s = (struct safetensors){0};
}

const struct st_tensor *safetensors_find(const struct safetensors *s, const char *name) {
    uint32_t i;
    return map_get(&s->names, name, (uint32_t)strlen(name), &i) ? &s->tensors[i] : NULL;
}

vidi_status safetensors_still_whole(const struct safetensors *s) {
    return mapped_still_whole(s->ctx, s->path, &s->file);
}
