#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chat/internal.h"

enum { KEY_CAP = 256 };

static bool full_key(struct meta *m, const char *key, char *out) {
    if (m->status != VIDI_OK) return false;
    if (snprintf(out, KEY_CAP, "%s.%s", m->arch, key) < KEY_CAP) return true;
    m->status =
        vd_fail(m->ctx, VIDI_E_FORMAT, "%s: the architecture's name is too long", m->file->path);
    return false;
}

static void keep(struct meta *m, vidi_status status) {
    if (m->status == VIDI_OK) m->status = status;
}

void meta_fail(struct meta *m, const char *fmt, ...) {
    if (m->status != VIDI_OK) return;
    char words[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    m->status = vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s.%s", m->file->path, m->arch, words);
}

static bool check_int(struct meta *m, const char *key, int64_t value, uint32_t lo, uint32_t hi) {
    if (m->status == VIDI_OK && (value < (int64_t)lo || value > (int64_t)hi))
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s is %lld, outside %u to %u", m->file->path,
                        key, (long long)value, lo, hi));
    return m->status == VIDI_OK;
}

uint32_t meta_int(struct meta *m, const char *key, uint32_t lo, uint32_t hi) {
    char full[KEY_CAP];
    uint32_t value = 0;
    if (!full_key(m, key, full)) return lo;
    keep(m, gguf_u32(m->file, full, &value));
    return check_int(m, full, value, lo, hi) ? value : lo;
}

uint32_t meta_int_or(struct meta *m, const char *key, uint32_t lo, uint32_t hi, uint32_t missing) {
    char full[KEY_CAP];
    if (!full_key(m, key, full)) return lo;
    if (gguf_find(m->file, full)) return meta_int(m, key, lo, hi);
    return check_int(m, full, missing, lo, hi) ? missing : lo;
}

static bool check_float(struct meta *m, const char *key, double value, float lo, float hi) {
    if (m->status == VIDI_OK && !(value >= lo && value <= hi))
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s is %g, outside %g to %g", m->file->path, key,
                        value, lo, hi));
    return m->status == VIDI_OK;
}

float meta_float(struct meta *m, const char *key, float lo, float hi) {
    char full[KEY_CAP];
    float value = 0;
    if (!full_key(m, key, full)) return lo;
    keep(m, gguf_f32(m->file, full, &value));
    return check_float(m, full, value, lo, hi) ? value : lo;
}

float meta_float_or(struct meta *m, const char *key, float lo, float hi, float missing) {
    char full[KEY_CAP];
    if (!full_key(m, key, full)) return lo;
    return gguf_find(m->file, full) ? meta_float(m, key, lo, hi) : missing;
}

/* Whole numbers serve as flags, too. */
static bool is_flag(enum gguf_kind kind) {
    return kind != GGUF_STRING && kind != GGUF_ARRAY && kind != GGUF_F32 && kind != GGUF_F64;
}

bool meta_flag(struct meta *m, const char *key) {
    char full[KEY_CAP];
    if (!full_key(m, key, full)) return false;
    const struct gguf_value *v = gguf_find(m->file, full);
    if (v && !is_flag(v->kind))
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s is not a flag", m->file->path, full));
    return v && is_flag(v->kind) && gguf_int_at(v, 0) != 0;
}

uint32_t meta_word(struct meta *m, const char *key, const char *const *words, uint32_t n) {
    char full[KEY_CAP];
    struct str text;
    if (!full_key(m, key, full) || !gguf_find(m->file, full)) return 0;
    keep(m, gguf_str(m->file, full, &text));
    for (uint32_t i = 0; m->status == VIDI_OK && i < n; i++)
        if (text.len == strlen(words[i]) && memcmp(text.ptr, words[i], text.len) == 0) return i;
    if (m->status == VIDI_OK)
        keep(m, vd_fail(m->ctx, VIDI_E_UNSUPPORTED, "%s: %s is '%.*s', which is not supported",
                        m->file->path, full, (int)(text.len < 64 ? text.len : 64), text.ptr));
    return 0;
}

bool meta_has_tensor(struct meta *m, const char *name) {
    return gguf_tensor(m->file, name) != NULL;
}

void meta_flags(struct meta *m, const char *key, uint32_t n, bool *out) {
    char full[KEY_CAP];
    memset(out, 0, n * sizeof *out);
    if (!full_key(m, key, full)) return;
    const struct gguf_value *v = gguf_find(m->file, full);
    if (!v || v->kind != GGUF_ARRAY || v->n != n || !is_flag(v->item)) {
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s does not hold %u flags", m->file->path, full,
                        n));
        return;
    }
    for (uint32_t i = 0; i < n; i++) out[i] = gguf_int_at(v, i) != 0;
}

bool meta_has(struct meta *m, const char *key) {
    char full[KEY_CAP];
    return full_key(m, key, full) && gguf_find(m->file, full);
}

uint32_t meta_length(struct meta *m, const char *key, uint32_t most) {
    char full[KEY_CAP];
    if (!full_key(m, key, full)) return 0;
    const struct gguf_value *v = gguf_find(m->file, full);
    if (v && v->n > most)
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s has %llu entries, more than %u",
                        m->file->path, full, (unsigned long long)v->n, most));
    return v && v->n <= most ? (uint32_t)v->n : 0;
}

/* The value of an array of n numbers, or of one number for all. NULL after a failure. */
static const struct gguf_value *numbers(struct meta *m, const char *full, uint32_t n, bool whole) {
    const struct gguf_value *v = gguf_find(m->file, full);
    if (!v) {
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s is missing", m->file->path, full));
        return NULL;
    }
    const enum gguf_kind kind = v->kind == GGUF_ARRAY ? v->item : v->kind;
    const bool real = kind == GGUF_F32 || kind == GGUF_F64;
    if (kind == GGUF_STRING || kind == GGUF_BOOL || (real && whole) ||
        (v->kind == GGUF_ARRAY && v->n != n)) {
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT, "%s: %s does not hold %u %snumbers", m->file->path,
                        full, n, whole ? "whole " : ""));
        return NULL;
    }
    return v;
}

void meta_ints(struct meta *m, const char *key, uint32_t n, uint32_t lo, uint32_t hi,
               uint32_t *out) {
    char full[KEY_CAP];
    const struct gguf_value *v = full_key(m, key, full) ? numbers(m, full, n, true) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        const int64_t value = v ? gguf_int_at(v, v->kind == GGUF_ARRAY ? i : 0) : lo;
        out[i] = v && check_int(m, full, value, lo, hi) ? (uint32_t)value : lo;
    }
}

void meta_floats(struct meta *m, const char *key, uint32_t n, float lo, float hi, float *out) {
    char full[KEY_CAP];
    const struct gguf_value *v = full_key(m, key, full) ? numbers(m, full, n, false) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        const double value = v ? gguf_float_at(v, v->kind == GGUF_ARRAY ? i : 0) : lo;
        out[i] = v && check_float(m, full, value, lo, hi) ? (float)value : lo;
    }
}

uint32_t meta_vocab(struct meta *m) {
    const struct gguf_value *v = gguf_find(m->file, "tokenizer.ggml.tokens");
    if (m->status == VIDI_OK && (!v || v->kind != GGUF_ARRAY || !v->n || v->n > 1u << 24))
        keep(m, vd_fail(m->ctx, VIDI_E_FORMAT,
                        "%s: tokenizer.ggml.tokens is missing or not an array of words",
                        m->file->path));
    return m->status == VIDI_OK ? (uint32_t)v->n : 1;
}
