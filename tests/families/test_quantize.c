/* Models whose weights are quantised while they are loaded: near what they are in f32, and smaller.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>
#include <unistd.h>

#include "family.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chat/internal.h"

enum { ANSWER = 4 };

static const char *const models[] = {"smolvlm", "llava", "qwen2vl", "idefics2"};
/* Every family that is read from a folder, for what is the same whatever the model is. */
static const char *const folders[] = {
    "smolvlm",  "llava",        "qwen2vl", "idefics2", "llava_next", "llava_siglip",
    "qwen25vl", "qwen3vl",      "gemma3",  "internvl", "minicpmv",   "paligemma",
    "blip2",    "instructblip", "git",     "blip",     "kosmos2",    "idefics",
    "flamingo", "mllama",       "phi3",    "unigram",
};
enum { N_MODELS = sizeof models / sizeof *models, N_FOLDERS = sizeof folders / sizeof *folders };

/* The model's answer to a picture; its logits go to the folder. Returns bytes on the device. */
static uint64_t say(const char *device, const char *path, vidi_weights weights,
                    const char *folder) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    vidi_stats stats;
    ask_open_with(&a, device, "kv_f32", &(vidi_model_config){.path = path, .weights = weights},
                  &(vidi_chat_config){.max_tokens = ANSWER});
    const char *picture = "tests/families/mmproj/smolvlm/wide.png";
    ask(&a, vidi_model_sees(a.m) ? picture : NULL, "What?", "logits", folder, ids, ANSWER, &n);
    vidi_chat_stats(a.c, &stats);
    ask_close(&a);
    return stats.device_bytes;
}

/* The largest NMSE of what is in both folders. */
static double apart(const char *folder_a, const char *folder_b) {
    vidi *v;
    char *text;
    double most = 0, found = 0;
    size_t i;
    json_t *t;
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    assert_int_equal(vidi_compare(v, folder_a, folder_b, 1, &text), VIDI_OK);
    json_t *doc = json_loads(text, 0, NULL);
    json_array_foreach(json_object_get(doc, "tensors"), i, t) {
        const double nmse = json_number_value(json_object_get(t, "nmse"));
        if (nmse > most) most = nmse;
        found++;
    }
    assert_true(found > 0);
    json_decref(doc);
    vidi_text_free(v, text);
    vidi_close(v);
    return most;
}

/* Rounding to 8 and 4 bits, 2^-8 and 2^-4 of a step, as nets of random weights pass it on. */
static void loads_quantised(const char *device) {
    static const struct {
        vidi_weights weights;
        double least, most; /* NMSE of logits */
    } types[] = {{VIDI_WEIGHTS_Q8_0, 1e-5, 1e-2},
                 {VIDI_WEIGHTS_Q4_0, 1e-2, 0.5},
                 {VIDI_WEIGHTS_Q4_K, 1e-5, 5e-2}};
    for (int m = 0; m < N_MODELS; m++) {
        char path[128], plain[512], small[512];
        snprintf(path, sizeof path, "tests/families/folders/%s", models[m]);
        snprintf(plain, sizeof plain, "%s", family_folder("quantize_plain"));
        const uint64_t whole = say(device, path, VIDI_WEIGHTS_OWN, plain);
        for (int t = 0; t < 3; t++) {
            snprintf(small, sizeof small, "%s", family_folder("quantize_small"));
            const uint64_t bytes = say(device, path, types[t].weights, small);
            const double nmse = apart(plain, small);
            print_message("%s %s: NMSE %g, %llu of %llu bytes\n", models[m],
                          (const char *[]){"q8_0", "q4_0", "q4_K"}[t], nmse,
                          (unsigned long long)bytes, (unsigned long long)whole);
            assert_true(bytes <= whole); /* taken in blocks of the device */
            assert_true(nmse > types[t].least && nmse < types[t].most);
        }
    }
}

static void test_loads_quantised(void **state) {
    (void)state;
    on_devices(loads_quantised);
}

static void write_quantised(const char *path, vidi_weights weights, const char *file) {
    vidi *v;
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    if (vidi_quantize(v, &(vidi_model_config){.path = path, .weights = weights}, file) != VIDI_OK)
        fail_msg("%s", vidi_error(v));
    vidi_close(v);
}

/* The same bytes in the same kernels: not even the last bit of a logit may differ. */
static void file_is_as_loaded(const char *device) {
    for (int m = 0; m < N_FOLDERS; m++) {
        const vidi_weights weights = m % 2 ? VIDI_WEIGHTS_Q4_0 : VIDI_WEIGHTS_Q4_K;
        char path[128], loaded[512], from_file[512], file[600];
        snprintf(path, sizeof path, "tests/families/folders/%s", folders[m]);
        snprintf(loaded, sizeof loaded, "%s", family_folder("quantize_loaded"));
        snprintf(from_file, sizeof from_file, "%s", family_folder("quantize_file"));
        snprintf(file, sizeof file, "%s/../quantize_%s.gguf", from_file, folders[m]);
        write_quantised(path, weights, file);
        say(device, path, weights, loaded);
        say(device, file, VIDI_WEIGHTS_OWN, from_file);
        const double nmse = apart(loaded, from_file);
        if (nmse != 0) fail_msg("%s: NMSE %g", folders[m], nmse);
        assert_int_equal(remove(file), 0);
    }
}

static void test_file_is_as_loaded(void **state) {
    (void)state;
    on_devices(file_is_as_loaded);
}

/* With every allocation failing in turn nothing is left behind, in memory or on disk. */
static void test_failures_leave_nothing(void **state) {
    (void)state;
    char file[600];
    vidi *v;
    const char *folder = family_folder("quantize_fails");
    snprintf(file, sizeof file, "%s/out.gguf", folder);
    assert_int_equal(vidi_open_bare(NULL, &v), VIDI_OK);
    const vidi_model_config cfg = {.path = "tests/families/folders/smolvlm",
                                   .weights = VIDI_WEIGHTS_Q8_0};
    const uint64_t live = v->ctx.heap.live_bytes;
    vidi_status status = VIDI_E_MEMORY;
    for (uint64_t i = 1; status != VIDI_OK; i += 1 + i / 8) {
        v->ctx.heap.fail_at = v->ctx.heap.n_allocs + i;
        status = vidi_quantize(v, &cfg, file);
        assert_int_equal(v->ctx.heap.live_bytes, live);
        assert_int_equal(remove(file), status == VIDI_OK ? 0 : -1);
        assert_int_equal(rmdir(folder), 0); /* nothing else was in it */
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    v->ctx.heap.fail_at = 0;
    assert_int_equal(vidi_quantize(v, &(vidi_model_config){.path = cfg.path}, file),
                     VIDI_E_ARGUMENT);
    vidi_close(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads_quantised),
        cmocka_unit_test(test_file_is_as_loaded),
        cmocka_unit_test(test_failures_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
