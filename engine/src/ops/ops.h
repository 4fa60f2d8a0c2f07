/* ops.h - what the graph can ask the device to do.
 *
 * Each op appends one dispatch (two where it says so) to a list and picks the kernel and variant
 * by device and shape (tune.h). Matrices are row-major f32 unless said otherwise; strides are in
 * elements. Failure is sticky in the list. The plain-C twin of op_x is ref_x in ops/ref/, with
 * the same fields as pointers: that is the specification.
 *
 * Rows that vary from token to token: `step` names the step buffer (step.h). Where it is set, the
 * kernel works on min(rows, step.rows) rows and positions start at step.position. */
#ifndef VD_OPS_H
#define VD_OPS_H
#include "gpu/gpu.h"
#include "ops/kinds.h"
#include "ops/step.h"
#include "ops/weight.h"

/* y[r] = act(norm(x[r]) . w^T + bias) + add[r].          x [rows][w.cols] -> y [rows][w.rows]
 * norm: RMSNorm of x with this weight [w.cols] and eps, inside the kernel; empty: none.
 * glu: w holds gate rows, then as many up rows; y[r][i] = act(gate_i) * up_i, i < w.rows / 2
 * (bias then has w.rows entries; add is added to y last).
 * y may be add (in place), never x. */
struct op_linear {
    struct vd_span x, bias, norm, add, y, step;
    const struct weight *w;
    uint32_t rows, x_stride, y_stride, add_stride;
    enum act act;
    bool glu;
    float eps;
};
void op_linear(struct gpu_list *list, const struct op_linear *op);

/* y[r][h] = softmax(q[r][h] . k[j] * scale, over the j that row r may see) . v[j]
 * Head h reads K/V head h / (heads / kv_heads). q [rows][heads*head_dim] at q_stride, y likewise;
 * k and v [kv_rows][kv_heads*head_dim] at kv_stride, by kv_type; that of KV_Q8_0 is in bytes, a
 * multiple of 8.
 * Visible j for row r at position p = base + r (base: step.position, or kv_rows - rows without):
 *   ATTEND_ALL     all j < kv_rows            ATTEND_CAUSAL  j <= p
 *   ATTEND_PREFIX  j <= p or j < window       ATTEND_WINDOW  p - window < j <= p
 *   ATTEND_MASK    mask[r][j] != 0 (uint32 each, row stride kv_rows)
 *   ATTEND_SPANS   mask[r][0] <= j < mask[r][1] (uint32 each)
 * With step, the causal kinds also see all j of [span_from, span_to) from a row p inside it;
 * kv_rows is the capacity and j < step.position + step.rows (causal kinds) or
 * j < kv_rows (ALL, MASK). A row that sees nothing gives zeros. softcap 0: off.
 * alibi, not 0: scores fall by slope * (p - j), with the slopes of ALiBi (arXiv 2108.12409) from
 * 2^(-alibi / n) to 2^-alibi, n the power of two not less than the heads.
 * Any head_dim, with KV_Q8_0 a multiple of 32; multiples of 4 are fast. */
struct op_attend {
    struct vd_span q, k, v, mask, y, step;
    uint32_t rows, kv_rows, heads, kv_heads, head_dim;
    uint32_t q_stride, kv_stride, y_stride;
    enum attend_mode mode;
    uint32_t window;
    float scale, softcap, alibi;
    enum kv_type kv_type;
};
void op_attend(struct gpu_list *list, const struct op_attend *op);

/* Turns rows of fused q|k|v into roped q and cache entries, in one dispatch:
 *   q [rows][heads*head_dim] <- rope(x[:, 0:heads*head_dim])
 *   k_cache[base + r] <- rope(next kv_heads*head_dim), v_cache[base + r] <- the rest, unroped
 * Rotates the first rope_dim of each head by table[base + r] ([positions][rope_dim/2] pairs of
 * cos, sin in f32); interleaved pairs (2i, 2i+1), or halves (i, i + rope_dim/2) with neox.
 * base is step.position (0 without). Cache rows are kv_heads*head_dim by kv_type; what would lie
 * past cache_rows is dropped. Positions past the table take its last row. head_dim is even, with
 * KV_Q8_0 a multiple of 32: there the scale is max|x| / 127 as f16 and a code the whole number
 * nearest to x / scale, halves away from zero. */
