#define _POSIX_C_SOURCE 200809L
#include "vidi/inspect.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "chat/internal.h"
#include "chat/json.h"
#include "io/hf_folder.h"
#include "ops/quant.h"
#include "ops/tune.h"

enum { LONGEST_ARRAY = 16, LONGEST_TEXT = 65536 };

void vidi_text_free(vidi *v, char *text) { vd_free(&v->ctx, text); }

/* --- what a file holds ------------------------------------------------------------------------ */

static json_t *scalar(const struct gguf_value *v, uint64_t i) {
    const enum gguf_kind kind = v->kind == GGUF_ARRAY ? v->item : v->kind;
    if (kind == GGUF_STRING) {
        const struct str s = gguf_str_at(v, i);
        return json_bytes(s.ptr, s.len < LONGEST_TEXT ? s.len : LONGEST_TEXT);
    }
    if (kind == GGUF_F32 || kind == GGUF_F64) return json_number(gguf_float_at(v, i));
    if (kind == GGUF_BOOL) return json_boolean(gguf_int_at(v, i) != 0);
    return json_integer(gguf_int_at(v, i));
}

static json_t *value_json(const struct gguf_value *v) {
    static const char *const kinds[GGUF_KIND_COUNT] = {
        "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "str", "array", "u64", "i64", "f64"};
    if (v->kind != GGUF_ARRAY) return scalar(v, 0);
    if (v->n > LONGEST_ARRAY)
        return json_pack("{s:s, s:I}", "array", kinds[v->item], "count", (json_int_t)v->n);
    json_t *list = json_array();
    for (uint64_t i = 0; i < v->n; i++) json_array_append_new(list, scalar(v, i));
    return list;
}

struct sums {
    uint64_t parameters, bytes;
    json_t *types; /* bytes of each type's tensors, by its name */
    enum vd_type wanted;
};

/* As it is once it is loaded. */
static struct gguf_tensor loaded(const struct gguf_tensor *from, enum vd_type wanted) {
    struct gguf_tensor t = *from;
    uint64_t bytes;
    const enum vd_type type = quant_choice(
        wanted, &(struct quant_tensor){t.name.ptr, t.name.len, t.type, t.n_dims, t.dims[0]});
    if (type == t.type || t.dims[0] > UINT32_MAX || t.dims[1] > UINT32_MAX ||
        !format_bytes(type, t.dims[1], t.dims[0], &bytes))
        return t;
    t.type = type;
    t.bytes = bytes;
    return t;
}

static json_t *tensors_json(const struct gguf *g, struct sums *sums) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        const struct gguf_tensor as = loaded(&g->tensors[i], sums->wanted), *t = &as;
        uint64_t count = 1;
        json_t *shape = json_array();
        for (uint32_t d = t->n_dims; d-- > 0;) {
            json_array_append_new(shape, json_integer((json_int_t)t->dims[d]));
            count *= t->dims[d];
        }
        char other[32];
        snprintf(other, sizeof other, "ggml type %u", t->gguf_type);
        const char *type = t->type == VD_TYPE_NONE ? other : vd_formats[t->type].name;
        const json_int_t before = json_integer_value(json_object_get(sums->types, type));
        json_object_set_new(sums->types, type, json_integer(before + (json_int_t)t->bytes));
        sums->parameters += count;
        sums->bytes += t->bytes;
        json_array_append_new(list, json_pack("{s:o, s:s, s:o, s:I}", "name",
                                              json_bytes(t->name.ptr, t->name.len), "type", type,
                                              "shape", shape, "bytes", (json_int_t)t->bytes));
    }
    return list;
}

static void set_text(json_t *doc, const struct gguf *g, const char *key, const char *name) {
    const struct gguf_value *v = gguf_find(g, key);
    const bool text = v && v->kind == GGUF_STRING;
    json_object_set_new(doc, name, text ? scalar(v, 0) : json_null());
}

