#include "graph/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

enum { PIECE_BYTES = 4 << 20, PROBLEMS_SHOWN = 24, NAME_CAP = 128 };

struct entry {
    const struct weight *parts[WEIGHTS_PARTS];
    uint32_t n_parts;
    struct vd_span f32;
};

struct weights {
    struct gpu *gpu;
    struct vd_ctx *ctx;
    const struct gguf *file, *second;
    struct weights_progress progress;
    struct arena arena;
    struct map names; /* full names with their kind to entries */
    struct map used;  /* tensors that were asked for */
    struct entry *entries;
    uint32_t n, cap, n_problems;
    uint64_t bytes, read, total;
    char problems[800];
    vidi_status status;
};

vidi_status weights_open(struct gpu *gpu, const struct gguf *file,
                         const struct weights_progress *progress, struct weights **out) {
    struct vd_ctx *ctx = gpu_ctx(gpu);
    struct weights *w = vd_alloc(ctx, sizeof *w);
    if (!w) return VIDI_E_MEMORY;
    *w = (struct weights){.gpu = gpu, .ctx = ctx, .file = file};
    if (progress) w->progress = *progress;
    arena_open(&w->arena, ctx);
    for (uint32_t i = 0; i < file->n_tensors; i++) w->total += file->tensors[i].bytes;
    *out = w;
    TRY(map_open(&w->used, &w->arena, file->n_tensors));
    return map_open(&w->names, &w->arena, file->n_tensors);
}

void weights_close(struct weights *w) {
    if (!w) return;
    for (uint32_t i = 0; i < w->n; i++) {
        for (uint32_t p = 0; p < w->entries[i].n_parts; p++)
            gpu_buffer_free(w->gpu, w->entries[i].parts[p]->q.buffer);
        gpu_buffer_free(w->gpu, w->entries[i].f32.buffer);
    }
    arena_close(&w->arena);
    vd_free(w->ctx, w);
}

void weights_join(struct weights *w, const struct gguf *file) {
    w->second = file;
    for (uint32_t i = 0; i < file->n_tensors; i++) w->total += file->tensors[i].bytes;
}

static const struct gguf_tensor *lookup(const struct weights *w, const char *name) {
    const struct gguf_tensor *t = gguf_tensor(w->file, name);
    return t || !w->second ? t : gguf_tensor(w->second, name);
}

static bool is_used(const struct weights *w, const struct str name) {
    uint32_t index;
    return map_get(&w->used, name.ptr, (uint32_t)name.len, &index);
}

uint32_t weights_unused(const struct weights *w, char *out, size_t cap) {
    const struct gguf *files[] = {w->file, w->second};
    uint32_t n = 0;
    out[0] = 0;
    for (int f = 0; f < 2 && files[f]; f++)
        for (uint32_t i = 0; i < files[f]->n_tensors; i++) {
            const struct str name = files[f]->tensors[i].name;
            const size_t used = strlen(out);
            if (is_used(w, name)) continue;
            if (n++ < PROBLEMS_SHOWN)
                snprintf(out + used, cap - used, "%s%.*s", used ? ", " : "", (int)name.len,
                         name.ptr);
        }
    return n;
}

bool weights_has(const struct weights *w, const char *name) { return lookup(w, name) != NULL; }
uint32_t weights_width(const struct weights *w, const char *name) {
    const struct gguf_tensor *t = lookup(w, name);
    return t ? (uint32_t)t->dims[0] : 0;
}
uint64_t weights_bytes(const struct weights *w) { return w->bytes; }

vidi_status weights_check(struct weights *w) {
    if (w->status != VIDI_OK) return w->status;
    if (!w->n_problems) return VIDI_OK;
    char extra[800];
    const uint32_t n = weights_unused(w, extra, sizeof extra);
    return vd_fail(w->ctx, VIDI_E_FORMAT, "%s%s%s: %u tensor%s not as the model needs: %s%s%s",
                   w->file->path, w->second ? " and " : "", w->second ? w->second->path : "",
                   w->n_problems, w->n_problems == 1 ? " is" : "s are", w->problems,
                   n ? "; not used: " : "", extra);
}

