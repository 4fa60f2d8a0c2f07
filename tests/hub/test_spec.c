/* OWNER/NAME[@REVISION][:TAG], and what it means in a cache folder. */
#include "hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void test_forms(void **state) {
    (void)state;
    struct hub_spec s;
    assert_true(hub_spec_parse(&s, "ggml-org/SmolVLM-256M-Instruct-GGUF"));
    assert_string_equal(s.owner, "ggml-org");
    assert_string_equal(s.name, "SmolVLM-256M-Instruct-GGUF");
    assert_string_equal(s.revision, "main");
    assert_string_equal(s.tag, "");
    assert_true(hub_spec_parse(&s, "a/b.c_d@refs/pr/1:dir/x-Q8_0.gguf"));
    assert_string_equal(s.name, "b.c_d");
    assert_string_equal(s.revision, "refs/pr/1");
    assert_string_equal(s.tag, "dir/x-Q8_0.gguf");
    static const char *const bad[] = {
        "",       "a",    "a/",   "/b",     "a/b/c",    "../b",     "a/..",        "a--b/c",
        "a/b--c", "a/b@", "a/b:", "a/b@..", "a/b@../x", "a/b:../x", "a/b:/x",      "a b/c",
        "a/b\n",  "~/x",  "./x",  "a/b@x:", "-a/b",     "a/b@x y",  "a/b:x\x1b[0m"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (hub_spec_parse(&s, bad[i])) fail_msg("\"%s\" was taken", bad[i]);
    }
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[1] = '/';
    longest[2 + 96] = '\0';
    assert_true(hub_spec_parse(&s, longest));
    longest[2 + 96] = 'x';
    longest[2 + 97] = '\0';
    assert_false(hub_spec_parse(&s, longest));
}

static void test_hashes(void **state) {
    (void)state;
    assert_true(hub_hash_ok(COMMIT));
    assert_true(hub_hash_ok(COMMIT "012345670123456701234567"));
    assert_false(hub_hash_ok(COMMIT "0"));
    assert_false(hub_hash_ok("0123456789ABCDEF0123456789abcdef01234567"));
    assert_false(hub_hash_ok("../456789abcdef0123456789abcdef0123456789"));
}

static char root[1024];

static void put(const char *name, const char *text) {
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static const char *resolved(const char *text) {
    static char line[4096];
    struct hub_found found;
    char error[HUB_WORDS];
    if (!hub_resolve(root, text, &found, error, sizeof error)) {
        assert_null(found.model);
        assert_null(found.mmproj);
        snprintf(line, sizeof line, "no: %s", error);
        return line;
    }
    const char *model = strstr(found.model, COMMIT) + 40;
    snprintf(line, sizeof line, "%s %s", model,
             found.mmproj ? strstr(found.mmproj, COMMIT) + 40 : "-");
    hub_found_free(&found);
    return line;
}

#define SNAPSHOT(repo) "models--" repo "/snapshots/" COMMIT

static void test_resolve(void **state) {
    (void)state;
    put(SNAPSHOT("a--b") "/x-Q8_0.gguf", "x");
    assert_string_equal(resolved("a/b"), "no: a/b is not in the cache"); /* no ref yet */
    put("models--a--b/refs/main", COMMIT "\n");
    assert_string_equal(resolved("a/b"), "/x-Q8_0.gguf -");
    put(SNAPSHOT("a--b") "/mmproj-F16.gguf", "x");
    assert_string_equal(resolved("a/b"), "/x-Q8_0.gguf /mmproj-F16.gguf");
    assert_string_equal(resolved("a/b@" COMMIT ":Q8_0"), "/x-Q8_0.gguf /mmproj-F16.gguf");
    assert_string_equal(resolved("a/b@dev"), "no: a/b@dev is not in the cache");
    /* A link without its blob is no file, however good its name. */
    char link[2048];
    snprintf(link, sizeof link, "%s/%s", root, SNAPSHOT("a--b") "/y-Q4_K_M.gguf");
    assert_int_equal(symlink("../../blobs/none", link), 0);
    assert_string_equal(resolved("a/b"), "/x-Q8_0.gguf /mmproj-F16.gguf");
    assert_string_equal(resolved("a/b:Q4_K_M"),
                        "no: a/b:Q4_K_M is not in the cache: no file is meant by \"Q4_K_M\"; there "
                        "are Q8_0");
    put("models--a--b/refs/main", "../../../etc");
    assert_string_equal(resolved("a/b"), "no: a/b is not in the cache");
}

static void test_resolve_folder(void **state) {
    (void)state;
    put("models--a--s/refs/main", COMMIT);
    put(SNAPSHOT("a--s") "/config.json", "x");
    assert_memory_equal(resolved("a/s"), "no: ", 4);
    put(SNAPSHOT("a--s") "/model.safetensors", "x");
    assert_string_equal(resolved("a/s"), " -");
}

static int make_root(void **state) {
    (void)state;
    const char *folder = getenv("VIDI_TEST_TMP");
    snprintf(root, sizeof root, "%s/hub.XXXXXX", folder ? folder : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
    (void)state;
    char command[1100];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_resolve_folder),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
