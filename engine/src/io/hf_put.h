/* hf_put.h - a struct gguf filled in memory: metadata values and tensors that lie elsewhere.
 *
 * The first failure is kept; put_done() reports it. Keys, strings and arrays are copied into the
 * gguf's arena; the data of tensors is not. For io/hf_*.c only. */
#ifndef VD_HF_PUT_H
#define VD_HF_PUT_H
#include "io/gguf.h"

struct put {
    struct gguf *g;     /* its ctx, path and arena are open */
    const char *prefix; /* stands before keys that begin with a dot */
    uint32_t cap_values, cap_tensors;
    vidi_status status;
};

void put_u32(struct put *p, const char *key, uint32_t value);
void put_f32(struct put *p, const char *key, double value);
void put_bool(struct put *p, const char *key, bool value);
void put_text(struct put *p, const char *key, const char *text, uint64_t len);
void put_words(struct put *p, const char *key, const char *const *words, uint32_t n);
void put_ints(struct put *p, const char *key, const int32_t *numbers, uint32_t n);
void put_floats(struct put *p, const char *key, const float *numbers, uint32_t n);

/* The name is copied. n_dims, dims, type, data and bytes are as in the GGUF order. */
void put_tensor(struct put *p, const char *name, const struct gguf_tensor *t);

/* Makes the maps of keys and names. VIDI_E_FORMAT when one occurs twice. */
vidi_status put_done(struct put *p);
#endif
