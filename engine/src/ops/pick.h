/* pick.h - which of an op's kernels a list takes, and how far its grid reaches. */
#ifndef VD_PICK_H
#define VD_PICK_H
#include "gpu/gpu.h"

/* The first of `candidates` (K_* numbers, the best first) that the device can run; where
 * list->only is set, the one of that name. UINT32_MAX: none, and the list has failed with
 * VIDI_E_UNSUPPORTED. Also UINT32_MAX, silently, when the list has failed before. */
uint32_t pick_kernel(struct gpu_list *list, const uint32_t *candidates, uint32_t n);

/* The variant of that name of kernel number `kernel`. */
int pick_variant(uint32_t kernel, const char *name);

/* How many numbers a lane may move at once: 4 when every one of these widths and strides is a
 * multiple of 4, else 1. And the variant of a kernel with the axis V that does so. */
uint32_t pick_width(const uint32_t *numbers, uint32_t n);
int pick_wide_variant(uint32_t kernel, uint32_t width);

/* Workgroups for `n` things that a kernel walks in a loop: n, up to what keeps any device busy. */
uint32_t pick_groups(uint32_t n);
/* Of so many rows those whose numbers, `stride` a row, one binding can hold: all of them, or a
 * multiple of 64, so that each part starts aligned; 0: not even those. */
uint32_t pick_rows(const struct gpu_list *list, uint32_t rows, uint32_t stride);
/* Rows [from, from + n) of numbers at a stride; the last ones may end sooner. Nothing of nothing.
 */
struct vd_span pick_part(struct vd_span of, uint32_t from, uint32_t n, uint32_t stride);
#endif
