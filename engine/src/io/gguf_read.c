#include "io/gguf_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "io/bytes.h"
#include "io/kind.h"

enum {
    MAX_KEYS = 65536,
    MAX_TENSORS = 65536,
    MAX_KEY_BYTES = 65535,
    MAX_NAME_BYTES = 64,
    MAX_DIM = 0x7fffffff,
    MAX_STRING = 64 << 20,
    MAX_METADATA = 512 << 20,
    DEFAULT_ALIGNMENT = 32,
    KEY_LEAST = 13,    /* length, type and one byte of value, with an empty key */
    TENSOR_LEAST = 24, /* length, count of dims, type and offset, with an empty name */
};

static const struct {
    const char *name;
    uint32_t bytes;
} kinds[GGUF_KIND_COUNT] = {
    [GGUF_U8] = {"u8", 1},       [GGUF_I8] = {"i8", 1},     [GGUF_U16] = {"u16", 2},
    [GGUF_I16] = {"i16", 2},     [GGUF_U32] = {"u32", 4},   [GGUF_I32] = {"i32", 4},
    [GGUF_F32] = {"f32", 4},     [GGUF_BOOL] = {"bool", 1}, [GGUF_STRING] = {"string", 0},
    [GGUF_ARRAY] = {"array", 0}, [GGUF_U64] = {"u64", 8},   [GGUF_I64] = {"i64", 8},
    [GGUF_F64] = {"f64", 8},
};

/* Types that only their extent is known of; those that the engine reads stand in vd_formats. */
static const struct vd_format other_types[] = {
    {"q8_1", 9, 32, 36},     {"q8_K", 15, 256, 292},   {"iq2_xxs", 16, 256, 66},
    {"iq2_xs", 17, 256, 74}, {"iq3_xxs", 18, 256, 98}, {"iq1_s", 19, 256, 50},
    {"iq3_s", 21, 256, 110}, {"iq2_s", 22, 256, 82},   {"iq1_m", 29, 256, 56},
    {"tq1_0", 34, 256, 54},  {"tq2_0", 35, 256, 66},
};

uint32_t gguf_kind_bytes(enum gguf_kind kind) { return kinds[kind].bytes; }
const char *gguf_kind_name(enum gguf_kind kind) { return kinds[kind].name; }

const char *gguf_shown(struct str text, char *buf, uint64_t cap) {
    const bool cut = text.len > cap - 1;
    const uint64_t len = cut ? cap - 4 : text.len;
    for (uint64_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        buf[i] = c < 32 || c > 126 ? '?' : (char)c;
    }
    memcpy(buf + len, "...", 3 * cut);
    buf[len + 3 * cut] = 0;
    return buf;
}

struct reader {
    struct gguf *g;
    const unsigned char *base;
    uint64_t at, end;  /* end: of the file or of the metadata's limit */
    const char *list;  /* "key", "tensor" or, for the head, NULL */
    uint64_t index;    /* in the list */
    struct str name;   /* of that entry; empty until it is read */
    const char *field; /* of the entry: "type" */
};

__attribute__((format(printf, 3, 4))) static vidi_status refuse(const struct reader *r, uint64_t at,
                                                                const char *fmt, ...) {
    char words[256], name[MAX_NAME_BYTES + 1], entry[128] = "";
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    if (r->list && r->name.len)
        snprintf(entry, sizeof entry, "%s %llu (%s), ", r->list, (unsigned long long)r->index,
                 gguf_shown(r->name, name, sizeof name));
    else if (r->list)
        snprintf(entry, sizeof entry, "%s %llu, ", r->list, (unsigned long long)r->index);
    return vd_fail(r->g->ctx, VIDI_E_FORMAT, "%.600s: %s%s at byte %llu: %s", r->g->path, entry,
                   r->field, (unsigned long long)at, words);
}

/* The next `bytes` bytes. NULL: there are not so many, which is a failure of format. */
static const unsigned char *take(struct reader *r, uint64_t bytes) {
    if (bytes > r->end - r->at) {
        refuse(r, r->at, "needs %llu bytes, but the %s ends at byte %llu",
               (unsigned long long)bytes, r->end < r->g->file_bytes ? "room for metadata" : "file",
               (unsigned long long)r->end);
        return NULL;
    }
    const unsigned char *p = r->base + r->at;
    r->at += bytes;
    return p;
}

static vidi_status take_number(struct reader *r, uint32_t bytes, uint64_t *out) {
    const unsigned char *p = take(r, bytes);
    if (!p) return VIDI_E_FORMAT;
    *out = load_le(p, bytes);
    return VIDI_OK;
}

