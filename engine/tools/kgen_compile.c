#define _POSIX_C_SOURCE 200809L
#include "kgen.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gpu/kernel.h"

enum { MAX_JOBS = 16, MAX_ARGS = 16 };

struct job {
    struct shader *shader;
    struct variant *variant;
    const char *path, *temporary, *log;
    bool optimised;
    pid_t pid;
};

static const char *const fixed_options[] = {"--target-env=vulkan1.2", "-fshader-stage=compute"};

static void run_compiler(struct tool *t, const struct job *j) {
    const char *args[MAX_ARGS + MAX_AXES] = {t->glslc, fixed_options[0], fixed_options[1], "-I",
                                             t->shaders};
    size_t n = 5;
    for (uint32_t a = 0; a < j->shader->n_axes; a++) args[n++] = j->variant->defines[a];
    args[n++] = j->optimised ? "-O" : "-O0";
    args[n++] = "-o";
    args[n++] = j->temporary;
    args[n++] = j->shader->path;
    args[n] = NULL;
    const int log = open(j->log, O_CREAT | O_TRUNC | O_WRONLY, 0666);
    if (log >= 0) dup2(log, 1), dup2(log, 2);
    execvp(t->glslc, (char *const *)args);
    dprintf(2, "%s cannot be run\n", t->glslc);
    _exit(127);
}

/* The extension's name in "extension not supported: GL_X", or NULL. */
static const char *unknown_extension(struct tool *t, const char *log) {
    const char *at = log ? strstr(log, "extension not supported:") : NULL;
    if (!at) return NULL;
    at += strlen("extension not supported:");
    at += strspn(at, " ");
    return arena_text(&t->arena, at, strcspn(at, " \r\n"));
}

static void finish(struct tool *t, const struct job *j, bool ok) {
    const char *log = file_text(t, j->log, NULL);
    unlink(j->log);
    if (ok && rename(j->temporary, j->path) == 0) {
        if (log && *log) fputs(log, stderr);
        return;
    }
    unlink(j->temporary);
    if (j->shader->left_out || j->shader->broken) return;
    const char *extension = unknown_extension(t, log);
    if (extension && j->shader->needs & (NEED_COOPMAT | NEED_INT_DOT)) {
        j->shader->left_out = true;
        fprintf(stderr, "kgen: %s left out: %s does not know %s\n", j->shader->name, t->glslc,
                extension);
        return;
    }
    j->shader->broken = true;
    if (log) fputs(log, stderr);
    complain(t, j->shader, j->variant, "does not compile");
}

static void wait_one(struct tool *t, struct job *running, unsigned *n) {
    int status;
    const pid_t pid = wait(&status);
    for (unsigned i = 0; i < *n; i++) {
        if (running[i].pid != pid) continue;
        finish(t, &running[i], WIFEXITED(status) && WEXITSTATUS(status) == 0);
        running[i] = running[--*n];
        return;
    }
}

static void start(struct tool *t, struct job job, struct job *running, unsigned *n) {
    struct stat st;
    if (job.shader->left_out || job.shader->broken || stat(job.path, &st) == 0) return;
    if (*n == t->jobs) wait_one(t, running, n);
    if (job.shader->left_out || job.shader->broken) return;
    job.temporary = arena_print(&t->arena, "%s.tmp", job.path);
    job.log = arena_print(&t->arena, "%s.log", job.path);
    job.pid = fork();
    if (job.pid == 0) run_compiler(t, &job);
    if (job.pid < 0) {
        complain(t, job.shader, job.variant, "cannot start the compiler");
        return;
    }
    running[(*n)++] = job;
}

static void name_paths(struct tool *t, const struct shader *s, struct variant *v) {
    uint64_t key = hash_bytes(s->hash, t->compiler, strlen(t->compiler));
    key = hash_bytes(key, s->path, strlen(s->path));
    for (uint32_t a = 0; a < s->n_axes; a++)
        key = hash_bytes(key, v->defines[a], strlen(v->defines[a]) + 1);
    v->path =
        arena_print(&t->arena, "%s/%s-%016llx.spv", t->cache, s->name, (unsigned long long)key);
    v->named_path = arena_print(&t->arena, "%s/%s-%016llx.names.spv", t->cache, s->name,
                                (unsigned long long)key);
}

void compile_all(struct tool *t, struct shader_list *list) {
    struct job running[MAX_JOBS];
    unsigned n = 0;
    if (t->jobs > MAX_JOBS) t->jobs = MAX_JOBS;
    for (uint32_t i = 0; i < list->n; i++) {
        struct shader *s = &list->items[i];
        for (uint32_t j = 0; j < s->n_variants; j++) {
            struct variant *v = &s->variants[j];
            name_paths(t, s, v);
            start(t, (struct job){.shader = s, .variant = v, .path = v->named_path}, running, &n);
            start(t, (struct job){.shader = s, .variant = v, .path = v->path, .optimised = true},
                  running, &n);
        }
    }
    while (n) wait_one(t, running, &n);
}
