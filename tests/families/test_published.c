/* Files as older converters wrote them, and files that lie beside each other: the goldens are those
 * of the tiny models, whose files are written anew with other keys. */
#include "family.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"
#include "remake.h"

enum { ANSWER = 32 };

/* Rounding of f32 sums; measured below 1e-11. */
static const double limit = 1e-9;

#define MMPROJ "tests/families/mmproj/"

#define N(list) (uint32_t)(sizeof(list) / sizeof *(list))

/* The mmproj of a tiny model with some keys changed. */
static const char *eyes_of(const char *name, const struct rekey *changes, uint32_t n,
                           const char *without) {
    static char to[600];
    char from[256];
    snprintf(from, sizeof from, MMPROJ "%s/mmproj-tiny.gguf", name);
    snprintf(to, sizeof to, "%s/mmproj-%s.gguf", family_folder("published"), name);
    remake_keys(from, to, changes, n, without);
    return to;
}

static const char *text_of(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, MMPROJ "%s/tiny.gguf", name);
    return path;
}

/* The tiny model's golden answers and activations, with these eyes. */
static void sees_the_same(const char *device, const char *name, const char *eyes) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char golden[160], picture[160];
    snprintf(golden, sizeof golden, MMPROJ "%s/one", name);
    snprintf(picture, sizeof picture, MMPROJ "%s/wide.png", name);
    ask_open_with(&a, device, "kv_f32", &(vidi_model_config){.path = text_of(name), .mmproj = eyes},
                  &(vidi_chat_config){.max_tokens = ANSWER});
    const char *dump = family_folder("published_dump");
    ask(&a, picture, "What?", "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, golden, dump, limit, 4);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

/* Of Qwen2-VL: the width of the feed-forward part is that of its matrices. */
static void no_width(const char *device) {
    static const char key[] = "clip.vision.feed_forward_length";
    const struct rekey changes[] = {{key, key, GGUF_U32, 0, NULL}};
    sees_the_same(device, "qwen2vl", eyes_of("qwen2vl", changes, N(changes), NULL));
}

/* Of LLaVA-1.5: no projector type, and the tower without its last layer. */
static void no_projector_type(const char *device) {
    static const char blocks[] = "clip.vision.block_count";
    const struct rekey changes[] = {
        {"clip.projector_type", "clip.has_llava_projector", GGUF_BOOL, 1, NULL},
        {blocks, blocks, GGUF_U32, 2, NULL}};
    sees_the_same(device, "llava", eyes_of("llava", changes, N(changes), "v.blk.2."));
}

/* Of MiniCPM-V 2.6: one layer more than it says. */
static void one_layer_more(const char *device) {
    static const char blocks[] = "clip.vision.block_count";
    const struct rekey changes[] = {{blocks, blocks, GGUF_U32, 1, NULL}};
    sees_the_same(device, "minicpmv", eyes_of("minicpmv", changes, N(changes), NULL));
}

/* Of 2023: rope.scale_linear says what rope.scaling.factor says now. */
static void old_scale(const char *device) {
    static const char folder[] = "tests/families/decoders/biased";
    const struct rekey changes[] = {{"llama.rope.scaling.type", NULL, GGUF_STRING, 0, NULL},
                                    {"llama.rope.scaling.factor", NULL, GGUF_F32, 0, NULL},
                                    {NULL, "llama.rope.scale_linear", GGUF_F32, 0x40000000, NULL}};
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char to[600];
    snprintf(to, sizeof to, "%s/linear.gguf", family_folder("published"));
    remake_keys("tests/families/decoders/biased/tiny.gguf", to, changes, N(changes), NULL);
    ask_open(&a, device, "kv_f32", to,
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER, .context = 64});
    const char *dump = family_folder("published_linear");
    ask(&a, NULL, "The quick brown fox", "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, folder, dump, limit, 2);
    expect_answer(folder, ids, n);
    ask_close(&a);
}

/* Opening fails with these words. */
static void refused(vidi *v, const vidi_model_config *cfg, const char *words) {
    vidi_model *m;
    assert_int_not_equal(vidi_model_open_with(v, cfg, &m), VIDI_OK);
    if (!strstr(vidi_error(v), words)) fail_msg("'%s' lacks '%s'", vidi_error(v), words);
}

static vidi *open_one(void) {
    vidi *v;
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    return v;
}

/* 0 queries mean 64, which the tiny model has not. */
static void test_queries(void **state) {
    (void)state;
    static const char key[] = "clip.minicpmv_query_num";
    const struct rekey changes[] = {{key, key, GGUF_U32, 0, NULL}};
    const char *eyes = eyes_of("minicpmv", changes, N(changes), NULL);
    vidi *v = open_one();
    refused(v, &(vidi_model_config){.path = text_of("minicpmv"), .mmproj = eyes},
            "resampler.query has 2048 numbers instead of 8192");
    vidi_close(v);
}

/* Both are named, whichever is not known. */
static void test_unknown_families(void **state) {
    (void)state;
    char text[600];
    const struct rekey arch[] = {
        {"general.architecture", "general.architecture", GGUF_STRING, 0, "mamba"}};
    const struct rekey type[] = {
        {"clip.projector_type", "clip.projector_type", GGUF_STRING, 0, "resonator"}};
    const struct rekey none[] = {{"clip.projector_type", NULL, GGUF_STRING, 0, NULL}};
    vidi *v = open_one();
    snprintf(text, sizeof text, "%s/mamba.gguf", family_folder("published"));
    remake_keys(text_of("llava"), text, arch, 1, NULL);
    const char *eyes = eyes_of("llava", type, 1, NULL);
    refused(v, &(vidi_model_config){.path = text, .mmproj = eyes},
            "general.architecture is 'mamba', which is not supported");
    refused(v, &(vidi_model_config){.path = text, .mmproj = eyes},
            "mmproj-llava.gguf is 'resonator'");
    refused(v, &(vidi_model_config){.path = text_of("llava"), .mmproj = eyes},
            "clip.projector_type is 'resonator', which is not supported");
    refused(v, &(vidi_model_config){.path = text_of("llava"), .mmproj = eyes},
            "whose general.architecture is 'llama'");
    eyes = eyes_of("llava", none, 1, NULL);
    refused(v, &(vidi_model_config){.path = text_of("llava"), .mmproj = eyes},
            "clip.projector_type is ''");
    vidi_close(v);
}

/* --- prompt forms ----------------------------------------------------------------------------- */

/* A decoder of 2023 has no template: with the eyes of LLaVA it was taught this one. */
static void test_no_template(void **state) {
    (void)state;
    static const char key[] = "tokenizer.chat_template";
    const struct rekey none[] = {{key, NULL, GGUF_STRING, 0, NULL}};
    const struct rekey strange[] = {{key, key, GGUF_STRING, 0, "{{ messages }}"}};
    char text[600];
    vidi *v = open_one();
    snprintf(text, sizeof text, "%s/bare.gguf", family_folder("published"));
    for (int i = 0; i < 4; i++) {
        remake_keys(text_of("llava"), text, i % 2 ? strange : none, 1, NULL);
        const char *eyes = i < 2 ? MMPROJ "llava/mmproj-tiny.gguf" : "";
        vidi_model *m;
        const vidi_model_config cfg = {.path = text, .mmproj = eyes};
        if (vidi_model_open_with(v, &cfg, &m) != VIDI_OK) fail_msg("%s", vidi_error(v));
        assert_string_equal(m->form->name, i < 2 ? "vicuna" : i % 2 ? "plain" : "bare");
        assert_int_equal(m->completes, i == 2);
        vidi_model_close(m);
    }
    vidi_close(v);
}

/* --- tensors that are missing or too many ----------------------------------------------------- */

struct lines {
    int n;
    char newest[256];
};

static void count_lines(void *user, int level, const char *line) {
    struct lines *l = user;
    (void)level;
    if (strstr(line, " is missing")) l->n++;
    snprintf(l->newest, sizeof l->newest, "%s", line);
}

/* A whole layer is missing: the sentence counts what it has no room for, the log has it. */
static void test_all_are_named(void **state) {
    (void)state;
    struct lines lines = {0};
    vidi *v;
    assert_int_equal(vidi_open(&(vidi_config){.log = count_lines, .user = &lines}, &v), VIDI_OK);
    const char *eyes = eyes_of("gemma3", NULL, 0, "v.blk.");
    refused(v, &(vidi_model_config){.path = text_of("gemma3"), .mmproj = eyes},
            "v.blk.0.ln1.weight is missing");
    unsigned all, more;
    const char *at = strstr(vidi_error(v), "gguf: "), *rest = strstr(vidi_error(v), " and ");
    assert_non_null(at);
    while (rest && sscanf(rest, " and %u more", &more) != 1) rest = strstr(rest + 1, " and ");
    assert_int_equal(sscanf(at, "gguf: %u tensors", &all), 1);
    assert_non_null(rest);
    int said = 0;
    for (const char *w = vidi_error(v); (w = strstr(w, " is missing")); w++) said++;
    assert_int_equal(lines.n, more);
    assert_int_equal(said + (int)more, all);
    vidi_close(v);
}

static void opens(vidi *v, const vidi_model_config *cfg) {
    vidi_model *m;
    if (vidi_model_open_with(v, cfg, &m) != VIDI_OK) fail_msg("%s", vidi_error(v));
    vidi_model_close(m);
}

/* A tensor that nothing asks for changes the answer, unless it is known not to. */
static void test_extra_tensors(void **state) {
    (void)state;
    static const char blocks[] = "llama.block_count", eyes_blocks[] = "clip.vision.block_count";
    const struct rekey fewer[] = {{blocks, blocks, GGUF_U32, 1, NULL}};
    const struct rekey eyes_fewer[] = {{eyes_blocks, eyes_blocks, GGUF_U32, 2, NULL}};
    char text[600];
    vidi *v = open_one();
    snprintf(text, sizeof text, "%s/fewer.gguf", family_folder("published"));
    remake_keys(text_of("llava"), text, fewer, 1, NULL);
    refused(v, &(vidi_model_config){.path = text, .mmproj = ""},
            "9 tensors are there that nothing of this family computes with, so that its answers "
            "would be wrong: blk.1.");
    /* LLaVA runs all layers but the last: that one may be there, another may not. */
    const char *eyes = eyes_of("llava", eyes_fewer, 1, NULL);
    refused(v, &(vidi_model_config){.path = text_of("llava"), .mmproj = eyes}, ": v.blk.2.");
    opens(v, &(vidi_model_config){.path = text_of("llava"),
                                  .mmproj = eyes_of("llava", NULL, 0, NULL)});
    vidi_close(v);
}

/* --- beside each other ------------------------------------------------------------------------ */

static void put(const char *from, const char *folder, const char *name) {
    char to[700];
    snprintf(to, sizeof to, "%s/%s", folder, name);
    remake_keys(from, to, NULL, 0, NULL);
}

static bool sees(vidi *v, const char *folder, const char *name, const char *mmproj) {
    char path[700];
    vidi_model *m;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const vidi_model_config cfg = {.path = path, .mmproj = mmproj};
    if (vidi_model_open_with(v, &cfg, &m) != VIDI_OK) fail_msg("%s", vidi_error(v));
    const bool seen = vidi_model_sees(m);
    vidi_model_close(m);
    return seen;
}

static void test_beside(void **state) {
    (void)state;
    char folder[600], path[700];
    snprintf(folder, sizeof folder, "%s", family_folder("beside"));
    const char *llava_eyes = MMPROJ "llava/mmproj-tiny.gguf";
    vidi *v = open_one();
    put(text_of("llava"), folder, "Llava-7B-Q4_K_M.gguf");
    assert_false(sees(v, folder, "Llava-7B-Q4_K_M.gguf", NULL));
    put(llava_eyes, folder, "mmproj-model-f16.gguf"); /* the only one beside an only model */
    assert_true(sees(v, folder, "Llava-7B-Q4_K_M.gguf", NULL));
    assert_false(sees(v, folder, "Llava-7B-Q4_K_M.gguf", ""));
    put(text_of("smolvlm"), folder, "Smol-Q8_0.gguf"); /* whose is it now? */
    assert_false(sees(v, folder, "Llava-7B-Q4_K_M.gguf", NULL));
    put(llava_eyes, folder, "mmproj-Llava-7B-F16.gguf"); /* named after it */
    assert_true(sees(v, folder, "Llava-7B-Q4_K_M.gguf", NULL));
    assert_false(sees(v, folder, "Smol-Q8_0.gguf", NULL));
    put(MMPROJ "minicpmv/mmproj-tiny.gguf", folder, "mmproj-Smol.gguf"); /* for another width */
    assert_false(sees(v, folder, "Smol-Q8_0.gguf", NULL));
    vidi_close(v);
    static const char *const names[] = {"Llava-7B-Q4_K_M.gguf", "mmproj-model-f16.gguf",
                                        "Smol-Q8_0.gguf", "mmproj-Llava-7B-F16.gguf",
                                        "mmproj-Smol.gguf"};
    for (size_t i = 0; i < N(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
}

#define ON_DEVICES(name)                    \
    static void test_##name(void **state) { \
        (void)state;                        \
        on_devices(name);                   \
    }
ON_DEVICES(no_width)
ON_DEVICES(no_projector_type)
ON_DEVICES(one_layer_more)
ON_DEVICES(old_scale)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_width),         cmocka_unit_test(test_no_projector_type),
        cmocka_unit_test(test_one_layer_more),   cmocka_unit_test(test_old_scale),
        cmocka_unit_test(test_queries),          cmocka_unit_test(test_all_are_named),
        cmocka_unit_test(test_unknown_families), cmocka_unit_test(test_no_template),
        cmocka_unit_test(test_extra_tensors),    cmocka_unit_test(test_beside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
