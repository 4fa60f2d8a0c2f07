/* hf_counts.c - numbers that a processor has twice: how many tokens stand for a picture, what a
 * patch is. The reference puts so many tokens into the prompt, the model gives so many rows; vidi
 * goes by the model's, so that both must be the same. */
#include <string.h>

#include "io/hf_inside.h"

static json_int_t whole(const json_t *object, const char *key, json_int_t usual) {
    const json_t *n = json_object_get(object, key);
    if (json_is_array(n)) n = json_array_get(n, 0);
    return json_is_integer(n) ? json_integer_value(n) : usual;
}

static json_int_t side(const struct hf *h) {
    const json_int_t patch = whole(h->sight, "patch_size", 0);
    return patch > 0 ? whole(h->sight, "image_size", 0) / patch : 0;
}

static json_int_t shuffled(const struct hf *h, json_int_t by) {
    return by > 0 ? side(h) / by * (side(h) / by) : 0;
}

static json_int_t of_patch(const struct hf *h) { return whole(h->sight, "patch_size", 0); }
static json_int_t of_merge(const struct hf *h) { return whole(h->sight, "spatial_merge_size", 0); }
static json_int_t two(const struct hf *h) { return (void)h, 2; }
static json_int_t of_grid(const struct hf *h) { return side(h) * side(h); }
static json_int_t of_intern(const struct hf *h) { return shuffled(h, 2); }
static json_int_t of_idefics3(const struct hf *h) {
    return shuffled(h, whole(h->config, "scale_factor", 2));
}
static json_int_t of_idefics2(const struct hf *h) {
    return whole(json_object_get(h->config, "perceiver_config"), "resampler_n_latents", 64);
}
static json_int_t of_gemma3(const struct hf *h) {
    return whole(h->config, "mm_tokens_per_image", 256);
}
static json_int_t of_queries(const struct hf *h) {
    return whole(h->config, "num_query_tokens", 32);
}
static json_int_t of_minicpmv(const struct hf *h) { return whole(h->config, "query_num", 64); }
static bool is_siglip(const struct hf *h) {
    const char *type = json_string_value(json_object_get(h->sight, "model_type"));
    return type && strcmp(type, "siglip_vision_model") == 0;
}
/* The class row, which CLIP's tower has beside its grid. */
static json_int_t of_class(const struct hf *h) { return !is_siglip(h); }

static const struct count {
    const char *of;   /* a projector */
    bool of_pictures; /* stands where it is said what is done to pictures; else beside that */
    const char *key;
    json_int_t (*want)(const struct hf *h);
    const char *by; /* of config.json, for messages */
} counts[] = {
    {"mlp", false, "patch_size", of_patch, "vision_config.patch_size"},
    {"mlp", false, "num_additional_image_tokens", of_class, "vision_config.model_type"},
    {"idefics2", false, "image_seq_len", of_idefics2, "perceiver_config.resampler_n_latents"},
    {"idefics3", false, "image_seq_len", of_idefics3,
     "vision_config.image_size, patch_size and scale_factor"},
    {"gemma3", false, "image_seq_length", of_gemma3, "mm_tokens_per_image"},
    {"gemma3", true, "image_seq_length", of_gemma3, "mm_tokens_per_image"},
    {"paligemma", true, "image_seq_length", of_grid, "vision_config.image_size and patch_size"},
    {"internvl", false, "image_seq_length", of_intern, "vision_config.image_size and patch_size"},
    {"internvl", true, "image_seq_length", of_intern, "vision_config.image_size and patch_size"},
    {"blip2", false, "num_query_tokens", of_queries, "num_query_tokens"},
    {"instructblip", false, "num_query_tokens", of_queries, "num_query_tokens"},
    {"resampler", true, "patch_size", of_patch, "vision_config.patch_size"},
    {"resampler", true, "image_feature_size", of_minicpmv, "query_num"},
    {"qwen2vl_merger", true, "patch_size", of_patch, "vision_config.patch_size"},
    {"qwen2vl_merger", true, "merge_size", of_merge, "vision_config.spatial_merge_size"},
    {"qwen2vl_merger", true, "temporal_patch_size", two, "vision_config.temporal_patch_size"},
    {"qwen2.5vl_merger", true, "patch_size", of_patch, "vision_config.patch_size"},
    {"qwen2.5vl_merger", true, "merge_size", of_merge, "vision_config.spatial_merge_size"},
    {"qwen2.5vl_merger", true, "temporal_patch_size", two, "vision_config.temporal_patch_size"},
    {"qwen3vl_merger", true, "patch_size", of_patch, "vision_config.patch_size"},
    {"qwen3vl_merger", true, "merge_size", of_merge, "vision_config.spatial_merge_size"},
    {"qwen3vl_merger", true, "temporal_patch_size", two, "vision_config.temporal_patch_size"},
};

static vidi_status check_count(struct hf *h, const struct count *c) {
    const json_t *says = hf_get(h, c->of_pictures ? h->process : h->processor, c->key);
    const json_int_t want = c->want(h);
    if (!says || json_is_null(says) || want < 0 || want > DIM_MOST) return VIDI_OK;
    if (json_is_number(says) && json_number_value(says) == (double)want) return VIDI_OK;
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/%s: %s is not %lld, which config.json's %s makes it", h->folder,
                   c->of_pictures ? h->process_at : "processor_config.json", c->key,
                   (long long)want, c->by);
}

/* Which rows of the tower a picture's tokens stand for. */
static vidi_status check_strategy(struct hf *h) {
    const json_t *says = hf_get(h, h->processor, "vision_feature_select_strategy");
    const char *want = is_siglip(h) ? "full" : "default", *text = json_string_value(says);
    if (!says || json_is_null(says) || (text && strcmp(text, want) == 0)) return VIDI_OK;
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/processor_config.json: vision_feature_select_strategy is not '%s'",
                   h->folder, want);
}

static vidi_status check_grids(struct hf *h) {
    const json_t *says = hf_get(h, h->process, "image_grid_pinpoints");
    if (!says || json_is_null(says) ||
        json_equal(says, json_object_get(h->config, "image_grid_pinpoints")))
        return VIDI_OK;
    return hf_process_bad(h, "image_grid_pinpoints", "are not those of config.json");
}

vidi_status hf_counts_check(struct hf *h) {
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (strcmp(counts[i].of, h->eyes->projector) == 0) TRY(check_count(h, &counts[i]));
    if (strcmp(h->eyes->projector, "mlp") == 0) TRY(check_strategy(h));
    return strcmp(h->eyes->model_type, "llava_next") == 0 ? check_grids(h) : VIDI_OK;
}
