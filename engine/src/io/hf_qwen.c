/* hf_qwen.c - the config of Qwen and Qwen-VL of 2023 (model_type qwen), and the tensors of theirs
 * that are kept in another form. What sees is called visual; everything else has names of its own,
 * too, while the decoder computes what Qwen2's does. */
#include <math.h>
#include <string.h>

#include "base/survive.h"
#include "io/hf_inside.h"

static bool is_qwen(const struct hf *h) { return strcmp(h->text->model_type, "qwen") == 0; }

/* Models of this model_type may have no eyes, or ears. */
vidi_status hf_qwen_sees(struct hf *h) {
    const json_t *visual = hf_get(h, h->config, "visual");
    const json_t *audio = hf_get(h, h->config, "audio");
    if (!visual || json_is_null(visual)) h->eyes = NULL;
    if (audio && !json_is_null(audio))
        return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                       "%.600s/config.json: audio: models that hear are not supported", h->folder);
    return VIDI_OK;
}

vidi_status hf_qwen_raw(struct hf *h, bool *raw) {
    json_t *settings;
    TRY(hf_json(h, "generation_config.json", false, &settings));
    const json_t *format = json_object_get(settings, "chat_format");
    const char *says = json_string_value(format);
    const bool chatml = !format || (says && strcmp(says, "chatml") == 0);
    *raw = says && strcmp(says, "raw") == 0;
    json_decref(settings);
    if (chatml || *raw) return VIDI_OK;
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/generation_config.json: chat_format is not chatml or raw", h->folder);
}

/* --- the decoder -------------------------------------------------------------------------------
 */

static const struct hf_row rows[] = {
    {"num_hidden_layers", ".block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".embedding_length", 2, DIM_MOST, false, true},
    {"num_attention_heads", ".attention.head_count", 1, 1024, false, true},
    {"kv_channels", ".attention.key_length", 8, 1024, false, true},
    {"layer_norm_epsilon", ".attention.layer_norm_rms_epsilon", 0, 1, true, true},
    {"rotary_emb_base", ".rope.freq_base", 1, 1e12, true, true},
};

static void refuse(struct hf *h, vidi_status *status) {
    const struct {
        bool bad;
        const char *key, *words;
    } cases[] = {
        {json_number_value(hf_get(h, h->numbers, "rotary_pct")) != 1, "rotary_pct",
         "is not 1, which alone is supported"},
        {!json_is_true(hf_get(h, h->numbers, "no_bias")), "no_bias",
         "is not true, which alone is supported"},
        {!json_is_true(hf_get(h, h->numbers, "scale_attn_weights")), "scale_attn_weights",
         "is not true, which alone is supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && *status == VIDI_OK; i++)
        if (cases[i].bad) *status = hf_bad(h, "", cases[i].key, cases[i].words);
}

/* Behind seq_length the angles depend on how long a text is when it is read as a whole
 * (use_dynamic_ntk), and scores on where they stand (use_logn_attn). Vidi reads turn by turn, and
 * does not go there. */
static uint32_t context_of(struct hf *h, vidi_status *status) {
    static const char *const grows[] = {"use_dynamic_ntk", "use_logn_attn"};
    const struct hf_field trained = {h->numbers, "", "seq_length", true};
    const struct hf_field most = {h->numbers, "", "max_position_embeddings", true};
    const uint32_t short_one = hf_whole(h, &trained, 2, CONTEXT_MOST, status);
    const uint32_t long_one = hf_whole(h, &most, 2, CONTEXT_MOST, status);
    bool may_grow = false;
    for (int i = 0; i < 2; i++) {
        const bool one = json_is_true(hf_get(h, h->numbers, grows[i]));
        may_grow = may_grow || one;
    }
    return may_grow && short_one < long_one ? short_one : long_one;
}

void hf_qwen_text(struct hf *h, vidi_status *status) {
    const struct hf_field both = {h->numbers, "", "intermediate_size", true};
    hf_put_rows(h, h->numbers, "", rows, sizeof rows / sizeof *rows, status);
    const uint32_t ffn = hf_whole(h, &both, 2, WIDE_MOST, status); /* of gate and up together */
    put_u32(&h->put, ".feed_forward_length", ffn / 2);
    put_u32(&h->put, ".context_length", context_of(h, status));
    refuse(h, status);
}

/* --- the eyes ----------------------------------------------------------------------------------
 */

static const struct hf_row eyes_rows[] = {
    {"image_size", ".vision.image_size", 8, 4096, false, true},
    {"patch_size", ".vision.patch_size", 1, 512, false, true},
    {"layers", ".vision.block_count", 1, LAYERS_MOST, false, true},
    {"width", ".vision.embedding_length", 1, 16384, false, true},
    {"heads", ".vision.attention.head_count", 1, 1024, false, true},
    {"n_queries", ".perceiver.latents", 1, 4096, false, true},
};

void hf_qwen_eyes(struct hf *h, json_t *process, vidi_status *status) {
    static const float mean[] = {0.48145466f, 0.4578275f, 0.40821073f},
                       std[] = {0.26862954f, 0.26130258f, 0.27577711f};
    const struct hf_field width = {h->sight, h->sight_at, "width", true};
    const struct hf_field out = {h->sight, h->sight_at, "output_dim", false};
    const struct hf_field text = {h->numbers, "", "hidden_size", true};
    const struct hf_field ratio = {h->sight, h->sight_at, "mlp_ratio", true};
    bool raw = false;
    (void)process; /* none is published: what it would say stands in the published code */
    put_floats(&h->put, ".vision.image_mean", mean, 3);
    put_floats(&h->put, ".vision.image_std", std, 3);
    hf_put_rows(h, h->sight, h->sight_at, eyes_rows, sizeof eyes_rows / sizeof *eyes_rows, status);
    const uint32_t cols = hf_whole(h, &out, 1, DIM_MOST, status);
    if (cols && cols != hf_whole(h, &text, 1, DIM_MOST, status) && *status == VIDI_OK)
        *status = hf_bad(h, h->sight_at, "output_dim", "is not hidden_size");
    const double ffn =
        hf_whole(h, &width, 1, 16384, status) * hf_number(h, &ratio, 0.01, 100, status);
    if (*status == VIDI_OK && (ffn < 1 || ffn > DIM_MOST))
        *status = hf_bad(h, h->sight_at, "mlp_ratio", "makes no width of a layer");
    if (*status != VIDI_OK) return;
    put_u32(&h->put, ".vision.feed_forward_length", (uint32_t)ffn);
    put_f32(&h->put, ".vision.attention.layer_norm_epsilon", 1e-6);
    *status = hf_qwen_raw(h, &raw);
    put_bool(&h->put, ".raw_prompts", raw);
}

/* --- tensors -----------------------------------------------------------------------------------
 */

bool hf_qwen_tensor(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                    const char *name, vidi_status *status) {
    static const char fused[] = ".attn_qkv."; /* of which ".attn_" is kept */
    const char *at = strstr(name, fused);
    if (!is_qwen(h) || !at) return false;
    const bool bias = strcmp(at + sizeof fused - 1, "bias") == 0;
    *status = hf_put_thirds(h, file, t, (struct str){name, (uint64_t)(at - name) + 6}, bias);
    return true;
}