static void problem(struct weights *w, const char *name, const char *words) {
    const size_t used = strlen(w->problems);
    if (w->n_problems++ < PROBLEMS_SHOWN)
        snprintf(w->problems + used, sizeof w->problems - used, "%s%s %s", used ? ", " : "", name,
                 words);
}

/* Keeps the device's failure; the caller then returns nothing. */
static bool keep(struct weights *w, vidi_status status) {
    if (status != VIDI_OK && w->status == VIDI_OK) w->status = status;
    return w->status == VIDI_OK;
}

/* --- names of fused matrices ------------------------------------------------------------------ */

struct parts {
    uint32_t n;
    char name[WEIGHTS_PARTS][NAME_CAP];
    const struct gguf_tensor *tensor[WEIGHTS_PARTS];
};

/* "blk.0.attn_q|attn_k" and suffix ".weight" -> "blk.0.attn_q.weight", "blk.0.attn_k.weight". */
static bool split(const char *name, const char *suffix, struct parts *out) {
    const char *bar = strchr(name, '|');
    const size_t first = bar ? (size_t)(bar - name) : strlen(name);
    size_t prefix = 0;
    for (size_t i = 0; i < first; i++)
        if (name[i] == '.') prefix = i + 1;
    out->n = 0;
    for (const char *at = name + prefix; out->n < WEIGHTS_PARTS; at++) {
        const size_t len = strcspn(at, "|");
        const int need = snprintf(out->name[out->n], NAME_CAP, "%.*s%.*s%s", (int)prefix, name,
                                  (int)len, at, suffix);
        if (need < 0 || need >= NAME_CAP) return false;
        out->n++;
        at += len;
        if (!*at) return true;
    }
    return false;
}

static void note_used(struct weights *w, struct str name) {
    uint32_t index;
    if (!map_get(&w->used, name.ptr, (uint32_t)name.len, &index))
        keep(w, map_put(&w->used, name.ptr, (uint32_t)name.len, 0, NULL));
}

/* Finds every part; the missing ones become problems. */
static bool find(struct weights *w, const char *name, const char *suffix, struct parts *out) {
    if (!split(name, suffix, out)) {
        problem(w, name, "is too long a name");
        return false;
    }
    bool all = true;
    for (uint32_t i = 0; i < out->n; i++) {
        out->tensor[i] = lookup(w, out->name[i]);
        if (!out->tensor[i]) problem(w, out->name[i], "is missing");
        if (out->tensor[i]) note_used(w, out->tensor[i]->name);
        all = all && out->tensor[i];
    }
    return all;
}

static uint64_t rows_of(const struct gguf_tensor *t) {
    return t->dims[1] * t->dims[2] * t->dims[3];
}

static bool shapes_fit(struct weights *w, const struct parts *p, uint32_t rows, uint32_t cols) {
    char words[96];
    uint64_t sum = 0;
    bool fit = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct gguf_tensor *t = p->tensor[i];
        sum += rows_of(t);
        if (t->type == VD_TYPE_NONE || t->type > VD_Q6_K) {
            snprintf(words, sizeof words, "has a type we cannot compute with (ggml type %u)",
                     t->gguf_type);
            problem(w, p->name[i], words);
            fit = false;
        } else if (t->dims[0] != cols) {
            snprintf(words, sizeof words, "is %llu wide instead of %u",
                     (unsigned long long)t->dims[0], cols);
            problem(w, p->name[i], words);
            fit = false;
        }
    }
    if (fit && (sum > UINT32_MAX || (rows && sum != rows))) {
        snprintf(words, sizeof words, "has %llu rows instead of %u", (unsigned long long)sum, rows);
        problem(w, p->name[0], words);
        fit = false;
    }
    return fit;
}

/* --- upload ----------------------------------------------------------------------------------- */

static void advance(struct weights *w, uint64_t bytes) {
    w->read += bytes;
    if (w->progress.call) w->progress.call(w->progress.user, "loading weights", w->read, w->total);
}

