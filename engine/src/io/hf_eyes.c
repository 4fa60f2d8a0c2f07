/* hf_eyes.c - vision_config and preprocessor_config.json as clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_row eyes_rows[] = {
    {"image_size", ".vision.image_size", 8, 4096, false, true},
    {"patch_size", ".vision.patch_size", 1, 512, false, true},
    {"num_hidden_layers", ".vision.block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".vision.embedding_length", 1, 16384, false, true},
    {"intermediate_size", ".vision.feed_forward_length", 1, DIM_MOST, false, true},
    {"num_attention_heads", ".vision.attention.head_count", 1, 1024, false, true},
    {"layer_norm_eps", ".vision.attention.layer_norm_epsilon", 0, 1, true, true},
};

static void put_act(struct hf *h, vidi_status *status) {
    static const struct {
        const char *act, *key;
    } acts[] = {{"gelu_pytorch_tanh", ".use_gelu"}, {"quick_gelu", NULL}};
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    for (size_t i = 0; act && i < sizeof acts / sizeof *acts; i++) {
        if (strcmp(acts[i].act, act) != 0) continue;
        if (acts[i].key) put_bool(&h->put, acts[i].key, true);
        return;
    }
    if (*status == VIDI_OK)
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not an activation that is known");
}

/* size: {"longest_edge": n} or n. 0: not there. */
static uint32_t side_of(const struct hf *h, const json_t *process, const char *field,
                        const char *side) {
    const json_t *size = hf_get(h, process, field);
    const json_t *n = json_is_object(size) ? hf_get(h, size, side) : size;
    const json_int_t value = json_integer_value(n);
    return value > 0 && value <= 65536 ? (uint32_t)value : 0;
}

/* Between the two matrices of a connector. */
static void put_projector_act(struct hf *h, vidi_status *status) {
    static const char *const acts[] = {"gelu", "gelu_pytorch_tanh", "quick_gelu", "silu", "relu"};
    const json_t *says = hf_get(h, h->config, "projector_hidden_act");
    const char *act = json_string_value(says);
    if (!says || json_is_null(says) || *status != VIDI_OK) return;
    for (size_t i = 0; act && i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i], act) == 0) {
            put_text(&h->put, ".vision.projector.act", act, strlen(act));
            return;
        }
    *status = hf_bad(h, "", "projector_hidden_act", "is not an activation that is known");
}

static void want_siglip(struct hf *h, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu_pytorch_tanh") != 0))
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not gelu_pytorch_tanh");
}

static void put_nothing(struct hf *h, json_t *process, vidi_status *status) {
    (void)h, (void)process, (void)status;
}

/* PaliGemma: its one matrix makes rows as wide as the decoder's. */
static void put_paligemma(struct hf *h, json_t *process, vidi_status *status) {
    const struct hf_field made = {h->config, "", "projection_dim", false};
    const struct hf_field taken = {h->numbers, h->numbers_at, "hidden_size", true};
    const uint32_t cols = hf_whole(h, &made, 1, DIM_MOST, status);
    (void)process;
    if (cols && cols != hf_whole(h, &taken, 1, DIM_MOST, status) && *status == VIDI_OK)
        *status = hf_bad(h, "", "projection_dim", "is not text_config.hidden_size");
}

static void put_idefics3(struct hf *h, json_t *process, vidi_status *status) {
    const struct hf_field factor = {h->config, "", "scale_factor", false};
    const uint32_t longest = side_of(h, process, "size", "longest_edge");
    const uint32_t tile = side_of(h, process, "max_image_size", "longest_edge");
    const uint32_t found = hf_whole(h, &factor, 1, 64, status);
    const json_int_t side = json_integer_value(hf_get(h, h->sight, "image_size"));
    want_siglip(h, status);
    put_u32(&h->put, ".vision.projector.scale_factor", found ? found : 2);
    if (longest) put_u32(&h->put, ".vision.preproc_image_size", longest);
    if (json_is_false(hf_get(h, process, "do_image_splitting")))
        put_bool(&h->put, ".vision.image_whole", true);
    if (*status == VIDI_OK && tile && tile != side)
        *status =
            vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                    "%.600s/%s: max_image_size.longest_edge is %u, but vision_config.image_size "
                    "is %lld",
                    h->folder, h->process_at, tile, (long long)side);
}

