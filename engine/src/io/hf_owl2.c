/* hf_owl2.c - the config of mPLUG-Owl2's eyes, visual_config, as clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const char where[] = "visual_config.visual_abstractor.";
static const char defaults[] =
    "{\"num_learnable_queries\":64,\"hidden_size\":1024,\"num_hidden_layers\":6,"
    "\"num_attention_heads\":16,\"intermediate_size\":2816,\"layer_norm_eps\":1e-6,"
    "\"encoder_hidden_size\":1024,\"grid_size\":32}";
static const struct hf_row rows[] = {
    {"num_learnable_queries", ".perceiver.latents", 1, 4096, false, true},
    {"num_hidden_layers", ".perceiver.block_count", 1, LAYERS_MOST, false, true},
    {"num_attention_heads", ".perceiver.attention.head_count", 1, 1024, false, true},
    {"intermediate_size", ".perceiver.feed_forward_length", 1, WIDE_MOST, false, true},
    {"layer_norm_eps", ".perceiver.attention.layer_norm_epsilon", 0, 1, true, true},
};

/* What the family takes for granted. */
static void refuse(struct hf *h, const json_t *abstractor, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    const json_int_t dim = json_integer_value(hf_get(h, h->sight, "hidden_size"));
    const json_int_t size = json_integer_value(hf_get(h, h->sight, "image_size"));
    const json_int_t patch = json_integer_value(hf_get(h, h->sight, "patch_size"));
    const json_int_t own = json_integer_value(hf_get(h, abstractor, "hidden_size"));
    const json_int_t seen = json_integer_value(hf_get(h, abstractor, "encoder_hidden_size"));
    const json_int_t side = json_integer_value(hf_get(h, abstractor, "grid_size"));
    const struct {
        bool bad;
        const char *where, *key, *words;
    } cases[] = {
        {!act || strcmp(act, "quick_gelu") != 0, h->sight_at, "hidden_act", "is not quick_gelu"},
        {own != dim, where, "hidden_size", "is not that of visual_model"},
        {seen != dim, where, "encoder_hidden_size", "is not the hidden_size of visual_model"},
        {patch < 1 || side != size / patch, where, "grid_size",
         "is not the patches of a picture's side, image_size by patch_size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && *status == VIDI_OK; i++)
        if (cases[i].bad) *status = hf_bad(h, cases[i].where, cases[i].key, cases[i].words);
}

void hf_owl2_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const json_t *eyes = hf_get(h, h->config, "visual_config");
    json_t *abstractor = hf_with_defaults(h, hf_get(h, eyes, "visual_abstractor"), defaults);
    (void)process;
    hf_put_rows(h, abstractor, where, rows, sizeof rows / sizeof *rows, status);
    refuse(h, abstractor, status);
}
