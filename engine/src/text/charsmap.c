#include "text/charsmap.h"

#include <string.h>
#include <utf8proc.h>

#include "text/utf8.h"

enum { GRAPHEME_BYTES = 6 };

vidi_status charsmap_open(struct vd_ctx *ctx, const char *path, struct arena *a, struct str bytes,
                          struct charsmap *out) {
    uint32_t size = 0;
    *out = (struct charsmap){0};
    if (bytes.len >= 4) memcpy(&size, bytes.ptr, 4); /* little-endian, as GGUF is */
    const uint64_t rest = bytes.len >= 4 ? bytes.len - 4 : 0;
    if (size == 0 || size % 4 || size >= rest || bytes.ptr[bytes.len - 1] != 0)
        return vd_fail(ctx, VIDI_E_FORMAT,
                       "%s: precompiled_charsmap of %llu bytes is no trie with its texts", path,
                       (unsigned long long)bytes.len);
    uint32_t *units = arena_new(a, uint32_t, size / 4);
    char *texts = arena_new(a, char, rest - size);
    if (!units || !texts) return VIDI_E_MEMORY;
    memcpy(units, bytes.ptr + 4, size);
    memcpy(texts, bytes.ptr + 4 + size, rest - size);
    *out = (struct charsmap){units, size / 4, texts, (uint32_t)(rest - size)};
    return VIDI_OK;
}

/* Parts of a unit: where its children begin, whether one of them ends a word, and its own byte. */
static uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
static bool ends_word(uint32_t unit) { return unit >> 8 & 1; }
static uint32_t label_of(uint32_t unit) { return unit & (1u << 31 | 0xFF); }
static uint32_t value_of(uint32_t unit) { return unit & ~(1u << 31); }

const char *charsmap_find(const struct charsmap *m, const char *text, uint32_t len, bool longest,
                          uint32_t *used) {
    const char *found = NULL;
    uint32_t at = m->n_units ? offset_of(m->units[0]) : 0;
    for (uint32_t i = 0; m->n_units && i < len && text[i]; i++) {
        at ^= (unsigned char)text[i];
        if (at >= m->n_units || label_of(m->units[at]) != (unsigned char)text[i]) break;
        const uint32_t unit = m->units[at];
        at ^= offset_of(unit);
        if (!ends_word(unit)) continue;
        const uint32_t value = at < m->n_units ? value_of(m->units[at]) : UINT32_MAX;
        if (value >= m->n_texts) break;
        found = m->texts + value;
        *used = i + 1;
        if (!longest) break;
    }
    return found;
}

/* Text that grows. */
struct grown {
    struct arena *arena;
    char *text;
    uint32_t n, cap;
};

static bool push(struct grown *g, const char *text, size_t len) {
    while (g->cap - g->n < len) {
        char *bigger = arena_grow(g->arena, g->text, &g->cap, 1);
        if (!bigger) return false;
        g->text = bigger;
    }
    if (len) memcpy(g->text + g->n, text, len);
    g->n += (uint32_t)len;
    return true;
}

/* Bytes of the letter at `at`; one where it is none. */
static uint32_t letter(const char *text, uint32_t len, uint32_t at, int32_t *code) {
    const uint32_t n = utf8_length(text + at, len - at);
    *code = n ? (int32_t)utf8_decode(text + at, n) : -1;
    return n ? n : 1;
}

static uint32_t grapheme(const char *text, uint32_t len, uint32_t at) {
    int32_t code, next, state = 0;
    uint32_t n = letter(text, len, at, &code);
    while (code >= 0 && at + n < len) {
        const uint32_t more = letter(text, len, at + n, &next);
        if (next < 0 || utf8proc_grapheme_break_stateful(code, next, &state)) break;
        n += more;
        code = next;
    }
    return n;
}

/* One letter, or a short grapheme; false: no memory. *known: it was replaced. */
static bool replace(const struct charsmap *m, struct grown *g, const char *text, uint32_t len,
                    bool *known) {
    uint32_t used;
    const char *by = charsmap_find(m, text, len, false, &used);
    *known = by != NULL;
    return !by || push(g, by, strlen(by));
}

static bool push_grapheme(const struct charsmap *m, struct grown *g, const char *text,
                          uint32_t len) {
    bool known = false, ok = true;
    if (len < GRAPHEME_BYTES) ok = replace(m, g, text, len, &known);
    for (uint32_t at = 0; ok && !known && at < len;) {
        int32_t code;
        const uint32_t one = letter(text, len, at, &code);
        bool found = false;
        if (code >= 0) ok = replace(m, g, text + at, one, &found);
        if (ok && !found) ok = push(g, text + at, one);
        at += one;
    }
    return ok;
}

/* The longest known beginning, or a letter as it is; *used: its bytes. */
static bool push_longest(const struct charsmap *m, struct grown *g, const char *text, uint32_t len,
                         uint32_t *used) {
    int32_t code;
    const char *by = charsmap_find(m, text, len, true, used);
    if (by) return push(g, by, strlen(by));
    *used = letter(text, len, 0, &code);
    return push(g, text, *used);
}

char *charsmap_apply(const struct charsmap *m, bool by_grapheme, struct arena *a, const char *text,
                     uint32_t len, uint32_t *out_len) {
    struct grown g = {.arena = a};
    bool ok = push(&g, "", 0);
    for (uint32_t at = 0, n; ok && at < len; at += n) {
        if (by_grapheme) {
            n = grapheme(text, len, at);
            ok = push_grapheme(m, &g, text + at, n);
        } else {
            ok = push_longest(m, &g, text + at, len - at, &n);
        }
    }
    ok = ok && push(&g, "", 1);
    *out_len = ok ? g.n - 1 : 0;
    return ok ? g.text : NULL;
}
