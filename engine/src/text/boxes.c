#include "text/boxes.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "text/utf8.h"

#define NUMBER(name) "(?<" name ">\\d{1,5}(?:\\.\\d{1,8})?)"
#define LOC(name)    "<loc(?<" name ">\\d{4})>"
#define COMMA        "\\s*,\\s*"

enum { MATCH_STEPS = 1 << 20, LABEL_BYTES = sizeof((vidi_box *)0)->label };

struct reader {
    pcre2_code *code;
    pcre2_match_data *match;
    const char *text;
    float width, height; /* of what bbox_2d counts */
    char label[LABEL_BYTES];
};

/* --- one box ---------------------------------------------------------------------------------- */

/* Without blanks around it, cut to whole characters. */
static void set_label(char *to, const char *from, size_t len) {
    while (len && (unsigned char)from[0] <= ' ') from++, len--;
    while (len && (unsigned char)from[len - 1] <= ' ') len--;
    size_t n = 0;
    for (uint32_t one; (one = utf8_length(from + n, len - n)) && n + one < LABEL_BYTES;) n += one;
    memcpy(to, from, n);
    to[n] = '\0';
}

/* The bytes of a group; false: it took no part. */
static bool group(const struct reader *r, const char *name, const char **at, size_t *len) {
    const int n = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(r->match);
    if (n < 0 || bounds[2 * n] == PCRE2_UNSET) return false;
    *at = r->text + bounds[2 * n];
    *len = bounds[2 * n + 1] - bounds[2 * n];
    return true;
}

/* Of digits with a point between them at most, as the patterns have them. */
static float number(const struct reader *r, const char *name) {
    const char *at = NULL;
    size_t len = 0;
    double value = 0, unit = 1;
    bool behind = false;
    if (!group(r, name, &at, &len)) return 0;
    for (size_t i = 0; i < len; i++) {
        behind = behind || at[i] == '.';
        if (at[i] == '.') continue;
        value = value * 10 + (at[i] - '0');
        if (behind) unit *= 10;
    }
    return (float)(value / unit);
}

static bool sides(const struct reader *r, float width, float height, vidi_box *out) {
    out->x0 = number(r, "x0") / width;
    out->y0 = number(r, "y0") / height;
    out->x1 = number(r, "x1") / width;
    out->y1 = number(r, "y1") / height;
    return true;
}

static bool of_1024(const struct reader *r, vidi_box *out) { return sides(r, 1024, 1024, out); }
static bool of_1000(const struct reader *r, vidi_box *out) { return sides(r, 1000, 1000, out); }

/* Middles of the two cells, or one row or column of cells. */
static bool of_cells(const struct reader *r, vidi_box *out) {
    enum { SIDE = 32 };
    const int from = (int)number(r, "from"), to = (int)number(r, "to");
    if (from >= SIDE * SIDE || to >= SIDE * SIDE) return false;
    const bool thin = from % SIDE == to % SIDE || from / SIDE == to / SIDE;
    const float first = thin ? 0 : 0.5f, last = thin ? 1 : 0.5f;
    out->x0 = ((float)(from % SIDE) + first) / SIDE;
    out->y0 = ((float)(from / SIDE) + first) / SIDE;
    out->x1 = ((float)(to % SIDE) + last) / SIDE;
    out->y1 = ((float)(to / SIDE) + last) / SIDE;
    return true;
}

static bool of_json(const struct reader *r, vidi_box *out) {
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(r->match);
    json_t *object = json_loadb(r->text + bounds[0], bounds[1] - bounds[0], 0, NULL);
    double x0, y0, x1, y1;
    const bool good =
        object && json_unpack(object, "{s:[F,F,F,F]}", "bbox_2d", &x0, &y0, &x1, &y1) == 0;
    if (good) {
        *out = (vidi_box){(float)x0 / r->width, (float)y0 / r->height, (float)x1 / r->width,
                          (float)y1 / r->height, ""};
        const char *label = json_string_value(json_object_get(object, "label"));
        if (label) set_label(out->label, label, strlen(label));
    }
    json_decref(object);
    return good;
}

