/* Tiny random models whose eyes are files of their own against transformers in f32: pixels, rows of
 * pictures, logits and greedy words; pictures of awkward sizes; what goes wrong. */
#include "family.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chat/internal.h"

enum { ANSWER = 32, STEP = 991 };

/* Rounding of f32 sums; measured below 1e-11. */
static const double limit = 1e-9;
static const char smolvlm[] = "tests/families/mmproj/smolvlm";
static const char llava[] = "tests/families/mmproj/llava";
static const char llava_siglip[] = "tests/families/mmproj/llava_siglip";
static const char qwen2vl[] = "tests/families/mmproj/qwen2vl";
static const char qwen25vl[] = "tests/families/mmproj/qwen25vl";
static const char internvl[] = "tests/families/mmproj/internvl";
static const char internvl_6b[] = "tests/families/mmproj/internvl_6b";
static const char qwen3vl[] = "tests/families/mmproj/qwen3vl";
static const char llava_next[] = "tests/families/mmproj/llava_next";
static const char minicpmv[] = "tests/families/mmproj/minicpmv";
static const char paligemma[] = "tests/families/mmproj/paligemma";
static const char moondream[] = "tests/families/mmproj/moondream";
static const char gemma3[] = "tests/families/mmproj/gemma3";

static const char *inside(const char *folder, const char *file) {
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, file);
    return path;
}

