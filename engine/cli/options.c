#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli.h"
#include "habits.h"
#include "suggest.h"

/* WHOLE_OR_ALL: -1 is the same as not given. */
enum kind { SWITCH, COUNT, WHOLE, WHOLE_OR_ALL, SEED, REAL, TEXT, TEXTS, CHOICE };

struct option {
    unsigned groups;
    enum kind kind;
    size_t offset;     /* of the value in struct options */
    const char *names; /* separated by blanks; the first two are shown in the help */
    const char *value; /* what the help calls it; NULL: it takes none; of a CHOICE: the words */
    const char *help;
    double min, max; /* of numbers, both included */
};

#define AT(field) offsetof(struct options, field)

/* clang-format off */
static const struct option table[] = {
    {GROUP_MODEL, TEXT, AT(model), "-m --model -hf --hf-repo", "FILE",
     "GGUF file, folder, or OWNER/NAME[:QUANT] of `vidi list` (default: the model that ships inside)", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP | GROUP_BENCH | GROUP_VIEW | GROUP_WATCH | GROUP_QUANTIZE, TEXT, AT(mmproj), "--mmproj -mm", "FILE",
     "the model's vision part, where it is a GGUF file of its own (default: the one beside the model; \"\": none)", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP | GROUP_BENCH, SWITCH, AT(mmproj_any), "--mmproj-any", NULL,
     "take a vision part that by its own words is another model's", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP | GROUP_BENCH | GROUP_VIEW | GROUP_WATCH, TEXTS, AT(loras), "--lora", "FILE[:SCALE]",
     "a GGUF file of low-rank changes to the model; may be repeated", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP | GROUP_VIEW | GROUP_WATCH, TEXT, AT(chat_form), "--chat-template", "NAME",
     "the prompt form, where the model's own template is not to choose it", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP | GROUP_BENCH | GROUP_VIEW | GROUP_WATCH | GROUP_QUANTIZE | GROUP_SHOW, CHOICE, AT(weights), "--type", "q8_0|q4_0|q4_K",
     "what weights that are not quantised become, to take less memory", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP, TEXTS, AT(images), "--image", "FILE",
     "a picture: JPEG, PNG, WebP, HEIC, TIFF, ...; several by commas, or repeated", 0, 0},
    {GROUP_PROMPT | GROUP_DUMP, TEXT, AT(prompt), "-p --prompt", "TEXT",
     "the question", 0, 0},
    {GROUP_BATCH, TEXT, AT(prompt_file), "-f --file", "FILE",
     "the question is in this file, - for stdin", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP, TEXT, AT(system_prompt), "--system-prompt -sys", "TEXT",
     "said to the model before everything else", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP, TEXT, AT(date), "--date", "TEXT",
     "what day it is, for prompt forms that say it (default: today where the template asks for it, else 26 Jul 2024)", 0, 0},
    {GROUP_QUESTION | GROUP_DUMP, SWITCH, AT(raw), "--raw", NULL,
     "give the text to the model as it is, without its prompt form", 0, 0},
    {GROUP_BATCH, TEXT, AT(batch), "--batch", "FILE",
     "answer many: lines of {\"image\": path, paths or null, \"prompt\": text}, - for stdin", 0, 0},
    {GROUP_DUMP, TEXT, AT(tensors), "--tensors", "GLOB",
     "names of the activations to write (default: *)", 0, 0},
    {GROUP_DUMP, TEXT, AT(to), "--to", "DIR",
     "folder for the .npy files; made if missing", 0, 0},
    {GROUP_ANSWER | GROUP_DUMP, WHOLE_OR_ALL, AT(max_tokens), "-n --predict --n-predict", "N",
     "at most N tokens of answer (default, and -1: until the model stops)", 1, 1000000},
    {GROUP_ANSWER | GROUP_DUMP | GROUP_VIEW, WHOLE, AT(context), "-c --ctx-size", "N",
     "tokens a conversation may hold (default, and 0: the model's, at most 4096)", 0, 16777216},
    {GROUP_ANSWER | GROUP_DUMP | GROUP_VIEW, CHOICE, AT(cache), "--cache-type", "f32|f16|q8_0",
     "how keys and values of the conversation are kept (default: f16, on a CPU f32)", 0, 0},
    {GROUP_ANSWER, REAL, AT(temperature), "--temp --temperature", "T",
     "0 takes the likeliest token each time, more is more varied (default 0)", 0, 100},
    {GROUP_ANSWER, WHOLE, AT(top_k), "--top-k", "N",
     "choose among the N likeliest tokens, 0 among all (default 40)", 0, 16777216},
    {GROUP_ANSWER, REAL, AT(top_p), "--top-p", "P",
     "... among those that make up this share of probability (default 0.95)", 0, 1},
    {GROUP_ANSWER, REAL, AT(min_p), "--min-p", "P",
     "... among those at least this likely beside the likeliest (default 0.05)", 0, 1},
    {GROUP_ANSWER, SEED, AT(seed), "-s --seed", "N",
     "the same seed gives the same answer on the same device (default 0; -1: another each time)", 0, 0},
    {GROUP_SHOW, SWITCH, AT(all), "--all", NULL,
     "every tensor and every metadata key on its own line", 0, 0},
    {GROUP_TOKENIZE, SWITCH, AT(special), "--special", NULL,
     "read the names of special tokens in the text as those tokens", 0, 0},
    {GROUP_COMPARE, REAL, AT(limit), "--limit", "NMSE",
     "a tensor differs above this normalised error (default 0.001)", 0, 1e30},
    {GROUP_KERNELS, TEXT, AT(why), "--why", "NAME",
     "one kernel: its interface, variants and tuning, and why it is not used", 0, 0},
    {GROUP_SHADERS, TEXT, AT(target), "--target", "NAME",
     "a GPU that need not be here, by its driver's compiler alone", 0, 0},
    {GROUP_SHADERS, TEXT, AT(device), "--device", "NAME",
     "part of a device's name or its number in `vidi devices` (default: the best)", 0, 0},
    {GROUP_BENCH, WHOLE, AT(n_answer), "-n", "N", "tokens to answer (default 64)", 1, 1000000},
    {GROUP_BENCH, WHOLE, AT(n_prompt), "-p", "N", "tokens to read (default 128)", 1, 1000000},
    {GROUP_BENCH, WHOLE, AT(repeats), "-r --repetitions", "N",
     "runs, of which the median counts (default 5)", 1, 64},
    {GROUP_QUANTIZE, TEXT, AT(to), "-o --output", "FILE",
     "the GGUF file to write", 0, 0},
    {GROUP_PULL, TEXT, AT(file), "--file", "NAME",
     "this file of the repository, with its shards and its mmproj", 0, 0},
    {GROUP_VIEW, SWITCH, AT(live), "--live", NULL,
     "ask about the newest frame again and again", 0, 0},
    {GROUP_VIEW, TEXT, AT(theme), "--theme", "NAME",
     "dark, light or contrast (default: as it was)", 0, 0},
    {GROUP_VIEW, REAL, AT(scale), "--scale", "PERCENT",
     "size of text and controls (default: as it was)", 50, 300},
    {GROUP_VIEW, SWITCH, AT(no_config), "--no-config", NULL,
     "neither read nor keep settings", 0, 0},
    {GROUP_VIEW, TEXT, AT(ui_log), "--ui-log", "FILE",
     "write every change of state as a line of JSON", 0, 0},
    {GROUP_WATCH, TEXT, AT(every), "--every", "TIME",
     "from one question to the next: 1s, 250ms, 0.5 (default 1s)", 0, 0},
    {GROUP_WATCH, SWITCH, AT(continuous), "--continuous", NULL,
     "ask again as soon as there is an answer", 0, 0},
    {GROUP_WATCH, REAL, AT(steps), "--fps", "N",
     "step through a film: N frames of each of its seconds, none left out", 0.001, 1000},
    {GROUP_WATCH, WHOLE, AT(frames), "--frames", "N",
     "end after N answers (default: when the source ends)", 1, 1000000000},
    {GROUP_WATCH, SWITCH, AT(all), "--all", NULL,
     "ask about frames that look like the one before, too", 0, 0},
    {GROUP_DEVICE, TEXT, AT(device), "--device", "NAME",
     "part of a device's name or its number in `vidi devices` (default: the best)", 0, 0},
    {GROUP_DEVICE, SWITCH, AT(no_cache), "--no-cache", NULL,
     "compile every kernel anew and keep none", 0, 0},
    {GROUP_DEVICE, TEXT, AT(debug), "--debug", "WORDS",
     "switches for finding faults, separated by commas; see `vidi help debug`", 0, 0},
    {GROUP_JSON, SWITCH, AT(json), "--json", NULL, "one JSON object on stdout", 0, 0},
    {GROUP_ALWAYS, COUNT, AT(verbose), "-v --verbose", NULL,
     "say more on stderr; twice for everything", 0, 0},
    {GROUP_ALWAYS, SWITCH, AT(help), "-h --help", NULL, "this page", 0, 0},
};

