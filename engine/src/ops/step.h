/* step.h - the 64 bytes that change from token to token, so that nothing is recorded again.
 *
 * Lives in a GPU_HOST buffer; the host writes it before a prompt chunk, the sample kernel advances
 * it on the device between steps. Shaders see it as uint step[16] by the STEP_ indices of
 * shaders/common/step.glsl, which must agree (a test compares them). */
#ifndef VD_STEP_H
#define VD_STEP_H
#include <stdint.h>

enum { TOKEN_RING = 256 };

struct step {
    uint32_t position; /* cache row of the first row */
    uint32_t rows;     /* rows of this run */
    uint32_t counter;  /* tokens sampled so far: ring slot and random number */
    uint32_t top_k;    /* 0: all */
    float temperature, top_p, min_p;
    uint32_t seed_low, seed_high;
    uint32_t span_from, span_to; /* rows at these positions see each other, before and behind */
    uint32_t lag; /* positions by which learned rows are found are less than cache rows by it */
    uint32_t reserved[4];
};
_Static_assert(sizeof(struct step) == 64, "the step buffer is 64 bytes");
#endif
