/* Files that are replaced: whole or not at all, however the writer ends. */
#define _DEFAULT_SOURCE
#include "base/replace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef bool opener(struct replace *r, const char *path, unsigned mode);
static opener *const openers[] = {replace_open, replace_open_named};

static char folder[400];

static int make_folder(void **state) {
    (void)state;
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(folder, sizeof folder, "%s/replace.XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *in(const char *name) {
    static char path[4][512];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", folder, name);
    return path[at];
}

static int n_files(void) {
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = -2; /* . and .. */
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static int remove_folder(void **state) {
    (void)state;
    const int left = n_files();
    if (left) print_message("%d files are left\n", left);
    return left || rmdir(folder) != 0;
}

static void expect(const char *path, const char *text) {
    char buffer[64] = "";
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buffer[fread(buffer, 1, sizeof buffer - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(buffer, text);
}

static void put(const char *path, const char *text) {
    struct replace r;
    assert_true(replace_open(&r, path, 0644));
    assert_true(replace_write(&r, text, strlen(text)));
    assert_true(replace_done(&r));
}

static void test_two_writers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        const char *path = in("two");
        struct replace a, b;
        put(path, "old");
        assert_true(openers[i](&a, path, 0666));
        assert_true(openers[i](&b, path, 0666));
        assert_true(replace_write(&a, "aaaa", 4));
        assert_true(replace_write(&b, "b", 1));
        expect(path, "old");
        assert_true(replace_done(&a));
        expect(path, "aaaa");
        assert_true(replace_write(&b, "b", 1));
        assert_true(replace_done(&b));
        expect(path, "bb");
        assert_true(openers[i](&a, path, 0666));
        assert_true(replace_write(&a, "never", 5));
        replace_drop(&a);
        replace_drop(&a);
        expect(path, "bb");
        assert_int_equal(n_files(), 1);
        unlink(path);
    }
}

static void test_mode(void **state) {
    (void)state;
    const mode_t before = umask(027);
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        static const struct { unsigned asked, got; } modes[] = {{0666, 0640}, {0600, 0600}};
        for (int k = 0; k < 2; k++) {
            struct replace r;
            struct stat st;
            assert_true(openers[i](&r, in("mode"), modes[k].asked));
            assert_true(replace_done(&r));
            assert_int_equal(stat(in("mode"), &st), 0);
            assert_int_equal(st.st_mode & 0777, modes[k].got);
            unlink(in("mode"));
        }
    }
    umask(before);
}

static void test_links(void **state) {
    (void)state;
    struct stat st;
    put(in("real"), "old");
    assert_int_equal(symlink("real", in("link")), 0);
    put(in("link"), "new");
    expect(in("real"), "new");
    assert_int_equal(lstat(in("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    unlink(in("real"));
    put(in("link"), "lone"); /* led nowhere */
    expect(in("link"), "lone");
    unlink(in("link"));
}

static void refused(const char *path, const char *why) {
    struct replace r;
    assert_false(replace_open(&r, path, 0666));
    if (!strstr(r.why, why)) fail_msg("%s: %s", path, r.why);
    replace_drop(&r);
}

static void test_refused(void **state) {
    (void)state;
    assert_int_equal(mkfifo(in("fifo"), 0600), 0);
    refused(in("fifo"), "it is a pipe");
    refused("/dev/null", "it is a device");
    refused(folder, "it is a directory");
    refused(in("none/x"), "No such file");
    refused("", "No such file");
    char long_path[5000];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    refused(long_path, "name too long");
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    unlink(in("fifo"));
}

/* A file too large, as a disk that is full. */
static void test_full(void **state) {
    (void)state;
    struct rlimit before, small;
    static char many[65536];
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    put(in("full"), "old");
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        struct replace r;
        small = (struct rlimit){10000, before.rlim_max};
        assert_true(openers[i](&r, in("full"), 0666));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        const bool good = replace_write(&r, many, sizeof many);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_false(good);
        assert_string_equal(r.why, "File too large");
        assert_int_equal(n_files(), 1);
        expect(in("full"), "old");
    }
    unlink(in("full"));
}

/* A writer that is killed in the middle leaves the old file and nothing else. */
static void test_killed(void **state) {
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGKILL};
    put(in("killed"), "old");
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        const pid_t child = fork();
        if (child == 0) {
            struct replace r;
            const bool good =
                replace_open(&r, in("killed"), 0666) && replace_write(&r, "new and", 7);
            if (good) raise(signals[i]);
            _exit(1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
        assert_int_equal(n_files(), 1);
        expect(in("killed"), "old");
    }
    unlink(in("killed"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_writers), cmocka_unit_test(test_mode),
        cmocka_unit_test(test_links),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_full),        cmocka_unit_test(test_killed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
