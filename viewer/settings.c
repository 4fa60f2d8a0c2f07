#include "settings.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_cost.h"
#include "engine/cli/environment.h"
#include "engine/cli/intake.h"
#include "keep.h"

enum { FILE_MOST = 4 << 20, COST_MOST = 64 << 20 };

static const char *const file_name = "viewer.json", *const presets_name = "questions.txt";

/* --- the values and their ranges -------------------------------------------------------------- */

enum value_kind { BOOL, INT, REAL, TEXT };
static const struct {
    const char *key;
    enum value_kind kind;
    size_t at;
    double least, most;
} values[] = {
    {"scale", REAL, offsetof(struct settings, scale), 0.5, 3},
    {"width", INT, offsetof(struct settings, width), 320, 16384},
    {"height", INT, offsetof(struct settings, height), 240, 16384},
    {"model", TEXT, offsetof(struct settings, model), 0, 0},
    {"mmproj", TEXT, offsetof(struct settings, mmproj), 0, 0},
    {"device", TEXT, offsetof(struct settings, device), 0, 0},
    {"source", TEXT, offsetof(struct settings, source), 0, 0},
    {"every_seconds", REAL, offsetof(struct settings, every_s), 0, 3600},
    {"mirror", BOOL, offsetof(struct settings, mirror), 0, 0},
    {"caption", BOOL, offsetof(struct settings, caption), 0, 0},
    {"skip_same", BOOL, offsetof(struct settings, skip_same), 0, 0},
    {"brief", BOOL, offsetof(struct settings, brief), 0, 0},
    {"max_tokens", INT, offsetof(struct settings, max_tokens), 1, 4096},
};
enum { N_VALUES = sizeof values / sizeof *values };

static const char *const themes[] = {"dark", "light", "contrast"};

/* The bit of a value; the theme's is behind the others. */
static unsigned bit_of(const char *key) {
    int v = 0;
    while (v < N_VALUES && strcmp(values[v].key, key) != 0) v++;
    return 1U << v;
}

void settings_lend(struct settings *s, const char *key) { s->lent |= bit_of(key); }
void settings_own(struct settings *s, const char *key) { s->lent &= ~bit_of(key); }

void settings_text(char **field, const char *text) {
    char *copy = text ? strdup(text) : NULL;
    free(*field);
    *field = copy;
}

static bool take_number(int v, const json_t *in, void *to) {
    if (!json_is_number(in)) return false;
    const double number = json_number_value(in);
    if (!(number >= values[v].least && number <= values[v].most)) return false;
    if (values[v].kind == INT)
        *(int *)to = (int)number;
    else
        *(double *)to = number;
    return true;
}

static bool take(struct settings *s, int v, const json_t *in) {
    void *to = (char *)s + values[v].at;
    switch (values[v].kind) {
    case BOOL:
        if (json_is_boolean(in)) *(bool *)to = json_is_true(in);
        return json_is_boolean(in);
    case TEXT:
        if (json_is_string(in)) settings_text(to, json_string_value(in));
        return json_is_string(in) || json_is_null(in);
    case INT:
    case REAL:
        return take_number(v, in, to);
    }
    return false;
}

static json_t *give(const struct settings *s, int v) {
    const void *from = (const char *)s + values[v].at;
    const char *text;
    switch (values[v].kind) {
    case BOOL:
        return json_boolean(*(const bool *)from);
    case INT:
        return json_integer(*(const int *)from);
    case REAL:
        return json_real(*(const double *)from);
    case TEXT:
        text = *(char *const *)from;
        return text ? json_string(text) : json_null();
    }
    return NULL;
}

/* --- the user's questions --------------------------------------------------------------------- */

static const struct {
    const char *name, *question, *inside;
} built_in[] = {
    {"Describe", "Describe this picture in detail.", "Describe the picture."},
    {"What is this?", "What is this?", NULL},
    {"Read the text", "What text is in this picture? Write it exactly as it stands there.",
     "What word is this?"},
    {"Count", "What is in this picture, and how many of each?", "How many things are there?"},
    {"Unsafe?", "Is anything in this picture unsafe or dangerous? Say what and why.", NULL},
    {"Objects as JSON", "List the objects in this picture as a JSON array of names.", NULL},
};

static void add_preset(struct settings *s, const char *name, size_t name_len,
                       const char *question) {
    if (s->n_presets == SETTINGS_PRESETS) return;
    struct preset p = {.name = strndup(name, name_len), .question = strdup(question)};
    if (p.name && p.question) {
        s->presets[s->n_presets++] = p;
        return;
    }
    free(p.name);
    free(p.question);
}

/* Adds a sentence to what is wrong. */
static void complain(char *problem, size_t cap, const char *fmt, ...) {
    const size_t had = strlen(problem);
    va_list args;
    va_start(args, fmt);
    if (had) snprintf(problem + had, cap - had, ". ");
    const size_t used = strlen(problem);
    vsnprintf(problem + used, cap - used, fmt, args);
    va_end(args);
}

/* A line is a question, or "name = question"; # begins a remark. False: there is no more room. */
static bool take_preset(struct settings *s, char *line) {
    char *at = line + strspn(line, " \t");
    if (!*at || *at == '#') return true;
    if (s->n_presets == SETTINGS_PRESETS) return false;
    const char *equals = strstr(at, " = ");
    if (equals && equals > at)
        add_preset(s, at, (size_t)(equals - at), equals + 3);
    else
        add_preset(s, at, strlen(at), at);
    return true;
}

