#define _POSIX_C_SOURCE 200809L
#include "kgen.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const need_words[] = {"subgroup", "f16", "int_dot", "coopmat", "cpu", "texels", NULL};
const char *const need_names[] = {
    "NEED_SUBGROUP", "NEED_F16", "NEED_INT_DOT", "NEED_COOPMAT", "NEED_CPU", "NEED_TEXELS", NULL};

enum { MAX_INCLUDE_DEPTH = 16 };

char *file_text(struct tool *t, const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *text = NULL;
    if (fseek(f, 0, SEEK_END) == 0) {
        const long size = ftell(f);
        rewind(f);
        if (size >= 0) text = arena_alloc(&t->arena, (uint64_t)size + 1, 1);
        if (text && fread(text, 1, (size_t)size, f) != (size_t)size) text = NULL;
        if (text && len) *len = (size_t)size;
    }
    fclose(f);
    return text;
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len) {
    const unsigned char *b = bytes;
    for (size_t i = 0; i < len; i++) hash = (hash ^ b[i]) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

/* The file of an #include "x", next to its includer first, then in the shader folder. */
static char *included_path(struct tool *t, const char *includer, const char *name, size_t len) {
    const char *slash = strrchr(includer, '/');
    const int dir = slash ? (int)(slash - includer) : 1;
    char *near = arena_print(&t->arena, "%.*s/%.*s", dir, slash ? includer : ".", (int)len, name);
    struct stat st;
    if (near && stat(near, &st) == 0) return near;
    return arena_print(&t->arena, "%s/%.*s", t->shaders, (int)len, name);
}

static uint64_t hash_source(struct tool *t, const char *path, uint64_t hash, int depth) {
    size_t len = 0;
    const char *text = file_text(t, path, &len);
    if (!text || depth > MAX_INCLUDE_DEPTH) return hash; /* the compiler says what is wrong */
    hash = hash_bytes(hash, text, len);
    for (const char *at = text; (at = strstr(at, "#include")) != NULL;) {
        at += strlen("#include");
        at += strspn(at, " \t");
        if (*at != '"') continue;
        const size_t n = strcspn(++at, "\"\n");
        hash = hash_source(t, included_path(t, path, at, n), hash, depth + 1);
    }
    return hash;
}

/* Next word of *at, NULL at the end of the line. */
static char *next_word(struct tool *t, const char **at) {
    *at += strspn(*at, " \t");
    const size_t n = strcspn(*at, " \t\r\n");
    if (n == 0) return NULL;
    char *word = arena_text(&t->arena, *at, n);
    *at += n;
    return word;
}

static bool is_name(const char *text) {
    if (!isalpha((unsigned char)*text)) return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_') return false;
    return true;
}

static bool is_value(const char *text) {
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_') return false;
    return *text != 0;
}

/* `variant W: f32 f16` */
static void read_axis(struct tool *t, struct shader *s, const char *at) {
    char *name = next_word(t, &at);
    const size_t len = name ? strlen(name) : 0;
    if (len < 2 || name[len - 1] != ':') {
        complain(t, s, NULL, "an axis is written `//! variant W: f32 f16`");
        return;
    }
    name[len - 1] = 0;
    if (!is_name(name)) complain(t, s, NULL, "axis '%s' is not a name", name);
    if (s->n_axes == MAX_AXES) {
        complain(t, s, NULL, "axis '%s': at most %d axes", name, MAX_AXES);
        return;
    }
    for (uint32_t i = 0; i < s->n_axes; i++)
        if (!strcmp(s->axes[i].name, name)) complain(t, s, NULL, "axis '%s' is there twice", name);
    struct axis *axis = &s->axes[s->n_axes++];
    axis->name = name;
    for (char *value; (value = next_word(t, &at)) != NULL;) {
        if (!is_value(value)) complain(t, s, NULL, "axis '%s': '%s' is not a name", name, value);
        for (uint32_t i = 0; i < axis->n_values; i++)
            if (!strcmp(axis->values[i], value))
                complain(t, s, NULL, "axis '%s': '%s' is there twice", name, value);
        if (axis->n_values == MAX_VALUES)
            complain(t, s, NULL, "axis '%s': at most %d values", name, MAX_VALUES);
        else
            axis->values[axis->n_values++] = value;
    }
    if (axis->n_values == 0) complain(t, s, NULL, "axis '%s' has no values", name);
}

static void read_needs(struct tool *t, struct shader *s, const char *at) {
    for (char *word; (word = next_word(t, &at)) != NULL;) {
        uint32_t bit = 0;
        while (need_words[bit] && strcmp(need_words[bit], word)) bit++;
        if (!need_words[bit])
            complain(t, s, NULL, "need '%s' is none of subgroup f16 int_dot coopmat cpu texels",
                     word);
        else
            s->needs |= 1u << bit;
    }
}

static void read_inout(struct tool *t, struct shader *s, const char *at) {
    for (char *word; (word = next_word(t, &at)) != NULL;)
        if (s->n_inout < MAX_INOUT) s->inout[s->n_inout++] = word;
}

/* Words for people only. */
static void read_note(struct tool *t, struct shader *s, const char *at) {
    (void)t, (void)s, (void)at;
}

static const struct directive {
    const char *word;
    void (*read)(struct tool *t, struct shader *s, const char *rest);
} directives[] = {
    {"variant", read_axis},
    {"needs:", read_needs},
    {"inout:", read_inout},
    {"groups:", read_note},
};

/* A line that is no directive goes on explaining, but a misspelt directive is an error. */
static void read_line(struct tool *t, struct shader *s, const char *line) {
    const char *at = line;
    const char *word = next_word(t, &at);
    if (!word) return;
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
        if (strcmp(word, directives[i].word)) continue;
        directives[i].read(t, s, at);
        return;
    }
    static const char *const near[] = {"variant", "need", "inout", "group"};
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        if (!strncmp(word, near[i], strlen(near[i])) && strchr(word, ':'))
            complain(t, s, NULL,
                     "`//! %s` is no directive: variant W:, needs:, inout:, groups:", word);
}

