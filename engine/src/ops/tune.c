#include "ops/tune.h"

#include <string.h>

#include "kernels.h"

/* The first row that fits wins, so the special ones stand before the general ones. */
const struct tune_row tune_rows[] = {
    {TUNE_LINEAR, K_matvec_texels, SHARE_LANE, 32, 0, 4, 0, 16, 4, 1,
     "few rows on a CPU driver with long texel buffers: their 16-byte loads cost half"},
    {TUNE_LINEAR, K_matvec_cpu, SHARE_LANE, 32, 0, 4, 0, 16, 2, 1,
     "few rows on a CPU driver: bound by loads; small workgroups keep two threads busy"},
    {TUNE_LINEAR, K_gemm_cpu, SHARE_LANE, 8, 0, 0, 0, 16, 2, 16,
     "many rows on a CPU driver: 16 rows share a dequantised weight; 32 sums are what spills "
     "least"},
    {TUNE_LINEAR, K_matvec_subgroup, SHARE_SUBGROUP, 8, 0, 4, 0, 128, 2, 1,
     "few rows: bound by memory; a subgroup sums two outputs without a barrier"},
    {TUNE_LINEAR, K_matvec, SHARE_GROUP, 8, 0, 4, 0, 64, 4, 1,
     "few rows without subgroup arithmetic: a tree in shared memory, shared by four outputs"},
#ifdef k_gemm_coopmat /* only where the compiler of shaders knows cooperative matrices */
    {TUNE_LINEAR, K_gemm_coopmat, SHARE_GROUP, 32, 16, 0, 16, 128, 64, 32,
     "many rows with matrix units: halves in, f32 sums; 15.5 KiB of shared memory fit every "
     "device"},
#endif
    {TUNE_LINEAR, K_gemm, SHARE_GROUP, 4, 5, 0, 0, 128, 64, 32,
     "many rows: 16 sums a lane and 12 KiB of shared memory fit every device"},
    {TUNE_LINEAR, K_linear_simple, SHARE_LANE, 1, 0, 0, 0, 64, 1, 1,
     "any shape: widths that are not whole 16-byte loads"},

    {TUNE_ATTEND, K_attend_cpu, SHARE_LANE, 8, 0, 0, 0, 8, 1, 4,
     "a CPU driver: four queries share each load of K and V, a workgroup is one subgroup"},
    {TUNE_ATTEND, K_attend_decode, SHARE_GROUP, 8, 0, 4, 0, 64, 1, 1,
     "few rows: all lanes of a workgroup share one row and head"},
    {TUNE_ATTEND, K_attend_prefill, SHARE_GROUP, 8, 5, 0, 0, 64, 1, 16,
     "many rows: 16 of them share each row of K and V in 8 KiB of shared memory"},
    {TUNE_ATTEND, K_attend_simple, SHARE_GROUP, 1, 0, 0, 0, 64, 1, 1,
     "any shape and stride, nothing shared: slow"},
};
const uint32_t tune_row_count = sizeof tune_rows / sizeof tune_rows[0];

static bool usable(const struct tune_row *row, uint32_t has, struct tune_shape shape) {
    const uint32_t needs = kernel_table[row->kernel].needs;
    return (needs & (~has | shape.without)) == 0 && shape.multiple % row->multiple == 0;
}

static bool wins(const struct tune_row *row, struct tune_shape shape) {
    return shape.rows >= row->min_rows && (row->max_rows == 0 || shape.rows <= row->max_rows) &&
           shape.cols >= row->min_cols;
}

const struct tune_sample tune_samples[TUNE_SAMPLES] = {
    {"a token", {1, 1024, 32, 0}},
    {"a prompt", {128, 1024, 32, 0}},
    {"a token of odd width", {1, 1024, 1, 0}},
    {"a prompt of odd width", {128, 1024, 1, 0}},
};

bool tune_fits(const struct tune_row *row, uint32_t has, struct tune_shape shape) {
    return usable(row, has, shape) && wins(row, shape);
}

const struct tune_row *tune_best(enum tune_op op, uint32_t has, struct tune_shape shape) {
    for (uint32_t i = 0; i < tune_row_count; i++)
        if (tune_rows[i].op == op && tune_fits(&tune_rows[i], has, shape)) return &tune_rows[i];
    return NULL;
}

const struct tune_row *tune_pick(struct gpu_list *list, enum tune_op op, struct tune_shape shape) {
    if (list->status != VIDI_OK) return NULL;
    const uint32_t has = gpu_caps(list->gpu)->has;
    for (uint32_t i = 0; i < tune_row_count; i++) {
        const struct tune_row *row = &tune_rows[i];
        if (row->op != op || !usable(row, has, shape)) continue;
        const char *name = kernel_table[row->kernel].name;
        if (list->only ? strcmp(name, list->only) == 0 : wins(row, shape)) return row;
    }
    gpu_list_fail(list, VIDI_E_UNSUPPORTED, "no kernel %s for this shape on %s",
                  list->only ? list->only : "at all", gpu_caps(list->gpu)->name);
    return NULL;
}

uint32_t tune_lanes(uint32_t n) {
    uint32_t lanes = 4;
    while (lanes * 2 <= n && lanes < 128) lanes *= 2;
    return lanes;
}
