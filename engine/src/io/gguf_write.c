#include "io/gguf_write.h"

#include <string.h>

#include "io/gguf_read.h"

enum { VERSION = 3, ALIGNMENT = 32, BUFFER_BYTES = 1 << 20, STRING_LENGTH = 8 };

static vidi_status failed(struct gguf_writer *w) {
    return vd_fail(w->ctx, VIDI_E_IO, "%.600s: cannot be written: %s", w->path, w->file->why);
}

vidi_status gguf_write_open(struct vd_ctx *ctx, const char *path, struct gguf_writer *w) {
    *w = (struct gguf_writer){.ctx = ctx, .path = path};
    w->buffer = vd_alloc(ctx, BUFFER_BYTES);
    struct replace *file = w->buffer ? vd_alloc(ctx, sizeof *file) : NULL;
    if (!file) return VIDI_E_MEMORY;
    w->file = file;
    return replace_open(file, path, 0666) ? VIDI_OK : failed(w);
}

static vidi_status flush(struct gguf_writer *w) {
    const bool good = replace_write(w->file, w->buffer, w->waiting);
    w->waiting = 0;
    return good ? VIDI_OK : failed(w);
}

static vidi_status put(struct gguf_writer *w, const void *data, uint64_t bytes) {
    const unsigned char *from = data;
    w->at += bytes;
    while (bytes) {
        const uint64_t room = BUFFER_BYTES - w->waiting, n = bytes < room ? bytes : room;
        memcpy(w->buffer + w->waiting, from, n);
        w->waiting += (uint32_t)n;
        from += n;
        bytes -= n;
        if (w->waiting == BUFFER_BYTES) TRY(flush(w));
    }
    return VIDI_OK;
}

static vidi_status put_number(struct gguf_writer *w, uint64_t value, uint32_t bytes) {
    unsigned char le[8];
    for (uint32_t i = 0; i < bytes; i++) le[i] = (unsigned char)(value >> (8 * i));
    return put(w, le, bytes);
}

static vidi_status put_str(struct gguf_writer *w, struct str s) {
    TRY(put_number(w, s.len, STRING_LENGTH));
    return put(w, s.ptr, s.len);
}

static vidi_status put_zeros(struct gguf_writer *w) {
    static const unsigned char zeros[ALIGNMENT];
    const uint64_t over = w->at % ALIGNMENT;
    return over ? put(w, zeros, ALIGNMENT - over) : VIDI_OK;
}

static vidi_status put_value(struct gguf_writer *w, const struct gguf_value *v) {
    TRY(put_str(w, v->key));
    TRY(put_number(w, v->kind, 4));
    if (v->kind == GGUF_ARRAY) {
        TRY(put_number(w, v->item, 4));
        TRY(put_number(w, v->n, 8));
    }
    if (v->item != GGUF_STRING) return put(w, v->data, v->n * gguf_kind_bytes(v->item));
    for (uint64_t i = 0; i < v->n; i++) TRY(put_str(w, gguf_str_at(v, i)));
    return VIDI_OK;
}

vidi_status gguf_write_head(struct gguf_writer *w, const struct gguf_head *head) {
    uint64_t offset = 0;
    TRY(put(w, "GGUF", 4));
    TRY(put_number(w, VERSION, 4));
    TRY(put_number(w, head->n_tensors, 8));
    TRY(put_number(w, head->n_values, 8));
    for (uint32_t i = 0; i < head->n_values; i++) TRY(put_value(w, head->values[i]));
    for (uint32_t i = 0; i < head->n_tensors; i++) {
        const struct gguf_tensor *t = &head->tensors[i];
        TRY(put_str(w, t->name));
        TRY(put_number(w, t->n_dims, 4));
        for (uint32_t d = 0; d < t->n_dims; d++) TRY(put_number(w, t->dims[d], 8));
        TRY(put_number(w, t->gguf_type, 4));
        TRY(put_number(w, offset, 8));
        offset += (t->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return put_zeros(w);
}

vidi_status gguf_write_data(struct gguf_writer *w, const void *data, uint64_t bytes, bool last) {
    TRY(put(w, data, bytes));
    return last ? put_zeros(w) : VIDI_OK;
}

vidi_status gguf_write_done(struct gguf_writer *w) {
    TRY(flush(w));
    return replace_done(w->file) ? VIDI_OK : failed(w);
}

void gguf_write_close(struct gguf_writer *w) {
    if (w->file) replace_drop(w->file);
    if (w->ctx) vd_free(w->ctx, w->file);
    if (w->ctx) vd_free(w->ctx, w->buffer);
    *w = (struct gguf_writer){0};
}
