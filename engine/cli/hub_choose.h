/* hub_choose.h - names of a model repository's files, and which of them a model needs.
 *
 * Pure: no disk, no network. The same choice is made among the names a hub lists and among those
 * that lie in the cache. */
#ifndef CLI_HUB_CHOOSE_H
#define CLI_HUB_CHOOSE_H
#include <stdbool.h>
#include <stddef.h>

enum { HUB_NAME_MAX = 512, HUB_NAMES_MAX = 100000, HUB_QUANT_CAP = 24 };

struct hub_names {
    char **items; /* owned */
    size_t n, cap;
};

/* Copies a name to the end. false: no memory, or HUB_NAMES_MAX are there. */
bool hub_names_add(struct hub_names *names, const char *name);
bool hub_names_has(const struct hub_names *names, const char *name);
void hub_names_sort(struct hub_names *names);
void hub_names_free(struct hub_names *names);

/* A relative path that stays below its folder: no empty part, no "." or "..", no backslash, no
 * control character, at most HUB_NAME_MAX bytes and 255 a part. */
bool hub_name_ok(const char *name);

bool hub_is_gguf(const char *name);
bool hub_is_mmproj(const char *name); /* a GGUF file with "mmproj" in its own name */
bool hub_is_safetensors(const char *name);

/* "Q4_K_M" of "dir/model-q4_k_m-00001-of-00002.gguf", in capitals; "" where the name has none. */
void hub_quant(const char *name, char quant[HUB_QUANT_CAP]);
/* Whether `tag` means this file: its path, its own name, its quantisation or a part between dashes
 * and dots. Letters of either case. */
bool hub_tag_means(const char *tag, const char *name);

/* The bytes of the name before "-00001-of-00003.gguf"; 0: it is no shard. Counts from 1. */
size_t hub_shard(const char *name, unsigned *index, unsigned *count);

enum hub_kind { HUB_GGUF, HUB_SAFETENSORS };

struct hub_choice {
    enum hub_kind kind;
    struct hub_names files; /* GGUF: the model, its further shards, the mmproj if there is one */
    size_t n_model;         /* files before the mmproj */
};

/* The files that a model needs. `tag` chooses among several models of a repository; "" takes a
 * sensible one. false: `error` has one sentence without a full stop, and nothing is to be freed. */
bool hub_choose(const struct hub_names *all, const char *tag, struct hub_choice *out, char *error,
                size_t cap);
void hub_choice_free(struct hub_choice *choice);
#endif
