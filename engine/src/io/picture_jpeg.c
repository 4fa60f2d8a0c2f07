/* picture_jpeg.c - JPEG: the head by our own code, the pixels by libjpeg-turbo. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
/* In this order: its header wants FILE and size_t. */
#include <jerror.h>
#include <jpeglib.h>

#include "io/bytes.h"
#include "io/exif.h"
#include "io/picture_probe.h"

/* Each scan of a progressive JPEG passes over the whole picture and may cost only a few bytes of
 * file. Encoders write about ten. */
enum { MAX_SCANS = 64 };

/* ---- head ---- */

struct jpeg {
    const struct probe *p;
    uint64_t at;
    uint32_t components;
    bool has_exif, has_adobe;
};

struct jpeg_segment {
    uint32_t marker;
    const unsigned char *body; /* behind its length */
    uint64_t bytes, at;
};

static vidi_status jpeg_cut(const struct jpeg *j) {
    return probe_refuse(j->p, "ends at byte %llu, before the JPEG's first scan",
                        (unsigned long long)j->p->bytes);
}

/* The next marker; bytes that are none are passed over. */
static vidi_status jpeg_marker(struct jpeg *j, uint32_t *out) {
    const unsigned char *d = j->p->data;
    for (uint64_t i = j->at; j->p->bytes - i >= 2; i++) {
        const uint32_t code = d[i + 1];
        const bool stuffed = code == 0 || code == 0xff || (code >= 0xd0 && code <= 0xd7);
        if (d[i] != 0xff || stuffed) continue;
        *out = code;
        j->at = i + 2;
        return VIDI_OK;
    }
    return jpeg_cut(j);
}

static vidi_status jpeg_segment(struct jpeg *j, struct jpeg_segment *out) {
    const uint64_t left = j->p->bytes - j->at;
    const uint64_t len = left < 2 ? 2 : load_be(j->p->data + j->at, 2);
    if (left < len) return jpeg_cut(j);
    if (len < 2)
        return probe_refuse(j->p, "the JPEG segment at byte %llu has a length of %llu bytes",
                            (unsigned long long)j->at, (unsigned long long)len);
    out->body = j->p->data + j->at + 2;
    out->bytes = len - 2;
    out->at = j->at;
    j->at += len;
    return VIDI_OK;
}

static vidi_status jpeg_frame(struct jpeg *j, const struct jpeg_segment *s) {
    const struct probe *p = j->p;
    const bool usual = s->marker <= 0xc2 || s->marker == 0xc9 || s->marker == 0xca;
    if (!usual)
        return probe_refuse(p, "is a JPEG of the unusual kind SOF%u (lossless or hierarchical)",
                            s->marker - 0xc0);
    if (j->components) return probe_refuse(p, "is a JPEG with two frames");
    if (s->bytes < 6)
        return probe_refuse(p, "the JPEG frame at byte %llu is too short",
                            (unsigned long long)s->at);
    if (s->body[0] != 8) return probe_refuse(p, "is a JPEG of %u bits, not 8", s->body[0]);
    j->components = s->body[5];
    if (j->components != 1 && j->components != 3 && j->components != 4)
        return probe_refuse(p, "is a JPEG of %u components, not 1, 3 or 4", j->components);
    return probe_size(p, load_be(s->body + 3, 2), load_be(s->body + 1, 2));
}

static vidi_status jpeg_take(struct jpeg *j, const struct jpeg_segment *s) {
    const bool frame = s->marker >= 0xc0 && s->marker <= 0xcf && s->marker != 0xc4 &&
                       s->marker != 0xc8 && s->marker != 0xcc;
    if (frame) return jpeg_frame(j, s);
    if (s->marker == 0xe1 && !j->has_exif && s->bytes >= 6 && memcmp(s->body, "Exif\0", 6) == 0) {
        j->has_exif = true;
        j->p->info->orientation = exif_orientation(s->body + 6, s->bytes - 6);
    }
    if (s->marker == 0xee && s->bytes >= 5 && memcmp(s->body, "Adobe", 5) == 0) j->has_adobe = true;
    if (s->marker == 0xda && j->components == 0)
        return probe_refuse(j->p, "is a JPEG whose scan comes before its size");
    return VIDI_OK;
}

vidi_status jpeg_probe(const struct probe *p) {
    struct jpeg j = {.p = p, .at = 2};
    struct jpeg_segment s = {0};
    while (s.marker != 0xda) {
        TRY(jpeg_marker(&j, &s.marker));
        if (s.marker == 0xd9) return probe_refuse(p, "is a JPEG without a scan");
        if (s.marker == 0xd8 || s.marker == 0x01) continue; /* they have no length */
        TRY(jpeg_segment(&j, &s));
        TRY(jpeg_take(&j, &s));
    }
    if (j.components == 4 && !j.has_adobe)
        return probe_refuse(p, "is a JPEG of 4 components of unknown colours");
    return VIDI_OK;
}

/* ---- pixels ---- */

/* What the decoder's hooks are told about: they get one of its members and find the rest. */
struct decoding {
    struct jpeg_decompress_struct lib;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out; /* where a failure goes */
    const struct probe *p;
    const struct sheet *to;
    unsigned char *row;            /* of to->width pixels of 4 bytes */
    char words[JMSG_LENGTH_MAX];   /* of the failure, or of the first complaint */
    bool complained, cut;          /* cut: the file ended before its pixels did */
    uint32_t cut_scan, cut_row;    /* where: the scan, from 1; whole rows of it that came */
    bool too_many_scans, too_much; /* the failure is one of our limits */
};

