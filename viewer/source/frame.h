/* frame.h - frames as the capture thread makes them. */
#ifndef FRAME_H
#define FRAME_H
#include <libavutil/frame.h>

#include "source.h"

/* A frame that holds a reference to the same pixels; `turn` as in frame_view. NULL: no memory. */
struct frame *frame_new(const AVFrame *pixels, uint64_t id, int64_t t_ms, int turn);
#endif
