/* cli.h - what the subcommands share: one struct that lives as long as the program.
 *
 * The command line reads the environment, prints and exits; the library below it never does. Only
 * vidi/vidi.h and vidi/inspect.h of the engine are included here.
 *
 * stdout carries what was asked for and nothing else. A command that fails prints nothing there and
 * one line on stderr: cli_fail(). */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include "environment.h"
#include "hub.h"
#include "options.h"
#include "out.h"
#include "progress.h"
#include "vidi/inspect.h"
#include "vidi/vidi.h"

enum exit_code {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* a failure that has no number of its own; `compare`: something differs */
    CLI_USAGE = 2,   /* the command line is wrong, or the question does not fit the context */
    CLI_MODEL = 3,   /* the model file is missing or invalid */
    CLI_DEVICE = 4,  /* no usable device, or it was lost */
    CLI_MEMORY = 5,  /* host or device memory ran out */
    CLI_PICTURE = 8, /* a picture is missing, damaged, too large, or not a picture */
    CLI_INTERRUPTED = 130
};

struct cli {
    struct options opt;
    struct environment env;
    struct out out;
    struct progress progress;
    int n_errors;                  /* that the validation layer told, see session_config() */
    bool stoppable;                /* Ctrl-C was deferred: work ends between two pieces */
    const struct command *command; /* the one that runs */
    char **argv;                   /* its arguments as they came, ended by NULL */
    struct hub_found hub;          /* what a model of the cache was resolved to; else empty */
    char hub_words[HUB_WORDS];     /* why the model's name was no model of the cache; else "" */
};

struct command {
    const char *name;
    const char *summary;         /* a few words, for the overview */
    const char *forms;           /* one line a way to call it, for its help and for usage errors */
    const char *notes;           /* paragraphs below the forms; NULL: none */
    unsigned groups;             /* the option groups it takes, see options.h */
    int min_rest, max_rest;      /* how many arguments that are no options; max_rest -1: any */
    int (*run)(struct cli *cli); /* an exit code */
};

/* Every subcommand, ended by a row without a name. */
extern const struct command commands[];
const struct command *command_find(const char *name);
/* Complains about a name that is none, with the nearest one; returns CLI_USAGE. */
int command_unknown(struct cli *cli, const char *name);

/* Erases the progress line, prints "vidi: " and one line on stderr; returns `code`. */
int cli_fail(struct cli *cli, int code, const char *fmt, ...) CLI_PRINTF(3, 4);
/* The same without failing: for warnings and what -v shows. */
void cli_note(struct cli *cli, const char *fmt, ...) CLI_PRINTF(2, 3);

/* The overview of all commands, and the page of one. */
void help_overview(struct out *out);
void help_command(struct out *out, const struct command *command);

int cmd_ask(struct cli *cli);
int cmd_bench(struct cli *cli);
int cmd_cameras(struct cli *cli);
int cmd_chat(struct cli *cli);
int cmd_compare(struct cli *cli);
int cmd_devices(struct cli *cli);
int cmd_dump(struct cli *cli);
int cmd_help(struct cli *cli);
int cmd_kernels(struct cli *cli);
int cmd_shaders(struct cli *cli);
int cmd_list(struct cli *cli);
int cmd_pull(struct cli *cli);
int cmd_quantize(struct cli *cli);
int cmd_rm(struct cli *cli);
int cmd_show(struct cli *cli);
int cmd_tokenize(struct cli *cli);
int cmd_verify(struct cli *cli);
int cmd_version(struct cli *cli);
int cmd_view(struct cli *cli);
int cmd_watch(struct cli *cli);
#endif
