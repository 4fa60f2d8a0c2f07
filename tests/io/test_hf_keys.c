/* Every key of every family's configs, changed one by one: it is refused by its name, or what is
 * read of the folder becomes another, or it is one of those that mean nothing. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/hf_folder.h"
#include "io_help.h"

#define FOLDERS "tests/families/folders/"

/* Keys whose value changes no answer, with the reason. Written here by hand, so that a key that the
 * reader begins to pass over fails this test. */
static const char *const harmless[] = {
    /* names, training, how the reference computes, ids that vidi finds by words */
    "*:architectures",
    "*.architectures",
    "*:*transformers_version",
    "*:*dtype",
    "*.model_type",
    "*:*use_cache",
    "*:*dropout*",
    "*:*_pdrop",
    "*:*layerdrop",
    "*:*init*",
    "*:*label_smoothing",
    "*:freeze_*",
    "*:*token_id",
    "*:*token_index",
    "*:*attn_impl",
    "*:*pretraining_tp",
    "*:*embedding_fraction",
    "*:image_processor_type",
    "*:processor_class",
    /* told of where the weights lack what it asks for, which these have (unshared_heads below) */
    "*:tie_word_embeddings",
    "*:text_config.tie_word_embeddings",
    /* of BLIP's tower the width counts; the others only compare */
    "blip:text_config.encoder_hidden_size",
    "blip:*projection_dim",
    "*:image_text_hidden_size",
    "*:vision_config.projection_dim",
    "*:vision_config.vision_use_head",
    /* counts of tokens that the tower's grid tells */
    "*:text_config.num_image_tokens",
    "*:image_seq_length",
    /* no window is set, or none is used */
    "*:*max_window_layers",
    "internvl:text_config.*sliding_window",
    "llava_siglip*:text_config.*sliding_window",
    "qwen*:*use_sliding_window",
    "minicpmv:*sliding_window",
    /* scale_resolution counts */
    "minicpmv:image_size",
    "qwen*:*sliding_window",
    /* of videos; of what alibi has not; the whole's counts; overruled by layer_types */
    "*:vision_config.tokens_per_second",
    "mpt:learned_pos_emb",
    "idefics*:perceiver_config.use_resampler",
    "gemma3*:*_sliding_window_pattern",
    /* BLIP-2's reads no words; a decoder whatever it says */
    "blip2:qformer_config.max_position_embeddings",
    "blip2:qformer_config.vocab_size",
    /* pictures are RGB; crops that are switched off, or as large as the picture */
    "*:do_convert_rgb",
    "kosmos2*:crop_size.*",
    /* the context is the shorter one, while either makes it so */
    "qwenvl:max_position_embeddings",
    "qwenvl:use_dynamic_ntk",
    "qwenvl:use_logn_attn",
    "owl2:do_center_crop",
    "paligemma:hidden_size",
    "paligemma:vocab_size",
    "phi4:rope_parameters.original_max_position_embeddings",
    "llava_next:do_center_crop",
    "llava_siglip*:crop_size.*",
    "internvl:crop_to_patches",
};

static int is_harmless(const char *folder, const char *path) {
    char name[512];
    snprintf(name, sizeof name, "%s:%s", strrchr(folder, '/') + 1, path);
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (fnmatch(harmless[i], name, 0) == 0) return 1;
    return 0;
}

/* --- what is read of a folder ------------------------------------------------------------------
 */

static uint64_t mix(uint64_t h, const void *data, uint64_t n) {
    const unsigned char *at = data;
    for (uint64_t i = 0; i < n; i++) h = (h ^ at[i]) * 0x100000001B3u;
    return h;
}

static uint64_t size_of(enum gguf_kind kind) { return kind == GGUF_BOOL ? 1 : 4; }

