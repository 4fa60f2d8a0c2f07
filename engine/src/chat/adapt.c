/* adapt.c - adapters on a model that stays loaded. */
#include <math.h>
#include <string.h>

#include "chat/internal.h"

struct set {
    struct adapter *files[ADAPTERS_MOST];
    uint32_t n;
    struct adapters *adapted;
};

static void close_set(struct set *s) {
    adapters_free(s->adapted);
    for (uint32_t i = 0; i < s->n; i++) adapter_close(s->files[i]);
    *s = (struct set){0};
}

static vidi_status open_set(vidi_model *m, const vidi_adapter *list, int n, struct set *out) {
    struct vd_ctx *ctx = &m->v->ctx;
    struct adapter_use uses[ADAPTERS_MOST];
    if (n < 0 || n > ADAPTERS_MOST)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%d adapters at once, of %d allowed", n,
                       ADAPTERS_MOST);
    /* Adapters in GGUF form are made for q and k as GGUF files of llama's kind hold them. */
    if (n && gguf_find(&m->file, "llama.rope.halves"))
        return vd_fail(ctx, VIDI_E_UNSUPPORTED,
                       "%s: an adapter in GGUF form does not fit a model that is read from its "
                       "folder",
                       m->file.path);
    for (int i = 0; i < n; i++) {
        if (!list[i].path || !isfinite(list[i].scale))
            return vd_fail(ctx, VIDI_E_ARGUMENT, "adapter %d has no path, or a scale that is none",
                           i + 1);
        TRY(adapter_open(ctx, list[i].path, &m->file, m->vision ? &m->eyes : NULL, &out->files[i]));
        uses[i] = (struct adapter_use){out->files[i], list[i].scale};
        out->n++;
    }
    return n ? adapters_new(m->v->gpu, uses, out->n, &out->adapted) : VIDI_OK;
}

/* Every conversation's programs again, from the weights with these adapters. */
static vidi_status record(vidi_model *m, struct adapters *adapted) {
    weights_adapt(m->weights, adapted);
    for (vidi_chat *c = m->chats; c; c = c->next) TRY(chat_redo_programs(c));
    return VIDI_OK;
}

vidi_status vidi_model_adapt(vidi_model *m, const vidi_adapter *list, int n) {
    struct set now = {0}, before = {.n = m->n_adapters, .adapted = m->adapted};
    for (vidi_chat *c = m->chats; c; c = c->next)
        if (c->answering)
            return vd_fail(&m->v->ctx, VIDI_E_ARGUMENT, "adapters cannot change during an answer");
    memcpy(before.files, m->adapters, sizeof before.files);
    vidi_status status = open_set(m, list, n, &now);
    if (status == VIDI_OK && (status = record(m, now.adapted)) != VIDI_OK) {
        char words[sizeof m->v->ctx.error];
        memcpy(words, m->v->ctx.error, sizeof words);
        (void)record(m, before.adapted);
        memcpy(m->v->ctx.error, words, sizeof words);
    }
    if (status != VIDI_OK) {
        close_set(&now);
        return status;
    }
    memcpy(m->adapters, now.files, sizeof now.files);
    m->n_adapters = now.n;
    m->adapted = now.adapted;
    close_set(&before);
    return VIDI_OK;
}

void model_drop_adapters(vidi_model *m) {
    struct set s = {.n = m->n_adapters, .adapted = m->adapted};
    memcpy(s.files, m->adapters, sizeof s.files);
    close_set(&s);
    m->n_adapters = 0;
    m->adapted = NULL;
}
