/* common.h - what the tests of gpu/ share: a context that counts what was logged, and every device
 * of the machine in turn. */
#ifndef VD_TESTS_GPU_COMMON_H
#define VD_TESTS_GPU_COMMON_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gpu/gpu.h"
#include "kernels.h"

struct logged {
    struct vd_ctx ctx;
    uint32_t n[VD_LOG_DEBUG + 1]; /* lines by level */
    char last[1024];              /* the newest warning or error */
};

void logged_open(struct logged *l);
/* Nothing is left allocated. */
void logged_close(struct logged *l);

/* Opens a device by its index. With cfg.validate the layer is left out where it is not installed,
 * unless VIDI_TEST_VALIDATE is set: then that is a failure. */
struct gpu *open_gpu(struct logged *l, struct gpu_config cfg);
/* Closes it; the validation layer must have been silent all the time. */
void close_gpu(struct logged *l, struct gpu *gpu);

/* Calls `each` with "0", "1", ... for every usable device; fails when there is none. */
void on_every_device(void (*each)(const char *device));

/* y = x by a shader, for whole multiples of 16 bytes. */
void list_copy(struct gpu_list *list, struct vd_span x, struct vd_span y);

const char *scratch_folder(void); /* of the test, made when first asked for */
#endif
