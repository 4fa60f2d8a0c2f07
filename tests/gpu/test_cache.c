/* The pipeline cache on disk: used when whole, ignored with a warning when not. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gpu/inside.h"

enum { HEADS = 100 }; /* covers our head and that of the driver, which checks the rest */

static char folder[600];

struct file {
    unsigned char *bytes;
    size_t n;
};

static struct file read_all(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct file f = {malloc((size_t)st.st_size), (size_t)st.st_size};
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fread(f.bytes, 1, f.n, in), f.n);
    fclose(in);
    return f;
}

static void write_all(const char *path, const unsigned char *bytes, size_t n) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

/* Opens, compiles, closes. Returns the warnings. `path` (may be NULL) gets the file's name. */
static uint32_t one_life(const char *device, char *path) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device, .cache_dir = folder});
    struct gpu_buffer *b;
    assert_int_equal(gpu_buffer_new(gpu, 512, GPU_DEVICE, "b", &b), VIDI_OK);
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    list_copy(&list, span_of(b, 0, 256), span_of(b, 256, 256));
    assert_int_equal(gpu_program_record(&list, "p", &p), VIDI_OK);
    gpu_list_close(&list);
    assert_int_equal(gpu_run(p), VIDI_OK);
    if (path) strcpy(path, gpu->pipelines.cache_path);
    close_gpu(&l, gpu);
    return l.n[VD_LOG_WARN];
}

static uint32_t count_files(void) {
    DIR *d = opendir(folder);
    assert_non_null(d);
    uint32_t n = 0;
    for (const struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void damage_on(const char *device) {
    char path[1024];
    snprintf(folder, sizeof folder, "%s/made/on/the/way", scratch_folder());
    assert_int_equal(one_life(device, path), 0);
    assert_int_equal(one_life(device, NULL), 0);
    const struct file whole = read_all(path);
    unsigned char *bad = malloc(whole.n + 1);
    uint32_t flips = 0;
    /* Every byte of the heads, then every 97th. */
    for (size_t i = 0; i < whole.n; i += i < HEADS ? 1 : 97, flips++) {
        memcpy(bad, whole.bytes, whole.n);
        bad[i] ^= 0x10;
        write_all(path, bad, whole.n);
        if (one_life(device, NULL) != 1) fail_msg("a flipped byte %zu was not seen", i);
    }
    print_message("%u of %zu bytes flipped, each seen\n", flips, whole.n);
    static const size_t cuts[] = {0, 1, 55, 56, 57, 87, 88};
    memcpy(bad, whole.bytes, whole.n);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0] && cuts[i] < whole.n; i++) {
        write_all(path, bad, cuts[i]);
        assert_int_equal(one_life(device, NULL), 1);
    }
    bad[whole.n] = 0;
    write_all(path, bad, whole.n + 1);
    assert_int_equal(one_life(device, NULL), 1);
    /* A damaged file is replaced by a good one; nothing else is left lying about. */
    assert_int_equal(one_life(device, NULL), 0);
    const struct file again = read_all(path);
    assert_int_equal(again.n, whole.n);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(count_files(), 0);
    free(bad);
    free(whole.bytes);
    free(again.bytes);
}

static void a_damaged_cache_is_ignored_and_replaced(void **state) {
    (void)state;
    on_every_device(damage_on);
}

static void unwritable_on(const char *device) {
    /* A file where the folder should be. */
    snprintf(folder, sizeof folder, "%s/occupied", scratch_folder());
    write_all(folder, (const unsigned char *)"x", 1);
    assert_int_equal(one_life(device, NULL), 1);
    assert_int_equal(unlink(folder), 0);
}

static void an_unwritable_folder_is_a_warning(void **state) {
    (void)state;
    on_every_device(unwritable_on);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_cache_is_ignored_and_replaced),
        cmocka_unit_test(an_unwritable_folder_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