static void on_error(j_common_ptr lib) {
    struct decoding *d = lib->client_data;
    d->too_much =
        lib->err->msg_code == JERR_OUT_OF_MEMORY || lib->err->msg_code == JERR_NO_BACKING_STORE;
    lib->err->format_message(lib, d->words);
    longjmp(d->out, 1);
}

/* Level -1 tells of damage that was passed over. */
static void on_message(j_common_ptr lib, int level) {
    struct decoding *d = lib->client_data;
    if (level >= 0 || d->cut) return;
    if (lib->err->msg_code == JWRN_JPEG_EOF) {
        const uint64_t rows = (uint64_t)d->lib.input_iMCU_row * d->lib.max_v_samp_factor * DCTSIZE;
        d->cut = true;
        d->cut_scan = (uint32_t)d->lib.input_scan_number;
        d->cut_row = rows < d->lib.image_height ? (uint32_t)rows : d->lib.image_height;
        return;
    }
    if (!d->complained) lib->err->format_message(lib, d->words);
    d->complained = true;
}

static void on_progress(j_common_ptr lib) {
    struct decoding *d = lib->client_data;
    if (d->lib.input_scan_number <= MAX_SCANS) return;
    d->too_many_scans = true;
    longjmp(d->out, 1);
}

/* Adobe's CMYK comes inverted: how much of each ink is *not* there. */
static void inks_to_rgb(unsigned char *row, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        const uint32_t light = row[4 * x + 3];
        for (uint32_t c = 0; c < 3; c++) {
            const uint32_t ink = 255u - row[4 * x + c];
            const uint32_t taken = (ink * light + 127) / 255;
            row[3 * x + c] = (unsigned char)(light - taken);
        }
    }
}

static vidi_status jpeg_failed(const struct decoding *d) {
    if (d->too_many_scans) return probe_refuse(d->p, "is a JPEG of more than %d scans", MAX_SCANS);
    if (d->too_much)
        return probe_refuse(d->p, "decoding needs more than the limit of %llu bytes",
                            (unsigned long long)probe_heap_cap(d->p));
    return probe_refuse(d->p, "the JPEG is damaged or of an unusual kind: %.150s", d->words);
}

/* What is shown though it is not whole is told of. */
static vidi_status tell(const struct decoding *d) {
    const unsigned long long end = d->p->bytes;
    if (d->cut && d->cut_scan <= 1 && d->cut_row == 0)
        return probe_refuse(d->p, "ends at byte %llu, inside the JPEG's first rows", end);
    if (d->cut && d->cut_scan <= 1)
        vd_log(d->p->ctx, VD_LOG_WARN,
               "%.600s: the file ends too early, at byte %llu: only the first %u of %u rows of the "
               "picture are there",
               d->p->name, end, d->cut_row, d->p->info->height);
    else if (d->cut)
        vd_log(d->p->ctx, VD_LOG_WARN,
               "%.600s: the file ends too early, at byte %llu, inside scan %u: finer parts of the "
               "picture are missing",
               d->p->name, end, d->cut_scan);
    else if (d->complained)
        vd_log(d->p->ctx, VD_LOG_WARN, "%.600s: damaged, parts of it may be wrong: %s", d->p->name,
               d->words);
    return VIDI_OK;
}

static vidi_status read_rows(struct decoding *d) {
    struct jpeg_decompress_struct *lib = &d->lib;
    const struct picture_info *info = d->p->info;
    jpeg_mem_src(lib, d->p->data, (unsigned long)d->p->bytes);
    jpeg_read_header(lib, TRUE);
    const bool inks = lib->num_components == 4, grey = lib->num_components == 1;
    lib->out_color_space = inks ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    lib->scale_num = 1;
    lib->scale_denom = info->shrink;
    jpeg_start_decompress(lib);
    if (lib->output_width != d->to->width || lib->output_height != d->to->height)
        return probe_refuse(d->p, "tells its size twice, differently");
    while (lib->output_scanline < lib->output_height) {
        const uint32_t y = lib->output_scanline;
        jpeg_read_scanlines(lib, &d->row, 1);
        if (inks) inks_to_rgb(d->row, d->to->width);
        sheet_row(d->to, y, d->row, grey ? 1 : 3);
    }
    /* What comes behind the last row, up to an end that may be missing, is of no interest. */
    return tell(d);
}

/* Here alone a failure of the decoder comes back. */
static vidi_status guarded(struct decoding *d) {
    if (setjmp(d->out)) return jpeg_failed(d);
    jpeg_create_decompress(&d->lib);
    d->lib.mem->max_memory_to_use = (long)probe_heap_cap(d->p);
    d->lib.progress = &d->progress;
    return read_rows(d);
}

vidi_status jpeg_decode(const struct probe *p, const struct sheet *to) {
    struct decoding *d = vd_alloc(p->ctx, sizeof *d);
    if (!d) return VIDI_E_MEMORY;
    d->p = p;
    d->to = to;
    d->row = vd_alloc(p->ctx, 4 * (uint64_t)to->width);
    d->lib.err = jpeg_std_error(&d->errors);
    d->lib.client_data = d;
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->progress.progress_monitor = on_progress;
    const vidi_status status = d->row ? guarded(d) : VIDI_E_MEMORY;
    jpeg_destroy_decompress(&d->lib);
    vd_free(p->ctx, d->row);
    vd_free(p->ctx, d);
    return status;
}