struct op_rope_kv {
    struct vd_span x, table, q, k_cache, v_cache, step;
    uint32_t rows, x_stride, heads, kv_heads, head_dim, rope_dim, cache_rows;
    bool neox;
    enum kv_type kv_type;
};
/* Bytes from one row of a cache to the next, for cols = kv_heads*head_dim. */
uint64_t kv_row_bytes(enum kv_type type, uint32_t cols);
void op_rope_kv(struct gpu_list *list, const struct op_rope_kv *op);

/* y = rope(x) for [rows][heads*head_dim]; the same table and pairings. */
struct op_rope {
    struct vd_span x, table, y, step;
    uint32_t rows, x_stride, y_stride, heads, head_dim, rope_dim;
    bool neox;
};
void op_rope(struct gpu_list *list, const struct op_rope *op);

/* LayerNorm: y = (x - mean) / sqrt(var + eps) * w + b;  rms: y = x / sqrt(mean(x^2) + eps) * w.
 * b may be empty. heads (0: 1): each row is so many neighbours of cols numbers, normalised one by
 * one with the same w and b. */
struct op_norm {
    struct vd_span x, w, b, y, step;
    uint32_t rows, cols, x_stride, y_stride, heads;
    float eps;
    bool rms;
};
void op_norm(struct gpu_list *list, const struct op_norm *op);

/* y[r][c] = act(a[r][c]) (* b[r][c] with glu, where b_stride 0 repeats one row); with cap, not 0,
 * y = cap * tanh(act(a) / cap) instead; and y = a + scale * b  with b [rows|1][cols] (b_rows 1
 * repeats it), scale multiplied by tanh(gate[0]) where gate is given (tanh-gated add). */
struct op_act {
    struct vd_span a, b, y;
    uint32_t rows, cols, a_stride, b_stride, y_stride;
    enum act act;
    bool glu;
    float cap;
};
void op_act(struct gpu_list *list, const struct op_act *op);
struct op_add {
    struct vd_span a, b, gate, y;
    uint32_t rows, cols, b_rows;
    float scale;
};
void op_add(struct gpu_list *list, const struct op_add *op);

/* y = softmax(scale * x) over the columns of each row. -inf has no share; all -inf gives zeros. */
struct op_softmax {
    struct vd_span x, y;
    uint32_t rows, cols;
    float scale;
};
void op_softmax(struct gpu_list *list, const struct op_softmax *op);

/* Rows of y: ids[r] >= 0 takes row ids[r] of the table w (any weight form), ids[r] < 0 row ~ids[r]
 * of extra [n][cols] f32 (rows of pictures). Rows of the table are multiplied by scale, those of
 * extra are not. Ids outside give zeros. */
struct op_embed {
    struct vd_span ids, extra, y, step;
    const struct weight *w;
    uint32_t rows, extra_rows;
    float scale;
};
void op_embed(struct gpu_list *list, const struct op_embed *op);

/* gather: y[r] = x[index[r]]; scatter: y[index[r]] = x[r] (indices distinct). f32 rows of cols.
 * An index >= limit (rows of the indexed side) gives zeros / is dropped. Empty index: the
 * identity plus `first` (a copy of rows first..; with step, rows 1 and last: row step.rows-1; with
 * step and from_position: rows first + step.position - step.lag.., a learned row for each
 * position). masked, with that identity: rows r with index[r] < 0 stay as they are; with below,
 * too, all others do. halves, with scatter: y is f16; cols and strides, which count numbers, are
 * even.
 */
struct op_rows {
    struct vd_span x, index, y, step;
    uint32_t rows, cols, limit, first, x_stride, y_stride;
    bool scatter, last, from_position, masked, below, halves;
};
void op_rows(struct gpu_list *list, const struct op_rows *op);

