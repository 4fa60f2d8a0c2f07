/* hub_pull.h - fetching a model of a hub into the cache, and re-hashing what lies there. A build
 * without libcurl or OpenSSL has hub_none.c instead, where both fail with a sentence. */
#ifndef CLI_HUB_PULL_H
#define CLI_HUB_PULL_H
#include "hub_blob.h"

struct hub_pull {
    struct hub_job job; /* http's endpoint, token and callbacks, cache and spec: from the caller */
    struct hub_choice choice;
    struct hub_file *files; /* [choice.files.n], in its order */
    char error[HUB_WORDS];  /* one sentence, without a full stop */
};

/* Fetches what the spec means: all blobs, then the links to them, then the revision's commit.
 * HTTP_DONE: `files` says what came. hub_pull_free() in any case. */
enum http_result hub_pull(struct hub_pull *p);
void hub_pull_free(struct hub_pull *p);

enum hub_verdict { HUB_GOOD, HUB_DAMAGED, HUB_UNREADABLE, HUB_UNKNOWN, HUB_STOPPED, HUB_ABSENT };
/* Reads a blob and compares its hash with its name. HUB_UNKNOWN: the name is no hash. HUB_ABSENT:
 * this build cannot hash. on_bytes may stop it. */
enum hub_verdict hub_verify(const char *path, const char *name,
                            bool (*on_bytes)(void *user, uint64_t done), void *user);
#endif