static const struct { unsigned groups; const char *title; } headings[] = {
    {GROUP_MODEL | GROUP_QUESTION | GROUP_PROMPT | GROUP_BATCH, "What is asked"},
    {GROUP_ANSWER, "The answer"},
    {GROUP_DUMP | GROUP_QUANTIZE, "What is written"},
    {GROUP_PULL, "What is fetched"},
    {GROUP_SHOW | GROUP_TOKENIZE | GROUP_COMPARE | GROUP_KERNELS | GROUP_SHADERS | GROUP_BENCH, "What is shown"},
    {GROUP_WATCH, "The frames"},
    {GROUP_VIEW, "The window"},
    {GROUP_DEVICE, "The device"},
    {GROUP_JSON | GROUP_ALWAYS, "In general"},
};
/* clang-format on */

enum {
    N_OPTIONS = sizeof table / sizeof *table,
    N_HEADINGS = sizeof headings / sizeof *headings,
};

static unsigned groups_of(const struct command *command) { return command->groups | GROUP_ALWAYS; }

/* Steps through a list of names separated by blanks: the next one into name, NULL at the end. */
static const char *next_name(const char *names, char name[32]) {
    if (!names || !*names) return NULL;
    const size_t n = strcspn(names, " ");
    snprintf(name, 32, "%.*s", (int)n, names);
    return names + n + (names[n] == ' ');
}

