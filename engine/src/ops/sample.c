#include "ops/ops.h"

#include <assert.h>

#include "base/checked.h"
#include "kernels.h"
#include "ops/pick.h"

/* TILE is an agreement between the two kernels of the op. On a CPU-type driver one subgroup does
 * the choosing: there a barrier between many costs more than what they would share. */
enum { TILE = 256, LANES = 256, TILE_LANES = 64 };

static_assert(sizeof(struct k_sample_tiles) == sizeof(struct k_sample_tiles_subgroup),
              "one interface");

/* The best of each tile (two words), a list of tiles, and a pair for each logit. */
uint64_t op_sample_scratch_bytes(uint32_t cols) {
    return (div_up(cols, TILE) * 3ull + cols * 2ull) * sizeof(uint32_t);
}

static void append_tiles(struct gpu_list *list, const struct op_sample *op, uint32_t kernel) {
    const struct gpu_caps *caps = gpu_caps(list->gpu);
    const uint32_t tiles = div_up(op->cols, TILE);
    const struct k_sample_tiles args = {
        .logits = op->logits,
        .best = span_of(op->scratch.buffer, op->scratch.offset, tiles * 8ull),
        .cols = op->cols,
        .tiles = tiles,
        .spec = {.WG = caps->type == GPU_CPU ? caps->subgroup_size : TILE_LANES, .TILE = TILE},
    };
    gpu_dispatch(list, kernel, pick_variant(kernel, ""), groups(pick_groups(tiles), 1, 1), &args);
    gpu_list_cost(list, op->cols * 4ull, op->cols);
}

void op_sample(struct gpu_list *list, const struct op_sample *op) {
    static const uint32_t kernels[] = {K_sample_tiles_subgroup, K_sample_tiles};
    const uint32_t kernel = pick_kernel(list, kernels, 2);
    if (kernel == UINT32_MAX) return;
    if (op->cols == 0 || op->scratch.bytes < op_sample_scratch_bytes(op->cols)) {
        gpu_list_fail(list, VIDI_E_ARGUMENT, "sample: %u logits with %llu bytes of scratch",
                      op->cols, (unsigned long long)op->scratch.bytes);
        return;
    }
    append_tiles(list, op, kernel);
    const struct gpu_caps *caps = gpu_caps(list->gpu);
    k_sample(list, pick_variant(K_sample, ""), groups(1, 1, 1), .logits = op->logits,
             .ids = op->ids, .tokens = op->tokens, .step = op->step, .scratch = op->scratch,
             .cols = op->cols, .tiles = div_up(op->cols, TILE),
             .spec = {.WG = caps->type == GPU_CPU ? caps->subgroup_size : LANES, .TILE = TILE});
    gpu_list_cost(list, op->cols / 4, op->cols / 8);
}