/* Lines that are no text are left out, and the first of them is named. */
static void take_presets(struct settings *s, FILE *f, const char *path, char *problem, size_t cap) {
    struct intake in = {.file = f};
    char *line = NULL, fault[96];
    size_t room = 0;
    int n = 0, bad = 0;
    bool fits = true;
    for (ssize_t len; fits && (len = intake_read(&in, &line, &room)) >= 0;) {
        n++;
        if (!intake_fault(line, (size_t)len, fault))
            fits = take_preset(s, line);
        else if (bad++ == 0)
            complain(problem, cap, "%s: line %d is no text and left out: %s", path, n, fault);
    }
    if (!fits)
        complain(problem, cap, "%s: from line %d on there is no room; %d questions are kept", path,
                 n, SETTINGS_PRESETS);
    if (ferror(f)) complain(problem, cap, "%s cannot be read to its end", path);
    free(line);
}

static void read_presets(struct settings *s, char *problem, size_t cap) {
    char *path = keep_path(s->folder, presets_name);
    FILE *f = path ? keep_open(path) : NULL;
    if (f) {
        take_presets(s, f, path, problem, cap);
        fclose(f);
    } else if (path && errno != ENOENT && errno != ENOTDIR) {
        complain(problem, cap, "%s: %s", path, keep_words(errno));
    }
    free(path);
}

/* --- reading and writing ---------------------------------------------------------------------- */

static void defaults(struct settings *s) {
    *s = (struct settings){.theme = "dark",
                           .scale = 1,
                           .width = SETTINGS_WIDTH,
                           .height = SETTINGS_HEIGHT,
                           .every_s = 1,
                           .caption = true,
                           .max_tokens = 512};
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        const int before = s->n_presets;
        add_preset(s, built_in[i].name, strlen(built_in[i].name), built_in[i].question);
        if (s->n_presets > before) s->presets[before].inside = built_in[i].inside;
    }
}

static void take_theme(struct settings *s, const json_t *in, const char **wrong) {
    const char *text = json_string_value(in);
    for (size_t i = 0; text && i < sizeof themes / sizeof *themes; i++)
        if (strcmp(themes[i], text) == 0) {
            strcpy(s->theme, text);
            return;
        }
    if (in) *wrong = "theme";
}

static void take_recent(struct settings *s, const json_t *list) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) if (json_is_string(item) && s->n_recent < SETTINGS_RECENT)
        settings_text(&s->recent[s->n_recent++], json_string_value(item));
}

static void take_all(struct settings *s, json_t *root, const char *path, char *problem,
                     size_t cap) {
    const char *wrong = NULL;
    for (int v = 0; v < N_VALUES; v++) {
        const json_t *in = json_object_get(root, values[v].key);
        if (in && !take(s, v, in)) wrong = values[v].key;
    }
    take_theme(s, json_object_get(root, "theme"), &wrong);
    take_recent(s, json_object_get(root, "recent_models"));
    if (wrong)
        complain(problem, cap, "%s: \"%s\" has a value that cannot be; its default is used", path,
                 wrong);
}

void settings_read(struct settings *s, const char *folder, char *problem, size_t cap) {
    problem[0] = '\0';
    defaults(s);
    settings_text(&s->folder, folder);
    char *path = folder ? keep_path(folder, file_name) : NULL;
    if (!path) return;
    read_presets(s, problem, cap);
    char *text;
    size_t bytes;
    if (keep_read(path, FILE_MOST, &text, &bytes)) {
        json_error_t error = {.line = 1};
        if (json_cost(text, bytes) <= COST_MOST)
            s->rest = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
        free(text);
        if (json_is_object((json_t *)s->rest))
            take_all(s, s->rest, path, problem, cap);
        else
            complain(problem, cap, "%s cannot be read (line %d); the defaults are used", path,
                     s->rest ? 1 : error.line);
    } else if (errno != ENOENT) {
        complain(problem, cap, "%s: %s; the defaults are used", path, keep_words(errno));
    }
    free(path);
}

static bool write_json(FILE *f, const void *user) {
    return json_dumpf(user, f, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0 &&
           fputc('\n', f) != EOF;
}

bool settings_write(struct settings *s) {
    if (!s->folder) return true;
    json_t *root = json_is_object((json_t *)s->rest) ? json_copy(s->rest) : json_object();
    json_t *recent = json_array();
    char *path = keep_path(s->folder, file_name);
    bool good = root && recent && path;
    for (int v = 0; good && v < N_VALUES; v++)
        if (!(s->lent & 1U << v)) good = json_object_set_new(root, values[v].key, give(s, v)) == 0;
    for (int i = 0; good && i < s->n_recent; i++)
        good = json_array_append_new(recent, json_string(s->recent[i])) == 0;
    if (good && !(s->lent & bit_of("theme")))
        good = json_object_set_new(root, "theme", json_string(s->theme)) == 0;
    good = good && json_object_set(root, "recent_models", recent) == 0 && folder_make(s->folder) &&
           keep_file(path, write_json, root);
    const int why = errno;
    json_decref(root);
    json_decref(recent);
    free(path);
    errno = why;
    return good;
}

void settings_remember_model(struct settings *s, const char *path) {
    int at = 0;
    while (at < s->n_recent && strcmp(s->recent[at], path) != 0) at++;
    char *kept = at < s->n_recent ? s->recent[at] : strdup(path);
    if (!kept) return;
    if (at == SETTINGS_RECENT) free(s->recent[--at]);
    if (at == s->n_recent) s->n_recent++;
    memmove(s->recent + 1, s->recent, (size_t)at * sizeof *s->recent);
    s->recent[0] = kept;
}

void settings_free(struct settings *s) {
    char *texts[] = {s->folder, s->model, s->mmproj, s->device, s->source};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    for (int i = 0; i < s->n_recent; i++) free(s->recent[i]);
    for (int i = 0; i < s->n_presets; i++) {
        free(s->presets[i].name);
        free(s->presets[i].question);
    }
    json_decref(s->rest);
    *s = (struct settings){0};
}
