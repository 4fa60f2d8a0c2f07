// matvec.glsl - COLS outputs of one row of x, whose sums the lanes share load by load.
// The kernel defines void total(): replaces each of sums[] by its total over the lanes.
#include "linear/interface.glsl"

const uint SUMS = COLS + 1u; // the last one is of the squares of x
float sums[SUMS];

void total();

// Outputs first_col .. of the row; with glu the odd sums are the partners of the even ones.
void outputs(uint row, uint first_col, uint lane, uint lanes) {
    uint w_row[COLS];
    [[unroll]] for (uint c = 0u; c < COLS; c++) {
        const uint col = min(first_col + (glu != 0u ? c / 2u : c), outs - 1u);
        w_row[c] = glu != 0u && c % 2u == 1u ? col + outs : col;
    }
    [[unroll]] for (uint c = 0u; c < SUMS; c++) sums[c] = 0.0;
    for (uint l = lane; l < cols / LOAD; l += lanes) {
        vec4 xs[STEPS];
        [[unroll]] for (uint i = 0u; i < STEPS; i++) {
            xs[i] = x[row * x_stride + l * STEPS + i];
            if (NORM != 0u) {
                sums[COLS] += dot(xs[i], xs[i]);
                xs[i] *= norm[l * STEPS + i];
            }
        }
        [[unroll]] for (uint c = 0u; c < COLS; c++) {
            Load load = weight_load(w_row[c], l);
            [[unroll]] for (uint i = 0u; i < STEPS; i++) {
                sums[c] += dot(xs[i], weight_step(load, i));
                weight_next(load);
            }
        }
    }
    total();
    if (lane != 0u) return;
    const float scale = NORM != 0u ? inversesqrt(sums[COLS] / float(cols) + eps) : 1.0;
    // A loop that moves the sums down, so that the end is compiled once and not COLS times.
    for (uint c = 0u; c < COLS; c++) {
        const float sum = sums[0] * scale;
        const uint col = first_col + (glu != 0u ? c / 2u : c);
        [[unroll]] for (uint i = 1u; i < COLS; i++) sums[i - 1u] = sums[i];
        if ((glu == 0u || c % 2u == 0u) && col < outs) finish(row, col, sum, sums[0] * scale);
    }
}