static void say_picture(struct asked *a, const char *path) {
    vidi_image image;
    if (vidi_image_read(a->v, path, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(vidi_say_image(a->c, &image), VIDI_OK);
    vidi_image_free(a->v, &image);
}

static void question(const char *device, const char *family, bool two) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    const char *golden = inside(family, two ? "two" : "one");
    /* The folder names both files. */
    ask_open_with(&a, device, "kv_f32", &(vidi_model_config){.path = family},
                  &(vidi_chat_config){.max_tokens = ANSWER});
    const char *folder = family_folder(two ? "mmproj_two" : "mmproj_one");
    assert_int_equal(vidi_chat_dump(a.c, "*", folder), VIDI_OK);
    say_picture(&a, inside(family, "wide.png"));
    if (two) say_picture(&a, inside(family, "high.png"));
    ask(&a, NULL, "What?", NULL, NULL, ids, ANSWER, &n);
    expect_alike(a.v, golden, folder, limit, 4);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

/* The picture that the goldens' script draws. */
static uint8_t *pattern(int width, int height) {
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *at = rgb;
    assert_non_null(rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            *at++ = (uint8_t)(x * 3 + y * 5);
            *at++ = (uint8_t)(x * y / 7);
            *at++ = (x / 9 + y / 5) % 2 ? 255 : 0;
        }
    return rgb;
}

/* FNV-1a of the planes' values as they were before they were normalised, times 510. */
static uint64_t pixel_sum(const struct shape *s, const float *values, uint64_t n) {
    uint64_t sum = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t plane = i / (n / 3);
        const double x =
            (double)values[i] * (double)s->picture.std[plane] + (double)s->picture.mean[plane];
        const uint16_t step = (uint16_t)(int64_t)floor(510 * x + 0.5);
        sum = (sum ^ (step & 255)) * 0x100000001b3u;
        sum = (sum ^ (step >> 8)) * 0x100000001b3u;
    }
    return sum;
}

static void expect_pixels(struct asked *a, const json_t *tile, const char *sum,
                          struct said_picture *p) {
    struct gpu *gpu = a->v->gpu;
    const uint64_t bytes = gpu_buffer_bytes(a->c->pixels);
    float *values = malloc(bytes);
    assert_non_null(values);
    if (chat_pixels(a->c, p) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(gpu_download(gpu, values, span_of(a->c->pixels, 0, bytes), bytes), VIDI_OK);
    for (size_t i = 0; i < json_array_size(tile); i++)
        assert_float_equal(values[i * STEP], json_real_value(json_array_get(tile, i)), 1e-5);
    char found[20];
    const struct shape *s = &a->c->model->shape;
    const uint64_t n = s->picture.area ? 3 * (uint64_t)p->width * p->height
                                       : 3 * (uint64_t)s->picture.width * s->picture.height;
    snprintf(found, sizeof found, "%016llx", (unsigned long long)pixel_sum(s, values, n));
    assert_string_equal(found, sum);
    free(values);
}

static void one_size(struct asked *a, const char *size, const json_t *tiles, const json_t *sums) {
    int width, height, mark;
    assert_int_equal(sscanf(size, "%dx%d", &width, &height), 2);
    uint8_t *rgb = pattern(width, height);
    const vidi_image image = {
        .data = rgb, .width = width, .height = height, .stride = width * 3, .pixels = VIDI_RGB8};
    assert_int_equal(vidi_chat_mark(a->c, &mark), VIDI_OK);
    const vidi_status status = vidi_say_image(a->c, &image);
    if (json_is_null(tiles)) /* the reference refuses it, too */
        assert_int_equal(status, VIDI_E_IMAGE);
    else if (status != VIDI_OK)
        fail_msg("%s", vidi_error(a->v));
    assert_int_equal(a->c->n_pictures, json_array_size(tiles));
    for (uint32_t i = 0; i < a->c->n_pictures; i++)
        expect_pixels(a, json_array_get(tiles, i), json_string_value(json_array_get(sums, i)),
                      &a->c->pictures[i]);
    assert_int_equal(vidi_chat_rewind(a->c, mark), VIDI_OK);
    free(rgb);
}

/* A picture of more rows than are read at once, and once more after it was taken back. */
static void large(const char *device, const char *family) {
    struct asked a;
    int32_t ids[ANSWER];
    int n, mark;
    uint8_t *rgb = pattern(420, 320);
    const vidi_image image = {
        .data = rgb, .width = 420, .height = 320, .stride = 420 * 3, .pixels = VIDI_RGB8};
    const char *golden = inside(family, "large"), *folder = family_folder("mmproj_large");
    ask_open_with(&a, device, "kv_f32", &(vidi_model_config){.path = family},
                  &(vidi_chat_config){.max_tokens = ANSWER});
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    ask(&a, inside(family, "wide.png"), "And?", NULL, NULL, ids, 3, &n);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(vidi_chat_rewind(a.c, mark), VIDI_OK);
        assert_int_equal(vidi_chat_dump(a.c, "logits", folder), VIDI_OK);
        assert_int_equal(vidi_say_image(a.c, &image), VIDI_OK);
        ask(&a, NULL, "What?", NULL, NULL, ids, ANSWER, &n);
        expect_alike(a.v, golden, folder, limit, 1);
        assert_int_equal(n, ANSWER);
        expect_answer(golden, ids, n);
    }
    assert_true(a.c->pictures[0].rows == 0 && a.c->chunk < (uint32_t)a.c->stats.image_tokens);
    ask_close(&a);
    free(rgb);
}

static void sizes(const char *device, const char *family) {
    struct asked a;
    json_error_t error;
    json_t *all = json_load_file(inside(family, "pixels.json"), 0, &error), *tiles;
    json_t *sums = json_load_file(inside(family, "sums.json"), 0, &error);
    const char *size;
    assert_int_equal(json_object_size(all), 6);
    assert_int_equal(json_object_size(sums), 6);
    ask_open_with(&a, device, "", &(vidi_model_config){.path = family}, NULL);
    json_object_foreach(all, size, tiles) one_size(&a, size, tiles, json_object_get(sums, size));
    json_decref(all);
    json_decref(sums);
    ask_close(&a);
}

/* Opening fails with these words. */
static void refused(vidi *v, const vidi_model_config *cfg, const char *words) {
    vidi_model *m;
    assert_int_not_equal(vidi_model_open_with(v, cfg, &m), VIDI_OK);
    if (!strstr(vidi_error(v), words)) fail_msg("'%s' lacks '%s'", vidi_error(v), words);
}

/* A copy of the tiny mmproj with some bytes of its text changed, for the same length. */
static const char *changed(const char *from, const char *old, const char *new) {
    static char path[512];
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    snprintf(path, sizeof path, "%s/changed.gguf", family_folder("mmproj_changed"));
    FILE *in = fopen(from, "rb"), *out = fopen(path, "wb");
    assert_non_null(in);
    assert_non_null(out);
    const size_t n = fread(bytes, 1, 1 << 20, in), len = strlen(old);
    bool found = false;
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(bytes + i, old, len) == 0) {
            memcpy(bytes + i, new, len);
            found = true;
        }
    assert_true(found);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
    free(bytes);
    return path;
}

