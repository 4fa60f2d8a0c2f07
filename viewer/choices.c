#include "choices.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/cli/hub_cache.h"
#include "model_path.h"
#include "settings.h"
#include "vidi/inspect.h"

static char *print(const char *fmt, const char *a, const char *b) {
    char text[512];
    snprintf(text, sizeof text, fmt, a, b);
    return strdup(text);
}

static void size_words(char out[32], uint64_t bytes) {
    const double mb = (double)bytes / 1e6;
    if (mb >= 1000)
        snprintf(out, 32, "%.1f GB", mb / 1000);
    else
        snprintf(out, 32, mb >= 10 ? "%.0f MB" : "%.1f MB", mb);
}

/* --- devices ---------------------------------------------------------------------------------- */

static void add_device(void *user, const vidi_device *d) {
    struct choices *c = user;
    if (c->n_devices == CHOICES_MOST) return;
    const uint64_t left = d->budget_bytes ? d->budget_bytes : d->memory_bytes;
    char size[32], free_words[32], memory[160];
    size_words(size, d->memory_bytes);
    size_words(free_words, left);
    snprintf(memory, sizeof memory, "%s, %s%s%s", d->type, d->budget_bytes ? free_words : "",
             d->budget_bytes ? " free of " : "", size);
    c->devices[c->n_devices++] =
        (struct device_choice){.name = strdup(d->name),
                               .detail = print("%s, %s", memory, d->driver),
                               .reason = d->usable ? NULL : strdup(d->reason),
                               .memory_bytes = d->memory_bytes,
                               .free_bytes = left};
}

static uint64_t free_of(const struct choices *c) {
    for (int i = 0; i < c->n_devices; i++) {
        const struct device_choice *d = &c->devices[i];
        if (d->reason || !d->name) continue;
        if (!c->device || strstr(d->name, c->device)) return d->free_bytes;
    }
    return 0;
}

/* --- models ----------------------------------------------------------------------------------- */

static uint64_t number(const json_t *doc, const char *key) {
    const json_int_t v = json_integer_value(json_object_get(doc, key));
    return v > 0 ? (uint64_t)v : 0;
}

/* What a conversation of ordinary length keeps on the device, besides the weights. */
static uint64_t cache_bytes(const json_t *doc) {
    enum { ORDINARY = 4096 };
    const uint64_t context = number(doc, "context");
    return number(doc, "kv_bytes_per_token") * (context && context < ORDINARY ? context : ORDINARY);
}

/* The header of a file; NULL: m->reason says why not. */
static json_t *describe(vidi *v, const char *path, struct model_choice *m) {
    char *text = NULL;
    if (vidi_describe(v, path, &text) != VIDI_OK) {
        settings_text(&m->reason, vidi_error(v));
        return NULL;
    }
    json_t *doc = json_loads(text, 0, NULL);
    vidi_text_free(v, text);
    return doc;
}

/* Size, and whether it fits; or why it does not run. */
static void judge(vidi *v, struct model_choice *m, uint64_t free_bytes) {
    json_t *doc = describe(v, m->path, m);
    if (!doc) return;
    const json_t *inside = json_object_get(doc, "vision");
    json_t *eyes = m->mmproj ? describe(v, m->mmproj, m) : NULL;
    m->bytes =
        number(doc, "file_bytes") + number(inside, "file_bytes") + number(eyes, "file_bytes");
    const uint64_t needs = number(doc, "weights_bytes") + number(inside, "weights_bytes") +
                           number(eyes, "weights_bytes") + cache_bytes(doc);
    char size[32], need[32], has[32];
    size_words(size, m->bytes);
    size_words(need, needs);
    size_words(has, free_bytes);
    const char *architecture = json_string_value(json_object_get(doc, "architecture"));
    if (!json_is_string(json_object_get(doc, "family"))) {
        free(m->reason);
        m->reason = print("%s: models of the kind \"%s\" do not run yet", size,
                          architecture ? architecture : "?");
    }
    char fits[80] = "";
    if (free_bytes)
        snprintf(fits, sizeof fits, ", %s: %s of %s", needs < free_bytes ? "fits" : "too large",
                 need, has);
    m->detail = print("%s%s", size, fits);
    if (!m->reason && free_bytes && needs >= free_bytes)
        m->reason = print("it needs %s, and the device has %s free", need, has);
    json_decref(eyes);
    json_decref(doc);
}

