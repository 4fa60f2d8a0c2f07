#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chat/fit.h"

/* Pictures are brought to the encoder's size here when that takes more than one resize: the steps
 * and their order are those of the reference processors, whose every step rounds to 8 bits. The
 * last one, from RGB8 to normalised pixels, is the device's (image.c). */

uint32_t fit_stride(uint32_t width) { return (width * 3 + 3) & ~3u; }

static uint8_t byte_of(int64_t sum) {
    const int64_t v = (sum + (1 << 21)) >> 22;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

enum { LONGEST = 65535, LARGEST_GRID_SIDE = 4096 };

void said_picture_free(struct vd_ctx *ctx, struct said_picture *p) {
    vd_free(ctx, p->rgb);
    vd_free(ctx, p->layout);
    vd_free(ctx, p->asked);
    *p = (struct said_picture){0};
}

void fit_pass(const struct fit_pass *p) {
    for (uint32_t line = 0; line < p->lines; line++)
        for (uint32_t i = 0; i < p->out_n; i++) {
            const int32_t *row = p->coeffs + (uint64_t)i * (p->taps + 2);
            const uint8_t *in = p->in + line * p->in_line + (uint64_t)row[0] * p->in_step;
            int64_t sum[3] = {0};
            for (int32_t k = 0; k < row[1]; k++, in += p->in_step)
                for (int ch = 0; ch < 3; ch++) sum[ch] += (int64_t)row[2 + k] * in[ch];
            uint8_t *out = p->out + line * p->out_line + i * p->out_step;
            for (int ch = 0; ch < 3; ch++) out[ch] = byte_of(sum[ch]);
        }
}

static void both_passes(const struct said_picture *in, const int32_t *coeffs,
                        const struct op_image *op, uint8_t *middle, struct said_picture *out) {
    const uint32_t across = op_image_taps(op->filter, in->width, out->width);
    const uint32_t down = op_image_taps(op->filter, in->height, out->height);
    fit_pass(&(struct fit_pass){.coeffs = coeffs,
                                .taps = across,
                                .out_n = out->width,
                                .lines = in->height,
                                .in = in->rgb,
                                .out = middle,
                                .in_line = in->stride,
                                .in_step = 3,
                                .out_line = out->stride,
                                .out_step = 3});
    fit_pass(&(struct fit_pass){.coeffs = coeffs + (uint64_t)out->width * (across + 2),
                                .taps = down,
                                .out_n = out->height,
                                .lines = out->width,
                                .in = middle,
                                .out = out->rgb,
                                .in_line = 3,
                                .in_step = out->stride,
                                .out_line = 3,
                                .out_step = out->stride});
}

vidi_status fit_resized(struct vd_ctx *ctx, const struct said_picture *in, uint32_t width,
                        uint32_t height, enum resize_filter filter, struct said_picture *out) {
    const struct op_image op = {.width = in->width,
                                .height = in->height,
                                .out_w = width,
                                .out_h = height,
                                .filter = filter};
    *out = (struct said_picture){.width = width, .height = height, .stride = fit_stride(width)};
    int32_t *coeffs = vd_alloc(ctx, op_image_coeffs_bytes(&op));
    uint8_t *middle = vd_alloc(ctx, (uint64_t)out->stride * in->height);
    out->rgb = vd_alloc(ctx, (uint64_t)out->stride * height);
    const bool ok = coeffs && middle && out->rgb;
    if (ok) {
        op_image_coeffs(&op, coeffs);
        both_passes(in, coeffs, &op, middle, out);
    } else {
        vd_free(ctx, out->rgb);
        out->rgb = NULL;
    }
    vd_free(ctx, coeffs);
    vd_free(ctx, middle);
    return ok ? VIDI_OK : VIDI_E_MEMORY;
}

/* Of the decoder. */
static uint32_t fit_rows(const struct shape *s) { return s->seen_cols ? 0 : s->picture.rows; }

void fit_words(vidi_chat *c, struct said_picture *p) {
    const struct shape *s = &c->model->shape;
    const bool shared = s->picture.shared_edges && c->n_waiting;
    if (s->picture.before && !shared)
        snprintf(p->before, sizeof p->before, "%s", s->picture.before);
    if (s->picture.numbered)
        snprintf(p->before, sizeof p->before, "Picture %u: %.40s", ++c->numbered,
                 s->picture.before);
    if (s->picture.after) snprintf(p->after, sizeof p->after, "%s", s->picture.after);
}

vidi_status fit_part(vidi_chat *c, const struct said_picture *of, uint32_t x, uint32_t y,
                     uint32_t width, uint32_t height, struct said_picture **out) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    if (c->n_pictures == CHAT_PICTURES)
        return vd_fail(ctx, VIDI_E_ARGUMENT, "more than %d pictures and tiles in one turn",
                       CHAT_PICTURES);
    struct said_picture p = {.width = width,
                             .height = height,
                             .stride = fit_stride(width),
                             .rows = fit_rows(&c->model->shape)};
    p.rgb = vd_alloc(ctx, (uint64_t)p.stride * height);
    if (!p.rgb) return VIDI_E_MEMORY;
    for (uint32_t row = 0; row < height; row++)
        memcpy(p.rgb + (uint64_t)row * p.stride,
               of->rgb + (uint64_t)(y + row) * of->stride + x * 3ull, width * 3ull);
    c->pictures[c->n_pictures] = p;
    *out = &c->pictures[c->n_pictures++];
    c->n_waiting++;
    return VIDI_OK;
}

