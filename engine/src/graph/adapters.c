#include "graph/adapters.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

enum { NAME_CAP = 192, KEY_CAP = 640, RANK_MOST = 65536 };
static const char suffix_a[] = ".lora_a", suffix_b[] = ".lora_b";

struct adapter {
    struct vd_ctx *ctx;
    struct gguf file;
    float alpha; /* 0: none */
};

struct pair {
    struct weight a, b; /* a.rows 0: nothing is changed */
};

struct adapters {
    struct gpu *gpu;
    struct vd_ctx *ctx;
    struct arena arena;
    struct adapter_use uses[ADAPTERS_MOST];
    uint32_t n_uses;
    struct map names;    /* fused names to pairs */
    struct pair **pairs; /* each where it stays: recorded work points at it */
    uint32_t n, cap;
};

/* --- files ------------------------------------------------------------------------------------ */

static bool is_word(struct str s, const char *word) {
    return strlen(word) == s.len && !memcmp(word, s.ptr, s.len);
}

/* The value of a key must be this word. */
static vidi_status expect_word(const struct gguf *g, const char *key, const char *word,
                               const char *otherwise) {
    struct str s;
    TRY(gguf_str(g, key, &s));
    if (is_word(s, word)) return VIDI_OK;
    return vd_fail(g->ctx, VIDI_E_FORMAT, "%s: %s is '%.*s', not '%s': %s", g->path, key,
                   (int)(s.len < 64 ? s.len : 64), s.ptr, word, otherwise);
}

static vidi_status check_kind(const struct adapter *a, const struct gguf *model) {
    struct str arch;
    char word[64];
    TRY(expect_word(&a->file, "general.type", "adapter", "it is no adapter"));
    TRY(expect_word(&a->file, "adapter.type", "lora", "other adapters are not supported"));
    TRY(gguf_str(model, "general.architecture", &arch));
    snprintf(word, sizeof word, "%.*s", (int)(arch.len < 63 ? arch.len : 63), arch.ptr);
    return expect_word(&a->file, "general.architecture", word, "it belongs to another model");
}

static bool ends_in(struct str name, const char *suffix) {
    const size_t n = strlen(suffix);
    return name.len > n && !memcmp(name.ptr + name.len - n, suffix, n);
}

static const struct gguf_tensor *half(const struct gguf *g, const char *name, const char *suffix) {
    char full[NAME_CAP];
    const int n = snprintf(full, sizeof full, "%s%s", name, suffix);
    return n > 0 && n < (int)sizeof full ? gguf_tensor(g, full) : NULL;
}

static bool is_readable(const struct gguf_tensor *t) {
    return t->type != VD_TYPE_NONE && t->type <= VD_MXFP4 && t->dims[2] == 1 && t->dims[3] == 1;
}

/* One pair against the matrix it changes. */
static vidi_status check_pair(const struct adapter *a, const char *name, const struct gguf *model,
                              const struct gguf *second) {
    const struct gguf *g = &a->file;
    const struct gguf_tensor *down = half(g, name, suffix_a), *up = half(g, name, suffix_b),
                             *base = gguf_tensor(model, name);
    if (!base && second) base = gguf_tensor(second, name);
    if (!down || !up)
        return vd_fail(a->ctx, VIDI_E_FORMAT, "%s: %s has %s but no %s", g->path, name,
                       down ? suffix_a + 1 : suffix_b + 1, down ? suffix_b + 1 : suffix_a + 1);
    if (!base)
        return vd_fail(a->ctx, VIDI_E_FORMAT, "%s: changes %s, which %s does not have", g->path,
                       name, model->path);
    if (!is_readable(down) || !is_readable(up))
        return vd_fail(a->ctx, VIDI_E_FORMAT,
                       "%s: the pair of %s has a type we cannot compute with", g->path, name);
    /* The pair of the table of words is the other way round: a row of lora_a for each word. */
    const bool table = strcmp(name, "token_embd.weight") == 0;
    const uint64_t rank = up->dims[0];
    if (rank <= RANK_MOST && rank == down->dims[table ? 0 : 1] &&
        down->dims[table ? 1 : 0] == base->dims[table ? 1 : 0] &&
        up->dims[1] == base->dims[table ? 0 : 1])
        return VIDI_OK;
    return vd_fail(
        a->ctx, VIDI_E_FORMAT,
        "%s: the pair of %s is %llu x %llu and %llu x %llu, which does not fit %llu x %llu",
        g->path, name, (unsigned long long)down->dims[0], (unsigned long long)down->dims[1],
        (unsigned long long)up->dims[0], (unsigned long long)up->dims[1],
        (unsigned long long)base->dims[0], (unsigned long long)base->dims[1]);
}

