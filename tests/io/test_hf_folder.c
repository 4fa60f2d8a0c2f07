/* Folders of the hub seen as GGUF: keys, names and shapes; one sentence for each thing that is
 * wrong. The folder of a tiny model is copied with one change each time. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/hf_folder.h"

static const char source[] = "tests/families/folders/llama";
static const char seeing[] = "tests/families/folders/smolvlm";
static const char asking[] = "tests/families/folders/blip2";
static const char *const files[] = {"config.json",
                                    "generation_config.json",
                                    "tokenizer.json",
                                    "tokenizer_config.json",
                                    "model.safetensors.index.json",
                                    "model-00001-of-00003.safetensors",
                                    "model-00002-of-00003.safetensors",
                                    "model-00003-of-00003.safetensors"};
static const char *const asking_files[] = {
    "config.json",           "generation_config.json",   "tokenizer.json",
    "tokenizer_config.json", "preprocessor_config.json", "model.safetensors"};
static const char *const plain_files[] = {"config.json", "generation_config.json", "tokenizer.json",
                                          "tokenizer_config.json", "model.safetensors"};
enum {
    N_FILES = sizeof files / sizeof *files,
    N_ASKING = sizeof asking_files / sizeof *asking_files
};

/* In `file`, every `from` becomes `to`, which may be longer; to NULL: the file is left out. */
struct change {
    const char *file, *from, *to;
};

static void write_changed(FILE *out, const unsigned char *bytes, uint64_t n,
                          const struct change *c) {
    const size_t len = c ? strlen(c->from) : 0;
    int found = !c;
    for (uint64_t i = 0; i < n;) {
        if (c && i + len <= n && memcmp(bytes + i, c->from, len) == 0) {
            fputs(c->to, out);
            i += len;
            found = 1;
        } else {
            fputc(bytes[i++], out);
        }
    }
    assert_true(found);
}