void choices_judge(struct model_choice *m, uint64_t free_bytes) {
    vidi *v;
    if (vidi_open_bare(NULL, &v) == VIDI_OK) judge(v, m, free_bytes);
    vidi_close(v);
}

static bool is_listed(const struct choices *c, const char *path) {
    for (int i = 0; i < c->n_models; i++)
        if (c->models[i].path && strcmp(c->models[i].path, path) == 0) return true;
    return false;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void add_model(struct choices *c, vidi *v, const char *path, const char *mmproj,
                      const char *name) {
    if (c->n_models == CHOICES_MOST || (path && is_listed(c, path))) return;
    struct model_choice *m = &c->models[c->n_models++];
    *m = (struct model_choice){.path = path ? strdup(path) : NULL,
                               .mmproj = mmproj ? strdup(mmproj) : NULL,
                               .name = strdup(name)};
    judge(v, m, free_of(c));
}

static void add_file(struct choices *c, vidi *v, const char *repo, const struct hub_entry *e) {
    unsigned index = 1, count = 1;
    if (!e->whole || !hub_is_gguf(e->file) || hub_is_mmproj(e->file)) return;
    if (hub_shard(e->file, &index, &count) && index != 1) return;
    char text[HUB_PATH], why[HUB_WORDS];
    struct hub_found found;
    snprintf(text, sizeof text, "%s:%s", repo, last_part(e->file));
    if (!hub_resolve(c->hub_cache, text, &found, why, sizeof why)) return;
    add_model(c, v, found.model, found.mmproj, last_part(e->file));
    hub_found_free(&found);
}

/* A model as it was published: a folder, of which everything is there. */
static void add_folder(struct choices *c, vidi *v, const char *repo) {
    char why[HUB_WORDS];
    struct hub_found found;
    if (!hub_resolve(c->hub_cache, repo, &found, why, sizeof why)) return;
    char *model = model_path_of(found.model);
    if (model) add_model(c, v, model, found.mmproj, last_part(repo));
    free(model);
    hub_found_free(&found);
}

static bool has_gguf(const struct hub_entries *entries) {
    for (size_t i = 0; i < entries->n; i++)
        if (hub_is_gguf(entries->items[i].file)) return true;
    return false;
}

static void add_recent(struct choices *c, vidi *v, const char *path) {
    if (access(path, R_OK) != 0) return;
    char *eyes = model_path_eyes(path);
    add_model(c, v, path, eyes, last_part(path));
    free(eyes);
}

static void add_hub(struct choices *c, vidi *v) {
    struct hub_names repos = {0};
    if (!c->hub_cache || !hub_repos(c->hub_cache, &repos)) return;
    for (size_t r = 0; r < repos.n; r++) {
        struct hub_spec spec;
        struct hub_entries entries = {0};
        if (hub_spec_parse(&spec, repos.items[r]) &&
            hub_entries_read(c->hub_cache, &spec, &entries)) {
            for (size_t i = 0; i < entries.n; i++)
                add_file(c, v, repos.items[r], &entries.items[i]);
            if (!has_gguf(&entries)) add_folder(c, v, repos.items[r]);
        }
        hub_entries_free(&entries);
    }
    hub_names_free(&repos);
}

void choices_look(void *choices) {
    struct choices *c = choices;
    vidi *v;
    if (vidi_devices(NULL, add_device, c, c->error, sizeof c->error) == VIDI_OK) c->error[0] = '\0';
    if (vidi_open_bare(NULL, &v) == VIDI_OK) {
        add_model(c, v, NULL, NULL, "picturebook");
        for (int i = 0; i < c->n_recent; i++) add_recent(c, v, c->recent[i]);
        add_hub(c, v);
    }
    vidi_close(v);
    c->n_cameras = source_list_cameras(c->cameras, CHOICES_CAMERAS);
    if (c->n_cameras > CHOICES_CAMERAS) c->n_cameras = CHOICES_CAMERAS;
}

void choices_free(struct choices *c) {
    free(c->hub_cache);
    free(c->device);
    for (int i = 0; i < c->n_recent; i++) free(c->recent[i]);
    for (int i = 0; i < c->n_models; i++) {
        struct model_choice *m = &c->models[i];
        char *texts[] = {m->path, m->mmproj, m->name, m->detail, m->reason};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) free(texts[k]);
    }
    for (int i = 0; i < c->n_devices; i++) {
        struct device_choice *d = &c->devices[i];
        char *texts[] = {d->name, d->detail, d->reason};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) free(texts[k]);
    }
    *c = (struct choices){0};
}