static bool has_name(const struct option *option, const char *wanted) {
    char name[32];
    for (const char *at = option->names; (at = next_name(at, name));)
        if (strcmp(name, wanted) == 0) return true;
    return false;
}

static const struct option *find(unsigned groups, const char *name) {
    for (int i = 0; i < N_OPTIONS; i++)
        if ((table[i].groups & groups) && has_name(&table[i], name)) return &table[i];
    return NULL;
}

static bool unknown(const struct command *command, const char *name, char *error, size_t cap) {
    struct suggestion s;
    suggest_start(&s, name);
    for (int i = 0; i < N_OPTIONS; i++) {
        if (!(table[i].groups & groups_of(command))) continue;
        char spelling[32];
        for (const char *at = table[i].names; (at = next_name(at, spelling));)
            suggest_offer(&s, spelling);
    }
    if (s.best[0])
        snprintf(error, cap, "%s has no option %s; did you mean %s?", command->name, name, s.best);
    else
        snprintf(error, cap, "%s has no option %s; `vidi help %s` lists them", command->name, name,
                 command->name);
    return false;
}

static bool read_real(const struct option *option, const char *name, const char *text, double *out,
                      char *error, size_t cap) {
    const bool whole = option->kind == WHOLE || option->kind == WHOLE_OR_ALL;
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    const bool digits = text[0] != '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
    const bool is_whole = strspn(text, "0123456789") == strlen(text);
    if (digits && *end == '\0' && errno == 0 && value >= option->min && value <= option->max &&
        (!whole || is_whole)) {
        *out = value;
        return true;
    }
    snprintf(error, cap, "%s wants a %snumber from %.15g to %.15g, not \"%.80s\"", name,
             whole ? "whole " : "", option->min, option->max, text);
    return false;
}

static bool read_seed(const char *name, const char *text, uint64_t *out, char *error, size_t cap) {
    if (strcmp(text, "-1") == 0 && getrandom(out, sizeof *out, 0) == sizeof *out) return true;
    errno = 0;
    const bool digits = text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
    const unsigned long long value = digits ? strtoull(text, NULL, 10) : 0;
    if (digits && errno == 0) {
        *out = value;
        return true;
    }
    snprintf(error, cap, "%s wants a whole number from 0 to %llu, not \"%.80s\"", name,
             (unsigned long long)UINT64_MAX, text);
    return false;
}

