/* hf_gemma.c - the configs of Gemma, Gemma 2, Gemma 3 and the eyes of Gemma 3. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

static bool is_arch(const struct hf *h, const char *arch) {
    return strcmp(h->text->arch, arch) == 0;
}

static const struct hf_row window_rows[] = {
    {"sliding_window", ".attention.sliding_window", 1, CONTEXT_MOST, false, true},
    {"max_position_embeddings", ".context_length", 1, CONTEXT_MOST, false, true},
};
static const struct hf_row cap_rows[] = {
    {"attn_logit_softcapping", ".attn_logit_softcapping", 0, 1e6, true, false},
    {"final_logit_softcapping", ".final_logit_softcapping", 0, 1e6, true, false},
};

/* What the gates are bent by. The reference asks Gemma's first config for hidden_act, and those of
 * the second and third for hidden_activation; earlier ones took hidden_activation, or its usual
 * value, for the first, too. */
static void put_act(struct hf *h, vidi_status *status) {
    static const char usual[] = "gelu_pytorch_tanh", exact[] = "gelu";
    static const char *const keys[] = {"hidden_act", "hidden_activation"};
    const int asked = is_arch(h, "gemma") ? 0 : 1;
    const char *says[2];
    for (int i = 0; i < 2; i++) {
        const json_t *value = hf_get(h, h->numbers, keys[i]);
        says[i] = json_string_value(value);
        const bool known = says[i] && (!strcmp(says[i], usual) || !strcmp(says[i], exact));
        if (*status == VIDI_OK && value && !json_is_null(value) && !known)
            *status = hf_bad(h, h->numbers_at, keys[i], "is neither gelu_pytorch_tanh nor gelu");
    }
    const char *act = says[asked] ? says[asked] : usual, *other = says[1 - asked];
    if (*status != VIDI_OK) return;
    if (other && strcmp(other, act) != 0 && !h->quiet)
        vd_log(h->ctx, VD_LOG_WARN,
               "%.600s/config.json: %s%s is '%s' and %s '%s': computed with %s", h->folder,
               h->numbers_at, keys[asked], act, keys[1 - asked], other, act);
    if (strcmp(act, exact) == 0) put_text(&h->put, ".hidden_act", exact, sizeof exact - 1);
}

/* What the families cannot do must not be left out in silence. */
static void refuse(struct hf *h, vidi_status *status) {
    static const char *const flags[] = {"attention_bias", "use_bidirectional_attention"};
    const json_t *both = hf_get(h, h->numbers, flags[1]);
    /* PaliGemma's prompts see all of themselves, which its eyes say. */
    const bool prompts = h->eyes && strcmp(h->eyes->projector, "paligemma") == 0;
    if (both && !json_is_null(both) && !json_is_boolean(both) && *status == VIDI_OK)
        *status = hf_bad(h, h->numbers_at, flags[1], "is neither true nor false");
    if (prompts && json_is_false(both) && *status == VIDI_OK)
        *status = hf_bad(h, h->numbers_at, flags[1], "is false, which is not supported");
    for (int i = 0; i < (prompts ? 1 : 2) && *status == VIDI_OK; i++)
        if (json_is_true(hf_get(h, h->numbers, flags[i])))
            *status = hf_bad(h, h->numbers_at, flags[i], "is true, which is not supported");
    for (size_t i = 0; i < 2 && *status == VIDI_OK && is_arch(h, "gemma3"); i++)
        if (json_is_number(hf_get(h, h->numbers, cap_rows[i].from)))
            *status = hf_bad(h, h->numbers_at, cap_rows[i].from, "is not supported");
}

/* Every n-th layer sees all, the others a window; given as a list, a number, or not at all. */
static void put_pattern(struct hf *h, json_int_t usual, vidi_status *status) {
    const json_t *types = hf_get(h, h->numbers, "layer_types");
    const json_t *given = hf_get(h, h->numbers, "sliding_window_pattern");
    const json_t *kept = hf_get(h, h->numbers, "_sliding_window_pattern");
    if (!given) given = kept;
    json_int_t every = json_is_integer(given) ? json_integer_value(given) : usual;
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));
        if (!type || strcmp(type, "full_attention") != 0) continue;
        every = (json_int_t)i + 1;
        break;
    }
    bool even = every > 0 && every <= LAYERS_MOST;
    for (size_t i = 0; even && i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));
        const bool whole = (json_int_t)(i + 1) % every == 0;
        even = type && strcmp(type, whole ? "full_attention" : "sliding_attention") == 0;
    }
    if (*status != VIDI_OK) return;
    if (!even || (usual == 2 && every != 2))
        *status = hf_bad(h, h->numbers_at, "layer_types", "is not every n-th layer");
    else
        put_u32(&h->put, ".attention.sliding_window_pattern", (uint32_t)every);
}

