#include "text/chat_form.h"

#include <string.h>

#include "text/tokenizer.h"
#include "text/utf8.h"

#define CHATML                                                                              \
    .before_all = "",                                                                       \
    .turn_open = {"<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n"}, \
    .turn_close = {"<|im_end|>\n", "<|im_end|>\n", "<|im_end|>\n"},                         \
    .answer_open = "<|im_start|>assistant\n"

/* Blanks stand before the words they join. */
#define VICUNA                                                                                     \
    .before_all = "", .turn_open = {"", "USER: ", " ASSISTANT: "}, .turn_close = {"", "", "</s>"}, \
    .user_after_system = " USER: ", .answer_open = " ASSISTANT:"

static const char smollm_system[] =
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
static const char qwen_system[] =
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
static const char helpful_system[] = "You are a helpful assistant.";
static const char vicuna_system[] =
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user's questions.";

#define TRIM_ALL \
    { true, true, true }

#define LLAMA3_OPEN(role) "<|start_header_id|>" role "<|end_header_id|>\n\n"
#define LLAMA3_TURNS                                                            \
    .before_all = "", .turn_close = {"<|eot_id|>", "<|eot_id|>", "<|eot_id|>"}, \
    .answer_open = LLAMA3_OPEN("assistant")

/* Each turn of the system says what day it is; without one, that alone is said. */
#define LLAMA31                                                                             \
    LLAMA3_TURNS,                                                                           \
        .system_default = "", .date = "26 Jul 2024", .after_date = "\n\n",                  \
        .turn_open = {LLAMA3_OPEN("system") "Cutting Knowledge Date: December 2023\nToday " \
                                            "Date: ",                                       \
                      LLAMA3_OPEN("user"), LLAMA3_OPEN("assistant")}

/* What the system says stands in the first turn of the user. */
#define MISTRAL(open, close, said, end)                                                    \
    .before_all = "", .turn_open = {open, open, said}, .turn_close = {"\n\n", close, end}, \
    .user_after_system = "", .answer_open = ""

enum { MARKS = 3 };

