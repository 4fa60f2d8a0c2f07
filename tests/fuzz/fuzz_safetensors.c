/* safetensors_open_memory() on any bytes: words and nothing left behind, or tensors that lie inside
 * the file, have the bytes their shape needs, and fill the data without gap or overlap. */
#include <stdint.h>
#include <string.h>

#include "io/safetensors.h"

static void must(bool holds) {
    if (!holds) __builtin_trap();
}

static uint64_t item_bytes(const char *dtype) {
    const size_t n = strlen(dtype);
    if (strcmp(dtype, "BOOL") == 0 || strncmp(dtype, "F8", 2) == 0) return 1;
    if (n >= 2 && strcmp(dtype + n - 2, "64") == 0) return 8;
    if (n >= 2 && strcmp(dtype + n - 2, "32") == 0) return 4;
    if (n >= 2 && strcmp(dtype + n - 2, "16") == 0) return 2;
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct vd_ctx ctx = {0};
    struct safetensors s;
    if (safetensors_open_memory(&ctx, "input", data, bytes, &s) != VIDI_OK) {
        must(strncmp(ctx.error, "input: ", 7) == 0 && ctx.heap.live_bytes == 0);
        return 0;
    }
    uint64_t header = 0, all = 0;
    for (int i = 8; i-- > 0;) header = header << 8 | data[i];
    for (uint32_t i = 0; i < s.n_tensors; i++) {
        const struct st_tensor *t = &s.tensors[i];
        long double want = (long double)item_bytes(t->dtype);
        for (uint32_t d = 0; d < t->n_dims; d++) want *= (long double)t->dims[d];
        must(want == (long double)t->bytes);
        must((const uint8_t *)t->data == data + 8 + header + all); /* sorted: no gap, no overlap */
        all += t->bytes;
        must(safetensors_find(&s, t->name) == t);
    }
    must(8 + header + all == bytes);
    safetensors_close(&s);
    must(ctx.heap.live_bytes == 0);
    return 0;
}
