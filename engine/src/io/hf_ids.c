/* hf_ids.c - ids of words in config.json and generation_config.json: each is one of the vocabulary,
 * and those of pictures are the words that vidi puts there. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

struct vocabulary {
    struct hf *h;
    const char *const *words;
    uint32_t n;
};

static bool names_words(const char *key) {
    static const char *const ends[] = {"*token_id", "*token_ids", "*token_index"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (fnmatch(ends[i], key, 0) == 0) return true;
    return false;
}

static vidi_status check_id(const struct vocabulary *v, const char *file, const char *where,
                            const char *key, const json_t *value) {
    const json_int_t id = json_integer_value(value);
    if (json_is_integer(value) && id >= 0 && id < v->n) return VIDI_OK;
    if (json_is_integer(value))
        return vd_fail(v->h->ctx, VIDI_E_FORMAT,
                       "%.600s/%s: %s%.100s is %lld, but the model has %u words, from 0 on",
                       v->h->folder, file, where, key, (long long)id, v->n);
    return vd_fail(v->h->ctx, VIDI_E_FORMAT, "%.600s/%s: %s%.100s is no id of a word", v->h->folder,
                   file, where, key);
}

/* All ids of one object. Padding, which nobody says, may be -1 for none. */
static vidi_status check_object(const struct vocabulary *v, const char *file, const char *where,
                                const json_t *object) {
    const char *key;
    json_t *value, *one;
    size_t i;
    json_object_foreach((json_t *)object, key, value) {
        const bool none = json_is_integer(value) && json_integer_value(value) == -1;
        if (!names_words(key) || json_is_null(value)) continue;
        if (none && strcmp(key, "pad_token_id") == 0) continue;
        if (!json_is_array(value)) TRY(check_id(v, file, where, key, value));
        json_array_foreach(value, i, one) TRY(check_id(v, file, where, key, one));
    }
    return VIDI_OK;
}

/* Fields that say which word stands for a picture, or ends an answer, by projector or kind. */
static const struct {
    const char *of, *key, *word;
} said[] = {
    {"mlp", "image_token_index", "<image>"},
    {"mlp", "image_token_id", "<image>"},
    {"paligemma", "image_token_index", "<image>"},
    {"paligemma", "image_token_id", "<image>"},
    {"blip2", "image_token_index", "<image>"},
    {"blip2", "image_token_id", "<image>"},
    {"instructblip", "image_token_index", "<image>"},
    {"instructblip", "image_token_id", "<image>"},
    {"idefics2", "image_token_id", "<image>"},
    {"idefics3", "image_token_id", "<image>"},
    {"internvl", "image_token_id", "<IMG_CONTEXT>"},
    {"mllama", "image_token_index", "<|image|>"},
    {"mllama", "image_token_id", "<|image|>"},
    {"gemma3", "image_token_index", "<image_soft_token>"},
    {"gemma3", "image_token_id", "<image_soft_token>"},
    {"gemma3", "boi_token_index", "<start_of_image>"},
    {"gemma3", "eoi_token_index", "<end_of_image>"},
    {"qwen2vl_merger", "image_token_id", "<|image_pad|>"},
    {"qwen2vl_merger", "vision_start_token_id", "<|vision_start|>"},
    {"qwen2vl_merger", "vision_end_token_id", "<|vision_end|>"},
    {"qwen2.5vl_merger", "image_token_id", "<|image_pad|>"},
    {"qwen2.5vl_merger", "vision_start_token_id", "<|vision_start|>"},
    {"qwen2.5vl_merger", "vision_end_token_id", "<|vision_end|>"},
    {"qwen3vl_merger", "image_token_id", "<|image_pad|>"},
    {"qwen3vl_merger", "vision_start_token_id", "<|vision_start|>"},
    {"qwen3vl_merger", "vision_end_token_id", "<|vision_end|>"},
    {"blip", "sep_token_id", "[SEP]"},
    {"git", "eos_token_id", "[SEP]"},
};

static bool knows(const struct vocabulary *v, const char *word) {
    for (uint32_t i = 0; i < v->n; i++)
        if (strcmp(v->words[i], word) == 0) return true;
    return false;
}

static vidi_status check_word(const struct vocabulary *v, const char *where, const json_t *object,
                              const char *key, const char *word) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || !knows(v, word)) return VIDI_OK;
    const char *is = v->words[json_integer_value(value)];
    if (strcmp(is, word) == 0) return VIDI_OK;
    return vd_fail(v->h->ctx, VIDI_E_FORMAT,
                   "%.600s/config.json: %s%s is %lld, which is the word '%.64s' of the tokenizer, "
                   "not '%s'",
                   v->h->folder, where, key, (long long)json_integer_value(value), is, word);
}

vidi_status hf_ids_check(struct hf *h, const char *const *words, uint32_t n) {
    const struct vocabulary v = {h, words, n};
    const bool apart = h->numbers_at[0] != 0;
    const json_t *text = apart ? json_object_get(h->config, "text_config") : NULL;
    TRY(check_object(&v, "config.json", "", h->config));
    TRY(check_object(&v, "config.json", h->numbers_at, text));
    TRY(check_object(&v, "generation_config.json", "", h->generation));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const bool eyes = h->eyes && strcmp(said[i].of, h->eyes->projector) == 0;
        if (!eyes && strcmp(said[i].of, h->text->arch) != 0) continue;
        TRY(check_word(&v, "", h->config, said[i].key, said[i].word));
        TRY(check_word(&v, h->numbers_at, text, said[i].key, said[i].word));
    }
    return VIDI_OK;
}
