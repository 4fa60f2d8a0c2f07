/* Listing, choosing and refusing devices. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "gpu/inside.h"

struct listing {
    uint32_t n;
    struct gpu_caps first;
};

static void note(void *user, const struct gpu_caps *caps) {
    struct listing *l = user;
    if (!l->n++) l->first = *caps;
}

static void list(struct listing *out) {
    struct logged l;
    *out = (struct listing){0};
    logged_open(&l);
    assert_int_equal(gpu_devices(&l.ctx, note, out), VIDI_OK);
    logged_close(&l);
    assert_true(out->n > 0);
}

static void devices_are_listed(void **state) {
    (void)state;
    struct listing l;
    list(&l);
    const struct gpu_caps *c = &l.first;
    assert_true(c->name[0] && c->driver[0]);
    assert_true(c->usable ? !c->reason[0] : c->reason[0]);
    if (!c->usable) return;
    assert_true(c->max_invocations >= 256 && c->max_groups[0] >= 65535 && c->align >= 16);
    assert_true(c->max_range >= 128u << 20 && c->memory_bytes > 0);
    assert_true(c->subgroup_size >= 1 && c->subgroup_size <= 128);
    if (c->type == GPU_CPU) assert_true(c->unified);
    if (c->has & NEED_CPU) assert_true(c->has & NEED_SUBGROUP);
}

static void try_open(const char *device, vidi_status want, const char *words, const char *name) {
    struct logged l;
    struct gpu *gpu;
    logged_open(&l);
    assert_int_equal(gpu_open(&l.ctx, &(struct gpu_config){.device = device}, &gpu), want);
    if (want != VIDI_OK) assert_null(gpu);
    if (words && !strstr(l.ctx.error, words)) fail_msg("\"%s\" lacks \"%s\"", l.ctx.error, words);
    if (gpu && name) assert_string_equal(gpu_caps(gpu)->name, name);
    if (gpu) assert_ptr_equal(gpu_ctx(gpu), &l.ctx);
    gpu_close(gpu);
    logged_close(&l);
}

static void a_device_is_found_by_index_and_name(void **state) {
    (void)state;
    struct listing l;
    list(&l);
    if (!l.first.usable) skip();
    try_open(NULL, VIDI_OK, NULL, NULL);
    try_open("0", VIDI_OK, NULL, l.first.name);
    char part[8] = {0};
    for (int i = 0; i < 7; i++) part[i] = (char)toupper((unsigned char)l.first.name[i]);
    try_open(part, VIDI_OK, NULL, NULL);
}

static void an_unknown_device_is_refused_with_the_names(void **state) {
    (void)state;
    struct listing l;
    list(&l);
    try_open("no such device", VIDI_E_DEVICE, "\"no such device\"", NULL);
    try_open("no such device", VIDI_E_DEVICE, l.first.name, NULL);
    try_open("99", VIDI_E_DEVICE, l.first.name, NULL);
    try_open("-1", VIDI_E_DEVICE, l.first.name, NULL);
}

static void keep(const char *name, char *out, size_t cap) {
    const char *value = getenv(name);
    snprintf(out, cap, "%s", value ? value : "");
}

static void restore(const char *name, const char *value) {
    if (value[0])
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void no_driver_is_one_clear_sentence(void **state) {
    (void)state;
    static const char *const names[] = {"VK_DRIVER_FILES", "VK_ICD_FILENAMES"};
    char kept[2][1024];
    for (int i = 0; i < 2; i++) {
        keep(names[i], kept[i], sizeof kept[i]);
        setenv(names[i], "/nonexistent/driver.json", 1);
    }
    struct logged l;
    struct listing devices = {0};
    logged_open(&l);
    assert_int_equal(gpu_devices(&l.ctx, note, &devices), VIDI_E_DEVICE);
    assert_non_null(strstr(l.ctx.error, "no Vulkan driver"));
    logged_close(&l);
    try_open(NULL, VIDI_E_DEVICE, "no Vulkan driver", NULL);
    for (int i = 0; i < 2; i++) restore(names[i], kept[i]);
}

/* A device that meets everything, then lacks one thing at a time. */
static struct probe good_probe(void) {
    struct probe p = {.family = 0};
    p.caps.api_version = VK_API_VERSION_1_2;
    p.caps.max_invocations = 256;
    p.caps.shared_bytes = 16384;
    p.v12.timelineSemaphore = VK_TRUE;
    p.properties.limits.maxPerStageDescriptorStorageBuffers = 8;
    p.properties.limits.maxPushConstantsSize = 128;
    return p;
}

static void lacks(struct probe p, const char *words) {
    const char *reason = probe_judge(&p);
    assert_non_null(reason);
    if (!strstr(reason, words)) fail_msg("\"%s\" lacks \"%s\"", reason, words);
}

static void every_requirement_is_told(void **state) {
    (void)state;
    struct probe p = good_probe();
    assert_null(probe_judge(&p));
    p = good_probe(), p.caps.api_version = VK_API_VERSION_1_1;
    lacks(p, "1.2");
    p = good_probe(), p.v12.timelineSemaphore = VK_FALSE;
    lacks(p, "timeline");
    p = good_probe(), p.family = UINT32_MAX;
    lacks(p, "queue");
    p = good_probe(), p.caps.max_invocations = 128;
    lacks(p, "256");
    p = good_probe(), p.properties.limits.maxPerStageDescriptorStorageBuffers = 4;
    lacks(p, "storage buffers");
    p = good_probe(), p.properties.limits.maxPushConstantsSize = 64;
    lacks(p, "push");
    p = good_probe(), p.caps.shared_bytes = 8192;
    lacks(p, "shared");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_listed),
        cmocka_unit_test(a_device_is_found_by_index_and_name),
        cmocka_unit_test(an_unknown_device_is_refused_with_the_names),
        cmocka_unit_test(no_driver_is_one_clear_sentence),
        cmocka_unit_test(every_requirement_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
