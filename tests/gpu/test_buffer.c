/* Buffers: zero when new, uploads and downloads of any size, on mapped and on staged memory. */
#include "common.h"

#include <string.h>

#include "gpu/inside.h"

enum { MIB = 1 << 20 };

static unsigned char pattern(uint64_t i, unsigned seed) {
    return (unsigned char)((i * 2654435761u >> 11) + i + seed);
}

static void check_sizes(struct gpu *gpu) {
    static const uint64_t sizes[] = {1, 2, 3, 4, 5, 17, 255, 4095, 65536, 5 * MIB + 3, 17 * MIB};
    unsigned char *sent = malloc(17 * MIB), *got = malloc(17 * MIB);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const uint64_t n = sizes[s];
        struct gpu_buffer *b;
        assert_int_equal(gpu_buffer_new(gpu, n, GPU_DEVICE, "sized", &b), VIDI_OK);
        assert_int_equal(gpu_buffer_bytes(b), n);
        assert_null(gpu_buffer_map(b));
        memset(got, 1, n);
        assert_int_equal(gpu_download(gpu, got, span_of(b, 0, n), n), VIDI_OK);
        for (uint64_t i = 0; i < n; i++) assert_false(got[i]);
        for (uint64_t i = 0; i < n; i++) sent[i] = pattern(i, (unsigned)s);
        assert_int_equal(gpu_upload(gpu, span_of(b, 0, n), sent, n), VIDI_OK);
        assert_int_equal(gpu_download(gpu, got, span_of(b, 0, n), n), VIDI_OK);
        assert_memory_equal(got, sent, n);
        gpu_buffer_free(gpu, b); /* dirty: the next one may get the same memory */
    }
    free(sent);
    free(got);
}

/* Parts of a buffer leave the rest alone. */
static void check_parts(struct gpu *gpu) {
    struct gpu_buffer *b;
    unsigned char want[1000] = {0}, got[1000];
    assert_int_equal(gpu_buffer_new(gpu, 1000, GPU_DEVICE, "parts", &b), VIDI_OK);
    for (unsigned i = 0; i < 40; i++) {
        const uint64_t at = i * 24, n = 1 + i % 23;
        for (uint64_t k = 0; k < n; k++) want[at + k] = pattern(k, i);
        assert_int_equal(gpu_upload(gpu, span_of(b, at, n), want + at, n), VIDI_OK);
    }
    assert_int_equal(gpu_download(gpu, got, span_of(b, 0, 1000), 1000), VIDI_OK);
    assert_memory_equal(got, want, 1000);
    assert_int_equal(gpu_download(gpu, got, span_of(b, 477, 100), 99), VIDI_OK);
    assert_memory_equal(got, want + 477, 99);
    gpu_buffer_free(gpu, b);
}

/* Many small buffers, freed in a mixed order, never share bytes. */
static void check_packing(struct gpu *gpu) {
    struct gpu_buffer *b[64];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = round; i < 64; i += 1 + round) {
            const uint64_t n = 100 + 777 * i;
            assert_int_equal(gpu_buffer_new(gpu, n, GPU_DEVICE, "packed", &b[i]), VIDI_OK);
            unsigned char fill[64];
            memset(fill, (int)i + 1, sizeof fill);
            assert_int_equal(gpu_upload(gpu, span_of(b[i], 0, 64), fill, 64), VIDI_OK);
            assert_int_equal(gpu_upload(gpu, span_of(b[i], n - 64, 64), fill, 64), VIDI_OK);
        }
        for (unsigned i = 0; i < 64; i++) {
            const uint64_t n = gpu_buffer_bytes(b[i]);
            unsigned char got[64];
            assert_int_equal(gpu_download(gpu, got, span_of(b[i], n - 64, 64), 64), VIDI_OK);
            for (int k = 0; k < 64; k++) assert_int_equal(got[k], i + 1);
            assert_int_equal(gpu_download(gpu, got, span_of(b[i], 0, 64), 64), VIDI_OK);
            for (int k = 0; k < 64; k++) assert_int_equal(got[k], i + 1);
        }
        for (unsigned i = 1; i < 64; i += 2) gpu_buffer_free(gpu, b[i]);
        if (round)
            for (unsigned i = 0; i < 64; i += 2) gpu_buffer_free(gpu, b[i]);
    }
}