static uint64_t digest(const struct gguf *g) {
    uint64_t h = 0xCBF29CE484222325u;
    for (uint32_t i = 0; i < g->n_values; i++) {
        const struct gguf_value *v = &g->values[i];
        const int texts = v->kind == GGUF_STRING || v->item == GGUF_STRING;
        h = mix(h, v->key.ptr, v->key.len);
        if (v->data) h = mix(h, v->data, texts ? v->offsets[v->n] : v->n * size_of(v->item));
    }
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        const struct gguf_tensor *t = &g->tensors[i];
        h = mix(h, t->name.ptr, t->name.len);
        h = mix(h, t->dims, sizeof t->dims);
        if (t->data && strncmp(t->name.ptr, "rope", 4) == 0) h = mix(h, t->data, t->bytes);
    }
    return h;
}

struct seen {
    uint64_t digests[2];
    char error[sizeof((struct vd_ctx *)0)->error];
};

static vidi_status look(const char *folder, struct seen *s) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    bool sees = false;
    *s = (struct seen){0};
    vidi_status status = hf_folder_sees(&ctx, folder, &sees);
    for (int part = HF_TEXT; part <= (sees ? HF_EYES : HF_TEXT) && status == VIDI_OK; part++) {
        status = hf_folder_open(&ctx, folder, (enum hf_part)part, &g);
        if (status != VIDI_OK) break;
        s->digests[part] = digest(&g);
        gguf_close(&g);
    }
    memcpy(s->error, ctx.error, sizeof s->error);
    assert_int_equal(ctx.heap.live_bytes, 0);
    return status;
}

/* --- folders with one file changed --------------------------------------------------------------
 */

static char changed_folder[600];

/* All but `file`, as links. */
static void link_folder(const char *from, const char *file) {
    char root[512], to[1400], target[1400];
    struct dirent *e;
    snprintf(changed_folder, sizeof changed_folder, "%s", scratch("hf_keys"));
    mkdir(changed_folder, 0777);
    DIR *d = opendir(changed_folder);
    assert_non_null(d);
    while ((e = readdir(d))) {
        snprintf(to, sizeof to, "%s/%s", changed_folder, e->d_name);
        if (e->d_name[0] != '.') unlink(to);
    }
    closedir(d);
    assert_non_null(getcwd(root, sizeof root));
    d = opendir(from);
    assert_non_null(d);
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, file) == 0) continue;
        snprintf(to, sizeof to, "%s/%s", changed_folder, e->d_name);
        snprintf(target, sizeof target, "%s/%s/%s", root, from, e->d_name);
        assert_int_equal(symlink(target, to), 0);
    }
    closedir(d);
}

/* Another value of the same kind; NULL: none. */
static json_t *another(const json_t *value) {
    if (json_is_boolean(value)) return json_boolean(json_is_false(value));
    if (json_is_integer(value)) return json_integer(json_integer_value(value) * 2 + 3);
    if (json_is_real(value)) return json_real(json_real_value(value) * 1.5 + 0.25);
    if (json_is_string(value)) return json_string("another");
    if (json_is_null(value)) return json_integer(3);
    if (!json_is_array(value) || !json_array_size(value)) return NULL;
    json_t *copy = json_deep_copy(value), *one = another(json_array_get(copy, 0));
    json_array_set_new(copy, 0, one ? one : json_integer(7));
    return copy;
}

struct run {
    const char *folder, *file;
    json_t *root;
    struct seen before;
    int n_changed, n_refused, n_harmless, n_wrong;
};

static void try_key(struct run *r, const char *path, const char *key) {
    char name[1400];
    struct seen now;
    snprintf(name, sizeof name, "%s/%s", changed_folder, r->file);
    assert_int_equal(json_dump_file(r->root, name, JSON_INDENT(1)), 0);
    const vidi_status status = look(changed_folder, &now);
    if (status != VIDI_OK && strstr(now.error, key))
        r->n_refused++;
    else if (status == VIDI_OK && memcmp(now.digests, r->before.digests, sizeof now.digests) != 0)
        r->n_changed++;
    else if (status == VIDI_OK && is_harmless(r->folder, path))
        r->n_harmless++;
    else {
        r->n_wrong++;
        print_message("%s/%s: %s: %s\n", r->folder, r->file, path,
                      status == VIDI_OK ? "is passed over" : now.error);
    }
}

