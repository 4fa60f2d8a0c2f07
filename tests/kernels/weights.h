/* weights.h - random matrices of every device form, for cases. */
#ifndef VD_CHECK_WEIGHTS_H
#define VD_CHECK_WEIGHTS_H
#include "check.h"
#include "ops/ref/linear.h"

/* Random planes in host memory; what pads a row is NaN in every format. */
struct ref_weight make_weight(struct check *c, enum weight_form form, uint32_t rows, uint32_t cols);

/* The same on the device, a buffer a plane. */
struct weight upload_weight(struct check *c, const struct ref_weight *w);
#endif
