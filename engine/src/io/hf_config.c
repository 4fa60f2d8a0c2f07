#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

#define QWEN2VL                                                                               \
    "{\"hidden_size\":8192,\"intermediate_size\":29568,\"num_hidden_layers\":80,"             \
    "\"num_attention_heads\":64,\"num_key_value_heads\":8,\"max_position_embeddings\":32768," \
    "\"rms_norm_eps\":1e-5}"
static const struct hf_text texts[] = {
    {"llama", "llama",
     "{\"hidden_size\":4096,\"intermediate_size\":11008,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"max_position_embeddings\":2048,\"rms_norm_eps\":1e-6}",
     true},
    {"mistral", "llama",
     "{\"hidden_size\":4096,\"intermediate_size\":14336,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"num_key_value_heads\":8,\"max_position_embeddings\":131072,"
     "\"rms_norm_eps\":1e-6,\"sliding_window\":4096}",
     true},
    {"qwen2", "qwen2",
     "{\"hidden_size\":4096,\"intermediate_size\":22016,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"max_position_embeddings\":32768,\"rms_norm_eps\":1e-6}",
     false},
    {"qwen3", "qwen3",
     "{\"hidden_size\":4096,\"intermediate_size\":22016,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"head_dim\":128,\"max_position_embeddings\":32768,"
     "\"rms_norm_eps\":1e-6}",
     false},
    {"qwen3_vl_text", "qwen3vl",
     "{\"hidden_size\":4096,\"intermediate_size\":22016,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"num_key_value_heads\":32,\"head_dim\":128,"
     "\"max_position_embeddings\":128000,\"rms_norm_eps\":1e-6}",
     false},
    {"qwen2_vl", "qwen2vl", QWEN2VL, false},
    {"qwen2_vl_text", "qwen2vl", QWEN2VL, false},
    {"qwen2_5_vl", "qwen2vl", QWEN2VL, false},
    {"qwen2_5_vl_text", "qwen2vl", QWEN2VL, false},
    {"mllama_text_model", "mllama",
     "{\"hidden_size\":4096,\"intermediate_size\":14336,\"num_hidden_layers\":40,"
     "\"num_attention_heads\":32,\"num_key_value_heads\":8,\"max_position_embeddings\":131072,"
     "\"rms_norm_eps\":1e-5,\"vocab_size\":128256,\"rope_theta\":500000,"
     "\"cross_attention_layers\":[3,8,13,18,23,28,33,38]}",
     false},
    {"blip_text_model", "blip",
     "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":12,"
     "\"num_attention_heads\":8,\"max_position_embeddings\":512,\"hidden_act\":\"gelu\","
     "\"layer_norm_eps\":1e-12,\"bos_token_id\":30522}",
     false},
    {"idefics", "idefics",
     "{\"hidden_size\":4096,\"intermediate_size\":11008,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"max_position_embeddings\":2048,\"rms_norm_eps\":1e-6,"
     "\"cross_layer_interval\":1}",
     false},
    {"git", "git",
     "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":6,"
     "\"num_attention_heads\":12,\"max_position_embeddings\":1024,\"hidden_act\":\"gelu\","
     "\"layer_norm_eps\":1e-12}",
     false},
    {"gemma", "gemma",
     "{\"hidden_size\":3072,\"intermediate_size\":24576,\"num_hidden_layers\":28,"
     "\"num_attention_heads\":16,\"num_key_value_heads\":16,\"head_dim\":256,"
     "\"max_position_embeddings\":8192,\"rms_norm_eps\":1e-6}",
     false},
    {"gemma2", "gemma2",
     "{\"hidden_size\":2304,\"intermediate_size\":9216,\"num_hidden_layers\":26,"
     "\"num_attention_heads\":8,\"num_key_value_heads\":4,\"head_dim\":256,"
     "\"max_position_embeddings\":8192,\"rms_norm_eps\":1e-6,\"query_pre_attn_scalar\":256,"
     "\"sliding_window\":4096,\"attn_logit_softcapping\":50,\"final_logit_softcapping\":30}",
     false},
    {"gemma3_text", "gemma3",
     "{\"hidden_size\":2304,\"intermediate_size\":9216,\"num_hidden_layers\":26,"
     "\"num_attention_heads\":8,\"num_key_value_heads\":4,\"head_dim\":256,"
     "\"max_position_embeddings\":131072,\"rms_norm_eps\":1e-6,\"query_pre_attn_scalar\":256,"
     "\"sliding_window\":4096,\"rope_theta\":1000000,\"rope_local_base_freq\":10000}",
     false},
    {"kosmos_2_text_model", "kosmos2",
     "{\"embed_dim\":2048,\"ffn_dim\":8192,\"layers\":24,\"attention_heads\":32,"
     "\"max_position_embeddings\":2048,\"layer_norm_eps\":1e-5,\"scale_embedding\":true,"
     "\"activation_function\":\"gelu\"}",
     false},
    {"minicpmv", "qwen2",
     "{\"hidden_size\":3584,\"intermediate_size\":18944,\"num_hidden_layers\":28,"
     "\"num_attention_heads\":28,\"num_key_value_heads\":4,\"max_position_embeddings\":32768,"
     "\"rms_norm_eps\":1e-6,\"rope_theta\":1000000}",
     false},
    {"mplug_owl2", "owl2",
     "{\"hidden_size\":4096,\"intermediate_size\":11008,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"max_position_embeddings\":2048,\"rms_norm_eps\":1e-6}",
     true},
    {"mpt", "mpt",
     "{\"d_model\":2048,\"n_layers\":24,\"n_heads\":16,\"expansion_ratio\":4,\"max_seq_len\":2048,"
     "\"layer_norm_epsilon\":1e-5}",
     false},
    {"qwen", "qwen2",
     "{\"hidden_size\":4096,\"intermediate_size\":22016,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"kv_channels\":128,\"max_position_embeddings\":8192,"
     "\"seq_length\":2048,\"layer_norm_epsilon\":1e-6,\"rotary_emb_base\":10000,\"rotary_pct\":1,"
     "\"use_dynamic_ntk\":true,\"use_logn_attn\":true,\"scale_attn_weights\":true,"
     "\"no_bias\":true}",
     false},
    {"phi3", "phi3",
     "{\"hidden_size\":3072,\"intermediate_size\":8192,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":32,\"max_position_embeddings\":4096,"
     "\"original_max_position_embeddings\":4096,\"rms_norm_eps\":1e-5}",
     false},
    {"opt", "opt",
     "{\"hidden_size\":768,\"ffn_dim\":3072,\"num_hidden_layers\":12,\"num_attention_heads\":12,"
     "\"max_position_embeddings\":2048}",
     false},
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

#define SIGLIP                                                                   \
    "{\"hidden_size\":1152,\"intermediate_size\":3072,\"num_hidden_layers\":12," \
    "\"num_attention_heads\":16,\"image_size\":224,\"patch_size\":32,"           \
    "\"hidden_act\":\"gelu_pytorch_tanh\",\"layer_norm_eps\":1e-6}"
#define SIGLIP_SMALL                                                            \
    "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":12," \
    "\"num_attention_heads\":12,\"image_size\":224,\"patch_size\":32,"          \
    "\"hidden_act\":\"gelu_pytorch_tanh\",\"layer_norm_eps\":1e-6}"
#define SIGLIP_BASE                                                             \
    "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":12," \
    "\"num_attention_heads\":12,\"image_size\":224,\"patch_size\":16,"          \
    "\"hidden_act\":\"gelu_pytorch_tanh\",\"layer_norm_eps\":1e-6}"
#define CLIP                                                                    \
    "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":12," \
    "\"num_attention_heads\":12,\"image_size\":224,\"patch_size\":32,"          \
    "\"hidden_act\":\"quick_gelu\",\"layer_norm_eps\":1e-5}"

#define VIT_G                                                                                  \
    "{\"hidden_size\":1408,\"intermediate_size\":6144,\"num_hidden_layers\":39,"               \
    "\"num_attention_heads\":16,\"image_size\":224,\"patch_size\":14,\"hidden_act\":\"gelu\"," \
    "\"layer_norm_eps\":1e-6,\"qkv_bias\":true}"

static const struct hf_eyes eyes[] = {
    {"blip", "blip",
     "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":12,"
     "\"num_attention_heads\":12,\"image_size\":384,\"patch_size\":16,\"hidden_act\":\"gelu\","
     "\"layer_norm_eps\":1e-5}"},
    {"blip-2", "blip2", VIT_G},
    {"instructblip", "instructblip", VIT_G},
    {"kosmos-2", "kosmos2",
     "{\"hidden_size\":1024,\"intermediate_size\":4096,\"num_hidden_layers\":24,"
     "\"num_attention_heads\":16,\"image_size\":224,\"patch_size\":14,"
     "\"hidden_act\":\"quick_gelu\",\"layer_norm_eps\":1e-5}"},
    {"gemma3", "gemma3", SIGLIP_BASE},
    {"paligemma", "paligemma", SIGLIP_BASE},
    {"open_flamingo", "flamingo", CLIP},
    {"git", "git",
     "{\"hidden_size\":768,\"intermediate_size\":3072,\"num_hidden_layers\":12,"
     "\"num_attention_heads\":12,\"image_size\":224,\"patch_size\":16,"
     "\"hidden_act\":\"quick_gelu\",\"layer_norm_eps\":1e-5}"},
    {"idefics", "idefics",
     "{\"embed_dim\":768,\"intermediate_size\":5120,\"num_hidden_layers\":32,"
     "\"num_attention_heads\":16,\"image_size\":224,\"patch_size\":14,\"hidden_act\":\"gelu\","
     "\"layer_norm_eps\":1e-5}"},
    {"idefics2", "idefics2", SIGLIP_SMALL},
    {"idefics3", "idefics3", SIGLIP},
    {"smolvlm", "idefics3", SIGLIP},
    {"internvl", "internvl",
     "{\"hidden_size\":1024,\"intermediate_size\":4096,\"num_hidden_layers\":24,"
     "\"num_attention_heads\":16,\"image_size\":[448,448],\"patch_size\":[14,14],"
     "\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-6}"},
    {"minicpmv", "resampler", SIGLIP_BASE},
    {"mllama", "mllama",
     "{\"hidden_size\":1280,\"intermediate_size\":5120,\"num_hidden_layers\":32,"
     "\"num_global_layers\":8,\"attention_heads\":16,\"image_size\":448,\"patch_size\":14,"
     "\"hidden_act\":\"gelu\",\"norm_eps\":1e-5,\"max_num_tiles\":4,"
     "\"intermediate_layers_indices\":[3,7,15,23,30]}"},
    {"llava", "mlp", CLIP},
    {"llava_next", "mlp", CLIP},
    {"mplug_owl2", "owl2",
     "{\"hidden_size\":1024,\"intermediate_size\":4096,\"num_hidden_layers\":24,"
     "\"num_attention_heads\":16,\"image_size\":448,\"patch_size\":14,"
     "\"hidden_act\":\"quick_gelu\",\"layer_norm_eps\":1e-6}"},
    {"qwen", "qwenvl", "{\"n_queries\":256}"},
    {"qwen2_vl", "qwen2vl_merger",
     "{\"depth\":32,\"embed_dim\":1280,\"num_heads\":16,\"mlp_ratio\":4,\"patch_size\":14,"
     "\"hidden_act\":\"quick_gelu\",\"spatial_merge_size\":2,\"temporal_patch_size\":2}"},
    {"qwen3_vl", "qwen3vl_merger",
     "{\"depth\":27,\"hidden_size\":1152,\"num_heads\":16,\"intermediate_size\":4304,"
     "\"patch_size\":16,\"hidden_act\":\"gelu_pytorch_tanh\",\"spatial_merge_size\":2,"
     "\"temporal_patch_size\":2,\"deepstack_visual_indexes\":[8,16,24]}"},
    {"qwen2_5_vl", "qwen2.5vl_merger",
     "{\"depth\":32,\"hidden_size\":3584,\"num_heads\":16,\"intermediate_size\":3420,"
     "\"patch_size\":14,\"hidden_act\":\"silu\",\"spatial_merge_size\":2,"
     "\"temporal_patch_size\":2,\"window_size\":112,\"fullatt_block_indexes\":[7,15,23,31]}"},
};
enum { N_EYES = sizeof eyes / sizeof *eyes };

const struct hf_text *hf_text_find(const char *model_type) {
    for (int i = 0; i < N_TEXTS; i++)
        if (strcmp(texts[i].model_type, model_type) == 0) return &texts[i];
    return NULL;
}

const struct hf_eyes *hf_eyes_find(const char *model_type) {
    for (int i = 0; i < N_EYES; i++)
        if (strcmp(eyes[i].model_type, model_type) == 0) return &eyes[i];
    return NULL;
}

static vidi_status unknown_type(struct hf *h, const char *where, const char *type) {
    if (strcmp(type, "internvl_chat") == 0)
        return vd_fail(
            h->ctx, VIDI_E_UNSUPPORTED,
            "%.600s/config.json: model_type is 'internvl_chat', InternVL's own form; the "
            "same model is read from its repository whose name ends in -hf",
            h->folder);
    char known[1024] = "";
    for (int i = 0; i < N_TEXTS + N_EYES; i++) {
        const char *one = i < N_TEXTS ? texts[i].model_type : eyes[i - N_TEXTS].model_type;
        if (i >= N_TEXTS && hf_text_find(one)) continue; /* named already */
        if (i) strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, one, sizeof known - strlen(known) - 1);
    }
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/config.json: %smodel_type is '%.64s', which is not supported (known: "
                   "%s)",
                   h->folder, where, type, known);
}