static vidi_status check_tensors(const struct adapter *a, const struct gguf *model,
                                 const struct gguf *second) {
    const struct gguf *g = &a->file;
    if (!g->n_tensors) return vd_fail(a->ctx, VIDI_E_FORMAT, "%s: holds no tensors", g->path);
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        const struct str full = g->tensors[i].name;
        char name[NAME_CAP];
        const bool down = ends_in(full, suffix_a);
        if (!down && !ends_in(full, suffix_b))
            return vd_fail(a->ctx, VIDI_E_FORMAT,
                           "%s: tensor %.*s is neither a lora_a nor a lora_b", g->path,
                           (int)full.len, full.ptr);
        snprintf(name, sizeof name, "%.*s", (int)(full.len - (sizeof suffix_a - 1)), full.ptr);
        TRY(check_pair(a, name, model, second));
    }
    return VIDI_OK;
}

static vidi_status open_into(struct adapter *a, const char *path, const struct gguf *model,
                             const struct gguf *second) {
    TRY(gguf_open(a->ctx, path, &a->file));
    TRY(check_kind(a, model));
    if (gguf_find(&a->file, "adapter.lora.alpha"))
        TRY(gguf_f32(&a->file, "adapter.lora.alpha", &a->alpha));
    if (!(a->alpha >= 0 && a->alpha <= 1e6f))
        return vd_fail(a->ctx, VIDI_E_FORMAT, "%s: adapter.lora.alpha is %g, outside 0 to 1e6",
                       path, a->alpha);
    return check_tensors(a, model, second);
}

vidi_status adapter_open(struct vd_ctx *ctx, const char *path, const struct gguf *model,
                         const struct gguf *second, struct adapter **out) {
    *out = NULL;
    struct adapter *a = vd_alloc(ctx, sizeof *a);
    if (!a) return VIDI_E_MEMORY;
    *a = (struct adapter){.ctx = ctx};
    const vidi_status status = open_into(a, path, model, second);
    if (status == VIDI_OK)
        *out = a;
    else
        adapter_close(a);
    return status;
}

void adapter_close(struct adapter *a) {
    if (!a) return;
    gguf_close(&a->file);
    vd_free(a->ctx, a);
}

const char *adapter_path(const struct adapter *a) { return a->file.path; }
uint32_t adapter_pairs(const struct adapter *a) { return a->file.n_tensors / 2; }

/* --- those in use ----------------------------------------------------------------------------- */

vidi_status adapters_new(struct gpu *gpu, const struct adapter_use *uses, uint32_t n,
                         struct adapters **out) {
    struct vd_ctx *ctx = gpu_ctx(gpu);
    *out = NULL;
    if (n > ADAPTERS_MOST)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "%u adapters at once, of %d allowed", n,
                       ADAPTERS_MOST);
    struct adapters *ad = vd_alloc(ctx, sizeof *ad);
    if (!ad) return VIDI_E_MEMORY;
    *ad = (struct adapters){.gpu = gpu, .ctx = ctx, .n_uses = n};
    if (n) memcpy(ad->uses, uses, n * sizeof *uses);
    arena_open(&ad->arena, ctx);
    *out = ad;
    return map_open(&ad->names, &ad->arena, 64);
}

void adapters_free(struct adapters *ad) {
    if (!ad) return;
    for (uint32_t i = 0; i < ad->n; i++) {
        gpu_buffer_free(ad->gpu, ad->pairs[i]->a.q.buffer);
        gpu_buffer_free(ad->gpu, ad->pairs[i]->b.q.buffer);
    }
    arena_close(&ad->arena);
    vd_free(ad->ctx, ad);
}

/* --- stacked pairs ---------------------------------------------------------------------------- */

struct stack {
    const char *const *names;
    const uint32_t *rows;
    uint32_t n, cols, all_rows, rank;
    uint32_t words; /* not 0: the matrix is a table of so many, whose columns are all_rows */
};

static const struct gguf_tensor *part(const struct adapter *a, const char *name,
                                      const char *suffix) {
    char full[NAME_CAP];
    const int n = snprintf(full, sizeof full, "%s.weight%s", name, suffix);
    return n > 0 && n < (int)sizeof full ? gguf_tensor(&a->file, full) : NULL;
}

