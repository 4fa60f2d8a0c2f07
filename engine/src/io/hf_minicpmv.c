/* hf_minicpmv.c - the config of MiniCPM-V 2.6, whose language model's fields stand beside its own,
 * and the tensors of its resampler that are kept in another form. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/survive.h"
#include "io/hf_inside.h"

/* Other versions have other language models and eyes under the same model_type. */
static void refuse(struct hf *h, json_t *process, vidi_status *status) {
    const char *act = json_string_value(hf_get(h, h->sight, "hidden_act"));
    const json_t *most = hf_get(h, process, "max_slice_nums");
    const double version = json_number_value(hf_get(h, h->config, "version"));
    const struct {
        bool bad;
        const char *where, *key, *words;
    } cases[] = {
        {fabs(version - 2.6) > 0.01, "", "version", "is not 2.6, which alone is supported"},
        {json_is_true(hf_get(h, h->config, "drop_vision_last_layer")), "", "drop_vision_last_layer",
         "is true, which is not supported"},
        {!act || strcmp(act, "gelu_pytorch_tanh") != 0, h->sight_at, "hidden_act",
         "is not gelu_pytorch_tanh"},
        {most && json_integer_value(most) != 9, "preprocessor_config.json: ", "max_slice_nums",
         "is not 9, which alone is supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && *status == VIDI_OK; i++)
        if (cases[i].bad) *status = hf_bad(h, cases[i].where, cases[i].key, cases[i].words);
}

void hf_minicpmv_eyes(struct hf *h, json_t *process, vidi_status *status) {
    const struct hf_field own = {process, "preprocessor_config.json: ", "scale_resolution", false};
    const struct hf_field other = {h->config, "", "image_size", false};
    const struct hf_field queries = {h->config, "", "query_num", false};
    refuse(h, process, status);
    const uint32_t whole = hf_whole(h, &other, 8, 4096, status);
    uint32_t side = hf_whole(h, &own, 8, 4096, status);
    if (!side) side = whole;
    const uint32_t n = hf_whole(h, &queries, 1, 4096, status);
    if (*status != VIDI_OK) return;
    /* Theirs is the side of the table of positions; a slice is as large as this. */
    json_object_set_new(h->sight, "image_size", json_integer(side ? side : 448));
    hf_tower(h, status);
    put_bool(&h->put, ".use_gelu", true);
    put_bool(&h->put, ".has_minicpmv_projector", true);
    put_u32(&h->put, ".minicpmv_version", 3);
    put_u32(&h->put, ".minicpmv_query_num", n ? n : 64);
}

static vidi_status bad(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                       const char *words) {
    return vd_fail(h->ctx, VIDI_E_FORMAT, "%.600s: tensor %.128s: %s", file->path, t->name, words);
}

vidi_status hf_put_thirds(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                          struct str before, bool bias) {
    const uint32_t dims = bias ? 1 : 2;
    if (t->n_dims != dims || !t->bytes || t->dims[0] % 3)
        return bad(h, file, t, "is no three matrices or biases in one");
    for (uint64_t i = 0; i < 3; i++) {
        char name[160];
        struct gguf_tensor to = {.type = t->type,
                                 .gguf_type = vd_formats[t->type].gguf_id,
                                 .n_dims = dims,
                                 .dims = {t->dims[0] / 3, 1, 1, 1},
                                 .data = (const unsigned char *)t->data + i * (t->bytes / 3),
                                 .bytes = t->bytes / 3};
        if (!bias) to.dims[0] = t->dims[1], to.dims[1] = t->dims[0] / 3;
        snprintf(name, sizeof name, "%.*s%c.%s", (int)before.len, before.ptr, "qkv"[i],
                 bias ? "bias" : "weight");
        put_tensor(&h->put, name, &to);
    }
    return VIDI_OK;
}

/* Rows are multiplied by it from the left; ours have a row for each number that comes out. */
static vidi_status add_turned(struct hf *h, const struct safetensors *file,
                              const struct st_tensor *t, const char *name) {
    if (t->n_dims != 2 || !t->bytes) return bad(h, file, t, "is no matrix");
    const uint64_t rows = t->dims[0], cols = t->dims[1];
    const size_t each = vd_formats[t->type].bytes;
    unsigned char *to = arena_alloc(h->arena, t->bytes, 1),
                  *row = arena_alloc(h->arena, cols, each);
    if (!to || !row) return VIDI_E_MEMORY;
    for (uint64_t r = 0; r < rows; r++) {
        if (!survive_copy(row, (const unsigned char *)t->data + r * cols * each, cols * each))
            return vd_fail(h->ctx, VIDI_E_IO, "%.600s: tensor %.128s: cannot be read", file->path,
                           t->name);
        for (uint64_t c = 0; c < cols; c++)
            memcpy(to + (c * rows + r) * each, row + c * each, each);
    }
    put_tensor(&h->put, name,
               &(struct gguf_tensor){.type = t->type,
                                     .gguf_type = vd_formats[t->type].gguf_id,
                                     .n_dims = 2,
                                     .dims = {rows, cols, 1, 1},
                                     .data = to,
                                     .bytes = t->bytes});
    return VIDI_OK;
}

bool hf_minicpmv_tensor(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                        const char *name, vidi_status *status) {
    if (!h->eyes ||
        (strcmp(h->eyes->projector, "resampler") != 0 && strcmp(h->eyes->projector, "qwenvl") != 0))
        return false;
    if (strcmp(name, "resampler.proj.weight") == 0)
        *status = add_turned(h, file, t, name);
    else if (strncmp(name, "resampler.attn.in.", 18) == 0)
        *status = hf_put_thirds(h, file, t, (struct str){"resampler.attn.", 15},
                                strcmp(name + 18, "bias") == 0);
    else
        return false;
    return true;
}