/* What needs the family: left null where the file is not supported, and `shape` without layers. */
static void set_family(vidi *v, json_t *doc, const struct gguf *g, struct shape *shape) {
    struct str arch = {"", 0};
    const struct family *f = NULL;
    if (gguf_str(g, "general.architecture", &arch) == VIDI_OK) f = family_find(arch);
    json_object_set_new(doc, "architecture", json_bytes(arch.ptr, arch.len));
    const struct vision *eyes = is_vision_file(g) ? vision_find(g, NULL) : NULL;
    const char *what = f ? f->what : eyes ? eyes->what : NULL;
    json_object_set_new(doc, "family", what ? json_string(what) : json_null());
    void *cfg = f ? vd_alloc(&v->ctx, f->config_bytes) : NULL;
    uint64_t kv = 0, q8_0 = 0;
    if (cfg && family_configure(&v->ctx, g, f, cfg, shape) == VIDI_OK) {
        for (uint32_t i = 0; i < shape->layers; i++) {
            kv += 2 * kv_row_bytes(KV_F16, shape->kv_dim[i]);
            q8_0 += 2 * kv_row_bytes(KV_Q8_0, shape->kv_dim[i]);
        }
        json_object_set_new(doc, "kv_bytes_per_token", json_integer((json_int_t)kv));
        json_object_set_new(doc, "kv_bytes_per_token_q8_0", json_integer((json_int_t)q8_0));
        json_object_set_new(doc, "context", json_integer(shape->context));
    } else {
        *shape = (struct shape){0};
        json_object_set_new(doc, "kv_bytes_per_token", json_null());
        json_object_set_new(doc, "kv_bytes_per_token_q8_0", json_null());
        json_object_set_new(doc, "context", json_null());
    }
    vd_free(&v->ctx, cfg);
}

/* What becomes of pictures; null without eyes that can be run. */
static json_t *picture_json(const struct shape *shape) {
    static const enum fit cut[] = {FIT_TILES, FIT_GRID, FIT_SLICES, FIT_CANVAS, FIT_ANYRES};
    const json_int_t most = shape->picture.area, side = shape->picture.multiple;
    const bool by_area = shape->picture.fit == FIT_NATIVE;
    bool tiles = shape->picture.split;
    if (!shape->picture.rows) return json_null();
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        tiles = tiles || (shape->picture.fit == cut[i] && !shape->picture.whole);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "width",
                     most ? json_null() : json_integer(shape->picture.width), "height",
                     most ? json_null() : json_integer(shape->picture.height), "most_pixels",
                     most ? json_integer(most) : json_null(), "tokens",
                     by_area ? json_null() : json_integer(shape->picture.rows), "pixels_per_token",
                     by_area ? json_integer(side * side) : json_null(), "tiles", tiles, "asked",
                     shape->seen_cols != 0);
}

/* What layers that ask pictures keep of each; 0 where pictures are rows like words. */
static void set_picture(vidi *v, json_t *doc, const struct gguf *eyes, const struct vision *vision,
                        struct shape *shape) {
    uint64_t bytes = 0;
    void *cfg = vision ? vd_alloc(&v->ctx, vision->config_bytes) : NULL;
    if (cfg && vision_configure(&v->ctx, eyes, vision, cfg, shape) == VIDI_OK)
        for (uint32_t i = 0; i < shape->layers; i++)
            bytes += 2 * shape->picture.rows * kv_row_bytes(KV_F16, shape->seen_dim[i]);
    json_object_set_new(doc, "kv_bytes_per_picture",
                        shape->layers ? json_integer((json_int_t)bytes) : json_null());
    json_object_set_new(doc, "picture", picture_json(shape));
    vd_free(&v->ctx, cfg);
}

static void set_sums(json_t *doc, const struct gguf *g, json_t *tensors, const struct sums *sums) {
    json_object_set_new(doc, "parameters", json_integer((json_int_t)sums->parameters));
    json_object_set_new(doc, "file_bytes", json_integer((json_int_t)g->file_bytes));
    json_object_set_new(doc, "weights_bytes", json_integer((json_int_t)sums->bytes));
    json_object_set_new(doc, "tensors", tensors);
}