static void read_lines(struct tool *t, struct shader *s, const char *text) {
    for (const char *line = text; *line;) {
        const char *at = line + strspn(line, " \t");
        const size_t len = strcspn(line, "\n");
        line += len + (line[len] == '\n');
        if (strncmp(at, "//!", 3)) continue;
        at += 3 + strspn(at + 3, " \t");
        if (!s->purpose)
            s->purpose = arena_text(&t->arena, at, strcspn(at, "\r\n"));
        else
            read_line(t, s, at);
    }
    if (!s->purpose || !*s->purpose)
        complain(t, s, NULL, "the first `//!` line must say what the kernel computes");
}

static void list_variants(struct tool *t, struct shader *s) {
    s->n_variants = 1;
    for (uint32_t a = 0; a < s->n_axes; a++) s->n_variants *= s->axes[a].n_values;
    s->variants = arena_new(&t->arena, struct variant, s->n_variants);
    for (uint32_t i = 0; i < s->n_variants; i++) {
        struct variant *v = &s->variants[i];
        uint32_t below = s->n_variants, rest = i;
        v->name = "";
        for (uint32_t a = 0; a < s->n_axes; a++) {
            below /= s->axes[a].n_values;
            const char *value = s->axes[a].values[rest / below];
            rest %= below;
            v->name = arena_print(&t->arena, "%s%s%s", v->name, a ? "." : "", value);
            v->defines[a] = arena_print(&t->arena, "-D%s_%s=1", s->axes[a].name, value);
        }
    }
}

static void add_shader(struct tool *t, struct shader_list *list, const char *path) {
    if (list->n == list->cap)
        list->items = arena_grow(&t->arena, list->items, &list->cap, sizeof *list->items);
    struct shader *s = &list->items[list->n++];
    const char *base = strrchr(path, '/') + 1;
    *s = (struct shader){.path = path};
    s->name = arena_text(&t->arena, base, strlen(base) - strlen(".comp"));
    if (!is_name(s->name)) complain(t, s, NULL, "the file's stem must be a C name");
    const char *text = file_text(t, path, NULL);
    if (!text) {
        complain(t, s, NULL, "cannot be read");
        return;
    }
    s->hash = hash_source(t, path, HASH_START, 0);
    read_lines(t, s, text);
    list_variants(t, s);
}

static void walk(struct tool *t, struct shader_list *list, const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) {
        fprintf(stderr, "kgen: %s: cannot be opened\n", folder);
        t->n_errors++;
        return;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        const char *path = arena_print(&t->arena, "%s/%s", folder, e->d_name);
        struct stat st;
        if (stat(path, &st)) continue;
        const size_t len = strlen(path);
        if (S_ISDIR(st.st_mode)) walk(t, list, path);
        if (S_ISREG(st.st_mode) && len > 5 && !strcmp(path + len - 5, ".comp"))
            add_shader(t, list, path);
    }
    closedir(dir);
}

static int by_name(const void *a, const void *b) {
    const struct shader *left = a, *right = b;
    const int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->path, right->path);
}

void find_shaders(struct tool *t, struct shader_list *list) {
    walk(t, list, t->shaders);
    if (list->n) qsort(list->items, list->n, sizeof *list->items, by_name);
    for (uint32_t i = 1; i < list->n; i++)
        if (!strcmp(list->items[i].name, list->items[i - 1].name))
            complain(t, &list->items[i], NULL, "kernel name '%s' is taken by %s",
                     list->items[i].name, list->items[i - 1].path);
}