/* --- the forms -------------------------------------------------------------------------------- */

static const struct form {
    const char *pattern;
    bool (*read)(const struct reader *r, vidi_box *out);
    bool keeps_label; /* boxes that follow one with a label belong to it */
} forms[] = {
    {LOC("y0") LOC("x0") LOC("y1") LOC("x1") "(?<label>[^;<\\n]*)", of_1024, false},
    {"(?:<phrase>(?<label>[^<]*)</phrase>\\s*<object>\\s*)?"
     "<patch_index_(?<from>\\d{4})>\\s*<patch_index_(?<to>\\d{4})>",
     of_cells, true},
    {"\\{(?:[^{}\"]|\"(?:[^\"\\\\]|\\\\.)*+\")*+\\}", of_json, false},
    {"(?:<ref>(?<label>[^<]*)</ref>\\s*<box>\\s*|<box>\\s*)?[\\[(]{1,2}" NUMBER("x0") COMMA NUMBER(
         "y0") "\\)?" COMMA "\\(?" NUMBER("x1") COMMA NUMBER("y1") "[\\])]{1,2}\\s*</box>",
     of_1000, true},
    {"(?<label>[^()\\[\\]{}<>\\n]*)\\(" NUMBER("x0")
         COMMA NUMBER("y0") "\\)" COMMA "\\(" NUMBER("x1") COMMA NUMBER("y1") "\\)",
     of_1000, false},
};

static float part(float v) { return v < 0 ? 0 : v > 1 ? 1 : v; }

/* What lies outside is cut off. */
static bool sensible(vidi_box *b) {
    *b = (vidi_box){part(b->x0), part(b->y0), part(b->x1), part(b->y1), ""};
    return b->x0 < b->x1 && b->y0 < b->y1;
}

static bool take(struct reader *r, const struct form *form, vidi_box *out) {
    char label[LABEL_BYTES];
    const char *at;
    size_t len;
    if (!form->keeps_label) r->label[0] = '\0';
    if (group(r, "label", &at, &len)) set_label(r->label, at, len);
    *out = (vidi_box){0};
    if (!form->read(r, out)) return false;
    memcpy(label, out->label[0] ? out->label : r->label, sizeof label);
    if (!sensible(out)) return false;
    memcpy(out->label, label, sizeof label);
    return true;
}

static int read_form(struct reader *r, const struct form *form, size_t len,
                     pcre2_match_context *limits, vidi_box *out, int cap) {
    int n = 0, error;
    PCRE2_SIZE where, from = 0;
    r->label[0] = '\0';
    r->code =
        pcre2_compile((PCRE2_SPTR)form->pattern, PCRE2_ZERO_TERMINATED, 0, &error, &where, NULL);
    r->match = r->code ? pcre2_match_data_create_from_pattern(r->code, NULL) : NULL;
    while (r->match && n < cap && from < len &&
           pcre2_match(r->code, (PCRE2_SPTR)r->text, len, from, 0, r->match, limits) > 0) {
        from = pcre2_get_ovector_pointer(r->match)[1];
        n += take(r, form, &out[n]);
    }
    pcre2_match_data_free(r->match);
    pcre2_code_free(r->code);
    return n;
}

int text_boxes(const char *text, size_t len, uint32_t width, uint32_t height, vidi_box *out,
               int cap) {
    struct reader r = {.text = text, .width = (float)width, .height = (float)height};
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    int n = 0;
    if (limits) pcre2_set_match_limit(limits, MATCH_STEPS);
    for (size_t i = 0; limits && !n && width && height && i < sizeof forms / sizeof *forms; i++)
        n = read_form(&r, &forms[i], len, limits, out, cap);
    pcre2_match_context_free(limits);
    return n;
}
