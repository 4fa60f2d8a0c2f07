/* main.c - finds the subcommand, reads its options, runs it, and turns the end into an exit code.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "habits.h"
#include "interrupt.h"
#include "suggest.h"

/* A standard stream that was closed would hand its number to the next file opened, and what is
 * meant for the terminal would land in that file. */
static void keep_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) < 0) return;
}

static void complain(struct cli *cli, const char *fmt, va_list args) {
    char line[2048], visible[2304];
    const int n = vsnprintf(line, sizeof line, fmt, args);
    const size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    progress_erase(&cli->progress);
    fprintf(stderr, "vidi: %s\n", text_visible(visible, sizeof visible, line, len));
}

int cli_fail(struct cli *cli, int code, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    complain(cli, fmt, args);
    va_end(args);
    return code;
}

void cli_note(struct cli *cli, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    complain(cli, fmt, args);
    va_end(args);
}

int command_unknown(struct cli *cli, const char *name) {
    struct suggestion s;
    suggest_start(&s, name);
    for (const struct command *c = commands; c->name; c++) suggest_offer(&s, c->name);
    if (s.best[0])
        return cli_fail(cli, CLI_USAGE, "there is no command %.80s; did you mean %s?", name,
                        s.best);
    return cli_fail(cli, CLI_USAGE, "there is no command %.80s; `vidi help` lists them", name);
}

static int run_command(struct cli *cli, int argc, char **argv) {
    char error[512];
    cli->argv = argv;
    if (!options_parse(&cli->opt, cli->command, argc, argv, error, sizeof error))
        return cli_fail(cli, CLI_USAGE, "%s", error);
    for (int i = 0; i < cli->opt.habits.n; i++)
        cli_note(cli, "%.60s: %s", cli->opt.habits.items[i],
                 habit_find(cli->opt.habits.items[i])->words);
    if (cli->opt.help) {
        help_command(&cli->out, cli->command);
        return CLI_OK;
    }
    if (!cli->opt.device) cli->opt.device = cli->env.device;
    if (!cli->opt.debug) cli->opt.debug = cli->env.debug;
    return cli->command->run(cli);
}

static int dispatch(struct cli *cli, int argc, char **argv) {
    static const char *const spellings[][2] = {
        {"--help", "help"}, {"-h", "help"}, {"--version", "version"}};
    /* Programs that are one command each. */
    static const char *const programs[][2] = {{"vidi-view", "view"}, {"vidi-watch", "watch"}};
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *program = slash ? slash + 1 : argc > 0 ? argv[0] : "";
    const char *name = argc > 1 ? argv[1] : "help";
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(program, programs[i][0]) == 0) {
            cli->command = command_find(programs[i][1]);
            return run_command(cli, argc - 1, argv + 1);
        }
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(name, spellings[i][0]) == 0) name = spellings[i][1];
    cli->command = command_find(name);
    if (!cli->command) return command_unknown(cli, name);
    return run_command(cli, argc > 2 ? argc - 2 : 0, argv + 2);
}

/* A reader that went away wanted no more: no failure and no words. */
static int finish(struct cli *cli, int code) {
    if (code == CLI_OK && cli->n_errors) code = CLI_FAILED;
    if (out_flush(&cli->out) || cli->out.error == EPIPE) return code;
    if (code != CLI_OK) return code;
    if (cli->out.error == ENOMEM) return cli_fail(cli, CLI_MEMORY, "no memory for what is printed");
    return cli_fail(cli, CLI_FAILED, "standard output cannot be written: %s",
                    strerror(cli->out.error));
}

int main(int argc, char **argv) {
    keep_standard_streams();
    /* Text is UTF-8 here, whatever the environment says or lacks. */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    struct cli cli = {0};
    environment_read(&cli.env);
    out_open(&cli.out, cli.env.plain);
    progress_open(&cli.progress, cli.env.dumb);
    interrupt_install();
    const int code = finish(&cli, dispatch(&cli, argc, argv));
    progress_erase(&cli.progress);
    hub_found_free(&cli.hub);
    options_free(&cli.opt);
    environment_free(&cli.env);
    return code;
}