json_t *hf_with_defaults(struct hf *h, json_t *object, const char *defaults) {
    json_t *all = json_is_object(object) ? json_copy(object) : json_object();
    json_t *missing = json_loads(defaults, 0, NULL);
    const char *key;
    json_t *value;
    json_object_foreach(missing, key, value) {
        if (!json_object_get(all, key)) json_object_set(all, key, value);
    }
    json_decref(missing);
    return all ? hf_stands_for(h, all, object) : NULL;
}

static vidi_status sub_object(struct hf *h, json_t *of, const char *where, const char *key,
                              json_t **out) {
    *out = hf_get(h, of, key);
    if (!*out || json_is_null(*out)) return hf_bad(h, where, key, "is missing");
    return json_is_object(*out) ? VIDI_OK : hf_bad(h, where, key, "is no object");
}

/* vision_config, or what stands for it. */
static vidi_status find_sight(struct hf *h, json_t **out) {
    h->sight_at = "vision_config.";
    if (strcmp(h->eyes->projector, "qwenvl") == 0) {
        h->sight_at = "visual.";
        return sub_object(h, h->config, "", "visual", out);
    }
    if (strcmp(h->eyes->projector, "owl2") != 0)
        return sub_object(h, h->config, "", "vision_config", out);
    h->sight_at = "visual_config.visual_model.";
    TRY(sub_object(h, h->config, "", "visual_config", out));
    return sub_object(h, *out, "visual_config.", "visual_model", out);
}

