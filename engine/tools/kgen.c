/* kgen - shaders in, their C contract out: kernels.h and kernels.c (see engine/src/gpu/kernel.h).
 *
 *     kgen --shaders DIR --out DIR [--cache DIR] [--glslc PROGRAM] [--jobs N]
 *
 * A shader says in its `//!` lines what it computes (the first line), its variants, its needs and
 * which buffers it both reads and writes:
 *     //! y[r] = x[r] / rms(x[r]) * w
 *     //! variant X: f32 f16        compiled once with X_f32 = 1, once with X_f16 = 1
 *     //! needs: subgroup f16 int_dot coopmat cpu
 *     //! inout: NAME
 * Up to three `variant` lines; their product is compiled. Exit status 1 when a rule is broken. */
#define _POSIX_C_SOURCE 200809L
#include "kgen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void complain(struct tool *t, const struct shader *s, const struct variant *v, const char *fmt,
              ...) {
    const bool named = v && *v->name;
    fprintf(stderr, "kgen: %s%s%s%s: ", s->path, named ? " [" : "", named ? v->name : "",
            named ? "]" : "");
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    t->n_errors++;
}

static bool parse_options(struct tool *t, int argc, char **argv) {
    const char *jobs = "2";
    const struct {
        const char *name, **value;
    } options[] = {{"--shaders", &t->shaders},
                   {"--out", &t->out},
                   {"--cache", &t->cache},
                   {"--glslc", &t->glslc},
                   {"--jobs", &jobs}};
    const size_t n = sizeof options / sizeof *options;
    for (int i = 1; i < argc; i += 2) {
        size_t o = 0;
        while (o < n && strcmp(options[o].name, argv[i])) o++;
        if (o == n || i + 1 == argc) return false;
        *options[o].value = argv[i + 1];
    }
    t->jobs = (unsigned)strtoul(jobs, NULL, 10);
    return t->shaders && t->out && t->jobs > 0;
}

static bool make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    fprintf(stderr, "kgen: %s: %s\n", path, strerror(errno));
    return false;
}

/* A compiler that was exchanged must not leave its predecessor's work in the cache. */
static void ask_compiler(struct tool *t) {
    const char *command = arena_print(&t->arena, "'%s' --version 2>&1", t->glslc);
    char text[2048] = "";
    FILE *f = popen(command, "r");
    if (f) {
        text[fread(text, 1, sizeof text - 1, f)] = 0;
        pclose(f);
    }
    t->compiler = arena_text(&t->arena, text, strlen(text));
}

static void drop_left_out(struct shader_list *list) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < list->n; i++)
        if (!list->items[i].left_out) list->items[n++] = list->items[i];
    list->n = n;
}

static void generate(struct tool *t) {
    struct shader_list list = {0};
    find_shaders(t, &list);
    if (t->n_errors) return;
    ask_compiler(t);
    compile_all(t, &list);
    drop_left_out(&list);
    for (uint32_t i = 0; i < list.n; i++) reflect_shader(t, &list.items[i]);
    if (t->n_errors == 0) emit_all(t, &list);
}

int main(int argc, char **argv) {
    struct tool t = {.glslc = "glslc"};
    if (!parse_options(&t, argc, argv)) {
        fputs("usage: kgen --shaders DIR --out DIR [--cache DIR] [--glslc PROGRAM] [--jobs N]\n",
              stderr);
        return 2;
    }
    arena_open(&t.arena, &t.ctx);
    if (!t.cache) t.cache = arena_print(&t.arena, "%s/cache", t.out);
    if (make_folder(t.out) && make_folder(t.cache))
        generate(&t);
    else
        t.n_errors++;
    arena_close(&t.arena);
    return t.n_errors ? 1 : 0;
}
