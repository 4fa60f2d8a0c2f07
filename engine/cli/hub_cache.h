/* hub_cache.h - what lies in the cache folder: repositories, their files and blobs. */
#ifndef CLI_HUB_CACHE_H
#define CLI_HUB_CACHE_H
#include "cli.h"
#include "hub.h"

/* One file of one snapshot, or a download that is not finished. */
struct hub_entry {
    char *commit;                /* "" for an unfinished download */
    char *file;                  /* its name in the repository; "?" where nobody knows */
    char hash[HUB_HASH_CAP + 8]; /* the blob's own name; "": a plain file */
    uint64_t bytes;              /* that are there */
    uint64_t total;              /* that should be; 0: not known */
    bool whole;                  /* the blob is there, and so are all shards of the file */
};

struct hub_entries {
    struct hub_entry *items;
    size_t n, cap;
};

/* "OWNER/NAME" of every repository, sorted; none for a folder that is not there. */
bool hub_repos(const char *cache, struct hub_names *out);
/* Whether the repository has a folder. */
bool hub_is_there(const char *cache, const struct hub_spec *spec);
/* All snapshots' files by name, then the unfinished downloads. false: no memory. */
bool hub_entries_read(const char *cache, const struct hub_spec *spec, struct hub_entries *out);
void hub_entries_free(struct hub_entries *entries);

/* *busy: a lock is held, somebody fetches into this repository. false: errno says why it is
 * unknown. */
bool hub_busy(const char *cache, const struct hub_spec *spec, bool *busy);
/* Removes a folder and all below it; links are removed, not followed. false: errno says why. */
bool hub_remove_folder(const char *path);

/* Says that the cache's list failed, `why` being errno; the exit code. */
int hub_unreadable(struct cli *cli, const char *cache, int why);
#endif