static vidi_status refuse_quantised(struct hf *h) {
    const json_t *q = hf_get(h, h->config, "quantization_config");
    if (!q || json_is_null(q)) return VIDI_OK;
    const char *how = json_string_value(hf_get(h, q, "quant_method"));
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/config.json: quantization_config: weights quantised by '%.32s' are not "
                   "supported",
                   h->folder, how ? how : "?");
}

vidi_status hf_config_read(struct hf *h) {
    const char *type = json_string_value(hf_get(h, h->config, "model_type"));
    json_t *text = h->config;
    if (!type) return hf_bad(h, "", "model_type", "is missing or no text");
    TRY(refuse_quantised(h));
    h->numbers_at = "";
    h->eyes = hf_eyes_find(type);
    if (h->eyes && strcmp(h->eyes->projector, "qwenvl") == 0) TRY(hf_qwen_sees(h));
    if (h->eyes) {
        json_t *sight;
        TRY(find_sight(h, &sight));
        if (json_is_object(hf_get(h, h->config, "text_config"))) {
            TRY(sub_object(h, h->config, "", "text_config",
                           &text)); /* else its fields stand beside it */
            h->numbers_at = "text_config.";
        }
        type = json_string_value(hf_get(h, text, "model_type"));
        if (!type) return hf_bad(h, h->numbers_at, "model_type", "is missing or no text");
        const char *tower = json_string_value(hf_get(h, sight, "model_type"));
        const bool siglip = tower && strcmp(tower, "siglip_vision_model") == 0;
        h->sight = hf_with_defaults(
            h, sight,
            siglip && strcmp(h->eyes->projector, "mlp") == 0 ? SIGLIP_BASE : h->eyes->defaults);
    }
    h->text = hf_text_find(type);
    if (!h->text) return unknown_type(h, h->numbers_at, type);
    h->numbers = hf_with_defaults(h, text, h->text->defaults);
    return h->numbers && (h->sight || !h->eyes) ? VIDI_OK : VIDI_E_MEMORY;
}

