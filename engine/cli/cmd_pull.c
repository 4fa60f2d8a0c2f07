#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "hub_pull.h"
#include "interrupt.h"
#include "table.h"

enum { TOKEN_MAX = 1024 };

static bool stopped(void *user) {
    (void)user;
    return interrupt_seen();
}

static void on_progress(void *user, const char *phase, uint64_t done, uint64_t total) {
    progress_show(&((struct cli *)user)->progress, phase, done, total);
}

static void on_wait(void *user, double seconds, const char *why) {
    struct cli *cli = user;
    char phase[48];
    snprintf(phase, sizeof phase, "waiting %.0f s: %.30s", seconds, why);
    progress_show(&cli->progress, phase, 0, 0);
    if (cli->opt.verbose) cli_note(cli, "%s; again in %.1f s", why, seconds);
}

/* HF_TOKEN, else the file that the hub's own program writes; without what stands around it. */
static const char *read_token(const struct environment *env, char token[TOKEN_MAX]) {
    char text[TOKEN_MAX] = "";
    if (env->hub_token) {
        snprintf(text, sizeof text, "%s", env->hub_token);
    } else {
        FILE *file = env->hub_token_path ? hub_open(env->hub_token_path) : NULL;
        if (file) text[fread(text, 1, sizeof text - 1, file)] = '\0';
        if (file) fclose(file);
    }
    const char *first = text + strspn(text, " \t\r\n");
    size_t n = strlen(first);
    while (n > 0 && strchr(" \t\r\n", first[n - 1])) n--;
    snprintf(token, TOKEN_MAX, "%.*s", (int)n, first);
    return n > 0 ? token : NULL;
}

static json_t *describe(const struct hub_pull *p, const char *repo) {
    json_t *files = json_array();
    for (size_t i = 0; i < p->choice.files.n; i++) {
        const struct hub_file *f = &p->files[i];
        json_array_append_new(
            files, json_pack("{s:o,s:s,s:I,s:b}", "file", document_string(f->name, strlen(f->name)),
                             "hash", f->hash, "bytes", (json_int_t)f->size, "fetched", f->fetched));
    }
    return json_pack("{s:s,s:s,s:o}", "repo", repo, "commit", p->job.commit, "files", files);
}

static void print_files(struct cli *cli, const struct hub_pull *p, const char *repo) {
    static const char *const columns[] = {"", ">", "", NULL};
    char bytes[32];
    struct table t;
    table_open(&t, columns);
    for (size_t i = 0; i < p->choice.files.n; i++) {
        const struct hub_file *f = &p->files[i];
        table_cell(&t, "%s", f->name);
        table_cell(&t, "%s", text_bytes(bytes, sizeof bytes, (double)f->size));
        table_cell(&t, "%s", f->fetched ? "fetched" : "was there");
    }
    out_print(&cli->out, "%s at %.12s\n", repo, p->job.commit);
    table_print(&t, &cli->out, "  ");
}

static int pull(struct cli *cli, const struct hub_spec *spec, const char *repo) {
    char token[TOKEN_MAX], endpoint[1024];
    snprintf(endpoint, sizeof endpoint, "%s", cli->env.hub_endpoint);
    for (size_t n = strlen(endpoint); n > 0 && endpoint[n - 1] == '/'; n--) endpoint[n - 1] = '\0';
    struct hub_pull p = {.job = {.http = {.endpoint = endpoint,
                                          .token = read_token(&cli->env, token),
                                          .stopped = stopped,
                                          .on_wait = on_wait,
                                          .user = cli},
                                 .cache = cli->env.hub_cache,
                                 .spec = *spec,
                                 .on_progress = on_progress,
                                 .user = cli}};
    interrupt_defers();
    const enum http_result result = hub_pull(&p);
    interrupt_ends();
    progress_erase(&cli->progress);
    int code = CLI_OK;
    if (result == HTTP_STOPPED)
        code = CLI_INTERRUPTED;
    else if (result != HTTP_DONE)
        code = cli_fail(cli, CLI_FAILED, "%s", p.error);
    else if (cli->opt.json)
        code = document_print(cli, describe(&p, repo));
    else
        print_files(cli, &p, repo);
    hub_pull_free(&p);
    return code;
}

static int offline(struct cli *cli, const char *text) {
    char why[HUB_WORDS];
    if (!hub_resolve(cli->env.hub_cache, text, &cli->hub, why, sizeof why))
        return cli_fail(cli, CLI_FAILED, "HF_HUB_OFFLINE forbids fetching, and %s", why);
    if (cli->opt.json)
        return document_print(
            cli, json_pack("{s:s,s:s*}", "model", cli->hub.model, "mmproj", cli->hub.mmproj));
    out_print(&cli->out, "%s is in the cache\n", text);
    return CLI_OK;
}

int cmd_pull(struct cli *cli) {
    const char *text = cli->opt.rest.items[0], *file = cli->opt.file;
    struct hub_spec spec;
    char repo[256], whole[2 * HUB_NAME_MAX];
    if (!hub_spec_parse(&spec, text))
        return cli_fail(cli, CLI_USAGE, "pull wants OWNER/NAME[@REVISION][:QUANT], not \"%.80s\"",
                        text);
    if (file && spec.tag[0])
        return cli_fail(cli, CLI_USAGE, "pull takes :%.80s or --file, not both", spec.tag);
    if (file && (!hub_name_ok(file) || strlen(file) > HUB_NAME_MAX))
        return cli_fail(cli, CLI_USAGE, "--file wants a file of the repository, not \"%.80s\"",
                        file);
    if (!cli->env.hub_cache)
        return cli_fail(cli, CLI_FAILED, "no folder for the cache: set HF_HOME or HF_HUB_CACHE");
    if (file) snprintf(spec.tag, sizeof spec.tag, "%s", file);
    snprintf(repo, sizeof repo, "%s/%s", spec.owner, spec.name);
    snprintf(whole, sizeof whole, "%s@%s%s%s", repo, spec.revision, spec.tag[0] ? ":" : "",
             spec.tag);
    return cli->env.hub_offline ? offline(cli, whole) : pull(cli, &spec, repo);
}