/* The number of the word in the option's list, from 1. */
static bool read_choice(const struct option *option, const char *name, const char *text, int *out,
                        char *error, size_t cap) {
    int i = 1;
    for (const char *at = option->value; *at; i++) {
        const size_t n = strcspn(at, "|");
        if (strlen(text) == n && memcmp(at, text, n) == 0) {
            *out = i;
            return true;
        }
        at += n + (at[n] == '|');
    }
    snprintf(error, cap, "%s wants one of %s, not \"%.80s\"", name, option->value, text);
    return false;
}

/* "a.png,b.png": both, where there is no file of that name, but one of the first. */
static void add_texts(struct words *words, const char *text) {
    char first[4096];
    for (const char *comma; (comma = strchr(text, ',')); text = comma + 1) {
        snprintf(first, sizeof first, "%.*s", (int)(comma - text), text);
        if (access(text, F_OK) == 0 || access(first, F_OK) != 0) break;
        *(char *)comma = '\0'; /* of argv, which is the program's to change */
        words->items[words->n++] = text;
    }
    words->items[words->n++] = text;
}

static bool store(struct options *o, const struct option *option, const char *name,
                  const char *text, char *error, size_t cap) {
    void *at = (char *)o + option->offset;
    double number = 0;
    switch (option->kind) {
    case SWITCH:
        *(bool *)at = true;
        return true;
    case COUNT:
        ++*(int *)at;
        return true;
    case TEXT:
        *(const char **)at = text;
        return true;
    case TEXTS: {
        add_texts(at, text);
        return true;
    }
    case CHOICE:
        return read_choice(option, name, text, at, error, cap);
    case SEED:
        return read_seed(name, text, at, error, cap);
    case WHOLE_OR_ALL:
        if (strcmp(text, "-1") == 0) return true;
        /* fall through */
    case WHOLE:
        if (!read_real(option, name, text, &number, error, cap)) return false;
        *(int *)at = (int)number;
        return true;
    case REAL:
        return read_real(option, name, text, at, error, cap);
    }
    return false;
}

static bool is_one_of(const char *words, const char *word) {
    const size_t n = strlen(word);
    for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == n && memcmp(at, word, n) == 0) return true;
    return false;
}

/* An option of another program: what it asks for is so here anyway, or what to use instead. */
static bool read_habit(struct options *o, const struct habit *habit, int argc, char **argv, int *i,
                       char *error, size_t cap) {
    const char *word = argv[*i];
    if (!habit->goes_on) {
        snprintf(error, cap, "%.60s: %s", word, habit->words);
        return false;
    }
    if (habit->value && !strchr(word, '=') && *i + 1 < argc &&
        (!habit->value[0] || is_one_of(habit->value, argv[*i + 1])))
        ++*i;
    o->habits.items[o->habits.n++] = word;
    return true;
}

/* -v, -vv, ... */
static bool is_verbose(const char *word) {
    const size_t n = strlen(word + 1);
    return n > 0 && strspn(word + 1, "v") == n;
}

/* One option at argv[*i], perhaps with its value in the same word ("--name=value") or in the next
 * one; *i moves to the last word used. */
static bool read_option(struct options *o, const struct command *command, int argc, char **argv,
                        int *i, char *error, size_t cap) {
    const char *word = argv[*i], *value = NULL;
    char name[64];
    const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - word) : 60, word);
    if (is_verbose(word)) {
        o->verbose += (int)strlen(word + 1);
        return true;
    }
    const struct option *option = find(groups_of(command), name);
    const struct habit *habit = command->groups & GROUP_MODEL ? habit_find(name) : NULL;
    if (!option && habit) return read_habit(o, habit, argc, argv, i, error, cap);
    if (!option) return unknown(command, name, error, cap);
    if (equals) value = equals + 1;
    if (!option->value && value) {
        snprintf(error, cap, "%s takes no value", name);
        return false;
    }
    if (option->value && !value) {
        if (*i + 1 >= argc) {
            snprintf(error, cap, "%s wants a value: %s %s", name, name, option->value);
            return false;
        }
        value = argv[++*i];
    }
    return store(o, option, name, value, error, cap);
}

