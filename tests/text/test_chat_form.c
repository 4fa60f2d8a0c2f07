/* Which template means which form, and what a conversation looks like in each. */
#include "text/chat_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vocab_build.h"

#define TURNS "{% for m in messages %}"
static const struct {
    const char *form, *tmpl;
} templates[] = {
    {"chatml",
     TURNS "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"},
    {"smollm2",
     TURNS "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by "
           "Hugging Face<|im_end|>\n' }}{% endfor %}"},
    {"qwen2", TURNS "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"},
    {"qwen2.5",
     TURNS "<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
           "assistant.<|im_end|>\\n"},
    {"smolvlm", "<|im_start|>" TURNS "{{ m.role | capitalize }}<end_of_utterance>\n"},
    {"idefics", TURNS "{{ m.role.capitalize() }}<end_of_utterance>\n"},
    {"llama3",
     TURNS "{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + m.content | trim + "
           "'<|eot_id|>' }}"},
    {"gemma", "{{ bos_token }}" TURNS "{{ '<start_of_turn>' + role + '\n' + m.content | trim + "
              "'<end_of_turn>\n' }}"},
    {"phi3", TURNS "{{ '<|user|>\n' + m.content + '<|end|>\n<|assistant|>\n' }}"},
    {"phi4-mini",
     TURNS "{{ '<|' + m.role + '|>' + m.content + '<|tool|>' + '<|end|>' }}<|assistant|>"},
    {"picturebook", "<|start|>" TURNS "<|user|>{{ m.content }}<|assistant|>{{ m.content }}<|end|>"},
    {"moondream", "<|endoftext|>" TURNS "\n\nQuestion: {{ m.content }}\n\nAnswer:"},
    {"blip2", TURNS "Question: {{ m.content }} Answer:"},
    {"zephyr", TURNS "{{ '<|user|>\n' + m.content + eos_token }}"},
    {"stablelm", TURNS "{{ '<|user|>\n' + m.content + '<|endoftext|>\n' }}"},
    {"llama2", TURNS "{{ bos_token + '[INST] ' + '<<SYS>>\n' + m.content + ' [/INST]' }}"},
    {"mistral", TURNS "{{ '[INST] ' + m.content + ' [/INST]' }}"},
    {"mistral-tekken", TURNS "{{ \"[INST]\" + m.content + \"[/INST]\" }}"},
    {"vicuna", TURNS "{{ 'USER: ' + m.content + ' ASSISTANT:' }}"},
    {"vicuna-v1", "A chat between a curious user and an ..." TURNS "USER: ASSISTANT:"},
};

static void templates_are_recognised(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        const struct chat_form *form =
            chat_form_recognise(templates[i].tmpl, strlen(templates[i].tmpl));
        if (!form || strcmp(form->name, templates[i].form) != 0)
            fail_msg("%s became %s", templates[i].form, form ? form->name : "nothing");
    }
    const char *dynamic = TURNS "{{'<|' + m.role + '|>\n' + m.content + '<|end|>\n'}}<|assistant|>";
    assert_string_equal(chat_form_recognise(dynamic, strlen(dynamic))->name, "phi3");
    assert_string_equal(chat_form_recognise(NULL, 0)->name, "plain");
    assert_null(chat_form_recognise("{{ messages }}", 14));
    /* The length counts, not a NUL. */
    assert_null(chat_form_recognise("<|im_start|><|im_end|>", 21));
    assert_null(chat_form_recognise("<", 1));
}

