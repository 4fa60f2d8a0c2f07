/* boxes.h - places of a picture that an answer names. Reentrant. */
#ifndef VD_TEXT_BOXES_H
#define VD_TEXT_BOXES_H
#include <stddef.h>
#include <stdint.h>

#include "vidi/vidi.h"

/* Boxes in the forms that models write, in the text's order, one form an answer:
 *   <loc0010><loc0020><loc0300><loc0400> cat           y0 x0 y1 x1 of 1024 (PaliGemma)
 *   <phrase>cat</phrase><object><patch_index_0044><patch_index_0863></object>
 *                                                      corners on a grid of 32 x 32 (Kosmos-2)
 *   <ref>cat</ref><box>[[1,2,3,4]]</box>, cat(1,2),(3,4)
 *                                                      x0 y0 x1 y1 of 1000 (InternVL, Qwen-VL)
 *   {"bbox_2d": [1, 2, 3, 4], "label": "cat"}          pixels of what the model saw (Qwen2.5-VL);
 *                                                      width and height 1000 for Qwen3-VL
 * Returns how many were written to `out`, at most cap. Those that make no sense are left out. */
int text_boxes(const char *text, size_t len, uint32_t width, uint32_t height, vidi_box *out,
               int cap);
#endif
