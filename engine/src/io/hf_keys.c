/* hf_keys.c - keys of published configs that no reader asks for: what they mean to vidi.
 *
 * Without values: nothing that changes an answer (training, descriptions, how to sample, how the
 * reference computes). With values: what vidi computes with anyway, so that any other value is
 * refused. First match wins. */
#define _POSIX_C_SOURCE 200809L
#include <fnmatch.h>
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_rule config_rules[] = {
    /* what a file says of itself */
    {NULL, "architectures", NULL},
    {NULL, "auto_map", NULL},
    {NULL, "*name_or_path", NULL},
    {NULL, "*_name", NULL},
    {NULL, "model_type", NULL},
    {NULL, "*transformers_version", NULL},
    {NULL, "transformers.js_config", NULL},
    {NULL, "torch_dtype", NULL},
    {NULL, "dtype", NULL},
    {NULL, "_commit_hash", NULL},
    {NULL, "unsloth_*", NULL},
    {NULL, "tokenizer_class", NULL},
    {NULL, "tokenizer_type", NULL},
    {NULL, "processor_class", NULL},
    {NULL, "license", NULL},
    {NULL, "finetuning_task", NULL},
    {NULL, "task_specific_params", NULL},
    {NULL, "problem_type", NULL},
    {NULL, "id2label", NULL},
    {NULL, "label2id", NULL},
    {NULL, "num_labels", NULL},
    {NULL, "ignore_index", NULL},
    {NULL, "model_parallel", NULL},
    {NULL, "version", "[2.6]"}, /* of MiniCPM-V, where it is asked for */
    /* ids of words, which vidi finds by their names; a head and a table of another height are
     * told of by hf_shapes.c */
    {NULL, "*token_id", NULL},
    {NULL, "*token_ids", NULL},
    {NULL, "*token_index", NULL},
    {NULL, "*vocab_size", NULL},
    {NULL, "tie_word_embeddings", NULL},
    {NULL, "text_config.prefix", NULL},
    {NULL, "prefix", NULL},
    /* training */
    {NULL, "*dropout*", NULL},
    {NULL, "*drop_rate", NULL},
    {NULL, "*_pdrop", NULL},
    {NULL, "layerdrop", NULL},
    {NULL, "init*", NULL},
    {NULL, "*_initializer*", NULL},
    {NULL, "alphas_init*", NULL},
    {NULL, "*init_value", NULL},
    {NULL, "label_smoothing", NULL},
    {NULL, "embedding_fraction", NULL},
    {NULL, "freeze_*", NULL},
    {NULL, "tune_*", NULL},
    {NULL, "gradient_checkpointing*", NULL},
    {NULL, "neftune_noise_alpha", NULL},
    {NULL, "router_aux_loss_coef", NULL},
    {NULL, "mm_projector_lr", NULL},
    {NULL, "mm_vision_tower", NULL},
    {NULL, "tune_mm_mlp_adapter", NULL},
    {NULL, "mm_use_im_*", NULL},
    {NULL, "use_mm_proj", NULL},
    /* how the reference computes and what it returns */
    {NULL, "use_cache*", NULL},
    {NULL, "_use_cache", NULL},
    {NULL, "output_attentions", NULL},
    {NULL, "output_hidden_states", NULL},
    {NULL, "output_scores", NULL},
    {NULL, "output_past", NULL},
    {NULL, "return_dict*", NULL},
    {NULL, "torchscript", NULL},
    {NULL, "use_bfloat16", NULL},
    {NULL, "bf16", NULL},
    {NULL, "fp16", NULL},
    {NULL, "fp32", NULL},
    {NULL, "tf_legacy_loss", NULL},
    {NULL, "pruned_heads", NULL},
    {NULL, "pretraining_tp", NULL},
    {NULL, "chunk_size_feed_forward", NULL},
    {NULL, "*attn_implementation*", NULL},
    {NULL, "attn_config.attn_impl", NULL},
    {NULL, "*flash_attn*", NULL},
    {NULL, "*flash_attention*", NULL},
    {NULL, "softmax_in_fp32", NULL},
    {NULL, "onnx_safe", NULL},
    {NULL, "verbose", NULL},
    {NULL, "cache_implementation", NULL},
    {NULL, "batch_vision_input", NULL},
    {NULL, "vision_batch_size", NULL},
    /* how to sample: the caller says it */
    {NULL, "max_length", NULL},
    {NULL, "min_length", NULL},
    {NULL, "max_new_tokens", NULL},
    {NULL, "do_sample", NULL},
    {NULL, "early_stopping", NULL},
    {NULL, "num_beams", NULL},
    {NULL, "num_beam_groups", NULL},
    {NULL, "num_return_sequences", NULL},
    {NULL, "diversity_penalty", NULL},
    {NULL, "length_penalty", NULL},
    {NULL, "temperature", NULL},
    {NULL, "top_k", NULL},
    {NULL, "top_p", NULL},
    {NULL, "typical_p", NULL},
    {NULL, "remove_invalid_values", NULL},
    {NULL, "exponential_decay_length_penalty", NULL},
    {NULL, "repetition_penalty", "[1]"},
    {NULL, "*no_repeat_ngram_size", "[0]"},
    /* shapes of the whole that have one value here */
    {NULL, "is_encoder_decoder", "[false]"},
    {NULL, "tie_encoder_decoder", "[false]"},
    {NULL, "*add_cross_attention", "[false]"},
    {"blip", "text_config.is_decoder", "[true]"},
    {NULL, "is_decoder", NULL},
    {NULL, "position_embedding_type", "[\"absolute\"]"},
    {NULL, "num_channels", "[3]"},
    {NULL, "in_channels", "[3]"},
    {NULL, "in_chans", "[3]"},
    {NULL, "image_num_channels", "[3]"},
    /* of CLIP's and SigLIP's towers, behind the rows that count */
    {"paligemma", "hidden_size", NULL}, /* text_config's counts */
    {NULL, "vision_config.projection_dim", NULL},
    {NULL, "vision_config.projector_hidden_act", NULL},
    {NULL, "vision_config.vision_use_head", NULL},
    {NULL, "vision_config.num_image_tokens", NULL},
    {NULL, "text_config.num_image_tokens", NULL},
    {"blip", "projection_dim", NULL},
    {"blip", "text_config.projection_dim", NULL},
    {"blip", "text_config.encoder_hidden_size", NULL}, /* the tower's width counts */
    {NULL, "image_text_hidden_size", NULL},
    /* Llama and its kin */
    {NULL, "is_llama_config", NULL},
    {NULL, "rope_interleaved", "[false]"},
    {NULL, "text_config.qk_layer_norms", "[false]"},
    {NULL, "text_config.use_resampler", NULL},
    {NULL, "text_config.perceiver_config", NULL},
    {NULL, "text_config.pixel_shuffle_factor", NULL},
    {NULL, "max_window_layers", NULL}, /* a window is never looked over */
    {NULL, "sliding_window_size", NULL},
    {"phi3", "lm_head_bias", "[false]"},
    {"phi3", "interpolate_factor", "[1]"},
    {"phi3", "full_attn_mod", "[1]"},
    {"llama", "logits_scaling", "[1]"},
    /* LLaVA */
    {NULL, "multimodal_projector_bias", "[true]"},
    {NULL, "use_image_newline_parameter", "[true]"},
    {NULL, "image_seq_length", NULL}, /* the tower's grid counts */
    /* Idefics, SmolVLM */
    {"idefics3", "vision_config.max_image_size", NULL},
    {"idefics3", "vision_config.size", NULL},
    {"idefics3", "vision_config.use_base_siglip", NULL},
    {"idefics3", "perceiver_config", NULL},
    {"idefics", "perceiver_config.use_resampler", NULL},
    {"idefics", "vision_*", NULL},
    {"idefics", "cross_layer_activation_function", "[\"swiglu\"]"},
    {"idefics", "word_embed_proj_dim", NULL},
    {"idefics", "max_sequence_length", NULL},
    /* BLIP-2 */
    {"blip2", "use_decoder_only_language_model", "[true]"},
    {"instructblip", "use_decoder_only_language_model", "[true]"},
    {NULL, "qformer_config.use_qformer_text_input", "[false]"},
    {"blip2", "qformer_config.max_position_embeddings", NULL}, /* it reads no words */
    {"blip2", "qformer_config.vocab_size", NULL},
    /* InternVL */
    {"internvl", "vision_feature_select_strategy", "[\"default\"]"},
    {"internvl", "vision_config.attention_bias", "[true]"},
    {"internvl", "vision_config.use_absolute_position_embeddings", "[true]"},
    {"internvl", "vision_config.use_mask_token", "[false]"},
    {"internvl", "vision_config.use_mean_pooling", "[true]"},
    {"internvl", "vision_config.shared_relative_position_bias", "[false]"},
    {"internvl", "vision_config.use_relative_position_bias", "[false]"},
    /* Qwen2-VL and later */
    {NULL, "vision_config.tokens_per_second", NULL}, /* of videos */
    {NULL, "vision_config.spatial_patch_size", NULL},
    {"qwen3vl_merger", "mrope_interleaved", "[true]"},
    {"qwenvl", "visual.image_start_id", NULL}, /* read with the words */
    /* MiniCPM-V */
    {"resampler", "slice_mode", "[true]"},
    {"resampler", "use_image_id", "[true]"},
    {"resampler", "slice_config", NULL}, /* preprocessor_config.json says it */
    {"resampler", "patch_size", NULL},   /* vision_config says it */
    /* MPT, OpenFlamingo */
    {"mpt", "attn_config.attn_type", "[\"multihead_attention\"]"},
    {"mpt", "attn_config.qk_ln", "[false]"},
    {"mpt", "attn_config.attn_uses_sequence_id", "[false]"},
    {"mpt", "norm_type", "[\"low_precision_layernorm\"]"},
    {"mpt", "no_bias", "[true]"},
    {"mpt", "learned_pos_emb", NULL}, /* alibi has none */
    /* mPLUG-Owl2 */
    {"owl2", "image_aspect_ratio", "[\"pad\"]"},
    {"owl2", "mm_*", NULL},
};