static void try_all(struct run *r, json_t *object, const char *path) {
    const char *key;
    json_t *value;
    char inner[256];
    void *next;
    json_object_foreach_safe(object, next, key, value) {
        snprintf(inner, sizeof inner, "%s%s%s", path, path[0] ? "." : "", key);
        if (json_is_object(value)) {
            try_all(r, value, inner);
            continue;
        }
        json_t *other = another(value);
        if (!other) continue;
        json_t *kept = json_incref(value);
        json_object_set_new(object, key, other);
        try_key(r, inner, key);
        json_object_set_new(object, key, kept);
    }
}

/* A key that nobody knows, in each object. */
static void try_unknown(struct run *r, json_t *object) {
    const char *key;
    json_t *value;
    struct seen now;
    char name[1400];
    json_object_set_new(object, "unheard_of", json_integer(3));
    snprintf(name, sizeof name, "%s/%s", changed_folder, r->file);
    assert_int_equal(json_dump_file(r->root, name, 0), 0);
    const vidi_status status = look(changed_folder, &now);
    json_object_del(object, "unheard_of");
    if (status == VIDI_OK || !strstr(now.error, "unheard_of is 3, a field that is not known")) {
        r->n_wrong++;
        print_message("%s/%s: unheard_of: %s\n", r->folder, r->file, now.error);
    }
    json_object_foreach(object, key, value) if (json_is_object(value)) try_unknown(r, value);
}

static void one_folder(const char *name) {
    static const char *const files[] = {"config.json", "preprocessor_config.json",
                                        "processor_config.json"};
    char folder[256], path[1024];
    struct run r = {.folder = folder};
    snprintf(folder, sizeof folder, FOLDERS "%s", name);
    if (look(folder, &r.before) != VIDI_OK) fail_msg("%s", r.before.error);
    for (int i = 0; i < 3; i++) {
        json_error_t error;
        r.file = files[i];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        r.root = json_load_file(path, 0, &error);
        if (!r.root) continue;
        link_folder(folder, files[i]);
        try_all(&r, r.root, "");
        try_unknown(&r, r.root);
        json_decref(r.root);
    }
    print_message("%-20s %3d change what is read, %3d are refused, %3d mean nothing\n", name,
                  r.n_changed, r.n_refused, r.n_harmless);
    assert_int_equal(r.n_wrong, 0);
    assert_true(r.n_changed > 3);
}

static int is_model(const struct dirent *e) {
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, FOLDERS "%s/config.json", e->d_name);
    return e->d_name[0] != '.' && stat(path, &st) == 0;
}

