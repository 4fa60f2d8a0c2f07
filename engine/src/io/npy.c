#include "io/npy.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "io/bytes.h"
#include "io/file.h"

enum { MAX_DIMS = 8, HEAD_ALIGN = 64 };
static const uint64_t MAX_FILE = UINT64_C(4) << 30;

static const struct npy_type {
    char descr[4];
    uint32_t bytes;
    bool whole; /* integers */
} types[] = {{"<f4", 4, false}, {"<f8", 8, false}, {"<i4", 4, true}, {"<i8", 8, true}};

/* The text of the header: a Python dict with three entries. */
struct reader {
    struct vd_ctx *ctx;
    const char *name;
    const char *text;
    uint64_t at, len, start; /* start: of the text in the file */
    const struct npy_type *type;
    bool has_order;
    bool has_shape;
    struct npy *out;
};

static vidi_status refuse(const struct reader *r, const char *what) {
    return vd_fail(r->ctx, VIDI_E_FORMAT, "%.600s: header at byte %llu: %s", r->name,
                   (unsigned long long)(r->start + r->at), what);
}

static void skip_spaces(struct reader *r) {
    while (r->at < r->len && (r->text[r->at] == ' ' || r->text[r->at] == '\n')) r->at++;
}

static bool eat(struct reader *r, char c) {
    skip_spaces(r);
    if (r->at >= r->len || r->text[r->at] != c) return false;
    r->at++;
    return true;
}

/* A quoted text without escapes, cut to 31 bytes. */
static vidi_status read_text(struct reader *r, char out[32]) {
    const char quote = eat(r, '\'') ? '\'' : eat(r, '"') ? '"' : 0;
    if (!quote) return refuse(r, "a text in quotes was expected");
    uint32_t n = 0;
    for (; r->at < r->len && r->text[r->at] != quote; r->at++)
        if (n < 31) out[n++] = r->text[r->at];
    out[n] = 0;
    return eat(r, quote) ? VIDI_OK : refuse(r, "a text does not end");
}

static vidi_status read_number(struct reader *r, uint64_t *out) {
    skip_spaces(r);
    const uint64_t first = r->at;
    for (*out = 0; r->at < r->len && r->text[r->at] >= '0' && r->text[r->at] <= '9'; r->at++)
        if (!mul_ok(out, *out, 10) || !add_ok(out, *out, (uint64_t)(r->text[r->at] - '0')))
            return refuse(r, "a dim is above 2^64 - 1");
    return r->at > first ? VIDI_OK : refuse(r, "a dim was expected");
}

static vidi_status read_descr(struct reader *r) {
    char text[32];
    if (r->type) return refuse(r, "descr stands there twice");
    TRY(read_text(r, text));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].descr, text) == 0) r->type = &types[i];
    return r->type ? VIDI_OK : refuse(r, "descr is not one of <f4 <f8 <i4 <i8");
}

static vidi_status read_order(struct reader *r) {
    if (r->has_order) return refuse(r, "fortran_order stands there twice");
    skip_spaces(r);
    r->has_order = true;
    if (r->len - r->at >= 4 && memcmp(r->text + r->at, "True", 4) == 0)
        return refuse(r, "fortran_order is True; only C order is read");
    if (r->len - r->at < 5 || memcmp(r->text + r->at, "False", 5) != 0)
        return refuse(r, "fortran_order is not False");
    r->at += 5;
    return VIDI_OK;
}

static vidi_status read_shape(struct reader *r) {
    struct npy *out = r->out;
    if (r->has_shape) return refuse(r, "shape stands there twice");
    r->has_shape = true;
    if (!eat(r, '(')) return refuse(r, "shape does not begin with (");
    out->n_dims = 0;
    bool comma = true;
    while (!eat(r, ')')) {
        if (!comma) return refuse(r, "shape lacks a comma or its )");
        if (out->n_dims == MAX_DIMS) return refuse(r, "shape has more than 8 dims");
        TRY(read_number(r, &out->dims[out->n_dims++]));
        comma = eat(r, ',');
    }
    return VIDI_OK;
}