static const struct hf_rule process_rules[] = {
    /* tokens, which vidi finds by their names, and parts that it does not go by */
    {NULL, "chat_template", NULL},
    {NULL, "*image_token", NULL},
    {NULL, "video_token", NULL},
    {NULL, "video_processor", NULL},
    {NULL, "tokenizer*", NULL},
    {NULL, "qformer_tokenizer*", NULL},
    {NULL, "feature_extractor", NULL},
    {NULL, "num_patch_index_tokens", "[1024]"},
    /* pictures */
    {NULL, "image_processor_type", NULL},
    {NULL, "feature_extractor_type", NULL},
    {NULL, "processor_class", NULL},
    {NULL, "_processor_class", NULL},
    {NULL, "auto_map", NULL},
    {NULL, "_valid_processor_keys", NULL},
    {NULL, "use_fast", NULL},
    {NULL, "return_tensors", NULL},
    {NULL, "return_row_col_info", NULL},
    {NULL, "input_data_format", NULL},
    {NULL, "data_format", "[\"channels_first\"]"},
    {NULL, "default_to_square", NULL},
    {NULL, "disable_grouping", NULL},
    {NULL, "do_convert_rgb", NULL}, /* pictures are RGB already */
    {NULL, "do_resize", "[true]"},
    {NULL, "do_flip_channel_order", "[false]"},
    {NULL, "image_num_channels", "[3]"},
    {"idefics2", "do_pad", "[true]"},
    {"idefics3", "do_pad", "[true]"},
    {"mllama", "do_pad", "[true]"},
    {"llava_next", "do_pad", "[true]"},
    {NULL, "do_pad", "[false]"},
    {NULL, "do_center_crop", "[false]"},
    {"gemma3", "do_pan_and_scan", "[false]"},
    {"gemma3", "pan_and_scan_*", NULL},
    {"idefics3", "video_sampling", NULL},
    {"internvl", "crop_to_patches", NULL}, /* its processor says so anyway */
    {"resampler", "slice_mode", "[true]"},
    {"resampler", "use_image_id", "[true]"},
    {"resampler", "version", "[2.6]"},
    {"resampler", "im_start", "[\"<image>\"]"},
    {"resampler", "im_end", "[\"</image>\"]"},
    {"resampler", "slice_start", "[\"<slice>\"]"},
    {"resampler", "slice_end", "[\"</slice>\"]"},
    {"resampler", "unk", "[\"<unk>\"]"},
    {"resampler", "im_id_start", "[\"<image_id>\"]"},
    {"resampler", "im_id_end", "[\"</image_id>\"]"},
};

