#include "frame.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE = 32768 };

struct pixels {
    struct frame head; /* first: what callers hold is this */
    AVFrame *raw;
    AVFrame *shown; /* raw in another format, when a view asked for it */
    int turn;
};

static struct pixels *behind(struct frame *f) { return (struct pixels *)f; }

/* Pixels that are no squares make the picture larger in one direction. */
static void square(const AVFrame *raw, int *width, int *height) {
    const AVRational aspect = raw->sample_aspect_ratio;
    *width = raw->width;
    *height = raw->height;
    if (aspect.num <= 0 || aspect.den <= 0) return;
    if (aspect.num > aspect.den)
        *width = (int)av_rescale(raw->width, aspect.num, aspect.den);
    else
        *height = (int)av_rescale(raw->height, aspect.den, aspect.num);
    if (*width <= MAX_SIDE && *height <= MAX_SIDE) return;
    *width = raw->width;
    *height = raw->height;
}

static struct frame *wrap(AVFrame *raw, AVFrame *shown, struct frame head, int turn) {
    struct pixels *p = raw ? malloc(sizeof *p) : NULL;
    if (!p) {
        av_frame_free(&raw);
        av_frame_free(&shown);
        return NULL;
    }
    *p = (struct pixels){.head = head, .raw = raw, .shown = shown, .turn = turn};
    return &p->head;
}

struct frame *frame_new(const AVFrame *pixels, const struct frame *from, int turn) {
    struct frame head = *from;
    square(pixels, &head.width, &head.height);
    if (turn % 180 != 0) {
        const int width = head.width;
        head.width = head.height;
        head.height = width;
    }
    return wrap(av_frame_clone(pixels), NULL, head, turn);
}

struct frame *frame_hold(const struct frame *f) {
    const struct pixels *p = (const struct pixels *)f;
    return wrap(av_frame_clone(p->raw), p->shown ? av_frame_clone(p->shown) : NULL, *f, p->turn);
}

void frame_release(struct frame *f) {
    if (!f) return;
    struct pixels *p = behind(f);
    av_frame_free(&p->raw);
    av_frame_free(&p->shown);
    free(p);
}

/* ---- conversions ---- */

/* The J formats say with their name what the range says too. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format) {
    static const enum AVPixelFormat pairs[][2] = {{AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P},
                                                  {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
                                                  {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P},
                                                  {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
                                                  {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (format == pairs[i][0]) return pairs[i][1];
    return format;
}

static int matrix_number(const AVFrame *raw) {
    static const int numbers[][2] = {{AVCOL_SPC_BT709, SWS_CS_ITU709},
                                     {AVCOL_SPC_BT2020_NCL, SWS_CS_BT2020}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if ((int)raw->colorspace == numbers[i][0]) return numbers[i][1];
    return SWS_CS_ITU601;
}

/* What is to be made of the pixels. */
struct target {
    enum AVPixelFormat format;
    int width, height, flags;
    uint8_t *data;
    int stride;
};

static bool has_alpha(const AVFrame *raw) {
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(raw->format);
    return pixels && pixels->flags & AV_PIX_FMT_FLAG_ALPHA;
}

static bool scale(const AVFrame *raw, const struct target *to) {
    struct SwsContext *sws =
        sws_getContext(raw->width, raw->height, plain_format(raw->format), to->width, to->height,
                       to->format, to->flags, NULL, NULL, NULL);
    if (!sws) return false;
    const int *matrix = sws_getCoefficients(matrix_number(raw));
    const int full = raw->color_range == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(sws, matrix, full, matrix, 1, 0, 1 << 16, 1 << 16);
    uint8_t *const data[4] = {to->data};
    const int strides[4] = {to->stride};
    const int rows = sws_scale(sws, (const uint8_t *const *)raw->data, raw->linesize, 0,
                               raw->height, data, strides);
    sws_freeContext(sws);
    return rows == to->height;
}

/* As the engine does with still pictures. */
static void lay_on_white(const uint8_t *rgba, uint8_t *rgb, int width) {
    for (int x = 0; x < width; x++, rgba += 4, rgb += 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)((rgba[c] * rgba[3] + 255 * (255 - rgba[3]) + 127) / 255);
}

static AVFrame *new_frame(const AVFrame *like, enum AVPixelFormat format) {
    AVFrame *f = av_frame_alloc();
    if (!f) return NULL;
    f->format = format;
    f->width = like->width;
    f->height = like->height;
    f->color_range = AVCOL_RANGE_JPEG;
    if (av_frame_get_buffer(f, 0) < 0) av_frame_free(&f);
    return f;
}

/* What is transparent shows the white behind it. NULL: no memory. */
static AVFrame *on_white(const AVFrame *raw) {
    AVFrame *rgba = new_frame(raw, AV_PIX_FMT_RGBA), *rgb = new_frame(raw, AV_PIX_FMT_RGB24);
    bool made = rgba && rgb;
    if (made) {
        const struct target to = {
            AV_PIX_FMT_RGBA, raw->width,
            raw->height,     SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
            rgba->data[0],   rgba->linesize[0]};
        made = scale(raw, &to);
    }
    for (int y = 0; made && y < raw->height; y++)
        lay_on_white(rgba->data[0] + (ptrdiff_t)y * rgba->linesize[0],
                     rgb->data[0] + (ptrdiff_t)y * rgb->linesize[0], raw->width);
    av_frame_free(&rgba);
    if (!made) av_frame_free(&rgb);
    return rgb;
}

