/* fit.h - what the ways to bring a picture to the encoder's size share (fit*.c). */
#ifndef VD_CHAT_FIT_H
#define VD_CHAT_FIT_H
#include "chat/internal.h"

uint32_t fit_stride(uint32_t width); /* bytes of a row */

/* One pass: out_n places along a line, from the same few inputs of each line. */
struct fit_pass {
    const int32_t *coeffs; /* [out_n][taps + 2], see op_image_coeffs() */
    uint32_t taps, out_n, lines;
    const uint8_t *in;
    uint8_t *out;
    uint64_t in_line, in_step, out_line, out_step;
};
void fit_pass(const struct fit_pass *p);

/* As PIL resizes; out->rgb is the caller's to free. */
vidi_status fit_resized(struct vd_ctx *ctx, const struct said_picture *in, uint32_t width,
                        uint32_t height, enum resize_filter filter, struct said_picture *out);

/* The family's own words around a picture, if any. */
void fit_words(vidi_chat *c, struct said_picture *p);

/* A rectangle of a picture as one more picture of the turn, which gives rows to the prompt. */
vidi_status fit_part(vidi_chat *c, const struct said_picture *of, uint32_t x, uint32_t y,
                     uint32_t width, uint32_t height, struct said_picture **out);

/* The tiles of the grid that fits best, each kept, and the whole picture, whose layout is all. */
vidi_status fit_anyres(vidi_chat *c, const struct said_picture *in);

/* The whole picture, then its slices row by row, each between words of its own. */
vidi_status fit_slices(vidi_chat *c, const struct said_picture *in);

/* The tiles of the grid whose shape is most like the picture's, and the whole behind them. */
vidi_status fit_grid(vidi_chat *c, const struct said_picture *in);

/* A canvas of whole tiles, the picture at its top left. */
vidi_status fit_canvas(vidi_chat *c, const struct said_picture *in);

/* Its own size within bounds, or its quarters and then the whole. */
vidi_status fit_bounded(vidi_chat *c, const struct said_picture *in);

/* A square of the longer side, then the encoder's; two resizes, each rounded. */
vidi_status fit_square(vidi_chat *c, const struct said_picture *in);

/* The nearest size of whole rows of the decoder. */
vidi_status fit_native(vidi_chat *c, const struct said_picture *in);
#endif