/* The first row whose marks are all there wins, so special cases stand before general ones. */
static const struct row {
    struct chat_form form;
    const char *marks[MARKS];
} rows[] = {
    {{.name = "phi4",
      .before_all = "",
      .turn_open = {"<|im_start|>system<|im_sep|>", "<|im_start|>user<|im_sep|>",
                    "<|im_start|>assistant<|im_sep|>"},
      .turn_close = {"<|im_end|>", "<|im_end|>", "<|im_end|>"},
      .answer_open = "<|im_start|>assistant<|im_sep|>"},
     {"<|im_start|>", "<|im_sep|>"}},
    {{.name = "smollm2", .system_default = smollm_system, CHATML}, {"<|im_start|>", smollm_system}},
    {{.name = "qwen2.5", .system_default = qwen_system, CHATML}, {"<|im_start|>", qwen_system}},
    {{.name = "qwen2", .system_default = helpful_system, CHATML}, {"<|im_start|>", helpful_system}},
    {{.name = "smolvlm",
      .before_all = "<|im_start|>",
      .turn_open = {"System: ", "User: ", "Assistant: "},
      .user_picture = "User:",
      .turn_close = {"<end_of_utterance>\n", "<end_of_utterance>\n", "<end_of_utterance>\n"},
      .answer_open = "Assistant:"},
     {"<|im_start|>", "<end_of_utterance>"}},
    {{.name = "idefics",
      .before_all = "",
      .turn_open = {"System: ", "User: ", "Assistant: "},
      .user_picture = "User:",
      .turn_close = {"<end_of_utterance>\n", "<end_of_utterance>\n", "<end_of_utterance>\n"},
      .answer_open = "Assistant:"},
     {"<end_of_utterance>"}},
    {{.name = "chatml", CHATML}, {"<|im_start|>", "<|im_end|>"}},
    {{.name = "llama3.2-vision",
      LLAMA31,
      .asks_day = true,
      .default_unseen = true,
      .trim = {[VIDI_SYSTEM] = true}},
     {"<|start_header_id|>", "Cutting Knowledge Date: ", "has_images"}},
    {{.name = "llama3.2", LLAMA31, .asks_day = true, .trim = TRIM_ALL},
     {"<|start_header_id|>", "Cutting Knowledge Date: ", "strftime_now"}},
    {{.name = "llama3.1", LLAMA31, .trim = TRIM_ALL},
     {"<|start_header_id|>", "Cutting Knowledge Date: "}},
    {{.name = "llama3",
      LLAMA3_TURNS,
      .turn_open = {LLAMA3_OPEN("system"), LLAMA3_OPEN("user"), LLAMA3_OPEN("assistant")},
      .trim = TRIM_ALL},
     {"<|start_header_id|>", "<|eot_id|>"}},
    {{.name = "gemma",
      .before_all = "",
      .turn_open = {"<start_of_turn>user\n", "<start_of_turn>user\n", "<start_of_turn>model\n"},
      .turn_close = {"\n\n", "<end_of_turn>\n", "<end_of_turn>\n"},
      .user_after_system = "",
      .answer_open = "<start_of_turn>model\n",
      .trim = {[VIDI_USER] = true, [VIDI_ASSISTANT] = true}},
     {"<start_of_turn>", "<end_of_turn>"}},
    {{.name = "picturebook",
      .before_all = "<|start|>",
      .turn_open = {"", "<|user|>", "<|assistant|>"},
      .turn_close = {"", "", "<|end|>"},
      .answer_open = "<|assistant|>"},
     {"<|start|>", "<|user|>", "<|end|>"}},
    {{.name = "moondream",
      .before_all = "<|endoftext|>",
      .turn_open = {"", "\n\nQuestion: ", "\n\nAnswer: "},
      .turn_close = {"", "", ""},
      .answer_open = "\n\nAnswer:"},
     {"Question:", "Answer:", "<|endoftext|>"}},
    {{.name = "blip2",
      .before_all = "",
      .turn_open = {"", "Question: ", " Answer: "},
      .turn_close = {" ", "", ". "},
      .answer_open = " Answer:"},
     {"Question: ", " Answer:"}},
    {{.name = "phi4-mini",
      .before_all = "",
      .turn_open = {"<|system|>", "<|user|>", "<|assistant|>"},
      .turn_close = {"<|end|>", "<|end|>", "<|end|>"},
      .answer_open = "<|assistant|>"},
     {"<|assistant|>", "<|end|>", "<|tool|>"}},
    {{.name = "phi3",
      .before_all = "",
      .turn_open = {"<|system|>\n", "<|user|>\n", "<|assistant|>\n"},
      .turn_close = {"<|end|>\n", "<|end|>\n", "<|end|>\n"},
      .answer_open = "<|assistant|>\n"},
     {"<|assistant|>", "<|end|>"}},
    {{.name = "stablelm",
      .before_all = "",
      .turn_open = {"<|system|>\n", "<|user|>\n", "<|assistant|>\n"},
      .turn_close = {"<|endoftext|>\n", "<|endoftext|>\n", "<|endoftext|>\n"},
      .answer_open = "<|assistant|>\n"},
     {"<|user|>", "<|endoftext|>"}},
    {{.name = "zephyr",
      .before_all = "",
      .turn_open = {"<|system|>\n", "<|user|>\n", "<|assistant|>\n"},
      .turn_close = {"</s>\n", "</s>\n", "</s>\n"},
      .answer_open = "<|assistant|>\n"},
     {"<|user|>", "eos_token"}},
    {{.name = "llava-mistral",
      .before_all = "",
      .turn_open = {"<<SYS>>\n", "[INST] ", " "},
      .turn_close = {"\n<</SYS>>\n\n", " [/INST]", "</s>"},
      .answer_open = ""},
     {"[INST]", "<<SYS>>", "message['content'][0]['text']"}},
    {{.name = "llama2",
      .before_all = "",
      .turn_open = {"[INST] <<SYS>>\n", "[INST] ", " "},
      .turn_close = {"\n<</SYS>>\n\n", " [/INST]", " </s><s>"},
      .user_after_system = "",
      .answer_open = "",
      .trim = {[VIDI_USER] = true, [VIDI_ASSISTANT] = true},
      .trim_together = true},
     {"[INST]", "<<SYS>>"}},
    {{.name = "mistral-v7",
      .before_all = "",
      .turn_open = {"[SYSTEM_PROMPT] ", "[INST] ", " "},
      .turn_close = {"[/SYSTEM_PROMPT]", "[/INST]", "</s>"},
      .answer_open = ""},
     {"[SYSTEM_PROMPT] ", "[INST] "}},
    {{.name = "mistral-v7-tekken",
      .before_all = "",
      .turn_open = {"[SYSTEM_PROMPT]", "[INST]", ""},
      .turn_close = {"[/SYSTEM_PROMPT]", "[/INST]", "</s>"},
      .answer_open = ""},
     {"[SYSTEM_PROMPT]", "[INST]"}},
    {{.name = "mistral-v1", MISTRAL(" [INST] ", " [/INST]", " ", "</s>")}, {"' [INST] '"}},
    {{.name = "mistral-v0.1",
      MISTRAL("[INST] ", " [/INST]", "", "</s>"),
      .user_after_answer = " [INST] "},
     {"[INST]", "' [/INST]'", "eos_token + ' '"}},
    {{.name = "mistral", MISTRAL("[INST] ", " [/INST]", "", "</s>")}, {"[INST]", "' [/INST]'"}},
    {{.name = "mistral-v3",
      MISTRAL("[INST] ", "[/INST]", " ", "</s>"),
      .trim = {[VIDI_ASSISTANT] = true}},
     {"\"[INST] \""}},
    {{.name = "mistral-tekken", MISTRAL("[INST]", "[/INST]", "", "</s>")},
     {"[INST]", "\"[INST]\""}},
    {{.name = "llava",
      .before_all = "",
      .turn_open = {"", "USER: ", " ASSISTANT: "},
      .turn_close = {"", "", ""},
      .user_after_system = " USER: ",
      .user_after_answer = " USER: ",
      .answer_open = " ASSISTANT:"},
     {".upper() + ': '", "ASSISTANT:"}},
    {{.name = "vicuna-v1", .system_default = vicuna_system, VICUNA},
     {"USER: ", "A chat between a curious user"}},
    {{.name = "vicuna", VICUNA}, {"USER: ", "ASSISTANT:"}},
    {{.name = "plain",
      .before_all = "",
      .turn_open = {"", "", ""},
      .turn_close = {"\n", "\n", "\n"},
      .answer_open = ""},
     {NULL}},
    /* Forms behind this one are asked for by their names alone. */
    {{.name = "kosmos2",
      .before_all = "",
      .turn_open = {"", "<grounding>", ""},
      .turn_close = {"", "", ""},
      .answer_open = ""},
     {NULL}},
    {{.name = "bare",
      .before_all = "",
      .turn_open = {"", "", ""},
      .turn_close = {"", "", ""},
      .answer_open = ""},
     {NULL}},
};
enum { N_ROWS = sizeof rows / sizeof *rows, NAMED = 2, PLAIN = N_ROWS - NAMED - 1 };

