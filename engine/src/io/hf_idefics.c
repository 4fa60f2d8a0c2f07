/* hf_idefics.c - the config of IDEFICS as idefics.* and clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_row ask_rows[] = {
    {"cross_layer_interval", ".cross_attention.period", 1, LAYERS_MOST, false, true},
};

/* What answers of pictures are multiplied by: a number a layer, or one a column. */
static void want_gate(struct hf *h, vidi_status *status) {
    const json_t *says = hf_get(h, h->numbers, "alpha_type");
    const char *type = json_string_value(says);
    if (*status != VIDI_OK || !says || json_is_null(says)) return;
    if (!type || (strcmp(type, "float") != 0 && strcmp(type, "vector") != 0))
        *status = hf_bad(h, h->numbers_at, "alpha_type", "is neither float nor vector");
}

void hf_idefics_text(struct hf *h, vidi_status *status) {
    const struct hf_field width = {h->sight, h->sight_at, "embed_dim", true};
    hf_put_rows(h, h->numbers, h->numbers_at, ask_rows, sizeof ask_rows / sizeof *ask_rows, status);
    put_u32(&h->put, ".cross_attention.embedding_length", hf_whole(h, &width, 1, DIM_MOST, status));
    want_gate(h, status);
    put_bool(&h->put, ".cross_attention.qk_norm",
             json_is_true(hf_get(h, h->numbers, "qk_layer_norms")));
}

static const struct hf_row tower_rows[] = {
    {"image_size", ".vision.image_size", 8, 4096, false, true},
    {"patch_size", ".vision.patch_size", 1, 512, false, true},
    {"num_hidden_layers", ".vision.block_count", 1, LAYERS_MOST, false, true},
    {"embed_dim", ".vision.embedding_length", 1, 16384, false, true},
    {"intermediate_size", ".vision.feed_forward_length", 1, DIM_MOST, false, true},
    {"num_attention_heads", ".vision.attention.head_count", 1, 1024, false, true},
    {"layer_norm_eps", ".vision.attention.layer_norm_epsilon", 0, 1, true, true},
};
static const struct hf_row perceiver_rows[] = {
    {"resampler_n_latents", ".perceiver.latents", 1, 4096, false, true},
    {"resampler_depth", ".perceiver.block_count", 1, LAYERS_MOST, false, true},
    {"resampler_n_heads", ".perceiver.attention.head_count", 1, 1024, false, true},
    {"resampler_head_dim", ".perceiver.attention.key_length", 8, 1024, false, true},
};
static const char perceiver_defaults[] =
    "{\"resampler_n_latents\":64,\"resampler_depth\":6,\"resampler_n_heads\":16,"
    "\"resampler_head_dim\":96}";

void hf_idefics_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    json_t *found = hf_get(h, h->config, "perceiver_config");
    json_t *perceiver = hf_with_defaults(h, found, perceiver_defaults);
    (void)process;
    hf_put_rows(h, h->sight, h->sight_at, tower_rows, sizeof tower_rows / sizeof *tower_rows,
                status);
    hf_put_rows(h, perceiver, "perceiver_config.", perceiver_rows,
                sizeof perceiver_rows / sizeof *perceiver_rows, status);
    put_bool(&h->put, ".perceiver.attention.qk_norm",
             json_is_true(hf_get(h, perceiver, "qk_layer_norms_perceiver")));
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu") != 0))
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not gelu");
    if (*status == VIDI_OK && !json_is_true(hf_get(h, h->config, "use_resampler")))
        *status = hf_bad(h, "", "use_resampler", "is not true, which alone is supported");
}