static const struct hf_row perceiver_rows[] = {
    {"resampler_n_latents", ".perceiver.latents", 1, 4096, false, true},
    {"resampler_depth", ".perceiver.block_count", 1, LAYERS_MOST, false, true},
    {"resampler_n_heads", ".perceiver.attention.head_count", 1, 1024, false, true},
    {"num_key_value_heads", ".perceiver.attention.head_count_kv", 1, 1024, false, true},
    {"resampler_head_dim", ".perceiver.attention.key_length", 8, 1024, false, true},
    {"hidden_size", ".perceiver.embedding_length", 1, DIM_MOST, false, true},
    {"rms_norm_eps", ".perceiver.attention.layer_norm_rms_epsilon", 0, 1, true, true},
};
static const char perceiver_defaults[] =
    "{\"resampler_n_latents\":64,\"resampler_depth\":3,\"resampler_n_heads\":16,"
    "\"num_key_value_heads\":4,\"resampler_head_dim\":96,\"hidden_size\":4096,"
    "\"rms_norm_eps\":1e-6,\"hidden_act\":\"silu\"}";

/* A width that is not the decoder's was left out of the file, and so was the norm's constant. */
static void as_wide_as_text(const struct hf *h, json_t *numbers) {
    static const char *const keys[] = {"hidden_size", "rms_norm_eps"};
    if (json_equal(hf_get(h, numbers, keys[0]), hf_get(h, h->numbers, keys[0]))) return;
    for (int i = 0; i < 2; i++) json_object_set(numbers, keys[i], hf_get(h, h->numbers, keys[i]));
}

static void put_idefics2(struct hf *h, json_t *process, vidi_status *status) {
    static const char where[] = "perceiver_config.";
    const uint32_t longest = side_of(h, process, "size", "longest_edge");
    const uint32_t shortest = side_of(h, process, "size", "shortest_edge");
    json_t *numbers =
        hf_with_defaults(h, hf_get(h, h->config, "perceiver_config"), perceiver_defaults);
    as_wide_as_text(h, numbers);
    const char *act = json_string_value(hf_get(h, numbers, "hidden_act"));
    want_siglip(h, status);
    hf_put_rows(h, numbers, where, perceiver_rows, sizeof perceiver_rows / sizeof *perceiver_rows,
                status);
    if (*status == VIDI_OK && (!act || strcmp(act, "silu") != 0))
        *status = hf_bad(h, where, "hidden_act", "is not silu");
    put_u32(&h->put, ".vision.longest_side", longest ? longest : 980);
    put_u32(&h->put, ".vision.shortest_side", shortest ? shortest : 378);
    put_bool(&h->put, ".vision.image_split",
             json_is_true(hf_get(h, process, "do_image_splitting")));
}

/* LLaVA-1.6: the grids of tiles, as pairs of height and width in pixels. */
static void put_grids(struct hf *h, vidi_status *status) {
    enum { NUMBERS = 128 };
    const json_t *grids = hf_get(h, h->config, "image_grid_pinpoints");
    int32_t numbers[NUMBERS];
    uint32_t n = 0;
    if (*status != VIDI_OK || strcmp(h->eyes->model_type, "llava_next") != 0) return;
    bool good = json_array_size(grids) > 0 && 2 * json_array_size(grids) <= NUMBERS;
    for (size_t i = 0; good && i < json_array_size(grids); i++)
        for (size_t k = 0; good && k < 2; k++) {
            const json_int_t side = json_integer_value(json_array_get(json_array_get(grids, i), k));
            good = side > 0 && side <= 16384;
            numbers[n++] = (int32_t)side;
        }
    if (good)
        put_ints(&h->put, ".vision.image_grid_pinpoints", numbers, n);
    else
        *status = hf_bad(h, "", "image_grid_pinpoints", "is no list of heights and widths");
}

/* LLaVA: CLIP's rows behind the last layer but one, without the class row; or all of SigLIP's,
 * behind either of the last two layers, which then are all that count. */
