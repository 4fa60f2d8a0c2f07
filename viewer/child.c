#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
enum { PIECE = 1 << 16 };

static bool start(const char *const *argv, int to, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    const bool made =
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, to, 1) == 0 &&
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return made;
}

static int left_ms(const struct timespec *until) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long long ms =
        (until->tv_sec - now.tv_sec) * 1000LL + (until->tv_nsec - now.tv_nsec) / 1000000;
    return ms < 0 ? 0 : ms > 1000000 ? 1000000 : (int)ms;
}

static bool grow(struct child_output *out, size_t *cap) {
    if (out->n + PIECE + 1 <= *cap) return true;
    const size_t wanted = *cap ? *cap * 2 : 2 * PIECE;
    unsigned char *more = realloc(out->bytes, wanted);
    if (!more) return false;
    out->bytes = more;
    *cap = wanted;
    return true;
}

/* False: too much, too late, or no memory. */
static bool collect(int from, size_t most, const struct timespec *until, struct child_output *out) {
    size_t cap = 0;
    for (;;) {
        struct pollfd p = {.fd = from, .events = POLLIN};
        if (!grow(out, &cap) || out->n > most) return false;
        const int ready = poll(&p, 1, until ? left_ms(until) : -1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        const ssize_t n = read(from, out->bytes + out->n, PIECE);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n == 0;
        out->n += (size_t)n;
    }
}

bool child_run(const char *const *argv, size_t most, int seconds, struct child_output *out) {
    int ends[2], status = 0;
    pid_t pid;
    struct timespec until;
    *out = (struct child_output){.exit = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    const bool started = start(argv, ends[1], &pid);
    close(ends[1]);
    if (!started) {
        close(ends[0]);
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    const bool whole = collect(ends[0], most, seconds ? &until : NULL, out);
    close(ends[0]);
    if (!whole) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (out->bytes) out->bytes[out->n] = '\0';
    out->exit = whole && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return true;
}
