/* hf_git.c - the config of GIT as git.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_row rows[] = {
    {"num_hidden_layers", ".block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".embedding_length", 1, DIM_MOST, false, true},
    {"intermediate_size", ".feed_forward_length", 1, WIDE_MOST, false, true},
    {"num_attention_heads", ".attention.head_count", 1, 1024, false, true},
    {"max_position_embeddings", ".context_length", 2, CONTEXT_MOST, false, true},
    {"layer_norm_eps", ".attention.layer_norm_epsilon", 0, 1, true, true},
};

void hf_git_text(struct hf *h, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->numbers, "hidden_act"));
    const json_t *frames = hf_get(h, h->numbers, "num_image_with_embedding");
    hf_put_rows(h, h->numbers, h->numbers_at, rows, sizeof rows / sizeof *rows, status);
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu") != 0))
        *status = hf_bad(h, h->numbers_at, "hidden_act", "is not gelu, which alone is supported");
    if (*status == VIDI_OK && frames && !json_is_null(frames))
        *status = hf_bad(h, h->numbers_at, "num_image_with_embedding",
                         "is given: models of videos are not supported");
}
