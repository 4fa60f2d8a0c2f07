#include "choices.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/cli/hub_cache.h"
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
    char size[32], memory[96];
    size_words(size, d->memory_bytes);
    snprintf(memory, sizeof memory, "%s, %s", d->type, size);
    c->devices[c->n_devices++] =
        (struct device_choice){.name = strdup(d->name),
                               .detail = print("%s, %s", memory, d->driver),
                               .reason = d->usable ? NULL : strdup(d->reason),
                               .memory_bytes = d->memory_bytes};
}

static uint64_t memory_of(const struct choices *c) {
    for (int i = 0; i < c->n_devices; i++) {
        const struct device_choice *d = &c->devices[i];
        if (d->reason || !d->name) continue;
        if (!c->device || strstr(d->name, c->device)) return d->memory_bytes;
    }
    return 0;
}

/* --- models ----------------------------------------------------------------------------------- */

static uint64_t number(const json_t *doc, const char *key) {
    const json_int_t v = json_integer_value(json_object_get(doc, key));
    return v > 0 ? (uint64_t)v : 0;
}

/* Words about a file from its header: size, and whether it fits; or why it does not run. */
static void judge(struct choices *c, vidi *v, struct model_choice *m) {
    char *text = NULL, size[32];
    if (vidi_describe(v, m->path, &text) != VIDI_OK) {
        m->reason = strdup(vidi_error(v));
        return;
    }
    json_t *doc = json_loads(text, 0, NULL);
    vidi_text_free(v, text);
    m->bytes = number(doc, "file_bytes");
    size_words(size, m->bytes);
    const uint64_t memory = memory_of(c), needs = number(doc, "weights_bytes");
    const char *architecture = json_string_value(json_object_get(doc, "architecture"));
    if (!json_is_string(json_object_get(doc, "family")))
        m->reason = print("%s: models of the kind \"%s\" do not run yet", size,
                          architecture ? architecture : "?");
    m->detail = print("%s, %s", size, !memory ? "?" : needs < memory ? "fits" : "too large");
    if (!m->reason && memory && needs >= memory) {
        char has[32];
        size_words(has, memory);
        m->reason = print("it needs more than the %s the device has (%s)", has, size);
    }
    json_decref(doc);
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
    judge(c, v, m);
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

static void add_hub(struct choices *c, vidi *v) {
    struct hub_names repos = {0};
    if (!c->hub_cache || !hub_repos(c->hub_cache, &repos)) return;
    for (size_t r = 0; r < repos.n; r++) {
        struct hub_spec spec;
        struct hub_entries entries = {0};
        if (hub_spec_parse(&spec, repos.items[r]) &&
            hub_entries_read(c->hub_cache, &spec, &entries))
            for (size_t i = 0; i < entries.n; i++)
                add_file(c, v, repos.items[r], &entries.items[i]);
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
        for (int i = 0; i < c->n_recent; i++)
            if (access(c->recent[i], R_OK) == 0)
                add_model(c, v, c->recent[i], NULL, last_part(c->recent[i]));
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