static vidi_status read_entry(struct reader *r) {
    static const struct {
        const char *key;
        vidi_status (*read)(struct reader *r);
    } entries[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};
    char key[32];
    TRY(read_text(r, key));
    if (!eat(r, ':')) return refuse(r, "a : was expected");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (strcmp(entries[i].key, key) == 0) return entries[i].read(r);
    return refuse(r, "a key is not one of descr, fortran_order, shape");
}

static vidi_status read_dict(struct reader *r) {
    if (!eat(r, '{')) return refuse(r, "does not begin with {");
    bool comma = true;
    while (!eat(r, '}')) {
        if (!comma) return refuse(r, "lacks a comma or its }");
        TRY(read_entry(r));
        comma = eat(r, ',');
    }
    skip_spaces(r);
    if (r->at != r->len) return refuse(r, "goes on after its }");
    if (!r->type || !r->has_order || !r->has_shape)
        return refuse(r, "lacks one of descr, fortran_order, shape");
    return VIDI_OK;
}

/* The count of entries, and that the file has exactly their bytes. */
static vidi_status check_size(const struct reader *r, uint64_t bytes_left) {
    struct npy *out = r->out;
    uint64_t product = 1, bytes;
    bool empty = false, good = true;
    for (uint32_t i = 0; i < out->n_dims; i++) {
        empty = empty || out->dims[i] == 0;
        good = good && mul_ok(&product, product, out->dims[i] ? out->dims[i] : 1);
    }
    if (!good || !mul_ok(&bytes, product, r->type->bytes))
        return refuse(r, "shape makes more bytes than 2^64");
    out->count = empty ? 0 : product;
    if (empty) bytes = 0;
    if (bytes == bytes_left) return VIDI_OK;
    return vd_fail(r->ctx, VIDI_E_FORMAT,
                   "%.600s: data at byte %llu: shape and descr need %llu bytes, and %llu are there",
                   r->name, (unsigned long long)(r->start + r->len), (unsigned long long)bytes,
                   (unsigned long long)bytes_left);
}

static vidi_status bad_value(const struct reader *r, uint64_t i, const char *kind) {
    return vd_fail(r->ctx, VIDI_E_FORMAT, "%.600s: entry %llu at byte %llu: does not fit %s",
                   r->name, (unsigned long long)i,
                   (unsigned long long)(r->start + r->len + i * r->type->bytes), kind);
}

static vidi_status copy_floats(const struct reader *r, const unsigned char *data) {
    struct npy *out = r->out;
    for (uint64_t i = 0; i < out->count; i++) {
        const uint64_t bits = load_le(data + i * r->type->bytes, r->type->bytes);
        if (r->type->bytes == 4) {
            const uint32_t low = (uint32_t)bits;
            memcpy(&out->f[i], &low, sizeof low);
            continue;
        }
        double d;
        memcpy(&d, &bits, sizeof d);
        if (isfinite(d) && fabs(d) > (double)FLT_MAX) return bad_value(r, i, "an f4");
        out->f[i] = (float)d;
    }
    return VIDI_OK;
}

static vidi_status copy_ints(const struct reader *r, const unsigned char *data) {
    struct npy *out = r->out;
    for (uint64_t i = 0; i < out->count; i++) {
        const uint64_t bits = load_le(data + i * r->type->bytes, r->type->bytes);
        const uint32_t low = (uint32_t)bits;
        memcpy(&out->i[i], &low, sizeof low);
        if (r->type->bytes == 8 && (uint64_t)(int64_t)out->i[i] != bits)
            return bad_value(r, i, "an i4");
    }
    return VIDI_OK;
}