/* A number of at most `limit`. */
static vidi_status take_count(struct reader *r, uint32_t bytes, uint64_t limit, uint64_t *out) {
    const uint64_t at = r->at;
    TRY(take_number(r, bytes, out));
    if (*out <= limit) return VIDI_OK;
    return refuse(r, at, "is %llu, more than the limit of %llu", (unsigned long long)*out,
                  (unsigned long long)limit);
}

/* A count of entries of at least `least` bytes each, for which the rest of the file has room. */
static vidi_status take_entries(struct reader *r, uint64_t limit, uint64_t least, uint64_t *out) {
    const uint64_t at = r->at;
    TRY(take_count(r, 8, limit, out));
    const uint64_t room = (r->end - r->at) / least;
    if (*out <= room) return VIDI_OK;
    return refuse(r, at, "is %llu, but the bytes left have room for %llu", (unsigned long long)*out,
                  (unsigned long long)room);
}

static vidi_status take_str(struct reader *r, uint64_t limit, struct str *out) {
    uint64_t len;
    TRY(take_count(r, 8, limit, &len));
    const unsigned char *p = take(r, len);
    if (!p) return VIDI_E_FORMAT;
    *out = (struct str){(const char *)p, len};
    return VIDI_OK;
}

static vidi_status take_kind(struct reader *r, enum gguf_kind *out) {
    uint64_t kind;
    TRY(take_count(r, 4, GGUF_KIND_COUNT - 1, &kind));
    *out = (enum gguf_kind)kind;
    return VIDI_OK;
}

static vidi_status take_strings(struct reader *r, struct gguf_value *v) {
    uint64_t *offsets = arena_new(&r->g->arena, uint64_t, v->n + 1);
    if (!offsets) return VIDI_E_MEMORY;
    const uint64_t start = r->at;
    v->data = r->base + start;
    v->offsets = offsets;
    for (uint64_t i = 0; i < v->n; i++) {
        struct str s;
        offsets[i] = r->at - start;
        TRY(take_str(r, MAX_STRING, &s));
    }
    offsets[v->n] = r->at - start;
    return VIDI_OK;
}

static vidi_status take_fixed(struct reader *r, struct gguf_value *v) {
    const uint64_t at = r->at;
    /* The count was compared with the bytes left, so the product is small. */
    v->data = take(r, v->n * kinds[v->item].bytes);
    if (!v->data) return VIDI_E_FORMAT;
    if (v->item != GGUF_BOOL) return VIDI_OK;
    for (uint64_t i = 0; i < v->n; i++)
        if (v->data[i] > 1) return refuse(r, at + i, "is %u, but a bool is 0 or 1", v->data[i]);
    return VIDI_OK;
}

static vidi_status take_array_head(struct reader *r, struct gguf_value *v) {
    const uint64_t at = r->at;
    r->field = "type of the entries";
    TRY(take_kind(r, &v->item));
    if (v->item == GGUF_ARRAY) return refuse(r, at, "is an array, and arrays do not nest");
    r->field = "count of entries";
    return take_entries(r, MAX_METADATA, v->item == GGUF_STRING ? 8 : kinds[v->item].bytes, &v->n);
}

static vidi_status put_name(struct reader *r, uint64_t at, struct map *map) {
    bool was_there = false;
    TRY(map_put(map, r->name.ptr, (uint32_t)r->name.len, (uint32_t)r->index, &was_there));
    return was_there ? refuse(r, at, "stands in the file twice") : VIDI_OK;
}

static vidi_status take_value(struct reader *r, struct gguf_value *v) {
    r->field = "name";
    const uint64_t at = r->at;
    TRY(take_str(r, MAX_KEY_BYTES, &v->key));
    if (v->key.len == 0) return refuse(r, at, "is empty");
    r->name = v->key;
    TRY(put_name(r, at, &r->g->keys));
    r->field = "type";
    TRY(take_kind(r, &v->kind));
    v->item = v->kind;
    v->n = 1;
    if (v->kind == GGUF_ARRAY) TRY(take_array_head(r, v));
    r->field = "value";
    return v->item == GGUF_STRING ? take_strings(r, v) : take_fixed(r, v);
}

static const struct vd_format *find_type(uint32_t id, enum vd_type *type) {
    *type = format_of_gguf(id);
    if (*type != VD_TYPE_NONE) return &vd_formats[*type];
    for (size_t i = 0; i < sizeof other_types / sizeof *other_types; i++)
        if (other_types[i].gguf_id == id) return &other_types[i];
    return NULL;
}

