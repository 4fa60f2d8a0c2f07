/* picture_gif.c - the first frame of a GIF, by giflib, on the whole of its screen. */
#include "io/picture_without.h"

#ifndef VIDI_HAS_GIF
PICTURE_WITHOUT(gif, "a GIF picture", "libgif-dev")
#else
#include <gif_lib.h>
#include <string.h>

#include "io/bytes.h"

vidi_status gif_probe(const struct probe *p) {
    if (p->bytes < 13) return probe_refuse(p, "ends inside the GIF header");
    return probe_size(p, load_le(p->data + 6, 2), load_le(p->data + 8, 2));
}

struct gif {
    const struct probe *p;
    const struct sheet *to;
    uint64_t at; /* what the library has read of the file */
    GifFileType *lib;
    int clear; /* the index that is transparent; -1: none */
    uint8_t *indices, *row;
};

static int read_bytes(GifFileType *lib, GifByteType *to, int n) {
    struct gif *g = lib->UserData;
    const uint64_t left = g->p->bytes - g->at;
    const uint64_t take = n < 0 ? 0 : (uint64_t)n < left ? (uint64_t)n : left;
    if (take) memcpy(to, g->p->data + g->at, take);
    g->at += take;
    return (int)take;
}

static vidi_status gif_failed(const struct gif *g, int code) {
    const char *why = GifErrorString(code);
    if (code == D_GIF_ERR_READ_FAILED || code == D_GIF_ERR_EOF_TOO_SOON)
        return probe_refuse(g->p, "ends at byte %llu, before the GIF's first frame is whole",
                            (unsigned long long)g->p->bytes);
    return probe_refuse(g->p, "the GIF is damaged: %.150s", why ? why : "unknown");
}

static bool gif_extension(struct gif *g) {
    int code;
    GifByteType *bytes;
    if (DGifGetExtension(g->lib, &code, &bytes) == GIF_ERROR) return false;
    while (bytes) {
        GraphicsControlBlock block;
        if (code == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(bytes[0], bytes + 1, &block) == GIF_OK)
            g->clear = block.TransparentColor;
        if (DGifGetExtensionNext(g->lib, &bytes) == GIF_ERROR) return false;
    }
    return true;
}

/* Where the n-th stored row of a frame belongs: interlaced ones come in four passes. */
static uint32_t gif_row(const GifImageDesc *frame, uint32_t n) {
    static const struct { uint32_t first, step; } passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    const uint32_t height = (uint32_t)frame->Height;
    if (!frame->Interlace) return n;
    for (int i = 0; i < 4; i++) {
        const uint32_t rows = height > passes[i].first
                                  ? (height - passes[i].first + passes[i].step - 1) / passes[i].step
                                  : 0;
        if (n < rows) return passes[i].first + n * passes[i].step;
        n -= rows;
    }
    return height;
}

/* An index behind the palette is black. */
static void gif_colours(const struct gif *g, const ColorMapObject *map, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        const int index = g->indices[x];
        const GifColorType none = {0};
        const GifColorType c = index < map->ColorCount ? map->Colors[index] : none;
        const uint8_t pixel[4] = {c.Red, c.Green, c.Blue, index == g->clear ? 0 : 255};
        memcpy(g->row + 4 * x, pixel, 4);
    }
}

static vidi_status gif_frame(struct gif *g) {
    if (DGifGetImageDesc(g->lib) == GIF_ERROR) return gif_failed(g, g->lib->Error);
    const GifImageDesc *frame = &g->lib->Image;
    const ColorMapObject *map = frame->ColorMap ? frame->ColorMap : g->lib->SColorMap;
    if (!map) return probe_refuse(g->p, "is a GIF without a palette");
    const uint32_t width = (uint32_t)frame->Width, left = (uint32_t)frame->Left;
    const uint32_t height = (uint32_t)frame->Height, top = (uint32_t)frame->Top;
    if (width == 0 || height == 0)
        return probe_refuse(g->p, "has a GIF frame of %u x %u pixels", width, height);
    g->indices = vd_alloc(g->p->ctx, width);
    g->row = vd_alloc(g->p->ctx, 4 * (uint64_t)width);
    if (!g->indices || !g->row) return VIDI_E_MEMORY;
    memset(g->to->rgb, 255, 3 * (size_t)g->to->width * g->to->height);
    for (uint32_t n = 0; n < height; n++) {
        if (DGifGetLine(g->lib, g->indices, (int)width) == GIF_ERROR)
            return gif_failed(g, g->lib->Error);
        const uint32_t y = top + gif_row(frame, n);
        if (y >= g->to->height || left >= g->to->width) continue; /* outside of the screen */
        const uint32_t room = g->to->width - left;
        gif_colours(g, map, width);
        sheet_span(g->to, left, y, width < room ? width : room, g->row, 4);
    }
    return VIDI_OK;
}

static vidi_status gif_first(struct gif *g) {
    for (;;) {
        GifRecordType type;
        if (DGifGetRecordType(g->lib, &type) == GIF_ERROR) return gif_failed(g, g->lib->Error);
        if (type == IMAGE_DESC_RECORD_TYPE) return gif_frame(g);
        if (type == TERMINATE_RECORD_TYPE) return probe_refuse(g->p, "is a GIF without a frame");
        if (type == EXTENSION_RECORD_TYPE && !gif_extension(g)) return gif_failed(g, g->lib->Error);
    }
}

vidi_status gif_decode(const struct probe *p, const struct sheet *to) {
    struct gif g = {.p = p, .to = to, .clear = -1};
    int code = 0;
    g.lib = DGifOpen(&g, read_bytes, &code);
    if (!g.lib) return gif_failed(&g, code);
    const vidi_status status = gif_first(&g);
    DGifCloseFile(g.lib, &code);
    vd_free(p->ctx, g.indices);
    vd_free(p->ctx, g.row);
    return status;
}
#endif
