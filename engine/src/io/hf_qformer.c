/* hf_qformer.c - BLIP-2's vision_config and qformer_config as clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const char where[] = "qformer_config.";

static const struct hf_row rows[] = {
    {"num_hidden_layers", ".qformer.block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".qformer.embedding_length", 1, DIM_MOST, false, true},
    {"intermediate_size", ".qformer.feed_forward_length", 1, WIDE_MOST, false, true},
    {"num_attention_heads", ".qformer.attention.head_count", 1, 1024, false, true},
    {"layer_norm_eps", ".qformer.attention.layer_norm_epsilon", 0, 1, true, true},
    {"cross_attention_frequency", ".qformer.cross_attention_period", 1, LAYERS_MOST, false, true},
};
static const char defaults[] =
    "{\"hidden_size\":768,\"num_hidden_layers\":12,\"num_attention_heads\":12,"
    "\"intermediate_size\":3072,\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-12,"
    "\"cross_attention_frequency\":2,\"max_position_embeddings\":512}";

/* Queries ask rows as wide as the tower's. */
static void want_width(struct hf *h, json_t *numbers, vidi_status *status) {
    const struct hf_field asked = {numbers, where, "encoder_hidden_size", false};
    const struct hf_field tower = {h->sight, h->sight_at, "hidden_size", true};
    const uint32_t width = hf_whole(h, &asked, 1, DIM_MOST, status);
    if (width && width != hf_whole(h, &tower, 1, DIM_MOST, status) && *status == VIDI_OK)
        *status = hf_bad(h, where, "encoder_hidden_size", "is not vision_config.hidden_size");
}

static void want_gelu(struct hf *h, const json_t *object, const char *at, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, object, "hidden_act"));
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu") != 0))
        *status = hf_bad(h, at, "hidden_act", "is not gelu, which alone is supported");
}

/* InstructBLIP's reads words of its own vocabulary. */
static void put_asked(struct hf *h, json_t *numbers, vidi_status *status) {
    const struct hf_field most = {numbers, where, "max_position_embeddings", true};
    if (strcmp(h->eyes->projector, "instructblip") != 0) return;
    const uint32_t n = hf_whole(h, &most, 2, 1u << 16, status);
    put_u32(&h->put, ".qformer.context_length", n);
}

void hf_qformer_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const struct hf_field queries = {h->config, "", "num_query_tokens", false};
    json_t *numbers = hf_with_defaults(h, hf_get(h, h->config, "qformer_config"), defaults);
    hf_tower(h, status);
    hf_put_rows(h, numbers, where, rows, sizeof rows / sizeof *rows, status);
    const uint32_t n = hf_whole(h, &queries, 1, 4096, status);
    put_u32(&h->put, ".qformer.queries", n ? n : 32);
    put_asked(h, numbers, status);
    want_width(h, numbers, status);
    want_gelu(h, h->sight, h->sight_at, status);
    want_gelu(h, numbers, where, status);
    (void)process;
    if (*status == VIDI_OK && json_is_false(hf_get(h, h->sight, "qkv_bias")))
        *status = hf_bad(h, h->sight_at, "qkv_bias", "is false, which is not supported");
}