static vidi_status take_dims(struct reader *r, struct gguf_tensor *t) {
    uint64_t n;
    r->field = "count of dims";
    TRY(take_count(r, 4, 4, &n));
    t->n_dims = (uint32_t)n;
    for (uint32_t i = 0; i < 4; i++) t->dims[i] = 1;
    static const char *const fields[4] = {"dim 0", "dim 1", "dim 2", "dim 3"};
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const uint64_t at = r->at;
        r->field = fields[i];
        TRY(take_count(r, 8, MAX_DIM, &t->dims[i]));
        if (t->dims[i] == 0) return refuse(r, at, "is 0, and the least is 1");
    }
    return VIDI_OK;
}

static vidi_status take_type(struct reader *r, struct gguf_tensor *t) {
    const uint64_t at = r->at;
    uint64_t id, rows, row_bytes;
    r->field = "type";
    TRY(take_number(r, 4, &id));
    t->gguf_type = (uint32_t)id;
    const struct vd_format *f = find_type(t->gguf_type, &t->type);
    if (!f) return refuse(r, at, "is %u, which is no type that is known here", t->gguf_type);
    if (t->dims[0] % f->block != 0)
        return refuse(r, at, "is %s in blocks of %u, but a row has %llu elements", f->name,
                      f->block, (unsigned long long)t->dims[0]);
    if (mul_ok(&rows, t->dims[1], t->dims[2]) && mul_ok(&rows, rows, t->dims[3]) &&
        mul_ok(&row_bytes, t->dims[0] / f->block, f->bytes) && mul_ok(&t->bytes, row_bytes, rows))
        return VIDI_OK;
    return refuse(r, at, "%s makes %llu x %llu x %llu x %llu elements more bytes than 2^64",
                  f->name, (unsigned long long)t->dims[0], (unsigned long long)t->dims[1],
                  (unsigned long long)t->dims[2], (unsigned long long)t->dims[3]);
}

/* Where a tensor's data lies; kept until the start of the data is known. */
struct extent {
    uint64_t offset, at; /* from the start of the data; where the offset stands in the file */
    uint32_t tensor;
};

static vidi_status take_tensor(struct reader *r, struct gguf_tensor *t, struct extent *e) {
    r->field = "name";
    const uint64_t at = r->at;
    TRY(take_str(r, MAX_NAME_BYTES, &t->name));
    if (t->name.len == 0) return refuse(r, at, "is empty");
    r->name = t->name;
    TRY(put_name(r, at, &r->g->names));
    TRY(take_dims(r, t));
    TRY(take_type(r, t));
    r->field = "offset";
    e->at = r->at;
    e->tensor = (uint32_t)r->index;
    return take_number(r, 8, &e->offset);
}

static vidi_status take_head(struct reader *r) {
    uint64_t version, n;
    const struct kind_found found = kind_of(r->base, r->end);
    if (found.words && memcmp(r->base, "GGUF", r->end < 4 ? r->end : 4) != 0)
        return vd_fail(r->g->ctx, VIDI_E_FORMAT,
                       "%.600s: is %s, not a GGUF model: no magic at byte 0", r->g->path,
                       found.words);
    r->field = "magic";
    const unsigned char *magic = take(r, 4);
    if (!magic) return VIDI_E_FORMAT;
    if (memcmp(magic, "GGUF", 4) != 0)
        return refuse(r, 0, "is %02x %02x %02x %02x, not \"GGUF\"", magic[0], magic[1], magic[2],
                      magic[3]);
    r->field = "version";
    TRY(take_number(r, 4, &version));
    if (version != 2 && version != 3)
        return refuse(r, 4, "is %llu, and 2 and 3 can be read%s", (unsigned long long)version,
                      version && version % 65536 == 0 ? " (a big-endian file?)" : "");
    r->g->version = (uint32_t)version;
    r->field = "count of tensors";
    TRY(take_entries(r, MAX_TENSORS, TENSOR_LEAST, &n));
    r->g->n_tensors = (uint32_t)n;
    r->field = "count of keys";
    TRY(take_entries(r, MAX_KEYS, KEY_LEAST, &n));
    r->g->n_values = (uint32_t)n;
    return VIDI_OK;
}

static vidi_status take_values(struct reader *r) {
    struct gguf *g = r->g;
    TRY(map_open(&g->keys, &g->arena, g->n_values));
    g->values = arena_new(&g->arena, struct gguf_value, g->n_values);
    if (!g->values) return VIDI_E_MEMORY;
    r->list = "key";
    for (uint32_t i = 0; i < g->n_values; i++) {
        r->index = i;
        r->name.len = 0;
        TRY(take_value(r, &g->values[i]));
    }
    return VIDI_OK;
}

