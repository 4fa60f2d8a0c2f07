/* What `vidi shaders` compiles for GPUs that are not here is what models make a device do. */
#include "family.h"

#include <stdio.h>
#include <string.h>

#include "chat/internal.h"
#include "gpu/inside.h"
#include "ops/every.h"

static const char *const models[] = {NULL, /* embedded */
                                     "tests/families/folders/git",
                                     "tests/families/folders/idefics",
                                     "tests/families/folders/minicpmv",
                                     "tests/families/folders/opt",
                                     "tests/families/folders/qwen25vl",
                                     "tests/families/folders/smolvlm"};

/* The small models' heads are narrower than any published one's, so that constant may differ. */
static bool same(const struct pipeline *p, const struct gpu_dispatch *d) {
    const struct kernel *k = &kernel_table[p->kernel];
    if (p->kernel != d->kernel || p->variant != d->variant) return false;
    for (uint32_t i = 0; i < k->n_specs; i++)
        if (p->specs[i] != d->specs[i] && strcmp(k->specs[i].name, "DIM") != 0) return false;
    return true;
}

static void expect_known(const struct gpu_list *every, const struct pipeline *p) {
    const struct kernel *k = &kernel_table[p->kernel];
    for (uint32_t i = 0; i < every->n; i++)
        if (same(p, &every->items[i])) return;
    char specs[200] = "";
    for (uint32_t i = 0; i < k->n_specs; i++)
        snprintf(specs + strlen(specs), sizeof specs - strlen(specs), " %s=%u", k->specs[i].name,
                 p->specs[i]);
    fail_msg("ops_every() knows no %s %s%s", k->name, k->variants[p->variant].name, specs);
}

static void knows_all(const char *device) {
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct asked a;
        int32_t ids[2];
        int taken;
        ask_open(&a, device, "", models[i], NULL);
        const bool sees = a.m->shape.picture.rows;
        ask(&a, sees ? "tests/families/picturebook/picture.png" : NULL, "a b c", NULL, NULL, ids, 2,
            &taken);
        struct gpu *gpu = a.v->gpu;
        const uint32_t n = gpu->pipelines.n;
        struct gpu_buffer *any;
        struct gpu_list every;
        assert_int_equal(gpu_buffer_new(gpu, EVERY_BYTES, GPU_DEVICE, "any", &any), VIDI_OK);
        gpu_list_open(&every, gpu);
        ops_every(&every, any);
        assert_int_equal(every.status, VIDI_OK);
        assert_true(n > 10);
        for (uint32_t p = 0; p < n; p++) expect_known(&every, &gpu->pipelines.items[p]);
        gpu_list_close(&every);
        ask_close(&a);
    }
}

static void test_knows_all(void **state) {
    (void)state;
    on_devices(knows_all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_knows_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
