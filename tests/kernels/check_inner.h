/* check_inner.h - what the parts of the check program share: its state. */
#ifndef VD_CHECK_INNER_H
#define VD_CHECK_INNER_H
#include "check.h"

enum { CHECK_MAX_VARIANTS = 64, CHECK_MAX_BUFFERS = 512, CHECK_GUARD_BYTES = 4096 };

struct check_score { /* of one variant of one kernel */
    uint32_t runs, failures;
    double worst; /* largest used / allowed */
};

struct check_options {
    const char *filter, *device; /* NULL: all; the best */
    uint64_t seed;
    double bench_ms; /* time spent measuring one line */
    bool bench, json, list, validate, verbose, every;
};

struct check {
    struct vd_ctx ctx;
    struct gpu *gpu;
    struct check_options options;
    const struct check_group *group;
    struct arena arena; /* of the case */
    struct gpu_buffer *buffers[CHECK_MAX_BUFFERS];
    uint32_t n_buffers;
    char name[256]; /* of the case */
    uint64_t random;
    struct check_score *scores; /* [kernel_count][CHECK_MAX_VARIANTS] */
    uint32_t passed, failed, skipped;
    bool had_twin;
};

void check_die(struct check *c, const char *what); /* the harness cannot go on */
struct gpu_buffer *check_buffer(struct check *c, const char *name, uint64_t bytes);
void check_drop_buffers(struct check *c);
/* Appends to the list with the kernel forced. False: it cannot do this; a failure is reported. */
bool check_fill_list(struct check *c, struct gpu_list *list, const char *only, check_append append,
                     const void *op);
bool check_can_run(struct check *c, const struct kernel *k);
const struct kernel *check_kernel(const char *name, uint32_t *index);
#endif
