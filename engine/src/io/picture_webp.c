/* picture_webp.c - WebP by libwebp; the first frame of an animated one. */
#include "io/picture_without.h"

#ifndef VIDI_HAS_WEBP
PICTURE_WITHOUT(webp, "a WebP picture", "libwebp-dev")
#else
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "io/exif.h"

static WebPDemuxer *webp_open(const struct probe *p) {
    const WebPData data = {p->data, p->bytes};
    return WebPDemux(&data);
}

static uint32_t webp_orientation(const WebPDemuxer *file) {
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(file, "EXIF", 1, &chunk)) return 1;
    const uint8_t *tiff = chunk.chunk.bytes;
    uint64_t bytes = chunk.chunk.size;
    if (bytes >= 6 && memcmp(tiff, "Exif\0", 6) == 0) { /* as JPEG has it; some writers add it */
        tiff += 6;
        bytes -= 6;
    }
    const uint32_t orientation = exif_orientation(tiff, bytes);
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
}

vidi_status webp_probe(const struct probe *p) {
    WebPDemuxer *file = webp_open(p);
    if (!file) return probe_refuse(p, "the WebP picture is damaged or ends too early");
    p->info->orientation = webp_orientation(file);
    const vidi_status status = probe_size(p, WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH),
                                          WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT));
    WebPDemuxDelete(file);
    return status;
}

static vidi_status webp_frame(const struct probe *p, const WebPIterator *frame,
                              const struct sheet *to) {
    const uint64_t width = (uint64_t)frame->width, height = (uint64_t)frame->height;
    const uint64_t x = (uint64_t)frame->x_offset, y = (uint64_t)frame->y_offset;
    if (frame->width <= 0 || frame->height <= 0 || frame->x_offset < 0 || frame->y_offset < 0 ||
        x + width > to->width || y + height > to->height)
        return probe_refuse(p, "the WebP picture's first frame does not fit into it");
    uint8_t *rgba = vd_alloc(p->ctx, width * height * 4);
    if (!rgba) return VIDI_E_MEMORY;
    const bool good = WebPDecodeRGBAInto(frame->fragment.bytes, frame->fragment.size, rgba,
                                         width * height * 4, (int)width * 4) != NULL;
    memset(to->rgb, 255, 3 * (size_t)to->width * to->height);
    for (uint64_t row = 0; good && row < height; row++)
        sheet_span(to, (uint32_t)x, (uint32_t)(y + row), (uint32_t)width, rgba + row * width * 4,
                   4);
    vd_free(p->ctx, rgba);
    return good ? VIDI_OK : probe_refuse(p, "the WebP picture is damaged or ends too early");
}

vidi_status webp_decode(const struct probe *p, const struct sheet *to) {
    WebPDemuxer *file = webp_open(p);
    WebPIterator frame;
    if (!file || !WebPDemuxGetFrame(file, 1, &frame)) {
        WebPDemuxDelete(file);
        return probe_refuse(p, "the WebP picture has no frame");
    }
    const vidi_status status = webp_frame(p, &frame, to);
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(file);
    return status;
}
#endif