static void check_host_memory(struct gpu *gpu) {
    struct gpu_buffer *host, *device;
    assert_int_equal(gpu_buffer_new(gpu, 256, GPU_HOST, "host", &host), VIDI_OK);
    assert_int_equal(gpu_buffer_new(gpu, 256, GPU_DEVICE, "device", &device), VIDI_OK);
    unsigned char *map = gpu_buffer_map(host), got[256];
    assert_non_null(map);
    for (int i = 0; i < 256; i++) assert_false(map[i]);
    struct gpu_list list;
    struct gpu_program *there, *back;
    const struct vd_span h = span_of(host, 0, 256), d = span_of(device, 0, 256);
    gpu_list_open(&list, gpu);
    list_copy(&list, h, d);
    assert_int_equal(gpu_program_record(&list, "there", &there), VIDI_OK);
    gpu_list_close(&list);
    gpu_list_open(&list, gpu);
    list_copy(&list, d, h);
    assert_int_equal(gpu_program_record(&list, "back", &back), VIDI_OK);
    gpu_list_close(&list);
    for (int i = 0; i < 256; i++) map[i] = pattern((uint64_t)i, 9);
    assert_int_equal(gpu_run(there), VIDI_OK);
    assert_int_equal(gpu_download(gpu, got, d, 256), VIDI_OK);
    assert_memory_equal(got, map, 256);
    memset(map, 0, 256);
    assert_int_equal(gpu_run(back), VIDI_OK);
    assert_memory_equal(got, map, 256);
}

/* What is refused, and the words that come with it. */
static void check_refusals(struct logged *l, struct gpu *gpu) {
    struct gpu_buffer *b = NULL;
    char byte = 0;
    assert_int_equal(gpu_buffer_new(gpu, 0, GPU_DEVICE, "none", &b), VIDI_E_ARGUMENT);
    const uint64_t huge[] = {UINT64_MAX, UINT64_MAX - 8, (uint64_t)1 << 60};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gpu_buffer_new(gpu, huge[i], GPU_DEVICE, "huge one", &b), VIDI_E_MEMORY);
        assert_null(b);
        assert_non_null(strstr(l->ctx.error, "\"huge one\""));
    }
    assert_int_equal(gpu_buffer_new(gpu, 100, GPU_DEVICE, "hundred", &b), VIDI_OK);
    const struct vd_span bad[] = {
        {NULL, 0, 1},       {b, 100, 1},        {b, 101, 0}, {b, 1, 100},
        {b, UINT64_MAX, 2}, {b, 2, UINT64_MAX}, {b, 0, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gpu_upload(gpu, bad[i], &byte, 1), VIDI_E_ARGUMENT);
        assert_int_equal(gpu_download(gpu, &byte, bad[i], 1), VIDI_E_ARGUMENT);
    }
    gpu_buffer_free(gpu, b);
    gpu_buffer_free(gpu, NULL);
}

/* A device with little memory: what is too large is named, what fits is had. */
static void check_scarcity(struct logged *l, struct gpu *gpu) {
    const struct probe real = gpu->probe;
    gpu->probe.extensions &= ~(uint32_t)EXT_BUDGET;
    for (uint32_t i = 0; i < VK_MAX_MEMORY_HEAPS; i++)
        gpu->probe.memory.memoryHeaps[i].size = 2 * MIB;
    struct gpu_buffer *b;
    assert_int_equal(gpu_buffer_new(gpu, 16 * MIB, GPU_DEVICE, "weights", &b), VIDI_E_MEMORY);
    assert_non_null(strstr(l->ctx.error, "\"weights\" of 16777216 bytes"));
    assert_int_equal(gpu_buffer_new(gpu, MIB, GPU_DEVICE, "fits", &b), VIDI_OK);
    gpu_buffer_free(gpu, b);
    gpu->probe = real;
}

static void all_checks(const char *device, bool staged) {
    struct logged l;
    struct gpu *gpu =
        open_gpu(&l, (struct gpu_config){.device = device, .validate = true, .staged = staged});
    const uint64_t at_first = gpu_counters(gpu).device_bytes;
    check_sizes(gpu);
    check_parts(gpu);
    check_packing(gpu);
    check_refusals(&l, gpu);
    check_scarcity(&l, gpu);
    const struct gpu_counters c = gpu_counters(gpu);
    assert_int_equal(c.buffer_allocations, 11 + 1 + 64 + 32 + 1 + 1);
    /* All that was taken is given back, but for what the staging ring keeps. */
    assert_true(c.device_bytes <= at_first + 20 * MIB);
    check_host_memory(gpu);
    close_gpu(&l, gpu);
}

static void mapped_on(const char *device) { all_checks(device, false); }
static void staged_on(const char *device) { all_checks(device, true); }
static void buffers_work_where_memory_is_mapped(void **state) {
    (void)state;
    on_every_device(mapped_on);
}
static void buffers_work_through_the_staging_ring(void **state) {
    (void)state;
    on_every_device(staged_on);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_work_where_memory_is_mapped),
        cmocka_unit_test(buffers_work_through_the_staging_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