/* --- the shorter side resized, the middle kept ------------------------------------------------ */

static vidi_status crop(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const struct shape *s = &c->model->shape;
    const uint32_t side = s->picture.width;
    const uint32_t edge = s->picture.shortest ? s->picture.shortest : side;
    const uint32_t low = in->width < in->height ? in->width : in->height;
    const uint32_t high = in->width < in->height ? in->height : in->width;
    const uint64_t length = (uint64_t)edge * high / low;
    if (length > LONGEST)
        return vd_fail(ctx, VIDI_E_IMAGE, "a picture of %u x %u is too narrow for this model",
                       in->width, in->height);
    const uint32_t w = in->width < in->height ? edge : (uint32_t)length;
    const uint32_t h = in->width < in->height ? (uint32_t)length : edge;
    struct said_picture whole, *part;
    TRY(fit_resized(ctx, in, w, h, s->picture.bicubic ? RESIZE_BICUBIC : RESIZE_BILINEAR, &whole));
    const vidi_status status =
        fit_part(c, &whole, (w - side) / 2, (h - side) / 2, side, side, &part);
    vd_free(ctx, whole.rgb);
    TRY(status);
    snprintf(part->after, sizeof part->after, "\n");
    fit_words(c, part);
    return VIDI_OK;
}

/* --- tiles in rows, the whole picture last ---------------------------------------------------- */

struct size {
    uint32_t width, height;
};

static uint32_t even_up(uint32_t n) { return n % 2 ? n + 1 : n; }
static uint32_t at_least_one(uint32_t n) { return n ? n : 1; }

/* The longer side becomes `longest`, in the reference's own arithmetic. */
static struct size scaled(struct size in, uint32_t longest) {
    const double aspect = (double)in.width / in.height;
    struct size out = {longest, longest};
    if (in.width >= in.height)
        out.height = at_least_one(even_up((uint32_t)(longest / aspect)));
    else
        out.width = at_least_one(even_up((uint32_t)(longest * aspect)));
    return out;
}

static uint32_t whole_tiles(uint32_t n, uint32_t side) { return (n + side - 1) / side * side; }

/* Both sides become multiples of a tile's. */
static struct size in_tiles(struct size in, uint32_t side) {
    const double aspect = (double)in.width / in.height;
    struct size out;
    if (in.width >= in.height) {
        out.width = whole_tiles(in.width, side);
        out.height = whole_tiles(at_least_one((uint32_t)(out.width / aspect)), side);
    } else {
        out.height = whole_tiles(in.height, side);
        out.width = whole_tiles(at_least_one((uint32_t)(out.height * aspect)), side);
    }
    return out;
}

