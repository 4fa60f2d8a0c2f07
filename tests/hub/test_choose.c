/* Which files of a repository a model needs, and which names are no names. */
#include "hub_choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state) {
    (void)state;
    static const char *const good[] = {"a",   "a.gguf",         "dir/a.gguf",    "a..b",
                                       "...", ".gitattributes", "\xc3\xa9.gguf", "a b"};
    static const char *const bad[] = {"",     "/a",    "a/",   "a//b",     ".",
                                      "..",   "../a",  "a/..", "a/./b",    "a/../../b",
                                      "a\nb", "a\x7f", "a\\b", "\xc2\x85", "a\x1b[1m"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(hub_name_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (hub_name_ok(bad[i])) fail_msg("bad name %zu was taken", i);
    }
    char name[HUB_NAME_MAX + 2];
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    assert_false(hub_name_ok(name));
    name[255] = '\0';
    assert_true(hub_name_ok(name));
    for (size_t i = 1; i < sizeof name; i += 2) name[i - 1] = 'x', name[i] = '/';
    name[HUB_NAME_MAX + 1] = '\0';
    assert_false(hub_name_ok(name));
}

static void test_quants(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"SmolVLM-256M-Instruct-Q8_0.gguf", "Q8_0"},
        {"model-q4_k_m.gguf", "Q4_K_M"},
        {"Q4_K_M/big-00001-of-00002.gguf", "Q4_K_M"},
        {"model-UD-IQ2_XXS.gguf", "IQ2_XXS"},
        {"Qwen2-VL-2B.f16.gguf", "F16"},
        {"mmproj-model_f16.gguf", "F16"},
        {"bf16/gpt-oss-MXFP4_MOE.gguf", "MXFP4_MOE"},
        {"Qwen2.5-VL-7B-Instruct-Q5_K_S-00001-of-00002.gguf", "Q5_K_S"},
        {"Qwen-7B.gguf", ""},
        {"tiny-tq1_0.gguf", "TQ1_0"},
        {"model.gguf", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char quant[HUB_QUANT_CAP];
        hub_quant(rows[i][0], quant);
        assert_string_equal(quant, rows[i][1]);
    }
}

static void test_shards(void **state) {
    (void)state;
    unsigned index, count;
    assert_int_equal(hub_shard("a/big-00002-of-00010.gguf", &index, &count), 5);
    assert_int_equal(index, 2);
    assert_int_equal(count, 10);
    static const char *const none[] = {"big.gguf",
                                       "-00001-of-00002.gguf",
                                       "b-0001-of-00002.gguf",
                                       "b-00000-of-00002.gguf",
                                       "b-00003-of-00002.gguf",
                                       "b-00001-of-00002.txt",
                                       "b_00001-of-00002.gguf"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(hub_shard(none[i], &index, &count), 0);
}

/* What is chosen among names separated by blanks, in the same form; or the complaint. */
static const char *chosen(const char *names, const char *tag) {
    static char text[1000];
    char error[400];
    struct hub_names all = {0};
    struct hub_choice choice;
    while (*names) {
        const size_t n = strcspn(names, " ");
        snprintf(text, sizeof text, "%.*s", (int)n, names);
        assert_true(hub_names_add(&all, text));
        names += n + (names[n] == ' ');
    }
    text[0] = '\0';
    if (hub_choose(&all, tag, &choice, error, sizeof error)) {
        for (size_t i = 0; i < choice.files.n; i++) {
            strcat(text, i == choice.n_model ? " + " : i ? " " : "");
            strcat(text, choice.files.items[i]);
        }
        hub_choice_free(&choice);
    } else {
        snprintf(text, sizeof text, "%s", error);
    }
    hub_names_free(&all);
    return text;
}

static void test_gguf(void **state) {
    (void)state;
    static const char all[] =
        "m-F16.gguf m-Q8_0.gguf mmproj-m-F16.gguf mmproj-m-Q8_0.gguf README.md";
    assert_string_equal(chosen(all, ""), "m-Q8_0.gguf + mmproj-m-Q8_0.gguf");
    assert_string_equal(chosen(all, "f16"), "m-F16.gguf + mmproj-m-F16.gguf");
    assert_string_equal(chosen(all, "mmproj-m-Q8_0.gguf"), "mmproj-m-Q8_0.gguf");
    assert_string_equal(chosen(all, "Q4_K_M"),
                        "no file is meant by \"Q4_K_M\"; there are F16, Q8_0");
    assert_string_equal(chosen("z-Q4_K_M.gguf a-Q2_K.gguf mmproj-F32.gguf mmproj-BF16.gguf", ""),
                        "z-Q4_K_M.gguf + mmproj-BF16.gguf");
    assert_string_equal(chosen("b.gguf a.gguf a-imatrix.gguf", ""), "a.gguf");
    assert_string_equal(chosen("x-UD-Q4_K_XL.gguf x-Q4_K_M.gguf", "UD-Q4_K_XL"),
                        "x-UD-Q4_K_XL.gguf");
    assert_string_equal(chosen("a.gguf model.safetensors config.json", ""), "a.gguf");
    assert_string_equal(chosen("mmproj-F16.gguf README.md", ""),
                        "there are neither GGUF nor safetensors files of a model");
    assert_string_equal(chosen("", ""), "there are neither GGUF nor safetensors files of a model");
}

static void test_gguf_shards(void **state) {
    (void)state;
    assert_string_equal(chosen("s-00002-of-00002.gguf s-00001-of-00002.gguf mmproj.gguf", ""),
                        "s-00001-of-00002.gguf s-00002-of-00002.gguf + mmproj.gguf");
    assert_string_equal(chosen("s-00001-of-00003.gguf s-00002-of-00003.gguf", ""),
                        "the shard s-00003-of-00003.gguf is missing");
    assert_string_equal(chosen("s-00001-of-99999.gguf", ""),
                        "s-00001-of-99999.gguf: too many shards");
    assert_string_equal(chosen("s-00002-of-00002.gguf", ""),
                        "there are neither GGUF nor safetensors files of a model");
}

static void test_safetensors(void **state) {
    (void)state;
    assert_string_equal(chosen("config.json model.safetensors README.md x/model.safetensors "
                               "pytorch_model.bin tokenizer.json",
                               ""),
                        "config.json model.safetensors tokenizer.json");
    assert_string_equal(chosen("model.safetensors qformer_tokenizer/tokenizer.json "
                               "qformer_tokenizer/vocab.txt x/tokenizer.json "
                               "x/model.safetensors.index.json",
                               ""),
                        "model.safetensors qformer_tokenizer/tokenizer.json");
    assert_string_equal(chosen("model.safetensors qwen.tiktoken SimSun.ttf visual.py", ""),
                        "model.safetensors qwen.tiktoken");
    assert_string_equal(chosen("consolidated.safetensors model.safetensors", ""),
                        "model.safetensors");
    assert_string_equal(chosen("consolidated.safetensors config.json", ""),
                        "consolidated.safetensors config.json");
    assert_string_equal(chosen("a.gguf model.safetensors", "model.safetensors"),
                        "model.safetensors");
    assert_string_equal(chosen("config.json model.safetensors", "Q8_0"),
                        "no file is meant by \"Q8_0\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),       cmocka_unit_test(test_quants),
        cmocka_unit_test(test_shards),      cmocka_unit_test(test_gguf),
        cmocka_unit_test(test_gguf_shards), cmocka_unit_test(test_safetensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
