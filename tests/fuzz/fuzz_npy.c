/* npy_decode() on any bytes: an error with words, or as many entries as the dims say, all of them
 * in the file, and no more heap than twice the file and one block of the arena. */
#include <stdint.h>
#include <string.h>

#include "io/npy.h"

static void hold(int condition) {
    if (!condition) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct vd_ctx ctx = {0};
    struct arena a;
    struct npy n;
    arena_open(&a, &ctx);
    const vidi_status status = npy_decode(&a, "F", data, bytes, &n);
    hold(status == VIDI_OK || (status == VIDI_E_FORMAT && strncmp(ctx.error, "F: ", 3) == 0));
    hold(ctx.heap.peak_bytes <= 2 * bytes + 8192);
    if (status == VIDI_OK) {
        hold(n.n_dims <= 8 && (n.f != NULL) != (n.i != NULL) && n.count <= bytes / 4);
        long double count = 1;
        for (uint32_t d = 0; d < n.n_dims; d++) count *= (long double)n.dims[d];
        hold(count == (long double)n.count);
        volatile float sum = 0;
        for (uint64_t i = 0; i < n.count; i++) sum = n.f ? n.f[i] : (float)n.i[i];
        (void)sum;
    }
    arena_close(&a);
    hold(ctx.heap.live_bytes == 0);
    return 0;
}