/* --- single fields -----------------------------------------------------------------------------
 */

static const json_t *field(struct hf *h, const struct hf_field *f, vidi_status *status) {
    const json_t *value = hf_get(h, f->object, f->key);
    if (*status != VIDI_OK) return NULL;
    if (value && !json_is_null(value)) return value;
    if (f->needed) *status = hf_bad(h, f->where, f->key, "is missing");
    return NULL;
}

double hf_number(struct hf *h, const struct hf_field *f, double lo, double hi,
                 vidi_status *status) {
    const json_t *value = field(h, f, status);
    char words[96];
    if (!value) return 0;
    const double number = json_number_value(value);
    if (json_is_number(value) && number >= lo && number <= hi) return number;
    snprintf(words, sizeof words, "is no number from %g to %g", lo, hi);
    *status = hf_bad(h, f->where, f->key, words);
    return 0;
}

uint32_t hf_whole(struct hf *h, const struct hf_field *f, uint32_t lo, uint32_t hi,
                  vidi_status *status) {
    const json_t *value = field(h, f, status);
    char words[96];
    if (!value) return 0;
    const json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= lo && number <= hi) return (uint32_t)number;
    snprintf(words, sizeof words, "is no whole number from %u to %u", lo, hi);
    *status = hf_bad(h, f->where, f->key, words);
    return 0;
}