static void test_refusals(void **state) {
    (void)state;
    vidi *v;
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    const char *text = inside(smolvlm, "tiny.gguf"), *eyes = inside(smolvlm, "mmproj-tiny.gguf");
    refused(v, &(vidi_model_config){.path = eyes}, "is the vision part of a model");
    refused(v, &(vidi_model_config){.path = text, .mmproj = text}, "no vision part");
    refused(v, &(vidi_model_config){.path = text, .mmproj = "nothing.gguf"}, "nothing.gguf");
    refused(v, &(vidi_model_config){.path = text, .mmproj = changed(eyes, "idefics3", "idefics9")},
            "clip.projector_type is 'idefics9', which is not supported");
    refused(v,
            &(vidi_model_config){.path = "tests/families/mmproj",
                                 .mmproj = "tests/families/mmproj/none.gguf"},
            "holds no model");
    refused(v, &(vidi_model_config){.path = "tests/families/llama/tiny.gguf", .chat_form = "x"},
            "there is no chat form 'x'");
    refused(v, &(vidi_model_config){.mmproj = eyes}, "takes no mmproj");
    refused(v,
            &(vidi_model_config){.path = text, .mmproj = changed(eyes, "v.blk.1.ln", "v.blk.7.ln")},
            "v.blk.1.ln1.weight is missing, v.blk.1.ln1.bias is missing, v.blk.1.ln2.weight");
    if (!strstr(vidi_error(v), "; not used: v.blk.7.ln")) fail_msg("%s", vidi_error(v));
    vidi_close(v);
}

static void test_missing_tensors(void **state) {
    (void)state;
    static const char *const families[] = {llava_next, gemma3, minicpmv, paligemma, moondream};
    vidi *v;
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const char *text = inside(families[i], "tiny.gguf");
        const char *eyes =
            changed(inside(families[i], "mmproj-tiny.gguf"), "v.blk.1.ln", "v.blk.7.ln");
        refused(v, &(vidi_model_config){.path = text, .mmproj = eyes},
                "v.blk.1.ln1.weight is missing, v.blk.1.ln1.bias is missing");
    }
    const char *text = inside(gemma3, "tiny.gguf"), *eyes = inside(gemma3, "mmproj-tiny.gguf");
    refused(v, &(vidi_model_config){.path = text, .mmproj = changed(eyes, "mm.input", "mm.imput")},
            "mm.input_projection.weight is missing");
    refused(v, &(vidi_model_config){.path = inside(minicpmv, "tiny.gguf"), .mmproj = eyes},
            "do not belong together");
    vidi_close(v);
}

/* A prompt whose words all see each other has to be read at once. */
static void test_too_long_to_see(void **state) {
    (void)state;
    struct asked a;
    vidi_piece piece;
    char text[600];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    ask_open_with(&a, NULL, "", &(vidi_model_config){.path = paligemma}, NULL);
    say_picture(&a, inside(paligemma, "wide.png"));
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, text), VIDI_OK);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_E_CONTEXT);
    assert_non_null(strstr(vidi_error(a.v), "reads a first prompt of"));
    ask_close(&a);
}

/* Files that go with M-RoPE decoders. */
static void test_native_refusals(void **state) {
    (void)state;
    vidi *v;
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    const char *text = inside(qwen3vl, "tiny.gguf"), *eyes = inside(qwen3vl, "mmproj-tiny.gguf");
    const char *other = inside(qwen2vl, "tiny.gguf");
    refused(v, &(vidi_model_config){.path = other, .mmproj = eyes}, "is not the vision part of");
    refused(v, &(vidi_model_config){.path = other, .mmproj = eyes, .mmproj_any = 1},
            "gives rows of 2 lower layers");
    refused(v,
            &(vidi_model_config){.path = changed(text, "rope.dimension_sec", "rope.dimension_sek")},
            "rope.dimension_sections has 0 entries, not 3 or 4");
    refused(v,
            &(vidi_model_config){.path = text,
                                 .mmproj = changed(eyes, "v.position_embd", "v.position_ombd")},
            "v.position_embd.weight is missing");
    refused(v,
            &(vidi_model_config){.path = text,
                                 .mmproj = changed(eyes, "v.deepstack.2.fc1", "v.deepstack.1.fc1")},
            "v.deepstack.2.fc1.weight is missing, v.deepstack.2.fc1.bias is missing");
    const char *windows = inside(qwen25vl, "mmproj-tiny.gguf");
    refused(v,
            &(vidi_model_config){
                .path = other,
                .mmproj = changed(windows, "vision.n_wa_pattern", "vision.n_wa_pottern")},
            "clip.vision.n_wa_pattern is missing");
    refused(v,
            &(vidi_model_config){
                .path = other,
                .mmproj = changed(windows, "patch_embd.weight.1", "patch_embd.weight.2")},
            "v.patch_embd.weight.1");
    vidi_close(v);
}