static void every_key(void **state) {
    (void)state;
    struct dirent **names;
    const int n = scandir(FOLDERS, &names, is_model, alphasort);
    assert_true(n > 30);
    for (int i = 0; i < n; i++) {
        one_folder(names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

/* --- keys of published files --------------------------------------------------------------------
 */

#define DUMP                                                                                     \
    "\"_name_or_path\": \"\", \"add_cross_attention\": false, \"bad_words_ids\": null, "         \
    "\"chunk_size_feed_forward\": 0, \"cross_attention_hidden_size\": null, "                    \
    "\"decoder_start_token_id\": null, \"diversity_penalty\": 0.0, \"do_sample\": false, "       \
    "\"early_stopping\": false, \"encoder_no_repeat_ngram_size\": 0, "                           \
    "\"exponential_decay_length_penalty\": null, \"finetuning_task\": null, "                    \
    "\"forced_bos_token_id\": null, \"id2label\": {\"0\": \"LABEL_0\"}, "                        \
    "\"is_encoder_decoder\": false, \"label2id\": {\"LABEL_0\": 0}, \"length_penalty\": 1.0, "   \
    "\"max_length\": 20, \"min_length\": 0, \"no_repeat_ngram_size\": 0, "                       \
    "\"num_beam_groups\": 1, \"num_beams\": 1, \"num_return_sequences\": 1, "                    \
    "\"output_attentions\": false, \"output_hidden_states\": false, \"output_scores\": false, "  \
    "\"prefix\": null, \"problem_type\": null, \"pruned_heads\": {}, "                           \
    "\"remove_invalid_values\": false, \"repetition_penalty\": 1.0, \"return_dict\": true, "     \
    "\"return_dict_in_generate\": false, \"sep_token_id\": null, \"suppress_tokens\": null, "    \
    "\"task_specific_params\": null, \"temperature\": 1.0, \"tf_legacy_loss\": false, "          \
    "\"tie_encoder_decoder\": false, \"tokenizer_class\": null, \"top_k\": 50, \"top_p\": 1.0, " \
    "\"torchscript\": false, \"transformers_version\": \"4.31.0\", \"typical_p\": 1.0, "         \
    "\"use_bfloat16\": false"

/* What the hub's files hold beside what the small models here were saved with. */
static const struct {
    const char *folder, *file, *at, *keys;
} published[] = {
    {"blip", "config.json", "text_config", "{" DUMP "}"},
    {"blip", "config.json", "vision_config", "{" DUMP ", \"num_channels\": 3}"},
    {"blip2", "config.json", "text_config", "{" DUMP ", \"prefix\": \"</s>\"}"},
    {"blip2", "config.json", "qformer_config",
     "{" DUMP ", \"position_embedding_type\": \"absolute\", \"classifier_dropout\": null}"},
    {"blip2", "processor_config.json", "",
     "{\"num_query_tokens\": 5, \"processor_class\": \"Blip2Processor\"}"},
    {"gemma2", "config.json", "",
     "{\"cache_implementation\": \"hybrid\", \"hidden_act\": \"gelu_pytorch_tanh\", "
     "\"sliding_window_size\": 4096}"},
    {"gemma3", "config.json", "",
     "{\"torch_dtype\": \"bfloat16\", \"eoi_token_index\": 260, \"eos_token_id\": [257, 106]}"},
    {"gemma3", "config.json", "text_config",
     "{\"cache_implementation\": \"hybrid\", \"sliding_window_pattern\": 6}"},
    {"gemma3", "processor_config.json", "",
     "{\"image_seq_length\": 16, \"processor_class\": \"Gemma3Processor\"}"},
    {"gemma3", "preprocessor_config.json", "",
     "{\"do_convert_rgb\": null, \"do_pan_and_scan\": null, \"pan_and_scan_max_num_crops\": null}"},
    {"idefics", "config.json", "",
     "{\"cross_layer_activation_function\": \"swiglu\", \"max_new_tokens\": 100, "
     "\"max_sequence_length\": 2048, \"word_embed_proj_dim\": 4096}"},
    {"idefics", "config.json", "vision_config", "{\"vision_model_name\": \"a tower\"}"},
    {"kosmos2", "config.json", "text_config", "{" DUMP "}"},
    {"kosmos2", "processor_config.json", "", "{\"num_patch_index_tokens\": 1024}"},
    {"llama", "config.json", "",
     "{\"_name_or_path\": \"meta-llama/Llama-2-7b-hf\", \"is_llama_config\": true, "
     "\"rope_interleaved\": false, \"rope_scaling\": null, \"torch_dtype\": \"float16\", "
     "\"transformers.js_config\": {\"dtype\": \"q4\"}, \"unsloth_version\": \"2024.9\"}"},
    {"llava", "config.json", "",
     "{\"ignore_index\": -100, \"pad_token_id\": 259, \"vocab_size\": 32064}"},
    {"llava", "config.json", "text_config", "{" DUMP ", \"torch_dtype\": \"float16\"}"},
    {"llava", "config.json", "vision_config", "{\"vocab_size\": 32000}"},
    {"llava", "preprocessor_config.json", "",
     "{\"_valid_processor_keys\": [\"images\", \"do_resize\"], \"processor_class\": "
     "\"LlavaProcessor\"}"},
    {"llava", "processor_config.json", "",
     "{\"image_token\": \"<image>\", \"num_additional_image_tokens\": 1, \"patch_size\": 14, "
     "\"processor_class\": \"LlavaProcessor\", \"vision_feature_select_strategy\": \"default\"}"},
    {"llava_next", "config.json", "", "{\"use_image_newline_parameter\": true}"},
    {"minicpmv", "config.json", "",
     "{\"auto_map\": {\"AutoModel\": \"modeling_minicpmv.MiniCPMV\"}, \"batch_vision_input\": "
     "true, "
     "\"slice_config\": {\"max_slice_nums\": 9, \"model_type\": \"minicpmv\", \"patch_size\": 14}, "
     "\"slice_mode\": true, \"use_image_id\": true, \"vision_batch_size\": 16}"},
    {"minicpmv", "preprocessor_config.json", "",
     "{\"auto_map\": {}, \"im_end\": \"</image>\", \"im_id_end\": \"</image_id>\", "
     "\"im_id_start\": "
     "\"<image_id>\", \"im_start\": \"<image>\", \"slice_end\": \"</slice>\", \"slice_start\": "
     "\"<slice>\", \"unk\": \"<unk>\"}"},
    {"mllama", "config.json", "text_config", "{" DUMP "}"},
    {"mllama", "config.json", "vision_config", "{" DUMP "}"},
    {"mpt", "config.json", "",
     "{\"init_config\": {\"emb_init_std\": null, \"name\": \"kaiming_normal_\", \"verbose\": 0}, "
     "\"tokenizer_name\": \"EleutherAI/gpt-neox-20b\", \"verbose\": 0}"},
    {"opt", "config.json", "", "{\"_dropout\": 0.1, \"prefix\": \"</s>\"}"},
    {"owl2", "config.json", "",
     "{\"freeze_mm_mlp_adapter\": false, \"freeze_vision_model\": false, \"image_aspect_ratio\": "
     "\"pad\", \"image_grid_pinpoints\": null, \"max_length\": 4096, \"mm_hidden_size\": 1024, "
     "\"tune_mm_mlp_adapter\": false, \"tune_visual_abstractor\": true, \"use_mm_proj\": true}"},
    {"paligemma", "config.json", "",
     "{\"_vocab_size\": 257152, \"ignore_index\": -100, \"hidden_size\": 2048}"},
    {"paligemma", "config.json", "vision_config",
     "{\"num_image_tokens\": 256, \"projection_dim\": 2048, \"projector_hidden_act\": "
     "\"gelu_fast\", \"vision_use_head\": false}"},
    {"phi4", "config.json", "",
     "{\"auto_map\": {}, \"full_attn_mod\": 1, \"interpolate_factor\": 1, \"lm_head_bias\": false, "
     "\"mlp_bias\": false}"},
    {"qwen2", "config.json", "", "{\"torch_dtype\": \"bfloat16\", \"rope_theta\": 1000000.0}"},
    {"qwen25vl", "config.json", "", "{\"num_hidden_layers\": 2, \"rms_norm_eps\": 1e-06}"},
    {"qwen25vl", "config.json", "vision_config", "{\"in_chans\": 3, \"spatial_patch_size\": 14}"},
    {"qwenvl", "config.json", "",
     "{\"bf16\": false, \"fp16\": true, \"fp32\": false, \"onnx_safe\": null, \"softmax_in_fp32\": "
     "false, \"tokenizer_type\": \"QWenTokenizer\", \"use_cache_kernel\": false, "
     "\"use_cache_quantization\": false, \"use_flash_attn\": \"auto\"}"},
    {"smolvlm", "config.json", "text_config",
     "{\"_attn_implementation_autoset\": false, \"_flash_attn_2_enabled\": true, "
     "\"is_llama_config\": true, \"neftune_noise_alpha\": 0.0, \"perceiver_config\": "
     "{\"hidden_act\": "
     "\"silu\", \"resampler_depth\": 6}, \"pixel_shuffle_factor\": 4, \"qk_layer_norms\": false, "
     "\"rope_interleaved\": false, \"use_resampler\": false, " DUMP "}"},
    {"smolvlm", "config.json", "vision_config",
     "{\"max_image_size\": {\"longest_edge\": 512}, \"size\": {\"longest_edge\": 2048}, "
     "\"tie_word_embeddings\": false, \"use_base_siglip\": false}"},
    {"smolvlm", "preprocessor_config.json", "",
     "{\"video_sampling\": {\"fps\": 1, \"max_frames\": 64}}"},
};

static void opens_with(const char *name, const char *file, const char *at, const char *keys) {
    char folder[256], path[1400];
    json_error_t error;
    struct seen seen;
    snprintf(folder, sizeof folder, FOLDERS "%s", name);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    json_t *root = json_load_file(path, 0, &error);
    if (!root) root = json_object();
    json_t *object = at[0] ? json_object_get(root, at) : root;
    json_t *more = json_loads(keys, 0, &error);
    if (!more) fail_msg("%s: %s", keys, error.text);
    json_object_update_missing(object, more);
    link_folder(folder, file);
    snprintf(path, sizeof path, "%s/%s", changed_folder, file);
    assert_int_equal(json_dump_file(root, path, 0), 0);
    if (look(changed_folder, &seen) != VIDI_OK) fail_msg("%s: %s", name, seen.error);
    json_decref(more);
    json_decref(root);
}

static void published_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        opens_with(published[i].folder, published[i].file, published[i].at, published[i].keys);
}

/* --- what is honoured --------------------------------------------------------------------------
 */

/* Keys in place of those of the file, and the number that it becomes, by the reference's rule. */
static const struct {
    const char *folder, *file, *keys;
    enum hf_part part;
    const char *key;
    double value;
} honoured[] = {
    {"llama", "config.json",
     "{\"rope_parameters\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"rope_theta\": 10000.0, "
     "\"mscale\": 1.0, \"mscale_all_dim\": 0.5}}",
     HF_TEXT, "llama.rope.scaling.yarn_attn_factor",
     1.0648211}, /* (1 + ln 4 / 10) / (1 + ln 4 / 20) */
    {"gemma2", "config.json", "{\"attn_logit_softcapping\": null}", HF_TEXT,
     "gemma2.attn_logit_softcapping", 0},
    {"gemma2", "config.json", "{\"final_logit_softcapping\": null}", HF_TEXT,
     "gemma2.final_logit_softcapping", 0},
    {"gemma3_text", "config.json",
     "{\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\", \"rope_theta\": "
     "1e6}, "
     "\"sliding_attention\": {\"rope_type\": \"linear\", \"factor\": 4.0, \"rope_theta\": 1e4}}}",
     HF_TEXT, "gemma3.rope.scaling.factor_swa", 4},
    {"smolvlm", "preprocessor_config.json", "{\"do_normalize\": false}", HF_EYES,
     "clip.vision.image_std", 1},
    {"smolvlm", "preprocessor_config.json", "{\"do_normalize\": false}", HF_EYES,
     "clip.vision.image_mean", 0},
    {"smolvlm", "preprocessor_config.json", "{\"do_rescale\": false}", HF_EYES,
     "clip.vision.image_std", 0.5 / 255},
    {"smolvlm", "preprocessor_config.json", "{\"rescale_factor\": 0.00784313725490196}", HF_EYES,
     "clip.vision.image_mean", 0.25},
    {"smolvlm", "preprocessor_config.json", "{\"do_image_splitting\": false}", HF_EYES,
     "clip.vision.image_whole", 1},
    {"llava", "preprocessor_config.json", "{\"size\": {\"shortest_edge\": 100}}", HF_EYES,
     "clip.vision.crop_from", 100},
};

static double number_of(const struct gguf_value *v) {
    return v->kind == GGUF_BOOL ? *(const unsigned char *)v->data : gguf_float_at(v, 0);
}

static void honoured_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof honoured / sizeof *honoured; i++) {
        struct vd_ctx ctx = {0};
        struct gguf g;
        char folder[256], path[1400];
        json_error_t error;
        uint32_t whole;
        snprintf(folder, sizeof folder, FOLDERS "%s", honoured[i].folder);
        snprintf(path, sizeof path, "%s/%s", folder, honoured[i].file);
        json_t *root = json_load_file(path, 0, &error);
        json_t *keys = json_loads(honoured[i].keys, 0, &error);
        assert_true(root && keys);
        json_object_update(root, keys);
        link_folder(folder, honoured[i].file);
        snprintf(path, sizeof path, "%s/%s", changed_folder, honoured[i].file);
        assert_int_equal(json_dump_file(root, path, 0), 0);
        json_decref(keys);
        json_decref(root);
        if (hf_folder_open(&ctx, changed_folder, honoured[i].part, &g) != VIDI_OK)
            fail_msg("%s", ctx.error);
        const struct gguf_value *v = gguf_find(&g, honoured[i].key);
        if (!v) fail_msg("there is no %s", honoured[i].key);
        const double is = v->kind == GGUF_U32 && gguf_u32(&g, honoured[i].key, &whole) == VIDI_OK
                              ? whole
                              : number_of(v);
        if (is < honoured[i].value - 1e-6 || is > honoured[i].value + 1e-6)
            fail_msg("%s is %g, not %g", honoured[i].key, is, honoured[i].value);
        gguf_close(&g);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

/* --- what is refused ----------------------------------------------------------------------------
 */

/* Each is refused, by the name of the file and of the field. */
static const struct {
    const char *folder, *file, *keys, *words;
} wrong_values[] = {
    {"llama", "config.json", "{\"bos_token_id\": 299}",
     "config.json: bos_token_id is 299, but the model has 299 words"},
    {"llama", "config.json", "{\"eos_token_id\": [297, -2]}", "eos_token_id is -2, but"},
    {"llama", "config.json", "{\"pad_token_id\": 5000}", "pad_token_id is 5000, but"},
    {"llama", "config.json", "{\"eos_token_id\": \"a word\"}", "eos_token_id is no id of a word"},
    {"llama", "generation_config.json", "{\"eos_token_id\": 299}",
     "generation_config.json: eos_token_id is 299, but"},
    {"llama", "generation_config.json", "{\"eos_token_id\": [1, 2.5]}",
     "generation_config.json: eos_token_id is no id"},
    {"llama", "generation_config.json", "{\"repetition_penalty\": \"high\"}",
     "generation_config.json: repetition_penalty is no number"},
    {"llama", "generation_config.json", "{\"min_new_tokens\": -1}",
     "generation_config.json: min_new_tokens is no number"},
    {"llava", "config.json", "{\"image_token_index\": 260}", "image_token_index is 260, but"},
    {"llava", "config.json", "{\"image_token_index\": 65}",
     "config.json: image_token_index is 65, which is the word 'A' of the tokenizer, not "
     "'<image>'"},
    {"llava_siglip", "config.json", "{\"image_token_index\": 257}", "not '<image>'"},
    {"smolvlm", "config.json", "{\"image_token_id\": 258}", "not '<image>'"},
    {"idefics2", "config.json", "{\"image_token_id\": 359}", "not '<image>'"},
    {"internvl", "config.json", "{\"image_token_id\": 258}", "not '<IMG_CONTEXT>'"},
    {"mllama", "config.json", "{\"image_token_index\": 298}", "not '<|image|>'"},
    {"gemma3", "config.json", "{\"image_token_index\": 259}", "not '<image_soft_token>'"},
    {"gemma3", "config.json", "{\"boi_token_index\": 260}", "not '<start_of_image>'"},
    {"gemma3", "config.json", "{\"eoi_token_index\": 259}", "not '<end_of_image>'"},
    {"paligemma", "config.json", "{\"image_token_index\": 257}", "not '<image>'"},
    {"qwen2vl", "config.json", "{\"image_token_id\": 261}", "not '<|image_pad|>'"},
    {"qwen25vl", "config.json", "{\"vision_start_token_id\": 259}", "not '<|vision_start|>'"},
    {"qwen3vl", "config.json", "{\"vision_end_token_id\": 258}", "not '<|vision_end|>'"},
    {"blip2", "config.json", "{\"image_token_index\": 7}", "not '<image>'"},
    {"instructblip", "config.json", "{\"image_token_index\": 7}", "not '<image>'"},
    {"blip", "config.json", "{\"text_config\": {\"sep_token_id\": 7}}",
     "text_config.sep_token_id is 7"},
    {"git", "config.json", "{\"eos_token_id\": 7}", "eos_token_id is 7"},
    {"llava", "tokenizer_config.json",
     "{\"added_tokens_decoder\": {\"257\": {\"content\": \"<image>\", \"special\": true}}}",
     "tokenizer_config.json: added_tokens_decoder.257 is '<image>', but tokenizer.json has "
     "'</s>' there"},
    {"llava", "tokenizer_config.json",
     "{\"added_tokens_decoder\": {\"258\": {\"content\": \"<pic>\", \"special\": true}}}",
     "added_tokens_decoder.258 is '<pic>', but tokenizer.json has '<image>' there"},
    /* the reference passes it over */
    {"gemma3_text", "config.json",
     "{\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 8.0, \"full_attention\": null, "
     "\"sliding_attention\": null}}",
     "rope_parameters holds neither full_attention nor sliding_attention"},
    {"mpt", "config.json", "{\"attn_config\": {\"alibi_bias_max\": 4}}",
     "attn_config.alibi_bias_max is not 8"},
    /* layers behind the last of the list see the whole picture, too, where each does */
    {"qwen25vl", "config.json", "{\"vision_config\": {\"fullatt_block_indexes\": [0]}}",
     "fullatt_block_indexes is not every n-th layer"},
};

static void values_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrong_values / sizeof *wrong_values; i++) {
        char folder[256], path[1400];
        json_error_t error;
        struct seen seen;
        snprintf(folder, sizeof folder, FOLDERS "%s", wrong_values[i].folder);
        snprintf(path, sizeof path, "%s/%s", folder, wrong_values[i].file);
        json_t *root = json_load_file(path, 0, &error);
        json_t *keys = json_loads(wrong_values[i].keys, 0, &error);
        assert_true(root && keys);
        json_object_update_recursive(root, keys);
        link_folder(folder, wrong_values[i].file);
        snprintf(path, sizeof path, "%s/%s", changed_folder, wrong_values[i].file);
        assert_int_equal(json_dump_file(root, path, 0), 0);
        json_decref(keys);
        json_decref(root);
        if (look(changed_folder, &seen) == VIDI_OK || !strstr(seen.error, wrong_values[i].words))
            fail_msg("%s %s: %s", wrong_values[i].folder, wrong_values[i].keys, seen.error);
    }
}

