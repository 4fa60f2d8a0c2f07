/* hf_heads.c - fused matrices and biases of q, k and v whose rows lie head by head: those of q, k
 * and v of the first head, then of the second. Ours have all of q first, then k, then v. */
#include <stdio.h>
#include <string.h>

#include "base/survive.h"
#include "io/hf_inside.h"

/* The field that counts the heads of such a tower; NULL: the tensor does not lie so. */
static const char *heads_field(const struct hf *h, const char *name) {
    static const struct {
        const char *projector, *field;
    } towers[] = {{"owl2", "num_attention_heads"}, {"qwenvl", "heads"}};
    const char *kind = strrchr(name, '.');
    if (!h->eyes || !kind || strncmp(name, "v.blk.", 6) != 0) return NULL;
    if (kind - name < 9 || strncmp(kind - 9, ".attn_qkv", 9) != 0) return NULL;
    for (size_t i = 0; i < sizeof towers / sizeof *towers; i++)
        if (strcmp(h->eyes->projector, towers[i].projector) == 0) return towers[i].field;
    return NULL;
}

/* Whole heads, each in one piece. */
static vidi_status sort(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                        uint64_t heads, unsigned char *to) {
    const unsigned char *from = t->data;
    const uint64_t piece = t->bytes / (3 * heads);
    for (uint64_t i = 0; i < 3 * heads; i++)
        if (!survive_copy(to + (i % 3 * heads + i / 3) * piece, from + i * piece, piece))
            return vd_fail(h->ctx, VIDI_E_IO, "%.600s: tensor %.128s: cannot be read", file->path,
                           t->name);
    return VIDI_OK;
}

static vidi_status add(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                       const char *name, const char *field) {
    const uint64_t heads = (uint64_t)json_integer_value(hf_get(h, h->sight, field));
    if (t->n_dims < 1 || t->n_dims > 2 || !t->bytes || !heads || heads > 1024 ||
        t->dims[0] % (3 * heads))
        return vd_fail(h->ctx, VIDI_E_FORMAT,
                       "%.600s: tensor %.128s: is not made of q, k and v of %llu heads, as %s says",
                       file->path, t->name, (unsigned long long)heads, field);
    unsigned char *to = arena_alloc(h->arena, t->bytes, 1);
    if (!to) return VIDI_E_MEMORY;
    TRY(sort(h, file, t, heads, to));
    struct gguf_tensor sorted = {.type = t->type,
                                 .gguf_type = vd_formats[t->type].gguf_id,
                                 .n_dims = t->n_dims,
                                 .dims = {t->dims[0], 1, 1, 1},
                                 .data = to,
                                 .bytes = t->bytes};
    if (t->n_dims == 2) sorted.dims[0] = t->dims[1], sorted.dims[1] = t->dims[0];
    put_tensor(&h->put, name, &sorted);
    return VIDI_OK;
}

bool hf_heads_tensor(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                     const char *name, vidi_status *status) {
    const char *field = heads_field(h, name);
    if (!field) return false;
    *status = add(h, file, t, name, field);
    return true;
}
