/* check.h - every kernel against its plain-C reference, on whatever device there is.
 *
 * One file an op, tests/kernels/<op>.c, defines one group; the build finds it by its stem:
 *
 *     static const char *const kernels[] = {"rmsnorm", "rmsnorm_subgroup", NULL};
 *     const struct check_group check_group_norm = {"norm", kernels, cases, bench};
 *
 *     static void append(struct gpu_list *list, const void *op) { op_norm(list, op); }
 *     static void one_case(struct check *c, uint32_t rows, uint32_t cols) {
 *         if (!check_begin(c, "rows %u cols %u", rows, cols)) return;     // filtered out
 *         float *x = check_floats(c, CHECK_NORMAL, rows * cols);
 *         struct op_norm op = {.x = check_input(c, "x", x, rows * cols * 4), ...};
 *         struct check_output out = {.name = "y", .rows = rows, .cols = cols, .stride = cols};
 *         op.y = check_output(c, &out);
 *         out.want = ...; out.allowed = ...; out.wrong = ...;             // from ops/ref
 *         check_run(c, append, &op, &out, 1);
 *     }
 *
 * check_run() forces each of the group's kernels in turn through list.only (a group with kernels
 * == NULL runs once, as the op chooses; give `covers` then), runs it, and looks at every output.
 * An op that fails the list with VIDI_E_UNSUPPORTED cannot do this shape with that kernel: skipped.
 * It fails when
 *   - an element lies further from `want` than `allowed`, or bits differ from `want_bits`;
 *   - a word outside the elements changed: the guard bands before and behind the output, the gaps
 *     between rows when stride > cols;
 *   - the result passes as the wrong twin's (`wrong`): then the case could not tell;
 *   - validation spoke;
 * and the group fails when a variant of its kernels that the device can run was never run, or no
 * case had a wrong twin. Inputs lie in buffers of their own with NaN behind their last byte, so a
 * read past the end shows where the driver does not clamp it.
 *
 * Memory from check_*() lives until the next check_begin(). A harness failure (no memory, device
 * lost) ends the program with a message. One thread. */
#ifndef VD_CHECK_H
#define VD_CHECK_H
#include <stdbool.h>
#include <stdint.h>

#include "ops/ops.h"

struct check;

struct check_group {
    const char *op;
    const char *const *kernels; /* alternatives to force one by one, NULL at the end; may be NULL */
    void (*cases)(struct check *c);
    void (*bench)(struct check *c); /* may be NULL */
    const char *const *covers;      /* where kernels is NULL: whose variants must have run */
};

/* Starts a case and seeds its random numbers from --seed and its name. False: filtered out. */
bool check_begin(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Random numbers of this case. */
uint32_t check_random(struct check *c);            /* 32 bits */
uint32_t check_below(struct check *c, uint32_t n); /* 0 .. n-1 */
float check_between(struct check *c, float low, float high);
enum check_fill {
    CHECK_NORMAL,  /* mean 0, deviation 1 */
    CHECK_UNIFORM, /* -1 .. 1 */
    CHECK_WILD,    /* signs and sizes from 2^-12 to 2^8, some exact zeros */
    CHECK_CANCEL,  /* large pairs of opposite sign, so that the sum is far smaller than its terms */
    CHECK_ONES,
    CHECK_ZEROS,
};
float *check_floats(struct check *c, enum check_fill fill, uint64_t n);
double *check_doubles(struct check *c, uint64_t n); /* zeros */
void *check_bytes(struct check *c, uint64_t n);     /* zeros */

/* A buffer of `bytes` (whole words) with this content; NaN (0x7fc0dead) follows its end. */
struct vd_span check_input(struct check *c, const char *name, const void *data, uint64_t bytes);

/* Scratch that a kernel may write: NaN-poisoned, guards not looked at. */
struct vd_span check_scratch(struct check *c, const char *name, uint64_t bytes);

struct check_output {
    const char *name;
    uint32_t rows, cols, stride;  /* words; the last row ends at its last column */
    const void *init;             /* content before each run, rows * stride words in all but the
                                     last row; NULL: NaN 0x7fc0dead */
    const double *want, *allowed; /* [rows][cols] for f32 outputs; or */
    const double *allowed_halves; /* where matrix units do it; NULL: allowed */
    const uint32_t *want_bits;    /* [rows][cols] for exact ones */
    const double *wrong;          /* the wrong twin's want, */
    const uint32_t *wrong_bits;   /* or its bits; NULL: no twin in this case */
    const uint8_t *skip;          /* [rows][cols] 1: must stay untouched (rows beyond step.rows) */
    struct vd_span span;          /* set by check_output() */
};

/* Makes the buffer with its guard bands; rows, cols, stride, init and name must be set. `out` must
 * live until check_run(). The same span may be bound twice (in place). */
struct vd_span check_output(struct check *c, struct check_output *out);

/* c * sqrt(k) * 2^-24 * sum|a_i b_i| + 2 ulp(want), c = 4: what a sum of k products may be off. */
double check_allowed(double abs_sum, uint64_t k, double want);

typedef void (*check_append)(struct gpu_list *list, const void *op);
void check_run(struct check *c, check_append append, const void *op, struct check_output *outs,
               uint32_t n_outs);

/* A timing of ops[0..n), each of op_bytes, appended to one program (so that weights of n ops can
 * be larger than any cache), for each kernel that can do it. The ops' gpu_list_cost() gives bytes
 * and flops. Buffers come from check_input() and check_scratch(). `name` says the shape. */
void check_bench(struct check *c, check_append append, const void *ops, uint64_t op_bytes,
                 uint32_t n);

/* Whether all sizes are asked for, and not those alone that differ for a kernel (--every). */
bool check_every(const struct check *c);

struct gpu *check_gpu(struct check *c);
#endif
