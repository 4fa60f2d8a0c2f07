/* hub.h - model repositories in the Hugging Face cache: their names, folders and files.
 *
 *     CACHE/models--OWNER--NAME/blobs/HASH            the bytes, named by what they hash to
 *                               snapshots/COMMIT/FILE  a link to a blob
 *                               refs/REVISION          the commit it stands for
 *     CACHE/.locks/models--OWNER--NAME/HASH.lock       held while a blob is written
 *
 * A blob that is being fetched is called HASH.incomplete. No network here; see hub_pull.h. */
#ifndef CLI_HUB_H
#define CLI_HUB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hub_choose.h"

enum { HUB_PATH = 4096, HUB_WORDS = 1024, HUB_HASH_CAP = 65, HUB_REVISION_MAX = 128 };

/* OWNER/NAME[@REVISION][:TAG] */
struct hub_spec {
    char owner[97], name[97];
    char revision[HUB_REVISION_MAX + 1]; /* "main" unless said */
    char tag[HUB_NAME_MAX + 1];          /* a quantisation or a file's name; "": none */
};

/* false: the text has another form. */
bool hub_spec_parse(struct hub_spec *spec, const char *text);

/* CACHE/models--OWNER--NAME plus `below`, which is printed. false: too long. */
bool hub_path(char path[HUB_PATH], const char *cache, const struct hub_spec *spec,
              const char *below, ...);
bool hub_lock_path(char path[HUB_PATH], const char *cache, const struct hub_spec *spec,
                   const char *hash);

/* A plain file to read; of anything else, as a pipe that nobody writes to, NULL and EINVAL. */
FILE *hub_open(const char *path);

/* The commit that a revision stands for in the cache. false: it was never completed here. */
bool hub_commit(const char *cache, const struct hub_spec *spec, char commit[HUB_HASH_CAP]);
/* 40 (git) or 64 (sha256) hexadecimal digits in small letters. */
bool hub_hash_ok(const char *text);

/* Adds the files below a folder, with their paths from there, sorted: links and plain files; with
 * `whole`, only those whose bytes are there. A folder that is missing has none. false: errno says
 * why. */
bool hub_walk(const char *folder, bool whole, struct hub_names *out);

/* A model of the cache. */
struct hub_found {
    char *model;  /* a GGUF file (its first shard), or the folder of a safetensors model */
    char *mmproj; /* the GGUF file of its vision part; NULL: none is there */
};

/* Finds what `text`, a spec, means in a cache folder. false: `error` has one sentence, and out is
 * empty. Needs no network. */
bool hub_resolve(const char *cache, const char *text, struct hub_found *out, char *error,
                 size_t cap);
void hub_found_free(struct hub_found *found);
#endif
