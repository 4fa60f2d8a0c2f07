/* picture_tiff.c - TIFF by libtiff, to 8 bits a sample whatever it holds. */
#include "io/picture_without.h"

#ifndef VIDI_HAS_TIFF
PICTURE_WITHOUT(tiff, "a TIFF picture", "libtiff-dev")
#else
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

#include "io/exif.h"

enum { MAX_PAGES = 64 }; /* that are looked at for one that is no reduced copy */

/* What the library's hooks are told about. */
struct tiff {
    const struct probe *p;
    uint64_t at; /* in the file */
    char words[160];
    TIFF *lib;
};

static tmsize_t tiff_read(thandle_t user, void *to, tmsize_t n) {
    struct tiff *t = user;
    if (n < 0 || t->at >= t->p->bytes) return 0;
    const uint64_t left = t->p->bytes - t->at, take = (uint64_t)n < left ? (uint64_t)n : left;
    memcpy(to, t->p->data + t->at, take);
    t->at += take;
    return (tmsize_t)take;
}

static tmsize_t tiff_write(thandle_t user, void *from, tmsize_t n) {
    (void)user;
    (void)from;
    (void)n;
    return 0;
}

static toff_t tiff_seek(thandle_t user, toff_t to, int whence) {
    struct tiff *t = user;
    if (whence == SEEK_CUR) to += t->at;
    if (whence == SEEK_END) to += t->p->bytes;
    t->at = to;
    return to;
}

static int tiff_close(thandle_t user) {
    (void)user;
    return 0;
}

static toff_t tiff_size(thandle_t user) { return ((struct tiff *)user)->p->bytes; }

/* The first complaint; one says more than those that follow from it. */
static int tiff_complaint(TIFF *lib, void *user, const char *module, const char *fmt,
                          va_list args) {
    struct tiff *t = user;
    (void)lib;
    (void)module;
    if (!t->words[0]) vsnprintf(t->words, sizeof t->words, fmt, args);
    return 1; /* it goes no further */
}

static int tiff_hush(TIFF *lib, void *user, const char *module, const char *fmt, va_list args) {
    (void)lib;
    (void)user;
    (void)module;
    (void)fmt;
    (void)args;
    return 1;
}

static vidi_status tiff_failed(const struct tiff *t) {
    return probe_refuse(t->p, "the TIFF picture is damaged or of an unusual kind: %.150s",
                        t->words[0] ? t->words : "unknown");
}

/* Goes to the page that is shown: the first that is no reduced copy of another. */
static vidi_status tiff_page(struct tiff *t) {
    void *version;
    if (TIFFGetField(t->lib, TIFFTAG_DNGVERSION, &version))
        return probe_refuse(t->p, "is a camera's raw file (DNG), not a picture that is developed");
    for (int page = 0; page < MAX_PAGES; page++) {
        uint32_t kind = 0;
        TIFFGetFieldDefaulted(t->lib, TIFFTAG_SUBFILETYPE, &kind);
        if (!(kind & FILETYPE_REDUCEDIMAGE)) return VIDI_OK;
        if (!TIFFReadDirectory(t->lib)) break;
    }
    return probe_refuse(t->p, "is a TIFF that holds only reduced copies of a picture");
}

static vidi_status tiff_open(const struct probe *p, uint64_t cap, struct tiff *t) {
    *t = (struct tiff){.p = p};
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return vd_fail(p->ctx, VIDI_E_MEMORY, "%.600s: no memory to read it", p->name);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)cap);
    TIFFOpenOptionsSetErrorHandlerExtR(options, tiff_complaint, t);
    TIFFOpenOptionsSetWarningHandlerExtR(options, tiff_hush, t);
    /* m: without a mapping of the file. */
    t->lib = TIFFClientOpenExt("", "rm", t, tiff_read, tiff_write, tiff_seek, tiff_close, tiff_size,
                               NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    if (!t->lib) return tiff_failed(t);
    const vidi_status status = tiff_page(t);
    if (status != VIDI_OK) TIFFClose(t->lib);
    return status;
}

vidi_status tiff_probe(const struct probe *p) {
    struct tiff t;
    uint32_t width = 0, height = 0;
    uint16_t orientation = 1;
    /* Before the size is known: what its tables may take. */
    TRY(tiff_open(p, 4 * p->bytes + (1 << 20), &t));
    TIFFGetField(t.lib, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(t.lib, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetFieldDefaulted(t.lib, TIFFTAG_ORIENTATION, &orientation);
    if (orientation >= 1 && orientation <= 8) p->info->orientation = orientation;
    const vidi_status status = probe_size(p, width, height);
    TIFFClose(t.lib);
    return status;
}

/* An extra sample of unknown meaning is no alpha. */
static bool tiff_alpha(TIFF *lib) {
    uint16_t n = 0, *kinds = NULL;
    return TIFFGetField(lib, TIFFTAG_EXTRASAMPLES, &n, &kinds) && n > 0 && kinds &&
           (kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA);
}

static vidi_status tiff_pixels(struct tiff *t, TIFFRGBAImage *image, const struct sheet *to) {
    const uint64_t width = to->width, height = to->height;
    if (image->width != width || image->height != height)
        return probe_refuse(t->p, "tells its size twice, differently");
    uint32_t *pixels = vd_alloc(t->p->ctx, width * height * 4);
    if (!pixels) return VIDI_E_MEMORY;
    image->req_orientation = image->orientation; /* as stored: turning is the sheet's */
    const bool good = TIFFRGBAImageGet(image, pixels, to->width, to->height) && !t->words[0];
    const bool alpha = tiff_alpha(t->lib);
    const struct sheet sheet = {to->width, to->height, to->orientation, true, to->rgb};
    for (uint64_t y = 0; good && y < height; y++) {
        uint8_t *row = (uint8_t *)(pixels + y * width);
        for (uint64_t x = 0; x < width; x++) {
            const uint32_t v = pixels[y * width + x];
            const uint8_t rgba[4] = {(uint8_t)TIFFGetR(v), (uint8_t)TIFFGetG(v),
                                     (uint8_t)TIFFGetB(v), alpha ? (uint8_t)TIFFGetA(v) : 255};
            memcpy(row + 4 * x, rgba, 4);
        }
        sheet_row(&sheet, (uint32_t)y, row, 4);
    }
    vd_free(t->p->ctx, pixels);
    return good ? VIDI_OK : tiff_failed(t);
}

vidi_status tiff_decode(const struct probe *p, const struct sheet *to) {
    struct tiff t;
    TIFFRGBAImage image;
    char words[1024] = "";
    TRY(tiff_open(p, probe_heap_cap(p), &t));
    vidi_status status;
    if (TIFFRGBAImageOK(t.lib, words) && TIFFRGBAImageBegin(&image, t.lib, 1, words)) {
        status = tiff_pixels(&t, &image, to);
        TIFFRGBAImageEnd(&image);
    } else {
        if (words[0]) snprintf(t.words, sizeof t.words, "%.150s", words);
        status = tiff_failed(&t);
    }
    TIFFClose(t.lib);
    return status;
}
#endif
