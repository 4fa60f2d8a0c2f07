/* frame.h - frames as the capture thread makes them. */
#ifndef FRAME_H
#define FRAME_H
#include <libavutil/frame.h>

#include "source.h"

/* A frame that holds a reference to the same pixels; of `head` all but the sizes; `turn` as in
 * frame_view. NULL: no memory. */
struct frame *frame_new(const AVFrame *pixels, const struct frame *head, int turn);
#endif