static void put_llava(struct hf *h, json_t *process, vidi_status *status) {
    const json_t *given = hf_get(h, h->config, "vision_feature_layer");
    const char *how = json_string_value(hf_get(h, h->config, "vision_feature_select_strategy"));
    const char *kind = json_string_value(hf_get(h, h->sight, "model_type"));
    const struct hf_field depth = {h->sight, h->sight_at, "num_hidden_layers", true};
    const bool clip = !kind || strcmp(kind, "clip_vision_model") == 0;
    const bool siglip = kind && strcmp(kind, "siglip_vision_model") == 0;
    const json_int_t layer = given && !json_is_null(given) ? json_integer_value(given) : -2;
    (void)process;
    put_projector_act(h, status);
    put_grids(h, status);
    const uint32_t layers = hf_whole(h, &depth, 2, LAYERS_MOST, status);
    if (*status != VIDI_OK) return;
    if (siglip && layer == -2) /* the last one is not read */
        json_object_set_new(h->sight, "num_hidden_layers", json_integer(layers - 1));
    hf_tower(h, status);
    put_act(h, status);
    if (*status != VIDI_OK) return;
    if (!clip && !siglip)
        *status = hf_bad(h, h->sight_at, "model_type",
                         "is neither clip_vision_model nor siglip_vision_model");
    else if (clip && layer != -2)
        *status = hf_bad(h, "", "vision_feature_layer", "is not -2, which alone is supported");
    else if (siglip && layer != -2 && layer != -1)
        *status = hf_bad(h, "", "vision_feature_layer", "is neither -1 nor -2");
    else if (strcmp(how ? how : "default", siglip ? "full" : "default") != 0)
        *status = hf_bad(h, "", "vision_feature_select_strategy",
                         siglip ? "is not 'full'" : "is not 'default'");
}

/* The side of a square, which stands as a pair. */
static void put_square(struct hf *h, const char *key, const char *to, double hi,
                       vidi_status *status) {
    const json_t *sides = hf_get(h, h->sight, key);
    const json_int_t side =
        json_integer_value(json_is_array(sides) ? json_array_get(sides, 0) : sides);
    if (*status != VIDI_OK) return;
    if (json_is_array(sides) && json_integer_value(json_array_get(sides, 1)) != side)
        *status = hf_bad(h, h->sight_at, key, "is no square");
    else if (side < 1 || side > hi)
        *status = hf_bad(h, h->sight_at, key, "is no size of a square");
    else
        put_u32(&h->put, to, (uint32_t)side);
}

/* How many tiles a picture is cut in, at least or at most. */
static void put_tiles(struct hf *h, json_t *process, const char *key, const char *to,
                      vidi_status *status) {
    const struct hf_field f = {process, "preprocessor_config.json: ", key, false};
    const uint32_t n = hf_whole(h, &f, 1, 64, status);
    if (n) put_u32(&h->put, to, n);
}