/* Words that stand in tokenizer_config.json alone are words all the same. */
static void words_of_settings(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct gguf g;
    char path[1400];
    json_error_t error;
    const struct gguf_value *words, *types;
    json_t *settings = json_load_file(FOLDERS "mistral/tokenizer_config.json", 0, &error);
    json_object_set_new(
        settings, "added_tokens_decoder",
        json_loads("{\"360\": {\"content\": \"<pic>\", \"special\": true}}", 0, NULL));
    link_folder(FOLDERS "mistral", "tokenizer_config.json");
    snprintf(path, sizeof path, "%s/tokenizer_config.json", changed_folder);
    assert_int_equal(json_dump_file(settings, path, 0), 0);
    json_decref(settings);
    if (hf_folder_open(&ctx, changed_folder, HF_TEXT, &g) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_int_equal(gguf_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, &words), VIDI_OK);
    assert_int_equal(gguf_array(&g, "tokenizer.ggml.token_type", GGUF_I32, &types), VIDI_OK);
    const struct str word = gguf_str_at(words, 360);
    assert_true(word.len == 5 && memcmp(word.ptr, "<pic>", 5) == 0);
    assert_int_equal(gguf_int_at(types, 360), 3);
    gguf_close(&g);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key), cmocka_unit_test(published_keys),
        cmocka_unit_test(honoured_keys), cmocka_unit_test(values_are_refused),
        cmocka_unit_test(words_of_settings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