/* Rows of the file into the planes from row `first`, in pieces that fit the scratch. */
static vidi_status upload_rows(struct weights *w, const struct weight *to, uint32_t first,
                               const struct gguf_tensor *t) {
    const struct weight_layout layout = weight_layout(to->form, to->cols);
    const uint64_t row_bytes = (uint64_t)layout.q + layout.h + layout.s;
    const uint32_t rows = (uint32_t)rows_of(t);
    uint64_t src_row;
    if (!format_bytes(t->type, 1, to->cols, &src_row))
        return vd_fail(w->ctx, VIDI_E_FORMAT, "%s: tensor %.*s: %u columns are not whole blocks",
                       w->file->path, (int)t->name.len, t->name.ptr, to->cols);
    const uint32_t at_once = row_bytes > PIECE_BYTES ? 1 : (uint32_t)(PIECE_BYTES / row_bytes);
    unsigned char *scratch = vd_alloc(w->ctx, at_once * row_bytes);
    if (!scratch) return VIDI_E_MEMORY;
    vidi_status status = VIDI_OK;
    for (uint32_t done = 0; done < rows && status == VIDI_OK; done += at_once) {
        const uint32_t n = rows - done < at_once ? rows - done : at_once;
        unsigned char *q = scratch, *h = q + (uint64_t)n * layout.q,
                      *s = h + (uint64_t)n * layout.h;
        weight_repack(t->type, (const unsigned char *)t->data + done * src_row, n, to->cols, q, h,
                      s);
        const struct {
            const struct vd_span *plane;
            uint32_t row;
            unsigned char *from;
        } planes[] = {{&to->q, layout.q, q}, {&to->h, layout.h, h}, {&to->s, layout.s, s}};
        for (int i = 0; i < 3 && status == VIDI_OK; i++) {
            const uint64_t bytes = (uint64_t)n * planes[i].row;
            if (!bytes) continue;
            const uint64_t offset =
                planes[i].plane->offset + (uint64_t)(first + done) * planes[i].row;
            status = gpu_upload(w->gpu, span_of(planes[i].plane->buffer, offset, bytes),
                                planes[i].from, bytes);
        }
        advance(w, n * src_row);
    }
    vd_free(w->ctx, scratch);
    return status;
}

static vidi_status make_matrix(struct weights *w, const struct parts *p, uint32_t first_part,
                               uint32_t n, const struct weight **out) {
    struct weight *m = arena_new(&w->arena, struct weight, 1);
    if (!m) return VIDI_E_MEMORY;
    m->form = weight_form_of(p->tensor[first_part]->type);
    m->cols = (uint32_t)p->tensor[first_part]->dims[0];
    for (uint32_t i = 0; i < n; i++) m->rows += (uint32_t)rows_of(p->tensor[first_part + i]);
    const struct weight_layout layout = weight_layout(m->form, m->cols);
    const uint64_t align = gpu_caps(w->gpu)->align;
    const uint64_t q = (uint64_t)m->rows * layout.q, h = (uint64_t)m->rows * layout.h,
                   s = (uint64_t)m->rows * layout.s;
    const uint64_t h_at = align_up(q, align), s_at = align_up(h_at + h, align);
    struct gpu_buffer *buffer;
    TRY(gpu_buffer_new(w->gpu, s_at + s, GPU_DEVICE, p->name[first_part], &buffer));
    m->q = span_of(buffer, 0, q);
    if (h) m->h = span_of(buffer, h_at, h);
    if (s) m->s = span_of(buffer, s_at, s);
    *out = m;
    w->bytes += q + h + s;
    uint32_t row = 0;
    for (uint32_t i = 0; i < n; i++) {
        TRY(upload_rows(w, m, row, p->tensor[first_part + i]));
        row += (uint32_t)rows_of(p->tensor[first_part + i]);
    }
    return VIDI_OK;
}

