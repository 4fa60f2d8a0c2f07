/* hf_kosmos2.c - the config of Kosmos-2 as kosmos2.* and clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_row rows[] = {
    {"layers", ".block_count", 1, LAYERS_MOST, false, true},
    {"embed_dim", ".embedding_length", 2, DIM_MOST, false, true},
    {"ffn_dim", ".feed_forward_length", 1, WIDE_MOST, false, true},
    {"attention_heads", ".attention.head_count", 1, 1024, false, true},
    {"max_position_embeddings", ".context_length", 2, CONTEXT_MOST, false, true},
    {"layer_norm_eps", ".attention.layer_norm_epsilon", 0, 1, true, true},
};

void hf_kosmos2_text(struct hf *h, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->numbers, "activation_function"));
    hf_put_rows(h, h->numbers, h->numbers_at, rows, sizeof rows / sizeof *rows, status);
    put_bool(&h->put, ".scale_embedding", json_is_true(hf_get(h, h->numbers, "scale_embedding")));
    if (*status == VIDI_OK && (!act || strcmp(act, "gelu") != 0))
        *status = hf_bad(h, h->numbers_at, "activation_function", "is not gelu");
    if (*status == VIDI_OK && json_is_true(hf_get(h, h->numbers, "add_cross_attention")))
        *status =
            hf_bad(h, h->numbers_at, "add_cross_attention", "is true, which is not supported");
}

static const struct hf_row ask_rows[] = {
    {"embed_dim", ".perceiver.embedding_length", 1, DIM_MOST, false, true},
    {"attention_heads", ".perceiver.attention.head_count", 1, 1024, false, true},
};

void hf_kosmos2_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const struct hf_field latents = {h->config, "", "latent_query_num", false};
    const json_t *size = hf_get(h, process, "size");
    const uint32_t n = hf_whole(h, &latents, 1, 4096, status);
    put_u32(&h->put, ".perceiver.latents", n ? n : 64);
    hf_put_rows(h, h->numbers, h->numbers_at, ask_rows, sizeof ask_rows / sizeof *ask_rows, status);
    put_bool(&h->put, ".perceiver.scale_embedding",
             json_is_true(hf_get(h, h->numbers, "scale_embedding")));
    put_bool(&h->put, ".vision.stretch",
             json_is_true(hf_get(h, process, "use_square_size")) ||
                 json_is_integer(hf_get(h, size, "height")));
}

/* Words that name boxes are part of an answer, whatever the tokenizer thinks of them. */
bool hf_kosmos2_says(const struct hf *h, const char *word) {
    static const char *const words[] = {"<phrase>", "</phrase>", "<object>", "</object>",
                                        "</delimiter_of_multi_objects/>"};
    if (strcmp(h->text->arch, "kosmos2") != 0) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) return true;
    return strncmp(word, "<patch_index_", strlen("<patch_index_")) == 0;
}