static vidi_status find_header(struct reader *r, const unsigned char *data, uint64_t bytes) {
    static const char words[] = "is cut";
    if (bytes < 10) return refuse(r, words);
    if (memcmp(data, "\x93NUMPY", 6) != 0) return refuse(r, "does not begin with \\x93NUMPY");
    if (data[6] < 1 || data[6] > 3) {
        r->at = 6;
        return refuse(r, "version is not 1, 2 or 3");
    }
    const uint32_t width = data[6] == 1 ? 2 : 4;
    r->start = 8 + width;
    if (bytes < r->start) return refuse(r, words);
    r->len = load_le(data + 8, width);
    if (r->len > bytes - r->start) return refuse(r, words);
    r->text = (const char *)data + r->start;
    return VIDI_OK;
}

vidi_status npy_decode(struct arena *a, const char *name, const void *data, uint64_t bytes,
                       struct npy *out) {
    struct npy read = {0};
    struct reader r = {.ctx = a->ctx, .name = name, .out = &read};
    TRY(find_header(&r, data, bytes));
    TRY(read_dict(&r));
    TRY(check_size(&r, bytes - r.start - r.len));
    const unsigned char *values = (const unsigned char *)data + r.start + r.len;
    if (r.type->whole) {
        read.i = arena_new(a, int32_t, read.count);
        if (!read.i) return VIDI_E_MEMORY;
        TRY(copy_ints(&r, values));
    } else {
        read.f = arena_new(a, float, read.count);
        if (!read.f) return VIDI_E_MEMORY;
        TRY(copy_floats(&r, values));
    }
    *out = read;
    return VIDI_OK;
}

vidi_status npy_read(struct arena *a, const char *path, struct npy *out) {
    void *data;
    uint64_t bytes;
    TRY(file_read(a->ctx, path, (struct file_limit){MAX_FILE, VIDI_E_FORMAT}, &data, &bytes));
    const vidi_status status = npy_decode(a, path, data, bytes, out);
    vd_free(a->ctx, data);
    return status;
}

static vidi_status write_values(struct vd_ctx *ctx, const char *path, const char *descr,
                                const void *data, const uint64_t *dims, uint32_t n_dims) {
    if (n_dims > MAX_DIMS)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%.600s: %u dims, and .npy files here have at most %d",
                       path, n_dims, MAX_DIMS);
    uint64_t bytes = 4;
    for (uint32_t i = 0; i < n_dims; i++)
        if (!mul_ok(&bytes, bytes, dims[i]))
            return vd_fail(ctx, VIDI_E_ARGUMENT, "%.600s: the dims make more bytes than 2^64",
                           path);

    char head[320] = "\x93NUMPY\x01"; /* the fixed words and 8 dims of 20 digits stay below it */
    int at = 10;
    at += sprintf(head + at, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (uint32_t i = 0; i < n_dims; i++)
        at += sprintf(head + at, "%llu, ", (unsigned long long)dims[i]);
    if (n_dims > 1) at -= 2; /* one dim keeps its comma: (3,) */
    if (n_dims == 1) at -= 1;
    at += sprintf(head + at, "), }");
    const int len = (int)align_up((uint64_t)at + 1, HEAD_ALIGN);
    memset(head + at, ' ', (size_t)(len - at));
    head[len - 1] = '\n';
    head[8] = (char)((len - 10) & 255);
    head[9] = (char)((len - 10) >> 8);
    const struct file_part parts[] = {{head, (uint64_t)len}, {data, bytes}};
    return file_write(ctx, path, parts, 2);
}

vidi_status npy_write_f32(struct vd_ctx *ctx, const char *path, const float *data,
                          const uint64_t *dims, uint32_t n_dims) {
    return write_values(ctx, path, "<f4", data, dims, n_dims);
}

vidi_status npy_write_i32(struct vd_ctx *ctx, const char *path, const int32_t *data,
                          const uint64_t *dims, uint32_t n_dims) {
    return write_values(ctx, path, "<i4", data, dims, n_dims);
}