static void refuse_intern(struct hf *h, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    const char *norm = json_string_value(hf_get(h, h->sight, "norm_type"));
    const json_t *layer = hf_get(h, h->config, "vision_feature_layer");
    const bool normed = json_is_true(hf_get(h, h->sight, "use_qk_norm"));
    const struct {
        bool bad;
        const char *where, *key, *words;
    } cases[] = {
        {!act || strcmp(act, "gelu") != 0, h->sight_at, "hidden_act", "is not gelu"},
        {norm && strcmp(norm, "layer_norm") != 0, h->sight_at, "norm_type", "is not layer_norm"},
        {normed, h->sight_at, "use_qk_norm", "is true, which is not supported"},
        {layer && json_integer_value(layer) != -1, "", "vision_feature_layer",
         "is not -1, which alone is supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && *status == VIDI_OK; i++)
        if (cases[i].bad) *status = hf_bad(h, cases[i].where, cases[i].key, cases[i].words);
}

static void put_intern(struct hf *h, json_t *process, vidi_status *status) {
    const json_t *ratio = hf_get(h, h->config, "downsample_ratio");
    const double part = json_is_number(ratio) ? json_number_value(ratio) : 0.5;
    put_square(h, "image_size", ".vision.image_size", 4096, status);
    put_square(h, "patch_size", ".vision.patch_size", 512, status);
    hf_put_rows(h, h->sight, h->sight_at, eyes_rows + 2, sizeof eyes_rows / sizeof *eyes_rows - 2,
                status);
    put_tiles(h, process, "min_patches", ".vision.preproc_min_tiles", status);
    put_tiles(h, process, "max_patches", ".vision.preproc_max_tiles", status);
    put_projector_act(h, status);
    refuse_intern(h, status);
    if (*status == VIDI_OK && part != 0.5)
        *status = hf_bad(h, "", "downsample_ratio", "is not 0.5, which alone is supported");
    else
        put_u32(&h->put, ".vision.projector.scale_factor", 2);
}

/* --- Qwen2-VL, Qwen2.5-VL and Qwen3-VL
 * -------------------------------------------------------------------
 */

static const struct hf_row qwen_rows[] = {
    {"patch_size", ".vision.patch_size", 1, 512, false, true},
    {"depth", ".vision.block_count", 1, LAYERS_MOST, false, true},
    {"num_heads", ".vision.attention.head_count", 1, 1024, false, true},
    {"spatial_merge_size", ".vision.spatial_merge_size", 1, 16, false, true},
};
static const struct hf_row qwen2_rows[] = {
    {"embed_dim", ".vision.embedding_length", 1, 16384, false, true},
};
static const struct hf_row qwen25_rows[] = {
    {"hidden_size", ".vision.embedding_length", 1, 16384, false, true},
    {"intermediate_size", ".vision.feed_forward_length", 1, DIM_MOST, false, true},
    {"window_size", ".vision.window_size", 1, 8192, false, true},
};
static const struct hf_row qwen3_rows[] = {
    {"hidden_size", ".vision.embedding_length", 1, 16384, false, true},
    {"intermediate_size", ".vision.feed_forward_length", 1, DIM_MOST, false, true},
};
#define PUT(h, rows, status) \
    hf_put_rows(h, (h)->sight, (h)->sight_at, rows, sizeof(rows) / sizeof *(rows), status)

/* The fewest and most pixels of a picture: by their own names, or as `size`. */
static void put_pixels(struct hf *h, json_t *process, const char *own, const char *edge,
                       const char *to, vidi_status *status) {
    json_t *size = hf_get(h, process, "size");
    const struct hf_field first = {process, "preprocessor_config.json: ", own, false};
    const struct hf_field second = {size, "preprocessor_config.json: size.", edge, false};
    uint32_t n = hf_whole(h, &first, 1, 1 << 26, status);
    if (!n) n = hf_whole(h, &second, 1, 1 << 26, status);
    if (n) put_u32(&h->put, to, n);
}

static void put_qwen(struct hf *h, json_t *process, vidi_status *status) {
    enum { PATCHES = 40 }; /* of a side of a picture that stands for all sizes */
    const struct hf_field patch = {h->sight, h->sight_at, "patch_size", true};
    const json_t *frames = hf_get(h, h->sight, "temporal_patch_size");
    PUT(h, qwen_rows, status);
    put_u32(&h->put, ".vision.image_size", PATCHES * hf_whole(h, &patch, 1, 100, status));
    put_f32(&h->put, ".vision.attention.layer_norm_epsilon", 1e-6);
    put_pixels(h, process, "min_pixels", "shortest_edge", ".vision.image_min_pixels", status);
    put_pixels(h, process, "max_pixels", "longest_edge", ".vision.image_max_pixels", status);
    if (*status == VIDI_OK && json_integer_value(frames) != 2)
        *status = hf_bad(h, h->sight_at, "temporal_patch_size", "is not 2");
}

/* Rows that come out of the eyes are as wide as the decoder's. */
static void want_out(struct hf *h, const char *key, vidi_status *status) {
    const struct hf_field out = {h->sight, h->sight_at, key, false};
    const struct hf_field text = {h->numbers, h->numbers_at, "hidden_size", true};
    const uint32_t cols = hf_whole(h, &out, 1, DIM_MOST, status);
    if (cols && cols != hf_whole(h, &text, 1, DIM_MOST, status) && *status == VIDI_OK)
        *status = hf_bad(h, h->sight_at, key, "is not the hidden_size of the decoder");
}

static void put_qwen2(struct hf *h, json_t *process, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    put_qwen(h, process, status);
    PUT(h, qwen2_rows, status);
    want_out(h, "hidden_size", status);
    put_u32(&h->put, ".vision.feed_forward_length", 1); /* the family goes by the matrices */
    if (*status == VIDI_OK && (!act || strcmp(act, "quick_gelu") != 0))
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not quick_gelu");
}

static void put_qwen3(struct hf *h, json_t *process, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    const json_t *deep = hf_get(h, h->sight, "deepstack_visual_indexes");
    const struct hf_field depth = {h->sight, h->sight_at, "depth", true};
    int32_t flags[LAYERS_MOST] = {0};
    put_qwen(h, process, status);
    PUT(h, qwen3_rows, status);
    want_out(h, "out_hidden_size", status);
    put_bool(&h->put, ".use_gelu", true);
    const uint32_t n = hf_whole(h, &depth, 1, LAYERS_MOST, status);
    json_int_t next = 0;
    for (size_t i = 0; *status == VIDI_OK && i < json_array_size(deep); i++) {
        const json_int_t layer = json_integer_value(json_array_get(deep, i));
        if (layer < next || layer >= n)
            *status =
                hf_bad(h, h->sight_at, "deepstack_visual_indexes", "are no layers in their order");
        else
            flags[layer] = 1;
        next = layer + 1;
    }
    put_ints(&h->put, ".vision.is_deepstack_layers", flags, n);
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu_pytorch_tanh") != 0))
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not gelu_pytorch_tanh");
}

/* Each n-th layer sees the whole picture, as the listed ones must say. */
static void put_qwen25(struct hf *h, json_t *process, vidi_status *status) {
    const json_t *whole = hf_get(h, h->sight, "fullatt_block_indexes");
    const json_int_t every = json_integer_value(json_array_get(whole, 0)) + 1;
    const json_int_t depth = json_integer_value(json_object_get(h->sight, "depth"));
    bool even = json_array_size(whole) > 0 && every > 0 && every <= LAYERS_MOST;
    /* None is left out; what lies behind the last layer means nothing. */
    even = even && (json_int_t)json_array_size(whole) >= depth / every;
    put_qwen(h, process, status);
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    PUT(h, qwen25_rows, status);
    if (*status == VIDI_OK && (!act || strcmp(act, "silu") != 0))
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not silu");
    want_out(h, "out_hidden_size", status);
    for (size_t i = 0; even && i < json_array_size(whole); i++)
        even = json_integer_value(json_array_get(whole, i)) == (json_int_t)(i + 1) * every - 1;
    if (even)
        put_u32(&h->put, ".vision.n_wa_pattern", (uint32_t)every);
    else if (*status == VIDI_OK)
        *status =
            hf_bad(h, h->sight_at, "fullatt_block_indexes", "is not every n-th layer of depth");
}

/* --- all of them -------------------------------------------------------------------------------
 */

void hf_tower(struct hf *h, vidi_status *status) { PUT(h, eyes_rows, status); }

/* Towers whose vision_config is SigLIP's or CLIP's. */
static void put_tower(struct hf *h, vidi_status *status) {
    hf_tower(h, status);
    if (*status == VIDI_OK) put_act(h, status);
}

void hf_config_eyes(struct hf *h, vidi_status *status) {
    static const struct {
        const char *projector;
        bool tower;
        int filter; /* PIL's number: 1 Lanczos, 2 bilinear, 3 bicubic */
        void (*put)(struct hf *h, json_t *process, vidi_status *status);
    } kinds[] = {{"blip", false, 3, hf_blip_eyes},
                 {"blip2", false, 3, hf_qformer_eyes},
                 {"instructblip", false, 3, hf_qformer_eyes},
                 {"flamingo", true, 3, hf_flamingo_eyes},
                 {"kosmos2", true, 3, hf_kosmos2_eyes},
                 {"gemma3", true, 2, hf_gemma3_eyes},
                 {"paligemma", true, 3, put_paligemma},
                 {"git", true, 3, put_nothing},
                 {"idefics", false, 3, hf_idefics_eyes},
                 {"idefics2", true, 2, put_idefics2},
                 {"idefics3", true, 1, put_idefics3},
                 {"internvl", false, 3, put_intern},
                 {"resampler", false, 3, hf_minicpmv_eyes},
                 {"mllama", false, 2, hf_mllama_eyes},
                 {"owl2", true, 3, hf_owl2_eyes},
                 {"mlp", false, 3, put_llava},
                 {"qwenvl", false, 3, hf_qwen_eyes},
                 {"qwen2vl_merger", false, 3, put_qwen2},
                 {"qwen2.5vl_merger", false, 3, put_qwen25},
                 {"qwen3vl_merger", false, 3, put_qwen3}};
    const bool own = strcmp(h->eyes->projector, "qwenvl") == 0; /* its code says all */
    if (!own) *status = hf_process_read(h);
    json_t *process = h->process;
    if (process) hf_process_put(h, status);
    put_bool(&h->put, ".has_vision_encoder", true);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].projector, h->eyes->projector) != 0) continue;
        if (kinds[i].tower) put_tower(h, status);
        if (process) hf_process_filter(h, kinds[i].filter, status);
        if (*status == VIDI_OK) kinds[i].put(h, process, status);
    }
    if (process && *status == VIDI_OK) *status = hf_counts_check(h);
}
