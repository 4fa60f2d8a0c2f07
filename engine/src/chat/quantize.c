/* One GGUF file of a language model and its vision part, with smaller weights. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "chat/internal.h"
#include "io/gguf_write.h"
#include "io/hf_folder.h"
#include "io/safetensors.h"
#include "ops/quant.h"

enum { PIECE_BYTES = 4 << 20, NAME_MOST = 64, PARTS = 2 };

struct source {
    const struct gguf *g;
    const struct gguf_tensor *t;
};

struct job {
    vidi *v;
    struct arena arena;
    struct gguf parts[PARTS]; /* the language model, its eyes */
    int n_parts;
    const struct gguf_value **values;
    struct gguf_tensor *tensors; /* as they are written */
    struct source *sources;
    uint32_t n_values, n_tensors;
    uint64_t done, total; /* bytes read */
    struct gguf_writer out;
};

static bool begins(struct str s, const char *word) {
    const size_t n = strlen(word);
    return s.len >= n && memcmp(s.ptr, word, n) == 0;
}

static bool is_same(const struct stat *to, const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && s.st_dev == to->st_dev && s.st_ino == to->st_ino;
}

static bool is_file_of(const struct gguf *g, const struct stat *to) {
    bool same = is_same(to, g->path);
    for (uint32_t i = 0; i < g->n_shards; i++) same = same || is_same(to, g->shards[i].path);
    for (uint32_t i = 0; g->folder && i < g->folder->n_shards; i++)
        same = same || is_same(to, g->folder->shards[i].path);
    return same;
}

static vidi_status open_parts(struct job *j, const vidi_model_config *wanted, const char *to) {
    struct vd_ctx *ctx = &j->v->ctx;
    vidi_model_config cfg;
    struct stat s;
    TRY(find_pair(ctx, &j->arena, wanted, &cfg));
    TRY(model_file_open(ctx, cfg.path, &j->parts[j->n_parts++]));
    if (cfg.mmproj) {
        struct gguf *eyes = &j->parts[j->n_parts++];
        const bool folder = hf_folder_is(cfg.mmproj);
        TRY(folder ? hf_folder_open(ctx, cfg.mmproj, HF_EYES, eyes)
                   : gguf_open(ctx, cfg.mmproj, eyes));
    }
    for (int i = 0; stat(to, &s) == 0 && i < j->n_parts; i++)
        if (is_file_of(&j->parts[i], &s))
            return vd_fail(ctx, VIDI_E_ARGUMENT, "%.600s: is a file of the model itself", to);
    return VIDI_OK;
}

/* What says how the bytes lay in the file they come from. */
static bool is_of_file(struct str key) {
    static const char *const keys[] = {"general.alignment", "general.file_type", "split."};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (begins(key, keys[i])) return true;
    return false;
}

/* The eyes' own words keep apart from the language model's. */
static const struct gguf_value *apart(struct job *j, const struct gguf_value *v) {
    struct gguf_value *own = arena_new(&j->arena, struct gguf_value, 1);
    const char *key = arena_print(&j->arena, EYES_WORDS "%.*s", (int)v->key.len, v->key.ptr);
    if (!own || !key) return NULL;
    *own = *v;
    own->key = (struct str){key, strlen(key)};
    return own;
}

static vidi_status take_values(struct job *j, int part) {
    const struct gguf *g = &j->parts[part];
    for (uint32_t i = 0; i < g->n_values; i++) {
        const struct gguf_value *v = &g->values[i];
        uint32_t index;
        if (is_of_file(v->key) || (part && begins(v->key, "general."))) continue;
        if (part && begins(v->key, "tokenizer.")) v = apart(j, v);
        if (!v) return VIDI_E_MEMORY;
        if (part && map_get(&j->parts[0].keys, v->key.ptr, (uint32_t)v->key.len, &index)) continue;
        j->values[j->n_values++] = v;
    }
    return VIDI_OK;
}

static vidi_status take_tensor(struct job *j, int part, const struct gguf_tensor *t,
                               enum vd_type wanted) {
    struct vd_ctx *ctx = &j->v->ctx;
    const struct gguf *g = &j->parts[part];
    const int len = (int)(t->name.len < 128 ? t->name.len : 128);
    uint32_t index;
    if (t->name.len >= NAME_MOST)
        return vd_fail(ctx, VIDI_E_UNSUPPORTED,
                       "%.600s: tensor %.*s: its name is too long for a GGUF file", g->path, len,
                       t->name.ptr);
    if (part && map_get(&j->parts[0].names, t->name.ptr, (uint32_t)t->name.len, &index))
        return vd_fail(ctx, VIDI_E_UNSUPPORTED,
                       "%.600s: tensor %.*s: the language model has one of that name, too", g->path,
                       len, t->name.ptr);
    struct gguf_tensor *to = &j->tensors[j->n_tensors];
    *to = *t;
    to->type = quant_choice(
        wanted, &(struct quant_tensor){t->name.ptr, t->name.len, t->type, t->n_dims, t->dims[0]});
    if (to->type != t->type) {
        to->gguf_type = vd_formats[to->type].gguf_id;
        if (t->dims[0] > UINT32_MAX || t->dims[1] > UINT32_MAX ||
            !format_bytes(to->type, t->dims[1], t->dims[0], &to->bytes))
            return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: tensor %.*s: is too large", g->path, len,
                           t->name.ptr);
    }
    j->sources[j->n_tensors++] = (struct source){g, t};
    j->total += t->bytes;
    return VIDI_OK;
}

