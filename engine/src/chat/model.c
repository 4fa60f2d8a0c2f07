#include <stdio.h>
#include <string.h>

#include "chat/internal.h"
#include "io/hf_folder.h"
#include "models/embedded.h"
#include "text/boxes.h"

static const struct family *const families[] = {
#define FAMILY_ROW(name) &family_##name,
    FAMILIES(FAMILY_ROW)
#undef FAMILY_ROW
};
enum { N_FAMILIES = sizeof families / sizeof *families, CONTEXT_DEFAULT = 4096 };

const struct family *family_find(struct str arch) {
    for (int i = 0; i < N_FAMILIES; i++)
        if (strlen(families[i]->arch) == arch.len && !memcmp(families[i]->arch, arch.ptr, arch.len))
            return families[i];
    return NULL;
}

vidi_status model_file_open(struct vd_ctx *ctx, const char *path, struct gguf *out) {
    if (path && hf_folder_is(path)) return hf_folder_open(ctx, path, HF_TEXT, out);
    if (path) return gguf_open(ctx, path, out);
    uint64_t bytes;
    const void *data = embedded_model(&bytes);
    if (!data) {
        *out = (struct gguf){0};
        return vd_fail(ctx, VIDI_E_UNSUPPORTED, "this build holds no model: name one");
    }
    return gguf_open_memory(ctx, "picturebook", data, bytes, out);
}

/* The vision part's projector, to be named beside an architecture that is not known. */
static void projector_words(const vidi_model *m, const char *mmproj, char *out, size_t cap) {
    struct gguf eyes = {0};
    struct str type = vision_projector(&m->file);
    const char *path = m->file.path;
    if (mmproj && !hf_folder_is(mmproj) && gguf_open(&m->v->ctx, mmproj, &eyes) == VIDI_OK) {
        type = vision_projector(&eyes);
        path = mmproj;
    }
    out[0] = 0;
    if (type.len)
        snprintf(out, cap, "; clip.projector_type of %.300s is '%.*s'", path,
                 (int)(type.len < 64 ? type.len : 64), type.ptr);
    gguf_close(&eyes);
}

static vidi_status find_family(vidi_model *m, const char *mmproj) {
    struct str arch;
    TRY(gguf_str(&m->file, "general.architecture", &arch));
    m->family = family_find(arch);
    if (m->family) return VIDI_OK;
    if (is_vision_file(&m->file))
        return vd_fail(
            &m->v->ctx, VIDI_E_ARGUMENT,
            "%s: is the vision part of a model: the language model it belongs to must be "
            "given, and this as its mmproj",
            m->file.path);
    char known[256] = "", projector[512];
    projector_words(m, mmproj, projector, sizeof projector);
    for (int i = 0; i < N_FAMILIES; i++) {
        if (i) strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, families[i]->arch, sizeof known - strlen(known) - 1);
    }
    return vd_fail(&m->v->ctx, VIDI_E_UNSUPPORTED,
                   "%s: general.architecture is '%.*s', which is not supported (known: %s)%s",
                   m->file.path, (int)(arch.len < 64 ? arch.len : 64), arch.ptr, known, projector);
}

vidi_status family_configure(struct vd_ctx *ctx, const struct gguf *file, const struct family *f,
                             void *cfg, struct shape *shape) {
    struct meta meta = {.file = file, .arch = f->arch, .ctx = ctx};
    f->config(cfg, &meta);
    TRY(meta.status);
    f->shape(cfg, shape);
    return VIDI_OK;
}

tensor model_encode(const vidi_model *m, graph *g, tensor pixels) {
    if (m->vision) return m->vision->encode(g, m->vision_cfg, pixels);
    return m->family->encode(g, m->cfg, pixels);
}

uint32_t model_context(const vidi_model *m, int wanted) {
    if (wanted > 0) return (uint32_t)wanted;
    return m->shape.context < CONTEXT_DEFAULT ? m->shape.context : CONTEXT_DEFAULT;
}

enum vd_type weights_type(vidi_weights wanted) {
    static const enum vd_type types[] = {
        [VIDI_WEIGHTS_OWN] = VD_TYPE_NONE,
        [VIDI_WEIGHTS_Q8_0] = VD_Q8_0,
        [VIDI_WEIGHTS_Q4_0] = VD_Q4_0,
        [VIDI_WEIGHTS_Q4_K] = VD_Q4_K,
    };
    return wanted >= VIDI_WEIGHTS_OWN && wanted <= VIDI_WEIGHTS_Q4_K ? types[wanted] : VD_TYPE_NONE;
}

