/* gguf_shards.c - one model in several files.
 *
 * Each file says which it is (split.no, from 0) and how many there are (split.count); the first has
 * all the other keys, too. */
#include <stdio.h>
#include <string.h>

#include "io/gguf_read.h"

enum { SHARDS_MOST = 512, TENSORS_MOST = 65536 };
enum { ENDING = sizeof "-00001-of-00001.gguf" - 1 };
static const char name_form[] = "-%05u-of-%05u.gguf";

/* The path without what a shard's name ends in; 0: it ends in something else. */
static size_t stem_of(const char *path, uint32_t no, uint32_t count) {
    char wanted[48];
    const size_t n = strlen(path), tail = ENDING;
    snprintf(wanted, sizeof wanted, name_form, no + 1, count);
    return n > tail && strcmp(path + n - tail, wanted) == 0 ? n - tail : 0;
}

bool gguf_is_later_shard(const char *path) {
    const size_t n = strlen(path), tail = ENDING;
    unsigned no = 0, count = 0;
    char again[64];
    if (n <= tail || sscanf(path + n - tail, "-%5u-of-%5u.gguf", &no, &count) != 2) return false;
    snprintf(again, sizeof again, name_form, no, count);
    return no > 1 && no <= count && strcmp(path + n - tail, again) == 0;
}

static vidi_status open_shard(const struct gguf *g, size_t stem, uint32_t no, uint32_t count,
                              struct gguf *out) {
    char path[4096];
    uint32_t its_no = 0, its_count = 0;
    const int n = snprintf(path, sizeof path, "%.*s", (int)stem, g->path);
    if (n < 0 || (size_t)n + ENDING >= sizeof path)
        return vd_fail(g->ctx, VIDI_E_IO, "%.200s: the path is too long", g->path);
    snprintf(path + n, sizeof path - (size_t)n, name_form, no + 1, count);
    TRY(gguf_open_one(g->ctx, path, out));
    TRY(gguf_u32(out, "split.no", &its_no));
    TRY(gguf_u32(out, "split.count", &its_count));
    if (its_no != no || its_count != count)
        return vd_fail(g->ctx, VIDI_E_FORMAT,
                       "%s: split.no and split.count are %u and %u, not %u and %u as its name says",
                       path, its_no, its_count, no, count);
    return VIDI_OK;
}

/* The tensors of all files in one list, each name once. */
static vidi_status join(struct gguf *g) {
    uint64_t total = g->n_tensors;
    for (uint32_t i = 0; i < g->n_shards; i++) total += g->shards[i].n_tensors;
    if (total > TENSORS_MOST)
        return vd_fail(g->ctx, VIDI_E_FORMAT, "%s: %llu tensors in all, of %d allowed", g->path,
                       (unsigned long long)total, TENSORS_MOST);
    struct gguf_tensor *all = arena_new(&g->arena, struct gguf_tensor, total);
    if (!all) return VIDI_E_MEMORY;
    if (g->n_tensors) memcpy(all, g->tensors, g->n_tensors * sizeof *all);
    g->tensors = all;
    for (uint32_t i = 0; i < g->n_shards; i++) {
        const struct gguf *shard = &g->shards[i];
        for (uint32_t t = 0; t < shard->n_tensors; t++) {
            const struct str *name = &shard->tensors[t].name;
            bool was_there;
            all[g->n_tensors] = shard->tensors[t];
            TRY(map_put(&g->names, name->ptr, (uint32_t)name->len, g->n_tensors, &was_there));
            if (was_there)
                return vd_fail(g->ctx, VIDI_E_FORMAT, "%s: tensor %.*s is in an earlier file too",
                               shard->path, (int)name->len, name->ptr);
            g->n_tensors++;
        }
        g->file_bytes += shard->file_bytes;
    }
    return VIDI_OK;
}

static vidi_status expect_count(const struct gguf *g) {
    uint32_t tensors;
    if (!gguf_find(g, "split.tensors.count")) return VIDI_OK;
    TRY(gguf_u32(g, "split.tensors.count", &tensors));
    if (tensors == g->n_tensors) return VIDI_OK;
    return vd_fail(g->ctx, VIDI_E_FORMAT, "%s: split.tensors.count is %u, but its files hold %u",
                   g->path, tensors, g->n_tensors);
}

vidi_status gguf_join_shards(struct gguf *g) {
    uint32_t count = 0, no = 0;
    if (!gguf_find(g, "split.count")) return VIDI_OK;
    TRY(gguf_u32(g, "split.count", &count));
    if (count <= 1) return VIDI_OK;
    if (count > SHARDS_MOST)
        return vd_fail(g->ctx, VIDI_E_FORMAT, "%s: split.count is %u, of %d allowed", g->path,
                       count, SHARDS_MOST);
    TRY(gguf_u32(g, "split.no", &no));
    const size_t stem = stem_of(g->path, no, count);
    if (!stem)
        return vd_fail(g->ctx, VIDI_E_FORMAT,
                       "%s: is file %u of a model in %u files, whose name should end in "
                       "-%05u-of-%05u.gguf",
                       g->path, no + 1, count, no + 1, count);
    if (no != 0)
        return vd_fail(g->ctx, VIDI_E_ARGUMENT,
                       "%s: is file %u of a model in %u files: name the first, %.*s-00001-of-%05u"
                       ".gguf",
                       g->path, no + 1, count, (int)stem, g->path, count);
    g->shards = arena_new(&g->arena, struct gguf, count - 1);
    if (!g->shards) return VIDI_E_MEMORY;
    memset(g->shards, 0, (count - 1) * sizeof *g->shards);
    for (uint32_t i = 1; i < count; i++) {
        g->n_shards = i;
        TRY(open_shard(g, stem, i, count, &g->shards[i - 1]));
    }
    TRY(join(g));
    return expect_count(g);
}
