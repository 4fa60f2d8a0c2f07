/* shrink.h - smaller pictures for the screen. */
#ifndef VIEW_SHRINK_H
#define VIEW_SHRINK_H
#include <stdint.h>

/* RGB [height][width][3] -> [to_height][to_width][3], each pixel the mean of those it stands for;
 * neither side of it larger than the source's, all at least 1. */
void shrink(const uint8_t *from, int width, int height, uint8_t *to, int to_width, int to_height);
/* The largest size of these proportions inside the box, never larger than the picture. */
void shrink_fit(int width, int height, int box_width, int box_height, int *to_width,
                int *to_height);
#endif