static vidi_status make_vector(struct weights *w, const struct parts *p, uint64_t count,
                               struct vd_span *out) {
    struct gpu_buffer *buffer;
    TRY(gpu_buffer_new(w->gpu, count * sizeof(float), GPU_DEVICE, p->name[0], &buffer));
    *out = span_of(buffer, 0, count * sizeof(float));
    w->bytes += out->bytes;
    uint64_t at = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct gguf_tensor *t = p->tensor[i];
        const uint64_t n = t->dims[0] * rows_of(t), src_row = t->bytes / rows_of(t);
        float *values = vd_alloc(w->ctx, n * sizeof(float));
        if (!values) return VIDI_E_MEMORY;
        for (uint64_t r = 0; r < rows_of(t); r++)
            dequant_row(t->type, (const unsigned char *)t->data + r * src_row, (uint32_t)t->dims[0],
                        values + r * t->dims[0]);
        const vidi_status status =
            gpu_upload(w->gpu, span_of(buffer, at * sizeof(float), n * sizeof(float)), values,
                       n * sizeof(float));
        vd_free(w->ctx, values);
        TRY(status);
        at += n;
        advance(w, t->bytes);
    }
    return VIDI_OK;
}

/* --- look-up ---------------------------------------------------------------------------------- */

/* The entry of a name, made empty when it is new. kind keeps matrices, weights and biases apart. */
static struct entry *entry_of(struct weights *w, const char *name, char kind, bool *fresh) {
    char key[WEIGHTS_PARTS * NAME_CAP];
    const int len = snprintf(key, sizeof key, "%c%s", kind, name);
    if (len < 0 || len >= (int)sizeof key) return NULL;
    uint32_t index;
    *fresh = !map_get(&w->names, key, (uint32_t)len, &index);
    if (!*fresh) return &w->entries[index];
    if (w->n == w->cap) {
        struct entry *bigger = arena_grow(&w->arena, w->entries, &w->cap, sizeof *bigger);
        if (!bigger) return NULL;
        w->entries = bigger;
    }
    const char *kept = arena_text(&w->arena, key, (uint64_t)len);
    if (!kept || map_put(&w->names, kept, (uint32_t)len, w->n, NULL) != VIDI_OK) return NULL;
    return &w->entries[w->n++];
}

const struct weight *const *weights_matrix(struct weights *w, const char *name, uint32_t rows,
                                           uint32_t cols, uint32_t *n_parts) {
    *n_parts = 0;
    bool fresh;
    struct entry *e = entry_of(w, name, 'M', &fresh);
    if (!e) keep(w, VIDI_E_MEMORY);
    if (w->status != VIDI_OK) return NULL;
    struct parts p;
    if (fresh && find(w, name, ".weight", &p) && shapes_fit(w, &p, rows, cols)) {
        bool same = true;
        for (uint32_t i = 1; i < p.n; i++)
            same = same && weight_form_of(p.tensor[i]->type) == weight_form_of(p.tensor[0]->type);
        const uint32_t n = same ? 1 : p.n;
        for (uint32_t i = 0; i < n; i++) {
            if (!keep(w, make_matrix(w, &p, i, same ? p.n : 1, &e->parts[i]))) return NULL;
            e->n_parts = i + 1;
        }
    }
    *n_parts = e->n_parts;
    return e->n_parts ? e->parts : NULL;
}

struct vd_span weights_f32(struct weights *w, const char *name, const char *kind, uint64_t count) {
    bool fresh;
    struct entry *e = entry_of(w, name, kind[0] ? kind[1] : 'n', &fresh);
    if (!e) keep(w, VIDI_E_MEMORY);
    if (w->status != VIDI_OK) return (struct vd_span){0};
    struct parts p;
    if (!fresh || !find(w, name, kind, &p)) return e->f32;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p.n; i++) sum += p.tensor[i]->dims[0] * rows_of(p.tensor[i]);
    char words[96];
    snprintf(words, sizeof words, "has %llu numbers instead of %llu", (unsigned long long)sum,
             (unsigned long long)count);
    bool types = true;
    for (uint32_t i = 0; i < p.n; i++)
        types = types && p.tensor[i]->type != VD_TYPE_NONE && p.tensor[i]->type <= VD_Q6_K;
    if (sum != count || !types)
        problem(w, p.name[0], types ? words : "has a type we cannot compute with");
    else
        keep(w, make_vector(w, &p, count, &e->f32));
    return e->f32;
}