static json_t *text_or_null(const char *text, size_t len) {
    return len ? json_bytes(text, len) : json_null();
}

static json_t *metadata_json(vidi *v, const struct gguf *g) {
    json_t *metadata = json_object();
    for (uint32_t i = 0; i < g->n_values; i++) {
        char *key = json_key(&v->ctx, g->values[i].key);
        if (key) json_object_set_new(metadata, key, value_json(&g->values[i]));
        vd_free(&v->ctx, key);
    }
    return metadata;
}

/* The eyes, in the model's own file or in `path`; null where there are none. What cannot be read
 * of a file of their own has no family. */
static void set_vision(vidi *v, json_t *doc, const struct gguf *g, const char *path,
                       struct sums *all, struct shape *shape) {
    struct gguf apart = {0};
    struct str arch = {"", 0}, projector = {"", 0};
    const struct gguf *eyes = !path && carries_eyes(g) ? g : NULL;
    if (path && (hf_folder_is(path) ? hf_folder_open(&v->ctx, path, HF_EYES, &apart)
                                    : gguf_open(&v->ctx, path, &apart)) == VIDI_OK)
        eyes = &apart;
    if (gguf_find(g, "general.architecture")) gguf_str(g, "general.architecture", &arch);
    const struct family *f = family_find(arch);
    const struct vision *vision = eyes ? vision_find(eyes, f ? f->arch : NULL) : NULL;
    if (eyes) projector = vision_projector(eyes);
    const char *at = path ? path : g->path, *what = vision ? vision->what : "";
    json_t *part = json_pack("{s:o, s:o, s:o}", "path", json_bytes(at, strlen(at)), "projector",
                             text_or_null(projector.ptr, projector.len), "family",
                             text_or_null(what, strlen(what)));
    if (eyes == &apart) {
        struct sums sums = {.types = all->types, .wanted = all->wanted};
        json_t *tensors = tensors_json(eyes, &sums);
        set_sums(part, eyes, tensors, &sums);
        json_object_set_new(part, "metadata", metadata_json(v, eyes));
    }
    if (path || eyes) json_object_set(doc, "vision", part);
    json_decref(part);
    set_picture(v, doc, eyes, vision, shape);
    gguf_close(&apart);
}

/* The form that its template is known as; null: there is none, or it is not known. */
static void set_form(json_t *doc, const struct gguf *g) {
    static const char key[] = "tokenizer.chat_template";
    struct str text = {"", 0};
    const struct chat_form *form = NULL;
    if (gguf_find(g, key) && gguf_str(g, key, &text) == VIDI_OK && text.len)
        form = chat_form_recognise(text.ptr, text.len);
    json_object_set_new(doc, "template_form", form ? json_string(form->name) : json_null());
}

static void describe(vidi *v, const struct gguf *g, const char *eyes, enum vd_type wanted,
                     json_t *doc, struct shape *shape) {
    struct sums sums = {.types = json_object(), .wanted = wanted};
    json_object_set_new(doc, "types", sums.types);
    json_object_set_new(doc, "vision", json_null());
    json_object_set_new(doc, "metadata", metadata_json(v, g));
    json_object_set_new(doc, "path", json_bytes(g->path, strlen(g->path)));
    set_family(v, doc, g, shape);
    set_text(doc, g, "general.name", "name");
    set_text(doc, g, "general.license", "license");
    set_text(doc, g, "tokenizer.chat_template", "template");
    set_form(doc, g);
    json_t *tensors = tensors_json(g, &sums);
    set_sums(doc, g, tensors, &sums);
    set_vision(v, doc, g, eyes, &sums, shape);
}

vidi_status vidi_describe(vidi *v, const char *path, char **out) {
    return vidi_describe_as(v, path, VIDI_WEIGHTS_OWN, out);
}