const char *chat_form_name(uint32_t i) { return i < N_ROWS ? rows[i].form.name : NULL; }

const struct chat_form *chat_form_find(const char *name) {
    for (uint32_t i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i].form.name, name) == 0) return &rows[i].form;
    return NULL;
}

bool text_contains(const char *text, uint64_t len, const char *word, uint64_t n) {
    if (n == 0 || n > len) return n == 0;
    const char *const last = text + (len - n);
    for (const char *at = text; at <= last; at++) {
        at = memchr(at, word[0], (size_t)(last - at) + 1);
        if (!at) return false;
        if (memcmp(at, word, (size_t)n) == 0) return true;
    }
    return false;
}

static bool contains(const char *text, uint64_t len, const char *word) {
    return text_contains(text, len, word, strlen(word));
}

bool chat_form_holds(const char *word, uint64_t len) {
    for (uint32_t i = 0; i < N_ROWS; i++) {
        const struct chat_form *f = &rows[i].form;
        const char *const texts[] = {f->before_all,    f->answer_open,   f->turn_open[0],
                                     f->turn_open[1],  f->turn_open[2],  f->turn_close[0],
                                     f->turn_close[1], f->turn_close[2], rows[i].marks[0],
                                     rows[i].marks[1], rows[i].marks[2]};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            if (texts[k] && text_contains(texts[k], strlen(texts[k]), word, len)) return true;
    }
    return false;
}

const struct chat_form *chat_form_recognise(const char *tmpl, uint64_t len) {
    if (len == 0) return &rows[PLAIN].form;
    for (uint32_t i = 0; i < PLAIN; i++) {
        bool all = true;
        for (int k = 0; k < MARKS && rows[i].marks[k]; k++)
            all = all && contains(tmpl, len, rows[i].marks[k]);
        if (all) return &rows[i].form;
    }
    return NULL;
}

const struct chat_form *chat_form_of_words(const struct tokenizer *t) {
    for (uint32_t i = 0; i < PLAIN; i++) {
        bool all = true;
        for (int k = 0; k < MARKS && rows[i].marks[k]; k++)
            all = all && tokenizer_find(t, rows[i].marks[k]) >= 0;
        if (all) return &rows[i].form;
    }
    return &rows[PLAIN].form;
}

const char *chat_form_open(const struct chat_form *form, vidi_role role, int before) {
    if (role == VIDI_USER && before == VIDI_SYSTEM && form->user_after_system)
        return form->user_after_system;
    if (role == VIDI_USER && before == VIDI_ASSISTANT && form->user_after_answer)
        return form->user_after_answer;
    return form->turn_open[role];
}

bool chat_form_trims_front(const struct chat_form *form, vidi_role role, int before) {
    const bool joined = form->trim_together && role == VIDI_USER && before == VIDI_SYSTEM;
    return form->trim[role] && !joined;
}

/* Python counts four separators of ASCII too. */
static bool is_trimmed(uint32_t letter) {
    return utf8_is_space(letter) || (letter >= 0x1C && letter <= 0x1F);
}

void text_trim(const char **text, uint64_t *len, bool front, bool end) {
    uint64_t first = *len, last = 0; /* where the words begin, and end */
    for (uint64_t at = 0; at < *len;) {
        const uint32_t n = utf8_length(*text + at, *len - at);
        const bool blank = n && is_trimmed(utf8_decode(*text + at, n));
        if (!blank && first > at) first = at;
        at += n ? n : 1;
        if (!blank) last = at;
    }
    if (!front) first = 0;
    if (!end) last = *len;
    *text += first;
    *len = last > first ? last - first : 0;
}
