#include "vidi/vidi.h"

#include <stdlib.h>
#include <string.h>

#include "chat/internal.h"
#include "io/picture.h"
#include "vidi/inspect.h"

#define VIDI_VERSION "0.1.0"

const char *vidi_version(void) { return VIDI_VERSION; }

const char *vidi_status_name(vidi_status s) {
    static const struct {
        vidi_status status;
        const char *name;
    } names[] = {
        {VIDI_OK, "ok"},
        {VIDI_END, "end"},
        {VIDI_E_ARGUMENT, "argument"},
        {VIDI_E_IO, "io"},
        {VIDI_E_FORMAT, "format"},
        {VIDI_E_UNSUPPORTED, "unsupported"},
        {VIDI_E_MEMORY, "memory"},
        {VIDI_E_DEVICE, "device"},
        {VIDI_E_CANCELLED, "cancelled"},
        {VIDI_E_CONTEXT, "context"},
        {VIDI_E_IMAGE, "image"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == s) return names[i].name;
    return "unknown";
}

vidi_status vidi_open_bare(const vidi_config *cfg, vidi **out) {
    vidi *v = *out = calloc(1, sizeof *v);
    if (!v) return VIDI_E_MEMORY;
    if (!cfg) return VIDI_OK;
    v->ctx.log = cfg->log;
    v->ctx.user = cfg->user;
    v->progress = cfg->progress;
    v->user = cfg->user;
    v->submit_ms = cfg->submit_ms;
    v->ctx.heap.zero_on_free = cfg->zero_on_free;
    return debug_parse(&v->ctx, cfg->debug, &v->debug);
}

vidi_status vidi_open(const vidi_config *cfg, vidi **out) {
    TRY(vidi_open_bare(cfg, out));
    vidi *v = *out;
    const struct gpu_config gpu = {.device = cfg ? cfg->device : NULL,
                                   .cache_dir = cfg ? cfg->cache_dir : NULL,
                                   .validate = v->debug.validate,
                                   .labels = v->debug.labels,
                                   .profile = v->debug.profile,
                                   .robust = v->debug.robust,
                                   .zero_on_free = v->ctx.heap.zero_on_free,
                                   .progress = v->progress,
                                   .user = v->user};
    return gpu_open(&v->ctx, &gpu, &v->gpu);
}

void vidi_close(vidi *v) {
    if (!v) return;
    while (v->models) vidi_model_close(v->models);
    if (v->gpu) gpu_close(v->gpu);
    if (v->ctx.heap.zero_on_free) vd_zero(v, sizeof *v); /* its words may quote what was said */
    free(v);
}

const char *vidi_error(const vidi *v) { return v ? v->ctx.error : "out of memory"; }

const char *vidi_device_name(const vidi *v) { return v && v->gpu ? gpu_caps(v->gpu)->name : ""; }

/* --- devices ---------------------------------------------------------------------------------- */

struct device_walk {
    void (*each)(void *user, const vidi_device *d);
    void *user;
};

static const char *vendor_name(uint32_t id) {
    static const struct {
        uint32_t id;
        const char *name;
    } vendors[] = {
        {0x1002, "AMD"},         {0x8086, "Intel"},    {0x10de, "NVIDIA"},
        {0x13b5, "Arm"},         {0x5143, "Qualcomm"}, {0x106b, "Apple"},
        {0x1010, "Imagination"}, {0x10005, "Mesa"},    {0x1ae0, "Google"},
    };
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
        if (vendors[i].id == id) return vendors[i].name;
    return "other";
}

static void show_device(void *user, const struct gpu_caps *caps) {
    static const char *const types[] = {[GPU_OTHER] = "other",
                                        [GPU_INTEGRATED] = "integrated",
                                        [GPU_DISCRETE] = "discrete",
                                        [GPU_VIRTUAL] = "virtual",
                                        [GPU_CPU] = "cpu"};
    const struct {
        bool has;
        const char *word;
    } words[] = {{caps->has & NEED_SUBGROUP, "subgroup"},
                 {caps->has & NEED_F16, "f16"},
                 {caps->has & NEED_INT_DOT, "int_dot"},
                 {caps->has & NEED_COOPMAT, "coopmat"},
                 {caps->has & NEED_CPU, "cpu"},
                 {caps->has & NEED_TEXELS, "texels"},
                 {caps->unified, "unified"},
                 {caps->import_host, "import_host"}};
    const struct device_walk *walk = user;
    char features[96] = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!words[i].has) continue;
        if (features[0]) strcat(features, " ");
        strcat(features, words[i].word);
    }
    walk->each(walk->user, &(vidi_device){.name = caps->name,
                                          .vendor = vendor_name(caps->vendor_id),
                                          .type = types[caps->type],
                                          .driver = caps->driver,
                                          .memory_bytes = caps->memory_bytes,
                                          .budget_bytes = caps->budget_bytes,
                                          .api_version = caps->api_version,
                                          .subgroup_size = caps->subgroup_size,
                                          .usable = caps->usable,
                                          .reason = caps->reason,
                                          .features = features});
}

vidi_status vidi_devices(const vidi_config *cfg, void (*each)(void *user, const vidi_device *d),
                         void *user, char *error, size_t error_cap) {
    struct vd_ctx ctx = {.log = cfg ? cfg->log : NULL, .user = cfg ? cfg->user : NULL};
    const vidi_status status = gpu_devices(&ctx, show_device, &(struct device_walk){each, user});
    if (error && error_cap) {
        const size_t len = strlen(ctx.error);
        const size_t n = len < error_cap ? len : error_cap - 1;
        memcpy(error, ctx.error, n);
        error[n] = 0;
    }
    return status;
}

/* --- pictures --------------------------------------------------------------------------------- */

static vidi_image image_of(const struct picture *p) {
    return (vidi_image){.data = p->rgb,
                        .width = (int)p->width,
                        .height = (int)p->height,
                        .stride = (int)p->width * 3,
                        .pixels = VIDI_RGB8};
}

vidi_status vidi_image_read(vidi *v, const char *path, vidi_image *out) {
    *out = (vidi_image){0};
    if (!path) return vd_fail(&v->ctx, VIDI_E_ARGUMENT, "no picture was named");
    struct picture p;
    TRY(picture_read(&v->ctx, path, &p));
    *out = image_of(&p);
    return VIDI_OK;
}

vidi_status vidi_image_decode(vidi *v, const void *data, size_t bytes, const char *name,
                              vidi_image *out) {
    *out = (vidi_image){0};
    if (!data || !name) return vd_fail(&v->ctx, VIDI_E_ARGUMENT, "there is no picture to decode");
    struct picture p;
    TRY(picture_decode(&v->ctx, name, data, bytes, &p));
    *out = image_of(&p);
    return VIDI_OK;
}

void vidi_image_free(vidi *v, vidi_image *image) {
    vd_free(&v->ctx, (void *)image->data);
    *image = (vidi_image){0};
}