vidi_status vidi_describe_as(vidi *v, const char *path, vidi_weights weights, char **out) {
    *out = NULL;
    struct gguf g = {0};
    struct arena a;
    vidi_model_config pair;
    arena_open(&a, &v->ctx);
    vidi_status status = find_pair(&v->ctx, &a, &(vidi_model_config){.path = path}, &pair);
    if (status == VIDI_OK) status = find_beside(&v->ctx, &a, &pair);
    if (status == VIDI_OK) status = model_file_open(&v->ctx, pair.path, &g);
    struct shape *shape = vd_alloc(&v->ctx, sizeof *shape);
    if (status == VIDI_OK && !shape) status = VIDI_E_MEMORY;
    if (status == VIDI_OK) {
        json_t *doc = json_object();
        describe(v, &g, pair.mmproj, weights_type(weights), doc, shape);
        status = json_text(&v->ctx, doc, out);
    }
    vd_free(&v->ctx, shape);
    gguf_close(&g);
    arena_close(&a);
    return status;
}

vidi_status vidi_tokenize(vidi *v, const char *path, const char *text, size_t len, int special,
                          char **out) {
    *out = NULL;
    struct gguf g = {0};
    struct tokenizer *t = NULL;
    struct arena a;
    arena_open(&a, &v->ctx);
    struct tokens tokens = {.arena = &a};
    vidi_model_config pair;
    vidi_status status = find_pair(&v->ctx, &a, &(vidi_model_config){.path = path}, &pair);
    if (status == VIDI_OK) status = model_file_open(&v->ctx, pair.path, &g);
    if (status == VIDI_OK) status = tokenizer_open(&v->ctx, &g, &t);
    if (status == VIDI_OK) status = tokenize(t, text, len, special ? TOKENIZE_SPECIAL : 0, &tokens);
    if (status == VIDI_OK) {
        json_t *ids = json_array(), *pieces = json_array();
        const uint32_t cap = tokenizer_longest(t) + 1;
        char *bytes = arena_new(&a, char, cap);
        for (uint32_t i = 0; bytes && i < tokens.n; i++) {
            json_array_append_new(ids, json_integer(tokens.ids[i]));
            const uint32_t n = token_bytes(t, tokens.ids[i], bytes, cap);
            const struct str word = tokenizer_word(t, tokens.ids[i]);
            json_array_append_new(pieces,
                                  n ? json_bytes(bytes, n) : json_bytes(word.ptr, word.len));
        }
        json_t *doc =
            json_pack("{s:i, s:o, s:o}", "count", (int)tokens.n, "ids", ids, "pieces", pieces);
        status = json_text(&v->ctx, doc, out);
    }
    tokenizer_close(t);
    arena_close(&a);
    gguf_close(&g);
    return status;
}

vidi_status vidi_chat_dump(vidi_chat *c, const char *glob, const char *dir) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    if (glob && mkdir(dir, 0777) != 0 && errno != EEXIST)
        return vd_fail(ctx, VIDI_E_IO, "%s: cannot be made: %s", dir, strerror(errno));
    c->dump_glob = glob ? arena_text(&c->arena, glob, strlen(glob)) : NULL;
    c->dump_dir = glob ? arena_text(&c->arena, dir, strlen(dir)) : NULL;
    if (glob && (!c->dump_glob || !c->dump_dir)) return VIDI_E_MEMORY;
    return chat_redo_programs(c);
}

/* --- kernels ---------------------------------------------------------------------------------- */

static json_t *needs_json(uint32_t needs) {
    static const char *const words[] = {"subgroup", "f16", "int_dot", "coopmat", "cpu", "texels"};
    json_t *list = json_array();
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++)
        if (needs >> i & 1) json_array_append_new(list, json_string(words[i]));
    return list;
}