static vidi_status plan(struct job *j, enum vd_type wanted) {
    uint64_t values = 1, tensors = 1;
    for (int i = 0; i < j->n_parts; i++) {
        values += j->parts[i].n_values;
        tensors += j->parts[i].n_tensors;
    }
    j->values = arena_new(&j->arena, const struct gguf_value *, values);
    j->tensors = arena_new(&j->arena, struct gguf_tensor, tensors);
    j->sources = arena_new(&j->arena, struct source, tensors);
    if (!j->values || !j->tensors || !j->sources) return VIDI_E_MEMORY;
    for (int i = 0; i < j->n_parts; i++) {
        TRY(take_values(j, i));
        for (uint32_t k = 0; k < j->parts[i].n_tensors; k++)
            TRY(take_tensor(j, i, &j->parts[i].tensors[k], wanted));
    }
    return VIDI_OK;
}

static vidi_status advance(struct job *j, uint64_t bytes) {
    j->done += bytes;
    if (j->v->progress && j->v->progress(j->v->user, "quantising weights", j->done, j->total))
        return vd_fail(&j->v->ctx, VIDI_E_CANCELLED, "cancelled");
    return VIDI_OK;
}

/* Whole rows where the type changes, any bytes where it does not. */
static vidi_status write_tensor(struct job *j, const struct source *from,
                                const struct gguf_tensor *to) {
    struct vd_ctx *ctx = &j->v->ctx;
    const struct gguf_tensor *t = from->t;
    const bool changes = to->type != t->type;
    const uint64_t rows = changes ? t->dims[1] : t->bytes, row = t->bytes / rows,
                   made_row = to->bytes / rows;
    const uint64_t fit = row < PIECE_BYTES ? PIECE_BYTES / row : 1, most = fit < rows ? fit : rows;
    unsigned char *data = vd_alloc(ctx, most * (row + (changes ? made_row : 0)));
    if (!data) return VIDI_E_MEMORY;
    unsigned char *made = changes ? data + most * row : data;
    vidi_status status = VIDI_OK;
    for (uint64_t at = 0; at < rows && status == VIDI_OK; at += most) {
        const uint64_t n = rows - at < most ? rows - at : most;
        status = gguf_copy(from->g, t, at * row, data, n * row);
        if (status == VIDI_OK && changes)
            status = quant_rows(ctx, &(struct quant_job){t->type, to->type, data, made, (uint32_t)n,
                                                         (uint32_t)t->dims[0]});
        if (status == VIDI_OK)
            status = gguf_write_data(&j->out, made, n * made_row, at + n == rows);
        if (status == VIDI_OK) status = advance(j, n * row);
    }
    vd_free(ctx, data);
    return status;
}

static vidi_status write_all(struct job *j, const char *to) {
    TRY(gguf_write_open(&j->v->ctx, to, &j->out));
    TRY(gguf_write_head(&j->out,
                        &(struct gguf_head){j->values, j->n_values, j->tensors, j->n_tensors}));
    for (uint32_t i = 0; i < j->n_tensors; i++)
        TRY(write_tensor(j, &j->sources[i], &j->tensors[i]));
    for (int i = 0; i < j->n_parts; i++) TRY(gguf_still_whole(&j->parts[i]));
    return gguf_write_done(&j->out);
}

vidi_status vidi_quantize(vidi *v, const vidi_model_config *cfg, const char *to) {
    const enum vd_type wanted = weights_type(cfg->weights);
    if (wanted == VD_TYPE_NONE || !to)
        return vd_fail(&v->ctx, VIDI_E_ARGUMENT, "quantising wants a type and a file to write");
    struct job *j = vd_alloc(&v->ctx, sizeof *j);
    if (!j) return VIDI_E_MEMORY;
    j->v = v;
    arena_open(&j->arena, &v->ctx);
    vidi_status status = open_parts(j, cfg, to);
    if (status == VIDI_OK) status = plan(j, wanted);
    if (status == VIDI_OK) status = write_all(j, to);
    gguf_write_close(&j->out);
    for (int i = 0; i < j->n_parts; i++) gguf_close(&j->parts[i]);
    arena_close(&j->arena);
    vd_free(&v->ctx, j);
    return status;
}
