/* hf_generation.c - generation_config.json, or what config.json says in its place: how answers are
 * made. What the sampler cannot do becomes one line of metadata, of which the user is told. */
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

enum { LINE_MOST = 512 };

/* Numbers, and the value that asks for nothing. */
static const struct {
    const char *key;
    double none, lo, hi;
} numbers[] = {
    {"repetition_penalty", 1, 1e-3, 1e3},
    {"encoder_repetition_penalty", 1, 1e-3, 1e3},
    {"no_repeat_ngram_size", 0, 0, 1e6},
    {"encoder_no_repeat_ngram_size", 0, 0, 1e6},
    {"min_length", 0, 0, 1e9},
    {"min_new_tokens", 0, 0, 1e9},
    {"num_beams", 1, 1, 1e4},
    {"penalty_alpha", 0, 0, 1e3},
    {"guidance_scale", 1, 0, 1e6},
};
/* Lists, ids and flags that ask for something when they are there and not empty. */
static const char *const others[] = {"bad_words_ids",
                                     "suppress_tokens",
                                     "begin_suppress_tokens",
                                     "forced_bos_token_id",
                                     "forced_eos_token_id",
                                     "sequence_bias",
                                     "exponential_decay_length_penalty",
                                     "stop_strings",
                                     "watermarking_config",
                                     "token_healing"};
/* How a sampler draws, which is the caller's to say: shown, not obeyed. */
static const struct {
    const char *key, *to;
    double hi;
    bool whole;
} drawn[] = {{"temperature", "general.sampling.temp", 1e3, false},
             {"top_k", "general.sampling.top_k", 1e9, true},
             {"top_p", "general.sampling.top_p", 1, false},
             {"min_p", "general.sampling.min_p", 1, false}};

/* As the reference has it, config.json counts where the file is not there; its keys are asked for
 * in any case. */
static const json_t *wish(struct hf *h, const char *key) {
    const json_t *whole = hf_get(h, h->config, key), *text = hf_get(h, h->numbers, key);
    const json_t *value = h->generation                   ? json_object_get(h->generation, key)
                          : whole && !json_is_null(whole) ? whole
                                                          : text;
    return json_is_null(value) ? NULL : value;
}

static vidi_status bad(struct hf *h, const char *key, const char *words) {
    return vd_fail(h->ctx, VIDI_E_FORMAT, "%.600s/%s: %s %s", h->folder,
                   h->generation ? "generation_config.json" : "config.json", key, words);
}

static void add(char line[LINE_MOST], const char *key, const char *value) {
    const size_t used = strlen(line);
    snprintf(line + used, LINE_MOST - used, "%s%s%s%s", used ? ", " : "", key, value[0] ? " " : "",
             value);
}

static vidi_status note_numbers(struct hf *h, char line[LINE_MOST]) {
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const json_t *value = wish(h, numbers[i].key);
        const double number = json_number_value(value);
        char text[32];
        if (!value) continue;
        if (!json_is_number(value) || !(number >= numbers[i].lo && number <= numbers[i].hi)) {
            char words[64];
            snprintf(words, sizeof words, "is no number from %g to %g", numbers[i].lo,
                     numbers[i].hi);
            return bad(h, numbers[i].key, words);
        }
        if (number == numbers[i].none) continue;
        snprintf(text, sizeof text, "%g", number);
        add(line, numbers[i].key, text);
    }
    return VIDI_OK;
}

static void note_others(struct hf *h, char line[LINE_MOST]) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const json_t *value = wish(h, others[i]);
        const bool empty = (json_is_array(value) && !json_array_size(value)) ||
                           (json_is_object(value) && !json_object_size(value));
        if (value && !json_is_false(value) && !empty) add(line, others[i], "");
    }
}

static void put_drawn(struct hf *h) {
    if (!json_is_true(wish(h, "do_sample"))) return;
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
        const json_t *value = wish(h, drawn[i].key);
        const double number = json_number_value(value);
        if (!json_is_number(value) || !(number >= 0 && number <= drawn[i].hi)) continue;
        if (drawn[i].whole)
            put_u32(&h->put, drawn[i].to, (uint32_t)number);
        else
            put_f32(&h->put, drawn[i].to, number);
    }
}

vidi_status hf_generation_put(struct hf *h) {
    char line[LINE_MOST] = "";
    TRY(note_numbers(h, line));
    note_others(h, line);
    if (line[0]) put_text(&h->put, "general.sampling.unmet", line, strlen(line));
    put_drawn(h);
    return VIDI_OK;
}
