/* oracle_gguf.h - the promise of gguf.h, checked from outside: after VIDI_OK every tensor lies
 * inside the file, has the bytes its shape and type need, and no two overlap; every value lies
 * inside the metadata; the heap stayed below 3 x metadata + 16 MiB. After an error: words, and
 * nothing left allocated. Sizes are computed here once more, with other arithmetic and from a table
 * of its own. */
#ifndef ORACLE_GGUF_H
#define ORACLE_GGUF_H
#include <stdlib.h>
#include <string.h>

#include "io/gguf.h"

#define ORACLE(cond)               \
    do {                           \
        if (!(cond)) {             \
            oracle_failed = #cond; \
            return false;          \
        }                          \
    } while (0)
static const char *oracle_failed; /* what did not hold */

/* Elements and bytes of a block by ggml's type number; 0: no such type. */
static const unsigned short oracle_types[40][2] = {
    [0] = {1, 4},      [1] = {1, 2},      [2] = {32, 18},    [3] = {32, 20},    [6] = {32, 22},
    [7] = {32, 24},    [8] = {32, 34},    [9] = {32, 36},    [10] = {256, 84},  [11] = {256, 110},
    [12] = {256, 144}, [13] = {256, 176}, [14] = {256, 210}, [15] = {256, 292}, [16] = {256, 66},
    [17] = {256, 74},  [18] = {256, 98},  [19] = {256, 50},  [20] = {32, 18},   [21] = {256, 110},
    [22] = {256, 82},  [23] = {256, 136}, [24] = {1, 1},     [25] = {1, 2},     [26] = {1, 4},
    [27] = {1, 8},     [28] = {1, 8},     [29] = {256, 56},  [30] = {1, 2},     [34] = {256, 54},
    [35] = {256, 66},  [39] = {32, 17},
};

static bool oracle_tensor(const struct gguf *g, const struct gguf_tensor *t) {
    ORACLE(t->gguf_type < 40 && oracle_types[t->gguf_type][0]);
    ORACLE(t->n_dims <= 4);
    long double bytes =
        oracle_types[t->gguf_type][1]; /* exact: 64 bits of mantissa, or it is huge */
    for (int i = 0; i < 4; i++) {
        ORACLE(t->dims[i] >= 1 && t->dims[i] <= 0x7fffffff);
        bytes *= (long double)t->dims[i];
    }
    ORACLE(t->dims[0] % oracle_types[t->gguf_type][0] == 0);
    ORACLE(bytes / oracle_types[t->gguf_type][0] == (long double)t->bytes);
    const unsigned char *data = t->data;
    ORACLE(data >= g->map + g->data_start && data <= g->map + g->file_bytes);
    ORACLE(t->bytes <= (uint64_t)(g->map + g->file_bytes - data));
    ORACLE((uint64_t)(data - g->map) % g->alignment == 0);
    ORACLE(t->name.len >= 1 && t->name.len <= 64);
    return true;
}

static int oracle_by_data(const void *a, const void *b) {
    const struct gguf_tensor *x = *(struct gguf_tensor *const *)a,
                             *y = *(struct gguf_tensor *const *)b;
    return (x->data > y->data) - (x->data < y->data);
}

static bool oracle_apart(const struct gguf *g) {
    const struct gguf_tensor **sorted = malloc((g->n_tensors + 1) * sizeof *sorted);
    for (uint32_t i = 0; i < g->n_tensors; i++) sorted[i] = &g->tensors[i];
    qsort(sorted, g->n_tensors, sizeof *sorted, oracle_by_data);
    bool apart = true;
    for (uint32_t i = 1; i < g->n_tensors; i++)
        apart = apart && (const char *)sorted[i - 1]->data + sorted[i - 1]->bytes <=
                             (const char *)sorted[i]->data;
    free(sorted);
    ORACLE(apart);
    return true;
}

static bool oracle_value(const struct gguf *g, const struct gguf_value *v) {
    const char *begin = (const char *)g->map, *end = begin + g->file_bytes;
    ORACLE(v->key.len && v->key.ptr >= begin && v->key.ptr + v->key.len <= end);
    volatile uint64_t sum = 0; /* so that every byte is read */
    for (uint64_t i = 0; i < v->n; i++) {
        const struct str s = gguf_str_at(v, i);
        for (uint64_t k = 0; k < s.len; k++) sum += (unsigned char)s.ptr[k];
        const double d = gguf_float_at(v, i);
        sum += (uint64_t)gguf_int_at(v, i) + (d > 0);
        if (v->item == GGUF_STRING) ORACLE(s.ptr >= begin && s.ptr + s.len <= end);
        if (v->item == GGUF_BOOL) ORACLE(v->data[i] <= 1);
    }
    (void)sum;
    return true;
}

static bool oracle_sound(const struct gguf *g) {
    ORACLE(g->alignment >= 8 && g->alignment <= 65536 && (g->alignment & (g->alignment - 1)) == 0);
    ORACLE(g->version == 2 || g->version == 3);
    ORACLE(g->n_values <= 65536 && g->n_tensors <= 65536);
    for (uint32_t i = 0; i < g->n_values; i++)
        if (!oracle_value(g, &g->values[i])) return false;
    for (uint32_t i = 0; i < g->n_tensors; i++)
        if (!oracle_tensor(g, &g->tensors[i])) return false;
    return oracle_apart(g);
}

/* Opens the bytes twice. False: oracle_failed tells what did not hold. */
static bool oracle_gguf(const void *data, uint64_t bytes) {
    struct vd_ctx ctx = {0}, again = {0};
    struct gguf g, second;
    const vidi_status status = gguf_open_memory(&ctx, "F", data, bytes, &g);
    ORACLE(status == VIDI_OK || status == VIDI_E_FORMAT);
    const uint64_t metadata = status == VIDI_OK && g.data_start < bytes ? g.data_start : bytes;
    ORACLE(ctx.heap.peak_bytes <= 3 * metadata + (16 << 20));
    if (status == VIDI_OK && !oracle_sound(&g)) return false;
    ORACLE(gguf_open_memory(&again, "F", data, bytes, &second) == status);
    ORACLE(strcmp(ctx.error, again.error) == 0);
    if (status != VIDI_OK) {
        ORACLE(strncmp(ctx.error, "F: ", 3) == 0 && strstr(ctx.error, " at byte "));
        ORACLE(strlen(ctx.error) < sizeof ctx.error - 1);
    }
    gguf_close(&g);
    gguf_close(&second);
    gguf_close(&second);
    ORACLE(ctx.heap.live_bytes == 0 && again.heap.live_bytes == 0);
    return true;
}
#endif
