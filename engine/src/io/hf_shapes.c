/* hf_shapes.c - what a config says of tables and matrices whose shapes the families take from the
 * weights: of words, of the head, of places. Both must say the same, as the reference wants it. */
#include <math.h>
#include <string.h>

#include "io/hf_inside.h"

static uint64_t rows_of(const struct hf *h, const char *name) {
    const struct gguf *g = h->put.g;
    for (uint32_t i = 0; i < g->n_tensors; i++)
        if (strcmp(g->tensors[i].name.ptr, name) == 0) return g->tensors[i].dims[1];
    return 0;
}

/* --- the head ----------------------------------------------------------------------------------
 */

/* Families that share one matrix between words and head unless the config says otherwise. */
static bool shares_usually(const struct hf *h) {
    static const char *const texts[] = {"gemma", "gemma2", "gemma3",  "kosmos2",
                                        "mpt",   "opt",    "flamingo"};
    if (h->eyes && strcmp(h->eyes->projector, "internvl") == 0) return true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(h->text->arch, texts[i]) == 0) return true;
    return false;
}

/* Of models with eyes the whole says it; these also go by what their language model says. */
static bool text_says_too(const struct hf *h) {
    static const char *const eyes[] = {"mlp", "blip2", "instructblip", "kosmos2", "flamingo"};
    for (size_t i = 0; h->eyes && i < sizeof eyes / sizeof *eyes; i++)
        if (strcmp(h->eyes->projector, eyes[i]) == 0) return true;
    return false;
}

static bool shares(const struct hf *h) {
    static const char key[] = "tie_word_embeddings";
    const json_t *whole = hf_get(h, h->config, key), *own = hf_get(h, h->numbers, key);
    const bool usual = shares_usually(h);
    const bool text = json_is_boolean(own) ? json_is_true(own) : usual;
    if (text_says_too(h)) return json_is_true(whole) || text;
    return json_is_boolean(whole) ? json_is_true(whole) : text;
}

/* A head of its own that is not in the files would be made up by the reference, too. */
static vidi_status check_head(struct hf *h) {
    static const char *const own_heads[] = {"blip", "git", "idefics"};
    for (size_t i = 0; i < sizeof own_heads / sizeof *own_heads; i++)
        if (strcmp(h->text->arch, own_heads[i]) == 0) return VIDI_OK;
    if (shares(h) || rows_of(h, "output.weight")) return VIDI_OK;
    return hf_bad(h, "", "tie_word_embeddings",
                  "is not true, so that the model has a head of its own, but its weights hold no "
                  "lm_head.weight");
}

/* --- the table of words ------------------------------------------------------------------------
 */

static vidi_status check_rows(struct hf *h) {
    enum { OF_PICTURES = 8 }; /* Llama 3.2 Vision's table has more rows than it has words to say */
    const struct hf_field f = {h->numbers, h->numbers_at, "vocab_size", false};
    const struct hf_field more = {h->numbers, h->numbers_at, "additional_vocab_size", false};
    vidi_status status = VIDI_OK;
    uint64_t want = hf_whole(h, &f, 1, 1 << 24, &status);
    if (strcmp(h->text->arch, "idefics") == 0) want += hf_whole(h, &more, 0, 1 << 24, &status);
    if (strcmp(h->text->arch, "mllama") == 0) want += OF_PICTURES;
    const uint64_t rows = rows_of(h, "token_embd.weight") + rows_of(h, "token_embd_more.weight");
    if (status != VIDI_OK || !hf_get(h, h->numbers, "vocab_size") || want == rows) return status;
    return vd_fail(h->ctx, VIDI_E_FORMAT,
                   "%.600s/config.json: %svocab_size%s makes %llu words, but the weights hold %llu",
                   h->folder, h->numbers_at,
                   strcmp(h->text->arch, "idefics") == 0 ? " with additional_vocab_size" : "",
                   (unsigned long long)want, (unsigned long long)rows);
}

/* IDEFICS' gates, of the kind that alpha_type names. */
static vidi_status check_gates(struct hf *h) {
    const struct gguf *g = h->put.g;
    const char *type = json_string_value(hf_get(h, h->numbers, "alpha_type"));
    const bool one = !type || strcmp(type, "float") == 0;
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        const struct gguf_tensor *t = &g->tensors[i];
        if (!strstr(t->name.ptr, ".attn_gate.weight")) continue;
        const uint64_t n = t->dims[0] * t->dims[1] * t->dims[2];
        if ((n == 1) != one)
            return hf_bad(h, h->numbers_at, "alpha_type", "is not what the weights hold");
    }
    return VIDI_OK;
}

/* InstructBLIP's queries read words of their own. */
static vidi_status check_asked(struct hf *h) {
    const json_t *asker = hf_get(h, h->config, "qformer_config");
    const json_t *says = hf_get(h, asker, "vocab_size");
    const uint64_t rows = rows_of(h, "qf.token_embd.weight");
    if (!says || !rows || (uint64_t)json_integer_value(says) == rows) return VIDI_OK;
    return hf_bad(h, "qformer_config.", "vocab_size", "is not what the weights hold");
}

/* A number of the tower's config and the rows of a tensor of it. */
struct rows {
    const char *of; /* a projector */
    const char *key, *tensor;
    bool squared;      /* as many as patches of a picture whose side is the number */
    const char *times; /* NULL, or another number that it is multiplied by */
    const char *words;
};
static const struct rows tower_rows[] = {
    {"qwen3vl_merger", "num_position_embeddings", "v.position_embd.weight", false, NULL,
     "is not what the weights hold"},
    {"resampler", "image_size", "v.position_embd.weight", true, NULL,
     "by patch_size is not what the weights hold"},
    {"qwen2vl_merger", "mlp_ratio", "v.blk.0.ffn_up.weight", false, "embed_dim",
     "for embed_dim is not what the weights hold"},
};

static vidi_status check_tower(struct hf *h, const struct rows *r) {
    const json_t *tower = json_object_get(h->config, "vision_config"); /* without defaults */
    const json_int_t patch = json_integer_value(json_object_get(h->sight, "patch_size"));
    const json_t *says = hf_get(h, tower, r->key);
    const uint64_t rows = rows_of(h, r->tensor);
    double want = json_number_value(says);
    if (!says || json_is_null(says) || !rows || patch < 1) return VIDI_OK;
    if (r->times) want = floor(want * json_number_value(json_object_get(h->sight, r->times)));
    if (r->squared) want = floor(want / (double)patch) * floor(want / (double)patch);
    if (want == (double)rows) return VIDI_OK;
    return hf_bad(h, h->sight_at, r->key, r->words);
}

static vidi_status check_eyes(struct hf *h) {
    for (size_t i = 0; i < sizeof tower_rows / sizeof *tower_rows; i++)
        if (strcmp(tower_rows[i].of, h->eyes->projector) == 0) TRY(check_tower(h, &tower_rows[i]));
    return check_asked(h);
}

vidi_status hf_shapes_check(struct hf *h, enum hf_part part) {
    if (part == HF_EYES) return check_eyes(h);
    if (strcmp(h->text->arch, "idefics") == 0) TRY(check_gates(h));
    TRY(check_head(h));
    return check_rows(h);
}