static void every_form_is_whole(void **state) {
    (void)state;
    uint32_t n = 0;
    for (; chat_form_name(n); n++) {
        const struct chat_form *form = chat_form_find(chat_form_name(n));
        assert_string_equal(form->name, chat_form_name(n));
        assert_non_null(form->before_all);
        assert_non_null(form->answer_open);
        for (int role = 0; role < 3; role++) {
            assert_non_null(form->turn_open[role]);
            assert_non_null(form->turn_close[role]);
        }
    }
    /* test_forms.c has published templates of these; "plain", "bare" and "kosmos2" have none. */
    static const char *const elsewhere[] = {"phi4",          "llama3.2-vision", "llama3.1",
                                            "llava-mistral", "mistral-v7",      "mistral-v7-tekken",
                                            "mistral-v1",    "mistral-v0.1",    "mistral-v3",
                                            "llava",         "plain",           "bare",
                                            "kosmos2",       "llama3.2"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        assert_non_null(chat_form_find(elsewhere[i]));
    assert_int_equal(n,
                     sizeof templates / sizeof *templates + sizeof elsewhere / sizeof *elsewhere);
    assert_null(chat_form_find("nix"));
}

/* "S" system, "U" user, "A" assistant, one text each, then the opening of an answer. */
static void write_down(const struct chat_form *form, const char *roles, char *out) {
    static const char *const texts[] = {"Sys", "Ask", "Say"};
    int before = -1;
    strcpy(out, form->before_all);
    for (const char *r = roles; *r; r++) {
        const vidi_role role = *r == 'S' ? VIDI_SYSTEM : *r == 'U' ? VIDI_USER : VIDI_ASSISTANT;
        strcat(out, chat_form_open(form, role, before));
        strcat(out, texts[role]);
        strcat(out, form->turn_close[role]);
        before = (int)role;
    }
    strcat(out, form->answer_open);
}

static void conversations_are_written_down(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"chatml", "SU",
         "<|im_start|>system\nSys<|im_end|>\n<|im_start|>user\nAsk<|im_end|>\n"
         "<|im_start|>assistant\n"},
        {"llama3", "UAU",
         "<|start_header_id|>user<|end_header_id|>\n\nAsk<|eot_id|>"
         "<|start_header_id|>assistant<|end_header_id|>\n\nSay<|eot_id|>"
         "<|start_header_id|>user<|end_header_id|>\n\nAsk<|eot_id|>"
         "<|start_header_id|>assistant<|end_header_id|>\n\n"},
        {"llama2", "SUAU",
         "[INST] <<SYS>>\nSys\n<</SYS>>\n\nAsk [/INST] Say </s><s>[INST] Ask [/INST]"},
        {"gemma", "SU", "<start_of_turn>user\nSys\n\nAsk<end_of_turn>\n<start_of_turn>model\n"},
        {"phi3", "U", "<|user|>\nAsk<|end|>\n<|assistant|>\n"},
        {"zephyr", "SU", "<|system|>\nSys</s>\n<|user|>\nAsk</s>\n<|assistant|>\n"},
        {"picturebook", "UAU",
         "<|start|><|user|>Ask<|assistant|>Say<|end|><|user|>Ask<|assistant|>"},
        {"vicuna", "UAU", "USER: Ask ASSISTANT: Say</s>USER: Ask ASSISTANT:"},
        {"smolvlm", "U", "<|im_start|>User: Ask<end_of_utterance>\nAssistant:"},
        {"idefics", "UAU",
         "User: Ask<end_of_utterance>\nAssistant: Say<end_of_utterance>\nUser: "
         "Ask<end_of_utterance>\nAssistant:"},
        {"mistral", "UAU", "[INST] Ask [/INST]Say</s>[INST] Ask [/INST]"},
        {"moondream", "UAU",
         "<|endoftext|>\n\nQuestion: Ask\n\nAnswer: Say\n\nQuestion: Ask\n\nAnswer:"},
        {"blip2", "UAU", "Question: Ask Answer: Say. Question: Ask Answer:"},
        {"plain", "U", "Ask\n"},
        {"bare", "U", "Ask"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[512];
        write_down(chat_form_find(cases[i][0]), cases[i][1], out);
        assert_string_equal(out, cases[i][2]);
    }
}

static void words_tell_the_form(void **state) {
    (void)state;
    struct fixture f = {0};
    const struct word llama3[] = {
        {"<|start_header_id|>", CONTROL}, {"<|eot_id|>", CONTROL}, {NULL, 0}};
    fixture_bpe(&f, &(struct vocab){"gpt-2", llama3, NULL, 0});
    assert_string_equal(chat_form_of_words(f.tokenizer)->name, "llama3");
    fixture_close(&f);
    fixture_bpe(&f, &(struct vocab){"gpt-2", NULL, NULL, 0});
    assert_string_equal(chat_form_of_words(f.tokenizer)->name, "plain");
    fixture_close(&f);
}

