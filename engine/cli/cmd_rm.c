#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "hub_cache.h"

struct removal {
    struct cli *cli;
    struct hub_spec spec;
    struct hub_entries entries;
    size_t n_files;
    uint64_t bytes;
};

static int cannot(struct removal *r, const char *path) {
    return cli_fail(r->cli, CLI_FAILED, "%s: %s", path, strerror(errno));
}

/* A quantisation does not mean the mmproj that others need as well; its name does. */
static bool is_meant(const struct removal *r, const struct hub_entry *e) {
    const char *tag = r->spec.tag, *slash = strrchr(e->file, '/');
    if (strcmp(tag, e->file) == 0 || (slash && strcmp(tag, slash + 1) == 0)) return true;
    return !hub_is_mmproj(e->file) && hub_tag_means(tag, e->file);
}

static bool is_needed(const struct removal *r, const char *hash) {
    for (size_t i = 0; i < r->entries.n; i++) {
        const struct hub_entry *e = &r->entries.items[i];
        if (e->commit[0] && !is_meant(r, e) && strcmp(e->hash, hash) == 0) return true;
    }
    return false;
}

static int remove_entry(struct removal *r, const struct hub_entry *e) {
    char path[HUB_PATH];
    const char *cache = r->cli->env.hub_cache;
    const bool unfinished = !e->commit[0];
    if (!unfinished) {
        if (!hub_path(path, cache, &r->spec, "/snapshots/%s/%s", e->commit, e->file) ||
            (unlink(path) != 0 && errno != ENOENT))
            return cannot(r, path);
    }
    r->n_files++;
    if (!e->hash[0]) r->bytes += e->bytes;
    if (!e->hash[0] || is_needed(r, e->hash)) return CLI_OK;
    if (!hub_path(path, cache, &r->spec, "/blobs/%s%s", e->hash, unfinished ? ".incomplete" : ""))
        return cannot(r, "the cache folder's name is too long");
    /* Two snapshots may lead to one blob, which is then gone already. */
    if (unlink(path) == 0)
        r->bytes += e->bytes;
    else if (errno != ENOENT)
        return cannot(r, path);
    return CLI_OK;
}

/* What the folder frees: every blob once. */
static uint64_t bytes_of_all(const struct hub_entries *entries) {
    uint64_t sum = 0;
    for (size_t i = 0; i < entries->n; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = entries->items[i].hash[0] &&
                   strcmp(entries->items[i].hash, entries->items[j].hash) == 0;
        if (!seen) sum += entries->items[i].bytes;
    }
    return sum;
}

static int remove_all(struct removal *r) {
    char path[HUB_PATH] = "";
    r->bytes = bytes_of_all(&r->entries);
    r->n_files = r->entries.n;
    if (!hub_path(path, r->cli->env.hub_cache, &r->spec, "%s", "") || !hub_remove_folder(path))
        return cannot(r, path);
    return CLI_OK;
}

static int remove_meant(struct removal *r) {
    int code = CLI_OK;
    size_t n_meant = 0;
    for (size_t i = 0; i < r->entries.n; i++) n_meant += is_meant(r, &r->entries.items[i]);
    if (n_meant > 0 && n_meant == r->entries.n) return remove_all(r);
    for (size_t i = 0; i < r->entries.n && code == CLI_OK; i++)
        if (is_meant(r, &r->entries.items[i])) code = remove_entry(r, &r->entries.items[i]);
    if (code == CLI_OK && r->n_files == 0)
        return cli_fail(r->cli, CLI_MODEL, "%s/%s has no file \"%.200s\" here", r->spec.owner,
                        r->spec.name, r->spec.tag);
    return code;
}

static int report(struct removal *r) {
    char bytes[32];
    if (r->cli->opt.json)
        return document_print(r->cli, json_pack("{s:I,s:I}", "files", (json_int_t)r->n_files,
                                                "bytes", (json_int_t)r->bytes));
    out_print(&r->cli->out, "removed %zu file%s, %s\n", r->n_files, r->n_files == 1 ? "" : "s",
              text_bytes(bytes, sizeof bytes, (double)r->bytes));
    return CLI_OK;
}

int cmd_rm(struct cli *cli) {
    const char *text = cli->opt.rest.items[0];
    struct removal r = {.cli = cli};
    if (!hub_spec_parse(&r.spec, text) || strchr(text, '@'))
        return cli_fail(cli, CLI_USAGE, "rm wants OWNER/NAME[:FILE], not \"%.80s\"", text);
    if (!hub_is_there(cli->env.hub_cache, &r.spec))
        return cli_fail(cli, CLI_MODEL, "%s/%s is not in the cache", r.spec.owner, r.spec.name);
    bool busy;
    if (!hub_busy(cli->env.hub_cache, &r.spec, &busy))
        return hub_unreadable(cli, cli->env.hub_cache, errno);
    if (busy)
        return cli_fail(cli, CLI_FAILED, "%s/%s is being fetched right now", r.spec.owner,
                        r.spec.name);
    if (!hub_entries_read(cli->env.hub_cache, &r.spec, &r.entries)) {
        const int why = errno;
        hub_entries_free(&r.entries);
        return hub_unreadable(cli, cli->env.hub_cache, why);
    }
    int code = r.spec.tag[0] ? remove_meant(&r) : remove_all(&r);
    if (code == CLI_OK) code = report(&r);
    hub_entries_free(&r.entries);
    return code;
}