/* Tiles of all pictures run the same programs: a later picture of another size records nothing. */
static void test_recorded_once(void **state) {
    (void)state;
    struct asked a;
    vidi_stats first, second;
    int32_t ids[4];
    int n;
    ask_open_with(&a, NULL, "", &(vidi_model_config){.path = smolvlm},
                  &(vidi_chat_config){.max_tokens = 4});
    ask(&a, inside(smolvlm, "wide.png"), "What?", NULL, NULL, ids, 4, &n);
    vidi_chat_stats(a.c, &first);
    assert_int_equal(first.tiles, 5);
    ask(&a, inside(smolvlm, "high.png"), "What?", NULL, NULL, ids, 4, &n);
    vidi_chat_stats(a.c, &second);
    assert_int_equal(second.tiles, 3);
    assert_int_equal(first.recordings, second.recordings);
    ask_close(&a);
}

static void test_without_eyes(void **state) {
    (void)state;
    struct asked a;
    ask_open_with(&a, NULL, "",
                  &(vidi_model_config){.path = inside(smolvlm, "tiny.gguf"), .mmproj = ""}, NULL);
    const uint8_t rgb[3] = {0};
    const vidi_image image = {.data = rgb, .width = 1, .height = 1, .stride = 3};
    assert_int_equal(vidi_say_image(a.c, &image), VIDI_E_UNSUPPORTED);
    assert_non_null(strstr(vidi_error(a.v), "a file such as mmproj-tiny.gguf, is given"));
    ask_close(&a);
}

#define ON_DEVICES(name, call)                          \
    static void name##_on(const char *device) { call; } \
    static void test_##name(void **state) {             \
        (void)state;                                    \
        on_devices(name##_on);                          \
    }
#define FAMILY(name)                                      \
    ON_DEVICES(name##_one, question(device, name, false)) \
    ON_DEVICES(name##_two, question(device, name, true))  \
    ON_DEVICES(name##_sizes, sizes(device, name))
#define FAMILY_TESTS(name)                                                    \
    cmocka_unit_test(test_##name##_one), cmocka_unit_test(test_##name##_two), \
        cmocka_unit_test(test_##name##_sizes)
FAMILY(smolvlm)
FAMILY(llava)
FAMILY(llava_siglip)
FAMILY(llava_next)
FAMILY(qwen2vl)
FAMILY(qwen25vl)
FAMILY(qwen3vl)
FAMILY(internvl)
FAMILY(internvl_6b)
FAMILY(gemma3)
FAMILY(minicpmv)
FAMILY(paligemma)
FAMILY(moondream)

ON_DEVICES(qwen2vl_large, large(device, qwen2vl))
ON_DEVICES(qwen25vl_large, large(device, qwen25vl))
ON_DEVICES(qwen3vl_large, large(device, qwen3vl))

int main(void) {
    const struct CMUnitTest tests[] = {FAMILY_TESTS(smolvlm),
                                       FAMILY_TESTS(llava),
                                       FAMILY_TESTS(llava_siglip),
                                       FAMILY_TESTS(llava_next),
                                       FAMILY_TESTS(qwen2vl),
                                       FAMILY_TESTS(qwen25vl),
                                       FAMILY_TESTS(qwen3vl),
                                       FAMILY_TESTS(internvl),
                                       FAMILY_TESTS(internvl_6b),
                                       FAMILY_TESTS(gemma3),
                                       FAMILY_TESTS(minicpmv),
                                       FAMILY_TESTS(paligemma),
                                       FAMILY_TESTS(moondream),
                                       cmocka_unit_test(test_qwen2vl_large),
                                       cmocka_unit_test(test_qwen25vl_large),
                                       cmocka_unit_test(test_qwen3vl_large),
                                       cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_missing_tensors),
                                       cmocka_unit_test(test_too_long_to_see),
                                       cmocka_unit_test(test_native_refusals),
                                       cmocka_unit_test(test_without_eyes),
                                       cmocka_unit_test(test_recorded_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