/* x [h*w][c] (rows of pixels) or planes [c][h][w] with planar; weight [cout][cin/groups][kh][kw];
 * y [oh*ow][cout] rows, oh = (h + 2*pad - kh) / stride + 1. Zero padding. act fused. */
struct op_conv2d {
    struct vd_span x, w, bias, y;
    uint32_t width, height, cin, cout, kw, kh, stride_x, stride_y, pad_x, pad_y, groups;
    bool planar;
    enum act act;
};
void op_conv2d(struct gpu_list *list, const struct op_conv2d *op);

/* Space to depth on rows of a w x h grid: y [(h/f)*(w/f)][c*f*f]; the channel order of Idefics3:
 * y[Y*w/f+X][(dy*f + dx)*c + i] = x[(Y*f+dy)*w + X*f+dx][i]. */
struct op_shuffle {
    struct vd_span x, y;
    uint32_t width, height, cols, factor;
};
void op_shuffle(struct gpu_list *list, const struct op_shuffle *op);

/* Mean over kernel x kernel windows at that stride of rows on a w x h grid. */
struct op_pool {
    struct vd_span x, y;
    uint32_t width, height, cols, kernel;
};
void op_pool(struct gpu_list *list, const struct op_pool *op);

/* RGB8 (3 bytes a pixel, rows of `stride` bytes, a multiple of 4; read as words) -> resized,
 * normalised f32 at the place (out_x, out_y) of a [3][canvas_h][canvas_w] picture, or with patch
 * as rows of patches [(H/p)*(W/p)][3*p*p] (channel, y, x); what lies around the place stays as it
 * is. As PIL resizes: support scaled by the shrink factor (antialias), coefficients normalised,
 * each of the two passes rounded to 8 bits (half up, clipped), horizontal first. Then (v/255 -
 * mean) / std. Two dispatches: `rows_u8` is the scratch of the first, 4 bytes (r, g, b, 0) a pixel,
 * out_w * height pixels. `coeffs` holds what op_image_coeffs() wrote for these sizes and filter. */
enum resize_filter { RESIZE_BILINEAR, RESIZE_BICUBIC, RESIZE_LANCZOS };
struct op_image {
    struct vd_span rgb, coeffs, rows_u8, y;
    uint32_t width, height, stride, out_w, out_h, out_x, out_y, canvas_w, canvas_h, patch;
    enum resize_filter filter;
    float mean[3], std[3];
};
/* The resize coefficients of width, height, out_w, out_h and filter, for the host to upload once a
 * picture size: bytes, and the bytes themselves. Computed in double, fixed point with 22 bits. */
/* ... laid out as [out_w] rows of op_image_taps() + 2 words (first input, inputs, weights), then
 * [out_h] likewise. */
uint32_t op_image_taps(enum resize_filter filter, uint32_t in, uint32_t out);
uint64_t op_image_coeffs_bytes(const struct op_image *op);
void op_image_coeffs(const struct op_image *op, void *out);
void op_image(struct gpu_list *list, const struct op_image *op);

/* One token from logits [cols], by the sampler fields of the step buffer: temperature 0 takes the
 * largest (lowest id of equals); else top-k, then top-p, then min-p, then temperature, as llama.cpp
 * orders them, and a draw from Philox 4x32-10 keyed by (seed, step.counter). Writes the token to
 * ids[0] and tokens[step.counter % TOKEN_RING], then advances the step buffer: position += rows,
 * rows = 1, counter += 1. A NaN or Inf logit gives token -1 (checked by the host). top_k 0 leaves
 * all; up to 1024 candidates are sorted and drawn from in that order, more are only counted and
 * drawn from by id. top_p >= 1 and min_p <= 0 are off, a temperature up to 1e-6 counts as 0.
 * Probabilities are whole multiples of 2^-21 (more than 1024 candidates: 2^-31) of the best one's,
 * so that the draw does not hang on an order of summing. Two dispatches, the last ones of a step.
 */
struct op_sample {
    struct vd_span logits, ids, tokens, step, scratch;
    uint32_t cols;
};
void op_sample(struct gpu_list *list, const struct op_sample *op);
uint64_t op_sample_scratch_bytes(uint32_t cols);
#endif
