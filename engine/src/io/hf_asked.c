/* hf_asked.c - which keys of a folder's configs were asked for, and what becomes of all others.
 *
 * A key that nobody asks for is read over, and so is what it would have changed. Each reader asks
 * through hf_get(), which notes the object and the key; when all is read, every key of the files is
 * looked up: asked for, known (hf_keys.c), or refused by its name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

enum { COPIES_MOST = 16, DEPTH_MOST = 8, PATH_MOST = 256, VALUE_MOST = 64 };

struct asked_key {
    const json_t *object;
    const char *key;
};
struct hf_asked {
    json_t *kept; /* copies, which live until all is read */
    const json_t *copies[COPIES_MOST], *originals[COPIES_MOST];
    uint32_t n_copies;
    struct asked_key *keys;
    uint32_t n_keys, cap_keys;
    bool lost; /* there was no memory for one */
};

vidi_status hf_asked_open(struct hf *h) {
    h->asked = arena_new(h->arena, struct hf_asked, 1);
    if (!h->asked) return VIDI_E_MEMORY;
    h->asked->kept = json_array();
    return h->asked->kept ? VIDI_OK : VIDI_E_MEMORY;
}

void hf_asked_close(struct hf *h) {
    if (h->asked) json_decref(h->asked->kept);
    h->asked = NULL;
}

json_t *hf_stands_for(struct hf *h, json_t *copy, const json_t *original) {
    struct hf_asked *a = h->asked;
    if (json_array_append_new(a->kept, copy) != 0) return NULL;
    if (a->n_copies == COPIES_MOST) {
        a->lost = true;
        return copy;
    }
    a->copies[a->n_copies] = copy;
    a->originals[a->n_copies++] = original;
    return copy;
}

static const json_t *original_of(const struct hf_asked *a, const json_t *object) {
    for (uint32_t i = 0; i < a->n_copies; i++)
        if (a->copies[i] == object) return a->originals[i];
    return object;
}

static bool was_asked(const struct hf_asked *a, const json_t *object, const char *key) {
    for (uint32_t i = 0; i < a->n_keys; i++)
        if (a->keys[i].object == object && strcmp(a->keys[i].key, key) == 0) return true;
    return false;
}

json_t *hf_get(const struct hf *h, const json_t *object, const char *key) {
    struct hf_asked *a = h->asked;
    const json_t *original = original_of(a, object);
    if (!original || was_asked(a, original, key)) return json_object_get(object, key);
    if (a->n_keys == a->cap_keys) {
        struct asked_key *more = arena_grow(h->arena, a->keys, &a->cap_keys, sizeof *a->keys);
        if (!more) {
            a->lost = true;
            return json_object_get(object, key);
        }
        a->keys = more;
    }
    a->keys[a->n_keys++] = (struct asked_key){original, key};
    return json_object_get(object, key);
}

void hf_get_all(const struct hf *h, const json_t *object, const char *key) {
    static const char *const parts[] = {"height", "width", "shortest_edge", "longest_edge"};
    const json_t *inner = hf_get(h, object, key);
    for (int i = 0; i < 4 && json_is_object(inner); i++) hf_get(h, inner, parts[i]);
}

/* --- what was not asked for --------------------------------------------------------------------
 */

/* A file, or a part of one, while it is looked through. */
struct look {
    struct hf *h;
    const char *file;
    const struct hf_rule *rules;
    size_t n_rules;
    char path[PATH_MOST]; /* from the part that the rules speak of */
};

static bool equal(const json_t *a, const json_t *b) {
    if (!a || !b) return false;
    if (!json_is_number(a) || !json_is_number(b)) return json_equal(a, b);
    const double x = json_number_value(a), y = json_number_value(b);
    return fabs(x - y) <= 1e-6 * fabs(y);
}

static bool is_empty(const json_t *value) {
    return json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

/* The value as it stands in the file, cut where it is long. */
static void put_value(const json_t *value, char out[VALUE_MOST]) {
    const size_t flags =
        JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9);
    const size_t n = json_dumpb(value, out, VALUE_MOST - 1, flags);
    out[n < VALUE_MOST - 1 ? n : VALUE_MOST - 1] = 0;
    if (n >= VALUE_MOST) memcpy(out + VALUE_MOST - 4, "...", 4);
}

static vidi_status refuse(const struct look *l, const json_t *value, const char *words) {
    char text[VALUE_MOST] = "";
    put_value(value, text);
    return vd_fail(l->h->ctx, VIDI_E_UNSUPPORTED, "%.600s/%s: %s is %s, %s", l->h->folder, l->file,
                   l->path, text, words);
}

static vidi_status by_rule(const struct look *l, const struct hf_rule *rule, const json_t *value) {
    if (!rule->values || json_is_null(value)) return VIDI_OK;
    char words[128];
    json_t *allowed = json_loads(rule->values, 0, NULL), *one;
    size_t i;
    bool found = false;
    json_array_foreach(allowed, i, one) found = found || equal(value, one);
    json_decref(allowed);
    if (found) return VIDI_OK;
    snprintf(words, sizeof words, "of which %s alone is supported", rule->values);
    return refuse(l, value, words);
}

static vidi_status look_at(struct look *l, const json_t *object, int depth);

static vidi_status judge(struct look *l, const json_t *object, const char *key, json_t *value,
                         int depth) {
    if (was_asked(l->h->asked, object, key))
        return json_is_object(value) ? look_at(l, value, depth + 1) : VIDI_OK;
    /* The language model's, copied beside it, as some versions of the reference save them. */
    const bool copied = depth == 0 && object == l->h->config && l->h->numbers_at[0] &&
                        equal(value, json_object_get(l->h->numbers, key));
    if (copied) return VIDI_OK;
    const struct hf_rule *rule = hf_rule_find(l->h, l->rules, l->n_rules, l->path);
    if (rule) return by_rule(l, rule, value);
    if (is_empty(value)) return VIDI_OK;
    return refuse(l, value, "a field that is not known and might change answers");
}

static vidi_status look_at(struct look *l, const json_t *object, int depth) {
    const size_t end = strlen(l->path);
    const char *key;
    json_t *value;
    if (depth > DEPTH_MOST)
        return vd_fail(l->h->ctx, VIDI_E_FORMAT, "%.600s/%s: %s is nested too deep", l->h->folder,
                       l->file, l->path);
    json_object_foreach((json_t *)object, key, value) {
        snprintf(l->path + end, sizeof l->path - end, "%s%.100s", end ? "." : "", key);
        TRY(judge(l, object, key, value, depth));
        l->path[end] = 0;
    }
    return VIDI_OK;
}

vidi_status hf_asked_check(struct hf *h, const json_t *part, const char *file,
                           const struct hf_rule *rules, size_t n_rules) {
    struct look l = {.h = h, .file = file, .rules = rules, .n_rules = n_rules};
    if (h->asked->lost) return VIDI_E_MEMORY;
    return look_at(&l, part, 0);
}
