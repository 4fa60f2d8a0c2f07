/* Pictures against what Pillow makes of them (make_data.py), damaged ones against their words. */
#define _POSIX_C_SOURCE 200809L
#include "io_help.h"

#include <dirent.h>
#include <stdio.h>
/* Behind it: its header wants FILE. */
#include <jpeglib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/bytes.h"
#include "io/picture.h"
#include "io/picture_probe.h"

static int too_far_off;

/* What passed through YCbCr in HEIC and AVIF is rounded by each library in its own way: by one
 * level of each of Y, Cb and Cr at most, which is 1 + 1.772 levels of blue, and 255 / 219 times
 * that where black is 16 and white 235. */
static int bound_of(const char *name) {
    return strstr(name, ".heic") || strstr(name, ".avif") ? 3 : 0;
}

static void compare(const char *name) {
    struct vd_ctx ctx = {0};
    struct picture p;
    char path[256], rgb[256];
    snprintf(path, sizeof path, "tests/io/data/%s", name);
    snprintf(rgb, sizeof rgb, "%s.rgb", name);
    if (picture_read(&ctx, path, &p) != VIDI_OK) fail_msg("%s", ctx.error);
    uint64_t bytes;
    unsigned char *want = data_file(rgb, &bytes);
    assert_int_equal(p.width, load_le(want, 2));
    assert_int_equal(p.height, load_le(want + 2, 2));
    assert_int_equal(bytes, 4 + 3u * p.width * p.height);
    int worst = 0;
    for (uint64_t i = 0; i < bytes - 4; i++) {
        const int d = abs(p.rgb[i] - want[4 + i]);
        if (d > worst) worst = d;
    }
    if (worst) print_message("%s: at most %d levels off, bound %d\n", name, worst, bound_of(name));
    if (worst > bound_of(name)) too_far_off++;
    free(want);
    picture_free(&ctx, &p);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void each_data_file(void (*work)(const char *name), int at_least) {
    DIR *folder = opendir("tests/io/data");
    assert_non_null(folder);
    int n = 0;
    for (const struct dirent *e; (e = readdir(folder));) {
        const char *dot = strrchr(e->d_name, '.');
        const bool picture = dot && strlen(dot) >= 4 &&
                             strstr(".png .jpg .bmp .ppm .pgm .gif .webp .tif .heic .avif", dot);
        if (!picture) continue;
        work(e->d_name);
        n++;
    }
    closedir(folder);
    assert_true(n >= at_least);
}

static void test_pixels(void **state) {
    (void)state;
    each_data_file(compare, 100);
    assert_int_equal(too_far_off, 0);
}

static void keep_warning(void *user, int level, const char *line) {
    if (level == VD_LOG_WARN) snprintf(user, 1024, "%s", line);
}

/* Every file cut at every byte is refused, or misses nothing of its picture, or it is a JPEG that
 * says so or a number at the end that may go on; and leaks nothing. */
static void cut(const char *name) {
    char warning[1024];
    struct vd_ctx ctx = {.log = keep_warning, .user = warning};
    struct picture whole, p;
    uint64_t bytes;
    unsigned char *data = data_file(name, &bytes);
    assert_int_equal(picture_decode(&ctx, name, data, bytes, &whole), VIDI_OK);
    for (uint64_t n = 0; n < bytes; n++) {
        /* A block of exactly n bytes, so that a sanitizer sees the first byte too many. */
        unsigned char *part = malloc(n ? n : 1);
        memcpy(part, data, n);
        warning[0] = '\0';
        const vidi_status status = picture_decode(&ctx, name, part, n, &p);
        free(part);
        if (status == VIDI_OK) {
            assert_int_equal(p.width, whole.width);
            assert_int_equal(p.height, whole.height);
            const bool same = memcmp(p.rgb, whole.rgb, 3u * p.width * p.height) == 0;
            const bool may = strstr(name, ".jpg") && strstr(warning, "the file ends too early");
            const bool digits = strstr(warning, "ends right behind a digit") != NULL;
            if (!same && !may && !digits)
                fail_msg("%s cut to %d bytes is shown without a word: %s", name, (int)n, warning);
            picture_free(&ctx, &p);
            continue;
        }
        if (status != VIDI_E_IMAGE) fail_msg("%s cut to %d bytes gives %d", name, (int)n, status);
        assert_words(&ctx, name);
        assert_null(p.rgb);
    }
    picture_free(&ctx, &whole);
    assert_int_equal(ctx.heap.live_bytes, 0);
    free(data);
}

static void test_cut(void **state) {
    (void)state;
    each_data_file(cut, 50);
}

/* The n-th allocation fails, for every n. */
static void test_out_of_memory(void **state) {
    (void)state;
    static const char *const names[] = {
        "interlaced16.png", "palette_alpha.png", "progressive.jpg", "quarter.jpg", "exif6.jpg",
        "palette4.bmp",     "deep.ppm",          "interlaced.gif",  "alpha.webp",  "alpha.tif"};
    for (size_t f = 0; f < sizeof names / sizeof *names; f++) {
        char path[256];
        snprintf(path, sizeof path, "tests/io/data/%s", names[f]);
        vidi_status status = VIDI_E_MEMORY;
        uint64_t n = 0;
        while (status != VIDI_OK) {
            struct vd_ctx ctx = {.heap.fail_at = ++n};
            struct picture p;
            status = picture_read(&ctx, path, &p);
            if (status == VIDI_OK)
                picture_free(&ctx, &p);
            else if (status != VIDI_E_MEMORY)
                fail_msg("%s, allocation %d: %s", names[f], (int)n, ctx.error);
            assert_int_equal(ctx.heap.live_bytes, 0);
            assert_true(n < 1000);
        }
        print_message("%s: %d allocations failed one by one\n", names[f], (int)n - 1);
        assert_true(n > 2);
    }
}

/* The rows above the cut are those of the whole picture, and how many there are is said. */
static void test_cut_rows(void **state) {
    (void)state;
    char warning[1024] = "", name[] = "full.jpg";
    struct vd_ctx ctx = {.log = keep_warning, .user = warning};
    struct picture whole, part;
    uint64_t bytes;
    unsigned char *data = data_file(name, &bytes);
    assert_int_equal(picture_decode(&ctx, name, data, bytes, &whole), VIDI_OK);
    assert_string_equal(warning, "");
    assert_int_equal(picture_decode(&ctx, name, data, bytes - 250, &part), VIDI_OK);
    assert_string_equal(warning, "full.jpg: the file ends too early, at byte 1175: only the first "
                                 "16 of 24 rows of the picture are there");
    assert_memory_equal(part.rgb, whole.rgb, 3 * 40 * 16);
    assert_memory_not_equal(part.rgb, whole.rgb, 3 * 40 * 24);
    picture_free(&ctx, &whole);
    picture_free(&ctx, &part);
    free(data);
}

/* A bit in the middle of the pixels that the decoder cannot make sense of. */
static void test_damaged(void **state) {
    (void)state;
    char warning[1024] = "";
    struct vd_ctx ctx = {.log = keep_warning, .user = warning};
    struct picture p;
    uint64_t bytes;
    unsigned char *data = data_file("restart.jpg", &bytes);
    for (int i = 0; i < 20; i++) data[bytes - 300 + i] = i % 2 ? 0 : 0xff; /* no code is all ones */
    assert_int_equal(picture_decode(&ctx, "F", data, bytes, &p), VIDI_OK);
    if (!strstr(warning, "F: damaged, parts of it may be wrong: Corrupt JPEG data"))
        fail_msg("%s", warning);
    picture_free(&ctx, &p);
    free(data);
}

/* Grey blocks of 8 x 8, which halve to blocks of 4 x 4 of the same grey. */
static int grey_of(uint32_t x, uint32_t y) { return (int)(x / 8 * 7 + y / 8 * 13) % 251; }

static unsigned char *large_jpeg(uint32_t width, uint32_t height, unsigned long *bytes) {
    struct jpeg_compress_struct lib;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL, *row = malloc(width);
    lib.err = jpeg_std_error(&errors);
    jpeg_create_compress(&lib);
    jpeg_mem_dest(&lib, &data, bytes);
    lib.image_width = width;
    lib.image_height = height;
    lib.input_components = 1;
    lib.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&lib);
    jpeg_set_quality(&lib, 100, TRUE);
    jpeg_start_compress(&lib, TRUE);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) row[x] = (unsigned char)grey_of(x, y);
        jpeg_write_scanlines(&lib, &row, 1);
    }
    jpeg_finish_compress(&lib);
    jpeg_destroy_compress(&lib);
    free(row);
    return data;
}

