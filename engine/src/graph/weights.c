#include "graph/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "ops/quant.h"

enum { PIECE_BYTES = 4 << 20, NAME_CAP = 128, NAMES_CAP = 400, SPARED_MOST = 8 };

/* Names and what is wrong with each, as many as a sentence holds; the others are counted. */
struct list {
    char text[NAMES_CAP];
    uint32_t n, shown;
};

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
    enum vd_type wanted; /* VD_TYPE_NONE: as the file has them */
    struct adapters *adapters;
    struct arena arena;
    struct map names; /* full names with their kind to entries */
    struct map used;  /* tensors that were asked for */
    struct map same;  /* pairs of names, two lines, to whether they hold the same bytes */
    struct entry *entries;
    uint32_t n, cap;
    uint64_t bytes, read, total;
    struct list problems;
    vidi_status status;
    const char *spared[SPARED_MOST];
    uint32_t n_spared;
};

vidi_status weights_open(struct gpu *gpu, const struct gguf *file,
                         const struct weights_progress *progress, struct weights **out) {
    struct vd_ctx *ctx = gpu_ctx(gpu);
    struct weights *w = vd_alloc(ctx, sizeof *w);
    if (!w) return VIDI_E_MEMORY;
    *w = (struct weights){.gpu = gpu, .ctx = ctx, .file = file, .wanted = VD_TYPE_NONE};
    if (progress) w->progress = *progress;
    arena_open(&w->arena, ctx);
    for (uint32_t i = 0; i < file->n_tensors; i++) w->total += file->tensors[i].bytes;
    *out = w;
    TRY(map_open(&w->used, &w->arena, file->n_tensors));
    TRY(map_open(&w->same, &w->arena, 1));
    return map_open(&w->names, &w->arena, file->n_tensors);
}

