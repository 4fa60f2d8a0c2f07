/* hf_blip.c - the config of BLIP's captioner as blip.* and clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

/* The same model_type stands for models that answer questions or compare, too. */
static vidi_status check_kind(struct hf *h) {
    const json_t *all = hf_get(h, h->config, "architectures");
    const char *kind = json_string_value(json_array_get(all, 0));
    if (!kind || strcmp(kind, "BlipForConditionalGeneration") == 0) return VIDI_OK;
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                   "%.600s/config.json: architectures names %.64s; of BLIP "
                   "BlipForConditionalGeneration is supported",
                   h->folder, kind);
}

void hf_blip_text(struct hf *h, vidi_status *status) {
    if (*status == VIDI_OK) *status = check_kind(h);
    hf_git_text(h, status);
    /* encoder_hidden_size of text_config does not count. */
    const struct hf_field width = {h->sight, h->sight_at, "hidden_size", true};
    put_u32(&h->put, ".cross_attention.embedding_length", hf_whole(h, &width, 1, DIM_MOST, status));
}

void hf_blip_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    (void)process;
    hf_tower(h, status);
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu") != 0))
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not gelu");
}
