#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/bytes.h"
#include "io/gguf_read.h"

enum { WHERE = 32 };

const struct gguf_value *gguf_find(const struct gguf *g, const char *key) {
    const size_t len = strlen(key);
    uint32_t i;
    return len <= UINT32_MAX && map_get(&g->keys, key, (uint32_t)len, &i) ? &g->values[i] : NULL;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name) {
    const size_t len = strlen(name);
    uint32_t i;
    return len <= UINT32_MAX && map_get(&g->names, name, (uint32_t)len, &i) ? &g->tensors[i] : NULL;
}

static vidi_status find(const struct gguf *g, const char *key, const struct gguf_value **out) {
    *out = gguf_find(g, key);
    if (*out) return VIDI_OK;
    return vd_fail(g->ctx, VIDI_E_FORMAT, "%.600s: key %.128s is missing", g->path, key);
}

/* " at byte 123", and nothing for values that were made in memory. */
static const char *where(const struct gguf *g, const struct gguf_value *v, char at[WHERE]) {
    at[0] = 0;
    if (g->map) snprintf(at, WHERE, " at byte %llu", (unsigned long long)(v->data - g->map));
    return at;
}

static vidi_status wrong_kind(const struct gguf *g, const struct gguf_value *v, const char *key,
                              const char *wanted) {
    const bool array = v->kind == GGUF_ARRAY;
    char at[WHERE];
    return vd_fail(g->ctx, VIDI_E_FORMAT, "%.600s: key %.128s%s: is %s%s, not %s", g->path, key,
                   where(g, v, at), array ? "an array of " : "", gguf_kind_name(v->item), wanted);
}

/* An integer of any width as sign and magnitude, so that every value of u64 and i64 fits. */
struct integer {
    bool is, negative;
    uint64_t magnitude;
};

static struct integer integer_at(const struct gguf_value *v, uint64_t i) {
    const uint32_t bytes = gguf_kind_bytes(v->item);
    const unsigned char *p = v->data + i * bytes;
    uint64_t bits;
    switch (v->item) {
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64:
        return (struct integer){.is = true, .magnitude = load_le(p, bytes)};
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64:
        bits = load_le(p, bytes);
        if (bits >> (8 * bytes - 1) == 0) return (struct integer){.is = true, .magnitude = bits};
        /* The bits above the width cancel: 2^width - bits, in 64 bits for width 64 too. */
        return (struct integer){true, true, (~bits + 1) & (UINT64_MAX >> (64 - 8 * bytes))};
    default:
        return (struct integer){.is = false};
    }
}

/* False: not a float. */
static bool float_at(const struct gguf_value *v, uint64_t i, double *out) {
    if (v->item == GGUF_F64) {
        const uint64_t bits = load_le(v->data + 8 * i, 8);
        memcpy(out, &bits, sizeof bits);
        return true;
    }
    if (v->item != GGUF_F32) return false;
    const uint32_t bits = (uint32_t)load_le(v->data + 4 * i, 4);
    float f;
    memcpy(&f, &bits, sizeof f);
    *out = (double)f;
    return true;
}

vidi_status gguf_u32(const struct gguf *g, const char *key, uint32_t *out) {
    const struct gguf_value *v;
    char at[WHERE];
    TRY(find(g, key, &v));
    if (v->kind == GGUF_ARRAY) return wrong_kind(g, v, key, "an integer");
    const struct integer n = integer_at(v, 0);
    if (!n.is) return wrong_kind(g, v, key, "an integer");
    if (n.negative || n.magnitude > UINT32_MAX)
        return vd_fail(g->ctx, VIDI_E_FORMAT, "%.600s: key %.128s%s: is %s%llu, not in 0 to %u",
                       g->path, key, where(g, v, at), n.negative ? "-" : "",
                       (unsigned long long)n.magnitude, UINT32_MAX);
    *out = (uint32_t)n.magnitude;
    return VIDI_OK;
}

vidi_status gguf_f32(const struct gguf *g, const char *key, float *out) {
    const struct gguf_value *v;
    char at[WHERE];
    double d;
    TRY(find(g, key, &v));
    if (v->kind == GGUF_ARRAY || !float_at(v, 0, &d)) return wrong_kind(g, v, key, "a float");
    if (isfinite(d) && fabs(d) > (double)FLT_MAX)
        return vd_fail(g->ctx, VIDI_E_FORMAT,
                       "%.600s: key %.128s%s: is %g, more than a float holds", g->path, key,
                       where(g, v, at), d);
    *out = (float)d;
    return VIDI_OK;
}

vidi_status gguf_bool(const struct gguf *g, const char *key, bool *out) {
    const struct gguf_value *v;
    TRY(find(g, key, &v));
    if (v->kind != GGUF_BOOL) return wrong_kind(g, v, key, "a bool");
    *out = v->data[0] != 0;
    return VIDI_OK;
}

vidi_status gguf_str(const struct gguf *g, const char *key, struct str *out) {
    const struct gguf_value *v;
    TRY(find(g, key, &v));
    if (v->kind != GGUF_STRING) return wrong_kind(g, v, key, "a string");
    *out = gguf_str_at(v, 0);
    return VIDI_OK;
}

vidi_status gguf_array(const struct gguf *g, const char *key, enum gguf_kind item,
                       const struct gguf_value **out) {
    const struct gguf_value *v;
    TRY(find(g, key, &v));
    if (v->kind != GGUF_ARRAY || v->item != item) {
        char wanted[32] = "an array of ";
        strcat(wanted, gguf_kind_name(item));
        return wrong_kind(g, v, key, wanted);
    }
    *out = v;
    return VIDI_OK;
}

struct str gguf_str_at(const struct gguf_value *value, uint64_t i) {
    if (value->item != GGUF_STRING) return (struct str){"", 0};
    /* From the offsets, not from the file, which may have been written to since. */
    const uint64_t start = value->offsets[i] + 8;
    return (struct str){(const char *)value->data + start, value->offsets[i + 1] - start};
}

int64_t gguf_int_at(const struct gguf_value *value, uint64_t i) {
    if (value->item == GGUF_BOOL) return value->data[i] != 0;
    double d;
    if (float_at(value, i, &d)) {
        if (isnan(d)) return 0;
        if (d >= 0x1p63) return INT64_MAX;
        return d < -0x1p63 ? INT64_MIN : (int64_t)d;
    }
    const struct integer n = integer_at(value, i);
    if (n.magnitude > INT64_MAX) return n.negative ? INT64_MIN : INT64_MAX;
    return n.negative ? -(int64_t)n.magnitude : (int64_t)n.magnitude;
}

double gguf_float_at(const struct gguf_value *value, uint64_t i) {
    double d;
    if (float_at(value, i, &d)) return d;
    if (value->item == GGUF_BOOL) return value->data[i] != 0;
    const struct integer n = integer_at(value, i);
    return n.negative ? -(double)n.magnitude : (double)n.magnitude;
}
