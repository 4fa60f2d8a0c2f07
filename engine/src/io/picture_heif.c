/* picture_heif.c - HEIC and AVIF by libheif. It turns and mirrors as the file's boxes tell; the
 * orientation in their EXIF means the same once more and is not for us. */
#include "io/picture_without.h"

#ifndef VIDI_HAS_HEIF
PICTURE_WITHOUT(heif, "a HEIC or AVIF picture", "libheif-dev")
#else
#include <libheif/heif.h>

static vidi_status heif_failed(const struct probe *p, struct heif_error error) {
    return probe_refuse(p, "the HEIC or AVIF picture is damaged or of an unusual kind: %.150s",
                        error.message ? error.message : "unknown");
}

/* Opens the file up to its main picture. */
static vidi_status heif_open(const struct probe *p, struct heif_context **file,
                             struct heif_image_handle **main) {
    *main = NULL;
    *file = heif_context_alloc();
    if (!*file) return vd_fail(p->ctx, VIDI_E_MEMORY, "%.600s: no memory to read it", p->name);
    struct heif_error error =
        heif_context_read_from_memory_without_copy(*file, p->data, p->bytes, NULL);
    if (error.code == heif_error_Ok) error = heif_context_get_primary_image_handle(*file, main);
    return error.code == heif_error_Ok ? VIDI_OK : heif_failed(p, error);
}

static void heif_close(struct heif_context *file, struct heif_image_handle *main) {
    if (main) heif_image_handle_release(main);
    if (file) heif_context_free(file);
}

vidi_status heif_probe(const struct probe *p) {
    struct heif_context *file;
    struct heif_image_handle *main;
    vidi_status status = heif_open(p, &file, &main);
    if (status == VIDI_OK) {
        const int width = heif_image_handle_get_width(main);
        const int height = heif_image_handle_get_height(main);
        status = probe_size(p, width < 0 ? 0 : (uint64_t)width, height < 0 ? 0 : (uint64_t)height);
    }
    heif_close(file, main);
    return status;
}

static vidi_status heif_rows(const struct probe *p, const struct heif_image *image,
                             const struct sheet *to, uint32_t channels) {
    int stride = 0;
    const uint8_t *rows = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    const int width = heif_image_get_width(image, heif_channel_interleaved);
    const int height = heif_image_get_height(image, heif_channel_interleaved);
    if (!rows || (int64_t)stride < (int64_t)width * channels)
        return probe_refuse(p, "the HEIC or AVIF picture has no pixels");
    if (width != (int)to->width || height != (int)to->height)
        return probe_refuse(p, "tells its size twice, differently");
    for (uint32_t y = 0; y < to->height; y++)
        sheet_row(to, y, rows + (uint64_t)y * (uint64_t)stride, channels);
    return VIDI_OK;
}

static vidi_status heif_pixels(const struct probe *p, const struct heif_image_handle *main,
                               const struct sheet *to) {
    const bool alpha = heif_image_handle_has_alpha_channel(main);
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (!options) return vd_fail(p->ctx, VIDI_E_MEMORY, "%.600s: no memory to read it", p->name);
    options->convert_hdr_to_8bit = 1;
    struct heif_image *image = NULL;
    const struct heif_error error = heif_decode_image(
        main, &image, heif_colorspace_RGB,
        alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, options);
    heif_decoding_options_free(options);
    if (error.code != heif_error_Ok) return heif_failed(p, error);
    struct sheet sheet = *to;
    sheet.multiplied = alpha && heif_image_is_premultiplied_alpha(image);
    const vidi_status status = heif_rows(p, image, &sheet, alpha ? 4 : 3);
    heif_image_release(image);
    return status;
}

vidi_status heif_decode(const struct probe *p, const struct sheet *to) {
    struct heif_context *file;
    struct heif_image_handle *main;
    vidi_status status = heif_open(p, &file, &main);
    if (status == VIDI_OK) status = heif_pixels(p, main, to);
    heif_close(file, main);
    return status;
}
#endif
