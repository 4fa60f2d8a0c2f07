/* Tiny random models as folders in the hub's form against transformers in f32: the prompt's words,
 * logits and greedy words, and what goes wrong. */
#define _POSIX_C_SOURCE 200809L
#include "family.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"

enum { ANSWER = 32 };

/* Rounding of f32 sums over two layers. */
static const double limit = 1e-10;
static const double seeing_limit = 1e-9; /* as test_mmproj.c has it */
static const char text[] =
    "The quick brown fox's 12345 dogs  jump\nover it: d\xC3\xA9j\xC3\xA0 vu!";

static void one(const char *device, const char *name, int raw) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char folder[128], golden[160];
    snprintf(folder, sizeof folder, "tests/families/folders/%s", name);
    snprintf(golden, sizeof golden, "%s/golden", folder);
    ask_open(&a, device, "kv_f32", folder,
             &(vidi_chat_config){.raw = raw, .max_tokens = ANSWER, .context = 128});
    const char *dump = family_folder(name);
    ask(&a, NULL, text, "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, golden, dump, limit, 2);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void say_picture(struct asked *a, const char *folder, const char *name) {
    vidi_image image;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (vidi_image_read(a->v, path, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(vidi_say_image(a->c, &image), VIDI_OK);
    vidi_image_free(a->v, &image);
}

static void say_pictures(struct asked *a, const char *folder, int n) {
    static const char *const pictures[] = {"wide.png", "high.png"};
    for (int i = 0; i < n; i++) say_picture(a, folder, pictures[i % 2]);
}

struct question {
    const char *model, *golden, *pictures, *words;
    int n_pictures, activations;
};

static void seeing(const char *device, const struct question *q) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", q->model, &(vidi_chat_config){.max_tokens = ANSWER});
    const char *dump = family_folder("folders_seeing");
    assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
    say_pictures(&a, q->pictures, q->n_pictures);
    ask(&a, NULL, q->words, NULL, NULL, ids, ANSWER, &n);
    expect_alike(a.v, q->golden, dump, seeing_limit, q->activations);
    assert_int_equal(n, ANSWER);
    expect_answer(q->golden, ids, n);
    ask_close(&a);
}

#define MMPROJ  "tests/families/mmproj/"
#define FOLDERS "tests/families/folders/"

/* The models of ../mmproj as folders: their goldens hold for these, too. Pixels, rows of the tower
 * and of the connector and logits are compared. */
#define SEEING(name)                                                                        \
    static void name(const char *device) {                                                  \
        seeing(device, &(struct question){FOLDERS #name, MMPROJ #name "/one", MMPROJ #name, \
                                          "What?", 1, 4});                                  \
        seeing(device, &(struct question){FOLDERS #name, MMPROJ #name "/two", MMPROJ #name, \
                                          "What?", 2, 4});                                  \
    }                                                                                       \
    static void test_##name(void **state) {                                                 \
        (void)state;                                                                        \
        on_devices(name);                                                                   \
    }
SEEING(smolvlm)
SEEING(internvl)
SEEING(llava)
SEEING(llava_siglip)
SEEING(llava_next)
SEEING(qwen2vl)
SEEING(qwen25vl)
SEEING(qwen3vl)
SEEING(gemma3)
SEEING(paligemma)
SEEING(minicpmv)

static void llava_siglip_last(const char *device) {
    static const char folder[] = FOLDERS "llava_siglip_last";
    seeing(device,
           &(struct question){folder, FOLDERS "llava_siglip_last/one", folder, "What?", 1, 3});
}

static void test_llava_siglip_last(void **state) {
    (void)state;
    on_devices(llava_siglip_last);
}

/* --- Idefics2 ----------------------------------------------------------------------------------
 */

static const char idefics2_folder[] = FOLDERS "idefics2";

/* The folder with another preprocessor_config.json, which has pictures cut. */
static const char *split_folder(void) {
    static const char *const files[] = {"config.json", "generation_config.json", "tokenizer.json",
                                        "tokenizer_config.json", "model.safetensors"};
    static char folder[512];
    char root[512], from[1200], to[1200];
    snprintf(folder, sizeof folder, "%s", family_folder("folders_split"));
    assert_non_null(getcwd(root, sizeof root));
    for (int i = 0; i < 6; i++) {
        const char *name = i < 5 ? files[i] : "preprocessor_config.json";
        snprintf(from, sizeof from, "%s/%s/%s%s", root, idefics2_folder, i < 5 ? "" : "split/",
                 name);
        snprintf(to, sizeof to, "%s/%s", folder, name);
        unlink(to);
        assert_int_equal(symlink(from, to), 0);
    }
    return folder;
}