static json_t *kernel_json(const struct gpu_caps *caps, const struct kernel *k) {
    json_t *bindings = json_array(), *specs = json_object(), *variants = json_array();
    for (uint32_t i = 0; i < k->n_bindings; i++)
        json_array_append_new(bindings, json_string(k->binding_names[i]));
    for (uint32_t i = 0; i < k->n_specs; i++)
        json_object_set_new(specs, k->specs[i].name, json_integer(k->specs[i].value));
    for (uint32_t i = 0; i < k->n_variants; i++)
        json_array_append_new(variants, json_pack("{s:s, s:i}", "name", k->variants[i].name,
                                                  "words", (int)k->variants[i].n_words));
    const uint32_t lacks = caps ? k->needs & ~caps->has : 0;
    json_t *doc = json_pack("{s:s, s:s, s:o, s:o, s:i, s:o, s:o}", "name", k->name, "purpose",
                            k->purpose, "needs", needs_json(k->needs), "bindings", bindings,
                            "push_bytes", (int)k->push_bytes, "specs", specs, "variants", variants);
    json_object_set_new(doc, "usable", caps ? json_boolean(!lacks) : json_null());
    json_object_set_new(doc, "lacks", needs_json(lacks));
    return doc;
}

/* The samples that a row wins on this device, and the rows that win those it would do for. */
static void add_outcome(json_t *doc, const struct gpu_caps *caps, const struct tune_row *r) {
    json_t *won = json_array(), *lost = json_array();
    for (int i = 0; caps && i < TUNE_SAMPLES; i++) {
        const struct tune_row *best = tune_best(r->op, caps->has, tune_samples[i].shape);
        if (best == r)
            json_array_append_new(won, json_string(tune_samples[i].name));
        else if (tune_fits(r, caps->has, tune_samples[i].shape))
            json_array_append_new(lost, json_pack("{s:s, s:i}", "shape", tune_samples[i].name,
                                                  "row", (int)(best - tune_rows) + 1));
    }
    json_object_set_new(doc, "wins", caps ? won : json_null());
    json_object_set_new(doc, "loses", caps ? lost : json_null());
    if (!caps) json_decref(won), json_decref(lost);
    json_object_set_new(doc, "lacks",
                        needs_json(caps ? kernel_table[r->kernel].needs & ~caps->has : 0));
}

static json_t *tuning_json(const struct gpu_caps *caps) {
    static const char *const ops[] = {[TUNE_LINEAR] = "linear", [TUNE_ATTEND] = "attend"};
    json_t *list = json_array();
    for (uint32_t i = 0; i < tune_row_count; i++) {
        const struct tune_row *r = &tune_rows[i];
        const struct kernel *k = &kernel_table[r->kernel];
        char shape[96], values[64];
        snprintf(shape, sizeof shape, "rows %u%s%.0u, columns from %u, sums in steps of %u",
                 r->min_rows, r->max_rows ? " to " : " and more", r->max_rows, r->min_cols,
                 r->multiple);
        snprintf(values, sizeof values, "WG=%u cols=%u rows=%u", r->wg, r->cols, r->rows);
        json_t *doc = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "row", (int)i + 1, "op",
                                ops[r->op], "kernel", k->name, "device_class",
                                k->needs & NEED_CPU        ? "cpu"
                                : k->needs & NEED_SUBGROUP ? "subgroup"
                                                           : "any",
                                "shape", shape, "values", values, "why", r->why);
        add_outcome(doc, caps, r);
        json_array_append_new(list, doc);
    }
    return list;
}

vidi_status vidi_kernels(vidi *v, char **out) {
    *out = NULL;
    const struct gpu_caps *caps = v->gpu ? gpu_caps(v->gpu) : NULL;
    json_t *kernels = json_array();
    for (uint32_t i = 0; i < kernel_count; i++)
        json_array_append_new(kernels, kernel_json(caps, &kernel_table[i]));
    json_t *doc =
        json_pack("{s:o, s:o, s:o}", "device", caps ? json_string(caps->name) : json_null(),
                  "kernels", kernels, "tuning", tuning_json(caps));
    return json_text(&v->ctx, doc, out);
}
