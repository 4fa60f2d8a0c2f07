/* no_device.h - what the graphs ask of a device, without one: buffers are sizes, what is sent to
 * them is dropped. A program that is linked with the options of wraps.cmake has this in place of
 * the calls of gpu/. */
#ifndef VD_TEST_NO_DEVICE_H
#define VD_TEST_NO_DEVICE_H
#include "gpu/gpu.h"

struct gpu *no_device(struct vd_ctx *ctx); /* until the next call; nothing to free */
#endif
