#include "io/hf_folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/hf_inside.h"
#include "io/json_file.h"

static bool holds(const char *folder, const char *name) {
    char path[4096];
    struct stat st;
    const size_t n = strlen(folder), m = strlen(name);
    if (n + m + 2 > sizeof path) return false;
    memcpy(path, folder, n);
    path[n] = '/';
    memcpy(path + n + 1, name, m + 1);
    return stat(path, &st) == 0;
}

static const char *const weights[] = {"model.safetensors", "model.safetensors.index.json"};
static const char *const pickles[] = {"pytorch_model.bin", "pytorch_model.bin.index.json"};

bool hf_holds(const struct hf *h, const char *folder, const char *name) {
    char path[512];
    const int n = snprintf(path, sizeof path, "%s%s", folder, name);
    return n > 0 && n < (int)sizeof path && holds(h->folder, path);
}

static bool holds_either(const char *folder, const char *const names[2]) {
    return holds(folder, names[0]) || holds(folder, names[1]);
}

bool hf_folder_is(const char *path) {
    struct stat st;
    if (!path || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) return false;
    return holds(path, "config.json") || holds_either(path, weights) || holds_either(path, pickles);
}

static struct json_limit limit_of(const char *name) {
    static const char *const words[] = {"tokenizer.json", "vocab.json", "tokenizer_config.json",
                                        "added_tokens.json"};
    const char *slash = strrchr(name, '/');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(slash ? slash + 1 : name, words[i]) == 0) return json_words;
    return json_settings;
}

vidi_status hf_json(struct hf *h, const char *name, bool needed, json_t **out) {
    *out = NULL;
    if (!needed && !holds(h->folder, name)) return VIDI_OK;
    if (!holds(h->folder, name))
        return vd_fail(h->ctx, VIDI_E_IO, "%.600s: holds no %s", h->folder, name);
    const char *path = arena_print(h->arena, "%s/%s", h->folder, name);
    return path ? json_file_read(h->ctx, path, limit_of(name), out) : VIDI_E_MEMORY;
}

vidi_status hf_bad(struct hf *h, const char *where, const char *key, const char *words) {
    return vd_fail(h->ctx, VIDI_E_FORMAT, "%.600s/config.json: %s%s %s", h->folder, where, key,
                   words);
}

static vidi_status open_weights(struct hf *h) {
    struct gguf *g = h->put.g;
    if (!holds_either(h->folder, weights) && holds_either(h->folder, pickles))
        return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                       "%.600s: holds pytorch_model.bin but no model.safetensors; pickles are not "
                       "read: open it once with transformers and save it with "
                       "save_pretrained(..., safe_serialization=True)",
                       h->folder);
    h->weights = arena_new(h->arena, struct safetensors_folder, 1);
    if (!h->weights) return VIDI_E_MEMORY;
    TRY(safetensors_folder_open(h->ctx, h->folder, h->weights));
    g->folder = h->weights; /* gguf_close() closes it */
    for (uint32_t i = 0; i < h->weights->n_shards; i++)
        g->file_bytes += h->weights->shards[i].file.bytes;
    return VIDI_OK;
}

static vidi_status read_text(struct hf *h) {
    vidi_status status = VIDI_OK;
    put_text(&h->put, "general.architecture", h->text->arch, strlen(h->text->arch));
    hf_config_text(h, &status);
    TRY(status);
    TRY(hf_generation_put(h));
    TRY(hf_names(h, HF_TEXT));
    return hf_tokens(h, "", "token_embd.weight");
}

static vidi_status read_eyes(struct hf *h) {
    vidi_status status = VIDI_OK;
    if (!h->eyes)
        return vd_fail(h->ctx, VIDI_E_UNSUPPORTED, "%.600s: its model has no eyes", h->folder);
    put_text(&h->put, "general.architecture", "clip", 4);
    put_text(&h->put, "clip.projector_type", h->eyes->projector, strlen(h->eyes->projector));
    hf_config_eyes(h, &status);
    TRY(status);
    TRY(hf_names(h, HF_EYES));
    if (strcmp(h->eyes->projector, "instructblip") != 0) return VIDI_OK;
    return hf_tokens(h, "qformer_tokenizer/", "qf.token_embd.weight");
}

/* The keys of the language model count as asked for while its eyes are read, too. */
static vidi_status note_text(struct hf *h) {
    struct gguf aside = {.ctx = h->ctx, .path = h->folder};
    const struct put own = h->put;
    vidi_status status = VIDI_OK;
    arena_open(&aside.arena, h->ctx);
    h->put = (struct put){.g = &aside, .prefix = h->text->arch};
    h->quiet = true;
    hf_config_text(h, &status);
    h->quiet = false;
    if (status == VIDI_OK) status = hf_generation_put(h);
    if (status == VIDI_OK) status = h->put.status;
    arena_close(&aside.arena);
    h->put = own;
    return status;
}

/* Nothing that a config says is read over: a model with eyes is looked at with its eyes. */
static vidi_status check_keys(struct hf *h, enum hf_part part) {
    TRY(hf_shapes_check(h, part));
    if (part == HF_TEXT && h->eyes) return VIDI_OK;
    if (part == HF_EYES) TRY(note_text(h));
    return hf_keys_check(h);
}

static vidi_status read_part(struct hf *h, enum hf_part part) {
    TRY(hf_json(h, "config.json", true, &h->config));
    TRY(hf_config_read(h));
    TRY(hf_json(h, "generation_config.json", false, &h->generation));
    h->put.prefix = part == HF_TEXT ? h->text->arch : "clip";
    TRY(open_weights(h));
    TRY(part == HF_TEXT ? read_text(h) : read_eyes(h));
    TRY(check_keys(h, part));
    return put_done(&h->put);
}

static vidi_status begin(struct vd_ctx *ctx, const char *path, struct gguf *g, struct hf *h) {
    *g = (struct gguf){.ctx = ctx};
    arena_open(&g->arena, ctx);
    *h = (struct hf){.ctx = ctx, .arena = &g->arena, .put = {.g = g}};
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') len--;
    h->folder = g->path = arena_text(&g->arena, path, len);
    return g->path ? hf_asked_open(h) : VIDI_E_MEMORY;
}

static void end(struct hf *h) {
    hf_asked_close(h);
    json_decref(h->generation);
    json_decref(h->process);
    json_decref(h->processor);
    json_decref(h->config);
}

vidi_status hf_folder_open(struct vd_ctx *ctx, const char *path, enum hf_part part,
                           struct gguf *out) {
    struct hf h;
    vidi_status status = begin(ctx, path, out, &h);
    if (status == VIDI_OK) status = read_part(&h, part);
    end(&h);
    if (status != VIDI_OK) gguf_close(out);
    return status;
}

vidi_status hf_folder_sees(struct vd_ctx *ctx, const char *path, bool *out) {
    struct gguf g;
    struct hf h;
    vidi_status status = begin(ctx, path, &g, &h);
    if (status == VIDI_OK) status = hf_json(&h, "config.json", true, &h.config);
    if (status == VIDI_OK) status = hf_config_read(&h);
    *out = status == VIDI_OK && h.eyes;
    end(&h);
    gguf_close(&g);
    return status;
}