static bool convert(const AVFrame *raw, const struct target *to) {
    if (!has_alpha(raw)) return scale(raw, to);
    AVFrame *white = on_white(raw);
    const bool made = white && scale(white, to);
    av_frame_free(&white);
    return made;
}

/* ---- for the eye ---- */

struct layout {
    enum AVPixelFormat pixels;
    enum frame_format format;
    int planes;
    int chroma_step; /* takes every n-th row of U and V */
};
static const struct layout layouts[] = {
    {AV_PIX_FMT_YUV420P, FRAME_IYUV, 3, 1}, {AV_PIX_FMT_YUV422P, FRAME_IYUV, 3, 2},
    {AV_PIX_FMT_NV12, FRAME_NV12, 2, 1},    {AV_PIX_FMT_YUYV422, FRAME_YUY2, 1, 1},
    {AV_PIX_FMT_BGR0, FRAME_BGRA, 1, 1},    {AV_PIX_FMT_RGB24, FRAME_RGB24, 1, 1},
};
enum { SHOWN = 4 }; /* what others are converted to, with an A that is to be ignored */

static const struct layout *layout_of(const AVFrame *raw) {
    const enum AVPixelFormat format = plain_format(raw->format);
    if (has_alpha(raw)) return NULL;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const struct layout *l = &layouts[i];
        if (l->pixels != format) continue;
        for (int plane = 0; plane < l->planes; plane++)
            if (raw->linesize[plane] < 0) return NULL; /* upside down */
        return l;
    }
    return NULL;
}

static AVFrame *converted(const AVFrame *raw) {
    AVFrame *shown = av_frame_alloc();
    if (!shown) return NULL;
    shown->format = AV_PIX_FMT_BGRA;
    shown->width = raw->width;
    shown->height = raw->height;
    if (av_frame_get_buffer(shown, 0) >= 0) {
        const struct target to = {.format = AV_PIX_FMT_BGRA,
                                  .width = raw->width,
                                  .height = raw->height,
                                  .flags = SWS_BILINEAR,
                                  .data = shown->data[0],
                                  .stride = shown->linesize[0]};
        if (convert(raw, &to)) return shown;
    }
    av_frame_free(&shown);
    return NULL;
}

bool frame_view(struct frame *f, struct frame_view *out) {
    struct pixels *p = behind(f);
    const AVFrame *from = p->raw;
    const struct layout *l = layout_of(from);
    if (!l) {
        if (!p->shown) p->shown = converted(p->raw);
        if (!p->shown) return false;
        from = p->shown;
        l = &layouts[SHOWN];
    }
    *out = (struct frame_view){.format = l->format,
                               .width = p->raw->width,
                               .height = p->raw->height,
                               .turn = p->turn,
                               .full_range = p->raw->color_range == AVCOL_RANGE_JPEG,
                               .matrix = FRAME_BT601};
    const int number = matrix_number(p->raw);
    if (number == SWS_CS_ITU709) out->matrix = FRAME_BT709;
    if (number == SWS_CS_BT2020) out->matrix = FRAME_BT2020;
    for (int i = 0; i < l->planes; i++) {
        out->planes[i] = from->data[i];
        out->strides[i] = from->linesize[i] * (i > 0 ? l->chroma_step : 1);
    }
    return true;
}

/* ---- for the model ---- */

struct grid {
    const uint8_t *from; /* [height][width][3] as stored */
    int width, height, turn;
    bool mirror;
};

/* Where in `from` the pixel stands that is seen at row r, column c. */
static size_t stored_at(const struct grid *g, int r, int c) {
    const int seen_width = g->turn % 180 ? g->height : g->width;
    if (g->mirror) c = seen_width - 1 - c;
    int row = r, column = c;
    if (g->turn == 90) {
        row = g->height - 1 - c;
        column = r;
    }
    if (g->turn == 180) {
        row = g->height - 1 - r;
        column = g->width - 1 - c;
    }
    if (g->turn == 270) {
        row = c;
        column = g->width - 1 - r;
    }
    return ((size_t)row * (size_t)g->width + (size_t)column) * 3;
}

static void arrange(const struct grid *g, uint8_t *rgb) {
    const int width = g->turn % 180 ? g->height : g->width;
    const int height = g->turn % 180 ? g->width : g->height;
    for (int r = 0; r < height; r++)
        for (int c = 0; c < width; c++, rgb += 3) memcpy(rgb, g->from + stored_at(g, r, c), 3);
}

bool frame_rgb(struct frame *f, uint8_t *rgb, size_t bytes, bool mirror) {
    const struct pixels *p = behind(f);
    if (bytes != (size_t)f->width * (size_t)f->height * 3) return false;
    struct target to = {.format = AV_PIX_FMT_RGB24,
                        .flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
                        .data = rgb};
    square(p->raw, &to.width, &to.height);
    to.stride = to.width * 3;
    if (p->turn == 0 && !mirror) return convert(p->raw, &to);
    to.data = malloc(bytes);
    if (!to.data) return false;
    const bool made = convert(p->raw, &to);
    const struct grid grid = {to.data, to.width, to.height, p->turn, mirror};
    if (made) arrange(&grid, rgb);
    free(to.data);
    return made;
}

/* ---- from far away ---- */

void frame_thumb(struct frame *f, struct frame_thumb *out) {
    const struct target to = {.format = AV_PIX_FMT_GRAY8,
                              .width = 32,
                              .height = 32,
                              .flags = SWS_AREA,
                              .data = out->luma,
                              .stride = 32};
    out->valid = convert(behind(f)->raw, &to);
}
