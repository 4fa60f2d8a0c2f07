#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document.h"
#include "hub_cache.h"
#include "table.h"

static bool is_listed(const struct hub_entries *entries, size_t n) {
    const struct hub_entry *e = &entries->items[n];
    for (size_t i = 0; i < n; i++) {
        const struct hub_entry *other = &entries->items[i];
        if (strcmp(other->file, e->file) == 0 && strcmp(other->hash, e->hash) == 0 &&
            other->whole == e->whole)
            return true;
    }
    return false;
}

static bool add_repo(struct cli *cli, const char *repo, json_t *files) {
    struct hub_spec spec;
    struct hub_entries entries = {0};
    const bool good =
        hub_spec_parse(&spec, repo) && hub_entries_read(cli->env.hub_cache, &spec, &entries);
    for (size_t i = 0; good && i < entries.n; i++) {
        const struct hub_entry *e = &entries.items[i];
        char quant[HUB_QUANT_CAP];
        if (is_listed(&entries, i)) continue;
        hub_quant(e->file, quant);
        json_array_append_new(files, json_pack("{s:s,s:o,s:s,s:I,s:I,s:s,s:b}", "repo", repo,
                                               "file", document_string(e->file, strlen(e->file)),
                                               "commit", e->commit, "bytes", (json_int_t)e->bytes,
                                               "total_bytes", (json_int_t)e->total, "quantisation",
                                               quant, "complete", e->whole));
    }
    hub_entries_free(&entries);
    return good;
}

static void print_state(struct table *t, const json_t *f) {
    const double bytes = document_number(f, "bytes", 0),
                 total = document_number(f, "total_bytes", 0);
    const bool unfinished = document_text(f, "commit", "")[0] == '\0';
    if (json_is_true(json_object_get(f, "complete")))
        table_cell(t, "complete");
    else if (!unfinished)
        table_cell(t, "%s", bytes > 0 ? "shards are missing" : "missing");
    else if (total > 0)
        table_cell(t, "%.0f %% fetched", 100 * bytes / total);
    else
        table_cell(t, "not complete");
}

static void print_table(struct out *out, const json_t *files) {
    static const char *const columns[] = {"repository",   "file",  ">size",
                                          "quantisation", "state", NULL};
    char size[32];
    size_t i, n = 0;
    json_t *f;
    struct table t;
    table_open(&t, columns);
    json_array_foreach(files, i, f) {
        const char *name = document_text(f, "file", "?");
        const double total = document_number(f, "total_bytes", 0);
        const bool unfinished = document_text(f, "commit", "")[0] == '\0';
        if (!hub_is_gguf(name) && !hub_is_safetensors(name) && !unfinished) continue;
        n++;
        table_cell(&t, "%s", document_text(f, "repo", "?"));
        table_cell(&t, "%s", name);
        table_cell(&t, "%s", total > 0 ? text_bytes(size, sizeof size, total) : "");
        table_cell(&t, "%s", document_text(f, "quantisation", ""));
        print_state(&t, f);
    }
    if (n == 0)
        out_print(out, "no models were fetched; `vidi pull OWNER/NAME` fetches one\n");
    else
        table_print(&t, out, "");
}

int hub_unreadable(struct cli *cli, const char *cache, int why) {
    if (why == ENOMEM || why == 0)
        return cli_fail(cli, CLI_MEMORY, "no memory for the list of %.300s", cache);
    return cli_fail(cli, CLI_FAILED, "%.300s: cannot be read: %s", cache, strerror(why));
}

int cmd_list(struct cli *cli) {
    struct hub_names repos = {0};
    json_t *files = json_array();
    bool good = hub_repos(cli->env.hub_cache, &repos);
    for (size_t i = 0; good && i < repos.n; i++)
        good = (errno = ENOMEM, add_repo(cli, repos.items[i], files));
    const int why = errno;
    hub_names_free(&repos);
    if (!good) {
        json_decref(files);
        return hub_unreadable(cli, cli->env.hub_cache, why);
    }
    if (cli->opt.json) return document_print(cli, json_pack("{s:o}", "files", files));
    print_table(&cli->out, files);
    json_decref(files);
    return CLI_OK;
}
