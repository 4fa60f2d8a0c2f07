#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Layer 1.3.239 with synchronization validation keeps some memory of every command buffer that was
 * ever recorded. LeakSanitizer knows whose it is only while the layer's library stays loaded. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libVkLayer_khronos_validation.so\n"; }

static void keep_layer_loaded(void) {
    dlopen("libVkLayer_khronos_validation.so", RTLD_LAZY | RTLD_NODELETE);
}

static void on_log(void *user, int level, const char *line) {
    struct logged *l = user;
    l->n[level]++;
    if (level > VD_LOG_WARN) return;
    snprintf(l->last, sizeof l->last, "%s", line);
    fprintf(stderr, "    %s\n", line);
}

void logged_open(struct logged *l) {
    keep_layer_loaded();
    memset(l, 0, sizeof *l);
    l->ctx.log = on_log;
    l->ctx.user = l;
}

void logged_close(struct logged *l) { assert_int_equal(l->ctx.heap.live_bytes, 0); }

struct gpu *open_gpu(struct logged *l, struct gpu_config cfg) {
    struct gpu *gpu;
    logged_open(l);
    vidi_status status = gpu_open(&l->ctx, &cfg, &gpu);
    if (status == VIDI_E_UNSUPPORTED && cfg.validate && !getenv("VIDI_TEST_VALIDATE")) {
        cfg.validate = false;
        status = gpu_open(&l->ctx, &cfg, &gpu);
    }
    if (status != VIDI_OK) fail_msg("gpu_open: %s", l->ctx.error);
    return gpu;
}

void close_gpu(struct logged *l, struct gpu *gpu) {
    gpu_close(gpu);
    assert_int_equal(l->n[VD_LOG_ERROR], 0);
    logged_close(l);
}

struct devices {
    uint32_t n;
    bool usable[64];
};

static void note_device(void *user, const struct gpu_caps *caps) {
    struct devices *d = user;
    if (d->n < 64) d->usable[d->n++] = caps->usable;
}

void on_every_device(void (*each)(const char *device)) {
    struct logged l;
    struct devices d = {0};
    uint32_t ran = 0;
    logged_open(&l);
    if (gpu_devices(&l.ctx, note_device, &d) != VIDI_OK) fail_msg("%s", l.ctx.error);
    logged_close(&l);
    for (uint32_t i = 0; i < d.n; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        if (!d.usable[i]) continue;
        each(name);
        ran++;
    }
    assert_true(ran > 0);
}

void list_copy(struct gpu_list *list, struct vd_span x, struct vd_span y) {
    const uint32_t n = (uint32_t)(x.bytes / 16);
    k_copy_words(list, 0, groups((n + 63) / 64), .x = x, .y = y, .n = n, .per_lane = 1);
}

const char *scratch_folder(void) {
    static char path[512];
    if (path[0]) return path;
    const char *base = getenv("VIDI_TEST_TMP");
    snprintf(path, sizeof path, "%s/gpu-%ld", base ? base : "/tmp", (long)getpid());
    mkdir(path, 0700);
    return path;
}