/* Rows of a tensor as f32, each `stride` numbers behind the one before. */
static vidi_status numbers(const struct adapter *a, const struct gguf_tensor *t, float *out,
                           uint64_t stride) {
    const uint64_t row_bytes = t->bytes / t->dims[1];
    unsigned char *from_file = vd_alloc(a->file.ctx, row_bytes);
    vidi_status status = from_file ? VIDI_OK : VIDI_E_MEMORY;
    for (uint64_t r = 0; r < t->dims[1] && status == VIDI_OK; r++) {
        status = gguf_copy(&a->file, t, r * row_bytes, from_file, row_bytes);
        if (status == VIDI_OK)
            dequant_row(t->type, from_file, (uint32_t)t->dims[0], out + r * stride);
    }
    vd_free(a->file.ctx, from_file);
    return status;
}

static float scale_of(const struct adapter_use *use, uint32_t rank) {
    const float alpha = use->adapter->alpha;
    return alpha > 0 ? use->scale * alpha / (float)rank : use->scale;
}

/* One part of one adapter into rows `at` of a, and columns `at` and rows `first` of b. */
static vidi_status fill(const struct stack *s, const struct adapter_use *use, uint32_t p,
                        uint32_t at, uint32_t first, float *a, float *b) {
    const struct gguf_tensor *down = part(use->adapter, s->names[p], suffix_a),
                             *up = part(use->adapter, s->names[p], suffix_b);
    const uint32_t rank = (uint32_t)down->dims[1];
    const float scale = scale_of(use, rank);
    float *columns = b + (uint64_t)first * s->rank + at;
    TRY(numbers(use->adapter, down, a + (uint64_t)at * s->cols, s->cols));
    TRY(numbers(use->adapter, up, columns, s->rank));
    for (uint32_t r = 0; r < s->rows[p]; r++)
        for (uint32_t c = 0; c < rank; c++) columns[(uint64_t)r * s->rank + c] *= scale;
    return VIDI_OK;
}

/* Of a table of words: a has a row for each word, and so many columns as the ranks of all. */
static vidi_status fill_table(const struct adapters *ad, const struct stack *s, float *a,
                              float *b) {
    uint32_t at = 0;
    for (uint32_t u = 0; u < ad->n_uses; u++) {
        const struct adapter_use *use = &ad->uses[u];
        const struct gguf_tensor *down = part(use->adapter, s->names[0], suffix_a),
                                 *up = part(use->adapter, s->names[0], suffix_b);
        if (!down) continue;
        const uint32_t rank = (uint32_t)up->dims[0];
        const float scale = scale_of(use, rank);
        TRY(numbers(use->adapter, down, a + at, s->rank));
        TRY(numbers(use->adapter, up, b + at, s->rank));
        for (uint32_t r = 0; r < s->all_rows; r++)
            for (uint32_t c = 0; c < rank; c++) b[(uint64_t)r * s->rank + at + c] *= scale;
        at += rank;
    }
    return VIDI_OK;
}

static vidi_status fill_all(const struct adapters *ad, const struct stack *s, float *a, float *b) {
    uint32_t at = 0;
    for (uint32_t u = 0; u < ad->n_uses; u++)
        for (uint32_t p = 0, first = 0; p < s->n; first += s->rows[p++]) {
            const struct gguf_tensor *down = part(ad->uses[u].adapter, s->names[p], suffix_a);
            if (!down) continue;
            TRY(fill(s, &ad->uses[u], p, at, first, a, b));
            at += (uint32_t)down->dims[1];
        }
    return VIDI_OK;
}

/* An f32 matrix on the device. */
static vidi_status upload(struct adapters *ad, const float *values, uint32_t rows, uint32_t cols,
                          struct weight *out) {
    const struct weight_layout layout = weight_layout(FORM_F32, cols);
    const uint64_t bytes = (uint64_t)rows * layout.q;
    struct gpu_buffer *buffer;
    unsigned char *planes = vd_alloc(ad->ctx, bytes);
    if (!planes) return VIDI_E_MEMORY;
    weight_repack(VD_F32, values, rows, cols, planes, NULL, NULL);
    vidi_status status = gpu_buffer_new(ad->gpu, bytes, GPU_DEVICE, "lora", &buffer);
    if (status == VIDI_OK) {
        *out = (struct weight){
            .form = FORM_F32, .rows = rows, .cols = cols, .q = span_of(buffer, 0, bytes)};
        status = gpu_upload(ad->gpu, out->q, planes, bytes);
    }
    vd_free(ad->ctx, planes);
    return status;
}