vidi_status model_fetch_weights(vidi_model *m, vidi_weights wanted) {
    struct vd_ctx *ctx = &m->v->ctx;
    const struct weights_progress progress = {m->v->progress, m->v->user};
    TRY(weights_open(m->v->gpu, &m->file, &progress, &m->weights));
    const bool apart = m->vision && strcmp(m->eyes.path, m->file.path) != 0;
    if (apart || m->eyes.folder) weights_join(m->weights, &m->eyes);
    weights_quantize(m->weights, weights_type(wanted));
    struct arena a;
    arena_open(&a, ctx);
    const struct shape *s = &m->shape;
    struct kv kv = {.n_layers = s->layers,
                    .capacity = 1,
                    .k = arena_new(&a, struct vd_span, s->layers),
                    .v = arena_new(&a, struct vd_span, s->layers)};
    const bool sees = s->picture.rows && s->seen_cols;
    struct seen seen = {.n_layers = s->layers,
                        .capacity = 1,
                        .k = arena_new(&a, struct vd_span, s->layers),
                        .v = arena_new(&a, struct vd_span, s->layers)};
    vidi_status status = kv.k && kv.v && seen.k && seen.v ? VIDI_OK : VIDI_E_MEMORY;
    for (uint32_t i = 0; status == VIDI_OK && i < s->layers; i++) {
        kv.k[i].bytes = kv.v[i].bytes = s->kv_dim[i] * sizeof(float);
        seen.k[i].bytes = seen.v[i].bytes = s->seen_dim[i] * sizeof(float);
    }
    graph *g = NULL;
    if (status == VIDI_OK)
        status = graph_open(
            m->v->gpu, m->weights,
            &(struct graph_env){
                .rows = 1, .n_asked = s->picture.words, .kv = &kv, .seen = sees ? &seen : NULL},
            &g);
    if (status == VIDI_OK) {
        const struct vd_span none = {0};
        if (s->picture.rows)
            model_encode(m, g,
                         graph_input(g, "pixels", none, 3 * s->picture.height, s->picture.width));
        if (sees)
            m->family->see(g, m->cfg, graph_input(g, "rows", none, s->picture.rows, s->seen_cols));
        m->family->head(g, m->cfg, m->family->decode(g, m->cfg));
        uint64_t bytes;
        status = graph_plan(g, &bytes);
    }
    if (status == VIDI_OK) status = weights_complete(m->weights);
    graph_close(g);
    arena_close(&a);
    return status;
}

static void find_form(vidi_model *m) {
    struct str text = {0};
    if (m->shape.form) m->form = chat_form_find(m->shape.form);
    if (!m->form && gguf_find(&m->file, "tokenizer.chat_template") &&
        gguf_str(&m->file, "tokenizer.chat_template", &text) == VIDI_OK)
        m->form = chat_form_recognise(text.ptr, text.len);
    if (m->form) return;
    /* Words of a vocabulary do not tell a base model from one that was taught turns. */
    m->completes = !text.len && !m->shape.picture.rows;
    m->form = m->completes ? chat_form_find("bare") : chat_form_of_words(m->tokenizer);
    if (m->completes) return;
    if (m->shape.likely_form && m->form == chat_form_recognise(NULL, 0))
        m->form = chat_form_find(m->shape.likely_form);
    if (text.len)
        vd_log(&m->v->ctx, VD_LOG_WARN, "%s: its chat template is not known; the form '%s' is used",
               m->file.path, m->form->name);
}

static vidi_status open_eyes(vidi_model *m, const char *path, bool any) {
    struct vd_ctx *ctx = &m->v->ctx;
    if (!path && m->file.map && carries_eyes(&m->file)) path = m->file.path;
    if (!path) return VIDI_OK;
    if (m->shape.picture.rows)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%s: sees by itself and takes no mmproj",
                       m->file.path);
    TRY(hf_folder_is(path) ? hf_folder_open(ctx, path, HF_EYES, &m->eyes)
                           : gguf_open(ctx, path, &m->eyes));
    return model_join(m, any);
}

