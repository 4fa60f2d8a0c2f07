/* What a file is by its first bytes, and what is said where a picture was wanted. */
#include "io/kind.h"

#include <stdlib.h>
#include <string.h>

#include "io/picture.h"
#include "io_help.h"

#define ROW(bytes, kind, words) \
    { bytes, sizeof bytes - 1, kind, words }

static const struct row {
    const char *bytes;
    size_t n;
    enum kind kind;
    const char *words;
} rows[] = {
    ROW("\xff\xd8\xff\xdb", KIND_JPEG, "a JPEG picture"),
    ROW("RIFF\x10\0\0\0WEBPVP8 ", KIND_WEBP, "a WebP picture"),
    ROW("RIFF\x10\0\0\0AVI LIST", KIND_VIDEO, "a video (AVI)"),
    ROW("XXXX\x10\0\0\0WEBPVP8 ", KIND_OTHER, NULL),
    ROW("\0\0\0\x18"
        "ftypheic\0\0\0\0mif1heic",
        KIND_HEIF, "a HEIC picture"),
    ROW("\0\0\0\x18"
        "ftypabcd\0\0\0\0miafavif",
        KIND_HEIF, "an AVIF picture"),
    ROW("\0\0\0\x18"
        "ftypisom\0\0\2\0isomavc1",
        KIND_VIDEO, "a video or sound (MP4)"),
    ROW("\0\0\0\x18"
        "ftypcrx \0\0\0\1crx isom",
        KIND_PICTURE, "a camera's raw file (CR3)"),
    ROW("P6 1 1 255\nabc", KIND_PPM, "a PPM picture"),
    ROW("P3\n1 1 255\n1 2 3\n", KIND_PPM, "a PPM picture"),
    ROW("P is a letter, no picture", KIND_OTHER, "a text"),
    ROW("  \n<!DOCTYPE HTML><html>", KIND_OTHER, "an HTML page"),
    ROW("\xef\xbb\xbf<html lang='de'>", KIND_OTHER, "an HTML page"),
    ROW("<?xml version='1.0'?><svg width='1'>", KIND_PICTURE, "an SVG drawing"),
    ROW("<?xml version='1.0'?><MPD type='static'>", KIND_PLAYLIST, "a playlist (MPD)"),
    ROW("<?xml version='1.0'?><a/>", KIND_OTHER, "an XML document"),
    ROW("#EXTM3U\nfile.ts\n", KIND_PLAYLIST, "a playlist (M3U)"),
    ROW("ffconcat version 1.0\nfile x\n", KIND_PLAYLIST, "a playlist (ffconcat)"),
    ROW("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n", KIND_LFS,
        "a Git LFS pointer (`git lfs pull` fetches the file)"),
    ROW("PK\3\4\x14\0", KIND_OTHER, "a ZIP archive"),
    ROW("GGUF\3\0\0\0", KIND_MODEL, "a GGUF model"),
    ROW("\x40\0\0\0\0\0\0\0{\"__metadata__\":{}}", KIND_MODEL, "a safetensors file"),
    ROW("{\"error\": \"not found\"}", KIND_OTHER, "a JSON document"),
    ROW("Not found\n", KIND_OTHER, "a text"),
    ROW("%PDF-1.7\n", KIND_OTHER, "a PDF document"),
    ROW("\x1a\x45\xdf\xa3\x01\0", KIND_VIDEO, "a video (Matroska or WebM)"),
    ROW("\1\2\3\4\5\6\7\x08", KIND_UNKNOWN, NULL),
};

static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kind_found found = kind_of(rows[i].bytes, rows[i].n);
        if (!rows[i].words && rows[i].kind == KIND_OTHER) { /* only: nothing that is read */
            assert_true(found.kind == KIND_UNKNOWN || found.kind > KIND_READ);
            continue;
        }
        if (found.kind != rows[i].kind) fail_msg("row %d: kind %d", (int)i, (int)found.kind);
        if (!rows[i].words)
            assert_null(found.words);
        else
            assert_string_equal(found.words, rows[i].words);
    }
}

/* Whatever the bytes are, no byte behind them is read. */
static void test_short(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0; n < rows[i].n; n++) {
            char *part = malloc(n ? n : 1);
            memcpy(part, rows[i].bytes, n);
            kind_of(part, n);
            free(part);
        }
}

/* What is no picture is called by its name. */
static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].kind < KIND_READ || !rows[i].words) continue;
        struct vd_ctx ctx = {0};
        struct picture p;
        assert_int_equal(picture_decode(&ctx, "F", rows[i].bytes, rows[i].n, &p), VIDI_E_IMAGE);
        assert_words(&ctx, "F: is a");
        assert_words(&ctx, rows[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
