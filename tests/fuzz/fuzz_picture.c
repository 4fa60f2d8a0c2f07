/* picture_decode() on any bytes: an error with words, or a picture within the limits of picture.h,
 * from a heap within its cap. The checksums of PNG chunks are put right first, so that changes
 * reach the decoder. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "io/exif.h"
#include "io/picture.h"
#include "io/picture_probe.h"

static void hold(int condition) {
    if (!condition) __builtin_trap();
}

static void mend_png(uint8_t *data, size_t bytes) {
    if (bytes < 8 || memcmp(data, "\x89PNG", 4) != 0) return;
    for (uint64_t at = 8, len; bytes - at >= 12; at += 12 + len) {
        len = load_be(data + at, 4);
        if (len > bytes - at - 12) return;
        const uint32_t crc = crc32_bytes(data + at + 4, len + 4);
        for (int i = 0; i < 4; i++) data[at + 8 + len + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes) {
    uint8_t *data = malloc(bytes ? bytes : 1);
    if (bytes) memcpy(data, input, bytes);
    mend_png(data, bytes);
    struct vd_ctx ctx = {0};
    struct picture p;
    const uint32_t turn = exif_orientation(data, bytes);
    hold(turn >= 1 && turn <= 8);
    struct picture_info info;
    const bool sound = picture_probe(&ctx, "F", data, bytes, &info) == VIDI_OK;
    if (sound && (uint64_t)info.width * info.height > 200000) { /* slow, and nothing new in it */
        free(data);
        return 0;
    }
    const vidi_status status = picture_decode(&ctx, "F", data, bytes, &p);
    hold(status == VIDI_OK || (status == VIDI_E_IMAGE && strncmp(ctx.error, "F: ", 3) == 0));
    hold(ctx.heap.peak_bytes <= UINT64_C(5) << 28);
    if (status == VIDI_OK) {
        const uint64_t pixels = (uint64_t)p.width * p.height;
        hold(p.width && p.height && p.width <= 65535 && p.height <= 65535 && pixels <= 64000000);
        hold(3 * pixels <= 4096 * (uint64_t)bytes + (16 << 20));
        volatile uint8_t last = p.rgb[3 * pixels - 1];
        (void)last;
    } else {
        hold(p.rgb == NULL);
    }
    picture_free(&ctx, &p);
    hold(ctx.heap.live_bytes == 0);
    free(data);
    return 0;
}
