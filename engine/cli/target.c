#include "target.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suggest.h"

static const struct target {
    const char *name, *driver, *shim, *variable, *value;
} targets[] = {
#define ROW(...) {__VA_ARGS__},
    AMD_TARGETS(ROW) SHIM_TARGETS(ROW)
#undef ROW
};
enum { N_TARGETS = sizeof targets / sizeof *targets };

/* The first file that fits, into `path`. */
static bool first_of(const char *pattern, char *path, size_t cap) {
    glob_t found;
    const bool any = glob(pattern, 0, NULL, &found) == 0;
    if (any) snprintf(path, cap, "%s", found.gl_pathv[0]);
    globfree(&found);
    return any;
}

static const struct target *find(const char *name, struct suggestion *s) {
    suggest_start(s, name);
    for (int i = 0; i < N_TARGETS; i++) {
        if (strcmp(targets[i].name, name) == 0) return &targets[i];
        suggest_offer(s, targets[i].name);
    }
    return NULL;
}

static int missing(struct cli *cli, const struct target *t, const char *pattern) {
    return cli_fail(cli, CLI_DEVICE, "target %s: there is no %s; %s has it", t->name, pattern,
                    t->shim ? "the package mesa-drm-shim of Debian sid" : "Mesa");
}

/* Once more, with the library loaded before everything else. */
static int again(struct cli *cli) {
    int n = 0;
    while (cli->argv[n]) n++;
    char **argv = calloc((size_t)n + 3, sizeof *argv);
    if (!argv) return cli_fail(cli, CLI_MEMORY, "no memory to start again");
    argv[0] = "vidi";
    argv[1] = (char *)cli->command->name;
    for (int i = 0; i < n; i++) argv[i + 2] = cli->argv[i];
    execv("/proc/self/exe", argv);
    const int error = errno;
    free(argv);
    return cli_fail(cli, CLI_FAILED, "vidi cannot be started again: %s", strerror(error));
}

int target_enter(struct cli *cli) {
    char manifest[512], shim[512], pattern[128];
    struct suggestion s;
    const struct target *t = find(cli->opt.target, &s);
    if (!t && s.best[0])
        return cli_fail(cli, CLI_USAGE, "there is no target %.80s; did you mean %s?",
                        cli->opt.target, s.best);
    if (!t)
        return cli_fail(cli, CLI_USAGE, "there is no target %.80s; `vidi help shaders` lists them",
                        cli->opt.target);
    snprintf(pattern, sizeof pattern, "/usr/share/vulkan/icd.d/%s_icd*.json", t->driver);
    if (!first_of(pattern, manifest, sizeof manifest)) return missing(cli, t, pattern);
    setenv("VK_DRIVER_FILES", manifest, 1);
    setenv("VK_ICD_FILENAMES", manifest, 1); /* for loaders that do not know the other */
    setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
    setenv(t->variable, t->value, 1);
    if (!t->shim) return CLI_OK;
    snprintf(pattern, sizeof pattern, "/usr/lib/*/lib%s_noop_drm_shim.so", t->shim);
    if (!first_of(pattern, shim, sizeof shim)) return missing(cli, t, pattern);
    if (cli->env.preload && strcmp(cli->env.preload, shim) == 0) return CLI_OK;
    setenv("LD_PRELOAD", shim, 1);
    return again(cli);
}
