#define _POSIX_C_SOURCE 200809L
#include "sibling.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beside this program, where a build and an installation put it. */
static bool beside(const char *program, char *path, size_t cap) {
    const ssize_t n = readlink("/proc/self/exe", path, cap);
    if (n <= 0 || (size_t)n >= cap) return false;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    const size_t room = slash ? cap - (size_t)(slash + 1 - path) : 0;
    if (room <= strlen(program)) return false;
    strcpy(slash + 1, program);
    return access(path, X_OK) == 0;
}

int sibling_run(struct cli *cli, const char *program, const char *without) {
    char path[PATH_MAX];
    int n = 0;
    while (cli->argv[n]) n++;
    char **argv = calloc((size_t)n + 2, sizeof *argv);
    if (!argv) return cli_fail(cli, CLI_MEMORY, "no memory to start %s", program);
    argv[0] = (char *)program;
    for (int i = 0; i < n; i++) argv[i + 1] = cli->argv[i];
    if (beside(program, path, sizeof path))
        execv(path, argv);
    else
        execvp(program, argv);
    const int error = errno;
    free(argv);
    if (error == ENOENT)
        return cli_fail(cli, CLI_FAILED, "%s is not installed: %s", program, without);
    return cli_fail(cli, CLI_FAILED, "%s cannot be started: %s", program, strerror(error));
}