static const char question[] = "What is the capital of France?";

/* The parts of one question in a form, system text included. */
static uint32_t ask(const struct chat_form *form, struct text_part *parts) {
    const char *const texts[] = {form->before_all,
                                 form->turn_open[VIDI_SYSTEM],
                                 form->system_default,
                                 form->turn_close[VIDI_SYSTEM],
                                 chat_form_open(form, VIDI_USER, VIDI_SYSTEM),
                                 question,
                                 form->turn_close[VIDI_USER],
                                 form->answer_open};
    const uint32_t n = sizeof texts / sizeof *texts;
    for (uint32_t i = 0; i < n; i++)
        parts[i] = (struct text_part){texts[i], strlen(texts[i]),
                                      texts[i] == question ? 0 : TOKENIZE_SPECIAL};
    return n;
}

/* What the template of SmolLM2-135M-Instruct renders for the question, and its ids by an
 * independent tokenizer. */
static const char smollm2_text[] =
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
    "Face<|im_end|>\n"
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n";
static const int32_t smollm2_ids[] = {1,    9690, 198,   2683, 359,  253,  5356, 5646,  11173, 3365,
                                      3511, 308,  34519, 28,   7018, 411,  407,  19712, 8182,  2,
                                      198,  1,    4093,  198,  1780, 314,  260,  3575,  282,   4649,
                                      47,   2,    198,   1,    520,  9531, 198};

static void smollm2_text_is_exact(void **state) {
    (void)state;
    struct text_part parts[8];
    char text[512] = "";
    const uint32_t n = ask(chat_form_find("smollm2"), parts);
    for (uint32_t i = 0; i < n; i++) strcat(text, parts[i].text);
    assert_string_equal(text, smollm2_text);
}

/* With the model's own file, where VIDI_TEST_SMOLLM2 names it. */
static void smollm2_ids_are_exact(void **state) {
    (void)state;
    const char *path = getenv("VIDI_TEST_SMOLLM2");
    if (!path || !*path) skip();
    struct fixture f = {0};
    struct str tmpl;
    arena_open(&f.arena, &f.ctx);
    f.tokens = (struct tokens){.arena = &f.arena};
    assert_int_equal(gguf_open(&f.ctx, path, &f.file), VIDI_OK);
    assert_int_equal(tokenizer_open(&f.ctx, &f.file, &f.tokenizer), VIDI_OK);
    assert_int_equal(gguf_str(&f.file, "tokenizer.chat_template", &tmpl), VIDI_OK);
    const struct chat_form *form = chat_form_recognise(tmpl.ptr, tmpl.len);
    assert_string_equal(form->name, "smollm2");
    struct text_part parts[8];
    const uint32_t n = ask(form, parts), n_ids = sizeof smollm2_ids / sizeof *smollm2_ids;
    assert_int_equal(tokenize_parts(f.tokenizer, parts, n, &f.tokens), VIDI_OK);
    assert_int_equal(f.tokens.n, n_ids);
    assert_memory_equal(f.tokens.ids, smollm2_ids, sizeof smollm2_ids);
    /* For this question the parts may as well be tokenized one by one. */
    f.tokens.n = 0;
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(
            tokenize(f.tokenizer, parts[i].text, parts[i].len, parts[i].flags, &f.tokens), VIDI_OK);
    assert_int_equal(f.tokens.n, n_ids);
    assert_memory_equal(f.tokens.ids, smollm2_ids, sizeof smollm2_ids);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_recognised),       cmocka_unit_test(every_form_is_whole),
        cmocka_unit_test(conversations_are_written_down), cmocka_unit_test(words_tell_the_form),
        cmocka_unit_test(smollm2_text_is_exact),          cmocka_unit_test(smollm2_ids_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