static const char *copy(const char *from, const char *const *names, int n_names,
                        const struct change *c) {
    static char folder[512];
    char path[1024];
    snprintf(folder, sizeof folder, "%s", scratch("hf_folder"));
    mkdir(folder, 0777);
    for (int i = 0; i < N_FILES; i++) { /* of the folder that was there before */
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    for (int i = 0; i < n_names; i++) {
        uint64_t n;
        const int changed = c && strcmp(c->file, names[i]) == 0;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
        if (changed && !c->to) continue;
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        snprintf(path, sizeof path, "%s/%s", from, names[i]);
        unsigned char *bytes = slurp(path, &n);
        assert_non_null(bytes);
        write_changed(out, bytes, n, changed ? c : NULL);
        free(bytes);
        fclose(out);
    }
    return folder;
}

static const char *copy_folder(const struct change *c) { return copy(source, files, N_FILES, c); }

static void sound_folder_is_seen(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    struct str text;
    uint32_t n;
    bool flag;
    float f;
    if (hf_folder_open(&ctx, source, HF_TEXT, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(gguf_str(&g, "general.architecture", &text), VIDI_OK);
    assert_true(text.len == 5 && memcmp(text.ptr, "llama", 5) == 0);
    assert_int_equal(gguf_u32(&g, "llama.attention.head_count_kv", &n), VIDI_OK);
    assert_int_equal(n, 2);
    assert_int_equal(gguf_f32(&g, "llama.rope.freq_base", &f), VIDI_OK);
    assert_float_equal(f, 1e4, 0);
    assert_int_equal(gguf_bool(&g, "llama.rope.halves", &flag), VIDI_OK);
    assert_true(flag);
    const struct gguf_tensor *words = gguf_tensor(&g, "token_embd.weight");
    const struct gguf_tensor *down = gguf_tensor(&g, "blk.1.ffn_down.weight");
    assert_true(words && words->dims[0] == 64 && words->dims[1] == 299);
    assert_true(down && down->dims[0] == 96 && down->dims[1] == 64 && down->type == VD_F16);
    assert_non_null(gguf_tensor(&g, "rope_freqs.weight"));
    assert_int_equal(gguf_still_whole(&g), VIDI_OK);
    /* A wrong kind is told without an offset in a file. */
    assert_int_equal(gguf_u32(&g, "general.architecture", &n), VIDI_E_FORMAT);
    assert_words(&ctx, "key general.architecture: is string, not an integer");
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void eyes_are_a_view_of_their_own(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    bool sees;
    assert_int_equal(hf_folder_sees(&ctx, source, &sees), VIDI_OK);
    assert_false(sees);
    assert_int_equal(hf_folder_open(&ctx, source, HF_EYES, &g), VIDI_E_UNSUPPORTED);
    assert_words(&ctx, "has no eyes");
    assert_int_equal(hf_folder_sees(&ctx, seeing, &sees), VIDI_OK);
    assert_true(sees);
    if (hf_folder_open(&ctx, seeing, HF_EYES, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_non_null(gguf_tensor(&g, "v.patch_embd.weight"));
    assert_null(gguf_tensor(&g, "token_embd.weight"));
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static const struct {
    struct change change;
    const char *words;
} refusals[] = {
    {{"config.json", "\"llama\"", "\"lama\""}, "/config.json: model_type is 'lama', which is not"},
    {{"config.json", "\"llama\"", "\"lama\""}, "llava, llava_next, "}, /* named to the last */
    {{"config.json", "\"llama\"", "\"internvl_chat\""},
     "model_type is 'internvl_chat', InternVL's own form; the same model is read from its "
     "repository whose name ends in -hf"},
    {{"config.json", "\"model_type\"", "\"x\""}, "model_type is missing or no text"},
    {{"config.json", "\"hidden_size\": 64", "\"hidden_size\": 6.5"},
     "/config.json: hidden_size is no whole number from 1 to 65536"},
    {{"config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": -1"},
     "num_hidden_layers is no whole number"},
    {{"config.json", "\"llama3\"", "\"spiral\""}, "rope_scaling.rope_type 'spiral' is not"},
    {{"config.json", "\"factor\": 8.0", "\"factor\": \"8\""}, "rope_scaling.factor is no number"},
    {{"config.json", "\"silu\"", "\"relu\""}, "hidden_act is 'relu', only silu is supported"},
    {{"config.json", "\"mlp_bias\": false", "\"mlp_bias\": true"}, "mlp_bias is true"},
    {{"config.json", "\"use_cache\": true", "\"quantization_config\": {\"quant_method\": \"awq\"}"},
     "weights quantised by 'awq' are not supported"},
    {{"config.json", "{\n", "{{\n"}, "/config.json: "},
    {{"config.json", "", NULL}, "holds no config.json"},
    {{"tokenizer.json", "", NULL}, "holds no tokenizer.json"},
    {{"tokenizer.json", "\"type\": \"BPE\"", "\"type\": \"WordLevel\""},
     "/tokenizer.json: model.type is 'WordLevel', only BPE, WordPiece and Unigram are supported"},
    {{"tokenizer.json", "\"!\": 0,", "\"!\": 299,"},
     "/tokenizer.json: the word '!' has no id from 0 to 298"},
    {{"tokenizer.json", "\"id\": 298", "\"id\": 5"}, "/tokenizer.json: id 5 stands for"},
    {{"tokenizer.json", "{1,3}", "{1,9}"}, "pre_tokenizer cuts text in a way that is not known"},
    {{"model-00002-of-00003.safetensors", "", NULL}, "/model-00002-of-00003.safetensors"},
    {{"model-00003-of-00003.safetensors", "\"F16\"", "\"I16\""}, "weights of dtype I16 are not"},
    {{"model.safetensors.index.json", "", NULL}, "holds neither model.safetensors nor"},
};

static void expect_refusal(const char *folder, enum hf_part part, const char *words) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    if (hf_folder_open(&ctx, folder, part, &g) == VIDI_OK) fail_msg("taken in spite of: %s", words);
    assert_words(&ctx, words);
    assert_words(&ctx, "hf_folder");
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void wrong_folders_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        expect_refusal(copy_folder(&refusals[i].change), HF_TEXT, refusals[i].words);
    }
}

/* What BLIP-2's families cannot do is said, not left out. */
static const struct {
    struct change change;
    enum hf_part part;
    const char *words;
} asking_refusals[] = {
    {{"config.json", "\"opt\"", "\"t5\""}, HF_TEXT, "text_config.model_type is 't5', which is not"},
    {{"config.json", "\"relu\"", "\"gelu\""},
     HF_TEXT,
     "text_config.activation_function is not relu"},
    {{"config.json", "\"word_embed_proj_dim\": 48", "\"word_embed_proj_dim\": 36"},
     HF_TEXT,
     "text_config.word_embed_proj_dim is not hidden_size"},
    {{"config.json", "\"do_layer_norm_before\": true", "\"do_layer_norm_before\": false"},
     HF_TEXT,
     "text_config.do_layer_norm_before is false, which is not supported"},
    {{"config.json", "\"_remove_final_layer_norm\": false", "\"_remove_final_layer_norm\": true"},
     HF_TEXT,
     "text_config._remove_final_layer_norm is true, which is not supported"},
    {{"config.json", "\"ffn_dim\": 80", "\"ffn_dim\": 0"},
     HF_TEXT,
     "text_config.ffn_dim is no whole number"},
    {{"config.json", "\"cross_attention_frequency\": 2", "\"cross_attention_frequency\": 0"},
     HF_EYES,
     "qformer_config.cross_attention_frequency is no whole number from 1 to 512"},
    {{"config.json", "\"num_query_tokens\": 5", "\"num_query_tokens\": 5000"},
     HF_EYES,
     "num_query_tokens is no whole number from 1 to 4096"},
    {{"config.json", "\"gelu\"", "\"tanh\""}, HF_EYES, "vision_config.hidden_act is not gelu"},
    {{"config.json", "\"qkv_bias\": true", "\"qkv_bias\": false"},
     HF_EYES,
     "vision_config.qkv_bias is false, which is not supported"},
    {{"preprocessor_config.json", "\"height\": 32", "\"height\": 64"},
     HF_EYES,
     "/preprocessor_config.json: size.height is 64, but vision_config.image_size is 32"},
    {{"preprocessor_config.json", "", NULL}, HF_EYES, "holds no preprocessor_config.json"},
};

static void wrong_askers_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof asking_refusals / sizeof *asking_refusals; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        const char *folder = copy(asking, asking_files, N_ASKING, &asking_refusals[i].change);
        if (hf_folder_open(&ctx, folder, asking_refusals[i].part, &g) == VIDI_OK)
            fail_msg("taken in spite of: %s", asking_refusals[i].words);
        assert_words(&ctx, asking_refusals[i].words);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* The second tokenizer, in a folder of its own, is a part of the eyes. */
/* What the eyes of InternVL and Qwen3-VL cannot do. */
static const struct {
    const char *folder;
    struct change change;
    const char *words;
} eyes_refusals[] = {
    {"llava_siglip",
     {"config.json", "\"full\"", "\"default\""},
     "vision_feature_select_strategy is not 'full'"},
    {"llava_siglip",
     {"config.json", "\"vision_feature_layer\": -2", "\"vision_feature_layer\": -3"},
     "vision_feature_layer is neither -1 nor -2"},
    {"llava_siglip",
     {"config.json", "\"siglip_vision_model\"", "\"eva_vision_model\""},
     "vision_config.model_type is neither clip_vision_model nor siglip_vision_model"},
    {"internvl",
     {"config.json", "\"norm_type\": \"layer_norm\"", "\"norm_type\": \"rms_norm\""},
     "vision_config.norm_type is not layer_norm"},
    {"internvl",
     {"config.json", "\"use_qk_norm\": false", "\"use_qk_norm\": true"},
     "vision_config.use_qk_norm is true, which is not supported"},
    {"internvl",
     {"config.json", "\"downsample_ratio\": 0.5", "\"downsample_ratio\": 0.25"},
     "downsample_ratio is not 0.5"},
    {"qwen3vl",
     {"config.json", "      2\n    ],\n    \"depth\": 3", "      3\n    ],\n    \"depth\": 3"},
     "vision_config.deepstack_visual_indexes are no layers in their order"},
    {"qwen3vl",
     {"config.json", "      2\n    ],\n    \"depth\": 3", "      0\n    ],\n    \"depth\": 3"},
     "vision_config.deepstack_visual_indexes are no layers in their order"},
    {"qwen3vl",
     {"config.json", "\"gelu_pytorch_tanh\"", "\"gelu\""},
     "vision_config.hidden_act is not gelu_pytorch_tanh"},
};
static void wrong_eyes_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof eyes_refusals / sizeof *eyes_refusals; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        char from[128];
        snprintf(from, sizeof from, "tests/families/folders/%s", eyes_refusals[i].folder);
        const char *folder = copy(from, asking_files, N_ASKING, &eyes_refusals[i].change);
        if (hf_folder_open(&ctx, folder, HF_EYES, &g) == VIDI_OK)
            fail_msg("taken in spite of: %s", eyes_refusals[i].words);
        assert_words(&ctx, eyes_refusals[i].words);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

static void words_of_the_eyes(void **state) {
    (void)state;
    static const char instructed[] = "tests/families/folders/instructblip";
    struct vd_ctx ctx = {0};
    struct gguf g;
    bool flag;
    uint32_t n;
    if (hf_folder_open(&ctx, instructed, HF_EYES, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(gguf_bool(&g, "tokenizer.ggml.lowercase", &flag), VIDI_OK);
    assert_true(flag);
    assert_int_equal(gguf_u32(&g, "clip.qformer.context_length", &n), VIDI_OK);
    assert_int_equal(n, 24);
    gguf_close(&g);
    const char *folder = copy(instructed, asking_files, N_ASKING, NULL);
    assert_int_equal(hf_folder_open(&ctx, folder, HF_EYES, &g), VIDI_E_IO);
    assert_words(&ctx, "holds no qformer_tokenizer/tokenizer.json");
    assert_int_equal(ctx.heap.live_bytes, 0);
}

/* What newer folders say of pictures is a part of processor_config.json, before any other file. */
static void pictures_of_newer_folders(void **state) {
    (void)state;
    static const char *const part[] = {"{\"image_processor\": {\"image_mean\": [0.5, 0.25, 0.5], "
                                       "\"image_std\": [1, 1, 1], \"size\": {\"height\": 32, "
                                       "\"width\": 32}}}",
                                       "{\"image_processor\": 7}", "{\"num_query_tokens\": 5}",
                                       "{\"image_processor\": {\"image_mean\": [0.5]}}"};
    static const char *const words[] = {NULL, "processor_config.json: image_processor is no object",
                                        "holds no preprocessor_config.json",
                                        "image_processor: image_mean is not three numbers"};
    for (int i = 0; i < 4; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        char path[1024];
        const struct change without = {"preprocessor_config.json", "", NULL};
        const char *folder = copy(asking, asking_files, N_ASKING, &without);
        snprintf(path, sizeof path, "%s/processor_config.json", folder);
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        fputs(part[i], out);
        fclose(out);
        const vidi_status status = hf_folder_open(&ctx, folder, HF_EYES, &g);
        unlink(path);
        if (words[i]) {
            assert_int_not_equal(status, VIDI_OK);
            assert_words(&ctx, words[i]);
        } else {
            if (status != VIDI_OK) fail_msg("%s", ctx.error);
            const struct gguf_value *mean = gguf_find(&g, "clip.vision.image_mean");
            assert_true(mean && mean->n == 3 && gguf_float_at(mean, 1) == 0.25);
            gguf_close(&g);
        }
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* What transformers takes from elsewhere, whatever its own place says, and what it lets pass. */
#define WITHOUT_WIDTH                                                                      \
    {                                                                                      \
        "config.json",                                                                     \
            "\"hidden_size\": 64,\n    \"initializer_range\": 0.02,\n    \"model_type\": " \
            "\"idefics2_perceiver\"",                                                      \
            "\"model_type\": \"idefics2_perceiver\""                                       \
    }
static const struct {
    const char *folder;
    struct change change;
    enum hf_part part;
    const char *key; /* NULL: it is opened */
    double value;
} taken[] = {
    {"blip",
     {"config.json", "\"encoder_hidden_size\": 64", "\"encoder_hidden_size\": 768"},
     HF_TEXT,
     "blip.cross_attention.embedding_length",
     64},
    {"idefics2", WITHOUT_WIDTH, HF_EYES, "clip.perceiver.embedding_length", 64},
    {"idefics2", WITHOUT_WIDTH, HF_EYES, "clip.perceiver.attention.layer_norm_rms_epsilon", 1e-5},
    {"llama", {"tokenizer.json", "\"id\": 298", "\"id\": 299"}, HF_TEXT, NULL, 0},
    {"unigram", {"tokenizer.json", "\"own\",", "\"\\u0000\","}, HF_TEXT, NULL, 0},
};

static void what_transformers_takes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        char from[128];
        snprintf(from, sizeof from, "tests/families/folders/%s", taken[i].folder);
        const char *folder = strcmp(taken[i].folder, "llama") == 0 ? copy_folder(&taken[i].change)
                             : strcmp(taken[i].folder, "unigram") == 0
                                 ? copy(from, plain_files, N_ASKING - 1, &taken[i].change)
                                 : copy(from, asking_files, N_ASKING, &taken[i].change);
        if (hf_folder_open(&ctx, folder, taken[i].part, &g) != VIDI_OK) fail_msg("%s", ctx.error);
        const struct gguf_value *v = taken[i].key ? gguf_find(&g, taken[i].key) : NULL;
        if (taken[i].key) assert_true(v && gguf_float_at(v, 0) == (float)taken[i].value);
        gguf_close(&g);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

static void videos_are_refused(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    const struct change change = {"config.json", "\"num_image_with_embedding\": null",
                                  "\"num_image_with_embedding\": 6"};
    const char *folder = copy("tests/families/folders/git", asking_files, N_ASKING, &change);
    assert_int_equal(hf_folder_open(&ctx, folder, HF_TEXT, &g), VIDI_E_FORMAT);
    assert_words(&ctx, "num_image_with_embedding is given: models of videos are not supported");
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void pickles_are_refused(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    char path[1024];
    const char *folder = copy_folder(&(struct change){files[4], "", NULL});
    snprintf(path, sizeof path, "%s/pytorch_model.bin", folder);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fclose(out);
    assert_true(hf_folder_is(folder));
    assert_int_equal(hf_folder_open(&ctx, folder, HF_TEXT, &g), VIDI_E_UNSUPPORTED);
    assert_words(&ctx, "pickles are not read");
    assert_words(&ctx, "safe_serialization=True");
    unlink(path);
    assert_false(hf_folder_is("tests"));
    assert_false(hf_folder_is("tests/families/folders/llama/config.json"));
}

/* Whichever allocation fails, the words say so and nothing is left behind. */
#define FOLDERS "tests/families/folders/"

static void memory_runs_out(const char *folder, enum hf_part part) {
    uint64_t n = 1;
    for (;; n++) {
        struct vd_ctx ctx = {.heap.fail_at = n};
        struct gguf g;
        const vidi_status status = hf_folder_open(&ctx, folder, part, &g);
        if (status == VIDI_OK) gguf_close(&g);
        assert_int_equal(ctx.heap.live_bytes, 0);
        if (status == VIDI_OK) break;
    }
    assert_true(n > 8);
}

static void memory_may_run_out(void **state) {
    (void)state;
    memory_runs_out(source, HF_TEXT);
    memory_runs_out(FOLDERS "qwenvl", HF_TEXT);
    memory_runs_out(FOLDERS "qwenvl", HF_EYES);
}

/* The same of families whose layers ask pictures, and of Gemma and unigram words. */
static const struct {
    const char *folder;
    struct change change;
    enum hf_part part;
    const char *words;
} kind_refusals[] = {
    {FOLDERS "mllama",
     {"config.json", "\"cross_attention_layers\": [", "\"cross_attention_layers\": [-1, "},
     HF_TEXT,
     "text_config.cross_attention_layers is no list of layers"},
    {FOLDERS "mllama",
     {"config.json", "\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\""},
     HF_EYES,
     "vision_config.hidden_act is not gelu"},
    {FOLDERS "mllama",
     {"preprocessor_config.json", "\"max_image_tiles\": 4", "\"max_image_tiles\": 5"},
     HF_EYES,
     "/preprocessor_config.json: size.height, size.width and max_image_tiles are not "
     "vision_config.image_size and max_num_tiles, 28 and 4"},
    {FOLDERS "mllama",
     {"config.json", "\"hidden_size\": 64", "\"hidden_size\": 80"},
     HF_EYES,
     "vision_config.vision_output_dim is not hidden_size for the last layer and each of"},
    {FOLDERS "idefics",
     {"config.json", "\"use_resampler\": true", "\"use_resampler\": false"},
     HF_EYES,
     "use_resampler is not true, which alone is supported"},
    {FOLDERS "idefics",
     {"config.json", "\"cross_layer_interval\": 2", "\"cross_layer_interval\": 0"},
     HF_TEXT,
     "cross_layer_interval is no whole number from 1 to 512"},
    {FOLDERS "blip",
     {"config.json", "BlipForConditionalGeneration", "BlipForQuestionAnswering"},
     HF_TEXT,
     "architectures names BlipForQuestionAnswering; of BLIP BlipForConditionalGeneration is"},
    {FOLDERS "flamingo",
     {"config.json", "\"alibi\": true", "\"alibi\": false"},
     HF_TEXT,
     "attn_config.alibi is not true, which alone is supported"},
    {FOLDERS "flamingo",
     {"config.json", "\"perceiver_config\"", "\"perceiver\""},
     HF_EYES,
     "perceiver_config is missing or no object"},
    {FOLDERS "gemma3",
     {"config.json", "\"layer_types\": [", "\"layer_types\": [\"full_attention\", "},
     HF_TEXT,
     "text_config.layer_types is not every n-th layer"},
    {FOLDERS "gemma3",
     {"config.json", "\"mm_tokens_per_image\": 16", "\"mm_tokens_per_image\": 15"},
     HF_EYES,
     "mm_tokens_per_image is no square that divides the patches"},
    {FOLDERS "unigram",
     {"tokenizer.json", "\"precompiled_charsmap\": \"", "\"precompiled_charsmap\": \"*"},
     HF_TEXT,
     "normalizer.precompiled_charsmap is no base64"},
    {FOLDERS "unigram",
     {"tokenizer.json", "\"Precompiled\"", "\"Lowercase\""},
     HF_TEXT,
     "normalizer holds 'Lowercase', which is not supported with Unigram"},
    {FOLDERS "unigram",
     {"tokenizer.json", "\"WhitespaceSplit\"", "\"Punctuation\""},
     HF_TEXT,
     "pre_tokenizer is not Metaspace, which alone is supported with Unigram"},
    {FOLDERS "unigram",
     {"tokenizer.json", "\"<pad>\",", "7,"},
     HF_TEXT,
     "model.vocab[1] is no word with its score"},
};

static void wrong_kinds_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof kind_refusals / sizeof *kind_refusals; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        const int plain = strcmp(kind_refusals[i].folder, FOLDERS "unigram") == 0;
        const char *folder = copy(kind_refusals[i].folder, plain ? plain_files : asking_files,
                                  N_ASKING - plain, &kind_refusals[i].change);
        if (hf_folder_open(&ctx, folder, kind_refusals[i].part, &g) == VIDI_OK)
            fail_msg("taken in spite of: %s", kind_refusals[i].words);
        assert_words(&ctx, kind_refusals[i].words);
        assert_words(&ctx, "hf_folder");
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* Whose eyes' numbers stand elsewhere, and whose q, k and v lie head by head. */
static void wrong_owls_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {"config.json", "preprocessor_config.json",
                                        "model.safetensors"};
    static const struct {
        struct change change;
        const char *words;
    } cases[] = {
        {{"config.json", "\"visual_config\"", "\"vision_config\""},
         "/config.json: visual_config is missing"},
        {{"config.json", "\"visual_model\"", "\"visual\""},
         "/config.json: visual_config.visual_model is missing"},
        {{"config.json", "\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"gelu\""},
         "visual_config.visual_model.hidden_act is not"},
        {{"config.json", "\"grid_size\": 4", "\"grid_size\": 5"},
         "visual_config.visual_abstractor.grid_size is not the patches of a picture's side"},
        {{"config.json", "\"encoder_hidden_size\": 32", "\"encoder_hidden_size\": 48"},
         "encoder_hidden_size is not the hidden_size of visual_model"},
        {{"config.json", "\"num_learnable_queries\": 6", "\"num_learnable_queries\": 0"},
         "num_learnable_queries is no whole number from 1 to 4096"},
        {{"config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 5"},
         "is not made of q, k and v of 5 heads"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_refusal(copy(FOLDERS "owl2", names, 3, &cases[i].change), HF_EYES, cases[i].words);
    }
}

/* --- Qwen-VL -----------------------------------------------------------------------------------
 */

static const struct {
    struct change change;
    enum hf_part part;
    const char *words;
} qwen_refusals[] = {
    {{"config.json", "\"visual\": {", "\"visual\": 3, \"x\": {"}, HF_TEXT, "visual is no object"},
    {{"config.json", "\"visual\"", "\"audio\""},
     HF_TEXT,
     "config.json: audio: models that hear are not supported"},
    {{"config.json", "\"rotary_pct\": 1.0", "\"rotary_pct\": 0.5"}, HF_TEXT, "rotary_pct is not 1"},
    {{"config.json", "\"no_bias\": true", "\"no_bias\": false"}, HF_TEXT, "no_bias is not true"},
    {{"config.json", "\"seq_length\": 2048", "\"seq_length\": \"2k\""},
     HF_TEXT,
     "seq_length is no whole number from 2 to"},
    {{"config.json", "\"kv_channels\": 32", "\"kv_channels\": 4"},
     HF_TEXT,
     "kv_channels is no whole number from 8 to 1024"},
    {{"config.json", "\"image_start_id\": 507", "\"image_start_id\": 508"},
     HF_TEXT,
     "visual.image_start_id is not 507, where qwen.tiktoken has it"},
    {{"config.json", "\"mlp_ratio\": 1.55", "\"mlp_ratio\": 0"},
     HF_EYES,
     "visual.mlp_ratio is no number from 0.01 to 100"},
    {{"config.json", "\"heads\": 2", "\"heads\": 5"},
     HF_EYES,
     "is not made of q, k and v of 5 heads"},
    {{"config.json", "\"n_queries\": 16", "\"n_queries\": 0"},
     HF_EYES,
     "visual.n_queries is no whole number from 1 to 4096"},
    {{"generation_config.json", "\"chatml\"", "\"alpaca\""},
     HF_TEXT,
     "/generation_config.json: chat_format is not chatml or raw"},
    {{"qwen.tiktoken", "", NULL}, HF_TEXT, "holds no qwen.tiktoken"},
    {{"qwen.tiktoken", "IQ== 0\n", ""}, HF_TEXT, "/qwen.tiktoken: line 1 has not the rank 0"},
    {{"qwen.tiktoken", "IQ== 0\n", "IQ==\n"}, HF_TEXT, "line 1 is no word with its rank"},
    {{"qwen.tiktoken", "IQ== 0\n", "IQ== 0 \n"}, HF_TEXT, "line 1 has not the rank 0"},
    {{"qwen.tiktoken", "IQ== 0\n", "IQ= 0\n"}, HF_TEXT, "line 1 holds no word in base64"},
    {{"qwen.tiktoken", "IQ== 0\n", "I-== 0\n"}, HF_TEXT, "line 1 holds no word in base64"},
    {{"qwen.tiktoken", "IQ== 0\n", "I=== 0\n"}, HF_TEXT, "line 1 holds no word in base64"},
    {{"qwen.tiktoken", "IQ== 0\n", " 0\n"}, HF_TEXT, "line 1 holds no word in base64"},
    {{"qwen.tiktoken", "Ig== 1\n", "IQ== 1\n"}, HF_TEXT, "line 2 repeats a word"},
    {{"qwen.tiktoken", "IQ== 0\n", "ISE= 0\n"}, HF_TEXT, "has no word for the byte 33"},
    {{"qwen.tiktoken", "YWFhYWE= 292\n", "YWFhYWE= 292\nYWFhYWFh 293\n"},
     HF_TEXT,
     "visual.image_start_id is not 508"},
};

static const char *const qwen_files[] = {"config.json", "generation_config.json", "qwen.tiktoken",
                                         "tokenizer_config.json", "model.safetensors"};

static void wrong_qwen_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof qwen_refusals / sizeof *qwen_refusals; i++) {
        expect_refusal(copy(FOLDERS "qwenvl", qwen_files, 5, &qwen_refusals[i].change),
                       qwen_refusals[i].part, qwen_refusals[i].words);
    }
}

/* A word of 512 bytes is the longest, and so many words as the model has rows. */
static void long_words_are_refused(void **state) {
    (void)state;
    enum { MOST = 512 };
    for (uint32_t len = MOST; len <= MOST + 3; len++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        char line[1024] = "";
        /* in place of the last word, so that no id changes; each four letters are three bytes */
        for (uint32_t i = 0; i + 3 <= len; i += 3) strcat(line, "eHh4");
        if (len % 3) strcat(line, len % 3 == 1 ? "eA==" : "eHg=");
        strcat(line, " 292\n");
        const struct change change = {"qwen.tiktoken", "YWFhYWE= 292\n", line};
        const char *folder = copy(FOLDERS "qwenvl", qwen_files, 5, &change);
        const vidi_status status = hf_folder_open(&ctx, folder, HF_TEXT, &g);
        if (len > MOST) {
            assert_int_equal(status, VIDI_E_FORMAT);
            assert_words(&ctx, "/qwen.tiktoken: line 293 holds a word of more than 512 bytes");
        } else {
            if (status != VIDI_OK) fail_msg("%s", ctx.error);
            gguf_close(&g);
        }
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* --- damage ------------------------------------------------------------------------------------
 */

/* A file of words cut off anywhere, or with a byte changed: read, or refused with its name. */
static void damage(const char *from, const char *const *names, int n_names, const char *file) {
    uint64_t n;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", from, file);
    unsigned char *bytes = slurp(path, &n);
    int refused = 0;
    assert_non_null(bytes);
    const char *folder = copy(from, names, n_names, NULL);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    for (uint64_t i = 0; i < 2 * n; i += 13) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        const uint64_t keep = i < n ? i : n;
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        if (i >= n) bytes[i - n] ^= 0x5A;
        assert_int_equal(fwrite(bytes, 1, keep, out), keep);
        if (i >= n) bytes[i - n] ^= 0x5A;
        fclose(out);
        if (hf_folder_open(&ctx, folder, HF_TEXT, &g) == VIDI_OK) {
            gguf_close(&g);
        } else {
            assert_words(&ctx, "hf_folder");
            refused++;
        }
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
    assert_true(refused > 100);
    unlink(path);
    free(bytes);
}

static void damaged_words(void **state) {
    (void)state;
    static const char *const names[] = {"config.json", "model.safetensors",
                                        "tokenizer_config.json"};
    damage(FOLDERS "pieces_bpe", names, 3, "tokenizer.model");
    damage(FOLDERS "qwenvl", names, 3, "qwen.tiktoken");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_folder_is_seen),      cmocka_unit_test(eyes_are_a_view_of_their_own),
        cmocka_unit_test(wrong_folders_are_refused), cmocka_unit_test(pickles_are_refused),
        cmocka_unit_test(wrong_askers_are_refused),  cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(words_of_the_eyes),         cmocka_unit_test(pictures_of_newer_folders),
        cmocka_unit_test(what_transformers_takes),   cmocka_unit_test(videos_are_refused),
        cmocka_unit_test(wrong_eyes_are_refused),    cmocka_unit_test(wrong_kinds_are_refused),
        cmocka_unit_test(wrong_owls_are_refused),    cmocka_unit_test(wrong_qwen_is_refused),
        cmocka_unit_test(long_words_are_refused),    cmocka_unit_test(damaged_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
