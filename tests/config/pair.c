#include "pair.h"

#include <stdio.h>
#include <string.h>

#include "chat/fit.h"
#include "io/hf_folder.h"
#include "no_device.h"

#define DECODER(name) \
    { "tests/families/decoders/" name "/tiny.gguf", NULL }
#define EYES(name)                                            \
    {                                                         \
        "tests/families/mmproj/" name "/tiny.gguf",           \
            "tests/families/mmproj/" name "/mmproj-tiny.gguf" \
    }
#define TEXT(name) \
    { "tests/families/folders/" name, NULL }
#define FOLDER(name) \
    { "tests/families/folders/" name, "tests/families/folders/" name }

/* Every family and every tower, as files where there are such, else as folders. */
const struct pair_name pair_names[] = {
    EYES("qwen25vl"),   EYES("qwen2vl"),      EYES("qwen3vl"),    EYES("gemma3"),
    EYES("internvl"),   EYES("internvl_6b"),  EYES("llava"),      EYES("llava_next"),
    EYES("minicpmv"),   EYES("moondream"),    EYES("paligemma"),  EYES("smolvlm"),
    DECODER("gemma"),   DECODER("gemma2"),    DECODER("llama3"),  DECODER("mistral3"),
    DECODER("phi3"),    DECODER("phi3_long"), DECODER("qwen2"),   DECODER("qwen3"),
    DECODER("yarn"),    FOLDER("blip"),       FOLDER("blip2"),    FOLDER("flamingo"),
    FOLDER("git"),      FOLDER("idefics"),    FOLDER("idefics2"), FOLDER("instructblip"),
    FOLDER("kosmos2"),  FOLDER("mllama"),     FOLDER("owl2"),     FOLDER("qwenvl"),
    FOLDER("qwen25vl"), TEXT("mpt"),          TEXT("opt"),
};
const uint32_t n_pair_names = sizeof pair_names / sizeof *pair_names;

enum { MOST_BYTES = 8 << 20, KV_ROWS = 16 };

static vidi_status open_part(struct vd_ctx *ctx, const char *path, enum hf_part part,
                             struct gguf *out) {
    return hf_folder_is(path) ? hf_folder_open(ctx, path, part, out) : gguf_open(ctx, path, out);
}

bool pair_open(struct pair *p, const struct pair_name *name) {
    *p = (struct pair){.n_files = name->eyes ? 2 : 1};
    return open_part(&p->ctx, name->text, HF_TEXT, &p->files[0]) == VIDI_OK &&
           (!name->eyes || open_part(&p->ctx, name->eyes, HF_EYES, &p->files[1]) == VIDI_OK);
}

void pair_close(struct pair *p) {
    for (int i = 0; i < 2; i++) gguf_close(&p->files[i]);
}

static bool begins(struct str s, const char *word) {
    return s.len >= strlen(word) && memcmp(s.ptr, word, strlen(word)) == 0;
}

bool pair_leaves(const struct gguf_value *v) {
    static const char *const firsts[] = {"tokenizer.", "clip.tokenizer.", "split.", "quantize.",
                                         "GGUF."};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        if (begins(v->key, firsts[i])) return true;
    return begins(v->key, "general.") && !begins(v->key, "general.arch");
}

/* --- changes ---------------------------------------------------------------------------------- */

static void store(unsigned char *to, uint64_t bits) {
    for (int i = 0; i < 8; i++) to[i] = (unsigned char)(bits >> 8 * i);
}

/* One number in place of the value. */
static bool put_number(struct arena *a, struct gguf_value *v, const struct change *c) {
    unsigned char *data = arena_new(a, unsigned char, 8);
    if (!data) return false;
    uint64_t bits = (uint64_t)c->number;
    if (c->kind == CHANGE_FLOAT) memcpy(&bits, &c->real, sizeof bits);
    store(data, bits);
    v->kind = v->item = c->kind == CHANGE_FLOAT  ? GGUF_F64
                        : c->kind == CHANGE_FLAG ? GGUF_BOOL
                                                 : GGUF_I64;
    v->n = 1;
    v->data = data;
    v->offsets = NULL;
    return true;
}

/* An array of numbers anew, one of them changed. */
static bool put_entry(struct arena *a, struct gguf_value *v, const struct change *c) {
    unsigned char *data = arena_new(a, unsigned char, 8 * v->n);
    if (!data) return false;
    const bool real = c->kind == CHANGE_FLOAT || v->item == GGUF_F32 || v->item == GGUF_F64;
    for (uint64_t i = 0; i < v->n; i++) {
        const bool here = i == c->entry % v->n;
        const double f =
            here ? c->kind == CHANGE_FLOAT ? c->real : (double)c->number : gguf_float_at(v, i);
        uint64_t bits = (uint64_t)(here ? c->number : gguf_int_at(v, i));
        if (real) memcpy(&bits, &f, sizeof bits);
        store(data + 8 * i, bits);
    }
    v->item = real ? GGUF_F64 : GGUF_I64;
    v->data = data;
    return true;
}

