/* hf_mllama.c - the config of Llama 3.2 Vision as mllama.* and clip.* metadata. */
#include <string.h>

#include "io/hf_inside.h"

static void put_layers(struct hf *h, json_t *object, const char *where, const char *key,
                       const char *to, vidi_status *status) {
    const json_t *list = hf_get(h, object, key);
    int32_t layers[LAYERS_MOST];
    const size_t n = json_array_size(list);
    bool good = json_is_array(list) && n <= LAYERS_MOST;
    for (size_t i = 0; good && i < n; i++) {
        const json_int_t layer = json_integer_value(json_array_get(list, i));
        good = json_is_integer(json_array_get(list, i)) && layer >= 0 && layer < LAYERS_MOST;
        layers[i] = (int32_t)layer;
    }
    if (*status != VIDI_OK) return;
    if (good)
        put_ints(&h->put, to, layers, (uint32_t)n);
    else
        *status = hf_bad(h, where, key, "is no list of layers");
}

void hf_mllama_text(struct hf *h, vidi_status *status) {
    const struct hf_field words = {h->numbers, h->numbers_at, "vocab_size", true};
    put_layers(h, h->numbers, h->numbers_at, "cross_attention_layers", ".cross_attention_layers",
               status);
    put_u32(&h->put, ".logit_count", hf_whole(h, &words, 1, CONTEXT_MOST, status));
}

static const struct hf_row rows[] = {
    {"image_size", ".vision.image_size", 8, 4096, false, true},
    {"patch_size", ".vision.patch_size", 1, 512, false, true},
    {"num_hidden_layers", ".vision.block_count", 1, LAYERS_MOST, false, true},
    {"num_global_layers", ".vision.global_block_count", 1, LAYERS_MOST, false, true},
    {"hidden_size", ".vision.embedding_length", 1, 16384, false, true},
    {"intermediate_size", ".vision.feed_forward_length", 1, DIM_MOST, false, true},
    {"attention_heads", ".vision.attention.head_count", 1, 1024, false, true},
    {"norm_eps", ".vision.attention.layer_norm_epsilon", 0, 1, true, true},
    {"max_num_tiles", ".vision.most_tiles", 1, 16, false, true},
};

/* The canvases of so many tiles in the order in which the learned tables have them. */
static bool usual_canvases(const json_t *list, json_int_t most) {
    size_t n = 0;
    for (json_int_t down = 1; down <= most; down++)
        for (json_int_t across = 1; across * down <= most; across++, n++) {
            const json_t *one = json_array_get(list, n);
            if (json_integer_value(json_array_get(one, 0)) != down ||
                json_integer_value(json_array_get(one, 1)) != across)
                return false;
        }
    return n == json_array_size(list);
}

static json_int_t side(const struct hf *h, const json_t *process, const char *key) {
    return json_integer_value(hf_get(h, hf_get(h, process, "size"), key));
}

void hf_mllama_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    const json_t *canvases = hf_get(h, h->sight, "supported_aspect_ratios");
    const json_int_t size = json_integer_value(hf_get(h, h->sight, "image_size"));
    const json_int_t most = json_integer_value(hf_get(h, h->sight, "max_num_tiles"));
    const json_t *tiles = hf_get(h, process, "max_image_tiles");
    hf_put_rows(h, h->sight, h->sight_at, rows, sizeof rows / sizeof *rows, status);
    put_layers(h, h->sight, h->sight_at, "intermediate_layers_indices", ".vision.feature_layers",
               status);
    const struct hf_field out = {h->sight, h->sight_at, "vision_output_dim", false};
    const uint32_t cols = hf_whole(h, &out, 1, WIDE_MOST, status);
    if (*status != VIDI_OK) return;
    const json_t *layers = hf_get(h, h->sight, "intermediate_layers_indices");
    const json_int_t dim = json_integer_value(hf_get(h, h->sight, "hidden_size"));
    if (cols && cols != dim * ((json_int_t)json_array_size(layers) + 1))
        *status = hf_bad(h, h->sight_at, "vision_output_dim",
                         "is not hidden_size for the last layer and each of "
                         "intermediate_layers_indices");
    else if (!act || strcmp(act, "gelu") != 0)
        *status = hf_bad(h, h->sight_at, "hidden_act", "is not gelu");
    else if (canvases && !usual_canvases(canvases, most))
        *status = hf_bad(h, h->sight_at, "supported_aspect_ratios",
                         "is not every grid of max_num_tiles tiles in order");
    else if (side(h, process, "height") != size || side(h, process, "width") != size ||
             (tiles && json_integer_value(tiles) != most))
        *status = vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                          "%.600s/%s: size.height, size.width and max_image_tiles are not "
                          "vision_config.image_size and max_num_tiles, %lld and %lld",
                          h->folder, h->process_at, (long long)size, (long long)most);
}