static vidi_status make(struct adapters *ad, const struct stack *s, struct pair *out) {
    uint64_t a_count, b_count;
    uint64_t count, bytes;
    if (!mul_ok(&a_count, s->rank, s->words ? s->words : s->cols) ||
        !mul_ok(&b_count, s->rank, s->all_rows) || !add_ok(&count, a_count, b_count) ||
        !mul_ok(&bytes, count, sizeof(float)))
        return VIDI_E_MEMORY;
    float *a = vd_alloc(ad->ctx, bytes);
    if (!a) return VIDI_E_MEMORY;
    float *b = a + a_count;
    memset(b, 0, b_count * sizeof *b);
    vidi_status status = s->words ? fill_table(ad, s, a, b) : fill_all(ad, s, a, b);
    if (status == VIDI_OK)
        status = s->words ? upload(ad, a, s->words, s->rank, &out->a)
                          : upload(ad, a, s->rank, s->cols, &out->a);
    if (status == VIDI_OK) status = upload(ad, b, s->all_rows, s->rank, &out->b);
    vd_free(ad->ctx, a);
    return status;
}

static uint32_t rank_of(const struct adapters *ad, const char *const *names, uint32_t n) {
    uint32_t rank = 0;
    for (uint32_t u = 0; u < ad->n_uses; u++)
        for (uint32_t p = 0; p < n; p++) {
            const struct gguf_tensor *up = part(ad->uses[u].adapter, names[p], suffix_b);
            if (up) rank += (uint32_t)up->dims[0];
        }
    return rank;
}

static struct pair *new_pair(struct adapters *ad, const char *key, uint32_t len) {
    if (ad->n == ad->cap) {
        struct pair **bigger = arena_grow(&ad->arena, ad->pairs, &ad->cap, sizeof *bigger);
        if (!bigger) return NULL;
        ad->pairs = bigger;
    }
    const char *kept = arena_text(&ad->arena, key, len);
    if (!kept || map_put(&ad->names, kept, len, ad->n, NULL) != VIDI_OK) return NULL;
    struct pair *fresh = arena_new(&ad->arena, struct pair, 1);
    if (fresh) ad->pairs[ad->n++] = fresh;
    return fresh;
}

/* The pair of a stack, made when it is new. */
static vidi_status find_stack(struct adapters *ad, struct stack *s, const struct weight **a,
                              const struct weight **b) {
    char key[KEY_CAP];
    size_t len = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const int more =
            snprintf(key + len, sizeof key - len, "%s%s|", s->words ? "=" : "", s->names[i]);
        if (more < 0 || len + (size_t)more >= sizeof key)
            return vd_fail(ad->ctx, VIDI_E_FORMAT, "%s: the name is too long", s->names[0]);
        len += (size_t)more;
        s->all_rows += s->rows[i];
    }
    uint32_t index;
    struct pair *pair;
    if (map_get(&ad->names, key, (uint32_t)len, &index)) {
        pair = ad->pairs[index];
    } else {
        pair = new_pair(ad, key, (uint32_t)len);
        if (!pair) return VIDI_E_MEMORY;
        s->rank = rank_of(ad, s->names, s->n);
        if (s->rank) TRY(make(ad, s, pair));
    }
    if (!pair->a.rows) return VIDI_OK;
    *a = &pair->a;
    *b = &pair->b;
    return VIDI_OK;
}

vidi_status adapters_find(struct adapters *ad, const char *const *names, const uint32_t *rows,
                          uint32_t n, uint32_t cols, const struct weight **a,
                          const struct weight **b) {
    *a = *b = NULL;
    if (!ad || !ad->n_uses) return VIDI_OK;
    for (uint32_t i = 0; i < n; i++) /* as a matrix it has no pair: that is the table's */
        if (strcmp(names[i], "token_embd") == 0) return VIDI_OK;
    return find_stack(ad, &(struct stack){.names = names, .rows = rows, .n = n, .cols = cols}, a,
                      b);
}

vidi_status adapters_find_table(struct adapters *ad, const char *name, uint32_t words,
                                uint32_t cols, const struct weight **a, const struct weight **b) {
    *a = *b = NULL;
    if (!ad || !ad->n_uses) return VIDI_OK;
    return find_stack(ad, &(struct stack){.names = &name, .rows = &cols, .n = 1, .words = words}, a,
                      b);
}