static vidi_status read_alignment(struct reader *r) {
    struct gguf *g = r->g;
    g->alignment = DEFAULT_ALIGNMENT;
    const struct gguf_value *v = gguf_find(g, "general.alignment");
    if (!v) return VIDI_OK;
    r->index = (uint64_t)(v - g->values);
    r->name = v->key;
    r->field = "value";
    const uint64_t at = (uint64_t)(v->data - r->base);
    if (v->kind != GGUF_U32) return refuse(r, at, "is of type %s, not u32", kinds[v->kind].name);
    g->alignment = (uint32_t)load_le(v->data, 4);
    if (g->alignment >= 8 && g->alignment <= 65536 && (g->alignment & (g->alignment - 1)) == 0)
        return VIDI_OK;
    return refuse(r, at, "is %u, not a power of two in 8 to 65536", g->alignment);
}

static vidi_status take_tensors(struct reader *r, struct extent *extents) {
    struct gguf *g = r->g;
    TRY(map_open(&g->names, &g->arena, g->n_tensors));
    g->tensors = arena_new(&g->arena, struct gguf_tensor, g->n_tensors);
    if (!g->tensors) return VIDI_E_MEMORY;
    r->list = "tensor";
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        r->index = i;
        r->name.len = 0;
        TRY(take_tensor(r, &g->tensors[i], &extents[i]));
    }
    return VIDI_OK;
}

static vidi_status place_tensor(struct reader *r, const struct extent *e) {
    struct gguf *g = r->g;
    struct gguf_tensor *t = &g->tensors[e->tensor];
    r->index = e->tensor;
    r->name = t->name;
    if (e->offset % g->alignment != 0)
        return refuse(r, e->at, "is %llu, no multiple of the alignment of %u",
                      (unsigned long long)e->offset, g->alignment);
    uint64_t start, end;
    if (!add_ok(&start, g->data_start, e->offset) || !add_ok(&end, start, t->bytes) ||
        end > g->file_bytes)
        return refuse(r, e->at,
                      "is %llu, and %llu bytes from there do not lie in the file: its data starts "
                      "at byte %llu and ends at byte %llu",
                      (unsigned long long)e->offset, (unsigned long long)t->bytes,
                      (unsigned long long)g->data_start, (unsigned long long)g->file_bytes);
    t->data = r->base + start;
    return VIDI_OK;
}

static int by_offset(const void *a, const void *b) {
    const struct extent *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static vidi_status check_overlap(struct reader *r, struct extent *extents) {
    const struct gguf *g = r->g;
    qsort(extents, g->n_tensors, sizeof *extents, by_offset);
    for (uint32_t i = 1; i < g->n_tensors; i++) {
        const struct extent *e = &extents[i];
        const struct gguf_tensor *before = &g->tensors[extents[i - 1].tensor];
        const uint64_t free_from = extents[i - 1].offset + before->bytes;
        if (e->offset >= free_from) continue;
        char name[MAX_NAME_BYTES + 1];
        r->index = e->tensor;
        r->name = g->tensors[e->tensor].name;
        return refuse(r, e->at, "is %llu, inside tensor %u (%s), which ends at %llu",
                      (unsigned long long)e->offset, extents[i - 1].tensor,
                      gguf_shown(before->name, name, sizeof name), (unsigned long long)free_from);
    }
    return VIDI_OK;
}

static vidi_status read_tensors(struct reader *r, struct extent *extents) {
    struct gguf *g = r->g;
    TRY(take_tensors(r, extents));
    g->data_start = align_up(r->at, g->alignment);
    r->field = "offset";
    for (uint32_t i = 0; i < g->n_tensors; i++) TRY(place_tensor(r, &extents[i]));
    return check_overlap(r, extents);
}

vidi_status gguf_parse(struct gguf *g, const unsigned char *base, uint64_t bytes) {
    g->file_bytes = bytes;
    struct reader r = {.g = g, .base = base, .end = bytes < MAX_METADATA ? bytes : MAX_METADATA};
    TRY(take_head(&r));
    TRY(take_values(&r));
    TRY(read_alignment(&r));
    struct extent *extents = vd_alloc(g->ctx, g->n_tensors * sizeof *extents);
    if (!extents) return VIDI_E_MEMORY;
    const vidi_status status = read_tensors(&r, extents);
    vd_free(g->ctx, extents);
    return status;
}