static bool put_text(struct arena *a, struct gguf_value *v, struct str text) {
    unsigned char *data = arena_new(a, unsigned char, 8 + text.len);
    uint64_t *offsets = arena_new(a, uint64_t, 2);
    if (!data || !offsets) return false;
    store(data, text.len);
    if (text.len) memcpy(data + 8, text.ptr, text.len);
    offsets[1] = 8 + text.len;
    *v = (struct gguf_value){.key = v->key,
                             .kind = GGUF_STRING,
                             .item = GGUF_STRING,
                             .n = 1,
                             .data = data,
                             .offsets = offsets};
    return true;
}

static bool make_change(struct arena *a, struct gguf_value *v, const struct change *c) {
    if (c->kind == CHANGE_TEXT) return put_text(a, v, c->text);
    if (c->kind == CHANGE_LENGTH) {
        if (v->kind == GGUF_ARRAY && (uint64_t)c->number < v->n) v->n = (uint64_t)c->number;
        return true;
    }
    if (v->kind != GGUF_ARRAY || c->whole || v->n == 0) return put_number(a, v, c);
    return v->item == GGUF_STRING || put_entry(a, v, c);
}

/* A view of a file with the changes made; the arena holds what is new. */
static bool change_file(struct pair *p, uint32_t file, const struct change *changes, uint32_t n,
                        struct arena *a, struct gguf *out) {
    const struct gguf *from = &p->files[file];
    *out = *from;
    arena_open(&out->arena, a->ctx); /* not the file's own */
    out->values = arena_new(a, struct gguf_value, from->n_values);
    bool *gone = arena_new(a, bool, from->n_values);
    if (!out->values || !gone || map_open(&out->keys, a, from->n_values) != VIDI_OK) return false;
    memcpy(out->values, from->values, from->n_values * sizeof *out->values);
    for (uint32_t i = 0; i < n; i++) {
        if (changes[i].file != file) continue;
        const uint32_t at = changes[i].value % from->n_values;
        if (changes[i].kind == CHANGE_REMOVE)
            gone[at] = true;
        else if (!make_change(a, &out->values[at], &changes[i]))
            return false;
    }
    for (uint32_t i = 0; i < from->n_values; i++) {
        const struct str key = out->values[i].key;
        if (!gone[i] && map_put(&out->keys, key.ptr, (uint32_t)key.len, i, NULL) != VIDI_OK)
            return false;
    }
    return true;
}

/* --- what a model does when it is opened -------------------------------------------------------
 */

static vidi_status configure(vidi_model *m, struct arena *a, bool sees) {
    struct vd_ctx *ctx = &m->v->ctx;
    struct str arch;
    TRY(gguf_str(&m->file, "general.architecture", &arch));
    m->family = family_find(arch);
    if (!m->family)
        return vd_fail(ctx, VIDI_E_UNSUPPORTED, "general.architecture is not supported");
    m->cfg = arena_alloc(a, 1, m->family->config_bytes);
    if (!m->cfg) return VIDI_E_MEMORY;
    TRY(family_configure(ctx, &m->file, m->family, m->cfg, &m->shape));
    return sees ? model_join(m, false) : VIDI_OK;
}

/* A layer's cache, as long as the prompt. */
static struct vd_span *caches(struct arena *a, const uint32_t *dims, uint32_t layers) {
    struct vd_span *spans = arena_new(a, struct vd_span, layers);
    for (uint32_t i = 0; spans && i < layers; i++)
        spans[i].bytes = KV_ROWS * (uint64_t)kv_row_bytes(KV_F32, dims[i]);
    return spans;
}

static vidi_status plan_prompt(vidi_model *m, const struct graph_env *env) {
    graph *g = NULL;
    uint64_t bytes;
    vidi_status status = graph_open(m->v->gpu, m->weights, env, &g);
    if (status == VIDI_OK) m->family->head(g, m->cfg, m->family->decode(g, m->cfg));
    if (status == VIDI_OK) status = graph_plan(g, &bytes);
    graph_close(g);
    return status;
}

