/* Tiny random models whose eyes are files of their own against transformers in f32: pixels, rows of
 * pictures, logits and greedy words; pictures of awkward sizes; what goes wrong. */
#include "family.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chat/internal.h"

enum { ANSWER = 32, STEP = 991 };

/* Rounding of f32 sums; measured below 1e-11. */
static const double limit = 1e-9;
static const char smolvlm[] = "tests/families/mmproj/smolvlm";
static const char llava[] = "tests/families/mmproj/llava";

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
    expect_alike(a.v, golden, folder, limit, 3);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void smolvlm_one(const char *device) { question(device, smolvlm, false); }
static void smolvlm_two(const char *device) { question(device, smolvlm, true); }
static void llava_one(const char *device) { question(device, llava, false); }
static void llava_two(const char *device) { question(device, llava, true); }

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

static void expect_pixels(struct asked *a, const json_t *tile, struct said_picture *p) {
    struct gpu *gpu = a->v->gpu;
    const uint64_t bytes = gpu_buffer_bytes(a->c->pixels);
    float *values = malloc(bytes);
    assert_non_null(values);
    if (chat_pixels(a->c, p) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(gpu_download(gpu, values, span_of(a->c->pixels, 0, bytes), bytes), VIDI_OK);
    for (size_t i = 0; i < json_array_size(tile); i++)
        assert_float_equal(values[i * STEP], json_real_value(json_array_get(tile, i)), 1e-5);
    free(values);
}

static void one_size(struct asked *a, const char *size, const json_t *tiles) {
    int width, height, mark;
    assert_int_equal(sscanf(size, "%dx%d", &width, &height), 2);
    uint8_t *rgb = pattern(width, height);
    const vidi_image image = {
        .data = rgb, .width = width, .height = height, .stride = width * 3, .pixels = VIDI_RGB8};
    assert_int_equal(vidi_chat_mark(a->c, &mark), VIDI_OK);
    if (vidi_say_image(a->c, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(a->c->n_pictures, json_array_size(tiles));
    for (uint32_t i = 0; i < a->c->n_pictures; i++)
        expect_pixels(a, json_array_get(tiles, i), &a->c->pictures[i]);
    assert_int_equal(vidi_chat_rewind(a->c, mark), VIDI_OK);
    free(rgb);
}

static void sizes(const char *device, const char *family) {
    struct asked a;
    json_error_t error;
    json_t *all = json_load_file(inside(family, "pixels.json"), 0, &error), *tiles;
    const char *size;
    assert_int_equal(json_object_size(all), 5);
    ask_open_with(&a, device, "", &(vidi_model_config){.path = family}, NULL);
    json_object_foreach(all, size, tiles) one_size(&a, size, tiles);
    json_decref(all);
    ask_close(&a);
}
static void smolvlm_sizes(const char *device) { sizes(device, smolvlm); }
static void llava_sizes(const char *device) { sizes(device, llava); }

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
    ask_open(&a, NULL, "", inside(smolvlm, "tiny.gguf"), NULL);
    const uint8_t rgb[3] = {0};
    const vidi_image image = {.data = rgb, .width = 1, .height = 1, .stride = 3};
    assert_int_equal(vidi_say_image(a.c, &image), VIDI_E_UNSUPPORTED);
    assert_non_null(strstr(vidi_error(a.v), "mmproj"));
    ask_close(&a);
}

#define ON_DEVICES(name)                    \
    static void test_##name(void **state) { \
        (void)state;                        \
        on_devices(name);                   \
    }
ON_DEVICES(smolvlm_one)
ON_DEVICES(smolvlm_two)
ON_DEVICES(smolvlm_sizes)
ON_DEVICES(llava_one)
ON_DEVICES(llava_two)
ON_DEVICES(llava_sizes)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smolvlm_one),   cmocka_unit_test(test_smolvlm_two),
        cmocka_unit_test(test_smolvlm_sizes), cmocka_unit_test(test_llava_one),
        cmocka_unit_test(test_llava_two),     cmocka_unit_test(test_llava_sizes),
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_without_eyes),
        cmocka_unit_test(test_recorded_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