static void idefics2(const char *device) {
    static const char *const wholes[] = {"none", "one", "two", "three"};
    static const char words[] = "What is it?";
    const char *split = split_folder(), *f = idefics2_folder;
    for (int i = 0; i < 4; i++) {
        char golden[128];
        snprintf(golden, sizeof golden, FOLDERS "idefics2/whole/%s", wholes[i]);
        seeing(device, &(struct question){f, golden, f, words, i, i ? 3 : 1});
    }
    seeing(device, &(struct question){split, FOLDERS "idefics2/split/one", f, words, 1, 3});
    seeing(device, &(struct question){split, FOLDERS "idefics2/split/two", f, words, 2, 3});
}

static void test_idefics2(void **state) {
    (void)state;
    on_devices(idefics2);
}

/* --- BLIP-2 and InstructBLIP -------------------------------------------------------------------
 */

#define ASKING(name)                                                                             \
    static void name(const char *device) {                                                       \
        static const char folder[] = FOLDERS #name, words[] = "What is it?";                     \
        seeing(device, &(struct question){folder, FOLDERS #name "/none", folder, words, 0, 1});  \
        seeing(device, &(struct question){folder, FOLDERS #name "/one", folder, words, 1, 4});   \
        seeing(device, &(struct question){folder, FOLDERS #name "/two", folder, words, 2, 4});   \
        seeing(device, &(struct question){folder, FOLDERS #name "/three", folder, words, 3, 4}); \
    }                                                                                            \
    static void test_##name(void **state) {                                                      \
        (void)state;                                                                             \
        on_devices(name);                                                                        \
    }
ASKING(blip2)
ASKING(instructblip)

/* --- GIT ---------------------------------------------------------------------------------------
 */

static const char git_folder[] = FOLDERS "git";

static void git(const char *device) {
    static const char one_golden[] = FOLDERS "git/one", caption[] = FOLDERS "git/caption";
    seeing(device, &(struct question){git_folder, one_golden, git_folder, "What is it?", 1, 3});
    seeing(device, &(struct question){git_folder, caption, git_folder, "", 1, 3});
    seeing(device,
           &(struct question){git_folder, FOLDERS "git/none", git_folder, "What is it?", 0, 1});
}

static void test_git(void **state) {
    (void)state;
    on_devices(git);
}

/* Behind a mark that was gone back to all is as it was: words are counted without the picture's
 * rows, and kept rows of pictures are written anew. Nothing is recorded for one more of the same
 * size. */
static void asked_again(const char *device, const char *folder, const char *golden, int pictures,
                        const char *none) {
    struct asked a;
    int32_t ids[ANSWER];
    int n, mark;
    vidi_stats first = {0}, now;
    ask_open(&a, device, "kv_f32", folder, &(vidi_chat_config){.max_tokens = ANSWER});
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    for (int i = 0; i < 8; i++) {
        say_pictures(&a, folder, pictures);
        ask(&a, NULL, "What is it?", NULL, NULL, ids, ANSWER, &n);
        assert_int_equal(n, ANSWER);
        expect_answer(golden, ids, n);
        vidi_chat_stats(a.c, &now);
        if (i == 0) first = now;
        if (pictures == 1) assert_int_equal(now.recordings, first.recordings);
        assert_int_equal(vidi_chat_rewind(a.c, mark), VIDI_OK);
    }
    if (none) {
        ask(&a, NULL, "What is it?", NULL, NULL, ids, ANSWER, &n);
        expect_answer(none, ids, n);
    }
    ask_close(&a);
}

static void again(const char *device) {
    asked_again(device, git_folder, FOLDERS "git/one", 1, NULL);
    asked_again(device, FOLDERS "qwenvl", FOLDERS "qwenvl/three", 3, FOLDERS "qwenvl/none");
    asked_again(device, FOLDERS "blip", FOLDERS "blip/one", 1, NULL);
    asked_again(device, FOLDERS "idefics", FOLDERS "idefics/one", 1, FOLDERS "idefics/none");
    asked_again(device, FOLDERS "mllama", FOLDERS "mllama/three", 3, FOLDERS "mllama/none");
}

static void test_again(void **state) {
    (void)state;
    on_devices(again);
}

/* --- layers that ask pictures
 * --------------------------------------------------------------------------
 */

/* Few-shot: a picture, words, another picture, words; rows ask the newest picture before them. */
static void mixed(const char *device, const struct question *q, const char *first,
                  const char *then) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", q->model, &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    const char *dump = family_folder("folders_seeing");
    assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
    say_picture(&a, q->pictures, "wide.png");
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, first), VIDI_OK);
    say_picture(&a, q->pictures, "high.png");
    ask(&a, NULL, then, NULL, NULL, ids, ANSWER, &n);
    expect_alike(a.v, q->golden, dump, seeing_limit, q->activations);
    assert_int_equal(n, ANSWER);
    expect_answer(q->golden, ids, n);
    ask_close(&a);
}

/* No picture, one, three side by side, and two between words. */
#define PICTURES_ASKED(name)                                                           \
    static const char name##_folder[] = FOLDERS #name;                                 \
    static void name(const char *device) {                                             \
        static const char words[] = "What is it?";                                     \
        const char *f = name##_folder;                                                 \
        seeing(device, &(struct question){f, FOLDERS #name "/none", f, words, 0, 1});  \
        seeing(device, &(struct question){f, FOLDERS #name "/one", f, words, 1, 3});   \
        seeing(device, &(struct question){f, FOLDERS #name "/three", f, words, 3, 3}); \
        mixed(device, &(struct question){f, FOLDERS #name "/mixed", f, NULL, 2, 3},    \
              "The dog and the fox. ", words);                                         \
    }                                                                                  \
    static void test_##name(void **state) {                                            \
        (void)state;                                                                   \
        on_devices(name);                                                              \
    }
PICTURES_ASKED(mllama)
PICTURES_ASKED(idefics)

/* Gates of one number. */
static void idefics_float(const char *device) {
    const char *f = FOLDERS "idefics_float", *words = "What is it?";
    seeing(device, &(struct question){f, FOLDERS "idefics_float/none", f, words, 0, 1});
    seeing(device, &(struct question){f, FOLDERS "idefics_float/one", f, words, 1, 3});
}

static void test_idefics_float(void **state) {
    (void)state;
    on_devices(idefics_float);
}

/* Its prompts have no turns. */
static const char flamingo_folder[] = FOLDERS "flamingo";

static void flamingo(const char *device) {
    const char *f = flamingo_folder, *words = "What is it?";
    struct asked a;
    seeing(device, &(struct question){f, FOLDERS "flamingo/none", f, words, 0, 1});
    seeing(device, &(struct question){f, FOLDERS "flamingo/one", f, words, 1, 3});
    seeing(device, &(struct question){f, FOLDERS "flamingo/three", f, words, 3, 3});
    mixed(device, &(struct question){f, FOLDERS "flamingo/mixed", f, NULL, 2, 3},
          "The dog and the fox. ", words);
    ask_open(&a, device, "", f, NULL);
    const struct tokenizer *t = a.m->tokenizer; /* an answer is a chunk */
    assert_true(tokenizer_is_end(t, tokenizer_find(t, "<|endofchunk|>")));
    ask_close(&a);
}

static void test_flamingo(void **state) {
    (void)state;
    on_devices(flamingo);
}

static const char blip_folder[] = FOLDERS "blip";

static void blip(const char *device) {
    const char *f = blip_folder, *words = "What is it?";
    seeing(device, &(struct question){f, FOLDERS "blip/none", f, words, 0, 1});
    seeing(device, &(struct question){f, FOLDERS "blip/one", f, words, 1, 3});
    seeing(device, &(struct question){f, FOLDERS "blip/caption", f, "", 1, 3});
}

static void test_blip(void **state) {
    (void)state;
    on_devices(blip);
}

/* --- mPLUG-Owl2 --------------------------------------------------------------------------------
 */

static const char owl2_folder[] = FOLDERS "owl2";

static void owl2(const char *device) {
    const char *f = owl2_folder, *words = "What is it?";
    seeing(device, &(struct question){f, FOLDERS "owl2/none", f, words, 0, 1});
    seeing(device, &(struct question){f, FOLDERS "owl2/one", f, words, 1, 4});
    seeing(device, &(struct question){f, FOLDERS "owl2/three", f, words, 3, 3});
}

static void too_long(void) {
    struct asked a;
    uint8_t *rgb = calloc(16385, 3);
    const vidi_image image = {
        .data = rgb, .width = 1, .height = 16385, .stride = 3, .pixels = VIDI_RGB8};
    assert_non_null(rgb);
    ask_open(&a, NULL, "", owl2_folder, NULL);
    assert_int_equal(vidi_say_image(a.c, &image), VIDI_E_IMAGE);
    assert_non_null(strstr(vidi_error(a.v), "1 x 16385 is too long for this model: 16384 pixels"));
    ask_close(&a);
    free(rgb);
}

static void test_owl2(void **state) {
    (void)state;
    on_devices(owl2);
    too_long();
}

/* --- Kosmos-2 ----------------------------------------------------------------------------------
 */

static const char kosmos2_folder[] = FOLDERS "kosmos2";

/* Words of boxes are read as text, and a box is found in it. */
static void boxes_are_said(struct asked *a) {
    static const char *const words[] = {"<phrase>",           "</phrase>",          "<object>",
                                        "<patch_index_0001>", "<patch_index_0007>", "</object>"};
    const struct tokenizer *t = a->m->tokenizer;
    char answer[256] = "";
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const int32_t id = tokenizer_find(t, words[i]);
        assert_true(id >= 0 && !tokenizer_is_control(t, id));
        n += token_bytes(t, id, answer + n, (uint32_t)sizeof answer - n);
    }
    assert_string_equal(answer, "<phrase></phrase><object><patch_index_0001><patch_index_0007>"
                                "</object>");
    vidi_box box;
    assert_int_equal(vidi_boxes(a->m, answer, n, 100, 50, &box, 1), 1);
    assert_true(tokenizer_is_control(t, tokenizer_find(t, "<grounding>")));
}

static void kosmos2(const char *device) {
    const char *f = kosmos2_folder, *words = "What is it?";
    struct asked a;
    seeing(device, &(struct question){f, FOLDERS "kosmos2/none", f, words, 0, 1});
    seeing(device, &(struct question){f, FOLDERS "kosmos2/one", f, words, 1, 3});
    ask_open(&a, device, "", f, NULL);
    boxes_are_said(&a);
    ask_close(&a);
}

static void test_kosmos2(void **state) {
    (void)state;
    on_devices(kosmos2);
}

/* --- Qwen-VL -----------------------------------------------------------------------------------
 */

static const char qwenvl_folder[] = FOLDERS "qwenvl";

/* The folder with one file of its folder `part` in place of its own. */
static const char *qwenvl_with(const char *part, const char *changed) {
    static const char *const files[] = {"config.json", "generation_config.json", "qwen.tiktoken",
                                        "tokenizer_config.json", "model.safetensors"};
    char root[512], from[1200], to[1200], name[64];
    snprintf(name, sizeof name, "folders_qwenvl_%s", part);
    const char *folder = family_folder(name);
    assert_non_null(getcwd(root, sizeof root));
    for (int i = 0; i < 5; i++) {
        const bool own = strcmp(files[i], changed) == 0;
        snprintf(from, sizeof from, "%s/%s/%s%s%s", root, qwenvl_folder, own ? part : "",
                 own ? "/" : "", files[i]);
        snprintf(to, sizeof to, "%s/%s", folder, files[i]);
        unlink(to);
        assert_int_equal(symlink(from, to), 0);
    }
    return folder;
}

/* What names places is a part of answers, and places are counted by thousandths of a side. */
static void boxes_are_read(const struct asked *a) {
    static const char answer[] = "<ref> a dog</ref><box>(250,100),(750,900)</box>";
    static const char *const words[] = {"<ref>", "</ref>", "<box>", "</box>"};
    const struct tokenizer *t = a->m->tokenizer;
    vidi_box box;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_false(tokenizer_is_control(t, tokenizer_find(t, words[i])));
    assert_true(tokenizer_is_control(t, tokenizer_find(t, "<img>")));
    assert_true(tokenizer_is_end(t, tokenizer_find(t, "<|im_start|>")));
    assert_int_equal(vidi_boxes(a->m, answer, strlen(answer), 40, 40, &box, 1), 1);
    assert_string_equal(box.label, "a dog");
    assert_float_equal(box.x0, 0.25, 1e-6);
    assert_float_equal(box.y1, 0.9, 1e-6);
}

static void qwenvl(const char *device) {
    static const char words[] = "What is it?";
    const char *f = qwenvl_folder;
    struct asked a;
    seeing(device, &(struct question){f, FOLDERS "qwenvl/none", f, words, 0, 1});
    seeing(device, &(struct question){f, FOLDERS "qwenvl/one", f, words, 1, 4});
    seeing(device, &(struct question){f, FOLDERS "qwenvl/three", f, words, 3, 3});
    ask_open(&a, device, "", f, NULL);
    boxes_are_read(&a);
    ask_close(&a);
}

static void test_qwenvl(void **state) {
    (void)state;
    on_devices(qwenvl);
}

/* The model that was not taught turns: pictures, numbered, and words. */
static void qwenvl_base(const char *device) {
    const char *f = qwenvl_folder, *base = qwenvl_with("base", "generation_config.json");
    char model[512];
    snprintf(model, sizeof model, "%s", base);
    seeing(device, &(struct question){model, FOLDERS "qwenvl/base/one", f, "What is it?", 1, 1});
    mixed(device, &(struct question){model, FOLDERS "qwenvl/base/mixed", f, NULL, 2, 1},
          "The dog and the fox. ", "What is it?");
}

static void test_qwenvl_base(void **state) {
    (void)state;
    on_devices(qwenvl_base);
}

/* The decoder alone, as Qwen-7B is published. */
static void qwen_blind(const char *device) {
    static const char golden[] = FOLDERS "qwenvl/blind/golden";
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char model[512];
    snprintf(model, sizeof model, "%s", qwenvl_with("blind", "config.json"));
    ask_open(&a, device, "kv_f32", model, &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    const char *dump = family_folder("qwen_blind");
    vidi_chat *longer;
    assert_false(vidi_model_sees(a.m));
    assert_int_equal(vidi_chat_open(a.m, &(vidi_chat_config){.context = 2049}, &longer),
                     VIDI_E_ARGUMENT);
    assert_non_null(strstr(vidi_error(a.v), "2049 is outside 2 to 2048, what the model was made"));
    ask(&a, NULL, text, "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, golden, dump, limit, 1);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void test_qwen_blind(void **state) {
    (void)state;
    on_devices(qwen_blind);
}

/* --- caches in f16 -----------------------------------------------------------------------------
 */

/* As most devices keep what was said: logits stay near those of f32. */
static void half(const char *device, const struct question *q) {
    static const double half_limit = 1e-3;
    struct asked a;
    int32_t ids[1];
    int n;
    ask_open(&a, device, "", q->model,
             &(vidi_chat_config){.max_tokens = 1, .cache = VIDI_CACHE_F16});
    const char *dump = family_folder("folders_half");
    assert_int_equal(vidi_chat_dump(a.c, "*", dump), VIDI_OK);
    say_pictures(&a, q->pictures, q->n_pictures);
    ask(&a, NULL, q->words, NULL, NULL, ids, 1, &n);
    expect_alike(a.v, q->golden, dump, half_limit, q->activations);
    ask_close(&a);
}

static void halves(const char *device) {
    static const struct question cases[] = {
#define OWN(name, golden, n, activations) \
    {FOLDERS name, FOLDERS name "/" golden, FOLDERS name, "What is it?", n, activations}
        OWN("idefics2", "whole/three", 3, 3), OWN("blip2", "three", 3, 4),
        OWN("instructblip", "one", 1, 4),     OWN("git", "one", 1, 3),
        OWN("kosmos2", "one", 1, 3),          OWN("owl2", "three", 3, 3),
        OWN("qwenvl", "three", 3, 3),         OWN("blip", "one", 1, 3),
        OWN("idefics", "three", 3, 3),        OWN("flamingo", "one", 1, 3),
        OWN("mllama", "three", 3, 3)};
#undef OWN
    static const char *const others[] = {"smolvlm",    "internvl",  "llava",    "llava_siglip",
                                         "llava_next", "qwen2vl",   "qwen25vl", "qwen3vl",
                                         "gemma3",     "paligemma", "minicpmv"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) half(device, &cases[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char folder[96], pictures[96], golden[128];
        snprintf(folder, sizeof folder, FOLDERS "%s", others[i]);
        snprintf(pictures, sizeof pictures, MMPROJ "%s", others[i]);
        snprintf(golden, sizeof golden, MMPROJ "%s/two", others[i]);
        half(device, &(struct question){folder, golden, pictures, "What?", 2, 4});
    }
}

static void test_halves(void **state) {
    (void)state;
    on_devices(halves);
}

/* --- pictures of all sizes ---------------------------------------------------------------------
 */

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

/* Every step-th number is kept. */
static void expect_pixels(struct asked *a, const json_t *tile, size_t step,
                          struct said_picture *p) {
    const struct shape *s = &a->m->shape;
    const uint64_t area = s->picture.area ? (uint64_t)p->width * p->height
                                          : (uint64_t)s->picture.width * s->picture.height;
    const uint64_t count = 3 * area, bytes = count * sizeof(float);
    float *values = malloc(bytes);
    assert_non_null(values);
    if (chat_pixels(a->c, p) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(gpu_download(a->v->gpu, values, span_of(a->c->pixels, 0, bytes), bytes),
                     VIDI_OK);
    assert_int_equal(json_array_size(tile), (count + step - 1) / step);
    for (size_t i = 0; i < json_array_size(tile); i++)
        assert_float_equal(values[i * step], json_real_value(json_array_get(tile, i)), 1e-5);
    free(values);
}

static void one_size(struct asked *a, const char *size, const json_t *tiles, size_t step) {
    int width, height, mark;
    assert_int_equal(sscanf(size, "%dx%d", &width, &height), 2);
    uint8_t *rgb = pattern(width, height);
    const vidi_image image = {
        .data = rgb, .width = width, .height = height, .stride = width * 3, .pixels = VIDI_RGB8};
    assert_int_equal(vidi_chat_mark(a->c, &mark), VIDI_OK);
    if (vidi_say_image(a->c, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    assert_int_equal(a->c->n_pictures, json_array_size(tiles));
    for (uint32_t i = 0; i < a->c->n_pictures; i++)
        expect_pixels(a, json_array_get(tiles, i), step, &a->c->pictures[i]);
    assert_int_equal(vidi_chat_rewind(a->c, mark), VIDI_OK);
    free(rgb);
}

static void sizes(const char *device) {
    const struct {
        const char *model, *pixels;
        size_t n;
    } kinds[] = {{idefics2_folder, FOLDERS "idefics2/whole/pixels.json", 5},
                 {split_folder(), FOLDERS "idefics2/split/pixels.json", 4},
                 {FOLDERS "blip2", FOLDERS "blip2/pixels.json", 5},
                 {FOLDERS "instructblip", FOLDERS "instructblip/pixels.json", 5},
                 {git_folder, FOLDERS "git/pixels.json", 5},
                 {blip_folder, FOLDERS "blip/pixels.json", 5},
                 {flamingo_folder, FOLDERS "flamingo/pixels.json", 5},
                 {kosmos2_folder, FOLDERS "kosmos2/pixels.json", 5},
                 {owl2_folder, FOLDERS "owl2/pixels.json", 5},
                 {qwenvl_folder, FOLDERS "qwenvl/pixels.json", 5},
                 {mllama_folder, FOLDERS "mllama/pixels.json", 5},
                 {idefics_folder, FOLDERS "idefics/pixels.json", 5},
                 {FOLDERS "gemma3", MMPROJ "gemma3/pixels.json", 6},
                 {FOLDERS "paligemma", MMPROJ "paligemma/pixels.json", 6},
                 {FOLDERS "minicpmv", MMPROJ "minicpmv/pixels.json", 6}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct asked a;
        json_error_t error;
        json_t *all = json_load_file(kinds[k].pixels, 0, &error), *tiles;
        const char *size;
        assert_int_equal(json_object_size(all), kinds[k].n);
        ask_open(&a, device, "", kinds[k].model, NULL);
        const size_t step = strncmp(kinds[k].pixels, MMPROJ, strlen(MMPROJ)) == 0 ? 991 : 61;
        json_object_foreach(all, size, tiles) one_size(&a, size, tiles, step);
        json_decref(all);
        ask_close(&a);
    }
}

static void test_sizes(void **state) {
    (void)state;
    on_devices(sizes);
}

/* --- text alone --------------------------------------------------------------------------------
 */

#define TEXT(name, raw)                                               \
    static void name(const char *device) { one(device, #name, raw); } \
    static void test_##name(void **state) {                           \
        (void)state;                                                  \
        on_devices(name);                                             \
    }
TEXT(gemma, 1)
TEXT(gemma2, 1)
TEXT(gemma3_text, 1)
TEXT(unigram, 1)
TEXT(unigram_marked, 1)
TEXT(llama, 1)
TEXT(mistral, 1)
TEXT(mistral3, 0)
TEXT(opt, 1)
TEXT(phi3, 0)
TEXT(phi4, 1)
/* Its golden is made beside OpenFlamingo's, with other words. */
static void mpt(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    const char *dump = family_folder("mpt");
    ask_open(&a, device, "kv_f32", FOLDERS "mpt",
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER});
    ask(&a, NULL, "What is it?", "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, FOLDERS "mpt/golden", dump, limit, 1);
    assert_int_equal(n, ANSWER);
    expect_answer(FOLDERS "mpt/golden", ids, n);
    ask_close(&a);
}

static void test_mpt(void **state) {
    (void)state;
    on_devices(mpt);
}
TEXT(qwen2, 0)
TEXT(qwen3, 1)

/* Words from a tokenizer.model. */
static void pieces(const char *device) {
    static const char *const names[] = {"pieces_bpe", "pieces_unigram"};
    for (int i = 0; i < 2; i++) {
        char folder[128], golden[160];
        struct asked a;
        int32_t ids[ANSWER];
        int n;
        snprintf(folder, sizeof folder, FOLDERS "%s", names[i]);
        snprintf(golden, sizeof golden, "%s/golden", folder);
        ask_open(&a, device, "kv_f32", folder,
                 &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER, .context = 128});
        const char *dump = family_folder(names[i]);
        ask(&a, NULL, text, "*", dump, ids, ANSWER, &n);
        expect_alike(a.v, golden, dump, limit, 1);
        assert_int_equal(n, ANSWER);
        expect_answer(golden, ids, n);
        assert_true(
            tokenizer_is_control(a.m->tokenizer, tokenizer_find(a.m->tokenizer, "<image>")));
        ask_close(&a);
    }
}

static void test_pieces(void **state) {
    (void)state;
    on_devices(pieces);
}

/* Their rows of q and k are those of GGUF files. */
static void test_adapters_are_refused(void **state) {
    (void)state;
    struct asked a;
    const vidi_adapter adapter = {.path = "tests/families/lora/adapter.gguf", .scale = 1};
    ask_open(&a, NULL, "", FOLDERS "llama", NULL);
    assert_int_equal(vidi_model_adapt(a.m, &adapter, 1), VIDI_E_UNSUPPORTED);
    assert_non_null(strstr(vidi_error(a.v), "does not fit a model that is read from its folder"));
    assert_int_equal(vidi_model_adapt(a.m, NULL, 0), VIDI_OK);
    ask_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llama),
        cmocka_unit_test(test_mistral),
        cmocka_unit_test(test_mistral3),
        cmocka_unit_test(test_opt),
        cmocka_unit_test(test_qwen2),
        cmocka_unit_test(test_qwen3),
        cmocka_unit_test(test_smolvlm),
        cmocka_unit_test(test_llava),
        cmocka_unit_test(test_llava_siglip),
        cmocka_unit_test(test_llava_siglip_last),
        cmocka_unit_test(test_llava_next),
        cmocka_unit_test(test_qwen2vl),
        cmocka_unit_test(test_qwen25vl),
        cmocka_unit_test(test_qwen3vl),
        cmocka_unit_test(test_idefics2),
        cmocka_unit_test(test_blip2),
        cmocka_unit_test(test_instructblip),
        cmocka_unit_test(test_git),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_mllama),
        cmocka_unit_test(test_idefics),
        cmocka_unit_test(test_owl2),
        cmocka_unit_test(test_idefics_float),
        cmocka_unit_test(test_kosmos2),
        cmocka_unit_test(test_qwenvl),
        cmocka_unit_test(test_qwenvl_base),
        cmocka_unit_test(test_qwen_blind),
        cmocka_unit_test(test_unigram),
        cmocka_unit_test(test_unigram_marked),
        cmocka_unit_test(test_gemma3),
        cmocka_unit_test(test_paligemma),
        cmocka_unit_test(test_gemma),
        cmocka_unit_test(test_gemma2),
        cmocka_unit_test(test_gemma3_text),
        cmocka_unit_test(test_flamingo),
        cmocka_unit_test(test_mpt),
        cmocka_unit_test(test_blip),
        cmocka_unit_test(test_internvl),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_phi3),
        cmocka_unit_test(test_phi4),
        cmocka_unit_test(test_minicpmv),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_adapters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