/* The prompt's graph, with rows of pictures among those of words. */
static vidi_status build_prompt(vidi_model *m) {
    const struct shape *s = &m->shape;
    struct gpu_buffer *any;
    struct arena a;
    arena_open(&a, &m->v->ctx);
    struct vd_span *own = caches(&a, s->kv_dim, s->layers),
                   *of = caches(&a, s->seen_dim, s->layers);
    struct kv kv = {.n_layers = s->layers, .capacity = KV_ROWS, .type = KV_F32, .k = own, .v = own};
    struct seen seen = {.n_layers = s->layers, .capacity = KV_ROWS, .k = of, .v = of};
    const bool asks = s->seen_cols && s->picture.rows;
    vidi_status status = VIDI_E_MEMORY;
    if (own && of) status = gpu_buffer_new(m->v->gpu, 1 << 20, GPU_DEVICE, "any", &any);
    if (status == VIDI_OK) {
        const struct vd_span span = span_of(any, 0, 1 << 20);
        status = plan_prompt(m, &(struct graph_env){.step = span,
                                                    .rope = span,
                                                    .rope_local = span,
                                                    .ids = span,
                                                    .pictures = asks ? (struct vd_span){0} : span,
                                                    .tokens = span,
                                                    .rows = KV_ROWS,
                                                    .picture_rows = asks ? 0 : s->picture.rows,
                                                    .levels = s->picture.levels,
                                                    .kv = &kv,
                                                    .seen = asks ? &seen : NULL});
        gpu_buffer_free(m->v->gpu, any);
    }
    arena_close(&a);
    return status;
}

static vidi_status encode_as(vidi_model *m, uint32_t width, uint32_t height) {
    const struct vd_span none = {0};
    const struct graph_env env = {.rows = 1, .n_asked = m->shape.picture.words};
    graph *g = NULL;
    uint64_t bytes;
    TRY(graph_open(m->v->gpu, m->weights, &env, &g));
    model_encode(m, g, graph_input(g, "pixels", none, 3 * height, width));
    const vidi_status status = graph_plan(g, &bytes);
    graph_close(g);
    return status;
}

/* A grey picture is cut as the family wants, and the encoder built for each size that comes out. */
static vidi_status see(vidi_model *m, struct pair_picture size) {
    struct vd_ctx *ctx = &m->v->ctx;
    vidi_chat *c = vd_alloc(ctx, sizeof *c);
    struct said_picture p = {.width = size.width, .height = size.height};
    p.stride = fit_stride(p.width);
    p.rgb = c ? vd_alloc(ctx, (uint64_t)p.stride * p.height) : NULL;
    if (!p.rgb) {
        vd_free(ctx, c);
        return VIDI_OK;
    }
    c->model = m;
    c->area = m->shape.picture.area;
    vidi_status status = VIDI_OK;
    uint32_t wide = 0, high = 0;
    const bool planned = chat_fit(c, &p) == VIDI_OK;
    for (uint32_t i = 0; i < c->n_pictures; i++) {
        struct said_picture *part = &c->pictures[i];
        const bool other = part->width != wide || part->height != high;
        wide = part->width;
        high = part->height;
        if (planned && other && m->shape.picture.area && status == VIDI_OK)
            status = encode_as(m, wide, high);
        said_picture_free(ctx, part);
    }
    vd_free(ctx, c);
    return status;
}

static vidi_status go_on(vidi_model *m, struct arena *a, bool sees,
                         const struct pair_picture *pictures, uint32_t n,
                         enum pair_stage *reached) {
    TRY(configure(m, a, sees));
    *reached = PAIR_GRAPHS;
    TRY(model_fetch_weights(m, VIDI_WEIGHTS_OWN));
    TRY(build_prompt(m));
    *reached = PAIR_PICTURES;
    for (uint32_t i = 0; m->shape.picture.rows && i < n; i++) TRY(see(m, pictures[i]));
    *reached = PAIR_DONE;
    return VIDI_OK;
}

vidi_status pair_try(struct pair *p, const struct change *changes, uint32_t n,
                     const struct pair_picture *pictures, uint32_t n_pictures,
                     enum pair_stage *reached) {
    struct arena a;
    struct vidi v = {0};
    vidi_model *m = vd_alloc(&p->ctx, sizeof *m);
    *reached = PAIR_CONFIG;
    if (!m) return VIDI_E_MEMORY;
    arena_open(&a, &v.ctx);
    v.ctx.heap.most_bytes = MOST_BYTES;
    v.gpu = no_device(&v.ctx);
    m->v = &v;
    bool whole = change_file(p, 0, changes, n, &a, &m->file);
    if (p->n_files > 1) whole = whole && change_file(p, 1, changes, n, &a, &m->eyes);
    m->file.ctx = m->eyes.ctx = &v.ctx;
    vidi_status status =
        whole ? go_on(m, &a, p->n_files > 1, pictures, n_pictures, reached) : VIDI_E_MEMORY;
    if (m->weights) weights_close(m->weights);
    vd_free(&v.ctx, m->vision_cfg);
    arena_close(&m->file.arena);
    arena_close(&m->eyes.arena);
    arena_close(&a);
    snprintf(p->ctx.error, sizeof p->ctx.error, "%s", v.ctx.error);
    if (v.ctx.heap.live_bytes) __builtin_trap();
    vd_free(&p->ctx, m);
    return status;
}