/* --- tables: field of config.json -> key of the metadata ----------------------------------------
 */

void hf_put_rows(struct hf *h, json_t *object, const char *where, const struct hf_row *rows,
                 size_t n, vidi_status *status) {
    for (size_t i = 0; i < n && *status == VIDI_OK; i++) {
        const struct hf_row *r = &rows[i];
        const struct hf_field f = {object, where, r->from, r->needed};
        const json_t *found = hf_get(h, object, r->from);
        if (!r->needed && (!found || json_is_null(found))) continue;
        if (r->fraction)
            put_f32(&h->put, r->to, hf_number(h, &f, r->lo, r->hi, status));
        else
            put_u32(&h->put, r->to, hf_whole(h, &f, (uint32_t)r->lo, (uint32_t)r->hi, status));
    }
}

const struct hf_row hf_text_rows[HF_TEXT_ROWS] = {
    {"num_hidden_layers", ".block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".embedding_length", 1, DIM_MOST, false, true},
    {"intermediate_size", ".feed_forward_length", 1, WIDE_MOST, false, true},
    {"num_attention_heads", ".attention.head_count", 1, 1024, false, true},
    {"num_key_value_heads", ".attention.head_count_kv", 1, 1024, false, false},
    {"head_dim", ".attention.key_length", 8, 1024, false, false},
    {"rms_norm_eps", ".attention.layer_norm_rms_epsilon", 0, 1, true, true},
};

/* Layers may see a window only where there is one, which is never looked over. */
static void want_whole_layers(struct hf *h, bool windowed, vidi_status *status) {
    const json_t *types = hf_get(h, h->numbers, "layer_types");
    for (size_t i = 0; i < json_array_size(types) && *status == VIDI_OK; i++) {
        const char *type = json_string_value(json_array_get(types, i));
        const bool whole = type && strcmp(type, "full_attention") == 0;
        const bool part = type && windowed && strcmp(type, "sliding_attention") == 0;
        if (!whole && !part)
            *status = hf_bad(h, h->numbers_at, "layer_types",
                             "names other layers than full_attention, which is not supported");
    }
}

/* A decoder that sees a window only is used up to its length, where both are the same. */
static void put_context(struct hf *h, vidi_status *status) {
    const struct hf_field whole = {h->numbers, h->numbers_at, "max_position_embeddings", true};
    const struct hf_field window = {h->numbers, h->numbers_at, "sliding_window", false};
    uint32_t context = hf_whole(h, &whole, 1, CONTEXT_MOST, status);
    const json_t *uses = hf_get(h, h->numbers, "use_sliding_window");
    const uint32_t width = hf_whole(h, &window, 1, CONTEXT_MOST, status);
    const uint32_t seen = json_is_false(uses) ? 0 : width;
    want_whole_layers(h, seen != 0, status);
    if (seen && seen < context) context = seen;
    if (*status == VIDI_OK) put_u32(&h->put, ".context_length", context);
}

/* What the families cannot do must not be left out in silence. */
static void refuse_text(struct hf *h, vidi_status *status) {
    static const char *const flags[] = {"attention_bias", "mlp_bias"};
    const char *act = json_string_value(hf_get(h, h->numbers, "hidden_act"));
    for (int i = 0; i < 2 && *status == VIDI_OK; i++)
        if (json_is_true(hf_get(h, h->numbers, flags[i])))
            *status = hf_bad(h, h->numbers_at, flags[i], "is true, which is not supported");
    if (*status == VIDI_OK && act && strcmp(act, "silu") != 0)
        *status = vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                          "%.600s/config.json: %shidden_act is '%.32s', only silu is supported",
                          h->folder, h->numbers_at, act);
}

