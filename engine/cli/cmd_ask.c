#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "batch.h"
#include "document.h"
#include "intake.h"

enum { PROMPT_BYTES = 16 << 20 };

/* The whole of a file into *text, without the newline at its end; from malloc(). */
static int read_prompt(struct cli *cli, const char *path, char **text) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!file) return cli_fail(cli, CLI_USAGE, "%s: %s", path, strerror(errno));
    char *all = malloc(PROMPT_BYTES + 1);
    const size_t n = all ? fread(all, 1, PROMPT_BYTES + 1, file) : 0;
    const bool failed = all && ferror(file);
    const int error = errno;
    if (file != stdin) fclose(file);
    int code = CLI_OK;
    if (!all)
        code = cli_fail(cli, CLI_MEMORY, "%s: no memory to read it", path);
    else if (failed)
        code = cli_fail(cli, CLI_USAGE, "%s: %s", path, strerror(error));
    else if (n > PROMPT_BYTES)
        code = cli_fail(cli, CLI_USAGE, "%s: a question may hold 16 MiB", path);
    if (code == CLI_OK) {
        all[n] = '\0';
        char words[96];
        if (intake_fault(all, intake_text(all, n), words))
            code = cli_fail(cli, CLI_USAGE, "%s: %s", path, words);
    }
    if (code != CLI_OK) {
        free(all);
        return code;
    }
    *text = all;
    return CLI_OK;
}

/* `ask PICTURE ... QUESTION`: without -p the last argument is the question; the others are
 * pictures, after those of --image. */
static int sort_arguments(struct cli *cli) {
    struct options *opt = &cli->opt;
    int n = opt->rest.n;
    if (opt->batch) {
        if (n == 0 && !opt->prompt && !opt->prompt_file && opt->images.n == 0) return CLI_OK;
        return cli_fail(cli, CLI_USAGE, "--batch takes its pictures and questions from %s alone",
                        opt->batch);
    }
    if (!opt->prompt && n == 0)
        return cli_fail(cli, CLI_USAGE, "ask wants a question; use: vidi ask PICTURE \"QUESTION\"");
    if (!opt->prompt && n == 1 && opt->images.n == 0 && access(opt->rest.items[0], F_OK) == 0)
        return cli_fail(cli, CLI_USAGE, "ask wants a question after the picture %s",
                        opt->rest.items[0]);
    if (!opt->prompt) opt->prompt = opt->rest.items[--n];
    /* Both lists have room for every argument. */
    for (int i = 0; i < n; i++) opt->images.items[opt->images.n++] = opt->rest.items[i];
    const int wrong = session_texts(cli);
    if (wrong != CLI_OK) return wrong;
    char words[96];
    if (picture_marks_wrong(opt->prompt, opt->images.n, words))
        return cli_fail(cli, CLI_USAGE, "%s", words);
    return CLI_OK;
}

static int report(struct cli *cli, struct session *s, const struct answer *a) {
    if (cli->opt.json) {
        const int code = document_print(cli, answer_json(a, vidi_device_name(s->v)));
        if (code != CLI_OK) return code;
    } else if (cli->out.mid_line) {
        out_write(&cli->out, "\n", 1);
    } else if (a->cancelled && cli->progress.on) {
        fputs("\n", stderr); /* behind the terminal's "^C" */
    }
    out_flush(&cli->out);
    answer_note_cut(cli, a);
    if (cli->opt.verbose) answer_note(cli, a);
    return a->cancelled ? CLI_INTERRUPTED : CLI_OK;
}

static int ask(struct cli *cli, struct session *s, const struct pictures *pictures) {
    int code = session_model(cli, s, cli->opt.model);
    if (code == CLI_OK) code = session_chat(cli, s);
    if (code != CLI_OK) return code;
    struct answer a = {.keep = cli->opt.json, .stream = !cli->opt.json};
    vidi_status status = answer_ask(s, pictures, cli->opt.system_prompt, cli->opt.prompt, &a);
    if (status == VIDI_OK) status = answer_pull(cli, s, &a);
    if (status == VIDI_OK)
        code = report(cli, s, &a);
    else if (cli->out.mid_line)
        out_write(&cli->out, "\n", 1);
    if (status != VIDI_OK) code = session_fail(cli, s, STAGE_RUN, status);
    answer_free(&a);
    return code;
}

static int ask_all(struct cli *cli) {
    int code = sort_arguments(cli);
    if (code != CLI_OK) return code;
    if (cli->opt.batch) return batch_run(cli);
    struct session s = {0};
    struct pictures pictures = {0};
    code = session_device(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status = pictures_read(&s, &cli->opt.images, PICTURE_ARGUMENT, &pictures);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_PICTURE, status);
    }
    if (code == CLI_OK) code = ask(cli, &s, &pictures);
    pictures_free(&s, &pictures);
    session_close(&s);
    return code;
}

int cmd_ask(struct cli *cli) {
    struct options *opt = &cli->opt;
    if (!opt->prompt_file) return ask_all(cli);
    if (opt->prompt)
        return cli_fail(cli, CLI_USAGE, "-f and -p are two questions; one is asked at a time");
    char *text = NULL;
    int code = read_prompt(cli, opt->prompt_file, &text);
    opt->prompt = text;
    if (code == CLI_OK) code = ask_all(cli);
    free(text);
    return code;
}
