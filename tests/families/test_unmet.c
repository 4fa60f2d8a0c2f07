/* What files ask of the sampler: what is not done is said in one warning, words that end an answer
 * are all known. */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"
#include "family.h"
#include "remake.h"

#define LLAMA "tests/families/folders/llama"

static char warned[4096];
static int n_warned;

static void listen(void *user, int level, const char *line) {
    (void)user;
    if (level != VD_LOG_WARN || !strstr(line, "asks for")) return;
    snprintf(warned, sizeof warned, "%s", line);
    n_warned++;
}

/* The folder with these keys in generation_config.json, or in config.json without the other. */
static const char *folder_with(const char *file, const char *keys) {
    char path[1400];
    json_error_t error;
    json_t *own = json_load_file(strcmp(file, "config.json") ? LLAMA "/generation_config.json"
                                                             : LLAMA "/config.json",
                                 0, &error);
    json_t *more = json_loads(keys, 0, &error);
    assert_true(own && more);
    json_object_update(own, more);
    const char *folder = family_twin("unmet", LLAMA, file);
    snprintf(path, sizeof path, "%s/generation_config.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_int_equal(json_dump_file(own, path, 0), 0);
    json_decref(own);
    json_decref(more);
    return folder;
}

static vidi *open_one(void) {
    const vidi_config config = {.log = listen};
    vidi *v;
    if (vidi_open(&config, &v) != VIDI_OK) fail_msg("%s", vidi_error(v));
    return v;
}

static vidi_model *open_model(vidi *v, const char *path) {
    vidi_model *m;
    warned[0] = 0;
    n_warned = 0;
    if (vidi_model_open_with(v, &(vidi_model_config){.path = path, .mmproj = ""}, &m) != VIDI_OK)
        fail_msg("%s", vidi_error(v));
    return m;
}

static void test_folder(void **state) {
    (void)state;
    static const struct {
        const char *file, *keys, *said;
    } cases[] = {
        {"generation_config.json", "{}", NULL},
        {"generation_config.json",
         "{\"repetition_penalty\": 1.0, \"no_repeat_ngram_size\": 0, \"suppress_tokens\": [], "
         "\"num_beams\": 1, \"min_length\": 0, \"bad_words_ids\": null, \"token_healing\": false, "
         "\"do_sample\": true, \"temperature\": 0.7, \"max_new_tokens\": 2048}",
         NULL},
        {"generation_config.json", "{\"repetition_penalty\": 1.05}",
         "asks for repetition_penalty 1.05, which is not done here"},
        {"generation_config.json", "{\"min_new_tokens\": 3, \"suppress_tokens\": [5, 6]}",
         "asks for min_new_tokens 3, suppress_tokens, which is not done here"},
        {"generation_config.json", "{\"bad_words_ids\": [[7]], \"forced_bos_token_id\": 3}",
         "asks for bad_words_ids, forced_bos_token_id, which"},
        {"generation_config.json", "{\"begin_suppress_tokens\": [3], \"num_beams\": 5}",
         "asks for num_beams 5, begin_suppress_tokens, which"},
        {"generation_config.json", "{\"no_repeat_ngram_size\": 2, \"stop_strings\": [\"x\"]}",
         "asks for no_repeat_ngram_size 2, stop_strings, which"},
        {"config.json", "{\"repetition_penalty\": 1.3}", "asks for repetition_penalty 1.3, which"},
    };
    vidi *v = open_one();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vidi_model_close(open_model(v, folder_with(cases[i].file, cases[i].keys)));
        assert_int_equal(n_warned, cases[i].said ? 1 : 0);
        if (cases[i].said && !strstr(warned, cases[i].said)) fail_msg("%s", warned);
    }
    vidi_close(v);
}

/* As llama.cpp writes them. */
static void test_gguf(void **state) {
    (void)state;
    float penalty = 1.25f;
    struct rekey keys[] = {
        {NULL, "general.sampling.penalty_repeat", GGUF_F32, 0, NULL},
        {NULL, "general.sampling.mirostat", GGUF_U32, 2, NULL},
        {NULL, "general.sampling.penalty_last_n", GGUF_U32, 0, NULL},
    };
    char path[600];
    vidi *v = open_one();
    memcpy(&keys[0].number, &penalty, sizeof penalty);
    snprintf(path, sizeof path, "%s/penalty.gguf", family_folder("unmet"));
    remake_keys("tests/families/mmproj/llava/tiny.gguf", path, keys, 2, NULL);
    vidi_model_close(open_model(v, path));
    assert_int_equal(n_warned, 1);
    assert_non_null(strstr(warned, "asks for general.sampling.penalty_repeat 1.25, "
                                   "general.sampling.mirostat 2, which is not done here"));
    keys[1] = keys[2]; /* over no words: nothing is asked for */
    remake_keys("tests/families/mmproj/llava/tiny.gguf", path, keys, 2, NULL);
    vidi_model_close(open_model(v, path));
    assert_int_equal(n_warned, 0);
    vidi_close(v);
}

static void test_every_end(void **state) {
    (void)state;
    static const int ends[] = {296, 298, 40, 41, 42};
    vidi *v = open_one();
    vidi_model *m = open_model(
        v, folder_with("generation_config.json", "{\"eos_token_id\": [296, 40, 41, 42]}"));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        assert_true(tokenizer_is_end(m->tokenizer, ends[i]));
    assert_false(tokenizer_is_end(m->tokenizer, 43));
    uint32_t id; /* for programs that know of two: the settings' word is 298 */
    assert_int_equal(gguf_u32(&m->file, "tokenizer.ggml.eot_token_id", &id), VIDI_OK);
    assert_int_equal(id, 296);
    vidi_close(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folder), cmocka_unit_test(test_gguf),
                                       cmocka_unit_test(test_every_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