/* Kinds whose numbers are called otherwise, by model_type or by what it becomes. */
static const struct {
    const char *kind;
    void (*put)(struct hf *h, vidi_status *status);
} own_numbers[] = {{"blip", hf_blip_text},    {"gemma", hf_gemma_text},
                   {"gemma2", hf_gemma_text}, {"gemma3", hf_gemma_text},
                   {"git", hf_git_text},      {"kosmos2", hf_kosmos2_text},
                   {"mpt", hf_mpt_text},      {"opt", hf_opt_text},
                   {"qwen", hf_qwen_text}},
  /* Kinds that have some beside the usual ones. */
    more_numbers[] = {{"idefics", hf_idefics_text}, {"mllama", hf_mllama_text}};

static bool is_kind(const struct hf *h, const char *kind) {
    return strcmp(kind, h->text->arch) == 0 || strcmp(kind, h->text->model_type) == 0;
}

/* How many of the eyes' lower layers speak to the decoder. */
static void put_deep(struct hf *h) {
    const json_t *layers = hf_get(h, h->sight, "deepstack_visual_indexes");
    if (layers && strcmp(h->text->arch, "qwen3vl") == 0)
        put_u32(&h->put, ".n_deepstack_layers", (uint32_t)json_array_size(layers));
}

void hf_config_text(struct hf *h, vidi_status *status) {
    for (size_t i = 0; i < sizeof own_numbers / sizeof *own_numbers; i++)
        if (is_kind(h, own_numbers[i].kind)) {
            own_numbers[i].put(h, status);
            return;
        }
    hf_put_rows(h, h->numbers, h->numbers_at, hf_text_rows, HF_TEXT_ROWS, status);
    put_context(h, status);
    refuse_text(h, status);
    put_deep(h);
    for (size_t i = 0; i < sizeof more_numbers / sizeof *more_numbers; i++)
        if (is_kind(h, more_numbers[i].kind)) more_numbers[i].put(h, status);
    if (h->text->halves) put_bool(&h->put, ".rope.halves", true);
    if (*status == VIDI_OK) hf_rope(h, status);
}