/* A telephone's photo of 64 megapixels: half of it is read, and that is said. */
static void test_large(void **state) {
    (void)state;
    char warning[1024] = "";
    struct vd_ctx ctx = {.log = keep_warning, .user = warning};
    struct picture p;
    unsigned long bytes = 0;
    unsigned char *data = large_jpeg(9249, 6936, &bytes);
    assert_non_null(data);
    if (picture_decode(&ctx, "F", data, bytes, &p) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_string_equal(warning, "F: of 9249 x 6936 pixels, read at half its size, 4625 x 3468");
    assert_int_equal(p.width, 4625);
    assert_int_equal(p.height, 3468);
    for (uint32_t y = 0; y < p.height; y++)
        for (uint32_t x = 0; x < 9248 / 2; x++)
            for (int c = 0; c < 3; c++)
                if (p.rgb[3 * (y * p.width + x) + (uint32_t)c] != grey_of(2 * x, 2 * y))
                    fail_msg("column %u, row %u", x, y);
    picture_free(&ctx, &p);
    assert_true(ctx.heap.peak_bytes < (UINT64_C(64) << 20));
    free(data);
}

static void refused(const void *data, uint64_t bytes, const char *words) {
    struct vd_ctx ctx = {0};
    struct picture p;
    assert_int_equal(picture_decode(&ctx, "F", data, bytes, &p), VIDI_E_IMAGE);
    assert_words(&ctx, words);
    assert_int_equal(strncmp(ctx.error, "F: ", 3), 0);
    assert_null(p.rgb);
    assert_int_equal(ctx.heap.live_bytes, 0);
}

/* A copy of a file of tests/io/data with some bytes changed. */
struct change {
    const char *name;
    uint64_t at;
    const char *hex; /* "ff d8" */
    const char *words;
};

static void put_hex(unsigned char *to, const char *hex) {
    for (; *hex; hex += hex[2] ? 3 : 2) *to++ = (unsigned char)strtoul(hex, NULL, 16);
}

static void fix_png(unsigned char *png) {
    const uint32_t crc = crc32_bytes(png + 12, 17);
    for (int i = 0; i < 4; i++) png[29 + i] = (unsigned char)(crc >> (24 - 8 * i));
}

static void test_changed(void **state) {
    (void)state;
    static const struct change changes[] = {
        {"rgb8.png", 16, "00 01 86 a0", "has 100000 x 29 pixels, and a side is limited to 65535"},
        {"rgb8.png", 16, "00 00 ff ff 00 00 ff ff", "their count is limited to 64000000"},
        {"rgb8.png", 16, "00 00 1f 40 00 00 1f 40", "too many for a file of"},
        {"rgb8.png", 16, "00 00 00 00", "has 0 x 29 pixels"},
        {"rgb8.png", 16, "ff ff ff ff ff ff ff ff", "4294967295 x 4294967295 pixels"},
        {"rgb8.png", 24, "03", "bit depth 3 with colour type 2"},
        {"rgb8.png", 24, "20", "bit depth 32 with colour type 2"},
        {"rgb8.png", 25, "07", "colour type 7"},
        {"rgb8.png", 25, "05", "colour type 5"},
        {"rgb8.png", 26, "01", "compression 1"},
        {"rgb8.png", 28, "02", "interlace 2"},
        {"rgb8.png", 20, "00 00 00 ff", "damaged"}, /* more rows than there is data for */
        {"rgb8.png", 12, "49 48 44 53", "PNG header of 13 bytes"},
        {"rgb8.png", 33, "ff ff ff ff", "inside a PNG chunk of 4294967295 bytes at byte 33"},
        {"rgb24.bmp", 18, "00 00 00 00", "has 0 x 21 pixels"},
        {"rgb24.bmp", 18, "ff ff ff ff", "has 4294967295 x 21 pixels"},
        {"rgb24.bmp", 22, "00 00 00 80", "has 37 x 2147483648 pixels"},
        {"rgb24.bmp", 10, "ff ff ff ff", "rows start at byte 4294967295"},
        {"rgb24.bmp", 14, "0d", "header of 13 bytes"},
        {"rgb24.bmp", 28, "03", "BMP of 3 bits"},
        {"rgb24.bmp", 30, "01", "compression 1 and 24 bits"},
        {"rgb565.bmp", 54, "00 00 00 00", "without a mask for each colour"},
        {"palette8.bmp", 10, "36 00 00 00", "without a palette"},
        {"rgb.ppm", 3, "39 39 39 39 39", "PPM header"},
        {"rgb.ppm", 0, "50 34", "is a PBM picture, which is not read; what is: JPEG, PNG, BMP"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint64_t bytes;
        unsigned char *data = data_file(changes[i].name, &bytes);
        put_hex(data + changes[i].at, changes[i].hex);
        if (strstr(changes[i].name, ".png")) fix_png(data);
        refused(data, bytes, changes[i].words);
        free(data);
    }
}

static void test_png_checksum(void **state) {
    (void)state;
    uint64_t bytes;
    unsigned char *data = data_file("rgb8.png", &bytes);
    for (uint64_t at = 8; at < bytes; at++) {
        /* A bit of a length may also make the chunk end outside the file. */
        data[at] ^= 1;
        refused(data, bytes, "");
        data[at] ^= 1;
    }
    free(data);
}

/* The frame of a JPEG: its marker is at `at`, then length, bits, height, width, components. */
static uint64_t frame_at(const unsigned char *data) {
    uint64_t at = 2;
    while (data[at + 1] < 0xc0 || data[at + 1] > 0xc2) at += 2 + load_be(data + at + 2, 2);
    return at;
}

static void test_jpeg_frames(void **state) {
    (void)state;
    static const struct change changes[] = {
        {"", 5, "00 00", "has 40 x 0 pixels"},
        {"", 5, "ff ff ff ff", "their count is limited to 200000000"},
        {"", 4, "0c", "JPEG of 12 bits"},
        {"", 9, "02", "JPEG of 2 components"},
        {"", 9, "04", "4 components of unknown colours"},
        {"", 1, "c3", "unusual kind SOF3"},
        {"", 1, "cb", "unusual kind SOF11"},
        {"", 1, "fe", "whose scan comes before its size"},
        {"", 2, "00 05", "frame at byte"},
        {"", 2, "00 01", "a length of 1 bytes"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint64_t bytes;
        unsigned char *data = data_file("full.jpg", &bytes);
        put_hex(data + frame_at(data) + changes[i].at, changes[i].hex);
        refused(data, bytes, changes[i].words);
        free(data);
    }
}

/* A header and an end marker alone are no picture: the decoder must not be asked. */
static void test_jpeg_without_scan(void **state) {
    (void)state;
    uint64_t bytes;
    unsigned char *data = data_file("full.jpg", &bytes);
    const uint64_t end = frame_at(data) + 19;
    memcpy(data + end, "\xff\xd9", 2);
    refused(data, end + 2, "JPEG without a scan");
    free(data);
}

/* 320 symbols are more than the decoder has room for. */
static void test_jpeg_huffman(void **state) {
    (void)state;
    uint64_t bytes;
    unsigned char *data = data_file("full.jpg", &bytes);
    unsigned char *longer = calloc(1, bytes + 341);
    memcpy(longer, "\xff\xd8\xff\xc4\x01\x53", 6);
    memset(longer + 7, 20, 16);
    memcpy(longer + 343, data + 2, bytes - 2);
    refused(longer, bytes + 341, "Bogus Huffman table");
    free(longer);
    free(data);
}

static void test_jpeg_many_scans(void **state) {
    (void)state;
    uint64_t bytes;
    unsigned char *data = data_file("progressive.jpg", &bytes);
    unsigned char *many = malloc(bytes + 65 * 10);
    const uint64_t at = bytes - 2;
    memcpy(many, data, at);
    for (int i = 0; i < 65; i++)
        memcpy(many + at + 10 * i, "\xff\xda\0\x08\x01\x01\0\x01\x05\0", 10);
    memcpy(many + at + 650, "\xff\xd9", 2);
    refused(many, at + 652, "more than 64 scans");
    free(many);
    free(data);
}

/* Pixels that unpack to far more than the picture has: the decoder's heap is capped. */
static void test_extreme_sides(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct picture p, again;
    for (int turn = 0; turn < 2; turn++) {
        p = (struct picture){.width = turn ? 1 : 65535, .height = turn ? 65535 : 1};
        p.rgb = vd_alloc(&ctx, 3 * 65535);
        for (uint32_t i = 0; i < 3 * 65535; i++) p.rgb[i] = (uint8_t)(i * 7 + i / 251);
        const char *path = scratch("long.png");
        assert_int_equal(picture_write_png(&ctx, path, &p), VIDI_OK);
        if (picture_read(&ctx, path, &again) != VIDI_OK) fail_msg("%s", ctx.error);
        assert_int_equal(again.width, p.width);
        assert_int_equal(again.height, p.height);
        assert_memory_equal(again.rgb, p.rgb, 3 * 65535);
        picture_free(&ctx, &p);
        picture_free(&ctx, &again);
        unlink(path);
    }
    assert_int_equal(ctx.heap.live_bytes, 0);
}

static void test_written_png(void **state) {
    (void)state;
    for (uint32_t w = 1; w < 300; w += 37) {
        struct vd_ctx ctx = {0};
        const uint32_t h = 301 - w;
        struct picture p = {vd_alloc(&ctx, 3u * w * h), w, h}, again;
        for (uint32_t i = 0; i < 3 * w * h; i++) p.rgb[i] = (uint8_t)(i * i >> 3 ^ i);
        const char *path = scratch("written.png");
        assert_int_equal(picture_write_png(&ctx, path, &p), VIDI_OK);
        if (picture_read(&ctx, path, &again) != VIDI_OK) fail_msg("%s", ctx.error);
        assert_memory_equal(again.rgb, p.rgb, 3u * w * h);
        picture_free(&ctx, &again);

        ctx.heap = (struct vd_heap){.live_bytes = ctx.heap.live_bytes, .fail_at = 2};
        assert_int_equal(picture_write_png(&ctx, path, &p), VIDI_E_MEMORY);
        ctx.heap.fail_at = 0;
        assert_int_equal(picture_write_png(&ctx, scratch("none/x.png"), &p), VIDI_E_IO);
        p.width = 0;
        assert_int_equal(picture_write_png(&ctx, path, &p), VIDI_E_ARGUMENT);
        p.width = 65535;
        p.height = 65535;
        assert_int_equal(picture_write_png(&ctx, path, &p), VIDI_E_ARGUMENT);
        picture_free(&ctx, &p);
        assert_int_equal(ctx.heap.live_bytes, 0);
        unlink(path);
    }
}

static void test_other_files(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    struct picture p;
    assert_int_equal(picture_read(&ctx, scratch("no-such.png"), &p), VIDI_E_IO);
    assert_words(&ctx, "cannot be opened: No such file");
    assert_int_equal(picture_read(&ctx, "tests/io", &p), VIDI_E_IO);
    assert_words(&ctx, "tests/io: is a directory");
    assert_int_equal(picture_read(&ctx, "/dev/zero", &p), VIDI_E_IO);
    assert_words(&ctx, "is a device");
    const char *path = scratch("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(picture_read(&ctx, path, &p), VIDI_E_IO);
    assert_words(&ctx, "is a pipe");
    unlink(path);
    path = scratch_file("empty.png", "", 0);
    assert_int_equal(picture_read(&ctx, path, &p), VIDI_E_IMAGE);
    assert_words(&ctx, "is empty");
    assert_int_equal(truncate(path, (256 << 20) + 1), 0);
    assert_int_equal(picture_read(&ctx, path, &p), VIDI_E_IMAGE);
    assert_words(&ctx, "has 268435457 bytes, and the limit is 268435456");
    unlink(path);
    refused("GIF89a", 6, "ends inside the GIF header");
    refused("\0\0\2\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\x20\0", 18, /* TGA */
            "is no picture that is known");
    assert_int_equal(ctx.heap.live_bytes, 0);
}

/* An index behind the palette is black, not what lies behind it in memory. */
static void test_short_palette(void **state) {
    (void)state;
    static const unsigned char bmp[] = {
        'B', 'M', 66, 0, 0, 0, 0, 0, 0, 0, 62, 0,  0,  0, 40, 0, 0, 0, 2, 0,   0, 0,
        1,   0,   0,  0, 1, 0, 8, 0, 0, 0, 0,  0,  4,  0, 0,  0, 0, 0, 0, 0,   0, 0,
        0,   0,   2,  0, 0, 0, 0, 0, 0, 0, 9,  10, 11, 0, 4,  5, 6, 0, 1, 200, 0, 0};
    struct vd_ctx ctx = {0};
    struct picture p;
    if (picture_decode(&ctx, "F", bmp, sizeof bmp, &p) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_memory_equal(p.rgb, "\x06\x05\x04\0\0\0", 6);
    picture_free(&ctx, &p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),          cmocka_unit_test(test_cut),
        cmocka_unit_test(test_cut_rows),        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_large),           cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_changed),         cmocka_unit_test(test_png_checksum),
        cmocka_unit_test(test_jpeg_frames),     cmocka_unit_test(test_jpeg_without_scan),
        cmocka_unit_test(test_jpeg_many_scans), cmocka_unit_test(test_jpeg_huffman),
        cmocka_unit_test(test_extreme_sides),   cmocka_unit_test(test_written_png),
        cmocka_unit_test(test_other_files),     cmocka_unit_test(test_short_palette),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
