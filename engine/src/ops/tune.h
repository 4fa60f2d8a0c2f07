/* tune.h - which kernel does an op, with which tile, and why.
 *
 * One table (tune.c) for the ops that have a choice. A row is usable when the device meets its
 * kernel's needs and the shape's columns divide as the kernel needs; it wins when it is the first
 * usable one whose ranges hold. `vidi kernels --why` prints the rows. */
#ifndef VD_TUNE_H
#define VD_TUNE_H
#include "gpu/gpu.h"

enum tune_op { TUNE_LINEAR, TUNE_ATTEND };

/* Who makes `cols` columns: a lane, a subgroup, or the whole workgroup. */
enum tune_share { SHARE_LANE, SHARE_SUBGROUP, SHARE_GROUP };

struct tune_row {
    enum tune_op op;
    uint32_t kernel; /* K_*, index in kernel_table */
    enum tune_share share;
    uint32_t multiple; /* the length of the sums must be one of 1, 4, 8 or 32: see tune_shape */
    uint32_t min_rows, max_rows; /* rows of x or q that it wins for; max 0: no limit */
    uint32_t min_cols;           /* outputs that it wins for */
    uint32_t wg, cols, rows;     /* tile; 0: the shader's default */
    const char *why;
};
extern const struct tune_row tune_rows[];
extern const uint32_t tune_row_count;

struct tune_shape {
    uint32_t rows, cols;
    uint32_t
        multiple; /* 32: whole blocks; 8: whole 16-byte loads; 4: the last is half; 1: neither */
    uint32_t without; /* kernel_needs bits of kernels that would be too coarse for it */
};

/* What is asked for most, and what fits no tile: for showing which rows win. */
enum { TUNE_SAMPLES = 4 };
extern const struct tune_sample {
    const char *name;
    struct tune_shape shape;
} tune_samples[TUNE_SAMPLES];

/* Whether the row would do for that shape on a device that has these needs, and the first that
 * would; NULL: none. */
bool tune_fits(const struct tune_row *row, uint32_t has, struct tune_shape shape);
const struct tune_row *tune_best(enum tune_op op, uint32_t has, struct tune_shape shape);

/* The row that wins, or with list->only the first usable row of that kernel. NULL: none, and the
 * list has failed with VIDI_E_UNSUPPORTED (or had failed before). */
const struct tune_row *tune_pick(struct gpu_list *list, enum tune_op op, struct tune_shape shape);

/* The largest of 4, 8, .. 128 that is no larger than n: lanes that share a subgroup's work. */
uint32_t tune_lanes(uint32_t n);
#endif
