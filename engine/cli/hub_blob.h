/* hub_blob.h - one file of a repository, fetched into its blob: locked, resumed, checked, renamed.
 *
 * The bytes go to HASH.incomplete, which may be left behind at any moment and is taken up again by
 * the next fetch; only what hashes to HASH gets that name. */
#ifndef CLI_HUB_BLOB_H
#define CLI_HUB_BLOB_H
#include "hub.h"
#include "hub_http.h"

struct hub_file {
    const char *name; /* in the repository */
    char hash[HUB_HASH_CAP];
    uint64_t size;
    bool fetched; /* by this pull; false: it was there */
};

struct hub_job {
    struct http http; /* its error says what went wrong */
    const char *cache;
    struct hub_spec spec;
    char commit[HUB_HASH_CAP];
    void (*on_progress)(void *user, const char *phase, uint64_t done, uint64_t total);
    void *user;
};

/* What an unfinished download says of itself, in its lock file. */
struct hub_note {
    char validator[HTTP_ETAG]; /* for If-Range; "": none */
    char name[HUB_NAME_MAX + 1];
    uint64_t size;
};
/* false: there is none, or it is damaged; note is then empty. */
bool hub_note_read(const char *cache, const struct hub_spec *spec, const char *hash,
                   struct hub_note *note);

/* Bytes that are still to come: 0 when the blob is there. */
uint64_t hub_blob_missing(const struct hub_job *job, const struct hub_file *file);
/* HTTP_DONE: the blob is there and whole. Otherwise http.error says why it is not. */
enum http_result hub_blob_fetch(struct hub_job *job, struct hub_file *file, const char *url);
#endif
