#include "shrink.h"

#include <stddef.h>

static int64_t edge(int i, int from, int to) { return (int64_t)i * from / to; }

void shrink(const uint8_t *from, int width, int height, uint8_t *to, int to_width, int to_height) {
    for (int y = 0; y < to_height; y++) {
        const int64_t top = edge(y, height, to_height), bottom = edge(y + 1, height, to_height);
        for (int x = 0; x < to_width; x++, to += 3) {
            const int64_t left = edge(x, width, to_width), right = edge(x + 1, width, to_width);
            uint32_t sum[3] = {0};
            for (int64_t r = top; r < bottom; r++) {
                const uint8_t *p = from + ((size_t)r * (size_t)width + (size_t)left) * 3;
                for (int64_t c = left; c < right; c++, p += 3) {
                    sum[0] += p[0];
                    sum[1] += p[1];
                    sum[2] += p[2];
                }
            }
            const uint32_t n = (uint32_t)((bottom - top) * (right - left));
            for (int k = 0; k < 3; k++) to[k] = (uint8_t)((sum[k] + n / 2) / n);
        }
    }
}

void shrink_fit(int width, int height, int box_width, int box_height, int *to_width,
                int *to_height) {
    double scale = 1;
    if (width > box_width) scale = (double)box_width / width;
    if (height * scale > box_height) scale = (double)box_height / height;
    *to_width = (int)(width * scale + 0.5);
    *to_height = (int)(height * scale + 0.5);
    if (*to_width < 1) *to_width = 1;
    if (*to_height < 1) *to_height = 1;
}