static vidi_status add_grid(vidi_chat *c, const struct said_picture *of, uint32_t side) {
    for (uint32_t y = 0; y < of->height / side; y++)
        for (uint32_t x = 0; x < of->width / side; x++) {
            struct said_picture *p;
            TRY(fit_part(c, of, x * side, y * side, side, side, &p));
            snprintf(p->before, sizeof p->before, "%s<fake_token_around_image><row_%u_col_%u>",
                     y && !x ? "\n" : "", y + 1, x + 1);
        }
    return VIDI_OK;
}

static vidi_status add_whole(vidi_chat *c, const struct said_picture *of, uint32_t side,
                             const char *breaks) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    struct said_picture small, *p;
    TRY(fit_resized(ctx, of, side, side, RESIZE_LANCZOS, &small));
    const vidi_status status = fit_part(c, &small, 0, 0, side, side, &p);
    vd_free(ctx, small.rgb);
    TRY(status);
    snprintf(p->before, sizeof p->before, "%s<fake_token_around_image><global-img>", breaks);
    snprintf(p->after, sizeof p->after, "<fake_token_around_image>");
    return VIDI_OK;
}

static vidi_status tiles(vidi_chat *c, const struct said_picture *in) {
    struct vd_ctx *ctx = &c->model->v->ctx;
    const uint32_t side = c->model->shape.picture.width;
    const uint32_t wanted = c->model->shape.picture.longest;
    const uint32_t longest = wanted < LARGEST_GRID_SIDE ? wanted : LARGEST_GRID_SIDE;
    const struct size first = scaled((struct size){in->width, in->height}, longest);
    const bool whole = c->model->shape.picture.whole;
    const struct size second = whole ? first : in_tiles(first, side);
    struct said_picture scaled_once, canvas;
    TRY(fit_resized(ctx, in, first.width, first.height, RESIZE_LANCZOS, &scaled_once));
    vidi_status status =
        fit_resized(ctx, &scaled_once, second.width, second.height, RESIZE_LANCZOS, &canvas);
    vd_free(ctx, scaled_once.rgb);
    TRY(status);
    const bool one = whole || (second.width <= side && second.height <= side);
    if (!one) status = add_grid(c, &canvas, side);
    if (status == VIDI_OK) status = add_whole(c, &canvas, side, one ? "" : "\n\n");
    vd_free(ctx, canvas.rgb);
    c->stats.used_width = (int)second.width;
    c->stats.used_height = (int)second.height;
    return status;
}

vidi_status chat_fit(vidi_chat *c, struct said_picture *p) {
    const struct shape *s = &c->model->shape;
    if (s->picture.fit == FIT_STRETCH) {
        if (s->picture.mutual == MUTUAL_PROMPT) p->slot = 1 + c->n_waiting;
        if (p->slot && p->slot >= s->picture.slots) {
            said_picture_free(&c->model->v->ctx, p);
            return vd_fail(&c->model->v->ctx, VIDI_E_ARGUMENT,
                           "this model takes %u pictures in one turn at most",
                           s->picture.slots - 1);
        }
        fit_words(c, p);
        p->rows = fit_rows(s);
        c->pictures[c->n_pictures++] = *p;
        c->n_waiting++;
        return VIDI_OK;
    }
    const uint32_t before = c->n_pictures, waiting = c->n_waiting;
    static vidi_status (*const fits[])(vidi_chat *, const struct said_picture *) = {
        [FIT_CROP] = crop,           [FIT_TILES] = tiles,       [FIT_NATIVE] = fit_native,
        [FIT_GRID] = fit_grid,       [FIT_SLICES] = fit_slices, [FIT_ANYRES] = fit_anyres,
        [FIT_BOUNDED] = fit_bounded, [FIT_CANVAS] = fit_canvas, [FIT_SQUARE] = fit_square};
    const vidi_status status = fits[s->picture.fit](c, p);
    vd_free(&c->model->v->ctx, p->rgb);
    c->shown += status == VIDI_OK;
    if (status == VIDI_OK) return status;
    for (c->n_waiting = waiting; c->n_pictures > before;)
        said_picture_free(&c->model->v->ctx, &c->pictures[--c->n_pictures]);
    return status;
}
