#include <string.h>
#include <sys/stat.h>

#include "io/json_file.h"
#include "io/safetensors.h"

enum { SHARDS_MOST = 512 };
static const char single[] = "model.safetensors", index_name[] = "model.safetensors.index.json";

/* What is read of the index while its shards are opened. */
struct index {
    const char *path, *folder;
    json_t *weights;       /* name -> file */
    struct map files;      /* to indices of shards */
    const char **of_shard; /* each shard's file name */
};

static bool plain_name(const char *file) {
    return file && file[0] && file[0] != '.' && !strchr(file, '/') && strlen(file) < 256;
}

static vidi_status list_files(struct safetensors_folder *f, struct index *x) {
    x->of_shard = arena_new(&f->arena, const char *, SHARDS_MOST);
    if (!x->of_shard) return VIDI_E_MEMORY;
    TRY(map_open(&x->files, &f->arena, 16));
    const char *name;
    json_t *value;
    json_object_foreach(x->weights, name, value) {
        const char *file = json_string_value(value);
        if (!plain_name(file))
            return vd_fail(f->ctx, VIDI_E_FORMAT,
                           "%.600s: weight_map: %.128s: wants the name of a file beside it",
                           x->path, name);
        const uint32_t len = (uint32_t)strlen(file);
        uint32_t at;
        if (map_get(&x->files, file, len, &at)) continue;
        if (f->n_shards == SHARDS_MOST)
            return vd_fail(f->ctx, VIDI_E_FORMAT, "%.600s: weight_map: names more than %d files",
                           x->path, SHARDS_MOST);
        const char *kept = arena_text(&f->arena, file, len);
        if (!kept) return VIDI_E_MEMORY;
        TRY(map_put(&x->files, kept, len, f->n_shards, NULL));
        x->of_shard[f->n_shards++] = kept;
    }
    if (f->n_shards == 0)
        return vd_fail(f->ctx, VIDI_E_FORMAT, "%.600s: weight_map: names no file", x->path);
    return VIDI_OK;
}

static vidi_status open_shards(struct safetensors_folder *f, const struct index *x) {
    f->shards = arena_new(&f->arena, struct safetensors, f->n_shards);
    if (!f->shards) return VIDI_E_MEMORY;
    for (uint32_t i = 0; i < f->n_shards; i++) {
        const char *path = arena_print(&f->arena, "%s/%s", x->folder, x->of_shard[i]);
        if (!path) return VIDI_E_MEMORY;
        TRY(safetensors_open(f->ctx, path, &f->shards[i]));
    }
    return VIDI_OK;
}

/* Both ways: what the index names is there, and what is there is named. */
static vidi_status compare(struct safetensors_folder *f, const struct index *x) {
    const char *name;
    json_t *value;
    json_object_foreach(x->weights, name, value) {
        uint32_t at = 0;
        const char *file = json_string_value(value);
        (void)map_get(&x->files, file, (uint32_t)strlen(file), &at);
        if (!safetensors_find(&f->shards[at], name))
            return vd_fail(f->ctx, VIDI_E_FORMAT, "%.600s: tensor %.128s is not in %.255s", x->path,
                           name, file);
    }
    for (uint32_t i = 0; i < f->n_shards; i++)
        for (uint32_t t = 0; t < f->shards[i].n_tensors; t++) {
            const char *tensor = f->shards[i].tensors[t].name;
            const char *file = json_string_value(json_object_get(x->weights, tensor));
            if (!file || strcmp(file, x->of_shard[i]) != 0)
                return vd_fail(f->ctx, VIDI_E_FORMAT,
                               "%.600s: tensor %.128s is not what the index puts there",
                               f->shards[i].path, tensor);
        }
    return VIDI_OK;
}

static vidi_status open_index(struct safetensors_folder *f, struct index *x) {
    json_t *doc;
    TRY(json_file_read(f->ctx, x->path, json_tensors, &doc));
    x->weights = json_object_get(doc, "weight_map");
    vidi_status status =
        json_is_object(x->weights)
            ? list_files(f, x)
            : vd_fail(f->ctx, VIDI_E_FORMAT, "%.600s: weight_map is missing or no object", x->path);
    if (status == VIDI_OK) status = open_shards(f, x);
    if (status == VIDI_OK) status = compare(f, x);
    json_decref(doc);
    return status;
}

static bool exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

static vidi_status open_folder(struct safetensors_folder *f, const char *folder) {
    const char *path = arena_print(&f->arena, "%s/%s", folder, single);
    const char *index = arena_print(&f->arena, "%s/%s", folder, index_name);
    if (!path || !index) return VIDI_E_MEMORY;
    if (exists(index)) {
        struct index x = {.path = index, .folder = folder};
        return open_index(f, &x);
    }
    if (!exists(path))
        return vd_fail(f->ctx, VIDI_E_IO, "%.600s: holds neither %s nor %s", folder, single,
                       index_name);
    f->shards = arena_new(&f->arena, struct safetensors, 1);
    if (!f->shards) return VIDI_E_MEMORY;
    f->n_shards = 1;
    return safetensors_open(f->ctx, path, &f->shards[0]);
}

vidi_status safetensors_folder_open(struct vd_ctx *ctx, const char *folder,
                                    struct safetensors_folder *out) {
    *out = (struct safetensors_folder){.ctx = ctx};
    arena_open(&out->arena, ctx);
    const vidi_status status = open_folder(out, folder);
    if (status != VIDI_OK) safetensors_folder_close(out);
    return status;
}

void safetensors_folder_close(struct safetensors_folder *f) {
    for (uint32_t i = 0; f->shards && i < f->n_shards; i++) safetensors_close(&f->shards[i]);
    if (f->ctx) arena_close(&f->arena);
    *f = (struct safetensors_folder){0};
}

const struct st_tensor *safetensors_folder_find(const struct safetensors_folder *f,
                                                const char *name) {
    for (uint32_t i = 0; i < f->n_shards; i++) {
        const struct st_tensor *t = safetensors_find(&f->shards[i], name);
        if (t) return t;
    }
    return NULL;
}
