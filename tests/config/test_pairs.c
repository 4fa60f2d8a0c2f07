/* Which vision part goes with which model, by what the files say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "pair.h"

/* Those of a group go together, and so do the listed groups of a model and a vision part. */
static const struct {
    const char *name, *group, *eyes; /* eyes: groups of vision parts, between blanks */
} models[] = {
    {"smolvlm", "idefics3", " idefics3 "},
    {"internvl", "internvl", " internvl "},
    {"internvl_6b", "internvl", " internvl "},
    {"minicpmv", "minicpmv", " minicpmv "},
    {"llava", "llava", " llava moondream "}, /* one projector: the decoder tells them apart */
    {"llava_next", "llava", " llava moondream "},
    {"llava_siglip", "llava", " llava moondream "},
    {"moondream", "moondream", " moondream llava "},
    {"gemma3", "gemma3", " gemma3 "},
    {"paligemma", "paligemma", " paligemma "},
    {"qwen2vl", "qwen2vl", " qwen2vl qwen25vl "}, /* one architecture: names are but hints */
    {"qwen25vl", "qwen25vl", " qwen2vl qwen25vl "},
    {"qwen3vl", "qwen3vl", " qwen3vl "},
};
enum { MODELS = sizeof models / sizeof *models };

static void expect(struct vd_ctx *ctx, int text, int eyes) {
    char path[2][200], group[32];
    struct gguf files[2];
    struct str arch;
    snprintf(path[0], sizeof path[0], "tests/families/mmproj/%s/tiny.gguf", models[text].name);
    snprintf(path[1], sizeof path[1], "tests/families/mmproj/%s/mmproj-tiny.gguf",
             models[eyes].name);
    for (int i = 0; i < 2; i++) assert_int_equal(gguf_open(ctx, path[i], &files[i]), VIDI_OK);
    assert_int_equal(gguf_str(&files[0], "general.architecture", &arch), VIDI_OK);
    const struct family *family = family_find(arch);
    const struct vision *vision = vision_find(&files[1], family->arch);
    snprintf(group, sizeof group, " %s ", models[eyes].group);
    const bool goes = strstr(models[text].eyes, group);
    ctx->error[0] = 0;
    const vidi_status status = vision_belongs(ctx, &files[1], vision, &files[0], family->arch);
    if (goes != (status == VIDI_OK))
        fail_msg("%s with the eyes of %s: %d %s", models[text].name, models[eyes].name, status,
                 ctx->error);
    if (!goes && (!strstr(ctx->error, path[0]) || !strstr(ctx->error, path[1])))
        fail_msg("both files are not named: %s", ctx->error);
    for (int i = 0; i < 2; i++) gguf_close(&files[i]);
}

static void test_every_pair(void **state) {
    struct vd_ctx ctx = {0};
    (void)state;
    for (int text = 0; text < MODELS; text++)
        for (int eyes = 0; eyes < MODELS; eyes++) expect(&ctx, text, eyes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_pair)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
