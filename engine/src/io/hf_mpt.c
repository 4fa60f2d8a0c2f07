/* hf_mpt.c - the config of MPT as mpt.* metadata; OpenFlamingo's as mpt.* and clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_row rows[] = {
    {"n_layers", ".block_count", 1, LAYERS_MOST, false, true},
    {"d_model", ".embedding_length", 1, DIM_MOST, false, true},
    {"n_heads", ".attention.head_count", 1, 1024, false, true},
    {"max_seq_len", ".context_length", 2, CONTEXT_MOST, false, true},
    {"layer_norm_epsilon", ".attention.layer_norm_epsilon", 0, 1, true, true},
};
static const struct hf_row ask_rows[] = {
    {"cross_attn_every_n_layers", ".cross_attention.period", 1, LAYERS_MOST, false, true},
    {"cross_attn_heads", ".cross_attention.head_count", 1, 1024, false, true},
    {"cross_attn_dim_head", ".cross_attention.key_length", 8, 1024, false, true},
};

/* What MPT may be told of its attention and vidi cannot do. */
static void refuse(struct hf *h, const json_t *attention, vidi_status *status) {
    static const char *const numbers[] = {"clip_qkv", "softmax_scale"};
    const json_t *alibi = hf_get(h, attention, "alibi");
    const json_t *scale = hf_get(h, h->numbers, "logit_scale");
    for (int i = 0; i < 2 && *status == VIDI_OK; i++)
        if (json_is_number(hf_get(h, attention, numbers[i])))
            *status = hf_bad(h, "attn_config.", numbers[i], "is given, which is not supported");
    if (*status == VIDI_OK && alibi && !json_is_true(alibi))
        *status = hf_bad(h, "attn_config.", "alibi", "is not true, which alone is supported");
    if (*status == VIDI_OK && json_is_true(hf_get(h, attention, "prefix_lm")))
        *status = hf_bad(h, "attn_config.", "prefix_lm", "is true, which is not supported");
    if (*status == VIDI_OK && scale && !json_is_null(scale))
        *status = hf_bad(h, h->numbers_at, "logit_scale", "is given, which is not supported");
}

void hf_mpt_text(struct hf *h, vidi_status *status) {
    static const char defaults[] = "{\"alibi_bias_max\":8}";
    json_t *attention = hf_with_defaults(h, hf_get(h, h->numbers, "attn_config"), defaults);
    const struct hf_field most = {attention, "attn_config.", "alibi_bias_max", true};
    const struct hf_field width = {h->numbers, h->numbers_at, "d_model", true};
    const struct hf_field wider = {h->numbers, h->numbers_at, "expansion_ratio", true};
    hf_put_rows(h, h->numbers, h->numbers_at, rows, sizeof rows / sizeof *rows, status);
    put_u32(&h->put, ".feed_forward_length",
            hf_whole(h, &width, 1, DIM_MOST, status) * hf_whole(h, &wider, 1, 16, status));
    put_f32(&h->put, ".attention.max_alibi_bias", hf_number(h, &most, 1e-3, 1e3, status));
    /* The reference computes with its usual value, whatever stands there. */
    if (*status == VIDI_OK && hf_number(h, &most, 1e-3, 1e3, status) != 8)
        *status = hf_bad(h, "attn_config.", "alibi_bias_max", "is not 8, which alone is supported");
    refuse(h, attention, status);
    if (!h->eyes) return;
    const struct hf_field seen = {h->sight, h->sight_at, "hidden_size", true};
    hf_put_rows(h, h->config, "", ask_rows, sizeof ask_rows / sizeof *ask_rows, status);
    put_u32(&h->put, ".cross_attention.embedding_length", hf_whole(h, &seen, 1, DIM_MOST, status));
}

static const struct hf_row perceiver_rows[] = {
    {"num_latents", ".perceiver.latents", 1, 4096, false, true},
    {"depth", ".perceiver.block_count", 1, LAYERS_MOST, false, true},
    {"heads", ".perceiver.attention.head_count", 1, 1024, false, true},
    {"dim_head", ".perceiver.attention.key_length", 8, 1024, false, true},
};

void hf_flamingo_eyes(struct hf *h, json_t *process, vidi_status *status) {
    json_t *perceiver = hf_get(h, h->config, "perceiver_config");
    (void)process;
    if (*status == VIDI_OK && !json_is_object(perceiver))
        *status = hf_bad(h, "", "perceiver_config", "is missing or no object");
    hf_put_rows(h, perceiver, "perceiver_config.", perceiver_rows,
                sizeof perceiver_rows / sizeof *perceiver_rows, status);
}
