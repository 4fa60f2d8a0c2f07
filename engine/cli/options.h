/* options.h - the command line's options: one table, one parser, and the help made from both.
 *
 * A row says how an option is spelt, what it takes, what it means, which groups it belongs to and
 * where its value goes. A command lists the groups it takes; the same spelling may mean different
 * things in groups that no command takes together (-p). */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct out;

enum option_group {
    GROUP_MODEL = 1 << 0,
    GROUP_QUESTION = 1 << 1,
    GROUP_PROMPT = 1 << 2, /* -p TEXT; a chat has none */
    GROUP_ANSWER = 1 << 3,
    GROUP_DEVICE = 1 << 4,
    GROUP_BATCH = 1 << 5,
    GROUP_DUMP = 1 << 6,
    GROUP_COMPARE = 1 << 7,
    GROUP_KERNELS = 1 << 8,
    GROUP_BENCH = 1 << 9,
    GROUP_SHOW = 1 << 10,
    GROUP_TOKENIZE = 1 << 11,
    GROUP_JSON = 1 << 12,
    GROUP_ALWAYS = 1 << 13,
    GROUP_PULL = 1 << 14,
    GROUP_VIEW = 1 << 15,
    GROUP_WATCH = 1 << 16,
    GROUP_QUANTIZE = 1 << 17,
    GROUP_SHADERS = 1 << 18
};

struct words {
    const char **items;
    int n;
};

struct options {
    const char *model, *mmproj, *chat_form;
    struct words images, loras;
    const char *prompt, *system_prompt, *date;
    bool raw, mmproj_any;
    int max_tokens, context; /* 0: not given */
    int cache;               /* enum vidi_cache */
    int weights;             /* enum vidi_weights */
    double temperature, top_p, min_p;
    int top_k;
    uint64_t seed;
    const char *device, *debug;
    bool no_cache;
    const char *prompt_file; /* -f; read by whoever asks */
    struct words habits;     /* names of other programs' options that were given, see habits.h */
    const char *batch;
    const char *tensors, *to;
    const char *file;
    double limit;
    const char *why;
    const char *target;
    const char *theme, *ui_log;
    double scale; /* percent; 0: not given */
    bool live, no_config;
    const char *every;
    double steps; /* --fps; 0: not given */
    bool continuous;
    int frames; /* 0: not given */
    int n_prompt, n_answer, repeats;
    bool all, special, json, help;
    int verbose;
    struct words rest; /* the arguments that are no options */
};

/* Reads the arguments after the command's name. false: `error` has one sentence. Texts are not
 * copied: argv must outlive the options. options_free() also after a failure. */
bool options_parse(struct options *o, const struct command *command, int argc, char **argv,
                   char *error, size_t error_cap);
void options_free(struct options *o);

/* The options of some groups, under their headings. */
void options_help(struct out *out, unsigned groups);
#endif