/* Of the layers that see a window. */
static void put_local_scale(struct hf *h, json_t *own, vidi_status *status) {
    const char *type = json_string_value(hf_get(h, own, "rope_type"));
    const struct hf_field factor = {own, "rope_parameters.sliding_attention.", "factor", true};
    if (*status != VIDI_OK || !type || strcmp(type, "default") == 0) return;
    if (strcmp(type, "linear") == 0)
        put_f32(&h->put, ".rope.scaling.factor_swa", hf_number(h, &factor, 1e-3, 1e6, status));
    else
        *status = vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                          "%.600s/config.json: %srope_parameters.sliding_attention.rope_type is "
                          "'%.32s', of which default and linear are supported",
                          h->folder, h->numbers_at, type);
}

static void put_local_base(struct hf *h, vidi_status *status) {
    json_t *all = hf_get(h, h->numbers, "rope_parameters");
    json_t *own = hf_get(h, all, "sliding_attention");
    /* The reference passes over what stands there for all layers alike. */
    if (*status == VIDI_OK && json_object_size(all) && !json_is_object(own) &&
        !json_is_object(hf_get(h, all, "full_attention")))
        *status = hf_bad(h, h->numbers_at, "rope_parameters",
                         "holds neither full_attention nor sliding_attention");
    const struct hf_field newer = {own, "rope_parameters.", "rope_theta", false};
    const struct hf_field older = {h->numbers, h->numbers_at, "rope_local_base_freq", false};
    const double base = own ? hf_number(h, &newer, 1, 1e12, status) : 0;
    put_f32(&h->put, ".rope.freq_base_swa",
            base != 0 ? base : hf_number(h, &older, 1, 1e12, status));
    put_local_scale(h, own, status);
}

static void put_scale(struct hf *h, vidi_status *status) {
    const struct hf_field f = {h->numbers, h->numbers_at, "query_pre_attn_scalar", true};
    const double by = hf_number(h, &f, 1, 65536, status);
    if (*status == VIDI_OK) put_f32(&h->put, ".attention.scale", 1 / sqrt(by));
}

/* null: there is none. */
static void put_caps(struct hf *h, vidi_status *status) {
    for (int i = 0; i < 2; i++) {
        const struct hf_field f = {h->numbers, h->numbers_at, cap_rows[i].from, false};
        put_f32(&h->put, cap_rows[i].to, hf_number(h, &f, cap_rows[i].lo, cap_rows[i].hi, status));
    }
}

void hf_gemma_text(struct hf *h, vidi_status *status) {
    const bool second = is_arch(h, "gemma2"), third = is_arch(h, "gemma3");
    hf_put_rows(h, h->numbers, h->numbers_at, hf_text_rows, HF_TEXT_ROWS, status);
    hf_put_rows(h, h->numbers, h->numbers_at, window_rows + 1, 1, status);
    refuse(h, status);
    put_act(h, status);
    if (second || third) {
        hf_put_rows(h, h->numbers, h->numbers_at, window_rows, 1, status);
        put_scale(h, status);
        put_pattern(h, second ? 2 : 6, status);
    }
    if (second) put_caps(h, status);
    if (third) put_local_base(h, status);
    if (*status == VIDI_OK) hf_rope(h, status);
}

bool hf_gemma_norm(const struct hf *h, const char *name) {
    static const char end[] = "norm.weight", eyes[] = "mm.soft_emb_norm.weight";
    const size_t n = strlen(name), m = sizeof end - 1;
    const bool text = is_arch(h, "gemma") || is_arch(h, "gemma2") || is_arch(h, "gemma3");
    if (strcmp(name, eyes) == 0) return true;
    const bool own = strncmp(name, "blk.", 4) == 0 || strcmp(name, "output_norm.weight") == 0;
    return text && own && n > m && strcmp(name + n - m, end) == 0;
}

void hf_gemma_name(const struct hf *h, const char *from, char *name, size_t cap) {
    const char *at = strstr(name, ".ffn_norm.");
    char kept[64];
    if (is_arch(h, "gemma") || (!is_arch(h, "gemma2") && !is_arch(h, "gemma3"))) return;
    if (!at || !strstr(from, ".post_attention_layernorm.")) return;
    snprintf(kept, sizeof kept, "%s", at + sizeof ".ffn_norm" - 1);
    const size_t used = (size_t)(at - name);
    snprintf(name + used, cap - used, ".post_attention_norm%s", kept);
}

void hf_gemma3_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const struct hf_field tokens = {h->config, "", "mm_tokens_per_image", false};
    const struct hf_field size = {h->sight, h->sight_at, "image_size", true};
    const struct hf_field patch = {h->sight, h->sight_at, "patch_size", true};
    uint32_t n = hf_whole(h, &tokens, 1, 65536, status);
    const uint32_t pixels = hf_whole(h, &size, 8, 4096, status);
    const uint32_t each = hf_whole(h, &patch, 1, 512, status);
    (void)process;
    if (*status != VIDI_OK) return;
    if (!n) n = 256;
    const uint32_t side = (uint32_t)lround(sqrt(n)), patches = pixels / each;
    if (side * side != n || patches % side)
        *status = hf_bad(h, "", "mm_tokens_per_image",
                         "is no square that divides the patches of vision_config.image_size "
                         "and patch_size");
    else
        put_u32(&h->put, ".vision.projector.scale_factor", patches / side);
}
