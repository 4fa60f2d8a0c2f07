#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "answer.h"

/* -1: errno says why. */
static int count_npy(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    if (!dir) return -1;
    for (const struct dirent *e; (errno = 0, e = readdir(dir));) {
        const size_t len = strlen(e->d_name);
        n += len > 4 && strcmp(e->d_name + len - 4, ".npy") == 0;
    }
    const int why = errno;
    closedir(dir);
    errno = why;
    return why == 0 ? n : -1;
}

static int run(struct cli *cli, struct session *s, const struct pictures *pictures) {
    const struct options *opt = &cli->opt;
    const char *glob = opt->tensors ? opt->tensors : "*";
    struct answer a = {0};
    vidi_status status = vidi_chat_dump(s->c, glob, opt->to);
    if (status == VIDI_OK) status = answer_ask(s, pictures, opt->system_prompt, opt->prompt, &a);
    if (status == VIDI_OK) status = answer_pull(cli, s, &a);
    const bool cancelled = a.cancelled;
    answer_free(&a);
    if (status != VIDI_OK) return session_fail(cli, s, STAGE_RUN, status);
    if (cancelled) return CLI_INTERRUPTED;
    const int n = count_npy(opt->to);
    if (n < 0) return cli_fail(cli, CLI_FAILED, "%s: cannot be read: %s", opt->to, strerror(errno));
    if (n == 0) return cli_fail(cli, CLI_USAGE, "no tensor's name matches %s", glob);
    out_print(&cli->out, "%d tensors in %s\n", n, opt->to);
    return CLI_OK;
}

int cmd_dump(struct cli *cli) {
    struct options *opt = &cli->opt;
    if (!opt->prompt) return cli_fail(cli, CLI_USAGE, "dump wants --prompt TEXT");
    if (!opt->to) return cli_fail(cli, CLI_USAGE, "dump wants --to DIR");
    char words[96];
    if (picture_marks_wrong(opt->prompt, opt->images.n, words))
        return cli_fail(cli, CLI_USAGE, "%s", words);
    if (opt->max_tokens == 0) opt->max_tokens = 1;
    struct session s = {0};
    struct pictures pictures = {0};
    int code = session_device(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status = pictures_read(&s, &opt->images, PICTURE_ARGUMENT, &pictures);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_PICTURE, status);
    }
    const char *argument = opt->rest.n > 0 ? opt->rest.items[0] : NULL;
    if (code == CLI_OK) code = session_model(cli, &s, session_model_path(cli, argument));
    if (code == CLI_OK) code = session_chat(cli, &s);
    if (code == CLI_OK) code = run(cli, &s, &pictures);
    pictures_free(&s, &pictures);
    session_close(&s);
    return code;
}
