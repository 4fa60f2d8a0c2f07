/* The models one can choose from: what was used before, GGUF files and folders in the hub's cache,
 * with their vision parts, and whether they fit the device. */
#define _POSIX_C_SOURCE 200809L
#include "viewer/choices.h"

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

#include "viewer/model_path.h"

static const char gguf[] = "tests/families/llama/tiny.gguf";
static const char published[] = "tests/families/folders/blip";
static char root[600], here[600];

static int new_root(void **state) {
    (void)state;
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(root, sizeof root, "%s/choices.XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(root) && getcwd(here, sizeof here) ? 0 : -1;
}

static const char *at(const char *name) {
    static char paths[4][1400];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void folder(const char *name) {
    char path[1400];
    snprintf(path, sizeof path, "%s", at(name));
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

/* A file of the repository where the hub's cache has it. */
static void link_to(const char *file, const char *name) {
    char to[1400];
    snprintf(to, sizeof to, "%s/%s", here, file);
    assert_int_equal(symlink(to, at(name)), 0);
}

#define COMMIT "0123456789012345678901234567890123456789"

static void hub_model(const char *repo) {
    char name[300];
    snprintf(name, sizeof name, "hub/%s/refs", repo);
    folder(name);
    snprintf(name, sizeof name, "hub/%s/snapshots/" COMMIT, repo);
    folder(name);
    snprintf(name, sizeof name, "hub/%s/refs/main", repo);
    FILE *f = fopen(at(name), "w");
    assert_non_null(f);
    fputs(COMMIT, f);
    fclose(f);
}

static const struct model_choice *find(const struct choices *c, const char *name) {
    for (int i = 0; i < c->n_models; i++)
        if (strcmp(c->models[i].name, name) == 0) return &c->models[i];
    return NULL;
}

static void test_what_is_listed(void **state) {
    static const char *const parts[] = {"config.json", "model.safetensors", "tokenizer.json",
                                        "tokenizer_config.json", "preprocessor_config.json"};
    (void)state;
    hub_model("models--one--pair");
    link_to(gguf, "hub/models--one--pair/snapshots/" COMMIT "/tiny-Q8_0.gguf");
    link_to(gguf, "hub/models--one--pair/snapshots/" COMMIT "/mmproj-tiny.gguf");
    hub_model("models--two--folder");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char file[300], name[300];
        snprintf(file, sizeof file, "%s/%s", published, parts[i]);
        snprintf(name, sizeof name, "hub/models--two--folder/snapshots/" COMMIT "/%s", parts[i]);
        link_to(file, name);
    }
    hub_model("models--three--half"); /* its weights are not there */
    link_to("tests/families/folders/blip/config.json",
            "hub/models--three--half/snapshots/" COMMIT "/config.json");
    folder("mine");
    link_to(gguf, "mine/used.gguf");
    link_to(gguf, "mine/mmproj-used.gguf");
    struct choices c = {.n_recent = 2, .hub_cache = strdup(at("hub"))};
    c.recent[0] = strdup(at("mine/used.gguf"));
    c.recent[1] = strdup(at("mine/gone.gguf"));
    choices_look(&c);
    assert_null(c.models[0].path);
    assert_string_equal(c.models[0].name, "picturebook");
    assert_null(c.models[0].reason);
    const struct model_choice *used = find(&c, "used.gguf"), *pair = find(&c, "tiny-Q8_0.gguf"),
                              *whole = find(&c, "folder");
    assert_non_null(used);
    assert_string_equal(used->mmproj, at("mine/mmproj-used.gguf"));
    assert_non_null(pair);
    assert_non_null(pair->mmproj);
    assert_non_null(strstr(pair->mmproj, "mmproj-tiny.gguf"));
    assert_non_null(whole);
    assert_null(whole->reason);
    assert_non_null(strstr(whole->detail, "fits"));
    assert_non_null(strstr(whole->path, "models--two--folder/snapshots/" COMMIT));
    assert_null(find(&c, "half"));
    assert_null(find(&c, "gone.gguf"));
    assert_null(find(&c, "mmproj-tiny.gguf"));
    assert_int_equal(c.n_models, 4);
    assert_true(c.n_devices >= 1 && c.devices[0].free_bytes > 0);
    assert_true(c.devices[0].free_bytes <= c.devices[0].memory_bytes);
    choices_free(&c);
}

/* The weights and what a conversation keeps count, not the file alone. */
static void test_what_fits(void **state) {
    static const struct {
        uint64_t free_bytes;
        const char *detail, *reason;
    } rows[] = {{0, "", NULL}, {1ULL << 32, "fits: ", NULL}, {1000, "too large: ", "has 0.0 MB"}};
    (void)state;
    struct stat st;
    assert_int_equal(stat(gguf, &st), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows + 1; i++) {
        const bool tight = i == sizeof rows / sizeof *rows;
        struct model_choice m = {.path = strdup(gguf), .name = strdup("tiny")};
        /* The file would just fit, its conversation does not. */
        choices_judge(&m, tight ? (uint64_t)st.st_size + 1000 : rows[i].free_bytes);
        const char *reason = tight ? "it needs" : rows[i].reason;
        assert_non_null(m.detail);
        assert_int_equal(m.bytes, st.st_size);
        assert_non_null(strstr(m.detail, tight ? "too large" : rows[i].detail));
        if (!reason)
            assert_null(m.reason);
        else if (!m.reason || !strstr(m.reason, reason))
            fail_msg("row %d: %s", (int)i, m.reason ? m.reason : "no reason");
        char *texts[] = {m.path, m.name, m.detail, m.reason};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) free(texts[k]);
    }
    struct model_choice bad = {.path = strdup("README.md"), .name = strdup("bad")};
    choices_judge(&bad, 0);
    assert_non_null(bad.reason);
    assert_non_null(strstr(bad.reason, "README.md"));
    free(bad.path);
    free(bad.name);
    free(bad.reason);
}

static void assert_model(const char *path, const char *model) {
    char *found = model_path_of(path);
    if (model ? !found || strcmp(found, model) != 0 : found != NULL)
        fail_msg("%s means %s", path, found ? found : "nothing");
    free(found);
}

static void test_paths(void **state) {
    (void)state;
    assert_model(gguf, gguf);
    assert_model(published, published);
    assert_model("tests/families/folders/blip/config.json", published);
    assert_model("tests/families/folders/blip/model.safetensors", published);
    assert_model("tests/families/folders/blip/high.png", NULL);
    assert_model("tests/families", NULL);
    assert_model("README.md", NULL);
    assert_model("no/such/file.gguf", NULL);
    folder("eyes");
    link_to(gguf, "eyes/model.gguf");
    assert_null(model_path_eyes(at("eyes/model.gguf")));
    link_to(gguf, "eyes/mmproj-a.gguf");
    char *eyes = model_path_eyes(at("eyes/model.gguf"));
    assert_string_equal(eyes, at("eyes/mmproj-a.gguf"));
    free(eyes);
    assert_null(model_path_eyes(at("eyes/mmproj-a.gguf")));
    link_to(gguf, "eyes/mmproj-b.gguf"); /* nobody knows which */
    assert_null(model_path_eyes(at("eyes/model.gguf")));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_listed),
                                       cmocka_unit_test(test_what_fits),
                                       cmocka_unit_test(test_paths)};
    return cmocka_run_group_tests(tests, new_root, NULL);
}
