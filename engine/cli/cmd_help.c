#include <string.h>

#include "cli.h"

static void heading(struct out *out, const char *text) {
    out_bold(out);
    out_print(out, "%s\n", text);
    out_plain(out);
}

/* Every line of text, indented. */
static void indented(struct out *out, const char *text) {
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        out_print(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

void help_overview(struct out *out) {
    heading(out, "vidi answers questions about pictures on the GPU of this machine.");
    out_print(out, "\n");
    indented(out, "vidi ask photo.jpg \"What is in this picture?\"\n"
                  "vidi chat photo.jpg\n");
    out_print(out, "\n");
    for (const struct command *c = commands; c->name; c++)
        out_print(out, "  %-10s %s\n", c->name, c->summary);
    out_print(out, "\n`vidi help COMMAND` shows its options.\n");
    out_print(out, "Exit codes: 0 done, 2 usage, 3 model, 4 device, 5 memory, 8 picture,\n"
                   "130 Ctrl-C, 1 other failures.\n");
}

void help_command(struct out *out, const struct command *command) {
    out_bold(out);
    out_print(out, "vidi %s", command->name);
    out_plain(out);
    out_print(out, ": %s\n\n", command->summary);
    indented(out, command->forms);
    if (command->notes) out_print(out, "\n%s\n", command->notes);
    options_help(out, command->groups);
}

static int help_debug(struct out *out) {
    heading(out, "Words for --debug and VIDI_DEBUG, separated by commas");
    indented(out, vidi_debug_options());
    return CLI_OK;
}

int cmd_help(struct cli *cli) {
    if (cli->opt.rest.n == 0) {
        help_overview(&cli->out);
        return CLI_OK;
    }
    const char *topic = cli->opt.rest.items[0];
    if (strcmp(topic, "debug") == 0) return help_debug(&cli->out);
    const struct command *command = command_find(topic);
    if (command) {
        help_command(&cli->out, command);
        return CLI_OK;
    }
    return command_unknown(cli, topic);
}