vidi_status model_join(vidi_model *m, bool any) {
    struct vd_ctx *ctx = &m->v->ctx;
    TRY(own_words(&m->eyes));
    TRY(vision_require(ctx, &m->eyes, m->family->arch, &m->vision));
    TRY(vision_matches(ctx, &m->eyes, m->vision, &m->file,
                       m->shape.seen_cols ? m->shape.seen_cols : m->shape.dim));
    if (!any) TRY(vision_belongs(ctx, &m->eyes, m->vision, &m->file, m->family->arch));
    m->vision_cfg = vd_alloc(ctx, m->vision->config_bytes);
    if (!m->vision_cfg) return VIDI_E_MEMORY;
    TRY(vision_configure(ctx, &m->eyes, m->vision, m->vision_cfg, &m->shape));
    if (m->shape.picture.levels != m->shape.deep)
        return vd_fail(ctx, VIDI_E_FORMAT,
                       "%s gives rows of %u lower layers, %s takes %u: they do not belong together",
                       m->eyes.path, m->shape.picture.levels, m->file.path, m->shape.deep);
    return VIDI_OK;
}

static vidi_status named_form(vidi_model *m, const char *name) {
    m->form = chat_form_find(name);
    if (m->form) return VIDI_OK;
    char known[512] = "";
    for (uint32_t i = 0; chat_form_name(i); i++) {
        if (i) strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, chat_form_name(i), sizeof known - strlen(known) - 1);
    }
    return vd_fail(&m->v->ctx, VIDI_E_ARGUMENT, "there is no chat form '%s' (known: %s)", name,
                   known);
}

static vidi_status open_into(vidi_model *m, const vidi_model_config *wanted) {
    struct vd_ctx *ctx = &m->v->ctx;
    vidi_model_config cfg;
    TRY(find_pair(ctx, &m->arena, wanted, &cfg));
    TRY(find_beside(ctx, &m->arena, &cfg));
    TRY(model_file_open(ctx, cfg.path, &m->file));
    TRY(find_family(m, cfg.mmproj));
    m->cfg = vd_alloc(ctx, m->family->config_bytes);
    if (!m->cfg) return VIDI_E_MEMORY;
    TRY(family_configure(ctx, &m->file, m->family, m->cfg, &m->shape));
    TRY(open_eyes(m, cfg.mmproj, cfg.mmproj_any));
    TRY(tokenizer_open(ctx, &m->file, &m->tokenizer));
    if (m->shape.picture.words) TRY(tokenizer_open(ctx, &m->eyes, &m->asking));
    if (cfg.chat_form)
        TRY(named_form(m, cfg.chat_form));
    else
        find_form(m);
    if (!m->form)
        return vd_fail(ctx, VIDI_E_UNSUPPORTED, "%s: its chat form is unknown", m->file.path);
    model_tell_unmet(m);
    TRY(model_fetch_weights(m, cfg.weights));
    if (m->vision) TRY(gguf_still_whole(&m->eyes));
    return gguf_still_whole(&m->file);
}

vidi_status vidi_model_open(vidi *v, const char *path, vidi_model **out) {
    return vidi_model_open_with(v, &(vidi_model_config){.path = path}, out);
}

vidi_status vidi_model_open_with(vidi *v, const vidi_model_config *cfg, vidi_model **out) {
    *out = NULL;
    if (!v->gpu) return vd_fail(&v->ctx, VIDI_E_ARGUMENT, "a model needs a device");
    vidi_model *m = vd_alloc(&v->ctx, sizeof *m);
    if (!m) return VIDI_E_MEMORY;
    m->v = v;
    arena_open(&m->arena, &v->ctx);
    m->next = v->models;
    v->models = m;
    const double start = clock_ms();
    const vidi_status status = open_into(m, cfg);
    m->load_ms = clock_ms() - start;
    if (status != VIDI_OK)
        vidi_model_close(m);
    else
        *out = m;
    return status;
}

int vidi_model_sees(const vidi_model *m) { return m->shape.picture.rows > 0; }

int vidi_boxes(const vidi_model *m, const char *answer, size_t len, int used_width, int used_height,
               vidi_box *out, int cap) {
    const uint32_t parts = m->shape.picture.box_parts;
    if (!answer || used_width < 1 || used_height < 1) return 0;
    return text_boxes(answer, len, parts ? parts : (uint32_t)used_width,
                      parts ? parts : (uint32_t)used_height, out, cap);
}

void vidi_model_close(vidi_model *m) {
    if (!m) return;
    vidi *v = m->v;
    while (m->chats) vidi_chat_close(m->chats);
    for (vidi_model **at = &v->models; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    model_drop_adapters(m);
    if (m->weights) weights_close(m->weights);
    tokenizer_close(m->tokenizer);
    tokenizer_close(m->asking);
    vd_free(&v->ctx, m->cfg);
    vd_free(&v->ctx, m->vision_cfg);
    gguf_close(&m->eyes);
    gguf_close(&m->file);
    arena_close(&m->arena);
    vd_free(&v->ctx, m);
}
