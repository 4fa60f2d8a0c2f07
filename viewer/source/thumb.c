#include <stdlib.h>

#include "source.h"

enum {
    FIELDS = 32 * 32,
    ONE_FIELD = 14, /* a field is the mean of hundreds of pixels: noise moves it by 1 or 2 */
    ALL_FIELDS = 3  /* on average */
};

bool source_frame_changed(const struct frame_thumb *before, const struct frame_thumb *now) {
    if (!before->valid || !now->valid) return true;
    int sum = 0, most = 0;
    for (int i = 0; i < FIELDS; i++) {
        const int difference = abs(before->luma[i] - now->luma[i]);
        sum += difference;
        if (difference > most) most = difference;
    }
    return most >= ONE_FIELD || sum >= ALL_FIELDS * FIELDS;
}