static bool check_rest(const struct options *o, const struct command *command, char *error,
                       size_t cap) {
    if (o->help) return true;
    if (command->max_rest >= 0 && o->rest.n > command->max_rest) {
        snprintf(error, cap, "%s has no use for \"%.80s\"; `vidi help %s` shows its forms",
                 command->name, o->rest.items[command->max_rest], command->name);
        return false;
    }
    if (o->rest.n < command->min_rest) {
        const int n = (int)strcspn(command->forms, "\n");
        snprintf(error, cap, "too few arguments; use: %.*s", n, command->forms);
        return false;
    }
    return true;
}

/* Each list has room for every argument, and for what commas make of it. */
static bool make_lists(struct options *o, int argc, char **argv) {
    struct words *const lists[] = {&o->images, &o->rest, &o->loras, &o->habits};
    size_t room = (size_t)argc + 1;
    for (int i = 0; i < argc; i++)
        for (const char *c = argv[i]; *c; c++) room += *c == ',';
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!(lists[i]->items = calloc(room, sizeof *lists[i]->items))) return false;
    return true;
}

bool options_parse(struct options *o, const struct command *command, int argc, char **argv,
                   char *error, size_t cap) {
    *o = (struct options){.top_k = 40, .top_p = 0.95, .min_p = 0.05, .limit = 1e-3};
    if (!make_lists(o, argc, argv)) {
        snprintf(error, cap, "no memory for %d arguments", argc);
        return false;
    }
    bool only_rest = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (only_rest || word[0] != '-' || word[1] == '\0')
            o->rest.items[o->rest.n++] = word;
        else if (strcmp(word, "--") == 0)
            only_rest = true;
        else if (!read_option(o, command, argc, argv, &i, error, cap))
            return false;
    }
    return check_rest(o, command, error, cap);
}

void options_free(struct options *o) {
    free(o->images.items);
    free(o->loras.items);
    free(o->rest.items);
    free(o->habits.items);
    o->images = o->rest = o->loras = o->habits = (struct words){0};
}

enum { LEFT_COLUMNS = 27, HELP_COLUMNS = 51 };

/* The help of an option beside its name, broken between words. */
static void print_wrapped(struct out *out, const char *text) {
    size_t n = strlen(text);
    while (n > HELP_COLUMNS) {
        size_t cut = HELP_COLUMNS;
        while (cut > 0 && text[cut] != ' ') cut--;
        if (cut == 0) break;
        out_print(out, "%.*s\n%*s", (int)cut, text, LEFT_COLUMNS + 2, "");
        text += cut + 1;
        n = strlen(text);
    }
    out_print(out, "%s\n", text);
}

static void print_option(struct out *out, const struct option *option) {
    char first[32], second[32], left[96];
    const char *at = next_name(option->names, first);
    const bool two = next_name(at, second) && first[1] != '-';
    snprintf(left, sizeof left, "%s%s%s%s%s%s", first[1] == '-' ? "    " : "", first,
             two ? ", " : "", two ? second : "", option->value ? " " : "",
             option->value ? option->value : "");
    out_print(out, "  %-*s", LEFT_COLUMNS, left);
    if (strlen(left) >= LEFT_COLUMNS) out_print(out, "\n%*s", LEFT_COLUMNS + 2, "");
    print_wrapped(out, option->help);
}

void options_help(struct out *out, unsigned groups) {
    groups |= GROUP_ALWAYS;
    for (int h = 0; h < N_HEADINGS; h++) {
        bool titled = false;
        for (int i = 0; i < N_OPTIONS; i++) {
            /* An option of several groups stands under the first heading that has one of them. */
            if (!(table[i].groups & groups)) continue;
            int home = 0;
            while (!(headings[home].groups & table[i].groups)) home++;
            if (home != h) continue;
            if (!titled) {
                out_print(out, "\n");
                out_bold(out);
                out_print(out, "%s", headings[h].title);
                out_plain(out);
                out_print(out, "\n");
            }
            titled = true;
            print_option(out, &table[i]);
        }
    }
}
