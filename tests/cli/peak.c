/* peak.c - the peak of a program's resident memory, which counts what its libraries and the driver
 * take, too.
 *
 *     peak FILE PROGRAM ARGS...     writes KiB to FILE; its exit code is the program's, or 99 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 3) return 99;
    const pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(99);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child || !WIFEXITED(status)) return 99;
    FILE *f = fopen(argv[1], "w");
    if (!f || fprintf(f, "%ld\n", used.ru_maxrss) < 0 || fclose(f) != 0) return 99;
    return WEXITSTATUS(status);
}
