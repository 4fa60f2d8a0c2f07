#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document.h"
#include "hub_cache.h"
#include "hub_pull.h"
#include "interrupt.h"
#include "table.h"

struct check {
    struct cli *cli;
    json_t *files;
    uint64_t total; /* bytes of the blob that is read */
    bool bad;
    bool stopped;
    bool cannot; /* this build has no hashes */
};

static bool on_bytes(void *user, uint64_t done) {
    struct check *c = user;
    progress_show(&c->cli->progress, "verifying", done, c->total);
    return !interrupt_seen();
}

static const char *state_of(struct check *c, const struct hub_spec *spec,
                            const struct hub_entry *e) {
    static const char *const words[] = {[HUB_GOOD] = "good",
                                        [HUB_DAMAGED] = "damaged",
                                        [HUB_UNREADABLE] = "unreadable",
                                        [HUB_UNKNOWN] = "has no hash"};
    char path[HUB_PATH];
    if (!e->hash[0]) return "has no hash";
    if (e->bytes == 0 && e->total == 0 && !e->whole) return "missing";
    if (!hub_path(path, c->cli->env.hub_cache, spec, "/blobs/%s", e->hash)) return "unreadable";
    c->total = e->bytes;
    const enum hub_verdict verdict = hub_verify(path, e->hash, on_bytes, c);
    c->stopped = verdict == HUB_STOPPED;
    c->cannot = verdict == HUB_ABSENT;
    return c->stopped || c->cannot ? "" : words[verdict];
}

static bool is_done(const struct hub_entries *entries, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (entries->items[n].hash[0] &&
            strcmp(entries->items[i].hash, entries->items[n].hash) == 0)
            return true;
    return false;
}

static bool check_repo(struct check *c, const char *repo, const struct hub_spec *spec) {
    struct hub_entries entries = {0};
    const bool good = hub_entries_read(c->cli->env.hub_cache, spec, &entries);
    for (size_t i = 0; good && i < entries.n && !c->stopped && !c->cannot; i++) {
        const struct hub_entry *e = &entries.items[i];
        if (!e->commit[0] || is_done(&entries, i)) continue; /* unfinished, or read already */
        const char *state = state_of(c, spec, e);
        c->bad |= strcmp(state, "good") != 0 && strcmp(state, "has no hash") != 0;
        json_array_append_new(c->files, json_pack("{s:s,s:o,s:s,s:s}", "repo", repo, "file",
                                                  document_string(e->file, strlen(e->file)), "blob",
                                                  e->hash, "state", state));
    }
    hub_entries_free(&entries);
    return good;
}

static void print_table(struct out *out, const json_t *files) {
    static const char *const columns[] = {"repository", "file", "state", NULL};
    static const char *const keys[] = {"repo", "file", "state"};
    size_t i;
    json_t *f;
    struct table t;
    table_open(&t, columns);
    json_array_foreach(files, i, f) {
        for (int k = 0; k < 3; k++) table_cell(&t, "%s", document_text(f, keys[k], "?"));
    }
    table_print(&t, out, "");
}

static int finish(struct check *c) {
    progress_erase(&c->cli->progress);
    const int code = c->bad ? CLI_FAILED : CLI_OK;
    if (c->cannot || c->stopped) {
        json_decref(c->files);
        if (c->stopped) return CLI_INTERRUPTED;
        return cli_fail(c->cli, CLI_FAILED,
                        "this vidi was built without OpenSSL and cannot verify");
    }
    if (c->cli->opt.json) {
        const int printed = document_print(c->cli, json_pack("{s:o}", "files", c->files));
        return printed == CLI_OK ? code : printed;
    }
    if (json_array_size(c->files) > 0)
        print_table(&c->cli->out, c->files);
    else
        out_print(&c->cli->out, "no models were fetched\n");
    json_decref(c->files);
    return code;
}

int cmd_verify(struct cli *cli) {
    const char *text = cli->opt.rest.n > 0 ? cli->opt.rest.items[0] : NULL;
    const char *cache = cli->env.hub_cache;
    struct hub_spec spec;
    struct hub_names repos = {0};
    if (text && (!hub_spec_parse(&spec, text) || spec.tag[0] || strchr(text, '@')))
        return cli_fail(cli, CLI_USAGE, "verify wants OWNER/NAME, not \"%.80s\"", text);
    if (text && !hub_is_there(cache, &spec))
        return cli_fail(cli, CLI_MODEL, "%s is not in the cache", text);
    struct check c = {.cli = cli, .files = json_array()};
    bool good = text ? hub_names_add(&repos, text) : hub_repos(cache, &repos);
    interrupt_defers();
    for (size_t i = 0; good && i < repos.n && !c.stopped && !c.cannot; i++)
        good = (errno = ENOMEM, hub_spec_parse(&spec, repos.items[i])) &&
               check_repo(&c, repos.items[i], &spec);
    const int why = errno;
    interrupt_ends();
    hub_names_free(&repos);
    if (good) return finish(&c);
    json_decref(c.files);
    return hub_unreadable(cli, cache, why);
}
