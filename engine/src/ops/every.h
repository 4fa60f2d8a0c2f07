/* every.h - what models make a device do, for those who want to see it compiled and not run. */
#ifndef VD_EVERY_H
#define VD_EVERY_H
#include "ops/ops.h"

/* Appends each kernel variant with each set of specialisation constants that ops choose on this
 * device: all weight forms, few rows and many, with a norm and without, the head sizes of published
 * models, all kinds of cache, all activations; then, with their defaults, the variants that the
 * device can run and no op chose. Spans are parts of `any`, which has EVERY_BYTES. */
enum { EVERY_BYTES = 16 << 20 };
void ops_every(struct gpu_list *list, struct gpu_buffer *any);
#endif