static bool is_of(const struct hf *h, const char *of) {
    const char *type = json_string_value(json_object_get(h->config, "model_type"));
    return !of || (h->eyes && strcmp(h->eyes->projector, of) == 0) ||
           strcmp(h->text->arch, of) == 0 || (type && strcmp(type, of) == 0);
}

const struct hf_rule *hf_rule_find(const struct hf *h, const struct hf_rule *rules, size_t n,
                                   const char *path) {
    const char *dot = strrchr(path, '.'), *last = dot ? dot + 1 : path;
    for (size_t i = 0; i < n; i++) {
        const bool whole = strchr(rules[i].path, '.') != NULL;
        if (is_of(h, rules[i].of) && fnmatch(rules[i].path, whole ? path : last, 0) == 0)
            return &rules[i];
    }
    return NULL;
}

#define CHECK(h, part, file, rules) \
    hf_asked_check(h, part, file, rules, sizeof(rules) / sizeof *(rules))

vidi_status hf_keys_check(struct hf *h) {
    TRY(CHECK(h, h->config, "config.json", config_rules));
    if (h->processor) TRY(CHECK(h, h->processor, "processor_config.json", process_rules));
    if (!h->process || h->process == json_object_get(h->processor, "image_processor"))
        return VIDI_OK;
    return CHECK(h, h->process, "preprocessor_config.json", process_rules);
}
