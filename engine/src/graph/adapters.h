/* adapters.h - low-rank changes of a model's matrices: y = W x + s B (A x).
 *
 * An adapter is a GGUF file of general.type "adapter" and adapter.type "lora" with a pair of
 * matrices NAME.lora_a [rank][cols] and NAME.lora_b [rows][rank] for each matrix NAME it changes
 * (LoRA, arXiv 2106.09685). s is the caller's scale, times adapter.lora.alpha / rank where the file
 * has an alpha. Of several adapters, and of the parts of a fused matrix, the pairs are stacked into
 * one: A rows below rows, B columns beside columns with zeros where a part has no business. */
#ifndef VD_ADAPTERS_H
#define VD_ADAPTERS_H
#include "io/gguf.h"
#include "ops/weight.h"

enum { ADAPTERS_MOST = 8 };

struct adapter;
struct adapters; /* those in use, and what was made of them on the device */

/* Checks it against the model's files (second may be NULL): its architecture, and that each pair
 * fits a matrix that is there. */
vidi_status adapter_open(struct vd_ctx *ctx, const char *path, const struct gguf *model,
                         const struct gguf *second, struct adapter **out);
void adapter_close(struct adapter *a); /* NULL is fine */
const char *adapter_path(const struct adapter *a);
uint32_t adapter_pairs(const struct adapter *a);

struct adapter_use {
    const struct adapter *adapter; /* outlives the adapters */
    float scale;
};
/* n may be 0. The files' memory is read when a matrix is first asked for. */
vidi_status adapters_new(struct gpu *gpu, const struct adapter_use *uses, uint32_t n,
                         struct adapters **out);
void adapters_free(struct adapters *a); /* the device must be idle; NULL is fine */

/* The stacked pair of the matrices `names` (without ".weight") with rows[i] rows each: *a
 * [rank][cols], *b [sum of rows][rank], f32. *a is NULL where no adapter in use changes any of
 * them. Made once. */
vidi_status adapters_find(struct adapters *ad, const char *const *names, const uint32_t *rows,
                          uint32_t n, uint32_t cols, const struct weight **a,
                          const struct weight **b);
/* The same of a table of words, whose pair is stored the other way round: *a [words][rank], *b
 * [cols][rank], so that a word's row of *a times *b is added to its row of the table. */
vidi_status adapters_find_table(struct adapters *ad, const char *name, uint32_t words,
                                uint32_t cols, const struct weight **a, const struct weight **b);
#endif
