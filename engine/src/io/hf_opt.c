/* hf_opt.c - the config of OPT as opt.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static const struct hf_row rows[] = {
    {"num_hidden_layers", ".block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".embedding_length", 1, DIM_MOST, false, true},
    {"ffn_dim", ".feed_forward_length", 1, WIDE_MOST, false, true},
    {"num_attention_heads", ".attention.head_count", 1, 1024, false, true},
    {"max_position_embeddings", ".context_length", 2, CONTEXT_MOST, false, true},
};

/* What the family is made for; missing fields say the same. */
static const struct {
    const char *key;
    bool value;
} flags[] = {{"do_layer_norm_before", true},
             {"enable_bias", true},
             {"layer_norm_elementwise_affine", true},
             {"_remove_final_layer_norm", false}};

static void refuse(struct hf *h, vidi_status *status) {
    const struct hf_field dim = {h->numbers, h->numbers_at, "hidden_size", true};
    const struct hf_field words = {h->numbers, h->numbers_at, "word_embed_proj_dim", false};
    const char *act = json_string_value(hf_get(h, h->numbers, "activation_function"));
    const uint32_t wide = hf_whole(h, &dim, 1, DIM_MOST, status);
    const uint32_t projected = hf_whole(h, &words, 1, DIM_MOST, status);
    if (*status == VIDI_OK && projected && projected != wide)
        *status = hf_bad(h, h->numbers_at, "word_embed_proj_dim",
                         "is not hidden_size, which alone is supported");
    if (*status == VIDI_OK && act && strcmp(act, "relu") != 0)
        *status = hf_bad(h, h->numbers_at, "activation_function",
                         "is not relu, which alone is supported");
    for (size_t i = 0; i < sizeof flags / sizeof *flags && *status == VIDI_OK; i++) {
        const json_t *says = hf_get(h, h->numbers, flags[i].key);
        if (json_is_boolean(says) && json_is_true(says) != flags[i].value)
            *status = hf_bad(h, h->numbers_at, flags[i].key,
                             flags[i].value ? "is false, which is not supported"
                                            : "is true, which is not supported");
    }
}

void hf_opt_text(struct hf *h, vidi_status *status) {
    hf_put_rows(h, h->numbers, h->numbers_at, rows, sizeof rows / sizeof *rows, status);
    put_f32(&h->put, ".attention.layer_norm_epsilon", 1e-5);
    refuse(h, status);
}