void weights_close(struct weights *w) {
    if (!w) return;
    for (uint32_t i = 0; i < w->n; i++) {
        /* One whose upload failed is none of n_parts, but has its buffer. */
        for (uint32_t p = 0; p < WEIGHTS_PARTS && w->entries[i].parts[p]; p++)
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

void weights_quantize(struct weights *w, enum vd_type type) { w->wanted = type; }

/* The type that a matrix has on the way to the device. */
static enum vd_type stored(const struct weights *w, const struct gguf_tensor *t) {
    return quant_choice(w->wanted, &(struct quant_tensor){t->name.ptr, t->name.len, t->type,
                                                          t->n_dims, t->dims[0]});
}

static const struct gguf_tensor *lookup(const struct weights *w, const char *name) {
    const struct gguf_tensor *t = gguf_tensor(w->file, name);
    return t || !w->second ? t : gguf_tensor(w->second, name);
}

static bool is_used(const struct weights *w, const struct str name) {
    uint32_t index;
    return map_get(&w->used, name.ptr, (uint32_t)name.len, &index);
}

/* What no longer fits is said to the log, so that all of it is said. */
static void list_add(struct vd_ctx *ctx, struct list *l, struct str name, const char *words) {
    const size_t used = strlen(l->text), left = sizeof l->text - used;
    const int len = snprintf(NULL, 0, "%s%.*s%s", used ? ", " : "", (int)name.len, name.ptr, words);
    const bool fits = l->shown == l->n && len > 0 && (size_t)len < left;
    l->n++;
    l->shown += fits;
    if (fits)
        snprintf(l->text + used, left, "%s%.*s%s", used ? ", " : "", (int)name.len, name.ptr,
                 words);
    else
        vd_log(ctx, VD_LOG_WARN, "%.*s%s", (int)name.len, name.ptr, words);
}

/* " and 12 more" */
static const char *list_more(const struct list *l, char *out, size_t cap) {
    out[0] = 0;
    if (l->n > l->shown) snprintf(out, cap, " and %u more", l->n - l->shown);
    return out;
}

static bool starts(struct str name, const char *prefix) {
    const size_t len = strlen(prefix);
    return name.len >= len && memcmp(name.ptr, prefix, len) == 0;
}

static bool ends(struct str name, const char *suffix) {
    const size_t len = strlen(suffix);
    return name.len >= len && memcmp(name.ptr + name.len - len, suffix, len) == 0;
}

/* Tensors that a file may have beside those that are computed with: towers for text and sound,
 * positions that are worked out, what is fixed by the architecture. */
static bool is_harmless(const struct weights *w, struct str name) {
    static const char *const firsts[] = {"t.",    "a.",      "mm.a.",
                                         "rope_", "v.head.", "resampler.pos_embed"};
    static const char *const lasts[] = {".attn_rot_embd.weight", ".rope_freqs.weight",
                                        ".rope_freqs", ".attn.masked_bias", "position_ids"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        if (starts(name, firsts[i])) return true;
    for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++)
        if (ends(name, lasts[i])) return true;
    for (uint32_t i = 0; i < w->n_spared; i++)
        if (starts(name, w->spared[i])) return true;
    return false;
}

/* Adds what nothing asked for; `harmful` alone, or all of it. */
static void add_unused(const struct weights *w, bool harmful, struct list *out) {
    const struct gguf *files[] = {w->file, w->second};
    for (int f = 0; f < 2 && files[f]; f++)
        for (uint32_t i = 0; i < files[f]->n_tensors; i++) {
            const struct str name = files[f]->tensors[i].name;
            if (is_used(w, name)) continue;
            if (!harmful || !(files[f]->folder || is_harmless(w, name)))
                list_add(w->ctx, out, name, "");
        }
}

void weights_spare(struct weights *w, const char *prefix) {
    const char *kept = NULL;
    for (uint32_t i = 0; i < w->n_spared; i++)
        if (strcmp(w->spared[i], prefix) == 0) return;
    if (w->n_spared < SPARED_MOST) kept = arena_text(&w->arena, prefix, strlen(prefix));
    if (kept) w->spared[w->n_spared++] = kept;
}

vidi_status weights_complete(struct weights *w) {
    struct list harmful = {0}, all = {0};
    char more[32];
    add_unused(w, true, &harmful);
    if (harmful.n)
        return vd_fail(w->ctx, VIDI_E_UNSUPPORTED,
                       "%s%s%s: %u tensor%s nothing of this family computes with, so that its "
                       "answers would be wrong: %s%s",
                       w->file->path, w->second ? " and " : "", w->second ? w->second->path : "",
                       harmful.n, harmful.n == 1 ? " is there that" : "s are there that",
                       harmful.text, list_more(&harmful, more, sizeof more));
    add_unused(w, false, &all);
    if (all.n)
        vd_log(w->ctx, VD_LOG_INFO, "%s: %u tensors are not used: %s%s", w->file->path, all.n,
               all.text, list_more(&all, more, sizeof more));
    return VIDI_OK;
}

bool weights_has(const struct weights *w, const char *name) { return lookup(w, name) != NULL; }
uint32_t weights_width(const struct weights *w, const char *name) {
    const struct gguf_tensor *t = lookup(w, name);
    return t ? (uint32_t)t->dims[0] : 0;
}
uint64_t weights_bytes(const struct weights *w) { return w->bytes; }

vidi_status weights_check(struct weights *w) {
    if (w->status != VIDI_OK) return w->status;
    const struct list *p = &w->problems;
    if (!p->n) return VIDI_OK;
    struct list extra = {0};
    char more[32], unused[32];
    add_unused(w, false, &extra);
    return vd_fail(w->ctx, VIDI_E_FORMAT, "%s%s%s: %u tensor%s not as the model needs: %s%s%s%s%s",
                   w->file->path, w->second ? " and " : "", w->second ? w->second->path : "", p->n,
                   p->n == 1 ? " is" : "s are", p->text, list_more(p, more, sizeof more),
                   extra.n ? "; not used: " : "", extra.text,
                   list_more(&extra, unused, sizeof unused));
}

static void problem(struct weights *w, const char *name, const char *words) {
    char full[NAME_CAP];
    snprintf(full, sizeof full, " %s", words);
    list_add(w->ctx, &w->problems, (struct str){name, strlen(name)}, full);
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

uint32_t weights_height(const struct weights *w, const char *name) {
    const struct gguf_tensor *t = lookup(w, name);
    return t && rows_of(t) <= UINT32_MAX ? (uint32_t)rows_of(t) : 0;
}

static bool shapes_fit(struct weights *w, const struct parts *p, uint32_t rows, uint32_t cols) {
    char words[96];
    uint64_t sum = 0;
    bool fit = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct gguf_tensor *t = p->tensor[i];
        sum += rows_of(t);
        if (t->type == VD_TYPE_NONE || t->type > VD_MXFP4) {
            snprintf(words, sizeof words, "has a type we cannot compute with (ggml type %u)",
                     t->gguf_type);
            problem(w, p->name[i], words);
            fit = false;
        } else if (cols && t->dims[0] != cols) { /* 0: what comes before is a problem itself */
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

static vidi_status copy(struct weights *w, const struct gguf_tensor *t, uint64_t at, void *to,
                        uint64_t bytes) {
    const struct gguf *s = w->second;
    const bool in_second = s && t >= s->tensors && t < s->tensors + s->n_tensors;
    return gguf_copy(in_second ? s : w->file, t, at, to, bytes);
}

/* Rows first .. of a tensor as the file has them, all of whose numbers are numbers. */
static vidi_status copy_rows(struct weights *w, const struct gguf_tensor *t, uint64_t first,
                             uint64_t n, uint64_t row_bytes, void *to) {
    const struct gguf *s = w->second;
    const bool in_second = s && t >= s->tensors && t < s->tensors + s->n_tensors;
    const uint64_t blocks = row_bytes / vd_formats[t->type].bytes;
    TRY(copy(w, t, first * row_bytes, to, n * row_bytes));
    const uint64_t bad = format_first_bad(t->type, to, n * blocks);
    if (bad == n * blocks) return VIDI_OK;
    return vd_fail(w->ctx, VIDI_E_FORMAT,
                   "%s: tensor %.*s has numbers that are infinite or none, the first in row %llu",
                   in_second ? s->path : w->file->path, (int)t->name.len, t->name.ptr,
                   (unsigned long long)(first + bad / blocks));
}

/* Bytes `at` .. `at + n` of two tensors, in the two halves of a buffer. */
static bool same_piece(struct weights *w, const struct gguf_tensor *const pair[2], uint64_t at,
                       uint64_t n, unsigned char *halves) {
    return keep(w, copy(w, pair[0], at, halves, n)) &&
           keep(w, copy(w, pair[1], at, halves + n, n)) && memcmp(halves, halves + n, n) == 0;
}

static bool compare(struct weights *w, const struct gguf_tensor *const pair[2]) {
    if (!pair[0] || !pair[1] || pair[0]->gguf_type != pair[1]->gguf_type ||
        memcmp(pair[0]->dims, pair[1]->dims, sizeof pair[0]->dims) != 0)
        return false;
    const uint64_t bytes = pair[0]->bytes, most = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
    unsigned char *halves = vd_alloc(w->ctx, 2 * most);
    if (!halves) return keep(w, VIDI_E_MEMORY);
    bool same = true;
    for (uint64_t at = 0; same && at < bytes; at += most)
        same = same_piece(w, pair, at, bytes - at < most ? bytes - at : most, halves);
    vd_free(w->ctx, halves);
    return same;
}

/* Remembered, since graphs are built again when the file may be gone. */
bool weights_same(struct weights *w, const char *a, const char *b) {
    char names[2 * NAME_CAP];
    uint32_t same;
    const int len = snprintf(names, sizeof names, "%s\n%s", a, b);
    if (len < 0 || (size_t)len >= sizeof names) return false;
    if (map_get(&w->same, names, (uint32_t)len, &same)) return same;
    same = compare(w, (const struct gguf_tensor *const[]){lookup(w, a), lookup(w, b)});
    const char *kept = arena_text(&w->arena, names, (size_t)len);
    if (keep(w, kept ? VIDI_OK : VIDI_E_MEMORY))
        keep(w, map_put(&w->same, kept, (uint32_t)len, same, NULL));
    return same;
}

/* --- upload ----------------------------------------------------------------------------------- */

static vidi_status advance(struct weights *w, uint64_t bytes) {
    w->read += bytes;
    if (w->progress.call &&
        w->progress.call(w->progress.user, "loading weights", w->read, w->total))
        return vd_fail(w->ctx, VIDI_E_CANCELLED, "cancelled");
    return VIDI_OK;
}

/* Rows of the file into the planes from row `first`, in pieces that fit the scratch. */
static vidi_status upload_rows(struct weights *w, const struct weight *to, uint32_t first,
                               const struct gguf_tensor *t) {
    const struct weight_layout layout = weight_layout(to->form, to->cols);
    const uint64_t row_bytes = (uint64_t)layout.q + layout.h + layout.s;
    const uint32_t rows = (uint32_t)rows_of(t);
    const enum vd_type type = stored(w, t);
    uint64_t src_row, made_row = 0;
    if (!format_bytes(t->type, 1, to->cols, &src_row) ||
        (type != t->type && !format_bytes(type, 1, to->cols, &made_row)))
        return vd_fail(w->ctx, VIDI_E_FORMAT, "%s: tensor %.*s: %u columns are not whole blocks",
                       w->file->path, (int)t->name.len, t->name.ptr, to->cols);
    const uint64_t fit = row_bytes > PIECE_BYTES ? 1 : PIECE_BYTES / row_bytes;
    const uint32_t at_once = fit < rows ? (uint32_t)fit : rows;
    unsigned char *scratch = vd_alloc(w->ctx, at_once * (row_bytes + src_row + made_row));
    if (!scratch) return VIDI_E_MEMORY;
    unsigned char *from_file = scratch + at_once * row_bytes;
    unsigned char *made = type == t->type ? from_file : from_file + at_once * src_row;
    vidi_status status = VIDI_OK;
    for (uint32_t done = 0; done < rows && status == VIDI_OK; done += at_once) {
        const uint32_t n = rows - done < at_once ? rows - done : at_once;
        unsigned char *q = scratch, *h = q + (uint64_t)n * layout.q,
                      *s = h + (uint64_t)n * layout.h;
        status = copy_rows(w, t, done, n, src_row, from_file);
        if (status == VIDI_OK && made != from_file)
            status = quant_rows(w->ctx,
                                &(struct quant_job){t->type, type, from_file, made, n, to->cols});
        if (status != VIDI_OK) break;
        weight_repack(type, made, n, to->cols, q, h, s);
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
        if (status == VIDI_OK) status = advance(w, n * src_row);
    }
    vd_free(w->ctx, scratch);
    return status;
}

static vidi_status make_matrix(struct weights *w, const struct parts *p, uint32_t first_part,
                               uint32_t n, const struct weight **out) {
    struct weight *m = arena_new(&w->arena, struct weight, 1);
    if (!m) return VIDI_E_MEMORY;
    m->form = weight_form_of(stored(w, p->tensor[first_part]));
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

/* n rows of a tensor as f32, one after another. */
static vidi_status some_rows(struct weights *w, const struct gguf_tensor *t, uint64_t first,
                             uint64_t n, float *out) {
    const uint64_t cols = t->dims[0], src_row = t->bytes / rows_of(t);
    unsigned char *from_file = vd_alloc(w->ctx, src_row);
    vidi_status status = from_file ? VIDI_OK : VIDI_E_MEMORY;
    for (uint64_t r = first; r < first + n && status == VIDI_OK; r++, out += cols) {
        status = copy_rows(w, t, r, 1, src_row, from_file);
        if (status == VIDI_OK) dequant_row(t->type, from_file, (uint32_t)cols, out);
    }
    vd_free(w->ctx, from_file);
    return status;
}

static vidi_status numbers(struct weights *w, const struct gguf_tensor *t, float *out) {
    return some_rows(w, t, 0, rows_of(t), out);
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
        const uint64_t n = t->dims[0] * rows_of(t);
        float *values = vd_alloc(w->ctx, n * sizeof(float));
        if (!values) return VIDI_E_MEMORY;
        vidi_status status = numbers(w, t, values);
        if (status == VIDI_OK)
            status = gpu_upload(w->gpu, span_of(buffer, at * sizeof(float), n * sizeof(float)),
                                values, n * sizeof(float));
        vd_free(w->ctx, values);
        TRY(status);
        at += n;
        TRY(advance(w, t->bytes));
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
            same = same &&
                   weight_form_of(stored(w, p.tensor[i])) == weight_form_of(stored(w, p.tensor[0]));
        const uint32_t n = same ? 1 : p.n;
        for (uint32_t i = 0; i < n; i++) {
            if (!keep(w, make_matrix(w, &p, i, same ? p.n : 1, &e->parts[i]))) return NULL;
            e->n_parts = i + 1;
        }
    }
    *n_parts = e->n_parts;
    return e->n_parts ? e->parts : NULL;
}

/* Columns of the file's matrix as rows of f16, bf16 or f32 as it is, other types as f32. */
static vidi_status turn(struct weights *w, const struct gguf_tensor *t, struct gguf_tensor *out) {
    const uint64_t rows = rows_of(t), cols = t->dims[0], src_row = t->bytes / rows;
    const bool half = t->type == VD_F16 || t->type == VD_BF16;
    const uint64_t item = half ? 2 : 4;
    float *row = vd_alloc(w->ctx, cols * sizeof *row);
    unsigned char *to = vd_alloc(w->ctx, rows * cols * item);
    unsigned char *from_file = vd_alloc(w->ctx, src_row);
    vidi_status status = row && to && from_file ? VIDI_OK : VIDI_E_MEMORY;
    for (uint64_t r = 0; status == VIDI_OK && r < rows; r++) {
        const unsigned char *from = from_file;
        status = copy_rows(w, t, r, 1, src_row, from_file);
        if (!half) {
            dequant_row(t->type, from, (uint32_t)cols, row);
            from = (const unsigned char *)row;
        }
        for (uint64_t c = 0; c < cols; c++)
            memcpy(to + (c * rows + r) * item, from + c * item, item);
    }
    *out = *t;
    if (!half) out->type = VD_F32;
    out->dims[0] = rows;
    out->dims[1] = cols;
    out->dims[2] = out->dims[3] = 1;
    out->bytes = rows * cols * item;
    out->data = to;
    vd_free(w->ctx, row);
    vd_free(w->ctx, from_file);
    return status;
}

const struct weight *const *weights_turned(struct weights *w, const char *name, uint32_t rows,
                                           uint32_t cols) {
    bool fresh;
    struct entry *e = entry_of(w, name, 'T', &fresh);
    if (!e) keep(w, VIDI_E_MEMORY);
    if (w->status != VIDI_OK) return NULL;
    struct parts p;
    if (fresh && find(w, name, ".weight", &p)) {
        struct gguf_tensor turned = *p.tensor[0];
        turned.dims[0] = rows_of(p.tensor[0]);
        turned.dims[1] = p.tensor[0]->dims[0];
        turned.dims[2] = turned.dims[3] = 1;
        const struct gguf_tensor *original = p.tensor[0];
        p.tensor[0] = &turned;
        if (shapes_fit(w, &p, rows, cols) && keep(w, turn(w, original, &turned)) &&
            keep(w, make_matrix(w, &p, 0, 1, &e->parts[0])))
            e->n_parts = 1;
        if (turned.data != original->data) vd_free(w->ctx, (void *)(uintptr_t)turned.data);
    }
    return e->n_parts ? e->parts : NULL;
}

void weights_adapt(struct weights *w, struct adapters *adapters) { w->adapters = adapters; }

bool weights_adapter(struct weights *w, const char *name, uint32_t cols, const struct weight **a,
                     const struct weight **b) {
    struct parts p;
    const char *names[WEIGHTS_PARTS];
    uint32_t rows[WEIGHTS_PARTS];
    *a = NULL;
    if (!w->adapters || w->status != VIDI_OK || !split(name, "", &p)) return false;
    for (uint32_t i = 0; i < p.n; i++) {
        char full[NAME_CAP + 8];
        snprintf(full, sizeof full, "%s.weight", p.name[i]);
        const struct gguf_tensor *t = lookup(w, full);
        if (!t) return false;
        names[i] = p.name[i];
        rows[i] = (uint32_t)rows_of(t);
    }
    return keep(w, adapters_find(w->adapters, names, rows, p.n, cols, a, b)) && *a;
}

bool weights_table_adapter(struct weights *w, const char *name, uint32_t words, uint32_t cols,
                           const struct weight **a, const struct weight **b) {
    *a = NULL;
    if (!w->adapters || w->status != VIDI_OK) return false;
    return keep(w, adapters_find_table(w->adapters, name, words, cols, a, b)) && *a;
}

/* Whether the parts are `count` numbers of types that can be read. */
static bool holds(struct weights *w, const struct parts *p, uint64_t count) {
    uint64_t sum = 0;
    bool types = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const enum vd_type type = p->tensor[i]->type;
        sum += p->tensor[i]->dims[0] * rows_of(p->tensor[i]);
        types = types && type != VD_TYPE_NONE && type <= VD_MXFP4;
    }
    char words[96];
    snprintf(words, sizeof words, "has %llu numbers instead of %llu", (unsigned long long)sum,
             (unsigned long long)count);
    if (sum != count || !types)
        problem(w, p->name[0], types ? words : "has a type we cannot compute with");
    return sum == count && types;
}

struct vd_span weights_f32(struct weights *w, const char *name, const char *kind, uint64_t count) {
    bool fresh;
    struct entry *e = entry_of(w, name, kind[0] ? kind[1] : 'n', &fresh);
    if (!e) keep(w, VIDI_E_MEMORY);
    if (w->status != VIDI_OK) return (struct vd_span){0};
    struct parts p;
    if (!fresh || !find(w, name, kind, &p)) return e->f32;
    if (holds(w, &p, count)) keep(w, make_vector(w, &p, count, &e->f32));
    return e->f32;
}

bool weights_numbers(struct weights *w, const char *name, const char *kind, uint64_t count,
                     float *out) {
    struct parts p;
    if (w->status != VIDI_OK || !find(w, name, kind, &p) || !holds(w, &p, count)) return false;
    for (uint32_t i = 0; i < p.n; i++) {
        if (!keep(w, numbers(w, p.tensor[i], out))) return false;
        out += p.tensor[i]->dims[0] * rows_of(p.tensor[i]);
    }
    return true;
}

bool weights_row(struct weights *w, const char *name, uint32_t rows, uint64_t cols, uint32_t row,
                 float *out) {
    struct parts p;
    if (w->status != VIDI_OK || !find(w, name, ".weight", &p)) return false;
    if (!holds(w, &p, rows * cols)) return false;
    if (p.n != 1 || p.tensor[0]->dims[0] != cols || row >= rows) {
        problem(w, p.name[0], "has rows of another length");
        return false;
    }
    return keep(w, some_rows(w, p.tensor[0], row, 1, out));
}
